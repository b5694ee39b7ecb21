#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tlbnoise check in guests: as the rig boots them, with everything set right, and with one deliberate fault after the
# other. Each fault has to be found, and nothing else may be said to be wrong. Faults that no emulated machine can have
# (governor, idle states, an unstable TSC, ...) are found in made trees: tests/unit/check.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
cat >"$scratch/faults" <<'SH'
#!/bin/sh
# In the guest. Prints "@NAME ID" and the findings as JSON, for each state of the machine.
say() {
	echo "@$1 $2"
	tlbnoise check --json
	echo "@status $?"
}

put() {
	[ ! -w "$2" ] || echo "$1" >"$2"
}

threads() {
	for dir in /proc/[0-9]*; do
		[ "$(cat "$dir/comm")" != "$1" ] || taskset -cp "$2" "${dir#/proc/}"
	done
} >/dev/null 2>&1

# What check asks for, as far as a running guest can have it.
set_right() {
	put madvise /sys/kernel/mm/transparent_hugepage/enabled
	put 0 /proc/sys/vm/compaction_proactiveness
	put 0 /sys/module/kfence/parameters/sample_interval
	put 10 /proc/sys/vm/stat_interval
	put 1 /sys/devices/system/machinecheck/machinecheck0/ignore_ce
	put 0 /proc/sys/kernel/numa_balancing
	put 0 /proc/sys/kernel/kptr_restrict
	put full /sys/kernel/debug/sched/preempt
	for name in kcompactd0 kswapd0; do threads $name 0; done
}

# fault ID FILE VALUE: there for one look, then as before.
fault() {
	[ -w "$2" ] || return
	before=$(head -n 1 "$2" | sed 's/.*\[\(.*\)\].*/\1/; s/.*(\(.*\)).*/\1/')
	if echo "$3" >"$2"; then
		say "fault" "$1"
		echo "$before" >"$2"
	else
		echo "@refused $1"
	fi
}

# command ID COMMAND...: a fault that is a program.
command_fault() {
	id=$1
	shift
	"$@" &
	until [ "$(cat /proc/$!/comm)" != faults ]; do :; done
	say "fault" "$id"
	kill $!
	wait $!
} 2>/dev/null

say booted -
set_right
say right -

# A line of virtio's: each access to a file of the host makes it fire, and move.
line=$(grep -l . /proc/irq/*/virtio*/../effective_affinity_list | tail -n 1 | sed 's,^/proc/irq/,,; s,/.*,,')
echo 2 >/proc/irq/$line/smp_affinity_list
say fault irq-affinity
echo 0 >/proc/irq/$line/smp_affinity_list

fault irq-default-affinity /proc/irq/default_smp_affinity f
fault workqueue-mask,workqueue-masks /sys/devices/virtual/workqueue/cpumask f
fault huge-pages /sys/kernel/mm/transparent_hugepage/enabled always
fault compaction /proc/sys/vm/compaction_proactiveness 20
fault timer-migration /proc/sys/kernel/timer_migration 0
fault rcu-expedited /sys/kernel/rcu_expedited 1
fault bpf-stats /proc/sys/kernel/bpf_stats_enabled 1
fault symbols /proc/sys/kernel/kptr_restrict 2
fault mce-polling /sys/devices/system/machinecheck/machinecheck1/ignore_ce 0
fault preemption /sys/kernel/debug/sched/preempt none
fault rps /sys/class/net/lo/queues/rx-0/rps_cpus 4
fault rps-default /proc/sys/net/core/rps_default_mask e
fault other-tracers /sys/kernel/tracing/current_tracer function
! grep -q acpi_pm /sys/devices/system/clocksource/clocksource0/available_clocksource ||
	fault clocksource /sys/devices/system/clocksource/clocksource0/current_clocksource acpi_pm
fault soft-watchdog /proc/sys/kernel/watchdog_cpumask 0-3
fault sched-stats /proc/sys/kernel/sched_schedstats 1
fault ksm /sys/kernel/mm/ksm/run 1
fault kfence /sys/module/kfence/parameters/sample_interval 100
fault numa-balancing /proc/sys/kernel/numa_balancing 1
command_fault user-tasks taskset -c 0-3 sleep 600
cp "$(command -v sleep)" /tmp/turbostat
command_fault monitors /tmp/turbostat 600
threads kcompactd0 0-3
say fault kernel-threads
threads kcompactd0 0
threads rcuop/1 2
say fault rcu-affinity,kernel-threads
threads rcuop/1 0
if echo 'p:rig/check vfree' >/sys/kernel/tracing/kprobe_events 2>/dev/null; then
	echo 1 >/sys/kernel/tracing/events/rig/check/enable
	say fault kprobes,other-tracers
	echo 0 >/sys/kernel/tracing/events/rig/check/enable
	echo >/sys/kernel/tracing/kprobe_events
