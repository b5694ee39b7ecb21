#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own test of vmalloc (CONFIG_TEST_VMALLOC=m), unchanged, once by one thread and once by one for each
# CPU, in the Test Anything Protocol. The module never stays loaded: its init function runs the tests and fails.
# align_shift_alloc_test is left out: it asks for impossible alignments, and "fails" on every kernel.
# usage: vmalloc.sh MODULE [LOOPS]
set -eu

if [ $# -lt 1 ] || [ ! -f "$1" ]; then
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 2
fi
module=$1 loops=${2:-1000}
mask=$((2047 & ~64))
cases=10

# round NUMBER THREADS: each thread runs all cases; every summary line has to say that none failed.
round() {
	mark="vmalloc.sh: round $1 of $$"
	echo "$mark" >/dev/kmsg
	insmod "$module" nr_threads="$2" run_test_mask="$mask" test_loop_count="$loops" 2>/dev/null || true
	lines=$(dmesg | sed "1,/$mark/d" | grep 'Summary: ' | sed 's/.*Summary: //') || true
	echo "$lines" | sed 's/^/# /'
	passed=$(echo "$lines" | grep -c 'passed: 1 failed: 0') || true
	threads=$2
	[ "$threads" -gt 0 ] || threads=1
	if [ "$passed" -eq $((threads * cases)) ]; then
		echo "ok $1 - $threads threads, $loops loops"
	else
		echo "not ok $1 - $threads threads, $loops loops: $passed of $((threads * cases)) passed"
		failed=1
	fi
}

failed=0
echo "TAP version 13"
echo "1..2"
round 1 1
round 2 "$(nproc --all)"
exit $failed
