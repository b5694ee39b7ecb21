#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The packages of tlbnoise: what lintian says of them, and the helper module through DKMS, in the guests' root file system
# with a layer of memory on top. What becomes of the other package under systemd is in systemd.sh.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
wanted debian || exit 0

"$rig" package >"$scratch/packages" 2>"$scratch/log" || {
	not_ok "the packages are built" "$scratch/log"
	exit 1
}
ok "the packages are built"
folder=$(dirname "$(head -n 1 "$scratch/packages")")
version=$(sed -nE "s/^ +version: '(.*)',$/\1/p" "$top/meson.build")

no_complaint() {
	lintian --fail-on error,warning "$folder"/*.changes >"$scratch/log" 2>&1
}

# One version everywhere: a module of another one would not be found by its package.
versions_agree() {
	[ "$(cd "$top" && dpkg-parsechangelog -S Version)" = "$version" ] &&
		grep -q "^PACKAGE_VERSION=\"$version\"" "$top/kernel/churn/dkms.conf"
}

verdict "lintian has no error and no warning" "$scratch/log" no_complaint
verdict "tree, package and module have one version" "$top/debian/changelog" versions_agree

{ "$rig" build debian && root=$("$rig" root --systemd); } >/dev/null 2>"$scratch/log" || {
	not_ok "a root file system and headers to build the module in" "$scratch/log"
	exit 1
}
kernel=$("$rig" where debian)

# In a mount namespace of its own, where all that follows comes to nothing at its end: $1 root, $2 kernel's folder, $3
# packages, $4 version. Headers lie where their makefile names them, and the kernel where dkms looks for it.
cat >"$scratch/in-root" <<'SCRIPT'
set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
cd /mnt/root
mkdir -p ".$2" packages
mount --bind "$2" ".$2"
mount --bind "$3" packages
mount -t proc proc proc
mount --bind /dev dev
headers=$(cd "$2" && echo package/usr/src/linux-headers-*-amd64)
release=${headers##*linux-headers-}
mkdir -p "lib/modules/$release"
ln -s "$2/$headers" "lib/modules/$release/build"
exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive sh -c '
	state() { find / -xdev -not -path "/var/cache/*" -not -path "/var/log/*" -not -path "/var/lib/dpkg/*" \
		-not -name "*-old" -print | sort; }
	said() { [ "$1" = 0 ] && echo "ok 1 - $2" || echo "not ok 1 - $2"; }
	touch /tmp/before /tmp/after
	depmod "$2"
	state >/tmp/before
	dpkg -i /packages/tlbnoise-dkms_*.deb 2>&1
	said $? "install"
	dkms status | grep -q "tlbnoise-churn/$1, $2, .*: installed" || dkms install -k "$2" "tlbnoise-churn/$1" 2>&1
	dkms status
	dkms status | grep -q "tlbnoise-churn/$1, $2, .*: installed"
	said $? "dkms builds the module for $2"
	modinfo -k "$2" tlbnoise_churn
	said $? "and installs it where modprobe finds it"
	dpkg -P tlbnoise-dkms 2>&1
	said $? "purge"
	state >/tmp/after && diff /tmp/before /tmp/after
	said $? "files are as before the installation"' sh "$4" "$release"
SCRIPT
unshare -m sh "$scratch/in-root" "$root" "$kernel" "$folder" "$version" >"$scratch/log" 2>&1 || true
results "tlbnoise-dkms" "$scratch/log"
