#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Levels of attribution that a scenario asks for: each document says which one it has, and claims no more."""
import os

import live

SHORT = [*live.STORM, '-o', 'scenario.duration=1s', '-o', 'scenario.rounds=1', '--json']


def classes(doc, figure):
    return {name for cpu in doc['cpus'] for name, c in cpu['by_class'].items() if c[figure]}


def common(t, level, r):
    """What a document has at every level."""
    doc = r.json()
    t.ok(f'{level}: a document', r.status in (0, 2) and doc['state'] in ('complete', 'incomplete'), r)
    t.equal(f'{level}: it says its level', doc['trace']['level'], level)
    t.ok(f'{level}: and why', 'asked for by the scenario' in doc['trace']['level_reason'], doc['trace'])
    t.equal(f'{level}: a finding says what that means',
            len([f for f in doc['findings'] if f['id'] == 'trace-level' and level in f['text']]), 1)
    t.ok(f'{level}: interruptions were measured', doc['cpus'][0]['interruptions']['count'] > 0)
    t.equal(f'{level}: and recorded', doc['raw']['records'],
            sum(c['interruptions']['count'] - c['ring_lost'] for c in doc['cpus']))
    t.equal(f'{level}: conservation', [c for cpu in doc['cpus'] for c in cpu['by_class'].values()
                                       if c['entries'] != c['matched'] + c['too_short']], [])
    report = show(t, level, r.out)
    t.ok(f'{level}: the report says the level', level in report, report[:600])
    return doc


def show(t, level, text):
    path = f'{live.RESULTS}/level.json'
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    r = live.tlbnoise('show', path)
    os.remove(path)
    t.equal(f'{level}: show prints it', (r.status, r.err), (0, ''))
    return r.out


def entry(t):
    doc = common(t, 'entry', live.tlbnoise('run', *SHORT, '-o', 'trace.level=entry'))
    t.ok('entry: vectors are known', 'tick' in classes(doc, 'entries'), classes(doc, 'entries'))
    flush = [c for c in doc['causes'] if c['sender_comm'] or c['culprit'] or c['stack']]
    t.equal('entry: no sender and no culprit is claimed', flush, [])
    made = [e['target'] for e in doc['side_effects'] if e['what'] == 'tracefs-instance']
    t.equal('entry: one trace instance, nothing records senders', len(made), 1)


def blind(t, level):
    doc = common(t, level, live.tlbnoise('run', *SHORT, '-o', f'trace.level={level}'))
    t.equal(f'{level}: no class is claimed', (classes(doc, 'entries'), classes(doc, 'interruptions')), (set(), set()))
    t.equal(f'{level}: causes and worst are not attributed',
            {x['class'] for x in doc['causes'] + doc['worst']} - {'not-attributed'}, set())
    t.ok(f'{level}: no trace instance was made', not any(e['what'] == 'tracefs-instance' for e in doc['side_effects']),
         doc['side_effects'])
    counted = sum(c['delta'] for cpu in doc['cpus'] for c in cpu['counters'])
    if level == 'counters':
        names = {c['name'] for cpu in doc['cpus'] for c in cpu['counters']}
        t.ok('counters: the kernel counted the tick and flushes', counted and names & {'LOC', 'TLB', 'CAL'}, names)


def test(t, _folder):
    entry(t)
    blind(t, 'counters')
    blind(t, 'none')
    t.equal('nobody and no instance is left', (live.marked(), live.instances()), ([], []))


live.main(test)
