#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line without a daemon: offline verbs, 40 mistakes, help, completion, output that cannot be written.
# TN_BUILD: the build folder. Needs no root; what root changes is not looked at here.
set -u

build=${TN_BUILD:?TN_BUILD names the build folder}
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/tests/integration/cli-lib.sh"

# A mistake: exit 2, one line on stderr that starts with the program's name and contains TEXT, nothing on stdout.
bad() # TEXT ARGUMENT...
{
	local text=$1 fine=0

	shift
	try "$@"
	[ "$status" -eq 2 ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && [ ! -s "$tmp/out" ] &&
		grep -q '^tlbnoise: ' "$tmp/err" && grep -qF -e "$text" "$tmp/err" || fine=1
	[ "$fine" -eq 0 ] || { echo "# expected: $text"; show_last; }
	ok "mistake: tlbnoise $*" "$fine"
}

cat >"$tmp/good.ini" <<'END'
[scenario]
description = for the test
duration = 1s
[probe]
cpus = 0
[churn burst]
source = threads
rate = 10/s
END
printf '[scenario]\nduration = 1s\nduratoin = 2s\n' >"$tmp/typo.ini"
printf '[scenario\n' >"$tmp/broken.ini"
printf '[scenario]\nduration = never\n' >"$tmp/value.ini"
printf '[churn x]\nsource = nosuch\n' >"$tmp/source.ini"
printf '{"schema": "other/1"}\n' >"$tmp/other.json"
printf 'not JSON\n' >"$tmp/text.json"
: >"$tmp/empty.json"
: >"$tmp/good.json"

# --- usage
try
[ "$status" -eq 2 ] && [ ! -s "$tmp/out" ] && grep -q '^Usage: ' "$tmp/err"
ok "no verb: usage on stderr, status 2" $?

bad "did you mean 'tlbnoise run'" rnu
bad "did you mean 'tlbnoise status'" stauts
bad "'tlbnoise help' lists them" frobnicate
bad "unknown verb ''" ''
bad "unknown option --bogus" --bogus
bad "unknown option --quiet" --quiet run x
bad "needs a value" --socket
bad "is missing" run
bad "one argument too many" run a b
bad "is empty" run ''
bad "needs a value" run x -o
bad "needs a value" run x --output
bad "value is empty" run x --output=
bad "did you mean --json" run x --jsn
bad "takes no value" run x --json=yes
bad "unknown option -x" run x -x
bad "takes no value" run x -qo a=b
bad "unknown option --interval" run x --interval 1s
bad "nosuch" run nosuch-scenario
bad "$tmp/nosuch.ini" run "$tmp/nosuch.ini"
bad "$tmp/typo.ini:3" run "$tmp/typo.ini"
bad "$tmp/broken.ini:1" run "$tmp/broken.ini"
bad "$tmp/value.ini:2" run "$tmp/value.ini"
bad "nosuch" run "$tmp/source.ini"
bad "$tmp" run "$tmp"
bad "novalue" run "$tmp/good.ini" -o novalue
bad "scenario.duration" run "$tmp/good.ini" -o scenario.duration=x
bad "scenario.nosuch" run "$tmp/good.ini" -o scenario.nosuch=1
bad "probe.cpus" run "$tmp/good.ini" -o probe.cpus=zero
bad "cannot write into" run "$tmp/good.ini" --output "$tmp/no/dir.json"
bad "not a regular file" run "$tmp/good.ini" --output /dev/null
bad "no service answers" run "$tmp/good.ini" --socket "$tmp/none"
bad "at most 107" status --socket "$(printf '/%.0s' {1..120})"
bad "one argument too many" list --keys a b
bad "goes with --keys" list vmalloc-storm
bad "give one of" list --names --json
bad "nosuch" list --keys nosuch-scenario
bad "one argument too many" status now
bad "one argument too many" version 1
bad "report: has nothing to print as JSON" --json report @latest
bad "unknown option --json" import --json x
bad "compare: does not call the service" --socket /none compare a b
for verb in list runs show version; do
	bad "$verb: does not call the service" --socket /none "$verb"
	bad "unknown option --socket" "$verb" --socket /none
done
bad "out of range" top --interval 1ms
bad "out of range" top --interval 2h
bad "--interval fast" top --interval fast
bad "--count" top --count 0
bad "--count" top --count -3
bad "is missing" show
bad "--worst" show x --worst many
bad "--worst" show x --worst 1001
bad "$tmp/nosuch.json" show "$tmp/nosuch.json"
bad "$tmp/other.json" show "$tmp/other.json"
bad "$tmp/text.json" show "$tmp/text.json"
bad "$tmp/empty.json" show "$tmp/empty.json"
bad "standard input" show -
bad "is missing" compare x
bad "one argument too many" compare a b c
bad "give per cent" compare a b --smallest-effect much
bad "give per cent" compare a b --smallest-effect 5%%
bad "give per cent" compare a b --confidence=-5
bad "out of range" compare a b --smallest-effect 1001%
bad "out of range" compare a b --confidence 0.95
bad "out of range" compare a b --confidence 100
bad "--seed" compare a b --seed x
bad "unknown option --check" compare a b --check
bad "$tmp/nosuch.json" compare "$tmp/nosuch.json" "$tmp/other.json"
bad "$tmp/empty.json" compare "$tmp/empty.json" "$tmp/other.json"
bad "unknown verb 'rum'" help rum

export TLBNOISE_SOCKET=$tmp/none
bad "no service answers" status
bad "no service answers" top
bad "no service answers" stop
bad "no service answers" run "$tmp/good.ini"
unset TLBNOISE_SOCKET
[ -z "$(find "$tmp" -mindepth 1 -newer "$tmp/empty.json" ! -name out ! -name err)" ]
ok "mistakes leave nothing behind" $?

# --- offline verbs
fine "version" version
fine "version --json" version --json
json '{"version", "architecture", "schema", "interface"} <= d.keys()'
fine "--version" --version
fine "--json before the verb" --json version
json 'd["schema"] == "tlbnoise.run/1"'
fine "list" list
fine "list --json" list --json
json '{"scenarios", "sources", "machine"} == d.keys()'
json 'all(s["runs_here"] or s["reason"] for s in d["sources"]) and len(d["sources"]) >= 4'
json 'd["machine"]["trace_level"] in ("full", "entry", "counters", "none") and d["machine"]["probe_cpus"] != ""'
json 'not any("error" in s for s in d["scenarios"])'
fine "list --keys" list --keys
grep -qx 'scenario.duration' "$tmp/out" && grep -qx 'churn.NAME.rate' "$tmp/out"
ok "list --keys has the keys" $?
fine "list --keys FILE" list --keys "$tmp/good.ini"
grep -qx 'churn.burst.rate' "$tmp/out" && ! grep -q NAME "$tmp/out"
ok "list --keys FILE names the churn sections" $?
try list --names
[ "$status" -eq 0 ] && [ "$(wc -l <"$tmp/out")" -ge 1 ] && ! grep -q '[^a-z0-9-]' "$tmp/out"
ok "list --names" $?

# --- help and man pages
fine "--help" --help
for verb in $("$tlbnoise" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	fine "$verb --help" "$verb" --help
	sed -n 's/^  \(-[a-z], \|    \)\(--[a-z-]*\).*/\2/p' "$tmp/out" >"$tmp/options"
	cp "$tmp/out" "$tmp/by-option"
	case $verb in
	run | status) hosts=1,1 ;;
	check | stop | top) hosts=1,0 ;;
	*) hosts=0,0 ;;
	esac
	[ "$verb" = runs ] || # its --host is a filter
		[ "$(grep -c -e ' --host ' "$tmp/out"),$(grep -c -e ' --host .*may be repeated' "$tmp/out")" = $hosts ]
	ok "help $verb says how many hosts it takes" $?
	try help "$verb"
	cmp -s "$tmp/out" "$tmp/by-option"
	ok "help $verb is $verb --help" $?
	[ "$verb" = help ] && continue
	page=$source/man/tlbnoise-$verb.1.scd
	r=0
	while read -r option; do
		grep -qF -e "*$option*" "$page" "$source/man/tlbnoise.1.scd" || { echo "# no $option in $page"; r=1; }
	done <"$tmp/options"
	[ -s "$page" ] && [ -s "$tmp/options" ] && [ "$r" -eq 0 ]
	ok "man page of $verb has its options" $?
