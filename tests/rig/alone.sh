#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest's CPU that is to be alone has one of the host's, where nothing else of the guest may run.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
wanted stock || exit 0

# Of the guest that this test boots: QEMU's process, told by the file that the guest waits for.
guest() {
	local folder
	for folder in "$cache"/boot-*; do
		[ -f "$folder/pid" ] && grep -q "$mark" "$folder/command" 2>/dev/null && cat "$folder/pid" && return
	done
	return 1
}

# threads PID: a line each: name, CPUs of the host.
threads() {
	local task
	for task in "/proc/$1/task/"*; do
		printf '%s: %s\n' "$(cat "$task/comm")" "$(taskset -cp "${task##*/}" | sed 's/.*: //')"
	done
}

# placed: CPU 2 has one CPU, which no other thread has.
placed() {
	local pid own
	pid=$(guest) || return 1
	threads "$pid" >"$scratch/threads" 2>/dev/null
	own=$(sed -n 's,^CPU 2/[A-Z]*: ,,p' "$scratch/threads")
	[[ $own =~ ^[0-9]+$ ]] && ! grep -v '^CPU 2/' "$scratch/threads" | grep -qE "[: ,]$own(,|-|$)"
}

if [ "$(nproc)" -lt 2 ]; then
	printf 'skipped alone: this host has one CPU\n'
	exit 0
fi
# All that the next boots need is made first, however long that takes: what is waited for below is the guest alone.
"$rig" boot stock -- true >"$scratch/log" 2>&1 || {
	not_ok "a guest of the kernel stock boots" "$scratch/log"
	exit 1
}
mark=alone-test-$$
cache=${TN_RIG_CACHE:-${XDG_CACHE_HOME:-/var/cache}/tlbnoise}
"$rig" boot stock --alone 2 --timeout 120 -- sh -c "until [ -e /rig/$mark ]; do sleep 0.2; done; cat /proc/cmdline" \
	>"$scratch/log" 2>&1 &
boot=$!
for ((tries = 0; tries < 600; tries++)); do
	placed && break
	kill -0 $boot 2>/dev/null || break
	sleep 0.1
done
verdict "CPU 2 has a CPU of the host to itself" "$scratch/threads" placed
pid=$(guest) && for folder in "$cache"/boot-*; do
	[ "$(cat "$folder/pid" 2>/dev/null)" != "$pid" ] || touch "$folder/$mark"
done
wait $boot
verdict "the guest's command line says so" "$scratch/log" grep -q ' rig.alone=2 ' "$scratch/log"
all=$(seq -s , 0 "$(($(nproc) - 1))")
"$rig" boot stock --alone "$all" --timeout 120 -- cat /proc/cmdline >"$scratch/log" 2>&1
verdict "not where the host has too few" "$scratch/log" not grep -q 'rig\.alone' "$scratch/log"
