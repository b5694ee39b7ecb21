#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
set -uo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "$0")/../bench/setup.sh"

usage() {
	cat <<-TEXT
		Usage: tests/run.sh
		Installs what the tests need, builds with ASan and UBSan, runs every test. The last line is
		"N passed, N failed" of everything that ran. Folders: build-test (gcc, sanitizers), build-clang (clang,
		fuzz targets), build-plain (no sanitizers: valgrind, installation, the rig's guests).

		In the environment:
		  TN_RIG=no              leave out what boots kernels
		  TN_RIG_KERNELS="K..."  of the rig, those to test: "stock deferred"; all others are left out
		  TN_FUZZ_SECONDS=N      for each fuzz target (default 30)

		Exit status: 0 all passed, 1 something failed, 2 could not do it.
	TEXT
}

case ${1-} in
'') ;;
--help | -h) usage && exit 0 ;;
*) die "unknown argument '$1': see --help" ;;
esac

passed=0 failed=0 skipped=0
fuzz_seconds=${TN_FUZZ_SECONDS:-30}

# check NAME COMMAND...: one test; its output is shown when it fails.
check() {
	local name=$1 log
	shift
	log=$(mktemp)
	if "$@" >"$log" 2>&1; then
		printf 'ok %s\n' "$name"
		passed=$((passed + 1))
	else
		printf 'not ok %s\n' "$name"
		sed 's/^/  | /' "$log" | tail -n 60
		failed=$((failed + 1))
	fi
	rm -f "$log"
}

# check_with VERSION PROGRAM NAME COMMAND...: only with the version that the tree was made clean with; others see other
# things, and formatters differ.
check_with() {
	local version=$1 program=$2 name=$3
	shift 2
	if "$program" --version | grep -qE "(^|[^0-9.])$version([^0-9]|$)"; then
		check "$@"
	else
		printf 'skipped %s: wants %s %s\n' "$name" "$program" "$version"
		skipped=$((skipped + 1))
	fi
}

# tally FOLDER: adds up what meson test found there.
tally() {
	local counts
	counts=$(python3 - "$1/meson-logs/testlog.json" <<-'PY'
		import collections, json, sys
		n = collections.Counter()
		for line in open(sys.argv[1]):
		    t = json.loads(line)
		    n['skip' if t['result'] == 'SKIP' else 'ok' if t['result'] == 'OK' else 'fail'] += 1
		    if t['result'] not in ('OK', 'SKIP'):
		        print('not ok', t['name'], t['result'], file=sys.stderr)
		    if t['result'] == 'SKIP':
		        why = [l for l in (t.get('stdout') or '').splitlines() if l.startswith('skipped: ')]
		        print('skipped', t['name'] + why[0][7:] if why else t['name'], file=sys.stderr)
		print(n['ok'], n['fail'], n['skip'])
	PY
	) || counts="0 1 0"
	read -r ok bad skip <<<"$counts"
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

tracked() {
	git -C "$top" ls-files -- "$@" 2>/dev/null | grep . ||
		(cd "$top" && find . -path './build*' -prune -o -type f -print |
		sed 's,^\./,,' | grep -E "$(printf '%s\n' "$@" | sed 's/\./\\./g; s/\*/.*/g; s/$/$/' | paste -sd'|')")
}

formatted() {
	(cd "$top" && tracked '*.c' '*.h' | grep -vE '^(kernel|bench/rig/entrywatch/vectors)/' | xargs clang-format --dry-run --Werror)
}

# Headers include downwards only: base <- ... <- report (DESIGN: imports of lib/).
layered() {
	python3 "$top/tests/layers.py" "$top"
}

cppcheck_clean() {
	(cd "$top" && cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
		--enable=warning,performance,portability --suppressions-list=tests/cppcheck.suppressions \
		--library=tests/cppcheck.cfg -j2 -Ilib -Ibuild-plain -D__x86_64__ -D_GNU_SOURCE \
		-i bench/rig/entrywatch/vectors lib daemon cli bench tests/unit)
}

shell_clean() {
	(cd "$top" && tracked '*.sh' .ci/run bench/rig/rig bench/rig/entrywatch/entrywatch 'bench/rig/guest/*' | xargs shellcheck -x)
}

# Nothing of a build machine may get into the sources.
private_clean() {
	! (cd "$top" && tracked '*' | grep -v -e '^LICENSES/' |
		xargs grep -nIE '(^|[^.a-z])/(home|root|tmp/b-)[a-z/-]' --)
}

# Each fuzz target counts as a test of its own.
fuzz() {
	local line
	while read -r line; do
		printf '%s\n' "$line"
		case $line in
		"ok "*) passed=$((passed + 1)) ;;
		FAILED*) failed=$((failed + 1)) ;;
		esac
	done < <("$top/tests/fuzz/run.sh" "$top/build-clang" "$fuzz_seconds" 2>&1)
}

