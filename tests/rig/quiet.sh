#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What tlbnoise does to an isolated CPU by itself: nothing. Its memory grows for the whole window, while khugepaged looks
# for huge pages 100 times as often as usual, and all CPUs are asked for the pages that they keep back.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
wanted stock || exit 0
cat >"$scratch/quiet-guest" <<'SH'
#!/bin/sh
# In the guest. The lowest threshold finds interruptions by the emulator, hundreds a second, which the daemon keeps.
set -eu
grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled
taskset -c 0 tlbnoise run quiet -o probe.cpus=2 -o scenario.duration=20s -o scenario.rounds=1 -o trace.level=full \
	-o probe.threshold=auto --output /tmp/quiet.json >/tmp/out 2>&1 &
run=$!
until grep -q measuring /tmp/out; do sleep 0.1; done
for pid in $(pidof tlbnoised tlbnoise-probe); do
	echo "huge pages of $(cat "/proc/$pid/comm"): $(sed -n 's/^THP_enabled:[[:space:]]*//p' "/proc/$pid/status")"
done
asked=0
echo 100 >/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs
while kill -0 $run 2>/dev/null; do
	echo 1 >/proc/sys/vm/drop_caches
	asked=$((asked + 1))
	sleep 0.5
done
wait $run
echo "asked for pages: $asked"
jq -r '"window: \(.cpus[0].window_s)", (.causes[] | "cause: \(.class) \(.function) \(.culprit) \(.sender_comm) \(.entries)")' /tmp/quiet.json
SH
chmod 755 "$scratch/quiet-guest"
"$rig" boot stock --alone 2 --with "$scratch/quiet-guest" --timeout 300 -- quiet-guest >"$scratch/log" 2>&1 || true
verdict "quiet: a window of 20 s" "$scratch/log" grep -qE '^window: (19\.9|2)' "$scratch/log"
verdict "quiet: daemon and probe have no huge pages" "$scratch/log" \
	[ "$(grep -cE '^huge pages of (tlbnoised|tlbnoise-probe): 0$' "$scratch/log")" -eq 2 ]
verdict "quiet: pages were asked for all the time" "$scratch/log" \
	[ "$(sed -n 's/^asked for pages: //p' "$scratch/log")" -ge 10 ]
# The kernel's own: the residual tick, once a second, RCU's work in it, and what wakes the deadline server that asks for
# it.
grep '^cause: ' "$scratch/log" >"$scratch/causes" || true
sed 's/^/  /' "$scratch/causes"
verdict "quiet: the tick is seen" "$scratch/causes" grep -q '^cause: tick ' "$scratch/causes"
verdict "quiet: nothing but the kernel's own tick" "$scratch/causes" \
	not grep -vE '^cause: (tick|rcu|reschedule  dl_task_timer) ' "$scratch/causes"
