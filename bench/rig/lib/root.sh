# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# What the guest runs: a root file system of this host's Debian release, so that programs built here find the
# libraries they were linked with, and tlbnoise itself.

# packages_of KIND: names from conf/packages.list.
packages_of() {
	sed -n "s/^$1 //p" "$top/conf/packages.list"
}

debian_release() {
	# shellcheck source=/dev/null
	(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-unknown}")
}

# root_packages: what is in it; with --systemd also systemd and what installs packages.
root_packages() {
	packages_of guest
	[ -z "$systemd" ] || packages_of systemd
}

root_dir() {
	printf '%s/rootfs-%s\n' "$cache" "$(hash_of "$(debian_release)" "$(root_packages)")"
}

# root_build: makes sure that the root file system is there, with the present init.
root_build() {
	locked rootfs root_make
}

root_make() {
	local dir
	dir=$(root_dir)
	if [ ! -d "$dir" ]; then
		rm -rf "$dir.part"
		mkdir -p "$cache"
		with_progress "making the guest's root file system (Debian $(debian_release))" "$(log_of rootfs)" \
			mmdebstrap --variant=minbase --include="$(root_packages | paste -sd,)" "$(debian_release)" "$dir.part"
		mv "$dir.part" "$dir"
	fi
	cmp -s "$rig_dir/guest/init" "$dir/rig-init" && return
	install -m 755 "$rig_dir/guest/init" "$dir/rig-init.new"
	mv "$dir/rig-init.new" "$dir/rig-init"
}

# programs_dir: the folder that tlbnoise is compiled in; one for each checkout.
programs_dir() {
	printf '%s\n' "${TN_RIG_BUILD:-$cache/programs-$(hash_of "$top")}"
}

# programs_into FOLDER: compiles what changed, and copies programs and scenarios, so that a build that goes on
# later does not reach into a running guest. A guest with systemd gets them from packages, or not at all.
programs_into() {
	local from program
	mkdir -p "$1/bin"
	[ -z "$systemd" ] || { touch "$1/systemd" && return; }
	from=$(programs_dir)
	[ -n "${TN_RIG_BUILD:-}" ] || locked programs build_in "$from" -Dtests=false -Dbench=false
	for program in tlbnoise tlbnoised tlbnoise-probe tlbnoise-churn; do
		cp "$from/$program" "$1/bin/" || die "no $program in $from"
	done
	cp "$rig_dir/guest/measure" "$1/bin/"
	cp -r "$top/conf/scenarios" "$1/scenarios"
}

# kernel_tree_of KERNEL: what modules for it are built against.
kernel_tree_of() {
	if [ "$1" = debian ]; then debian_tree; else printf '%s/linux\n' "$(kernel_dir "$1")"; fi
}

# module_into FOLDER KERNEL: the helper module, built against this very kernel.
module_into() {
	local log
	log=$(log_of "module-$2")
	cp -r "$kernel_tree/churn" "$1/module"
	make -C "$(kernel_tree_of "$2")" M="$1/module" CC=gcc modules >"$log" 2>&1 ||
		failed_step "building the helper module for $2" "$log"
	cp "$1/module/tlbnoise_churn.ko" "$1/tlbnoise_churn.ko"
	rm -rf "$1/module"
}
