#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# On the machine that is measured, in the rig or not: the same series of injected interruptions on one CPU while one
# instrument after the other looks at it. What each said, and the injector's log, go into a folder for judge.py.
# usage: measure.sh FOLDER CPU COUNT SEED "SENDER..." THRESHOLD INSTRUMENT...
# tlbnoise and bench-inject are found through PATH.
set -eu
folder=$1 cpu=$2 count=$3 seed=$4 senders=$5 threshold=$6
shift 6

# What is injected, in turns: no time at all, which costs the way in and out of the kernel; then 0.5 to 500 us.
ranges='0:0 500:1000 1000:5000 5000:20000 20000:100000 100000:500000'
# At random between interruptions; 5 ms on average.
spacing=1000000:9000000
# An instrument's run: twice the time that the series takes if nothing delays it.
seconds=$((count * 11 / 1000 + 3))
# Before the series, for those that do not say when they have begun to measure. oslat warms up for a second.
warm=3

# shellcheck source=bench/accuracy/instruments.sh
. "$(dirname "$0")/instruments.sh"

inject() {
	# shellcheck disable=SC2086
	bench-inject --cpu "$cpu" --sender "$1" --count "$count" --seed "$seed" --spacing $spacing $ranges >"$2"
}

# As long as the series takes.
run_tlbnoise() {
	say "tlbnoise, interrupted from CPU $1, about $((seconds / 2)) s"
	start_tlbnoise "$folder/tlbnoise-$1"
	inject "$1" "$folder/tlbnoise-$1.truth"
	stop_tlbnoise "$folder/tlbnoise-$1"
}

# run_peer INSTRUMENT: once with nothing injected, since the machine interrupts by itself too, and once with the
# series.
run_peer() {
	present "$1" || return 0
	say "$1, twice $((seconds + warm)) s"
	start "$1" "$folder/$1-quiet" $((seconds + warm)) >"$folder/$1-quiet.txt" 2>&1 || {
		say "$1 failed, left out: $(tail -n 1 "$folder/$1-quiet.txt")"
		return 0
	}
	start "$1" "$folder/$1" $((seconds + warm)) >"$folder/$1.txt" 2>&1 &
	pid=$!
	sleep $warm
	inject "${senders%% *}" "$folder/$1.truth"
	kill -0 $pid 2>/dev/null || say "$1: ended before the series did"
	wait $pid || say "$1 failed: $(tail -n 1 "$folder/$1.txt")"
}

mkdir -p "$folder"
{
	echo "kernel $(uname -rv)"
	echo "cmdline $(cat /proc/cmdline)"
	echo "cpus $(nproc --all)"
	echo "cpu $cpu"
	echo "seed $seed"
	echo "count $count"
	echo "seconds $seconds"
	echo "ranges_ns $ranges"
	echo "spacing_ns $spacing"
	tlbnoise --version
} >"$folder/about"
for instrument; do
	if [ "$instrument" = tlbnoise ]; then
		for sender in $senders; do run_tlbnoise "$sender"; done
	else
		run_peer "$instrument"
	fi
done
