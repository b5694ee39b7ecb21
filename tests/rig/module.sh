#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The helper module from inside the guest, on Debian's own kernel and on the series.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
guest_tests
for kernel in debian deferred; do
	wanted $kernel || continue
	in_guest $kernel "$scratch/log" -- churn-test || true
	results "$kernel, module" "$scratch/log"
done
