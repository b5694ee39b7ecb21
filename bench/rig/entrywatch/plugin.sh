# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Sourced after bench/setup.sh: makes plugins for the QEMU that is here.

# plugin_build FILE SOURCE...: the version of the interface is 1 until QEMU 8.2, which is the last to take it.
plugin_build() {
	local file=$1 version api=3
	shift
	version=$(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
	[ "${version:-7}" -ge 9 ] || api=1
	cc -std=gnu11 -O2 -Wall -Wextra -shared -fPIC -I"$top" "-DEW_API_VERSION=$api" -o "$file" "$@"
}
