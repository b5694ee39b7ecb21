#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Isolation at run time with cgroup v2, in guests: one booted with isolated CPUs, and one without. What a run isolates,
# and that everything is as before when it is over, also after kill -9 of the daemon and the next start.
# shellcheck source=tests/rig/lib.sh
. "$(dirname "$0")/lib.sh"
cat >"$scratch/isolating" <<'SH'
#!/bin/sh
# In the guest. Prints "@NAME", and then what there is to see.
state() {
	cat /sys/fs/cgroup/cgroup.subtree_control /sys/fs/cgroup/cpuset.cpus.isolated
	find /sys/fs/cgroup -mindepth 1 -type d
	grep -H . /proc/irq/[0-9]*/smp_affinity_list /proc/irq/default_smp_affinity /sys/devices/virtual/workqueue/cpumask
	for pid in $witnesses; do taskset -cp "$pid" | sed 's/.*: //'; done
	ls /sys/kernel/tracing/instances
}

# A file of the partition, or "none".
partition() {
	cat /sys/fs/cgroup/tlbnoise.*/"$1" 2>/dev/null || echo none
}

start() {
	tlbnoise run quiet -o probe.cpus=2 -o isolate.what=all -o scenario.duration=500ms --json --quiet "$@" \
		>/tmp/document 2>/tmp/said &
	run=$!
	until [ -n "$(pidof tlbnoise-probe)" ] || ! kill -0 $run 2>/dev/null; do sleep 0.1; done
}

finish() {
	wait $run
	echo "$1 $?"
	cat /tmp/document
	cat /tmp/said
}

witnesses=
for cpus in 0-3 0 2 2-3; do
	taskset -c $cpus sleep 10000 &
	witnesses="$witnesses $!"
done
sleep 0.5
echo @before
state

start -o isolate.cpus=2-3 -o scenario.rounds=3
echo @during
partition cpuset.cpus.partition
partition cpuset.cpus.effective
cut -d : -f 3 "/proc/$(pidof -s tlbnoise-probe)/cgroup" | cut -d . -f 1
for pid in $witnesses; do taskset -cp "$pid" | sed 's/.*: //'; done
cat /proc/irq/default_smp_affinity /sys/devices/virtual/workqueue/cpumask
finish @document
echo @after
state

start -o scenario.rounds=100
kill -9 "$(pidof tlbnoised)"
wait $run
echo "@killed $?"
until [ -z "$(pidof tlbnoise-probe)" ]; do sleep 0.1; done
partition cpuset.cpus.partition
start -o isolate.what=none -o scenario.rounds=1
finish @next
echo @recovered
state

start -o scenario.rounds=3
echo 1 >/proc/irq/default_smp_affinity
echo 6 >/proc/irq/default_smp_affinity
finish @changed
cat /proc/irq/default_smp_affinity

tlbnoised --socket /tmp/service &
service=$!
until [ -S /tmp/service ]; do sleep 0.1; done
echo @reloaded
was=$(taskset -cp $service)
echo "$was"
start --socket /tmp/service -o isolate.cpus=2-3 -o scenario.rounds=3
kill -HUP $service
wait $run
echo $?
waited=0
until [ "$(taskset -cp $service)" = "$was" ] || [ $waited -eq 100 ]; do sleep 0.1 && waited=$((waited + 1)); done
taskset -cp $service
kill $service

echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/other
echo 2-3 >/sys/fs/cgroup/other/cpuset.cpus
echo isolated >/sys/fs/cgroup/other/cpuset.cpus.partition
start -o scenario.rounds=1
finish @refused
cat /sys/fs/cgroup/other/cpuset.cpus.partition
find /sys/fs/cgroup -mindepth 1 -type d
exit 0
SH
chmod 755 "$scratch/isolating"

