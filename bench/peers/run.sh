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

seconds=60 storm=1000 accuracy=''
instruments=(none tlbnoise oslat cyclictest jitterdebugger rtla-osnoise rtla-timerlat)
target_options "--accuracy" "--seconds --storm" "" "$@"
need_root "$@"
target_choose peers
target_prepare "$output" "$here/quiet.sh"
target_run "$kernel" "$output" quiet.sh "$cpu" "$seconds" "$storm" 0 "${instruments[@]}"
if [ -z "$accuracy" ] && [ ! -f "$output/accuracy/accuracy.json" ]; then
	"$here/../accuracy/run.sh" ${native:+--native} --kernel "$kernel" --cpu "$cpu" --senders 0 --count 300 \
		--output "$output/accuracy" >/dev/null || [ $? -eq 1 ]
fi
status=0
python3 "$here/table.py" "$output" "${accuracy:-$output/accuracy}" || status=$?
printf 'Counts and documents: %s\n' "$output" >&2
exit $status
