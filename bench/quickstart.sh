#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# From a fresh clone to a first result: what interrupts a CPU of this machine, and who sends it. Then, unless --native
# says that this is all, the same on a stock kernel and on one with the deferral series, booted in turns in a virtual
# machine, side by side.
set -euo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "$0")/setup.sh"

usage() {
	cat <<-TEXT
		Usage: bench/quickstart.sh [--native | --rig] [--boots N] [-o SECTION.KEY=VALUE]...
		Installs packages, builds tlbnoise, and runs the scenario vmalloc-storm on this machine, for a quarter of a minute.
		Then goes on to 'bench/rig/rig compare vmalloc-storm': builds the kernels 'stock' and 'deferred', boots each six
		times in QEMU, runs the same scenario there and ends with both side by side. The kernels are kept for the next time.

		  --native   this machine only, for as long as the scenario says
		  --rig      the virtual machine only
		  --boots N  boots of each kernel, not 6
		  -o ...     change the scenario, as for tlbnoise run

		Everything but build/ lies in the rig's cache: see bench/rig/README.md, and 'bench/rig/rig clean --all'.
	TEXT
}

native=yes rig=yes short=(-o scenario.duration=3s -o scenario.rounds=5) overrides=() rig_options=()
args=("$@")
while [ $# -gt 0 ]; do
	case $1 in
	--native) rig='' short=() ;;
	--rig) native='' ;;
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
[ "$native$rig" ] || die "--native and --rig leave nothing to do: give one of them"
[ "$rig" ] || [ ${#rig_options[@]} -eq 0 ] || die "--boots is for the virtual machine, and --native does without"

# measure_here: its status is that of tlbnoise run.
measure_here() {
	local status=0
	install_packages build
	build_in "$top/build" -Dtests=false -Dbench=false
	"$top/build/tlbnoise" run vmalloc-storm "${short[@]}" "${overrides[@]}" --output "$top/build/quickstart.json" ||
		status=$?
	cat <<-TEXT

		The document of this run: build/quickstart.json
		See it again:             build/tlbnoise show build/quickstart.json --worst 20
		Other scenarios:          build/tlbnoise list
	TEXT
	return $status
}

# rig_missing: prints what keeps the virtual machine from being made here, nothing when nothing is known to.
rig_missing() {
	local package
	[ "$(uname -m)" = x86_64 ] || {
		printf 'its kernels are for x86-64, this is %s' "$(uname -m)"
		return
	}
	while read -r package; do
		dpkg-query -W "$package" >/dev/null 2>&1 || apt-cache show "$package" >/dev/null 2>&1 || {
			printf "package %s is not to be had here" "$package"
			return
		}
	done < <(sed -nE 's/^(build|rig) //p' "$top/conf/packages.list")
}

need_root "${args[@]}"
status=0
if [ "$native" ]; then
	measure_here || status=$?
fi
[ "$rig" ] || exit $status
obstacle=$(rig_missing)
[ -z "$obstacle" ] || die "no comparison of kernels in a virtual machine: $obstacle"
[ -z "$native" ] || printf '\nThat was this machine, whatever its kernel. Now two kernels in a virtual machine, side by side.\n\n'
# Its status 1 says that something got worse; the table has been shown.
exec "$top/bench/rig/rig" compare vmalloc-storm "${rig_options[@]}" "${overrides[@]}"
