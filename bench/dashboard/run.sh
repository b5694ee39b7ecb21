#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
set -euo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "$0")/../setup.sh"

usage() {
	cat <<-TEXT
		Usage: bench/dashboard/run.sh [RUNS RIGS]
		What the dashboard costs over RUNS runs of RIGS rigs (2000 and 20): builds without sanitizers, makes a history
		in /var/tmp and prints medians with intervals.

		Exit status: 0 fine, 1 above the limits (overview 200 ms, site 60 s), 2 could not do it.
	TEXT
}

case ${1-} in
--help | -h) usage && exit 0 ;;
-*) die "unknown option '$1': see --help" ;;
esac
need_root "$@"
install_packages build
build_in "$top/build-bench" -Dtests=false
exec "$top/build-bench/bench/dashboard/bench-dashboard" /var/tmp "$@"
