#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the module against every kernel headers found here, with kbuild's extra warnings and, where it is installed,
# sparse; a warning is a failure. The call is that of dkms, which passes KERNELRELEASE. One line of TAP each; kernels
# that are wanted and not there are skipped by name.
# usage: build.sh [BUILD-FOLDER-OF-A-KERNEL]...
set -u

wanted='6.1 6.12 6.12-rt 6.18'
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0 failed=0 releases=
command -v sparse >/dev/null && sparse=C=2 || sparse=

# A configured and prepared tree of this machine's architecture.
usable() {
	[ -f "$1/include/config/kernel.release" ] && [ -f "$1/include/generated/autoconf.h" ] &&
		grep -q '^CONFIG_64BIT=y' "$1/include/config/auto.conf" &&
		{ [ ! -d "$1/arch" ] || [ -d "$1/arch/$(uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')" ]; }
}

found() {
	for folder in "$@" /lib/modules/*/build /usr/src/linux-headers-* /usr/src/kernels/*; do
		usable "$folder" && readlink -f "$folder"
	done | sort -u
}

# What others compiled the kernel with, and that there is no vmlinux to take BTF from, is not about the module.
complaints() {
	grep -iE 'warning|error|undefined' "$1" | grep -vE 'the compiler differs|Skipping BTF'
}

build() {
	release=$(cat "$1/include/config/kernel.release")
	releases="$releases $release"
	count=$((count + 1))
	rm -rf "$work/churn"
	mkdir "$work/churn"
	cp "$here"/../*.[ch] "$here/../Kbuild" "$here/../Makefile" "$work/churn/"
	if make -C "$work/churn" KDIR="$1" KERNELRELEASE="$release" W=1 ${sparse:+"$sparse"} modules >"$work/log" 2>&1 &&
		[ -f "$work/churn/tlbnoise_churn.ko" ] && ! complaints "$work/log" >/dev/null; then
		echo "ok $count - module for $release${sparse:+, sparse}"
	else
		echo "not ok $count - module for $release"
		grep -vE '^ +(CC|LD|CHECK|MODPOST)' "$work/log" | tail -n 40 | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

# Whether headers of that version were found and, with -rt, of that kind.
tried() {
	number=${1%-rt}
	for release in $releases; do
		case $1:$release in
		*-rt:$number.*-rt*) return 0 ;;
		*-rt:* | *:*-rt*) ;;
		*:$number.*) return 0 ;;
		esac
	done
	return 1
}

while read -r folder; do
	[ -z "$folder" ] || build "$folder"
done <<EOF
$(found "$@")
EOF
for version in $wanted; do
	tried "$version" && continue
	count=$((count + 1))
	echo "ok $count - module for $version # SKIP no headers of it here"
done
echo "1..$count"
[ "$failed" -eq 0 ] && [ -n "$releases" ]
