#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel TLB flushes in a document against an independent count by trace-cmd.

trace-cmd records the whole run, which is its command, in an instance and a buffer of its own. What it saw between the
two ticks of a window must be what the document says of that round, to the last event.
"""
import json
import os
import re
import shutil
import subprocess

import live

TRIES = 3
NAME = f'tn-test-{os.getpid()}'
INSTANCE = f'{live.TRACING}/instances/{NAME}'
FLUSH = ('do_flush_tlb_all', 'do_kernel_range_flush')
EVENT = re.compile(r'\[(\d+)\]\s*(\d+):\s+csd_function_entry:\s+func=(\S+?),')


def remove_instance():
    live.wait_for(lambda: live.removed(INSTANCE), f'{INSTANCE} is removed')


def overruns(data):
    """What the kernel's buffers and trace-cmd's files say was lost, as text; empty is good."""
    lost = [f'CPU {n}: {line}' for n in range(os.cpu_count())
            for line in live.read(f'{INSTANCE}/per_cpu/cpu{n}/stats').splitlines()
            if re.fullmatch(r'(overrun|commit overrun|dropped events): [1-9]\d*', line)]
    return lost + re.findall(r'.*(?:LOST|events lost|EVENTS DROPPED).*', data)


def record(folder):
    """A run under trace-cmd: its document, all events as (cpu, ticks, function), what was lost."""
    document, data = f'{folder}/run.json', f'{folder}/trace.dat'
    p = subprocess.run(
        ['trace-cmd', 'record', '-d', '--no-filter', '-B', NAME, '-b', '8192', '-C', 'x86-tsc', '-e',
         'csd:csd_function_entry', '-o', data, live.TLBNOISE, 'run', *live.STORM, '-o', 'scenario.duration=2s', '-o',
         'scenario.rounds=2', '-o', 'scenario.warmup=200ms', '--quiet', '--output', document],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=live.LONG, check=False)
    said = p.stdout.decode(errors='replace')
    report = subprocess.run(['trace-cmd', 'report', '-t', '-i', data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=live.LONG, check=False).stdout.decode(errors='replace')
    lost = overruns(said + report)
    remove_instance()
    if not os.path.exists(document):
        raise AssertionError(f'no document: {said[-800:]}')
    with open(document, encoding='utf-8') as f:
        return json.load(f), [(int(m[1]), int(m[2]), m[3]) for m in EVENT.finditer(report)], lost


def compare(t, doc, events):
    total = 0
    for cpu in doc['cpus']:
        opened, closed = live.window(cpu)
        counted = sum(1 for c, ticks, function in events
                      if c == cpu['cpu'] and function in FLUSH and opened <= ticks <= closed)
        t.equal(f'round {cpu["round"]}: document and trace-cmd count {counted} kernel TLB flushes',
                cpu['by_class']['kernel-tlb-flush']['entries'], counted)
        total += counted
    t.ok('there was something to count', total > 0)
    first, last = min(e[1] for e in events), max(e[1] for e in events)
    windows = [x for cpu in doc['cpus'] for x in live.window(cpu)]
    t.ok('trace-cmd saw the time before and after the windows', first < min(windows) and max(windows) < last,
         (first, windows, last))
    outside = sum(1 for c, ticks, function in events if c == live.CPU and function in FLUSH) - total
    t.ok(f'flushes outside the windows ({outside}) are not counted', outside > 0)


def test(t, folder):
    if not shutil.which('trace-cmd'):
        live.skip('trace-cmd is not installed')
    try:
        for attempt in range(TRIES):
            doc, events, lost = record(folder)
            lost += [f'{k}: {v}' for k, v in doc['lost'].items() if v]
            if not lost:
                break
            print(f'# attempt {attempt + 1}: events were lost, no comparison: {lost[:3]}')
            os.remove(f'{folder}/run.json')
        if t.ok('nothing was lost on either side', not lost, lost):
            compare(t, doc, events)
    finally:
        remove_instance()


live.main(test)
