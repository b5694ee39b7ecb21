# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# Scenarios in the guest. The run document and its raw records come out through the shared folder.

# run_scenario KERNEL SCENARIO: prints the report; the document goes to --output, or into the cache.
run_scenario() {
	local status=0
	boot_prepare "$1"
	scenario_run "$1" "$2" "${output:-$cache/run-$1-$(basename "$2" .ini).json}" || status=$?
	return $status
}

# scenario_run KERNEL SCENARIO DOCUMENT: after boot_prepare.
scenario_run() {
	local scenario=$2 name status=0
	name=$(basename "$3")
	if [ -f "$scenario" ]; then
		cp "$scenario" "$share/given.ini"
		scenario=/rig/given.ini
	fi
	mkdir -p "$share/result"
	boot_guest "$1" tlbnoise run --quiet --no-color "${overrides[@]}" --output "/rig/result/$name" "$scenario" ||
		status=$?
	[ -f "$share/result/$name" ] || return "$status"
	mkdir -p "$(dirname "$3")"
	cp "$share/result/"* "$(dirname "$3")/"
	say "run document: $3"
	return "$status"
}
