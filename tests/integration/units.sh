#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The units as they are installed: systemd-analyze finds nothing wrong, and the sandboxes are as tight as promised.
# shellcheck disable=SC2317 # functions are called through check
set -uo pipefail

command -v systemd-analyze >/dev/null || { echo 'skipped: no systemd-analyze'; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

check() {
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=1
	fi
}

# The programs lie in the build folder instead of where they are installed.
for unit in "$TN_SOURCE"/conf/systemd/*.{socket,timer} "$TN_BUILD"/conf/systemd/*.service; do
	sed -E "s,^ExecStart=[^ ]*/(tlbnoised?),ExecStart=$TN_BUILD/\\1," "$unit" >"$folder/${unit##*/}"
done
check 'there are seven units' [ "$(find "$folder" -type f | wc -l)" -eq 7 ]

silent() {
	local said
	said=$(systemd-analyze verify --man=no "$@" 2>&1) && [ -z "$said" ] && return
	echo "$said"
	return 1
}

# below LIMIT UNIT: the score of systemd-analyze security, in tenths.
below() {
	local score
	score=$(systemd-analyze security --offline=yes --no-pager "$2" |
		sed -nE 's/.*exposure level for .*: ([0-9]+)\.([0-9]).*/\1\2/p')
	echo "$2: $score tenths"
	[ -n "$score" ] && [ "$((10#$score))" -lt "$1" ]
}

# Every capability of the service has its line of reason, and none is named that it does not have.
reasoned() {
	diff <(sed -nE 's/^#   (CAP_[A-Z_]+) +[^ ].*/\1/p' "$1" | sort) \
		<(sed -nE 's/^CapabilityBoundingSet=//p' "$1" | tr ' ' '\n' | sort)
}

cd "$folder" || exit 1
cp tlbnoise-run@.service tlbnoise-run@quiet.service
check 'verify is silent' silent ./tlbnoised.socket ./tlbnoised.service ./tlbnoise-run@quiet.service \
	./tlbnoise-nightly.service ./tlbnoise-nightly.timer ./tlbnoise-serve.socket ./tlbnoise-serve.service
check 'tlbnoised.service scores below 5.0' below 50 ./tlbnoised.service
check 'tlbnoise-run@.service scores below 2.0' below 20 ./tlbnoise-run@.service
check 'tlbnoise-nightly.service scores below 2.0' below 20 ./tlbnoise-nightly.service
check 'tlbnoise-serve.service scores below 2.0' below 20 ./tlbnoise-serve.service
# It has to see the daemon's process and the id of the boot, or each run in progress would be shown as aborted.
sees_owners() {
	! grep -qE '^(ProtectProc|ProcSubset)=' tlbnoise-serve.service
}
check 'tlbnoise-serve.service sees who owns a run' sees_owners
check 'a reason for each capability' reasoned ./tlbnoised.service
notices() {
	sed 's/^WatchdogSec=.*/WatchdogSec=soon/' tlbnoised.service >bad.service
	! silent ./bad.service >/dev/null
}
check 'verify would have noticed a mistake' notices

root=$folder/root
mkdir -p "$root/etc"
: >"$root/etc/group"
groups_made() {
	systemd-sysusers --root="$root" "$TN_SOURCE/conf/systemd/sysusers.conf" >/dev/null 2>&1
	grep -q ^tlbnoise: "$root/etc/group" && grep -q ^tlbnoise-run: "$root/etc/group"
}
folders_made() {
	systemd-tmpfiles --root="$root" --create "$TN_SOURCE/conf/systemd/tmpfiles.conf" &&
		[ "$(stat -c %a "$root/run/tlbnoise")" = 755 ] && [ "$(stat -c %a "$root/var/lib/tlbnoise")" = 750 ]
}
check 'sysusers makes both groups' groups_made
check 'tmpfiles makes both folders' folders_made
exit $failed
