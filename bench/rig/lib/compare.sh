# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# The same scenario with the same programs on two kernels, and their documents side by side.

# compare_kernels SCENARIO [KERNEL KERNEL]: stock and deferred unless said otherwise.
compare_kernels() {
	local scenario=$1 left=${2:-stock} right=${3:-deferred} kernel status dir=${output:-$cache/compare}
	kernel_build "$left"
	kernel_build "$right"
	mkdir -p "$dir"
	for kernel in "$left" "$right"; do
		say "--- $kernel"
		rm -f "$dir/$kernel.json"
		status=0
		(boot_prepare "$kernel" && scenario_run "$kernel" "$scenario" "$dir/$kernel.json") || status=$?
		[ -f "$dir/$kernel.json" ] || die "$scenario on $kernel gave no result (status $status)"
	done
	compare_table "$dir" "$left" "$right"
	compare_words "$dir/$left.json"
}

compare_table() {
	local rows
	rows=$(jq -rs -f "$rig_dir/lib/compare.jq" "$1/$2.json" "$1/$3.json") || die "cannot read the documents in $1"
	printf '\n'
	printf '%s\n' " "$'\t'"$2"$'\t'"$3" "$rows" | column -t -s $'\t'
	printf '\nDocuments: %s/{%s,%s}.json\n' "$1" "$2" "$3"
}

# compare_words DOCUMENT: what the figures are worth.
compare_words() {
	printf '\nOne boot of each kernel: the figures show what happened, not yet how it varies from boot to boot.\n'
	[[ $(jq -r .environment.cmdline "$1") == *rig.accel=tcg* ]] || return 0
	cat <<-TEXT
		QEMU emulated the CPUs (TCG), $guest_cpus of them on $(nproc) of the host. What that can show: which
		interruptions happen, how often, who sent them. What it cannot: how long they last. The host takes the
		CPUs away at any moment, which shows as unexplained interruptions and fills the percentiles from p99
		up; entering the kernel costs many times what it costs on hardware. Time stolen is an indication.
	TEXT
}
