# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# What the kernel itself counted, beside what the document says: flushes from the events of guest/measure, entries of
# the probed CPUs from the document. Both in the document's windows only, so that they may be divided.

# counts_of DOCUMENT: lines "NAME TAB COUNT", summed over windows; what is not there has no line.
counts_of() {
	local document=$1 events=${1%.json}.events
	jq -r '
		def entries($c): [.cpus[].by_class[$c].entries // 0] | add;
		["windows", (.cpus | length)], ["seconds", ([.cpus[].window_s] | add)],
		["flush-entries", entries("kernel-tlb-flush")], ["table-entries", entries("page-table-flush")],
		([.cpus[].by_class | to_entries[] | select(.value.entries != null)] | group_by(.key)[]
			| ["class " + .[0].key, (map(.value.entries) | add)]),
		(.churn | map(select((.kind // "spin") == "spin")) | group_by(.name)[]
			| ["operations " + .[0].name, (map(.operations) | add)],
			["churned-s " + .[0].name, (map(.measured_s) | add)])
		| @tsv' "$document"
	[ -f "$events" ] || return 0
	! grep -q '^# lost' "$events" || die "$events: the trace buffer was too small, flushes were lost"
	awk -f "$rig_dir/lib/events.awk" \
		<(jq -r '.cpus[] | [.cpu, .window_open_ticks, .window_close_ticks] | @tsv' "$document") "$events"
}

# counts_of_set FOLDER: the same, summed over all documents in it.
counts_of_set() {
	local document
	for document in "$1"/[0-9]*.json; do
		counts_of "$document" || die "cannot count in $document"
	done | awk -F '\t' '{ sum[$1] += $2 } END { for (k in sum) printf "%s\t%.10g\n", k, sum[k] }'
}

# counts_table FOLDER SIDE SIDE: every boot of each side together, by what the kernel counted itself.
counts_table() {
	local left right
	left=$(counts_of_set "$1/$2")
	right=$(counts_of_set "$1/$3")
	printf '\nAll boots together, on the probed CPUs and in the windows\n'
	awk -F '\t' -v left="$left" -v right="$right" -v names="$2\t$3" -f "$rig_dir/lib/counts.awk" |
		column -t -s $'\t' -R 2,3
	printf '\nDocuments: %s/{%s,%s}/\n' "$1" "$2" "$3"
}
