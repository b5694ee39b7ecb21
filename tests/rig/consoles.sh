#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the rig reads out of consoles: an oops that only the emulator can have made is told from one of the kernel's.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=bench/rig/lib/boot.sh
. "$top/bench/rig/lib/boot.sh"

# said LINE...: a console with these lines.
said() {
	printf '[    0.770488] %s\n' "virtio-mmio: Registering device" "$@" >"$scratch/console"
}

# taken yes|no NAME: is that console one of a stale breakpoint?
taken() {
	local answer=no
	int3_stale "$scratch/console" && answer=yes
	verdict "$2" "$scratch/console" [ "$answer" = "$1" ]
}

oops='Oops: int3: 0000 [#1] PREEMPT SMP NOPTI'
said "$oops" 'CPU: 3 UID: 0 PID: 1' 'Code: 41 8b 4f 20 66 <90> f7 c1 00 00 10 00' 'Kernel panic - not syncing: Fatal'
taken yes 'int3 where memory has a nop: the emulator'
said "$oops" 'CPU: 3 UID: 0 PID: 1' 'Code: 41 8b 4f 20 cc <90> f7 c1 00 00 10 00' 'Kernel panic - not syncing: Fatal'
taken no 'int3 where memory has one: the kernel'
said 'WARNING: CPU: 0 PID: 1 at kernel/smp.c:1' "$oops" 'Code: 41 8b 4f 20 66 <90> f7 c1 00 00 10 00'
taken no 'int3 after another complaint: the kernel'
said "$oops" 'Kernel panic - not syncing: Fatal'
taken no 'int3 without its code: nobody knows'
said 'BUG: kernel NULL pointer dereference' 'Code: 41 8b 4f 20 66 <90> f7 c1 00 00 10 00'
taken no 'another oops: the kernel'
