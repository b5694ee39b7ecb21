# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# Sourced by run.sh here and in bench/peers, after bench/setup.sh: reads their options, gets scripts and the injector to
# the machine that is measured, and what they found back.

accuracy_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What both of them can be told. Without INSTRUMENT the caller has set what it takes.
kernel=stock native='' cpu='' output='' instruments=()

# For rig boot, in addition.
boot_options=()

# target_options NAMES NUMBERS FLAGS ARG...: sets a variable for each option that is given, named like it, and
# instruments. Besides --kernel, --cpu, --output and --native there are those with a value in NAMES, those with a
# number in NUMBERS, and those without either in FLAGS.
target_options() {
	local values=" --kernel --output $1 " numbers=" --cpu $2 " flags=" --native $3 " chosen=()
	shift 3
	while [ $# -gt 0 ]; do
		case $1 in
		--help | -h) usage && exit 0 ;;
		-*)
			if [[ $flags == *" $1 "* ]]; then
				printf -v "${1#--}" yes
			else
				[[ $values$numbers == *" $1 "* ]] || die "unknown option '$1': see --help"
				[ $# -ge 2 ] || die "$1 wants a value: see --help"
				[[ $values == *" $1 "* || $2 =~ ^[0-9]+$ ]] || die "$1: '$2' is not a number"
				printf -v "${1#--}" '%s' "$2"
				shift
			fi
			;;
		*) chosen+=("$1") ;;
		esac
		shift
	done
	[ ${#chosen[@]} -eq 0 ] || instruments=("${chosen[@]}")
	[ -z "$native" ] || kernel=native
}

# target_choose NAME: after the options: whether the machine can be measured, and what was left open of CPU and output.
target_choose() {
	if [ "$kernel" = native ]; then
		[ -c /dev/tlbnoise-churn ] || die "no /dev/tlbnoise-churn: load the module tlbnoise_churn, see kernel/churn"
		command -v tlbnoise >/dev/null || die "no tlbnoise in PATH: install it, or add its build folder to PATH"
		cpu=${cpu:-$(($(nproc --all) - 1))}
	else
		cpu=${cpu:-2}
	fi
	output=$(realpath -m "${output:-$(mktemp -d "/tmp/tlbnoise-$1-XXXXXX")}")
}

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
		"$top/bench/rig/rig" boot "$kernel" --alone "$cpu" --timeout 1800 "${boot_options[@]}" "${with[@]}" -- \
			sh -c 'mkdir /tmp/bench && cd /tmp/bench && "$@" >&2 && tar czf - .' sh "$script" . "$@" |
			tar xzf - -C "$folder"
	fi
	rm -r "${folder:?}/bin"
}
