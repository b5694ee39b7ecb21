#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs each fuzz target that is built for a while, from a scratch copy of its seeds.
#   CC=clang meson setup -Dfuzz=true build-fuzz && ninja -C build-fuzz && tests/fuzz/run.sh build-fuzz [SECONDS]
# One line a target; exit 1 when one crashed, hung, leaked or none is built. What crashed is kept and named.
set -eu

build=${1:?usage: $0 BUILD [SECONDS]}
seconds=${2:-30}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tlbnoise-fuzz-XXXXXX")
failed=0 built=0
# What the history holds that serve is asked about.
export TN_FUZZ_SAMPLE="$here/seeds/run/sample.json"

# The longest input worth trying: a scenario file is small, a run document is not.
max_len() {
	case $1 in
	scenario) echo 4096 ;;
	varlink) echo 8192 ;;
	serve) echo 2048 ;;
	*) echo 65536 ;;
	esac
}

for target in "$build"/tests/fuzz/fuzz-*; do
	if [ ! -f "$target" ] || [ ! -x "$target" ]; then
		continue
	fi
	name=${target##*/fuzz-}
	corpus=$scratch/$name
	log=$scratch/$name.log
	built=$((built + 1))
	mkdir -p "$corpus" "$scratch/found-$name"
	dict=
	[ ! -f "$here/$name.dict" ] || dict=-dict=$here/$name.dict
	[ ! -d "$here/seeds/$name" ] || cp -R "$here/seeds/$name/." "$corpus/"
	if "$target" -max_total_time="$seconds" -max_len="$(max_len "$name")" -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 ${dict:+"$dict"} -artifact_prefix="$scratch/found-$name/" \
		"$corpus" >"$log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		echo "ok $name runs=$runs seconds=$seconds corpus=$(find "$corpus" -type f | wc -l)"
	else
		failed=1
		echo "FAILED $name: see $log and $scratch/found-$name"
		grep -m 5 -E 'ERROR|SUMMARY|runtime error|ASSERT' "$log" || tail -n 5 "$log"
	fi
done

if [ "$built" = 0 ]; then
	echo "no fuzz target in $build/tests/fuzz: configure with CC=clang meson setup -Dfuzz=true" >&2
	failed=1
fi
[ "$failed" = 1 ] || rm -rf "$scratch"
exit "$failed"
