#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In a guest that systemd runs: OLD NEW, two packages of tlbnoise. Installs, uses, upgrades, removes and purges them.
# shellcheck disable=SC2317 # functions are called through check
set -u
old=$1 new=$2
store=/var/lib/tlbnoise
short=(-o probe.cpus=2 -o scenario.rounds=1)
tests=0 failures=0
cd /root || exit 2

# check NAME COMMAND...: with what COMMAND printed, if it fails.
check() {
	local name=$1
	shift
	tests=$((tests + 1))
	if "$@" >/tmp/said 2>&1; then
		echo "ok $tests - $name"
	else
		echo "not ok $tests - $name"
		failures=$((failures + 1))
		sed 's/^/  | /' /tmp/said | tail -n 25
	fi
}

not() {
	! "$@"
}

# now: in seconds, whoever sets the clock.
now() {
	cut -d . -f 1 /proc/uptime
}

# within SECONDS COMMAND...: until it succeeds.
within() {
	local end=$(($(now) + $1))
	shift
	until "$@"; do
		[ "$(now)" -lt $end ] || return 1
		sleep 0.3
	done
}

# as USER COMMAND...
as() {
	(cd /tmp && runuser -u "$1" -- env HOME=/tmp "${@:2}")
}

# fails_with TEXT COMMAND...: exit status 2, and says so.
fails_with() {
	local text=$1 status=0
	shift
	"$@" >/tmp/failure 2>&1 || status=$?
	cat /tmp/failure
	[ $status -eq 2 ] && grep -qE -- "$text" /tmp/failure
}

property() {
	systemctl show --value -p "$1" "$2"
}

state_is() {
	[ "$(property ActiveState "$1")" = "$2" ]
}

# dropin UNIT: the lines on standard input.
dropin() {
	mkdir -p "/etc/systemd/system/$1.d"
	cat >"/etc/systemd/system/$1.d/test.conf"
	systemctl daemon-reload
}

runs_are() {
	tlbnoise runs "${@:2}"
	[ "$(tlbnoise runs --json "${@:2}" | jq '.runs | length')" -eq "$1" ]
}

status_line() {
	systemctl status --no-pager tlbnoised | grep -E "Status: \"$1" || {
		systemctl status --no-pager tlbnoised
		return 1
	}
}

journal() {
	journalctl --sync && journalctl -q --no-pager "$@"
}

# Files (units among them), users, groups and what systemd knows of us. Left out: what is not ours to keep the same, such as logs.
snapshot() {
	find / -xdev \( -path /tmp -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/backups \
		-o -path /var/lib/systemd/timers -o -name '*-old' -o -path /etc/.pwd.lock -o -path '/etc/*-' \) -prune -o -print | sort
	find /run /dev/shm -name '*tlbnoise*'
	getent passwd
	getent group
	systemctl list-units --all --no-legend --plain 'tlbnoise*'
}

installation() {
	check "install" dpkg -i "$old"
	check "the command is the package's" [ "$(command -v tlbnoise)" = /usr/bin/tlbnoise ]
	check "the socket is enabled and listens" systemctl -q is-active tlbnoised.socket
	check "nothing else is started" state_is tlbnoised.service inactive
	check "nor is the timer enabled" [ "$(systemctl is-enabled tlbnoise-nightly.timer)" = disabled ]
	systemctl stop tlbnoised.socket
	check "systemctl start tlbnoised.socket" systemctl start tlbnoised.socket
	check "the first call starts the service" tlbnoise status
	check "it is active" systemctl -q is-active tlbnoised.service
	check "systemctl status shows idle" within 10 status_line idle
	usermod -aG tlbnoise reader
	usermod -aG tlbnoise,tlbnoise-run runner
}

no_words() {
	local said
	said=$(systemd-analyze verify --man=no "$@" 2>&1)
	echo "$said"
	[ -z "$said" ]
}

