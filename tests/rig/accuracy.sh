#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A short form of bench/accuracy: 300 interruptions of known length, 150 from each of two CPUs, and what tlbnoise made
# of them.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
wanted stock || exit 0
"$top/bench/accuracy/run.sh" --tap --count 150 --output "$scratch/accuracy" tlbnoise >"$scratch/log" 2>&1 ||
	guest_status=$?
results "stock" "$scratch/log"
