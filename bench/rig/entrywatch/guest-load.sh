#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# In the guest: enters the kernel on CPUs 2 and 3 in every way there is, while CPU 0 leaves them flushes.
# Usage: guest-load.sh ROUNDS
# Prints lines "load ..." (how often each way worked on CPU 2) and "area ..." (/proc/vmallocinfo).
set -u
here=$(dirname "$0")
rounds=$1
parameters=/sys/module/entry_vectors/parameters

# Of all vectors of arch/x86/include/asm/irq_vectors.h that do no harm when nothing has asked for them. 2 is an NMI,
# 0xed belongs to nobody.
vectors="2 0xf6 0xf7 0xf9 0xfb 0xfc 0xfd 0xfe 0xed"

insmod "$here/entry_vectors.ko" || exit 2
# The table with the open gates is not among what PTI leaves mapped in userspace.
grep -q 'pti=on' /proc/cmdline || echo 2 >$parameters/open
for irq in 11 12; do # virtio's, as the microvm numbers them
	echo 8 >/proc/irq/$irq/smp_affinity
done
"$here/entry-load" churn 600000 &
churn=$!
"$here/entry-load" 2 "$rounds" >/tmp/load &
one=$!
"$here/entry-load" 3 "$rounds" >/dev/null &
two=$!
read -r begun _ </proc/uptime
while kill -0 $one 2>/dev/null || kill -0 $two 2>/dev/null; do
	for vector in $vectors; do
		for cpu in 2 3; do echo "$cpu $vector" >$parameters/send; done
	done
	dd if="$here/entry-load" of=/dev/null bs=4096 count=20 2>/dev/null # interrupts of a device
done
wait $one && wait $two
status=$?
kill $churn
read -r ended _ </proc/uptime
echo "load seconds $begun $ended"
sed 's/^/load /' /tmp/load
sed 's/^/area /' /proc/vmallocinfo
# Last, since it is not acknowledged and keeps all others from the CPU.
"$here/entry-load" 2 1000000 >/dev/null &
sleep 1
echo "2 0xff" >$parameters/send
sleep 0.2
exit $status
