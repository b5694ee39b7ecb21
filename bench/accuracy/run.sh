#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether tlbnoise sees what happened: the helper module interrupts the probed CPU for known times, and what
# tlbnoise and other instruments saw is compared with the module's log. See README.md here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=bench/setup.sh
. "$here/../setup.sh"
# shellcheck source=bench/accuracy/target.sh
. "$here/target.sh"

usage() {
	cat <<-TEXT
		Usage: bench/accuracy/run.sh [OPTION]... [INSTRUMENT]...
		  --kernel KERNEL   of the rig (default stock)
		  --native          on this machine instead: needs the module tlbnoise_churn and tlbnoise in PATH
		  --cpu CPU         the one to interrupt (default 2 in the rig, the last one otherwise)
		  --senders LIST    CPUs that interrupt it, one run of tlbnoise each (default "0 1" in the rig, else "0")
		  --count N         interruptions in each run (default 600)
		  --seed N          of durations and spacings (default 1)
		  --output FOLDER   keep logs and documents there (default: a folder in /tmp)
		  --tap             print ok and not ok lines, for tests
		Instruments: tlbnoise oslat cyclictest jitterdebugger rtla-osnoise rtla-timerlat (default: all).
		Exit status: 0 fine, 1 tlbnoise did not meet what README.md demands, 2 could not do it.
	TEXT
}

number() {
	[[ $2 =~ ^[0-9]+$ ]] || die "$1: '$2' is not a number"
}

args=("$@")
kernel=stock cpu='' senders='' count=600 seed=1 output='' judge=() instruments=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel | --cpu | --senders | --count | --seed | --output)
		[ $# -ge 2 ] || die "$1 wants a value: see --help"
		[[ $1 != --c* && $1 != --seed ]] || number "$1" "$2"
		printf -v "${1#--}" '%s' "$2"
		shift
		;;
	--native) kernel=native ;;
	--tap) judge=(--tap) ;;
	--help | -h) usage && exit 0 ;;
	-*) die "unknown option '$1': see --help" ;;
	*) instruments+=("$1") ;;
	esac
	shift
done
[ ${#instruments[@]} -gt 0 ] ||
	instruments=(tlbnoise oslat cyclictest jitterdebugger rtla-osnoise rtla-timerlat)
need_root "${args[@]}"
if [ "$kernel" = native ]; then
	target_native
	cpu=${cpu:-$(($(nproc --all) - 1))} senders=${senders:-0}
else
	cpu=${cpu:-2} senders=${senders:-0 1}
fi
output=$(realpath -m "${output:-$(mktemp -d /tmp/tlbnoise-accuracy-XXXXXX)}")
target_prepare "$output" "$here/measure.sh"
target_run "$kernel" "$output" measure.sh "$cpu" "$count" "$seed" "$senders" "${instruments[@]}"
status=0
python3 "$here/judge.py" "${judge[@]}" "$output" || status=$?
printf 'Logs and documents: %s\n' "$output" >&2
exit $status
