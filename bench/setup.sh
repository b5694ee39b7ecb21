# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by bench/quickstart.sh and tests/run.sh: root, packages, build folder.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 2
}

# Starts the calling script again through sudo when the user is not root.
need_root() {
	[ "$(id -u)" -eq 0 ] && return
	command -v sudo >/dev/null || die "needs root (packages, tracefs, BPF) and found no sudo: run it as root"
	exec sudo --preserve-env="CI,CC,CCACHE_DIR,TN_FUZZ_SECONDS$(compgen -e TN_RIG | sed 's/^/,/' | tr -d '\n')" "$0" "$@"
}

# install_packages KIND...: what of conf/packages.list is not there yet.
install_packages() {
	local kinds missing=() package release
	# shellcheck source=/dev/null
	release=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
	kinds=$(printf '%s|' "$@" "${@/%/$release}")
	while read -r package; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
	done < <(sed -nE "s/^(${kinds%|}) //p" "$top/conf/packages.list")
	[ ${#missing[@]} -eq 0 ] && return
	command -v apt-get >/dev/null || die "needs Debian's apt-get to install: ${missing[*]}"
	printf 'Installing %s\n' "${missing[*]}" >&2
	apt-get update -q >/dev/null || die "apt-get update failed: is a package mirror reachable?"
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" >/dev/null ||
		die "could not install: ${missing[*]}"
}

# build_in FOLDER [MESON OPTION]...: configure once, then compile.
build_in() {
	local folder=$1
	shift
	if [ -f "$folder/build.ninja" ]; then
		meson configure "$folder" "$@" >/dev/null || die "meson configure failed in $folder"
	else
		meson setup "$folder" "$top" "$@" >"$folder.log" 2>&1 || {
			tail -n 20 "$folder.log" >&2
			die "meson setup failed: $folder.log has all of it"
		}
	fi
	rm -f "$folder.log"
	ninja -C "$folder" >"$folder/compile.log" 2>&1 || {
		grep -E 'error|warning|FAILED' "$folder/compile.log" | head -n 20 >&2
		die "does not compile: $folder/compile.log has all of it"
	}
}
