# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for tlbnoise. Verbs and options come from the program's own help, so that this file knows neither.

# _tlbnoise_words verbs | options [VERB]
_tlbnoise_words()
{
	local program=$1 what=$2 verb=$3 line

	"$program" help $verb 2>/dev/null | while IFS= read -r line; do
		case $what in
		verbs)
			[[ $line =~ ^\ \ ([a-z]+)\  ]] && printf '%s\n' "${BASH_REMATCH[1]}" ;;
		options)
			[[ $line =~ ^\ \ (-[a-z])?,?\ +(--[a-z-]+)\  ]] &&
				printf '%s\n' ${BASH_REMATCH[1]} "${BASH_REMATCH[2]}" ;;
		esac
	done
}

# The first word that is neither an option nor an option's value; then, behind it, the scenario of run.
_tlbnoise_operands()
{
	local i

	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--socket | --output | --store | --format | --table | --scenario | --kernel | --host | --state | --since | --until | --limit | --interval | --count | --worst | --smallest-effect | --confidence | --metric | --seed | --priority | --listen | --name | --cpus | --watch | --points | -o | --override)
			((i++)) ;;
		-*) ;;
		*)
			printf '%s\n' "${words[i]}" ;;
		esac
	done
}

# Runs of the history that have a result, the latest first.
_tlbnoise_runs()
{
	"$1" runs --limit 200 2>/dev/null | awk 'NR == 1 { next } !NF { exit } { print $1 }'
	printf '@latest\n@-1\n'
}

_tlbnoise_keys()
{
	local program=$1 scenario=$2 keys

	# without a scenario, or with one that does not parse: the keys with NAME for a churn section's name
	keys=$("$program" list --keys -- "$scenario" 2>/dev/null) || keys=$("$program" list --keys 2>/dev/null)
	printf '%s=\n' $keys
}

_tlbnoise()
{
	local cur prev words cword program=$1
	local -a operands
	local verb

	_init_completion -n = || return
	program=${program/#\~/$HOME}
	mapfile -t operands < <(_tlbnoise_operands)
	verb=${operands[0]}

	case $prev in
	--socket | --output)
		_filedir
		return ;;
	--store)
		_filedir -d
		return ;;
	--format)
		local formats='json csv jsonl perfetto hdr'

		[[ $verb != metrics ]] || formats='prometheus openmetrics'
		mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$cur")
		return ;;
	--table)
		mapfile -t COMPREPLY < <(compgen -W 'metrics causes interruptions' -- "$cur")
		return ;;
	--listen)
		mapfile -t COMPREPLY < <(compgen -W '127.0.0.1:8790 [::1]:8790' -- "$cur")
		return ;;
	--name)
		_known_hosts_real -- "$cur"
		return ;;
	--state)
		mapfile -t COMPREPLY < <(compgen -W 'running complete incomplete aborted' -- "$cur")
		return ;;
	--scenario)
		mapfile -t COMPREPLY < <(compgen -W "$("$program" list --names 2>/dev/null)" -- "$cur")
		return ;;
	--since | --until)
		mapfile -t COMPREPLY < <(compgen -W 'today yesterday now 12h 7d 30d' -- "$cur")
		return ;;
	--host)
		# of the verbs that talk to a host; the others take a pattern
		[[ $verb == runs ]] || _known_hosts_real -- "$cur"
		return ;;
	--kernel | --limit | --priority)
		return ;;
	-o | --override)
		if [[ $verb == export || $verb == report || $verb == metrics ]]; then
			_filedir
		elif [[ $verb == dashboard ]]; then
			_filedir -d
		elif [[ $cur != *=* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_tlbnoise_keys "$program" "${operands[1]}")" -- "$cur")
			compopt -o nospace
		fi
		return ;;
	--interval)
		mapfile -t COMPREPLY < <(compgen -W '100ms 500ms 1s 5s 60s' -- "$cur")
		return ;;
	--watch)
		mapfile -t COMPREPLY < <(compgen -W '1s 10s 1m 10m' -- "$cur")
		return ;;
	--cpus)
		mapfile -t COMPREPLY < <(compgen -W "$(cat /sys/devices/system/cpu/{isolated,online})" -- "$cur")
		return ;;
	--count | --worst | --smallest-effect | --confidence | --metric | --seed | --points)
		return ;;
	esac

	if [[ $cur == -* ]]; then
		if [[ -z $verb ]]; then
			COMPREPLY=($(compgen -W '--json --help --version --no-color --socket --host' -- "$cur"))
		else
			mapfile -t COMPREPLY < <(compgen -W "$(_tlbnoise_words "$program" options "$verb")" -- "$cur")
		fi
		return
	fi
	if [[ -z $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_tlbnoise_words "$program" verbs)" -- "$cur")
		return
	fi
	case $verb in
	export | import) ;;
	compare | report)
		[[ ${#operands[@]} -le 2 ]] || return ;;
	*)
		[[ ${#operands[@]} -eq 1 ]] || return ;;
	esac
	case $verb in
	run)
		mapfile -t COMPREPLY < <(compgen -W "$("$program" list --names 2>/dev/null)" -- "$cur")
		_filedir ini ;;
	list)
		[[ " ${words[*]} " == *' --keys '* ]] &&
			mapfile -t COMPREPLY < <(compgen -W "$("$program" list --names 2>/dev/null)" -- "$cur") ;;
	runs)
		mapfile -t COMPREPLY < <(compgen -W "$(_tlbnoise_runs "$program")" -- "$cur") ;;
	show | compare | report | export)
		mapfile -t COMPREPLY < <(compgen -W "$(_tlbnoise_runs "$program")" -- "$cur")
		_filedir json ;;
	import)
		_filedir json ;;
	help)
		mapfile -t COMPREPLY < <(compgen -W "$(_tlbnoise_words "$program" verbs)" -- "$cur") ;;
	esac
} && complete -F _tlbnoise tlbnoise
