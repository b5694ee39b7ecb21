#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From a fresh clone to a first result. With --native: what interrupts a CPU of this machine, and who sends it. Without:
# the same on a stock kernel and on one with the deferral series, booted in turns in a virtual machine, side by side.
set -euo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "$0")/setup.sh"

usage() {
	cat <<-TEXT
		Usage: bench/quickstart.sh [--native] [--boots N] [-o SECTION.KEY=VALUE]...
		Installs packages, builds tlbnoise and the kernels 'stock' and 'deferred', boots each six times in QEMU, runs the
		scenario vmalloc-storm there and compares. The first time it builds the kernels; they are kept.

		  --native   run vmalloc-storm on this machine and its own kernel instead
		  --boots N  boots of each kernel, not 6
		  -o ...     change the scenario, as for tlbnoise run

		Everything but build/ lies in the rig's cache: see bench/rig/README.md, and 'bench/rig/rig clean --all'.
	TEXT
}

native='' overrides=() rig_options=()
args=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	--native) native=yes ;;
	--boots)
		[ $# -ge 2 ] || die "--boots wants a number"
		rig_options+=(--boots "$2")
		shift
		;;
	-o)
		[ $# -ge 2 ] || die "-o wants SECTION.KEY=VALUE"
		overrides+=(-o "$2")
		shift
		;;
	--help | -h)
		usage
		exit 0
		;;
	*) die "unknown option '$1': see --help" ;;
	esac
	shift
done

need_root "${args[@]}"
if [ -z "$native" ]; then
	# Its status 1 says that something got worse; the table has been shown.
	exec "$top/bench/rig/rig" compare vmalloc-storm "${rig_options[@]}" "${overrides[@]}"
fi
[ ${#rig_options[@]} -eq 0 ] || die "--boots is for the virtual machine, and --native does without"
install_packages build
build_in "$top/build" -Dtests=false -Dbench=false
result=$top/build/quickstart.json
status=0
"$top/build/tlbnoise" run vmalloc-storm "${overrides[@]}" --output "$result" || status=$?
cat <<TEXT

The document of this run: build/quickstart.json
See it again:             build/tlbnoise show build/quickstart.json --worst 20
Other scenarios:          build/tlbnoise list
TEXT
exit $status