# judge NAME LOG: a line for each thing looked at.
judge() {
	python3 - "$1" "$2" <<'PY'
import json
import sys

name, log = sys.argv[1:]
plain = name.endswith("plain")  # without CPUs that are isolated since boot, which get no partition
parts, key = {}, None
for line in open(log, errors="replace").read().splitlines():
    if line.startswith("@"):
        key, _, status = line[1:].partition(" ")
        parts[key] = [status]
    elif key:
        parts[key].append(line)


def report(fine, what, detail=""):
    print(f"{'ok' if fine else 'not ok'} isolate {name}: {what}" + ("" if fine else f" ({str(detail)[:1500]})"))


def document(key):
    """Status and document; the lines behind it are what was said."""
    text = "\n".join(parts[key][1:])
    try:
        doc, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return parts[key][0], {}, text
    return parts[key][0], doc, text[end:].strip()


def same(one, other):
    return sorted(set(parts[one][1:]) ^ set(parts[other][1:]))


partition, effective, cgroup, *witnesses, irqs, works = parts["during"][1:]
report(partition == ("isolated" if plain else "none"), "there is a valid partition, if need be", partition)
report(effective == ("2-3" if plain else "none"), "with the CPUs asked for, one of them empty", effective)
report(cgroup == ("/tlbnoise" if plain else "/"), "the probe is in it", cgroup)
report(witnesses[:2] in (["0,1", "0"], ["0-1", "0"]) and not set("".join(witnesses[2:])) & set("23"),
       "tasks were moved off it, also those that were bound to it", witnesses)
report(int(irqs, 16) & 0xc == 0 and int(works, 16) & 0xc == 0, "so were new interrupts, and unbound work", (irqs, works))
status, doc, said = document("document")
report(status == "0" and {c["cpu"] for c in doc["cpus"]} == {2} and all(c["isolated"] for c in doc["cpus"]),
       "the run works, on a CPU that counts as isolated", (status, said))
what = {e["what"] for e in doc["side_effects"]}
report(({"cpuset-partition", "cgroup-controller", "tasks"} if plain else {"tasks"}) <= what and all(e["undone"] for e in doc["side_effects"]),
       "each change is in the document, and undone", doc["side_effects"])
findings = {f["id"]: f["text"] for f in doc["findings"]}
report("cannot be moved off CPU 2-3: " in findings.get("kernel-threads-not-moved", "") and "isolation-lost" not in findings and
       "tasks-not-moved" not in findings and "cpu-not-isolated" not in findings, "who cannot be moved is named", findings)
report(not same("before", "after"), "everything is as before", same("before", "after"))
report(parts["killed"] == ["2", "isolated" if plain else "none"], "kill -9 of the daemon leaves it", parts["killed"])
status, doc, said = document("next")
report(status == "0" and ("removed cpuset" if plain else "restored affinity") in said, "the next run works, and says what it removed", (status, said))
report(not same("before", "recovered"), "and everything is as before", same("before", "recovered"))
if not plain:  # there, new interrupts keep to CPU 0 without us
    sys.exit(0)
status, doc, said = document("changed")
kept = [f["text"] for f in doc["findings"] if f["id"] == "changed-meanwhile"]
report(status == "0" and len(kept) == 1 and parts["changed"][-1].strip("0") == "6" and
       "/proc/irq/default_smp_affinity: '6' now" in kept[0], "what somebody else has changed stays, and is said",
       (kept, parts["changed"][-2:]))
was, *more = parts["reloaded"][1:]
report(more[-2:] == ["0", was] and was.endswith("0-3"), "a reload in a run does not narrow the service's CPUs", more)
status, doc, said = document("refused")
report(status == "2" and "CPU 2 is in another isolated partition" in said and
       parts["refused"][-2:] == ["isolated", "/sys/fs/cgroup/other"],
       "CPUs of another partition are refused, and it stays valid", parts["refused"])
PY
}

for boot in isolated plain; do
	wanted stock || continue
	status=0
	[ $boot = plain ] && export TN_RIG_ISOLATED=no
	"$rig" boot stock --with "$scratch/isolating" -- isolating >"$scratch/log" 2>&1 || status=$?
	verdict "isolate in a guest booted $boot: no complaint" "$scratch/log" [ $status -eq 0 ]
	judge "in a guest booted $boot" "$scratch/log" >"$scratch/lines" 2>&1 || not_ok "isolate: judged" "$scratch/lines"
	cat "$scratch/lines"
	failures=$((failures + $(grep -c '^not ok' "$scratch/lines" || true)))
done
