# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by the tests of this folder. Each of them prints a line "ok NAME", "not ok NAME" or "skipped NAME: WHY" for
# each thing it looks at, with what it saw indented, and exits 1 if one was not ok. They need root and boot guests.
set -euo pipefail
# shellcheck source=bench/setup.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../bench/setup.sh"

rig=$top/bench/rig/rig
failures=0
guest_status=0 # of the guest, or of what else gave the lines for results()
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; [ "$failures" -eq 0 ] || exit 1' EXIT

ok() {
	printf 'ok %s\n' "$1"
}

# not_ok NAME [FILE]: with the end of what was printed.
not_ok() {
	printf 'not ok %s\n' "$1"
	failures=$((failures + 1))
	[ -z "${2:-}" ] || tail -n 40 "$2" | sed 's/^/  | /'
}

# verdict NAME FILE COMMAND...: ok if COMMAND succeeds.
verdict() {
	local name=$1 file=$2
	shift 2
	if "$@"; then ok "$name"; else not_ok "$name" "$file"; fi
}

not() {
	! "$@"
}

# wanted KERNEL: whether tests on it are to run. TN_RIG_KERNELS="stock deferred" leaves out the others. Unless it names
# them, debug and rt are used where they have been built: that takes another 20 minutes, which the tests do not have.
wanted() {
	if [ -z "${TN_RIG_KERNELS:-}" ] && [[ $1 =~ ^(debug|rt)$ ]] && ! "$rig" list | grep -E "^$1 +built" >/dev/null; then
		printf 'skipped %s on %s: not built; bench/rig/rig build %s does\n' "$(basename "$0" .sh)" "$1" "$1"
		return 1
	fi
	[ -z "${TN_RIG_KERNELS:-}" ] || [[ " $TN_RIG_KERNELS " == *" $1 "* ]] || {
		printf 'skipped %s on %s: not in TN_RIG_KERNELS\n' "$(basename "$0" .sh)" "$1"
		return 1
	}
}

# guest_tests: the programs that test module and series from inside, static, in $scratch.
guest_tests() {
	cp -r "$top/kernel/churn" "$scratch/churn"
	{
		make -C "$scratch/churn/test" clean churn-test &&
			make -C "$top/kernel/test" O="$scratch/work"
	} >"$scratch/make.log" 2>&1 || {
		not_ok "the guest's tests compile" "$scratch/make.log"
		exit 1
	}
	mv "$scratch/churn/test/churn-test" "$scratch/work/work-test" "$scratch/"
}

# in_guest KERNEL LOG ARG...: rig boot with the tests in the guest; all that it prints goes to LOG, its status to
# $guest_status: 0 or 1 is the tests' own; 2 the rig's, when the kernel complained or the guest did not come to its end.
in_guest() {
	local kernel=$1 log=$2
	shift 2
	guest_status=0
	"$rig" boot "$kernel" --with "$scratch/churn-test" --with "$scratch/work-test" "$@" >"$log" 2>&1 || guest_status=$?
}

# results PREFIX LOG: our lines for those in which a test program in the guest reports, after in_guest. Fewer than it
# announced ("1..N") are a failure, and so is a kernel that complained.
results() {
	local line lines came=0 announced=0
	mapfile -t lines <"$2"
	for line in "${lines[@]}"; do
		[[ ! $line =~ ^1\.\.([0-9]+)$ ]] || announced=${BASH_REMATCH[1]}
		[[ $line =~ ^(ok|not\ ok)\ [0-9]+\ -\ (.*)$ ]] || continue
		came=$((came + 1))
		case ${BASH_REMATCH[1]},${BASH_REMATCH[2]} in
		ok,*"# SKIP") printf 'skipped %s: %s: this kernel or guest lacks what it needs\n' "$1" "${BASH_REMATCH[2]% # SKIP}" ;;
		ok,*"# SKIP "*) printf 'skipped %s: %s\n' "$1" "${BASH_REMATCH[2]/ # SKIP /: }" ;;
		ok,*) ok "$1: ${BASH_REMATCH[2]}" ;;
		*) not_ok "$1: ${BASH_REMATCH[2]}" "$2" ;;
		esac
	done
	[ "$guest_status" -le 1 ] || not_ok "$1: the guest (status $guest_status)" "$2"
	if [ "$came" -eq 0 ] || [ "$came" -lt "$announced" ]; then not_ok "$1: $came of $announced results" "$2"; fi
}
