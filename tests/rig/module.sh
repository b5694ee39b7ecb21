#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The helper module: compiled against Debian's headers and whatever others are here, then from inside the guest on
# Debian's own kernel, on the series, and where they have been built on those that look for faults and on PREEMPT_RT.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
guest_tests
guest_status=0
(install_packages headers) >"$scratch/log" 2>&1 || not_ok "Debian's headers can be installed" "$scratch/log"
"$top/kernel/churn/test/build.sh" >"$scratch/log" 2>&1 || true
results "module" "$scratch/log"
for kernel in debian deferred debug rt; do
	wanted $kernel || continue
	in_guest $kernel "$scratch/log" -- churn-test
	results "$kernel, module" "$scratch/log"
done
if wanted deferred; then
	# With two nodes vmalloc_huge() takes small pages unless each node's share is a huge one; the pattern has to ask for
	# both, and to get the same address twice all the same.
	in_guest deferred "$scratch/log" --append numa=fake=2 -- \
		sh -c 'test -d /sys/devices/system/node/node1 && churn-test page-tables'
	results "deferred with two NUMA nodes, module" "$scratch/log"
fi
