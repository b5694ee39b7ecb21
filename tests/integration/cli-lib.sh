# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by the tests of the command line, with $build set: checks that print "ok NAME" or "not ok NAME", of which
# all_ok tells in the end whether one was not.

tlbnoise=${build:?the build folder}/tlbnoise
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
unset NO_COLOR TLBNOISE_SOCKET TLBNOISE_SCENARIOS
export LC_ALL=C.UTF-8 XDG_RUNTIME_DIR=$tmp XDG_STATE_HOME=$tmp

ok() # NAME STATUS
{
	if [ "$2" -eq 0 ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		failed=1
	fi
}

all_ok()
{
	[ "$failed" -eq 0 ]
}

try() # ARGUMENT... - status in $status, output in $tmp/out and $tmp/err
{
	"$tlbnoise" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

show_last()
{
	echo "# status $status"
	sed 's/^/# stdout: /' "$tmp/out" | head -5
	sed 's/^/# stderr: /' "$tmp/err" | head -5
}

fine() # NAME ARGUMENT... - exit 0 and nothing on stderr
{
	local name=$1 r=0

	shift
	try "$@"
	[ "$status" -eq 0 ] && [ ! -s "$tmp/err" ] && [ -s "$tmp/out" ] || r=1
	[ "$r" -eq 0 ] || show_last
	ok "$name" "$r"
}

json() # FILTER - whether the last output is JSON and python's expression on d holds
{
	python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); sys.exit(0 if eval(sys.argv[2]) else 1)' \
		"$tmp/out" "$1"
	ok "json: $1" $?
}

until_true() # COMMAND... - waits for a condition; 20 seconds mean that it will not come
{
	local i

	for ((i = 0; i < 400; i++)); do
		"$@" 2>/dev/null && return
		sleep 0.05
	done
	return 1
}
