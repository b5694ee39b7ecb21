# SPDX-License-Identifier: GPL-2.0-or-later
# Two sets of counts (variables left and right: lines "NAME TAB COUNT") side by side; names: the two heads.
function read_counts(text, side,	lines, part, n, i) {
	n = split(text, lines, "\n")
	for (i = 1; i <= n; i++) {
		split(lines[i], part, "\t")
		value[side, part[1]] = part[2]
		known[part[1]] = 1
	}
}

function cell(side, name) {
	return (side, name) in value ? value[side, name] : "-"
}

function row(text, name) {
	if (name in known)
		printf "%s\t%s\t%s\n", text, cell(1, name), cell(2, name)
}

function share(side, part, whole) {
	if (!((side, whole) in value) || value[side, whole] == 0)
		return "-"
	return sprintf("%.4f", value[side, part] / value[side, whole])
}

function shares(text, part, whole) {
	if (whole in known)
		printf "%s\t%s\t%s\n", text, share(1, part, whole), share(2, part, whole)
}

BEGIN {
	read_counts(left, 1)
	read_counts(right, 2)
	printf " \t%s\n", names
	row("flushes of freed vmalloc space", "flushes")
	row("  interrupted a probed CPU", "flush-entries")
	shares("  interruptions per flush", "flush-entries", "flushes")
	row("  left with the CPU: queued", "queued")
	row("  the same, one was waiting: merged", "merged")
	for (state = split("kernel idle user guest", states, " "); state > 0; state--)
		row("  refused, the CPU was in state " states[state], "refused " states[state])
	row("page tables freed", "tables")
	row("  interrupted a probed CPU", "table-entries")
	shares("  interruptions per page table", "table-entries", "tables")
	print "entries into the kernel per second, by class"
	rates("class ", "  %s")
	rates("operations ", "churn %s, operations per second")
}

# A line for each name that begins with PREFIX and is not 0 on both sides, the most frequent of the left side first.
function rates(prefix, format,	name, names, n, i, j) {
	for (name in known)
		if (index(name, prefix) == 1 && count(1, name) + count(2, name) > 0) {
			for (i = ++n; i > 1 && before(name, names[i - 1]); i--)
				names[i] = names[i - 1]
			names[i] = name
		}
	for (i = 1; i <= n; i++)
		printf format "\t%s\t%s\n", substr(names[i], length(prefix) + 1), rate(1, names[i]), rate(2, names[i])
}

function before(a, b) {
	return count(1, a) > count(1, b) || (count(1, a) == count(1, b) && a < b)
}

function count(side, name) {
	return (side, name) in value ? value[side, name] : 0
}

# Churn by the time that its own workers measured, classes by the length of the windows.
function rate(side, name,	time) {
	time = "seconds"
	if (index(name, "operations ") == 1)
		time = "churned-s " substr(name, length("operations ") + 1)
	if (!((side, name) in value) || !value[side, time])
		return "-"
	return sprintf("%.1f", value[side, name] / value[side, time])
}
