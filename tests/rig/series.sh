#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The series from inside the guest: its own tests, on `debug` with those that need its switches, on `rt` without, and the
# re-map check with its negative control. QEMU drops its TLB at each write of CR3, so that without PCIDs only pti=off lets a missing
# flush show. On a slow host TN_RIG_FLUSHES, TN_RIG_FREES and TN_RIG_REMAPS set smaller numbers.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
guest_tests
log=$scratch/log
remaps=${TN_RIG_REMAPS:-20000}

if wanted deferred; then
	in_guest deferred "$log" --append pti=off -- work-test -n "${TN_RIG_FLUSHES:-10000}" -p "${TN_RIG_FREES:-1000}" || true
	results "deferred, series" "$log"
	grep '^#' "$log" | sed 's/^/  /'
	in_guest deferred "$log" --append pti=off --timeout 1800 -- churn-test remap "$remaps" || true
	results "deferred, pti=off, $remaps re-maps" "$log"
	in_guest deferred "$log" --append pti=on -- churn-test remap 1000 || true
	results "deferred, pti=on, 1000 re-maps" "$log"
fi
for kernel in debug rt; do
	wanted $kernel || continue
	in_guest $kernel "$log" -- work-test -n 1000 -p 200 || true
	results "$kernel, series" "$log"
	grep '^#' "$log" | sed 's/^/  /' || true
done
if wanted noflush; then
	in_guest noflush "$log" --append pti=off -- churn-test remap 1000 || true
	grep '^#' "$log" | sed 's/^/  /' || true
	verdict "noflush, pti=off: caught within 1000 re-maps" "$log" grep -qE '^# .* [1-9][0-9]* stale of' "$log"
fi
