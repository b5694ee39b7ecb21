#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The series from inside the guest: its own tests, on `debug` with those that need its switches, on `rt` without, and the
# re-map check with its negative control. QEMU drops its TLB at each write of CR3, so that without PCIDs only pti=off lets a missing
# flush show. On a slow host TN_RIG_FLUSHES, TN_RIG_FREES and TN_RIG_REMAPS set smaller numbers.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
guest_tests
log=$scratch/log
remaps=${TN_RIG_REMAPS:-100000}

# compiles_without: each C file that the series touches, once more, as if its option were off.
compiles_without() {
	local file command tree
	tree=$("$rig" where deferred)/linux
	printf '#undef %s\n' CONFIG_CONTEXT_TRACKING_WORK CONFIG_CONTEXT_TRACKING_WORK_TEST >"$scratch/without.h"
	while read -r file; do
		command=$(sed -n "s/^savedcmd_[^ ]* := //; T; s/ ; .*//; s/ -Wp,-MMD,[^ ]*//; s/ -o [^ ]*/ -o \/dev\/null/; p" \
			"$tree/$(dirname "$file")/.$(basename "$file" .c).o.cmd")
		[ -n "$command" ] || { echo "$file was not compiled" && return 1; }
		(cd "$tree" && eval "$command -Werror -include '$scratch/without.h'") || return
		echo "$file compiles"
	done < <(sed -n 's,^+++ b/\(.*\.c\)$,\1,p' "$top"/kernel/patches/6.12/*.patch | sort -u) >"$log" 2>&1
}

if wanted deferred; then
	verdict "each file of the series compiles with its option off" "$log" compiles_without
	in_guest deferred "$log" --append pti=off -- work-test -n "${TN_RIG_FLUSHES:-10000}" -p "${TN_RIG_FREES:-1000}"
	results "deferred, series" "$log"
	grep '^#' "$log" | sed 's/^/  /'
	in_guest deferred "$log" --append pti=off --timeout 1800 -- churn-test remap "$remaps"
	results "deferred, pti=off, $remaps re-maps" "$log"
	in_guest deferred "$log" --append pti=on -- churn-test remap 1000
	results "deferred, pti=on, 1000 re-maps" "$log"
fi
# The kernel's own test of vmalloc, unchanged.
for kernel in stock deferred; do
	wanted $kernel || continue
	test=$("$rig" where $kernel)/linux/lib/test_vmalloc.ko
	in_guest $kernel "$log" --with "$test" --with "$top/kernel/test/vmalloc.sh" \
		-- sh /rig/bin/vmalloc.sh /rig/bin/test_vmalloc.ko "${TN_RIG_LOOPS:-10}"
	results "$kernel, test_vmalloc" "$log"
done
for kernel in debug rt; do
	wanted $kernel || continue
	in_guest $kernel "$log" -- work-test -n 1000 -p 200
	results "$kernel, series" "$log"
	grep '^#' "$log" | sed 's/^/  /' || true
done
if wanted noflush; then
	# The same kernel with its flush left in: it has the switches that two of the tests need, without debugging.
	in_guest noflush "$log" -- sh -c 'echo N >/sys/kernel/debug/context_tracking_work_skip &&
		exec work-test nmi-window accounting'
	results "noflush with its flush, series" "$log"
	in_guest noflush "$log" --append pti=off -- churn-test remap 1000
	grep '^#' "$log" | sed 's/^/  /' || true
	verdict "noflush, pti=off: caught within 1000 re-maps" "$log" grep -qE '^# .* [1-9][0-9]* stale of' "$log"
fi
