# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# The kernel 'debian': Debian's own image, unpacked and never installed. Its 9p and overlay are modules, so it gets
# an initial ramdisk that loads them and nothing else. Its headers are unpacked beside it, to build the helper module.

# 6.12: a release beside its own kernel in Debian 12, the release's own in Debian 13.
debian_metas=(linux-image-6.12-amd64 linux-image-amd64)

# In the order of loading.
debian_modules=(netfs 9pnet 9pnet_virtio 9p overlay)

# debian_package: the package that the meta package stands for, with its version.
debian_package() {
	apt-cache show "${debian_metas[@]}" 2>/dev/null | awk '/^Depends: linux-image-6\.12/ && !n++ { sub(",.*", "", $2); print $2 }'
}

debian_dir() {
	local package
	package=$(debian_package)
	[ -z "$package" ] || printf '%s/kernel-debian-%s\n' "$cache" \
		"$(hash_of "recipe $build_recipe" headers "$package" "${debian_modules[*]}")"
}

# debian_headers PACKAGE: the packages that a module for the image PACKAGE is built with.
debian_headers() {
	local headers=${1/linux-image-/linux-headers-}
	printf '%s\n' "$headers"
	apt-cache show "$headers" | sed -n '/^Depends:/ { s/^Depends: //; p; q }' | tr ',' '\n' | sed 's/^ *//; s/ .*//' |
		grep -E '^linux-(headers|kbuild)-'
}

# debian_tree: where to build modules for the kernel.
debian_tree() {
	printf '%s/package/usr/src/%s\n' "$(debian_dir)" "$(debian_package | sed 's/^linux-image-/linux-headers-/')"
}

debian_build() {
	local dir package log headers
	package=$(debian_package)
	[ -n "$package" ] || die "none of the packages ${debian_metas[*]} is one of 6.12: does 'apt-get update' know the security archive?"
	dir=$(debian_dir)
	[ ! -f "$dir/bzImage" ] || return 0
	root_build
	log=$(log_of kernel-debian)
	rm -rf "$dir"
	mkdir -p "$dir/initrd"
	mapfile -t headers < <(debian_headers "$package")
	with_progress "fetching $package and its headers" "$log" debian_fetch "$dir" "$package" "${headers[@]}"
	debian_initrd "$dir" >"$log" 2>&1 || failed_step "making the initial ramdisk" "$log"
	cp "$dir/package/boot/config-"* "$dir/config"
	cp "$dir/package/boot/vmlinuz-"* "$dir/bzImage.part"
	mv "$dir/bzImage.part" "$dir/bzImage"
}

# debian_fetch FOLDER PACKAGE...: into FOLDER/package. The headers' makefile names its other half by where that lies
# when installed.
debian_fetch() {
	local dir=$1 file
	shift
	(cd "$dir" && apt-get download -q -o APT::Sandbox::User=root "$@") || return
	for file in "$dir"/*.deb; do
		dpkg-deb -x "$file" "$dir/package" || return
	done
	rm -f "$dir"/*.deb
	sed -i "s,^include /usr/src,include $dir/package/usr/src," "$dir/package/usr/src/"*/Makefile
}

debian_initrd() {
	local dir=$1 name file
	mkdir -p "$dir/initrd/new"
	cp "$(root_dir)/bin/busybox" "$dir/initrd/busybox"
	for name in "${debian_modules[@]}"; do
		file=$(find "$dir/package/" \( -name "$name.ko" -o -name "$name.ko.xz" \) | head -n 1)
		[ -n "$file" ] || { printf 'error: no module %s in the package\n' "$name" && return 1; }
		cp "$file" "$dir/initrd/"
	done
	! compgen -G "$dir/initrd/*.xz" >/dev/null || xz -d "$dir/initrd/"*.xz
	debian_init >"$dir/initrd/init"
	chmod 755 "$dir/initrd/init"
	(cd "$dir/initrd" && find . | cpio -o -H newc | gzip >../initrd.gz)
	rm -rf "$dir/initrd"
}

# debian_init: the ramdisk's init. 9p's options are the ones of kernel_words, which no kernel of ours needs twice.
debian_init() {
	cat <<-TEXT
		#!/busybox sh
		for m in ${debian_modules[*]}; do /busybox insmod /\$m.ko; done
		/busybox mount -t 9p -o ro,$root_flags root /new
		exec /busybox switch_root /new /rig-init
	TEXT
}
