#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# On the machine that is measured: one instrument after the other on an isolated CPU where nothing happens, while a
# tracefs instance of its own counts each entry into the kernel on that CPU; then a storm of interruptions. "none" is
# a shell in an empty loop: what the kernel does by itself.
# usage: quiet.sh FOLDER CPU SECONDS STORM "SENDER..." INSTRUMENT...
set -eu
folder=$1 cpu=$2 seconds=$3 storm=$4 senders=$5
shift 5
# Until an instrument has come to its steady state; the last of them has twice this time to end.
warm=5
tracing=/sys/kernel/tracing/instances/tlbnoise-peers

# shellcheck source=bench/accuracy/instruments.sh
. "$(dirname "$0")/instruments.sh"

# In the order of need: events that a kernel lacks are not counted.
events='irq_vectors exceptions/page_fault_user exceptions/page_fault_kernel raw_syscalls/sys_enter sched/sched_switch
	irq/irq_handler_entry irq/softirq_entry csd/csd_function_entry nmi/nmi_handler'

arm() {
	mkdir "$tracing" || fail "cannot make $tracing: run as root"
	trap 'rmdir "$tracing"' EXIT
	echo mono >"$tracing/trace_clock"
	echo 0 >"$tracing/options/overwrite"
	printf '%x\n' $((1 << cpu)) >"$tracing/tracing_cpumask"
	echo 49152 >"$tracing/per_cpu/cpu$cpu/buffer_size_kb"
	for event in $events; do
		[ ! -d "$tracing/events/$event" ] || echo 1 >"$tracing/events/$event/enable"
	done
}

# The clock of the trace, as far as a shell reads it: no machine here was suspended since it booted.
now() {
	cut -d ' ' -f 1 /proc/uptime
}

# count FROM TO: how many of each kind lie between.
count() {
	awk -v from="$1" -v to="$2" '
		match($0, / +[0-9]+\.[0-9]+: /) {
			at = substr($0, RSTART, RLENGTH) + 0
			rest = substr($0, RSTART + RLENGTH)
			if (at < from || at >= to || rest ~ /_exit: /)
				next
			kind = rest
			sub(/:.*/, "", kind)
			if (kind == "csd_function_entry" && match(rest, /func=[^ +,]*/))
				kind = kind " " substr(rest, RSTART + 5, RLENGTH - 5)
			if (kind == "softirq_entry" && match(rest, /action=[A-Z_]*/))
				kind = kind " " substr(rest, RSTART + 7, RLENGTH - 7)
			n[kind]++
		}
		END { for (kind in n) print n[kind], kind }' "$tracing/trace" | sort -k 2
}

# resident NAME...: KiB of all processes of these names together.
resident() {
	for name; do
		for pid_of in $(pidof "$name"); do
			sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid_of/status" 2>/dev/null
		done
	done | awk '{ sum += $1 } END { print sum + 0 }'
}

# start_any INSTRUMENT: in the background as $pid, and warm.
start_any() {
	case $1 in
	tlbnoise) start_tlbnoise "$folder/$1" ;;
	none)
		taskset -c "$cpu" sh -c 'while :; do :; done' &
		pid=$!
		;;
	*)
		start "$1" "$folder/$1" $((seconds + 2 * warm)) >"$folder/$1.txt" 2>&1 &
		pid=$!
		;;
	esac
	sleep $warm
}

stop_any() {
	case $1 in
	tlbnoise) stop_tlbnoise "$folder/$1" ;;
	none) kill "$pid" || true ;;
	*)
		wait "$pid" || {
			say "$1 failed, left out: $(tail -n 1 "$folder/$1.txt")"
			return 1
		}
		;;
	esac
}

run_quiet() {
	[ "$1" = none ] || present "$1" || return 0
	say "$1, quiet, $seconds s"
	echo >"$tracing/trace"
	start_any "$1"
	from=$(now)
	sleep $((seconds / 2))
	case $1 in
	tlbnoise) resident tlbnoise tlbnoised tlbnoise-probe >"$folder/$1.resident" ;;
	*) resident "${1%-*}" >"$folder/$1.resident" ;;
	esac
	sleep $((seconds - seconds / 2))
	to=$(now)
	stop_any "$1" || return 0
	count "$from" "$to" >"$folder/$1.counts"
	echo "$from $to" >"$folder/$1.interval"
	cat "$tracing/per_cpu/cpu$cpu/stats" >"$folder/$1.stats"
}

# Interruptions of no length, as fast as the injector sends them: how fast that is, the machine decides.
run_storm() {
	case $1 in
	tlbnoise | rtla-osnoise) present "$1" || return 0 ;;
	*) return 0 ;;
	esac
	say "$1, $storm interruptions in a row"
	if [ "$1" = tlbnoise ]; then
		start_tlbnoise "$folder/$1-storm"
	else
		start "$1" "$folder/$1-storm" 3600 >"$folder/$1-storm.txt" 2>&1 &
		pid=$!
		sleep $warm
	fi
	bench-inject --cpu "$cpu" --sender "${senders%% *}" --count "$storm" --block "$storm" --spacing 10000:20000 \
		0:0 >"$folder/$1-storm.truth"
	if [ "$1" = tlbnoise ]; then
		stop_tlbnoise "$folder/$1-storm"
	else
		# It counts by periods of a second. What it has counted comes with ctrl-C; the child of the shell that runs start().
		sleep 2
		pkill -INT -P "$pid" || kill -INT "$pid"
		wait "$pid" || true
	fi
}

mkdir -p "$folder"
{
	echo "kernel $(uname -rv)"
	echo "cmdline $(cat /proc/cmdline)"
	echo "cpus $(nproc --all)"
	echo "cpu $cpu"
	echo "seconds $seconds"
	echo "storm $storm"
} >"$folder/about"
arm
for instrument; do run_quiet "$instrument"; done
rmdir "$tracing"
trap - EXIT
for instrument; do run_storm "$instrument"; done