fi
# No CPU of the parent is left to it: the kernel takes the partition for invalid.
if echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control && mkdir /sys/fs/cgroup/rig; then
	echo 0-3 >/sys/fs/cgroup/rig/cpuset.cpus
	echo root >/sys/fs/cgroup/rig/cpuset.cpus.partition
	say fault cpuset-partitions
	rmdir /sys/fs/cgroup/rig
fi 2>/dev/null

# Interrupts of CPUs 1-3 so far, of all kinds.
interrupts() {
	awk 'NR > 1 { for (i = 3; i <= 5; i++) n += $i ~ /^[0-9]+$/ ? $i : 0 } END { print n }' /proc/interrupts
}

say right -
before=$(interrupts)
tlbnoise check >/dev/null
echo "@disturbed $(($(interrupts) - before))"
echo "@watch quiet"
tlbnoise check --watch 3s --json
echo "@status $?"
taskset -c 2 sh -c 'while :; do sleep 0.01; done' &
echo "@watch busy"
tlbnoise check --watch 3s --json
echo "@status $?"
kill $!
exit 0
SH
chmod 755 "$scratch/faults"

# judge KERNEL LOG: a line for each state.
judge() {
	python3 - "$1" "$2" <<'PY'
import json
import sys

kernel, log = sys.argv[1:]
# What is wrong with every guest, whatever is set: a hypervisor, and flushes by IPI unless the kernel defers them; an
# emulated processor does not promise a constant TSC; and the kernel refuses to take the fair server off isolated CPUs.
GUEST = {"bare-metal", "kernel-flush", "tsc-flags", "fair-server"}
# What the rig leaves as the kernel comes with it, and set_right() changes.
LEFT = {"huge-pages", "compaction", "kfence", "mce-polling", "kernel-threads", "numa-balancing",
        "symbols", "vm-stat-interval", "preemption"}

def bad_ids(doc):
    return {c["id"] for c in doc["checks"] if c["verdict"] in ("warning", "fail")}


def report(fine, what, detail=""):
    print(f"{'ok' if fine else 'not ok'} check on {kernel}: {what}" + ("" if fine else f" ({detail})"))


states, name, text, status = [], None, "", None
for line in open(log, errors="replace"):
    if line.startswith("@status "):
        states.append((*name, text, int(line.split()[1])))
    elif line.startswith("@disturbed "):
        report(int(line.split()[1]) == 0, "check interrupts no isolated CPU", line.strip())
    elif line.startswith("@"):
        name, text = line[1:].split(), ""
    else:
        text += line

found = 0
for kind, ids, text, status in states:
    doc = json.loads(text)
    bad, failed = bad_ids(doc), doc["summary"]["fail"]
    if kind == "booted":
        report(not failed and bad <= GUEST | LEFT and status == 0, "the guest as it boots is isolated",
               f"{sorted(bad - GUEST - LEFT)}, status {status}")
    elif kind == "right":
        report(bad <= GUEST and status == 0, "no alarm when everything is right", f"{sorted(bad - GUEST)}, {status}")
    elif kind == "fault":
        wanted = set(ids.split(","))
        found += bad - GUEST == wanted
        report(bad - GUEST == wanted and status == (1 if failed else 0), f"finds {ids} and nothing else",
               f"{sorted(bad - GUEST)}, status {status}")
    else:
        verdict = {c["cpu"]: c["verdict"] for c in doc["watch"]["cpus"]}
        busy = {cpu for cpu, v in verdict.items() if v == "fail"}
        fine = busy == ({2} if ids == "busy" else set()) and status == (1 if ids == "busy" else 0)
        report(fine, f"--watch of {'a busy CPU 2' if ids == 'busy' else 'quiet CPUs'}",
               json.dumps(doc["watch"]["cpus"]))
report(found >= 10, f"{found} faults found, 10 or more", "")
PY
}

# Debian's kernel has what the rig's own leave out: watchdogs, KSM, KFENCE, other clocksources.
for kernel in stock debian; do
	wanted "$kernel" || continue
	status=0
	"$rig" boot "$kernel" --with "$scratch/faults" -- faults >"$scratch/log" 2>&1 || status=$?
	verdict "check on $kernel: the guest has no complaint" "$scratch/log" [ $status -eq 0 ]
	judge "$kernel" "$scratch/log" >"$scratch/lines"
	cat "$scratch/lines"
	failures=$((failures + $(grep -c '^not ok' "$scratch/lines" || true)))
done
