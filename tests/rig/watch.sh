#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What runs ahead of the deferred flush: watched, scanned, and both against what they have to find. A short form:
# TN_RIG_ROUNDS=300 for more entries, TN_RIG_BOOTS=10 for more boots of the negative control.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
watch=$top/bench/rig/entrywatch/entrywatch
scan=$top/kernel/entryscan/entryscan

# watched NAME WANTED-STATUS WANTED-TEXT ARG...: the watch ends with this status and says so.
watched() {
	local name=$1 wanted=$2 text=$3 status=0
	shift 3
	"$watch" --rounds "${TN_RIG_ROUNDS:-60}" "$@" >"$scratch/watch" 2>&1 || status=$?
	if [ "$status" -eq "$wanted" ] && grep -qE -- "$text" "$scratch/watch"; then
		ok "$name"
		grep -E '^(Windows on the way in|Entry symbols|[0-9]+ accesses)' "$scratch/watch" | sed 's/^/  /'
	else
		not_ok "$name (status $status)" "$scratch/watch"
	fi
}

if wanted deferred; then
	watched "every access before the flush is on the current stack" 0 'all on the current stack' \
		--json "$scratch/seen.json" deferred
	watched "the same with pti=on" 0 'all on the current stack' --append pti=on deferred
	tree=$("$rig" where deferred)/linux
	[ ! -f "$scratch/seen.json" ] ||
		verdict "the scan knows every instruction that the watch saw" "$scratch/scan" \
			sh -c "'$scan' '$tree/vmlinux' --watched '$scratch/seen.json' >'$scratch/scan'"
	jq '.accesses += [{"instruction": "ffffffff81000000", "function": "_text", "target": "vmalloc", "phase": "in",
		"count": 1, "entry": ""}]' "$scratch/seen.json" >"$scratch/more.json"
	verdict "and says so of one that it does not know" "$scratch/scan" \
		sh -c "! '$scan' '$tree/vmlinux' --watched '$scratch/more.json' >'$scratch/scan' && grep -q _text '$scratch/scan'"
fi
if wanted noflush; then
	for ((boot = 1; boot <= ${TN_RIG_BOOTS:-1}; boot++)); do
		watched "a deliberate early touch is seen (boot $boot)" 1 'OFF THE STACK: ct_kernel_enter_state' \
			--before 'echo Y >/sys/kernel/debug/context_tracking_work_touch' noflush
	done
	# With PTI, since QEMU then flushes by itself, and the kernel lives.
	watched "a flush that comes too late is seen" 1 'OFF THE STACK: .*other stack' --append pti=on \
		--before 'echo Y >/sys/kernel/debug/context_tracking_work_late' noflush
	"$scan" "$("$rig" where noflush)/linux/vmlinux" >"$scratch/scan" 2>&1 || true
	verdict "the scan sees the deliberate touch as a pointer" "$scratch/scan" \
		grep -qE '^entry +ct_kernel_enter_state +pointer' "$scratch/scan"
fi