# below LIMIT UNIT: in tenths.
below() {
	local score
	score=$(systemd-analyze security --no-pager "$2" | sed -nE 's/.*exposure level for .*: ([0-9]+)\.([0-9]).*/\1\2/p')
	echo "$2: $score tenths"
	[ -n "$score" ] && [ $((10#$score)) -lt "$1" ]
}

analysis() {
	local unit name
	cd /lib/systemd/system || return
	check "systemd-analyze verify is silent" no_words tlbnoise*
	for unit in tlbnoise*.service; do
		name=${unit/@./@quiet.}
		[ "$name" != tlbnoised.service ] || { check "$name scores below 5.0" below 50 "$name" && continue; }
		check "$name scores below 2.0" below 20 "$name"
	done
	cd /root || exit 2
}

a_run() {
	as runner tlbnoise run quiet "${short[@]}" -o scenario.duration=10s >/tmp/run 2>&1 &
	check "systemctl status shows the round" within 30 status_line 'quiet: round 1 of 1, measuring'
	wait $!
	check "a member of the run group runs a scenario" [ $? -eq 0 ]
	check "it is in the history" within 10 runs_are 1 --state complete
	id=$(tlbnoise runs --json | jq -r '.runs[0].id')
	check "the journal has fields for run, scenario and CPU" journal_fields
}

journal_fields() {
	journal -u tlbnoised -o json "RUN_ID=$id" | tee /tmp/journal | jq -s -e \
		'length > 0 and all(.[]; .SCENARIO == "quiet" and .PRIORITY != null) and any(.[]; .CPU == "2")' && return
	cat /tmp/journal
	return 1
}

# learns_nothing COMMAND...: refused, and what it prints has none of what it asked for.
learns_nothing() {
	fails_with 'ermission|may not' "$@" && not grep -qE '0\.1\.0|complete|[0-9]{8}T' /tmp/failure
}

lists() {
	as "$1" tlbnoise runs --store $store >/tmp/listed || return
	cat /tmp/listed
	grep -q "$id" /tmp/listed
}

# reads WHEN: a member of the readers' group with the history, which its users may not write.
reads() {
	check "a reader finds the run in the history $1" lists reader
	check "a reader reads the report $1" as reader tlbnoise show --store $store @latest --worst 5
}

access() {
	check "a reader sees the status" as reader tlbnoise status
	check "a reader cannot start a run" fails_with 'may look, but not start' as reader tlbnoise run quiet "${short[@]}"
	check "a reader cannot change the history" not as reader touch $store/store.db
	reads "while the service is up"
	systemctl stop tlbnoised.service
	reads "without it"
	check "an outsider learns nothing of the status" learns_nothing as outsider tlbnoise status
	check "nor of the history" learns_nothing as outsider tlbnoise runs --store $store
	check "nor by a run" learns_nothing as outsider tlbnoise run quiet "${short[@]}"
	check "nor of the files" not as outsider ls $store
	check "no run came of all this" runs_are 1
}

# answers PATH TEXT: the web server sends that page, with TEXT in it.
answers() {
	{
		printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:8790\r\nConnection: close\r\n\r\n' "$1" >&3
		cat <&3 >/tmp/answer
	} 3<>/dev/tcp/127.0.0.1/8790
	head -n 20 /tmp/answer
	head -n 1 /tmp/answer | grep -q ' 200 ' && grep -qE -- "$2" /tmp/answer
}

# In its sandbox, but for the class of its input and output: the rig's own kernels have no ioprio_set().
serving() {
	printf '[Service]\nIOSchedulingClass=\n' | dropin tlbnoise-serve.service
	check "systemctl start tlbnoise-serve.socket" systemctl start tlbnoise-serve.socket
	check "the first request starts the web server, which shows the scenario" within 30 answers / '>quiet<'
	check "it is active" systemctl -q is-active tlbnoise-serve.service
	check "it shows the run" answers "/run/$id" "$id"
	check "it gives metrics" answers /metrics '^tlbnoise_.*scenario="quiet"'
	check "as a user of its own" not grep -qE '^Uid:[[:space:]]0' "/proc/$(property MainPID tlbnoise-serve)/status"
	check "and stops" systemctl stop tlbnoise-serve.socket tlbnoise-serve.service
	check "without a failure" not systemctl --no-pager -q is-failed tlbnoise-serve.socket tlbnoise-serve.service
	rm -r /etc/systemd/system/tlbnoise-serve.service.d
	systemctl daemon-reload
}

logged() {
	journal -u tlbnoised | grep -E -- "$1"
}

reloading() {
	tlbnoise status >/dev/null
	printf '[daemon]\nqueue = 0\n' >/etc/tlbnoise/tlbnoised.conf.d/test.conf
	check "systemctl reload" systemctl reload tlbnoised
	check "and it is logged" within 10 logged 'configuration reloaded'
	printf '[daemon]\nqueue = lots\n' >/etc/tlbnoise/tlbnoised.conf.d/test.conf
	systemctl reload tlbnoised
	check "a mistake is logged with file and line" within 10 logged 'test.conf:2: '
	check "and changes nothing" tlbnoise status
	rm /etc/tlbnoise/tlbnoised.conf.d/test.conf
	systemctl reload tlbnoised
}

upgrade() {
	local before
	before=$(property MainPID tlbnoised)
	echo '# ours' >>/etc/tlbnoise/tlbnoised.conf
	check "upgrade" dpkg -i "$new"
	check "it leaves a changed configuration as it is" grep -q '^# ours' /etc/tlbnoise/tlbnoised.conf
	check "the socket listens" systemctl -q is-active tlbnoised.socket
	check "the history is there" runs_are 1
	check "a call is answered" tlbnoise status
	check "by the new daemon" [ "$(property MainPID tlbnoised)" != "$before" ]
}

restarted() {
	[ "$(property NRestarts tlbnoised)" -ge 1 ] && systemctl -q is-active tlbnoised
}

# The thread that collects is held by a tracer, in its wait for events; the one that talks to systemd goes on. With
# nothing collected there is nothing to feed the watchdog with.
watchdog() {
	local client tracer
	printf '[Service]\nWatchdogSec=6s\n' | dropin tlbnoised.service
	systemctl stop tlbnoised.service
	as runner tlbnoise run quiet "${short[@]}" -o scenario.duration=60s >/tmp/run 2>&1 &
	client=$!
	check "a run under a short watchdog" within 30 status_line 'quiet: round 1 of 1, measuring'
	sleep 7
	check "is not taken for stuck" [ "$(property NRestarts tlbnoised)" -eq 0 ]
	strace -qq -o /dev/null -p "$(property MainPID tlbnoised)" -e trace=epoll_wait -e inject=epoll_wait:delay_enter=60s &
	tracer=$!
	check "a stuck collector trips the watchdog" within 30 logged 'Watchdog timeout'
	# A thread in a tracer's hands does not take the signal that ends the daemon, either.
	kill $tracer
	check "and the service is restarted" within 30 restarted
	wait $tracer $client
	check "its client heard of it" grep -qE 'tlbnoise' /tmp/run
	check "no probe is left" not pgrep -x tlbnoise-probe
	check "the run is kept as aborted" within 10 runs_are 1 --state aborted
	check "the next run is fine" as runner tlbnoise run quiet "${short[@]}" -o scenario.duration=1s
	rm -r /etc/systemd/system/tlbnoised.service.d
	systemctl daemon-reload
}

night_is_over() {
	[ "$(property ExecMainExitTimestampMonotonic tlbnoise-nightly.service)" != 0 ] && state_is tlbnoise-nightly.service inactive
}

succeeded() {
	[ "$(property Result "$1")" = success ] && return
	journal -u "$1"
	return 1
}

# failed_with STATUS UNIT: started by hand, it fails so.
failed_with() {
	! systemctl start "$2" && [ "$(property ExecMainStatus "$2")" = "$1" ] && return
	journal -u "$2"
	return 1
}

started() {
	systemctl start "$1"
	succeeded "$1"
}

# The timer as it is, but for the random delay; the clock goes to its time.
nightly() {
	local before name night
	before=$(tlbnoise runs --json | jq '.runs | length')
	printf '[Timer]\nRandomizedDelaySec=0\nAccuracySec=1s\n' | dropin tlbnoise-nightly.timer
	mkdir -p /etc/tlbnoise/scenarios
	for name in quiet vmalloc-storm; do
		sed 's/^duration.*/duration = 1s/; s/^rounds.*/rounds = 1/; s/^cpus = isolated/cpus = 2/' \
			/usr/share/tlbnoise/scenarios/$name.ini >/etc/tlbnoise/scenarios/our-$name.ini
	done
	printf '[set]\nscenarios = our-quiet our-vmalloc-storm\n' >/etc/tlbnoise/scenarios/nightly.ini
	check "the timer of the night is enabled" systemctl enable --now tlbnoise-nightly.timer
	# The next one: a night in between would be made up for.
	night=$(date -d '02:29:57' +%s)
	[ "$night" -gt "$(date +%s)" ] || night=$(date -d 'tomorrow 02:29:57' +%s)
	date -s "@$night" >/dev/null
	check "at half past two it runs" within 60 night_is_over
	check "without a failure" succeeded tlbnoise-nightly.service
	check "its runs are in the history" runs_are $((before + 2))
	check "with their scenarios" runs_are 1 --scenario our-vmalloc-storm
	check "tlbnoise-run@ runs a scenario of ours" started tlbnoise-run@our-quiet
	check "and it is in the history, too" runs_are 2 --scenario our-quiet
	printf '\n[expect]\nstolen = < 0.000001%%\n' >>/etc/tlbnoise/scenarios/our-quiet.ini
	check "a night with an expectation that fails" failed_with 1 tlbnoise-nightly.service
	check "runs to its end all the same" runs_are 2 --scenario our-vmalloc-storm
	check "and its journal has the line that failed" grep -q 'stolen' <(journal -u tlbnoise-nightly)
	systemctl reset-failed tlbnoise-nightly.service
	rm -r /etc/systemd/system/tlbnoise-nightly.timer.d /etc/tlbnoise/scenarios
	systemctl daemon-reload
}

same() {
	diff /tmp/before /tmp/after
}

removal() {
	tlbnoise status >/dev/null
	check "remove" dpkg -r tlbnoise
	check "the service is stopped" not pgrep -x tlbnoised
	check "the units are gone" [ -z "$(systemctl list-unit-files --no-legend 'tlbnoise*' | grep -v masked)" ]
	check "history and configuration stay" [ -f $store/store.db -a -f /etc/tlbnoise/tlbnoised.conf ]
	check "purge" dpkg -P tlbnoise
	systemctl daemon-reload
	snapshot >/tmp/after
	check "files, users, groups and units are as before the installation" same
	check "no trace instance is left" [ -z "$(ls /sys/kernel/tracing/instances)" ]
}

for user in reader runner outsider; do
	useradd --no-create-home $user
done
snapshot >/tmp/before
for step in installation analysis a_run access serving reloading upgrade watchdog nightly removal; do
	started=$(now)
	$step
	echo "# $step: $(($(now) - started)) s"
done
check "no unit failed" [ -z "$(systemctl --failed --no-legend)" ]
echo "1..$tests"
[ $failures -eq 0 ]
