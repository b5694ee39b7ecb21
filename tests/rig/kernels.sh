#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every kernel runs every scenario, shortly. A kernel that complains (lockdep, RCU, DEBUG_VM, ...) makes the rig fail.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
cat >"$scratch/all-scenarios" <<'SH'
#!/bin/sh
# In the guest: all scenarios, one after the other. No load that keeps CPU 0 busy for good on an emulated machine.
echo "1..$(ls /rig/scenarios/*.ini | wc -l)"
for file in /rig/scenarios/*.ini; do
	name=$(basename "$file" .ini)
	if tlbnoise run --quiet "$name" -o scenario.duration=1s -o scenario.rounds=1 -o probe.cpus=2 >/tmp/out 2>&1; then
		echo "ok 1 - $name"
	else
		cat /tmp/out
		echo "not ok 1 - $name"
	fi
done
SH
chmod 755 "$scratch/all-scenarios"
for kernel in rt debug debian; do
	wanted $kernel || continue
	guest_status=0
	"$rig" boot $kernel --with "$scratch/all-scenarios" -- all-scenarios >"$scratch/log" 2>&1 || guest_status=$?
	results "$kernel" "$scratch/log"
	verdict "$kernel has no complaint" "$scratch/log" [ $guest_status -eq 0 ]
done
