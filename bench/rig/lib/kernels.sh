# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# Which kernels there are, and what each is made of.

kernel_tree=$top/kernel
source_package=linux-source-6.12
patches=$kernel_tree/patches/6.12

# Part of each build's hash: raise it when build.sh makes something else of the same input.
build_recipe=1

kernels=(stock deferred noflush debug rt debian)

# known KERNEL: dies unless there is such a kernel.
known() {
	[[ " ${kernels[*]} " == *" $1 "* ]] || die "no kernel '$1': there are ${kernels[*]}"
}

kernel_about() {
	case $1 in
	stock) echo "Debian's 6.12 sources as they are" ;;
	deferred) echo "with the deferral series" ;;
	noflush) echo "the series with its flush taken out: the negative control" ;;
	debug) echo "the series with lockdep and the checks of mm, RCU and entry code" ;;
	rt) echo "the series on PREEMPT_RT" ;;
	debian) echo "Debian's own 6.12 image, no build" ;;
	esac
}

# kernel_fragments KERNEL: the files of kernel/config/ that are merged, in this order.
kernel_fragments() {
	local name names=(base)
	case $1 in
	deferred) names+=(deferred) ;;
	noflush | debug | rt) names+=(deferred "$1") ;;
	esac
	for name in "${names[@]}"; do
		[ -f "$kernel_tree/config/$name.config" ] || die "kernel '$1' needs kernel/config/$name.config"
		printf '%s\n' "$kernel_tree/config/$name.config"
	done
}

# kernel_start KERNEL: what the guest does before the command, as shell text.
kernel_start() {
	[ "$1" != noflush ] || echo 'echo Y >/sys/kernel/debug/context_tracking_work_skip || exit 2'
}

# kernel_patches KERNEL: the patches, in the order of the series file.
kernel_patches() {
	local patch
	[ "$1" != stock ] || return 0
	[ -f "$patches/series" ] || die "kernel '$1' needs the deferral series, and kernel/patches/6.12/series is missing"
	while read -r patch; do
		[ -f "$patches/$patch" ] || die "kernel/patches/6.12/series names $patch, which is missing"
		printf '%s\n' "$patches/$patch"
	done < <(grep -vE '^(#|$)' "$patches/series")
}

source_version() {
	dpkg-query -W -f '${Version}' "$source_package" 2>/dev/null || echo none
}

source_dir() {
	printf '%s/source-%s\n' "$cache" "$(source_version)"
}

# kernel_dir KERNEL: where the build of exactly these inputs lies, whether it is there or not. Quietly nothing
# when an input is missing.
kernel_dir() {
	local fragments list
	[ "$1" != debian ] || { debian_dir && return; }
	fragments=$(kernel_fragments "$1" 2>/dev/null) && list=$(kernel_patches "$1" 2>/dev/null) || return 0
	# shellcheck disable=SC2086
	printf '%s/kernel-%s-%s\n' "$cache" "$1" \
		"$(hash_of "recipe $build_recipe" "$(source_version)" "$(gcc -dumpfullversion)" $fragments $list)"
}

kernels_list() {
	local kernel dir state
	for kernel in "${kernels[@]}"; do
		dir=$(kernel_dir "$kernel")
		if [ -z "$dir" ]; then
			state="sources missing"
		elif [ -f "$dir/bzImage" ]; then
			state="built"
		else
			state="not built"
		fi
		printf '%-9s %-16s %s\n' "$kernel" "$state" "$(kernel_about "$kernel")"
	done
}
