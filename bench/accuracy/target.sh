# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Sourced by run.sh here and in bench/peers, after bench/setup.sh: gets scripts and the injector to the machine that is
# measured, and what they found back.

accuracy_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# target_prepare FOLDER SCRIPT...: FOLDER/bin gets all that is needed there.
target_prepare() {
	local bin=$1/bin
	shift
	mkdir -p "$bin"
	cc -O2 -I "$top" -o "$bin/bench-inject" "$accuracy_dir/inject.c" ||
		die "could not compile $accuracy_dir/inject.c"
	cp "$accuracy_dir/instruments.sh" "$@" "$bin/"
}

# target_run KERNEL FOLDER SCRIPT ARG...: runs SCRIPT with a folder and ARG..., and leaves what it puts there in
# FOLDER; in the rig, or with KERNEL "native" on this machine. Results come out of a guest through standard output.
# shellcheck disable=SC2016
target_run() {
	local kernel=$1 folder=$2 script=$3 file with=()
	shift 3
	if [ "$kernel" = native ]; then
		PATH=$folder/bin:$PATH "$script" "$folder" "$@"
	else
		for file in "$folder/bin/"*; do with+=(--with "$file"); done
		"$top/bench/rig/rig" boot "$kernel" --timeout 1800 "${with[@]}" -- \
			sh -c 'mkdir /tmp/bench && cd /tmp/bench && "$@" >&2 && tar czf - .' sh "$script" . "$@" |
			tar xzf - -C "$folder"
	fi
	rm -r "${folder:?}/bin"
}

# target_native: whether this machine can be measured.
target_native() {
	[ -c /dev/tlbnoise-churn ] || die "no /dev/tlbnoise-churn: load the module tlbnoise_churn, see kernel/churn"
	command -v tlbnoise >/dev/null || die "no tlbnoise in PATH: install it, or add its build folder to PATH"
}
