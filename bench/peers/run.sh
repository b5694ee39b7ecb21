#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tlbnoise beside other instruments: what each does to the CPU that it watches while nothing happens there, what it
# sees of injected interruptions, what it loses in a storm of them, and what memory it takes. See README.md here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=bench/setup.sh
. "$here/../setup.sh"
# shellcheck source=bench/accuracy/target.sh
. "$here/../accuracy/target.sh"

usage() {
	cat <<-TEXT
		Usage: bench/peers/run.sh [OPTION]... [INSTRUMENT]...
		  --kernel KERNEL    of the rig (default stock)
		  --native           on this machine instead: needs the module tlbnoise_churn and tlbnoise in PATH
		  --cpu CPU          an isolated one (default 2 in the rig, the last one otherwise)
		  --seconds N        of quiet (default 60)
		  --storm N          interruptions in the storm (default 1000)
		  --accuracy FOLDER  take the share that is seen from there: --output of bench/accuracy/run.sh, which is
		                     run otherwise, with 300 interruptions
		  --output FOLDER    keep what was counted there; instruments are added to those of an earlier call
		Instruments: none tlbnoise oslat cyclictest jitterdebugger rtla-osnoise rtla-timerlat (default: all).
		Exit status: 0 fine, 1 tlbnoise made entries into the kernel of its own, 2 could not do it.
	TEXT
}

number() {
	[[ $2 =~ ^[0-9]+$ ]] || die "$1: '$2' is not a number"
}

args=("$@")
kernel=stock cpu='' seconds=60 storm=1000 accuracy='' output='' instruments=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel | --cpu | --seconds | --storm | --accuracy | --output)
		[ $# -ge 2 ] || die "$1 wants a value: see --help"
		[[ $1 != --c* && $1 != --s* ]] || number "$1" "$2"
		printf -v "${1#--}" '%s' "$2"
		shift
		;;
	--native) kernel=native ;;
	--help | -h) usage && exit 0 ;;
	-*) die "unknown option '$1': see --help" ;;
	*) instruments+=("$1") ;;
	esac
	shift
done
[ ${#instruments[@]} -gt 0 ] ||
	instruments=(none tlbnoise oslat cyclictest jitterdebugger rtla-osnoise rtla-timerlat)
need_root "${args[@]}"
[ "$kernel" != native ] || target_native
output=$(realpath -m "${output:-$(mktemp -d /tmp/tlbnoise-peers-XXXXXX)}")
target_prepare "$output" "$here/quiet.sh"
target_run "$kernel" "$output" quiet.sh \
	"${cpu:-$([ "$kernel" = native ] && echo $(($(nproc --all) - 1)) || echo 2)}" "$seconds" "$storm" 0 "${instruments[@]}"
if [ -z "$accuracy" ] && [ ! -f "$output/accuracy/accuracy.json" ]; then
	options=(--kernel "$kernel")
	[ "$kernel" != native ] || options=(--native)
	"$here/../accuracy/run.sh" "${options[@]}" ${cpu:+--cpu "$cpu"} --senders 0 --count 300 \
		--output "$output/accuracy" >/dev/null || [ $? -eq 1 ]
fi
status=0
python3 "$here/table.py" "$output" "${accuracy:-$output/accuracy}" || status=$?
printf 'Counts and documents: %s\n' "$output" >&2
exit $status
