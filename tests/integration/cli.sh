#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line with the daemon: private and as a service, stopped, killed, and one that misbehaves.
# TN_BUILD: the build folder. Needs root, tracefs and two CPUs.
# shellcheck disable=SC2317 # not unreachable: the trap and until_true call functions by name
set -u

build=${TN_BUILD:?TN_BUILD names the build folder}
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/tests/integration/cli-lib.sh"
[ "$(id -u)" -eq 0 ] && [ "$(nproc)" -ge 2 ] || exit 77

scenario=$tmp/short.ini
service=
cat >"$scenario" <<'END'
[scenario]
duration = 1s
rounds = 1
warmup = 0s
[churn threads]
rate = 20/s
END
trap 'end_service; drop_results; rm -rf "$tmp"' EXIT

end_service()
{
	[ -z "$service" ] || { kill "$service" 2>/dev/null; wait "$service" 2>/dev/null; }
	service=
}

# Of the runs that this test made, told by the name of their scenario's file.
drop_results()
{
	local raw

	for raw in "$tmp"/raw-*; do
		[ -s "$raw" ] && rm -rf "$(dirname "$(cat "$raw")")"
	done
}

# The place of the raw records of the document $tmp/out, for drop_results.
note_raw()
{
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["raw"]["file"])' "$tmp/out" \
		>"$tmp/raw-$(date +%s%N)" 2>/dev/null
}

fails() # NAME TEXT - the last command: status 2, one line of tlbnoise's on stderr, with TEXT
{
	local r=0

	[ "$status" -eq 2 ] && [ "$(grep -c '^tlbnoise: ' "$tmp/err")" -eq 1 ] && grep -qF -e "$2" "$tmp/err" || r=1
	[ "$r" -eq 0 ] || show_last
	ok "$1" "$r"
}

measuring() # PATTERN - the run in the background has come to its window
{
	grep -q "$1" "$tmp/err"
}

background() # ARGUMENT... - sets $pid
{
	"$tlbnoise" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null &
	pid=$!
}

finish()
{
	wait "$pid"
	status=$?
}

