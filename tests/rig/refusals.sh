#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the rig refuses, with one line that says why, before it builds or boots anything.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"

# refused TEXT ARG...: exit status 2, and a line with TEXT.
refused() {
	local text=$1 status=0
	shift
	timeout 60 "$rig" "$@" >"$scratch/log" 2>&1 || status=$?
	if [ "$status" -eq 2 ] && grep -qF -- "$text" "$scratch/log" && ! grep -q '^accelerator' "$scratch/log"; then
		ok "refused: rig $*"
	else
		not_ok "refused: rig $* (status $status, wanted: $text)" "$scratch/log"
	fi
}

refused "unknown verb 'bot'" bot
refused "no kernel 'stok': there are stock deferred" build stok
refused "no kernel 'stok'" boot stok
refused "no kernel 'stok'" compare vmalloc-storm stok deferred
refused "no scenario 'vmaloc': there are" compare vmaloc
refused "no scenario 'vmaloc': there are" run stock vmaloc
refused "usage: rig compare SCENARIO" compare
refused "usage: rig run KERNEL SCENARIO" run stock
refused "--boots: '0' is not a number from 1 to 999" compare vmalloc-storm --boots 0
refused "--boots: 'many' is not" compare vmalloc-storm --boots many
refused "--boots goes with compare" run stock quiet --boots 3
refused "--boots wants a value" compare vmalloc-storm --boots
refused "stock:off: kernel 'stock' has no deferral" compare vmalloc-storm stock:off deferred
refused "--timeout: '5m' is not a number" boot stock --timeout 5m
refused "--alone: '2-3' is not a list" boot stock --alone 2-3
refused "--config goes with deb" boot stock --config /dev/null
refused "--config: no file '/nonexistent'" deb deferred --config /nonexistent
refused "--with: no file '/nonexistent'" boot stock --with /nonexistent
refused "unknown option '--bots'" compare vmalloc-storm --bots 3
refused "usage: rig clean [--all]" clean everything
