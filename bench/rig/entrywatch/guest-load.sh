#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: enters the kernel on CPUs 2 and 3 in every way there is, while CPU 0 leaves them flushes.
# Usage: guest-load.sh ROUNDS
set -u
here=$(dirname "$0")
rounds=$1
send=/sys/module/entry_vectors/parameters/send

# Of all vectors of arch/x86/include/asm/irq_vectors.h that do no harm when nothing has asked for them, and 16 and
# 19, the exceptions without an error code that the APIC lets through. 0xed belongs to nobody.
vectors="0xf3 0xf6 0xf7 0xf9 0xfb 0xfc 0xfd 0xfe 0xed 16 19"

insmod "$here/entry_vectors.ko" || exit 2
echo 2 >/sys/module/entry_vectors/parameters/open
for irq in /proc/irq/[0-9]*; do
	echo 8 >"$irq/smp_affinity" 2>/dev/null # virtio's and the serial line's to CPU 3; not all can move
done
"$here/entry-load" churn 600000 &
churn=$!
"$here/entry-load" 2 "$rounds" >"$here/load-2" &
one=$!
"$here/entry-load" 3 "$rounds" >"$here/load-3" &
two=$!
while kill -0 $one 2>/dev/null || kill -0 $two 2>/dev/null; do
	for vector in $vectors; do
		for cpu in 2 3; do echo "$cpu $vector" >$send; done
	done
	echo l >/proc/sysrq-trigger # an NMI to every CPU
	dd if="$here/entry-load" of=/dev/null bs=4096 count=20 2>/dev/null # interrupts of a device
done
wait $one && wait $two
status=$?
kill $churn
cat "$here/load-2"
cat /proc/vmallocinfo >"$here/vmallocinfo"
# Last, since it is not acknowledged and keeps all others from the CPU.
"$here/entry-load" 2 1000000 >/dev/null &
sleep 0.2
echo "2 0xff" >$send
sleep 0.2
exit $status
