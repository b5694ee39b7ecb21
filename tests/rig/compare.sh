#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `rig compare vmalloc-storm`: a stock kernel interrupts an isolated CPU with each flush, the series with next to none,
# both with each page table freed. Two long boots a side instead of six short ones.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
wanted stock && wanted deferred || exit 0
rig_dir=$top/bench/rig
# shellcheck source=bench/rig/lib/counts.sh
. "$rig_dir/lib/counts.sh"

# count SIDE NAME
count() {
	awk -F '\t' -v name="$2" '$1 == name { n = $2 } END { print n + 0 }' "$scratch/counts-$1"
}

# per SIDE PART WHOLE OP LIMIT: PART / WHOLE against a limit.
per() {
	local part whole
	part=$(count "$1" "$2") whole=$(count "$1" "$3")
	echo "  $1: $part of $whole"
	awk -v p="$part" -v w="$whole" -v l="$5" -v op="$4" \
		'BEGIN { exit !(w > 0 && (op == ">=" ? p / w >= l : p / w <= l)) }'
}

# one_for_each LOG: of what frees page tables, about one flush for each operation.
one_for_each() {
	awk '$1 == "cause.page-table-flush.per-operation" { n += $2 > 0.9 && $2 < 1.1 && $3 > 0.9 && $3 < 1.1 }
		END { exit n != 1 }' "$1"
}

log=$scratch/log
status=0
"$rig" compare vmalloc-storm --boots 2 -o scenario.duration="${TN_RIG_WINDOW:-24s}" --output "$scratch/set" \
	>"$log" 2>&1 || status=$?
if [ ! -f "$scratch/set/deferred/2.json" ]; then
	not_ok "rig compare vmalloc-storm (status $status)" "$log"
	exit 1
fi
counts_of_set "$scratch/set/stock" >"$scratch/counts-stock"
counts_of_set "$scratch/set/deferred" >"$scratch/counts-deferred"
verdict "the order of the sides alternates" "$log" \
	grep -qx 'stock deferred deferred stock ' <(sed -n 's/^--- [0-9]* of 2: //p' "$log" | tr '\n' ' ')
verdict "the table has both sides and the flushes" "$log" grep -q '^flushes of freed vmalloc space  *[0-9]' "$log"
# by_class LOG: stock's flushes are there, and many times those of the other side.
by_class() {
	awk '/^entries into the kernel per second, by class/ { on = 1 }
		on && $1 == "kernel-tlb-flush" { n += $2 > 10 && $3 < $2 / 10 }
		END { exit n != 1 }' "$1"
}
verdict "the table has the rates by class" "$log" by_class "$log"
verdict "the comparison has a page-table flush for each operation, on both sides" "$log" one_for_each "$log"
verdict "the safety of the deferring side is there" "$log" grep -qx 'Safety of deferred: .*' "$log"
for side in stock deferred; do
	flushes=$(count $side flushes)
	if [ "$flushes" -ge 10000 ]; then
		ok "$side: 10,000 flushes"
	else
		printf 'skipped %s: 10,000 flushes: %s on this host; TN_RIG_WINDOW=60s makes windows longer\n' $side "$flushes"
	fi
	verdict "$side: an interruption for each page table freed" "$log" per $side table-entries tables ">=" 0.99
done
verdict "stock: at least 0.99 interruptions per flush" "$log" per stock flush-entries flushes ">=" 0.99
verdict "deferred: at most 0.005 interruptions per flush" "$log" per deferred flush-entries flushes "<=" 0.005
verdict "deferred: each of these was refused because the CPU was in the kernel" "$log" \
	[ "$(count deferred flush-entries)" -le "$(count deferred "refused kernel")" ]
has() {
	jq -e "$@" >/dev/null
}

verdict "a document says how its guest was run" "$log" \
	has '.environment.cmdline | test("rig.accel=(kvm|tcg)")' "$scratch/set/stock/1.json"
[ "$(nproc)" -lt 2 ] || verdict "and that the probed CPU had one of the host's" "$log" \
	has '.environment.cmdline | test("rig.alone=2 ")' "$scratch/set/stock/1.json"
