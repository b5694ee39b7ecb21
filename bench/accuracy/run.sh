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

senders='' count=600 seed=1 tap=''
instruments=(tlbnoise oslat cyclictest jitterdebugger rtla-osnoise rtla-timerlat)
target_options "--senders" "--count --seed" "--tap" "$@"
need_root "$@"
target_choose accuracy
senders=${senders:-$([ "$kernel" = native ] && echo 0 || echo 0 1)}
target_prepare "$output" "$here/measure.sh"
target_run "$kernel" "$output" measure.sh "$cpu" "$count" "$seed" "$senders" "${instruments[@]}"
status=0
python3 "$here/judge.py" ${tap:+--tap} "$output" || status=$?
printf 'Logs and documents: %s\n' "$output" >&2
exit $status
