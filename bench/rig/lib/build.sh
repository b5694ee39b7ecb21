# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# Builds a kernel in a hard-linked copy of the unpacked sources: a second kernel costs two seconds of copying, and
# since all paths are relative, ccache shares objects between kernels. patch(1) replaces files and never writes
# through a link. The tree stays, so that modules can be built against it.

# kernel_build KERNEL: makes sure that it is built.
kernel_build() {
	local dir
	known "$1"
	if [ "$1" = debian ]; then
		locked kernel-debian debian_build
		return
	fi
	kernel_fragments "$1" >/dev/null
	kernel_patches "$1" >/dev/null
	dir=$(kernel_dir "$1")
	[ -f "$dir/bzImage" ] || locked source source_unpack
	[ -f "$dir/bzImage" ] || locked "kernel-$1" kernel_make "$1" "$dir"
	[ "$1" != deferred ] || entry_checked "$dir"
}

source_unpack() {
	local dir tarball=/usr/src/$source_package.tar.xz
	dir=$(source_dir)
	[ ! -d "$dir" ] || return 0
	[ -f "$tarball" ] || die "$tarball is missing: reinstall the package $source_package"
	rm -rf "$dir.part"
	mkdir -p "$dir.part"
	with_progress "unpacking $source_package $(source_version)" "$(log_of source)" \
		tar -xf "$tarball" -C "$dir.part" --strip-components=1
	mv "$dir.part" "$dir"
}

kernel_make() {
	local name=$1 dir=$2 log
	[ ! -f "$dir/bzImage" ] || return 0
	log=$(log_of "kernel-$name")
	rm -rf "$dir"
	mkdir -p "$dir"
	cp -al "$(source_dir)" "$dir/linux"
	kernel_patch "$name" "$dir/linux" "$log"
	kernel_configure "$name" "$dir/linux" "$log"
	with_progress "building $name" "$log" kernel_compile "$dir/linux"
	! grep 'warning: objtool' "$log" >&2 || die "building $name: objtool finds fault with the entry code"
	cp "$dir/linux/.config" "$dir/config"
	cp "$dir/linux/arch/x86/boot/bzImage" "$dir/bzImage.part"
	mv "$dir/bzImage.part" "$dir/bzImage"
}

kernel_patch() {
	local patch
	while read -r patch; do
		patch -s -p1 -d "$2" <"$patch" >"$3" 2>&1 || failed_step "applying ${patch##*/}" "$3"
	done < <(kernel_patches "$1")
}

# kernel_configure KERNEL TREE LOG: tinyconfig, the fragments on top, and a look whether every option came true.
kernel_configure() {
	local fragments
	mapfile -t fragments < <(kernel_fragments "$1")
	{
		make -s -C "$2" tinyconfig &&
			(cd "$2" && scripts/kconfig/merge_config.sh -m .config "${fragments[@]}") &&
			make -s -C "$2" olddefconfig
	} >"$3" 2>&1 || failed_step "configuring $1" "$3"
	options_unmet "$2/.config" "${fragments[@]}" >"$3" ||
		die "configuring $1: kbuild did not take over these options:
$(cat "$3")"
}

# options_unmet CONFIG FRAGMENT...: prints the options that are not as the last fragment that names them wants them.
options_unmet() {
	awk '
		function note(line, to) {
			if (match(line, /^CONFIG_[A-Za-z0-9_]+=/))
				to[substr(line, 1, RLENGTH - 1)] = substr(line, RLENGTH + 1)
			else if (match(line, /^# CONFIG_[A-Za-z0-9_]+ is not set/))
				to[$2] = "n"
		}
		FNR == NR { note($0, got); next }
		{ note($0, wanted) }
		END {
			for (o in wanted) {
				is = (o in got) ? got[o] : "n"
				if (is != wanted[o]) {
					printf "  %s=%s is %s\n", o, wanted[o], is
					unmet = 1
				}
			}
			exit unmet
		}' "$@"
}

# entry_checked FOLDER: what the kernel touches ahead of the deferred flush has to be what was argued for. Code differs
# from compiler to compiler, so does the list. Done once for each build, and again when the list or the scan changes.
entry_checked() {
	local list scan=$kernel_tree/entryscan/entryscan sum
	list=$kernel_tree/entryscan/deferred-gcc$(gcc -dumpversion | cut -d. -f1).list
	if [ ! -f "$list" ]; then
		say "entryscan: no list for gcc $(gcc -dumpversion): what is touched before the flush was not checked"
		return
	fi
	sum=$(hash_of "$list" "$scan")
	[ "$(cat "$1/entry-checked" 2>/dev/null)" != "$sum" ] || return 0
	rm -f "$1/entry-checked"
	"$scan" "$1/linux/vmlinux" --check "$list" >&2 ||
		die "this kernel touches other memory ahead of the deferred flush than $list says: see kernel/README.md"
	printf '%s\n' "$sum" >"$1/entry-checked"
}

kernel_compile() {
	local cc=gcc
	if command -v ccache >/dev/null; then
		cc="ccache gcc"
		export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache}
	fi
	KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=tlbnoise KBUILD_BUILD_HOST=rig \
		make -C "$1" -j"$(nproc)" CC="$cc" bzImage modules
}
