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
vectors="2 0xf3 0xf6 0xf7 0xf9 0xfb 0xfc 0xfd 0xfe 0xed"

# leads_to VECTOR SYMBOL: that vector's gate leads to that entry symbol, if the kernel has it.
leads_to() {
	address=$(sed -n "s/ [tT] $2\$//p" /proc/kallsyms)
	[ -z "$address" ] || echo "$1 $address" >$parameters/gate
}

# at_work PID: comes back when that program has been in userspace for a while.
at_work() {
	until [ "$(cut -d ' ' -f 14 "/proc/$1/stat")" -ge 20 ]; do sleep 0.1; done
}

# nmis: how many CPU 2 has had.
nmis() {
	awk '$1 == "NMI:" { print $4 }' /proc/interrupts
}

# failed WHAT: the load was not what it should have been.
failed() {
	echo "guest-load: $1" >&2
	status=2
}

insmod "$here/entry_vectors.ko" || exit 2
echo 1 >$parameters/open
leads_to 0xf3 asm_sysvec_kvm_asyncpf_interrupt # as the kernel itself has it under KVM
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
status=0
wait $one || failed "the load of CPU 2"
wait $two || failed "the load of CPU 3"
read -r ended _ </proc/uptime
echo "load seconds $begun $ended"
sed 's/^/load /' /tmp/load

# All of them again to a program that does not leave userspace by itself, so that it is there that they find it.
"$here/entry-load" 2 1 spin &
load=$!
at_work $load
for vector in $vectors; do
	for _ in 1 2 3; do echo "2 $vector" >$parameters/send; done
done
# NMIs get closest to the flush: more of them. One that is waiting already takes in the next, so they are counted.
wanted=$(($(nmis) + 200))
until [ "$(nmis)" -ge $wanted ]; do echo "2 2" >$parameters/send; done
kill $load

# Exceptions that push an error code and that this CPU never raises: by the gate of one that it does. The kernel warns
# of the third, and lets the program run into it again.
"$here/entry-load" 2 100000000 segment-not-present &
load=$!
at_work $load
for exception in alignment_check invalid_tss control_protection segment_not_present; do
	leads_to 11 asm_exc_$exception
	sleep 0.1
done
kill $load
"$here/entry-load" 2 1 no-fpu || failed "no #NM"
"$here/entry-load" 2 1 spurious &
load=$!
at_work $load
echo "2 0xff" >$parameters/send
wait $load || failed "no spurious interrupt"
kill $churn
wait $churn
[ $? -eq 143 ] || failed "the churn ended before we ended it"
sed 's/^/area /' /proc/vmallocinfo

# The guest's init would write the status, too, but then have the machine reset. A kernel that goes down in order stops
# its CPUs by an interrupt.
"$here/entry-load" 3 1 spin &
at_work $!
echo $status >/rig/status
sync
"$here/entry-load" down
