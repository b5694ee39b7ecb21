# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# Scenarios in the guest. What comes out through the shared folder, for a document N.json: its raw records N.raw, the
# kernel's own account of flushes N.events, and the series' counters N.work, where the kernel has it.

# scenario_known SCENARIO: dies unless there is one, before anything is built for it.
scenario_known() {
	local file there=()
	[ ! -f "$1" ] && [ ! -f "$top/conf/scenarios/$1.ini" ] || return 0
	for file in "$top/conf/scenarios/"*.ini; do
		there+=("$(basename "$file" .ini)")
	done
	die "no scenario '$1': there are ${there[*]}, or give a file"
}

# probed_alone: the probed CPUs, where they are named; --alone goes before.
probed_alone() {
	local override cpus=''
	for override in "${overrides[@]}"; do
		[[ $override != probe.cpus=* ]] || cpus=${override#*=}
	done
	if [ -z "$alone" ] && [[ $cpus =~ ^[0-9]+(,[0-9]+)*$ ]]; then alone=$cpus; fi
}

# run_scenario KERNEL SCENARIO: the host prints the report, so that it names the files as the host knows them. The
# document goes to --output, or into the cache.
run_scenario() {
	local status=0 document=${output:-$cache/run-$1-$(basename "$2" .ini).json}
	known "$1"
	scenario_known "$2"
	probed_alone
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
	[[ $name == *.json ]] || die "--output $3: a run document is called NAME.json; files beside it are called after it"
	boot_guest "$1" measure "/rig/result/${name%.json}" "${overrides[@]}" "$scenario" || status=$?
	[ -f "$share/result/$name" ] || return "$status"
	mkdir -p "$(dirname "$3")"
	cp "$share/result/"* "$(dirname "$3")/"
	return "$status"
}
