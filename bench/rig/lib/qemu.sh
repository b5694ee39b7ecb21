# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034,SC2206
# QEMU's command line: a microvm without ACPI, 4 CPUs of which 1-3 are isolated, and two folders of the host over 9p.

guest_cpus=4
guest_memory=2G

# Measured once where documents of several boots are to be compared.
guest_khz=

# CPUs of the guest that have one of the host's each to themselves, while all others share the rest: a probe that spins
# all the time and the CPU that makes the load then do not take turns. alone_on are the host's, in the same order.
alone='' alone_on=() beside=()

# 9p, for the root file system. The host does not write there while a guest runs: let the guest cache all of it.
root_flags=trans=virtio,version=9p2000.L,msize=262144,cache=loose

# tsc_khz: what an emulated guest's kernel is told about its TSC, which counts the host's ticks. Left to itself, it
# measures nonsense when the host is busy, calls the TSC unstable, and then never stops its tick.
tsc_khz() {
	[ -z "$guest_khz" ] || { echo "$guest_khz" && return; }
	local program=$cache/tsc-khz
	if [ "$rig_dir/tsc-khz.c" -nt "$program" ]; then
		cc -O1 -o "$program.new" "$rig_dir/tsc-khz.c" || die "could not compile $rig_dir/tsc-khz.c"
		mv "$program.new" "$program"
	fi
	"$program"
}

# kernel_words ACCEL KERNEL-FOLDER: the kernel's command line. rig.accel means nothing to the kernel; it is there
# because the command line is part of every run document.
kernel_words() {
	local last=$((guest_cpus - 1)) khz hz
	local words="console=ttyS0 root=root rootfstype=9p ro init=/rig-init reboot=t panic=-1"
	words+=" rootflags=$root_flags"
	[ "${TN_RIG_ISOLATED:-yes}" = no ] ||
		words+=" nohz_full=1-$last rcu_nocbs=1-$last isolcpus=nohz,domain,managed_irq,1-$last irqaffinity=0"
	words+=" tsc=reliable rig.accel=$1${alone:+ rig.alone=$alone}"
	if [ "$1" = tcg ]; then
		khz=$(tsc_khz)
		hz=$(sed -n 's/^CONFIG_HZ=//p' "$2/config")
		words+=" tsc_early_khz=$khz lpj=$((khz * 1000 / hz)) no_timer_check"
	fi
	printf '%s\n' "$words"
}

# In front of a command: ahead of the host's other work, as far as we may. What the host takes from a guest is noise in
# its figures, and lets its kernel reject its timers. With autogroups, nice counts within a session only, and sessions
# have a nice value of their own.
# shellcheck disable=SC2016
ahead=(setsid sh -c '{ echo -10 >/proc/self/autogroup; } 2>/dev/null; exec nice -n -10 "$@"' ahead)

# alone_choose: whether the host has CPUs enough for those in alone and one more; else nothing is done about them.
alone_choose() {
	local host=() wanted=()
	alone_on=() beside=()
	IFS=, read -ra wanted <<<"$alone"
	mapfile -t host < <(taskset -cp $$ | sed 's/.*: //' | tr , '\n' |
		awk -F- '{ for (cpu = $1; cpu <= (NF > 1 ? $2 : $1); cpu++) print cpu }')
	if [ ${#wanted[@]} -eq 0 ] || [ ${#wanted[@]} -ge ${#host[@]} ] || [ "${TN_RIG_THREAD:-multi}" = single ]; then
		alone=
		return
	fi
	alone_on=("${host[@]: -${#wanted[@]}}")
	beside=(taskset -c "$(IFS=, && echo "${host[*]:0:${#host[@]}-${#wanted[@]}}")")
}

# alone_move PIDFILE: as soon as QEMU has its threads. It names those of CPUs "CPU N/TCG" or "CPU N/KVM".
alone_move() {
	local cpus=() i pid task
	IFS=, read -ra cpus <<<"$alone"
	for i in "${!cpus[@]}"; do
		task=
		until [ -n "$task" ]; do
			kill -0 "$guest" 2>/dev/null || return 0
			pid=$(cat "$1" 2>/dev/null) || pid=none
			task=$(grep -lsx "CPU ${cpus[i]}/.*" "/proc/$pid/task/"*/comm) || sleep 0.05
		done
		taskset -cp "${alone_on[i]}" "$(basename "$(dirname "$task")")" >/dev/null || true
	done
}

# qemu_line ACCEL KERNEL-FOLDER SHARE WORDS OPTION...: sets the array qemu. A folder with an initial ramdisk is
# Debian's, which knows no virtio devices but those of PCI.
qemu_line() {
	local accel=$1 folder=$2 share=$3 words=$4 flags="-accel tcg,thread=${TN_RIG_THREAD:-multi} -cpu max" bus=device
	local machine="-M microvm,acpi=off,pit=on,pic=on,rtc=on,isa-serial=on"
	shift 4
	[[ ${TN_RIG_THREAD:-multi} =~ ^(single|multi)$ ]] ||
		die "TN_RIG_THREAD: '$TN_RIG_THREAD' is neither single nor multi"
	[ "$accel" = tcg ] || flags="-accel kvm -cpu host"
	if [ -f "$folder/initrd.gz" ]; then
		machine="-M pc -initrd $folder/initrd.gz"
		bus=pci
	fi
	qemu=(qemu-system-x86_64 $flags $machine -smp "$guest_cpus" -m "$guest_memory"
		-name "rig,debug-threads=on" -nodefaults -no-user-config -display none -no-reboot -kernel "$folder/bzImage" -append "$words"
		-fsdev "local,id=root,path=$guest_root,security_model=none,readonly=on"
		-device "virtio-9p-$bus,fsdev=root,mount_tag=root"
		-fsdev "local,id=share,path=$share,security_model=none"
		-device "virtio-9p-$bus,fsdev=share,mount_tag=share" "${qemu_more[@]}" "$@")
}

# accelerator KERNEL-FOLDER: kvm only where a guest was seen to come up with it; the answer is kept until the host
# boots again.
accelerator() {
	local answer share
	if [ -n "${TN_RIG_ACCEL:-}" ]; then
		[[ $TN_RIG_ACCEL =~ ^(kvm|tcg)$ ]] || die "TN_RIG_ACCEL: '$TN_RIG_ACCEL' is neither kvm nor tcg"
		printf '%s\n' "$TN_RIG_ACCEL"
		return
	fi
	answer=$cache/accel-$(</proc/sys/kernel/random/boot_id)
	if [ ! -f "$answer" ]; then
		share=$(mktemp -d "$cache/boot-trial-XXXXXX")
		if [ -w /dev/kvm ] && trial "$1" "$share"; then echo kvm; else echo tcg; fi >"$answer.new"
		mv "$answer.new" "$answer"
		rm -rf "$share"
	fi
	cat "$answer"
}

# trial KERNEL-FOLDER SHARE: whether a guest comes up with KVM and gets a command done.
trial() {
	local qemu
	printf 'true\n' >"$2/command"
	qemu_line kvm "$1" "$2" "$(kernel_words kvm "$1")" -serial "file:$2/console"
	"${ahead[@]}" timeout -k 5 40 "${qemu[@]}" >"$2/qemu" 2>&1 </dev/null || true
	[ "$(cat "$2/status" 2>/dev/null)" = 0 ]
}
