#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The package under a real systemd: installed, activated by its socket, read and run by the right users, restarted by the
# watchdog, started by its timer, upgraded, purged. What the guest does is in systemd-guest.sh.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
kernel=stock
wanted $kernel || exit 0

new=$("$rig" package 2>"$scratch/log" | grep '/tlbnoise_[^/]*\.deb$') || {
	not_ok "the package" "$scratch/log"
	exit 1
}
# An upgrade takes an older version: the same files.
dpkg-deb -R "$new" "$scratch/older"
sed -i 's/^Version: .*/Version: 0.0.1/' "$scratch/older/DEBIAN/control"
dpkg-deb -b "$scratch/older" "$scratch/older.deb" >/dev/null
cp "$new" "$scratch/newer.deb"

"$rig" boot --systemd $kernel --with "$top/tests/rig/systemd-guest.sh" --with "$scratch/older.deb" --with "$scratch/newer.deb" \
	-- systemd-guest.sh /rig/bin/older.deb /rig/bin/newer.deb >"$scratch/log" 2>&1 || true
results systemd "$scratch/log"
verdict "systemd: the guest came to its end" "$scratch/log" grep -q '^1\.\.' "$scratch/log"
