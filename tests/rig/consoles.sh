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
bug='kernel BUG at kernel/entry/common.c:378!'
sixteenth=('Oops: invalid opcode: 0000 [#16] PREEMPT SMP NOPTI' 'RIP: 0010:irqentry_nmi_enter+0x5c/0x60'
	'Code: 65 a9 00 00 f0 00 <0f> 0b' 'Call Trace:' ' asm_exc_int3+0x35/0x40' 'RIP: 0010:vprintk_store+0x1/0x2')
said "$bug" "${sixteenth[@]}" 'Code: 41 8b 4f 20 66 <90> f7 c1 00 00 10 00'
taken yes 'the same again and again, until the kernel gets to say it'
said "$bug" "${sixteenth[@]}" 'Code: 41 8b 4f 20 cc <90> f7 c1 00 00 10 00'
taken no 'again and again, where memory has one: the kernel'
said "$bug" "${sixteenth[@]/'#16'/'#1'}" 'Code: 41 8b 4f 20 66 <90> f7 c1 00 00 10 00'
taken no 'that BUG without others before it: the kernel'
said "$bug" "${sixteenth[@]:0:4}" 'Code: 41 8b 4f 20 66 <90> f7 c1 00 00 10 00'
taken no 'that BUG without an int3 in its trace: the kernel'
said 'BUG: kernel NULL pointer dereference' 'Code: 41 8b 4f 20 66 <90> f7 c1 00 00 10 00'
taken no 'another oops: the kernel'
