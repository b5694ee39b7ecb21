# SPDX-License-Identifier: GPL-2.0-or-later
# First file: windows "CPU TAB open TAB close" in ticks. Second: trace of guest/measure, stamped in the same ticks.
# Prints how many of its events lie in the windows; those of the series only for the window's own CPU.
FNR == NR {
	cpu[++n] = $1
	from[n] = $2
	to[n] = $3
	next
}

FNR == 1 {
	count["flushes"] = count["tables"] = 0
}

# Nothing had been freed since the last one, so nothing was flushed.
/ num_purged=0$/ {
	next
}

match($0, /[0-9]+: [a-z_]+: /) {
	split(substr($0, RSTART, RLENGTH), part, ": ")
	name = part[2]
	if (name == "purge_vmap_area_lazy")
		name = "flushes"
	else if (name == "page_table_freed")
		name = "tables"
	else if (match($0, /cpu=[0-9]+/))
		about = substr($0, RSTART + 4, RLENGTH - 4)
	else
		next
	if (sub(/^ct_work_/, "", name) && name == "refused" && match($0, /state=[a-z]+/))
		name = name " " substr($0, RSTART + 6, RLENGTH - 6)
	for (i = 1; i <= n; i++)
		if (part[1] + 0 >= from[i] + 0 && part[1] + 0 <= to[i] + 0 &&
		    (name == "flushes" || name == "tables" || about == cpu[i]))
			count[name]++
}

END {
	for (name in count)
		printf "%s\t%d\n", name, count[name]
}
