#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the module and its tests, and runs them in a virtual machine whose only program they are.
# usage: run.sh KERNEL-IMAGE KERNEL-BUILD-FOLDER [TEST [ROUNDS]]
# A kernel of Debian: run.sh /boot/vmlinuz-VERSION /usr/src/linux-headers-VERSION
# CPUS, APPEND: number of CPUs (4), more of a kernel command line. KVM=1: use KVM. TIMEOUT: seconds (900)
set -eu

if [ $# -lt 2 ]; then
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
image=$1 headers=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -r "$here/.." "$work/churn"
{ make -C "$headers" M="$work/churn" modules && make -C "$work/churn/test" clean churn-test; } >"$work/build.log" 2>&1 || {
	cat "$work/build.log" >&2
	exit 2
}
mkdir "$work/root"
cp "$work/churn/test/churn-test" "$work/root/init"
cp "$work/churn/tlbnoise_churn.ko" "$work/root/"
mkdir "$work/root/dev" && mknod -m 600 "$work/root/dev/console" c 5 1
(cd "$work/root" && find . | cpio --quiet -o -H newc) >"$work/initrd"

cpus=${CPUS:-4}
# The guest calibrates its TSC badly while the host is busy, and then never stops the tick.
khz=$(dmesg 2>/dev/null | sed -n 's/.*tsc: .* \([0-9]*\)\.\([0-9]*\) MHz.*/\1\2/p' | tail -n 1)
append="console=ttyS0 quiet panic=-1 reboot=t nohz_full=1-$((cpus - 1)) isolcpus=nohz,domain,1-$((cpus - 1))"
append="$append tsc=reliable ${khz:+tsc_early_khz=$khz} ${APPEND:-}"
timeout "${TIMEOUT:-900}" qemu-system-x86_64 -M pc -smp "$cpus,sockets=$cpus,cores=1,threads=1" -m 2048 -nographic -no-reboot -cpu max \
	${KVM:+-accel kvm} -kernel "$image" -initrd "$work/initrd" -append "$append -- $*" </dev/null | tee "$work/log"
! grep -q 'BUG:\|WARNING:\|Oops\|Call Trace\|not ok' "$work/log" && grep -q '^# all of it: passed' "$work/log"
