#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Inside its window the probe makes no system call and takes no page fault, says the kernel.

A trace instance of the test's own records both events of processes called tlbnoise-probe. Outside the windows there
must be such events, or the test would prove nothing.
"""
import contextlib
import os
import re

import live

INSTANCE = f'{live.TRACING}/instances/tn-test-quiet-{os.getpid()}'
EVENTS = ('raw_syscalls/sys_enter', 'exceptions/page_fault_user', 'exceptions/page_fault_kernel')
LINE = re.compile(r'^\s*(.{1,16})-(\d+)\s+\[(\d+)\][^:]*\s(\d+): (\w+):')


def write(path, text):
    with open(f'{INSTANCE}/{path}', 'w', encoding='utf-8') as f:
        f.write(text)


@contextlib.contextmanager
def recording():
    """All CPUs, in ticks; enabled before anything of the run exists."""
    os.mkdir(INSTANCE)
    try:
        write('trace_clock', 'x86-tsc')
        write('buffer_size_kb', '4096')
        for event in EVENTS:
            write(f'events/{event}/filter', 'common_pid != 0 && comm == "tlbnoise-probe"')
            write(f'events/{event}/enable', '1')
        yield
    finally:
        with contextlib.suppress(OSError):
            write('events/enable', '0')
        live.wait_for(lambda: live.removed(INSTANCE), f'{INSTANCE} is removed')


def recorded():
    """(pid, cpu, ticks, event) of all, and what was overrun."""
    write('tracing_on', '0')
    stats = [live.read(f'{INSTANCE}/per_cpu/cpu{n}/stats') for n in range(os.cpu_count())]
    lost = sum(int(n) for s in stats for n in re.findall(r'(?:overrun|dropped events): (\d+)', s))
    lines = live.read(f'{INSTANCE}/trace').splitlines()
    events = [(int(m[2]), int(m[3]), int(m[4]), m[5]) for m in map(LINE.match, lines) if m]
    unread = [line for line in lines if line.strip() and not line.startswith('#') and not LINE.match(line)]
    return events, lost, unread


def judge(t, doc, events):
    for cpu in doc['cpus']:
        opened, closed = live.window(cpu)
        inside = [e for e in events if opened <= e[2] <= closed]
        t.equal(f'CPU {cpu["cpu"]}, round {cpu["round"]}: no system call and no fault in the window', inside, [])
        before = [e for e in events if e[1] == cpu['cpu'] and opened - doc['clock']['hz'] < e[2] < opened]
        after = [e for e in events if e[1] == cpu['cpu'] and closed < e[2] < closed + doc['clock']['hz']]
        t.ok(f'round {cpu["round"]}: but {len(before)} before it and {len(after)} after it', before and after)
    kinds = {e[3] for e in events}
    t.ok('both kinds of events were seen', 'sys_enter' in kinds and any('page_fault' in k for k in kinds), kinds)


def test(t, _folder):
    with recording():
        r = live.tlbnoise('run', *live.STORM, '-o', 'scenario.duration=2s', '-o', 'scenario.rounds=2', '--json')
        events, lost, unread = recorded()
    t.equal('the recording is whole', (lost, unread[:3]), (0, []))
    t.ok('the run gave a document', r.status in (0, 2) and r.out, r)
    doc = r.json()
    t.equal('rounds', doc['scenario']['rounds_done'], 2)
    judge(t, doc, events)


live.main(test)
