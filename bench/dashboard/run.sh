#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the dashboard costs over 2,000 runs of 20 rigs: builds without sanitizers, makes a history in /var/tmp, prints
# medians with intervals, and fails above the limits (overview 200 ms, site 60 s). Another history: RUNS RIGS.
set -euo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "$0")/../setup.sh"

need_root "$@"
install_packages build
build_in "$top/build-bench" -Dtests=false
exec "$top/build-bench/bench/dashboard/bench-dashboard" /var/tmp "$@"
