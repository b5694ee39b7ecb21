#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Isolation at run time on this machine's cpuset hierarchy: what a run changes, what it puts back, and what it refuses.

tests/rig/isolate.sh does the same with partitions of cgroup v2.
"""
import contextlib
import os

import live
import machine

LEGACY = machine.LEGACY
OTHER = f'{LEGACY}/tn-test.{os.getpid()}'
ON_CPU = ['-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=300ms']
ISOLATE = [*ON_CPU, '--isolate', '--json']
DEFAULT_IRQS = '/proc/irq/default_smp_affinity'


def put(path, text):
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)


def make_other(name, cpus):
    """A cpuset of somebody else's."""
    os.mkdir(name)
    put(f'{name}/cpuset.cpus', cpus)
    put(f'{name}/cpuset.mems', live.read(f'{LEGACY}/cpuset.mems').strip())


def isolated(folder, *args):
    """A run in the background, with its probe started."""
    cli = live.Background(folder, live.TLBNOISE, 'run', 'quiet', *ISOLATE, '-o', 'scenario.rounds=4', *args)
    live.wait_for(lambda: live.marked('tlbnoise-probe') or not cli.alive(), 'there is a probe')
    if not cli.alive():
        raise AssertionError(f'the run ended: {cli.err()}')
    return cli


def effects(document, what):
    return [e for e in document['side_effects'] if e['what'] == what]


def findings(document):
    return {f['id']: f['text'] for f in document['findings']}


def during(t, place):
    """While the probe runs."""
    probe = live.marked('tlbnoise-probe')[0]
    cpuset = live.read(f'/proc/{probe}/cpuset').strip()
    t.ok('the probe is in the isolated cpuset', cpuset.endswith('.isolated'), cpuset)
    t.equal('which is not balanced', (live.read(f'{LEGACY}{cpuset}/cpuset.sched_load_balance').strip(),
                                      live.read(f'{LEGACY}/cpuset.sched_load_balance').strip()), ('0', '0'))
    lists = [cpus for cpus, _ in place.witnesses.look()]
    t.ok('no witness may run there, not even the one that was bound to it', all(str(live.CPU) not in cpus.split('-')
                                                                                for cpus in lists), lists)
    t.ok('new interrupt lines will not come there', not int(live.read(DEFAULT_IRQS), 16) & 1 << live.CPU)
    t.equal('another cpuset has lost it', live.read(f'{OTHER}/cpuset.cpus').strip(),
            f'0-{live.CPU - 1}'.replace('0-0', '0'))


def document(t, doc):
    t.ok('every change is in the document, and undone', all(e['undone'] for e in doc['side_effects']),
         [e for e in doc['side_effects'] if not e['undone']])
    t.equal('two cpusets', len(effects(doc, 'cpuset')), 2)
    before = effects(doc, 'cpuset-cpus')
    t.equal('the other cpuset, with its value before', [(e['target'], e['before']) for e in before],
            [(f'{OTHER}/cpuset.cpus', f'0-{live.CPU}')])
    t.ok('interrupt lines', all(str(live.CPU) in e['before'] and str(live.CPU) not in e['during']
                                for e in effects(doc, 'irq-affinity')), effects(doc, 'irq-affinity'))
    found = findings(doc)
    t.ok('who cannot be moved is counted and named', found.get('kernel-threads-not-moved', '').split()[0].isdigit() and
         'kthreadd' in found['kernel-threads-not-moved'], found)
    t.ok('the CPU counts as isolated', all(c['isolated'] for c in doc['cpus']) and 'cpu-not-isolated' not in found)
    refused = {e['target'].split('/')[3] for e in effects(doc, 'irq-affinity')}
    stay = [line for line in os.listdir('/proc/irq') if line.isdigit() and line not in refused and
            str(live.CPU) in live.read(f'/proc/irq/{line}/smp_affinity_list').strip().split('-')]
    t.ok('interrupt lines that stay are named', all(line in found.get('irqs-not-moved', '') for line in stay),
         (stay, found.get('irqs-not-moved')))


def works(t, folder, place):
    make_other(OTHER, f'0-{live.CPU}')
    cli = isolated(folder)
    during(t, place)
    second = live.tlbnoise('run', 'quiet', *ISOLATE)
    t.ok('a second run that isolates the CPU is refused', second.status == 2 and 'is being probed by another run' in second.err,
         second)
    r = cli.end()
    t.equal('the run works', r.status, 0)
    document(t, r.json())
    t.equal('the other cpuset has all its CPUs again', live.read(f'{OTHER}/cpuset.cpus').strip(), f'0-{live.CPU}')
    os.rmdir(OTHER)
    t.equal('the machine is as before', place.differs(), [])


def later_change_wins(t, folder):
    before = live.read(DEFAULT_IRQS).strip()
    cli = isolated(folder)
    mine = f'{1 << live.CPU:x}'.rjust(len(before), '0')
    put(DEFAULT_IRQS, mine)
    r = cli.end()
    now = live.read(DEFAULT_IRQS).strip()
    put(DEFAULT_IRQS, before)
    t.equal('what somebody else changes in the run stays', now, mine)
    text = findings(r.json()).get('changed-meanwhile', '')
    t.ok('and the document says so', DEFAULT_IRQS in text and 'left as it is' in text, text)
    t.equal('and that it was not undone', [e['target'] for e in r.json()['side_effects'] if not e['undone']],
            [DEFAULT_IRQS])
    t.ok('and the log', 'left as it is' in r.err, r.err)


def refused(t, what, *args, status=2):
    r = live.tlbnoise('run', 'quiet', *ON_CPU, *args)
    t.ok(f'refused: {what}', r.status == status and len(r.lines()) == 1 and what in r.err, r)


def refusals(t, place):
    refused(t, f'isolate.cpus: CPU {live.CPU} is probed and not among them', '-o', 'isolate.what=irqs', '-o',
            'isolate.cpus=0')
    refused(t, 'leaves no housekeeping CPU', '-o', 'isolate.what=irqs', '-o', f'isolate.cpus=0-{live.CPU}')
    refused(t, 'isolate.cpus: CPU 4000 is not online here', '-o', 'isolate.what=irqs', '-o',
            f'isolate.cpus={live.CPU},4000')
    refused(t, 'oslat and cyclictest keep a thread', '--isolate', '-o', 'probe.kind=spin oslat')
    make_other(OTHER, str(live.CPU))
    refused(t, f'the cpuset {OTHER} has no CPU but {live.CPU}', '--isolate')
    os.rmdir(OTHER)
    t.equal('nothing was changed', place.differs(), [])


def test(t, folder):
    if not os.path.exists(f'{LEGACY}/cpuset.cpus'):
        live.skip(f'no legacy cpuset hierarchy at {LEGACY}; tests/rig/isolate.sh tests cgroup v2')
    place = machine.Machine()
    try:
        works(t, folder, place)
        later_change_wins(t, folder)
        refusals(t, place)
    finally:
        for process in live.marked():
            with contextlib.suppress(OSError):
                os.kill(process, 9)
        live.wait_for(lambda: not live.marked(), 'all are gone')
        if place.differs():  # whatever has gone wrong: the journal is in this test's own folder
            live.tlbnoise('run', 'quiet', *ON_CPU)
        with contextlib.suppress(OSError):
            os.rmdir(OTHER)
        place.witnesses.end()


live.main(test)
