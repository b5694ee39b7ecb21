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
# shellcheck source=bench/rig/entrywatch/plugin.sh
. "$here/../rig/entrywatch/plugin.sh"

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

# The same series again on an emulated machine, in a boot of its own, with the emulator itself for a witness: it knows
# when the probed CPU left its userspace, which the injector cannot, and host and guest count the same ticks. Every
# block of code then takes longer, so that this is no boot to measure anything else in; and so does it to write a gap
# down, which is in the probe's next pass: with a threshold below that, one gap would bring about the next for ever.
# All virtual CPUs are in one thread: where two read the clock at once in threads of their own, QEMU moves it on.
emulators_view() {
	local scratch shots=$((count < 200 ? count : 200))
	scratch=$(mktemp -d)
	plugin_build "$scratch/away.so" "$here/away.c" || die "could not compile $here/away.c"
	boot_options=(--qemu "-plugin file=$scratch/away.so,cpu=$cpu,least=$least,out=$scratch/away")
	export TN_RIG_ACCEL=tcg TN_RIG_THREAD=single
	target_prepare "$output/emulator" "$here/measure.sh"
	target_run "$kernel" "$output/emulator" measure.sh "$cpu" "$shots" "$seed" "${senders%% *}" 2us tlbnoise
	mv "$scratch/away" "$output/emulator/"
	rm -r "$scratch"
}

# Ticks between two blocks of userspace that the emulator writes down: below any threshold of the probe.
least=500
senders='' count=600 seed=1 tap=''
instruments=(tlbnoise oslat cyclictest jitterdebugger rtla-osnoise rtla-timerlat)
target_options "--senders" "--count --seed" "--tap" "$@"
need_root "$@"
target_choose accuracy
senders=${senders:-$([ "$kernel" = native ] && echo 0 || echo 0 1)}
target_prepare "$output" "$here/measure.sh"
target_run "$kernel" "$output" measure.sh "$cpu" "$count" "$seed" "$senders" auto "${instruments[@]}"
if grep -q 'rig\.accel=tcg' "$output/about" && [[ " ${instruments[*]} " == *" tlbnoise "* ]]; then
	emulators_view
fi
status=0
python3 "$here/judge.py" ${tap:+--tap} "$output" || status=$?
printf 'Logs and documents: %s\n' "$output" >&2
exit $status
