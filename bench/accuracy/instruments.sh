# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Sourced on the machine that is measured: how each instrument is started on $cpu. The first of $senders is where what
# an instrument does not do on $cpu is done. tlbnoise takes its $threshold, auto if there is none.

say() {
	printf '%s\n' "$*" >&2
}

fail() {
	say "measure.sh: $*"
	exit 2
}

# present INSTRUMENT: whether its program is there.
present() {
	command -v "${1%-*}" >/dev/null && return
	say "$1: not on this machine, left out"
	return 1
}

# start_tlbnoise STEM: in the background, as $pid; comes back when it measures.
start_tlbnoise() {
	printf '%s\n' '[scenario]' 'description = a CPU that is interrupted for known times' 'duration = 10m' \
		'warmup = 100ms' 'rounds = 1' '[probe]' 'kind = spin' "cpus = $cpu" \
		"threshold = ${threshold:-auto}" '[trace]' 'level = full' >"$1.ini"
	tlbnoise run "$1.ini" --output "$1.json" >"$1.txt" 2>"$1.log" &
	pid=$!
	until grep -q measuring "$1.log"; do
		kill -0 $pid 2>/dev/null || fail "tlbnoise did not measure: $(cat "$1.log")"
		sleep 0.2
	done
}

# stop_tlbnoise STEM: its document is then of a run that was stopped, which changes nothing of what is in it.
stop_tlbnoise() {
	kill -TERM "$pid"
	wait "$pid" || true
	[ -f "$1.json" ] || fail "tlbnoise gave no result: $(cat "$1.log")"
}

# start INSTRUMENT FILE SECONDS: what it finds goes to FILE.SOMETHING or to its standard output.
start() {
	case $1 in
	oslat) oslat -c "$cpu" -C "${senders%% *}" -b 1024 -D "$3" --json="$2.json" ;;
	cyclictest) cyclictest -q -m -t 1 -a "$cpu" -p 80 -i 1000 -h 1000 -D "$3" --json="$2.json" ;;
	# Without -o, which wants /proc/sched_debug: see peers.py.
	jitterdebugger) jitterdebugger -a "$cpu" -i 1000 -D "$3s" ;;
	rtla-osnoise) rtla osnoise top -q -c "$cpu" -T 1 -d "$3s" ;;
	rtla-timerlat) rtla timerlat hist -c "$cpu" -p 1000 -b 1 -E 1000 -d "$3s" ;;
	*) fail "unknown instrument '$1'" ;;
	esac
}
