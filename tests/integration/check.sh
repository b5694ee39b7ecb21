#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Verb check on the live machine: text and JSON say the same, exit statuses, mistakes, counting, and the manual names
# every check. TN_BUILD: the build folder. Needs no root.
set -u

build=${TN_BUILD:?TN_BUILD names the build folder}
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/tests/integration/cli-lib.sh"

holds() # EXPRESSION - in python, on d, the last output
{
	python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); sys.exit(0 if eval(f"({sys.argv[2]})") else 1)' \
		"$tmp/out" "$1"
}

try check --json
cp "$tmp/out" "$tmp/check.json"
[ ! -s "$tmp/err" ] && holds 'd["schema"] == "tlbnoise.check/1" and len(d["checks"]) >= 40 and sum(d["summary"].values()) == len(d["checks"])'
ok "JSON: at least 40 checks, and the summary counts them all" $?
holds 'all(c["findings"] and all(f["value"] is not None and ("fix" in f) == (f["verdict"] in ("warning", "fail"))
	for f in c["findings"]) for c in d["checks"])'
ok "JSON: each finding has a value, and a fix if one is needed" $?
[ "$status" -eq "$(python3 -c 'import json, sys; print(int(json.load(open(sys.argv[1]))["summary"]["fail"] > 0))' "$tmp/out")" ]
ok "exit status says whether a check failed" $?

missing=$(python3 - "$tmp/check.json" "$source/man/tlbnoise-check.1.scd" <<'PY'
import json, sys
page = open(sys.argv[2]).read()
print(*[c["id"] for c in json.load(open(sys.argv[1]))["checks"] if f'\n*{c["id"]}*\n' not in page])
PY
)
[ -z "$missing" ]
ok "the manual describes each check ${missing:+(not: $missing)}" $?

try check
[ "$status" -le 1 ] && grep -q '^Checked: CPU ' "$tmp/out" && grep -q '^[0-9]* checks: [0-9]* ok' "$tmp/out"
ok "text: head and sum" $?
python3 - "$tmp/check.json" "$tmp/out" <<'PY'
import json, re, sys
text = open(sys.argv[2]).read()
checks = json.load(open(sys.argv[1]))["checks"]
sys.exit(0 if all(re.search(rf'\b{re.escape(c["id"])}\b', text) for c in checks) else 1)
PY
ok "text: every check is in it" $?

try check --watch 200ms --json
holds '0.2 <= d["watch"]["seconds"] < 60 and [c["cpu"] for c in d["watch"]["cpus"]] and
	all(c["verdict"] in ("ok", "warning", "fail") for c in d["watch"]["cpus"])'
ok "--watch counts for as long as asked" $?
try check --watch 100ms
grep -q '^CPU  *VERDICT  *BUSY  *TICKS' "$tmp/out"
ok "--watch as text" $?

cpus=$(python3 -c 'import os; print(len(os.sched_getaffinity(0)))')
if [ "$cpus" -gt 1 ]; then
	# A CPU with a task that sleeps and wakes has ticks or switches: it cannot come out as quiet.
	last=$(tail -c 6 /sys/devices/system/cpu/online | sed 's/.*[-,]//')
	taskset -c "$last" sh -c 'while :; do sleep 0.01; done' 2>/dev/null &
	busy=$!
	try check --cpus "$last" --watch 500ms --json
	kill "$busy"
	wait "$busy" 2>/dev/null
	[ "$status" -eq 1 ] && holds 'd["watch"]["cpus"][0]["verdict"] == "fail" and d["watch"]["cpus"][0]["ticks"] > 0'
	ok "--watch sees a CPU that is not quiet" $?
fi

# mistake: TEXT ARGUMENT...
mistake()
{
	local text=$1

	shift
	try "$@"
	[ "$status" -eq 2 ] && [ ! -s "$tmp/out" ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -qF -e "$text" "$tmp/err"
	ok "mistake: tlbnoise $*" $?
}
mistake "is not online here: choose from" check --cpus 4000
mistake "--cpus: 'x' is not a CPU list" check --cpus x
mistake "value is empty" check --cpus=
mistake "out of range" check --watch 1ms
mistake "--watch 10" check --watch 10
mistake "one argument too many" check now
mistake "unknown option --socket" check --socket x

all_ok
