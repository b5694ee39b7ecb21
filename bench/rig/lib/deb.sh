# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# Kernels for bare metal: Debian packages, made by the kernel's own bindeb-pkg from Debian's sources, Debian's
# configuration (that of its -rt flavour for kernel 'rt') and the series. Nothing is installed here.

# deb_build KERNEL: leaves the packages of image and headers in --output, or in the cache. The third that bindeb-pkg
# makes, linux-libc-dev, would replace Debian's.
deb_build() {
	local kernel=$1 dir log fragments=() to
	known "$kernel"
	[ "$kernel" != debian ] || die "kernel 'debian' comes as a package: $debian_meta"
	locked source source_unpack
	dir=$cache/deb-$kernel
	to=${output:-$dir/packages}
	log=$(log_of "deb-$kernel")
	rm -rf "$dir"
	mkdir -p "$dir" "$to"
	cp -al "$(source_dir)" "$dir/linux"
	kernel_patch "$kernel" "$dir/linux" "$log"
	deb_config "$kernel" "$dir" "$log"
	mapfile -t fragments < <(kernel_fragments "$kernel" | grep -vE '/(base|rt)\.config$')
	deb_configure "$kernel" "$dir/linux" "$log" "${fragments[@]}"
	with_progress "building packages of $kernel" "$log" deb_make "$kernel" "$dir/linux"
	mv "$dir"/linux-{image,headers}-*.deb "$to/"
	printf '%s\n' "$to"/linux-{image,headers}-*"-tlbnoise-$kernel"_*.deb
}

# deb_config KERNEL FOLDER LOG: the configuration to start from, as FOLDER/config.
deb_config() {
	local flavour=none_amd64
	if [ -n "$config" ]; then
		cp "$config" "$2/config"
		return
	fi
	[ "$1" != rt ] || flavour=rt_amd64
	{
		(cd "$2" && apt-get download -q -o APT::Sandbox::User=root linux-config-6.12 && dpkg-deb -x ./*.deb config-package) &&
			xz -dc "$2"/config-package/usr/src/linux-config-6.12/config.amd64_"$flavour".xz >"$2/config" &&
			rm -rf "$2"/*.deb "$2/config-package"
	} >"$3" 2>&1 || failed_step "fetching Debian's configuration" "$3"
}

# deb_configure KERNEL TREE LOG FRAGMENT...: the fragments on top of TREE/../config, and a look whether they came true.
# The certificates that Debian's builds sign and trust with are not in the source package.
deb_configure() {
	local kernel=$1 tree=$2 log=$3
	shift 3
	printf 'CONFIG_LOCALVERSION="-tlbnoise-%s"\n%s\n%s\n' "$kernel" '# CONFIG_LOCALVERSION_AUTO is not set' \
		'CONFIG_SYSTEM_TRUSTED_KEYS=""' >"$tree/../local.config"
	{
		cp "$tree/../config" "$tree/.config" &&
			(cd "$tree" && scripts/kconfig/merge_config.sh -m .config ../local.config "$@") &&
			make -s -C "$tree" olddefconfig
	} >"$log" 2>&1 || failed_step "configuring $kernel" "$log"
	[ $# -eq 0 ] || options_unmet "$tree/.config" "$@" >"$log" ||
		die "configuring $kernel: kbuild did not take over these options; does the configuration have what they need?
$(cat "$log")"
}

# deb_make KERNEL TREE: no package of debug symbols, which would be several gigabytes.
deb_make() {
	local cc=gcc
	if command -v ccache >/dev/null; then
		cc="ccache gcc"
		export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache}
	fi
	DEB_BUILD_PROFILES="pkg.linux-upstream.nokerneldbg" KBUILD_BUILD_USER=tlbnoise KBUILD_BUILD_HOST=rig \
		KDEB_PKGVERSION="$(source_version)+tlbnoise" make -C "$2" -j"$(nproc)" CC="$cc" bindeb-pkg
}
