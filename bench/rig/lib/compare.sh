# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# The same scenario with the same programs on two sides, in boots that take turns: whatever drifts on the host (load,
# temperature, page cache) hits both alike. A boot is a round; the documents of a side lie in a folder of its own.

# The fewest with which a difference between any two sides can be significant in all that vmalloc-storm compares: the
# least p of a rank test of 5 against 5 is 2 in 252, too much after the correction for six metrics in the headline.
boots_default=6

# compare_kernels SCENARIO [SIDE SIDE]: a side is a kernel, or KERNEL:off for one booted with its deferral switched off.
# The status is that of tlbnoise compare.
compare_kernels() {
	local scenario=$1 sides=("${2:-stock}" "${3:-deferred}") names=() folders=() prepared=()
	local dir side boot start verdict=0
	dir=${output:-$cache/compare/$(basename "$1" .ini)}
	for side in "${sides[@]}"; do
		side_known "$side"
	done
	scenario_known "$scenario"
	[ "$boots" -ge $boots_default ] ||
		say "warning: $boots boots a side, not $boots_default: too few for most verdicts"
	compare_overrides "$(basename "$scenario" .ini)"
	probed_alone
	for side in 0 1; do
		names[side]=${sides[side]/:/-}
		[ "$side" -eq 0 ] || [ "${names[1]}" != "${names[0]}" ] || names[1]+=-again
		folders[side]=$dir/${names[side]}
		mkdir -p "${folders[side]}"
		rm -f "${folders[side]}"/[0-9]*.{json,raw,events,work}
		boot_prepare "${sides[side]%:off}"
		prepared[side]=$share
	done
	guest_khz=$(tsc_khz)
	say "each boot: tlbnoise run ${overrides[*]} $scenario"
	start=$SECONDS
	for ((boot = 1; boot <= boots; boot++)); do
		for side in $(((boot + 1) % 2)) $((boot % 2)); do
			share=${prepared[side]}
			compare_boot "$boot" "${sides[side]}" "${folders[side]}" "$scenario"
		done
	done
	say "$((2 * boots)) boots: done in $((SECONDS - start)) s"
	compare_verdict "$dir" "${names[@]}" || verdict=$?
	counts_table "$dir" "${names[@]}"
	compare_safety "${sides[@]}"
	compare_words "${folders[0]}/1.json"
	return "$verdict"
}

side_known() {
	known "${1%:off}"
	[[ $1 != *:off ]] || [ -n "$(kernel_patches "${1%:off}")" ] ||
		die "$1: kernel '${1%:off}' has no deferral to switch off"
}

# compare_boot NUMBER SIDE FOLDER SCENARIO: one round of it.
compare_boot() {
	local append=$append kernel=${2%:off} status=0
	[ "$kernel" = "$2" ] || append+=" kernel_tlb_defer=off"
	say "--- $1 of $boots: $2"
	folder=$(kernel_dir "$kernel")
	scenario_run "$kernel" "$4" "$3/$1.json" || status=$?
	[ -f "$3/$1.json" ] || die "$4 on $2 gave no result (status $status)"
	[ "$status" -eq 0 ] || say "warning: tlbnoise run ended with status $status"
}

# compare_overrides NAME: what a boot does of the scenario; the user's own -o come behind and win. The storm takes the
# sources for which the rig has the module: a flush with each operation instead of one in some dozens, since an
# emulated machine is slow, and some flushes that free page tables, which no kernel may defer.
compare_overrides() {
	local given=("${overrides[@]}")
	overrides=(-o scenario.rounds=1)
	[ "$1" != vmalloc-storm ] ||
		overrides+=(-o "probe.kind=spin entry" -o probe.cpus=2 -o scenario.duration=5s -o entry.duration=1s
			-o churn.vmalloc.source=unmap-aliases -o churn.vmalloc.pages=1-64
			-o churn.huge-vmap.rate=20/s)
	overrides+=("${given[@]}")
}

# compare_verdict FOLDER SIDE SIDE: tlbnoise compare, and its exit status.
compare_verdict() {
	local program=$share/bin/tlbnoise
	printf '\n'
	(cd "$1" && "$program" compare "$2" "$3")
}

# compare_safety SIDE...: for kernels that defer, what ran ahead of the deferred flush: what entrywatch last saw of this
# very build, and what its build was checked against.
compare_safety() {
	local side dir
	for side; do
		if [ -z "$(kernel_patches "${side%:off}")" ] || [[ $side == *:off ]]; then continue; fi
		dir=$(kernel_dir "$side")
		printf '\nSafety of %s: what runs between kernel entry and the deferred flush\n' "$side"
		if compgen -G "$dir/entrywatch*.txt" >/dev/null; then
			sed 's/^/  /' "$dir"/entrywatch*.txt
		else
			printf '  this build has not been watched: bench/rig/entrywatch/entrywatch %s\n' "$side"
		fi
		if [ -f "$dir/entry-checked" ]; then
			printf '  memory operands on the way: this build was scanned, they are as argued in kernel/README.md\n'
		fi
		printf '  page tables freed: the rows above; each has to interrupt\n'
	done
}

# compare_words DOCUMENT: what the figures are worth.
compare_words() {
	[[ $(jq -r .environment.cmdline "$1") == *rig.accel=tcg* ]] || return 0
	printf '\n'
	fmt -u -w 96 <<-TEXT
		QEMU emulated the CPUs (TCG), $guest_cpus of them on $(nproc) of the host${alone:+, where CPU $alone had one
		for itself}.
		What that can show: which interruptions happen, how often, who sent them; counts by operation and by flush do
		not depend on the emulator.
		What it cannot: how long they last. The host takes the CPUs away at any moment, which shows as unexplained
		interruptions and fills the percentiles from p99 up; entering the kernel costs many times what it costs on
		hardware. A verdict on jitter, stolen time or entry cost is one on this emulated machine: it gives a direction,
		no size. For that, boot the same kernels on a machine of yours: bench/rig/rig deb.
	TEXT
}