# Left out: clients forks as another user, and valgrind takes the copy's memory for leaked; stream moves hundreds of
# megabytes against a limit of seconds; coverage, marks and verdicts simulate for minutes. All run under ASan.
under_valgrind() {
	local suites=(--suite base --suite scenario --suite check --suite analysis --suite result --suite report
		--suite varlink)
	local names
	mapfile -t names < <(meson test -C "$top/build-plain" --list "${suites[@]}" 2>/dev/null | sed -n 's,.* / ,,p' |
		grep -vxE 'clients|stream|coverage|marks|verdicts')
	[ ${#names[@]} -gt 0 ] || return 1
	meson test -C "$top/build-plain" --no-rebuild --num-processes 1 --timeout-multiplier 10 --print-errorlogs \
		--wrapper 'valgrind -q --leak-check=full --error-exitcode=9' "${suites[@]}" "${names[@]}"
}

# The rig's tests boot kernels, and build first what is not in its cache. Each prints lines of its own.
rig_tests() {
	local script line status said
	if [ "${TN_RIG:-yes}" = no ]; then
		printf 'skipped rig: TN_RIG=no\n'
		skipped=$((skipped + 1))
		return
	fi
	if [ "$(uname -m)" != x86_64 ] || ! (install_packages rig) >/dev/null 2>&1; then
		printf 'skipped rig: no QEMU and no kernel sources of Debian 12 or 13 for amd64 to be had here\n'
		skipped=$((skipped + 1))
		return
	fi
	for script in refusals consoles alone quiet check isolate compare series watch module kernels accuracy package systemd; do
		said=$failed status=0
		while IFS= read -r line; do
			case $line in
			"status "*) status=${line#status } && continue ;;
			"ok "*) passed=$((passed + 1)) ;;
			"not ok "*) failed=$((failed + 1)) ;;
			"skipped "*) skipped=$((skipped + 1)) ;;
			esac
			printf '%s\n' "$line"
		done < <(
			TN_RIG_BUILD=$top/build-plain "$top/tests/rig/$script.sh" 2>&1
			echo "status $?"
		)
		[ "$status" -eq 0 ] || [ "$failed" -gt "$said" ] || {
			printf 'not ok rig %s: ended with status %s\n' "$script" "$status"
			failed=$((failed + 1))
		}
	done
}

installs() {
	local dest
	dest=$(mktemp -d)
	DESTDIR=$dest meson install -C "$top/build-plain" --no-rebuild --quiet &&
		[ -x "$dest/usr/local/bin/tlbnoise" ] && [ -x "$dest/usr/local/sbin/tlbnoised" ] &&
		[ -x "$dest/usr/local/libexec/tlbnoise/tlbnoise-probe" ] &&
		[ -f "$dest/usr/local/share/tlbnoise/scenarios/vmalloc-storm.ini" ] &&
		[ -f "$dest/usr/local/share/man/man1/tlbnoise.1" ] &&
		[ -f "$dest/usr/local/share/bash-completion/completions/tlbnoise" ]
	local status=$?
	rm -rf "$dest"
	return $status
}

# with_tracefs: it is there, as systemd would have seen to when the machine was booted.
with_tracefs() {
	if [ -d /sys/kernel/tracing/events ] || ! mount -t tracefs nodev /sys/kernel/tracing; then return; fi
	printf 'Mounted /sys/kernel/tracing for the tests\n'
	trap 'umount /sys/kernel/tracing' EXIT
}

need_root "$@"
install_packages build test
python3 "$top/tests/integration/machine.py" # lets go of CPUs that an interrupted test has left isolated
with_tracefs
build_in "$top/build-test" -Db_sanitize=address,undefined -Db_lundef=false
build_in "$top/build-plain"
CC=clang build_in "$top/build-clang" -Dfuzz=true -Db_lundef=false

check_with 14 clang-format format formatted
check layers layered
check_with '2\.10' cppcheck cppcheck cppcheck_clean
check shellcheck shell_clean
check private-paths private_clean
check install installs

export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
rm -f "$top/build-test/meson-logs/testlog.json"
meson test -C "$top/build-test" --no-rebuild --num-processes 1 --print-errorlogs || true
tally "$top/build-test"
check valgrind under_valgrind
fuzz
rig_tests

[ "$skipped" -eq 0 ] || printf '%d skipped: this machine or this user cannot do them\n' "$skipped"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
