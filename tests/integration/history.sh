#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The verbs of the history without a daemon: import, runs, show, export, their mistakes, and what comes back.
# TN_BUILD: the build folder. Needs no root.
set -u

build=${TN_BUILD:?TN_BUILD names the build folder}
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/tests/integration/cli-lib.sh"

store=$tmp/history
mkdir "$store" "$tmp/in"
sample=$source/tests/fuzz/seeds/run/sample.json
id=20261122-101502-8c41d0

# A run like the sample, of another minute, scenario and kernel.
variant() # MINUTE SCENARIO KERNEL
{
	sed "s/$id/20261122-10$1-variant/; s/2026-11-22T10:15:02Z/2026-11-22T10:$1:00Z/; s/vmalloc-storm/$2/g; s/6\.18\.5/$3/g" \
		"$sample" >"$tmp/in/$2.json"
}

bad() # TEXT ARGUMENT... - exit 2 and one line with TEXT
{
	local text=$1 fine=0

	shift
	try "$@"
	[ "$status" -eq 2 ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -qF -e "$text" "$tmp/err" || fine=1
	[ "$fine" -eq 0 ] || { echo "# expected: $text"; show_last; }
	ok "mistake: tlbnoise $*" "$fine"
}

ids() # FILTER... - ids that runs lists, in one line
{
	try runs --json --store "$store" "$@"
	python3 -c 'import json, sys; print(*[r["id"] for r in json.load(open(sys.argv[1]))["runs"]])' "$tmp/out"
}

is() # NAME GOT WANTED
{
	[ "$2" = "$3" ]
	ok "$1" $?
	[ "$2" = "$3" ] || echo "# got $2, wanted $3"
}

# A history of one's own that is not there yet is empty; one that was named has to be there. Root's may be.
if [ "$(id -u)" -ne 0 ]; then
	fine "runs without a history" runs
	grep -q "no runs" "$tmp/out"
	ok "which says so" $?
	fine "runs --json without a history" runs --json
	json 'd == {"runs": []}'
fi
bad "no runs are stored here yet" runs --store "$store"
bad "no such file, and no history to look it up in" show --store "$store" @latest

fine "import" import --store "$store" "$sample"
fine "import again" import --store "$store" "$sample"
grep -q "is there already: $id" "$tmp/out"
ok "says that it is there" $?
variant 20 one 6.1.0
variant 30 two 6.12.9
try import --store "$store" -q "$tmp/in"
ok "import of a folder, quietly" $((status + $(cat "$tmp/out" "$tmp/err" | wc -l)))
head -c 3000 "$sample" >"$tmp/half.json"
bad "half.json:" import --store "$store" "$tmp/half.json" "$sample"
bad "cannot open" import --store "$store" "$tmp/none.json"
mkdir "$tmp/nothing"
bad "no run documents in this folder" import --store "$store" "$tmp/nothing"
is "three runs are there" "$(ids)" "20261122-1030-variant 20261122-1020-variant $id"

is "--scenario" "$(ids --scenario 'vmalloc-*')" "$id"
is "--kernel" "$(ids --kernel '6.1*' --limit 2)" "20261122-1030-variant 20261122-1020-variant"
is "--since" "$(ids --since '2026-11-22 10:20')" "20261122-1030-variant 20261122-1020-variant"
is "--until" "$(ids --until 2026-11-22T10:20:00Z)" "$id"
is "--host" "$(ids --host nowhere)" ""
is "a beginning" "$(ids 20261122-1030)" "20261122-1030-variant"
is "@-1" "$(ids @-1)" "20261122-1020-variant"
bad "give a date such as" runs --store "$store" --since noon
bad "several runs begin so" show --store "$store" 2026
bad "not so many finished runs" show --store "$store" @-3
bad "names no run" show --store "$store" @first
bad "no run of" show --store "$store" nosuch

fine "runs" runs --store "$store"
[ "$(grep -c '20261122-' "$tmp/out")" -eq 3 ] && grep -q 'rt-lab\|vmalloc-storm' "$tmp/out"
ok "a line for each" $?
fine "show" show --store "$store" "$id"
cp "$tmp/out" "$tmp/shown"
"$tlbnoise" show "$sample" | cmp -s - "$tmp/shown"
ok "show ID and show FILE say the same" $?
fine "show --json" show --store "$store" "$id" --json
cmp -s "$tmp/out" "$sample"
ok "gives back what was imported, byte for byte" $?

fine "export" export --store "$store" "$id"
cmp -s "$tmp/out" "$sample"
ok "so does export" $?
try export --store "$store" @-2 -o "$tmp/out.json"
[ "$status" -eq 0 ] && cmp -s "$tmp/out.json" "$sample"
ok "and export to a file" $?
fine "export --format csv" export --store "$store" --format csv "$id" @latest
python3 - "$tmp/out" <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline='')))
ok = {r['run'] for r in rows} == {'20261122-101502-8c41d0', '20261122-1030-variant'}
ok &= {r['unit'] for r in rows} == {'ns', 'per_s', 'share', 'count'}
ok &= any(r['metric'] == 'jitter.max' and r['cpu'] == '1' and float(r['value'] or 0) > 0 for r in rows)
sys.exit(not ok)
PY
ok "is a table that a reader of CSV takes" $?
bad "there are json, csv, jsonl, perfetto and hdr" export --store "$store" --format xml "$id"
bad "a file of format json holds one run" export --store "$store" "$id" @latest
bad "a file of format perfetto holds one run" export --store "$store" --format perfetto "$id" @latest
bad "there are metrics, causes and interruptions" export --store "$store" --format csv --table rows "$id"
bad "of --format csv only" export --store "$store" --table causes "$id"
bad "cannot write into" export --store "$store" "$id" -o "$tmp/none/x.json"

bad "name a run or give a filter" runs --store "$store" --delete
bad "--yes goes with --delete" runs --store "$store" --yes
bad "nothing was removed; add --yes to remove the run above" runs --store "$store" --delete "$id"
is "and nothing was" "$(ids "$id")" "$id"
fine "runs --delete --yes" runs --store "$store" --delete --yes --until 2026-11-22T10:30:00Z
is "one is left" "$(ids)" "20261122-1030-variant"

printf 'no database at all, but long enough to look at' >"$store/store.db"
bad "this is no database" runs --store "$store"
bad "this is no database" import --store "$store" "$sample"

all_ok