done

# --- output that cannot be written, readers that go away, colours
for verb in version list help 'list --json'; do
	read -ra words <<<"$verb"
	"$tlbnoise" "${words[@]}" >/dev/full 2>"$tmp/err"
	status=$?
	[ "$status" -eq 2 ] && [ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -q 'No space left' "$tmp/err"
	ok "$verb >/dev/full" $?
done
"$tlbnoise" version >&- 2>"$tmp/err"
[ $? -eq 2 ] && [ "$(wc -l <"$tmp/err")" -eq 1 ]
ok "closed standard output" $?
"$tlbnoise" list --json 2>"$tmp/err" | head -1 >/dev/null
[ ! -s "$tmp/err" ]
ok "list | head is silent" $?
# the reader has gone for certain: the pipe has no reading end when the program starts
mkfifo "$tmp/fifo"
exec 7<>"$tmp/fifo"
exec 8>"$tmp/fifo" 7>&-
"$tlbnoise" list >&8 2>"$tmp/err"
[ $? -eq 141 ] && [ ! -s "$tmp/err" ]
ok "no reader: SIGPIPE, no message" $?
exec 8>&-

terminal() # ENVIRONMENT... - list on a terminal of its own
{
	env "$@" script -qec "$tlbnoise list" /dev/null </dev/null >"$tmp/out"
}
terminal TERM=xterm && grep -q $'\033' "$tmp/out"
ok "colours on a terminal" $?
terminal TERM=xterm NO_COLOR=1 && ! grep -q $'\033' "$tmp/out"
ok "NO_COLOR" $?
terminal TERM=dumb && ! grep -q $'\033' "$tmp/out"
ok "TERM=dumb" $?
try list
[ -s "$tmp/out" ] && ! grep -q $'\033' "$tmp/out"
ok "no colours in a file" $?

# --- bash completion
complete_line() # WORD... - completions of the last word, one a line
{
	PATH=$build:$PATH bash --norc -c '
		. /usr/share/bash-completion/bash_completion
		. "$0"
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		COMP_LINE="$*"
		COMP_POINT=${#COMP_LINE}
		compopt() { :; }
		_tlbnoise tlbnoise "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"
	' "$source/conf/completions/tlbnoise.bash" "$@" 2>"$tmp/err"
}

completes() # EXPECTED WORD...
{
	local expected=$1 r=0

	shift
	complete_line "$@" >"$tmp/out"
	grep -qxF -e "$expected" "$tmp/out" && [ ! -s "$tmp/err" ] || r=1
	[ "$r" -eq 0 ] || show_last
	ok "completion of '$*' has $expected" "$r"
}

if [ -r /usr/share/bash-completion/bash_completion ]; then
	completes status tlbnoise sta
	completes run tlbnoise ''
	completes --version tlbnoise --v
	completes --output tlbnoise run --o
	completes -o tlbnoise run -
	completes --interval tlbnoise top --
	completes top tlbnoise help t
	completes "$("$tlbnoise" list --names | head -1)" tlbnoise run ''
	completes scenario.duration= tlbnoise run x -o scenario.d
	completes churn.burst.rate= tlbnoise run "$tmp/good.ini" -o churn.
	completes --smallest-effect tlbnoise compare --s
	completes "$tmp/good.json" tlbnoise compare "$tmp/a.json" "$tmp/go"
	completes 500ms tlbnoise top --interval 5
	complete_line tlbnoise status -- >"$tmp/out"
	! grep -q -e --output "$tmp/out"
	ok "completion offers a verb's own options only" $?
else
	echo "# bash-completion is not installed: skipped"
fi

all_ok