ended() # PID - a zombie has ended, too
{
	[ ! -e "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# But for the last digit of what is derived from the clock's rate: cJSON writes a double with 15 digits if that is
# close.
same_documents() # FILE FILE
{
	python3 - "$@" <<-'END'
	import json, math, sys
	def same(a, b):
	    if isinstance(a, dict):
	        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
	    if isinstance(a, list):
	        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
	    return a == b or float in (type(a), type(b)) and math.isclose(a, b, rel_tol=1e-12)
	sys.exit(not same(*[json.load(open(f)) for f in sys.argv[1:]]))
	END
}

child_of() # PID - its first child; the private daemon's parent is tlbnoise itself
{
	pgrep -P "$1"
}

# --- private daemon
try run "$scenario" --json -q # what an earlier daemon may have left is removed and told here, not in the next check
note_raw
fine "run --json" run "$scenario" --json -q
json 'd["schema"] == "tlbnoise.run/1" and d["state"] == "complete" and d["scenario"]["name"] == "short"'
note_raw
cp "$tmp/out" "$tmp/good.json"

try run "$scenario" --output "$tmp/kept.json"
[ "$status" -eq 0 ] && [ -s "$tmp/kept.json" ] && [ -s "$tmp/kept.raw" ]
ok "run --output writes the document and the raw records" $?
lines=$(wc -l <"$tmp/err")
[ "$lines" -ge 1 ] && [ "$lines" -le 12 ] && grep -q 'measuring.*interruptions' "$tmp/err" && ! grep -q $'\r' "$tmp/err"
ok "progress in lines when stderr is no terminal" $?
grep -q "^Document: $tmp/kept.json" "$tmp/out"
ok "the report ends with the document's place" $?
sed '/^Document: /,$d' "$tmp/out" | sed '$d' >"$tmp/report"
cp "$tmp/kept.json" "$tmp/out"
json 'd["raw"]["file"] == "kept.raw"'
rm -f "$tmp/raw-*"
"$tlbnoise" show - <"$tmp/good.json" >"$tmp/shown" 2>&1 && "$tlbnoise" show "$tmp/good.json" | cmp -s - "$tmp/shown"
ok "show FILE and show - say the same" $?
"$tlbnoise" show "$tmp/good.json" --json >"$tmp/out"
same_documents "$tmp/out" "$tmp/good.json"
ok "show --json gives the document back" $?

TERM=xterm LC_ALL=C NO_COLOR=1 script -qec "stty cols 100; '$tlbnoise' run '$scenario' --json >'$tmp/out'" /dev/null </dev/null >"$tmp/err"
grep -q $'\r\033\\[K\\[#* *\] .*measuring' "$tmp/err" && [ "$(tail -c 4 "$tmp/err")" = $'\r\033[K' ]
ok "progress bar on a terminal, cleared at the end" $?
json 'd["state"] == "complete"'
note_raw

background run "$scenario" -o scenario.duration=60s --json
until_true child_of "$pid" >/dev/null
daemon=$(child_of "$pid")
[ -n "$daemon" ] || show_last
[ -n "$daemon" ] && [ "$(ps -o sid= -p "$daemon")" -eq "$daemon" ]
ok "the private daemon has a session of its own" $?
traces() { ls -d /sys/kernel/tracing/instances/tlbnoise."$daemon".*; }
until_true traces >/dev/null
ok "the run has its instances in tracefs" $?
kill -9 "$pid"
finish
until_true ended "$daemon"
ok "killed tlbnoise: the private daemon ends" $?
! traces >/dev/null 2>&1
ok "killed tlbnoise: nothing left in tracefs" $?

background run "$scenario" -o scenario.duration=60s
until_true measuring measuring
kill -TERM "$pid"
finish
[ "$status" -eq 2 ] && grep -q 'was stopped' "$tmp/err" && grep -qi aborted "$tmp/out"
ok "SIGTERM: the report of what was measured, status 2" $?
raw=$(grep -o '/.*/interruptions\.raw$' "$tmp/out" | head -n 1)
[ -s "$raw" ] && echo "$raw" >"$tmp/raw-stopped"
ok "SIGTERM: the document is kept" $?

# --- the service
end_service
"$build/tlbnoised" --socket "$tmp/socket" >"$tmp/service.log" 2>&1 &
service=$!
export TLBNOISE_SOCKET=$tmp/socket
until_true test -S "$tmp/socket"
fine "status of an idle service" status
grep -q 'no run in progress' "$tmp/out"
ok "status says that nothing runs" $?
try stop
fails "stop without a run" "no run"
background run "$scenario" -o scenario.duration=60s --json
runs() { "$tlbnoise" status --json | grep -q '"measuring"'; }
until_true runs
fine "status --json" status --json
json 'len(d["runs"]) == 1 and d["service"] is True and d["runs"][0]["scenario"] == "short"'
fine "status" status
grep -q 'measuring.*short' "$tmp/out"
ok "status lists the run" $?
fine "top" top --count 2 --interval 200ms
grep -q 'INTERRUPTIONS/S' "$tmp/out"
ok "top has its table" $?
fine "top --json" top --count 1 --interval 100ms --json
json 'd["run"]["scenario"] == "short" and len(d["cpus"]) == 1'
"$tlbnoise" top --interval 100ms 2>"$tmp/top.err" | head -1 >/dev/null
[ ! -s "$tmp/top.err" ]
ok "top | head is silent" $?
(sleep 0.5; printf q) | TERM=xterm timeout 20 script -qec "'$tlbnoise' top --interval 60s" /dev/null >/dev/null
ok "q leaves top" $?
cp "$tmp/err" "$tmp/err.run"
try run --no-wait "$scenario"
fails "a second run on the same CPU" "run"
try stop nosuch
fails "stop of an unknown run" "no such run"
fine "stop" stop
wait "$pid"
[ $? -eq 2 ]
ok "a run that was stopped has status 2" $?

# the run's output went to files that the checks above have reused: ask for a fresh one
background run "$scenario" -o scenario.duration=60s
until_true runs
dead=$service
kill -9 "$service"
finish
wait "$service" 2>/dev/null
service=
fails "the service dies in mid-run" "went away"
unset TLBNOISE_SOCKET
try run "$scenario" --json -q
[ "$status" -eq 0 ] && grep -q "left by pid $dead" "$tmp/err"
ok "the next run removes what the dead service left, and says so" $?
note_raw
! ls -d /sys/kernel/tracing/instances/tlbnoise."$dead".* >/dev/null 2>&1
ok "nothing of the dead service is left in tracefs" $?

# --- a daemon that misbehaves
mkdir "$tmp/fake" && cp "$tlbnoise" "$build/tn-config.h" "$tmp/fake/" &&
	cp "$source/tests/integration/fake-tlbnoised" "$tmp/fake/tlbnoised"
tlbnoise=$tmp/fake/tlbnoise
export FAKE FAKE_DOCUMENT=$tmp/document.json
misbehave() # HOW TEXT
{
	FAKE=$1
	try run "$scenario" -q
	fails "daemon: $1" "$2"
}
misbehave refuses "needs a moon and a star"
misbehave differs "differ in version"
misbehave unknown-error "io.tlbnoise.Surprise"
misbehave killed "killed by signal 9"
misbehave exits "status 3"
misbehave garbage "no JSON"
misbehave no-document "no document"
misbehave other-document "schema"
sed -e 's/"state":[[:space:]]*"complete"/"state": "incomplete"/' \
	-e 's/"state_reason":[[:space:]]*""/"state_reason": "lost it"/' \
	"$tmp/good.json" >"$FAKE_DOCUMENT"
misbehave incomplete "incomplete (lost it)"
[ -s "$tmp/out" ] && ! grep -q 'noise on standard output' "$tmp/out"
ok "an incomplete run is shown, and stdout is tlbnoise's alone" $?
FAKE=never-ends
background run "$scenario" -q
until_true measuring running
daemon=$(child_of "$pid")
kill -TERM "$pid"
until_true measuring 'stopping the run'
kill -TERM "$pid"
finish
[ "$status" -eq 2 ] && grep -q 'left without a result' "$tmp/err"
ok "second SIGTERM: tlbnoise leaves at once" $?
until_true ended "$daemon"
ok "second SIGTERM: the daemon sees it and ends" $?

all_ok
