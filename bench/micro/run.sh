#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What tlbnoise costs itself: builds without sanitizers and prints all of bench/micro, each comparison side by
# side in one run. Options: --json (a line an item, but for the collector, exports and the store), --quick (the collector for
# 3 s instead of 30 s, a history of 100 runs instead of 2,000).
set -euo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "$0")/../setup.sh"

json=() seconds=30 runs=2000
for arg in "$@"; do
	case $arg in
	--json) json=(--json) ;;
	--quick) seconds=3 runs=100 ;;
	*) die "unknown option '$arg': there are --json and --quick" ;;
	esac
done

need_root "$@"
install_packages build
build_in "$top/build-bench" -Dtests=false
status=0
for bench in loop record attribution export "store /var/tmp $runs" "collector --seconds $seconds"; do
	read -ra words <<<"$bench"
	[[ ${words[0]} == @(collector|export|store) ]] || words+=("${json[@]}")
	"$top/build-bench/bench/micro/bench-${words[0]}" "${words[@]:1}" || status=1
	[ ${#json[@]} -gt 0 ] || echo
done
exit $status
