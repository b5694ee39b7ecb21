#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From a fresh clone to a first result: installs packages, builds into build/, runs the main job on this
# machine and shows what interrupted the probed CPU, and who sent it.
set -euo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "$0")/setup.sh"

usage() {
	cat <<-TEXT
		Usage: bench/quickstart.sh [--native] [-o SECTION.KEY=VALUE]...
		Installs packages, builds tlbnoise into build/ and runs the scenario vmalloc-storm on this machine.

		  --native   keep to this machine (all there is for now)
		  -o ...     change the scenario, as for tlbnoise run
	TEXT
}

overrides=()
args=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	--native) ;;
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
