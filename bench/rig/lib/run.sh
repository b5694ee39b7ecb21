# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# Scenarios in the guest. The run document and its raw records come out through the shared folder.

# run_scenario KERNEL SCENARIO: the host prints the report, so that it names the files as the host knows them. The
# document goes to --output, or into the cache.
run_scenario() {
	local status=0 document=${output:-$cache/run-$1-$(basename "$2" .ini).json}
	boot_prepare "$1"
	rm -f "$document"
	scenario_run "$1" "$2" "$document" || status=$?
	[ ! -f "$document" ] || "$share/bin/tlbnoise" show "$document"
	return $status
}

# scenario_run KERNEL SCENARIO DOCUMENT: after boot_prepare.
scenario_run() {
	local scenario=$2 name status=0
	name=$(basename "$3")
	if [ -f "$scenario" ]; then
		mkdir -p "$share/given"
		cp "$scenario" "$share/given/"
		scenario=/rig/given/$(basename "$2")
	fi
	mkdir -p "$share/result"
	# shellcheck disable=SC2016
	boot_guest "$1" sh -c 'exec tlbnoise run --quiet "$@" >/rig/report' run \
		"${overrides[@]}" --output "/rig/result/$name" "$scenario" || status=$?
	[ -f "$share/result/$name" ] || return "$status"
	mkdir -p "$(dirname "$3")"
	cp "$share/result/"* "$(dirname "$3")/"
	return "$status"
}
