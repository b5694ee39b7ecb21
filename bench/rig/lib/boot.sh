# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# One boot: a folder that host and guest share, the guest's output followed while it runs, and the console looked
# through for what the kernel complains about.

# What a kernel prints when something is wrong with it: the first words of a line, after the time stamp.
splats='(BUG|WARNING|Oops|UBSAN|KASAN|general protection|double fault|Kernel panic|INFO: |rcu: INFO|rcu: BUG|'
splats+='watchdog: BUG|traps: |unchecked MSR|DEBUG_LOCKS_WARN|kernel BUG|Unable to handle|VFS: Cannot open root)'

# Of the boot in hand; global, since the trap on exit needs them. shares: of all kernels prepared so far. guest_root:
# found once, so that a list of packages that changes under a long comparison does not reach into it.
folder='' guest_root='' share='' accel='' guest='' shares=()

# boot_prepare KERNEL: everything that boots of it need; sets folder, share and accel.
boot_prepare() {
	local alive
	known "$1"
	kernel_build "$1"
	root_build
	guest_root=$(root_dir)
	folder=$(kernel_dir "$1")
	accel=$(accelerator "$folder")
	alone_choose
	say "accelerator: $accel"
	share=$(mktemp -d "$cache/boot-XXXXXX")
	shares+=("$share")
	trap boot_end EXIT
	exec {alive}<"$share"
	flock "$alive"
	programs_into "$share"
	[ ${#with[@]} -eq 0 ] || cp -- "${with[@]}" "$share/bin/"
	module_into "$share" "$1"
}

# boot_command KERNEL CMD...: runs CMD in the guest; its output and its status become ours.
boot_command() {
	local kernel=$1
	shift
	boot_prepare "$kernel"
	boot_guest "$kernel" "$@"
}

# boot_guest KERNEL CMD...: as boot_command, after boot_prepare. A guest that finds its timers miscalibrated, which
# happens to one on a busy host, leaves a note and ends before CMD. One that the emulator failed (int3_stale) is
# booted again as well, and what it had done until then counts for nothing.
boot_guest() {
	local kernel=$1 attempt
	shift
	{ kernel_start "$kernel" && printf '%q ' "$@"; } >"$share/command"
	for attempt in 1 2 3 4 5; do
		rm -rf "$share"/{again,status,stdout,stderr,result}
		boot_once "$kernel"
		[ -f "$share/again" ] || return "$(cat "$share/status")"
		say "boot $attempt: $(cat "$share/again"); booting again"
	done
	die "kernel $kernel: $attempt boots failed, the last one with: $(cat "$share/again")"
}

# boot_once KERNEL: from power-on to the end, with what the guest writes shown as it comes.
boot_once() {
	local status=0 console qemu
	console=$(log_of "console-$1")
	: >"$console"
	touch "$share/stdout" "$share/stderr"
	qemu_line "$accel" "$folder" "$share" "$(kernel_words "$accel" "$folder")$append" -serial "file:$console"
	rm -f "$share/pid"
	"${ahead[@]}" "${beside[@]}" timeout -k 5 "$limit" "${qemu[@]}" -pidfile "$share/pid" >"$share/qemu" 2>&1 </dev/null &
	guest=$!
	alone_move "$share/pid"
	tail -q -n +1 -s 0.2 -f --pid="$guest" "$share/stderr" >&2 &
	tail -q -n +1 -s 0.2 -f --pid="$guest" "$share/stdout"
	wait "$guest" || status=$?
	guest=
	wait
	boot_judge "$1" "$console" "$status"
}

# boot_end: whatever ends the rig ends the guest, and nothing of the boot stays.
boot_end() {
	[ -z "$guest" ] || kill "$guest" 2>/dev/null || true
	rm -rf "${shares[@]}"
}

# int3_stale CONSOLE: did the guest die of an int3 that its memory does not hold? While another CPU patches a static
# key, QEMU before 8.1 can go on to run the translation of a breakpoint that is gone already, and the kernel knows
# nothing of one there: "Oops: int3", with another byte than cc before the mark in the line "Code:".
# Source: Red Hat's bug 2216496, mended by QEMU's "accel/tcg: Always lock pages before translation".
# Where the kernel comes by there when it is about to say so, it oopses again and again, without a word, until it cannot
# nest any deeper (BUG_ON in __nmi_enter()): then the first that it says is the 16th, and its call trace has them all.
int3_stale() {
	local first byte
	first=$(grep -m 1 -E "^\[[ 0-9.]+\](\[[ TC0-9]+\])? $splats" "$1") || return 1
	if [[ $first =~ \]\ Oops:\ int3: ]]; then
		byte=$(sed -nE '/ Code: .*<[0-9a-f]{2}>/{s/.* ([0-9a-f]{2}) <.*/\1/p;q}' "$1")
	elif [[ $first =~ \]\ kernel\ BUG\ at\ kernel/entry/common.c: ]] &&
		grep -m 1 ' Oops: ' "$1" | grep -q ' Oops: invalid opcode: 0000 \[#16\]'; then
		byte=$(sed -nE '/ asm_exc_int3\+/,/ Code: /{/ Code: .*<[0-9a-f]{2}>/{s/.* ([0-9a-f]{2}) <.*/\1/p;q}}' "$1")
	else
		return 1
	fi
	[ -n "$byte" ] && [ "$byte" != cc ]
}

# boot_judge KERNEL CONSOLE STATUS: dies when the kernel complained, or the guest did not come to its end. Who provokes
# a complaint on purpose names it in TN_RIG_EXPECT.
boot_judge() {
	local lines
	if [ "$accel" = tcg ] && int3_stale "$2"; then
		echo "QEMU ran a breakpoint that is not in memory, as versions before 8.1 may" >"$share/again"
		return 0
	fi
	lines=$(grep -nE "^\[[ 0-9.]+\](\[[ TC0-9]+\])? $splats" "$2" |
		grep -vE -- "${TN_RIG_EXPECT:-^$}" | head -n 20) || true
	[ -z "$lines" ] || die "kernel $1 complained ($2):
$lines"
	[ "$3" -ne 124 ] || die "kernel $1: no end within $limit s (--timeout); the console is in $2, its last lines:
$(tail -n 5 "$2")"
	[ -f "$share/status" ] || [ -f "$share/again" ] ||
		die "kernel $1 did not finish the command; the console is in $2, its last lines:
$(tail -n 5 "$2" "$share/qemu")"
}

# boot_shell KERNEL: bash on the console.
boot_shell() {
	local console qemu
	alone=
	boot_prepare "$1"
	console=$(log_of "console-$1")
	say "the console is also in $console"
	qemu_line "$accel" "$folder" "$share" "$(kernel_words "$accel" "$folder")$append quiet" \
		-chardev "stdio,id=console,signal=off,logfile=$console" -serial chardev:console
	while rm -f "$share/again" && "${qemu[@]}" && [ -f "$share/again" ]; do
		say "$(cat "$share/again"); booting again"
	done
}
