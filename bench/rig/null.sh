#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Does the comparison find differences where there are none? Compares a kernel with itself, again and again, and counts
# what it says: a difference may be found once in 20 times, at a confidence of 95 %. "Not enough data" is not wrong, but
# not the answer either: a host with other work to do takes what the boots have in common.
set -euo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "$0")/../setup.sh"
# shellcheck disable=SC2154
rig=$top/bench/rig/rig

usage() {
	cat <<-TEXT
		Usage: bench/rig/null.sh [--repeats N] [--boots N] [--kernel KERNEL] [--output FOLDER]
		Runs 'rig compare vmalloc-storm KERNEL KERNEL' N times ($repeats unless said otherwise) and counts.

		Exit status: 0 no difference in at least 19 of 20 repeats, 1 in fewer, 2 could not do it.
	TEXT
}

repeats=20 boots=6 kernel=stock output=''
args=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	--repeats | --boots | --kernel | --output)
		[ $# -ge 2 ] || die "$1 wants a value: see --help"
		declare "${1#--}=$2"
		shift
		;;
	--help | -h) usage && exit 0 ;;
	*) die "unknown option '$1': see --help" ;;
	esac
	shift
done
[[ $repeats =~ ^[1-9][0-9]{0,3}$ ]] || die "--repeats: '$repeats' is not a number from 1 to 9999"
need_root "${args[@]}"
[ -n "$output" ] || output=$(mktemp -d)
mkdir -p "$output"
none=0 open=0 found=0
for ((repeat = 1; repeat <= repeats; repeat++)); do
	status=0
	"$rig" compare vmalloc-storm "$kernel" "$kernel" --boots "$boots" --output "$output/$repeat" \
		>"$output/$repeat.txt" 2>&1 || status=$?
	[ "$status" -le 1 ] || die "repeat $repeat: no comparison, see $output/$repeat.txt"
	line=$(grep -E 'improved [0-9]+ and regressed [0-9]+' "$output/$repeat.txt") ||
		die "repeat $repeat: no verdict in $output/$repeat.txt"
	case $line in
	"No difference:"*) none=$((none + 1)) ;;
	"Not enough data:"*) open=$((open + 1)) ;;
	*) found=$((found + 1)) ;;
	esac
	printf 'repeat %d: %s\n' "$repeat" "$line"
done
printf '%s against itself, %d boots a side, %d repeats: no difference in %d, not enough data in %d, a difference in %d\n' \
	"$kernel" "$boots" "$repeats" "$none" "$open" "$found"
printf 'Documents: %s\n' "$output"
[ $((none * 20)) -ge $((repeats * 19)) ] || exit 1
