# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# What is expensive lies in one folder outside the tree, each thing under a hash of what it was made from:
# source-VERSION, kernel-NAME-HASH, rootfs-HASH, programs-HASH, package-HASH, beside ccache and log. What is complete has its name;
# a kernel is complete when its bzImage is there.

cache=${TN_RIG_CACHE:-${XDG_CACHE_HOME:-/var/cache}/tlbnoise}

say() {
	printf '%s\n' "$*" >&2
}

# hash_of FILE-OR-TEXT...: 12 digits over all files' contents and all texts.
hash_of() {
	local item
	for item; do
		if [ -f "$item" ]; then cat "$item"; else printf '%s\n' "$item"; fi
	done | sha256sum | cut -c1-12
}

# log_of NAME: where the output of a step goes; the folder exists.
log_of() {
	mkdir -p "$cache/log"
	printf '%s/log/%s.log' "$cache" "$1"
}

# with_progress LABEL LOG COMMAND...: runs COMMAND with its output in LOG, and shows one line meanwhile.
with_progress() {
	local label=$1 log=$2 start=$SECONDS pid status=0
	shift 2
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	# shellcheck disable=SC2064
	trap "kill $pid 2>/dev/null; exit 130" INT TERM
	while [ -t 2 ] && kill -0 $pid 2>/dev/null; do
		printf '\r%s: %d:%02d, %d objects \e[K' "$label" $(((SECONDS - start) / 60)) $(((SECONDS - start) % 60)) \
			"$(grep -cE '^  (CC|AS|LD|AR)' "$log")" >&2
		sleep 1
	done
	wait $pid || status=$?
	trap - INT TERM
	[ -t 2 ] && printf '\r\e[K' >&2
	[ $status -eq 0 ] || failed_step "$label" "$log"
	say "$label: done in $((SECONDS - start)) s"
}

failed_step() {
	grep -E '(error|Error|fatal|FAILED|\*\*\*|E:)' "$2" | head -n 10 >&2 || tail -n 10 "$2" >&2
	die "$1 failed: all of its output is in $2"
}

# locked NAME COMMAND...: two rigs at once do not make the same thing twice.
locked() {
	local fd
	mkdir -p "$cache"
	exec {fd}>"$cache/$1.lock"
	flock $fd
	shift
	"$@"
	exec {fd}>&-
}

# cache_clean [--all]: removes what the present sources, fragments and patches would not use. The folder of a boot
# is locked for as long as its guest lives.
cache_clean() {
	local item keep=()
	case ${1:-} in
	'') mapfile -t keep < <(cache_current) ;;
	--all) ;;
	*) die "usage: rig clean [--all]" ;;
	esac
	for item in "$cache"/{kernel,rootfs,source,programs,package}-* "$cache"/boot-*; do
		[ -d "$item" ] || continue
		[[ " ${keep[*]} " != *" $item "* ]] || continue
		[[ $item != "$cache"/boot-* ]] || flock -n "$item" true || continue
		rm -rf "$item"
		say "removed $item"
	done
	[ "${1:-}" != --all ] || rm -rf "$cache"/{ccache,log,compare,tsc-khz} "$cache"/{*.lock,accel-*,run-*,deb-*}
}

# cache_current: the folders in use.
cache_current() {
	local kernel
	source_dir
	root_dir
	systemd=yes root_dir
	programs_dir
	package_dir
	for kernel in "${kernels[@]}"; do
		kernel_dir "$kernel"
	done
}
