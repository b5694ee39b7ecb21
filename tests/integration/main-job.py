#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job: from vmalloc-storm to a document that names function, sender and culprit."""
import json
import math
import re

import live

SECONDS, ROUNDS = 3, 2
FLUSH = ('do_flush_tlb_all', 'do_kernel_range_flush')


def check_streams(t, r):
    t.ok('status tells complete from incomplete', r.status in (0, 2), r)
    decoder = json.JSONDecoder()
    doc, end = decoder.raw_decode(r.out)
    t.equal('stdout is one JSON document and nothing else', r.out[end:].strip(), '')
    t.equal('schema', doc['schema'], 'tlbnoise.run/1')
    if doc['state'] == 'complete':
        t.equal('complete: status 0, nothing on stderr', (r.status, r.err), (0, ''))
    else:
        t.equal('overloaded: incomplete, status 2', (doc['state'], r.status), ('incomplete', 2))
        t.ok('overloaded: the reason is told', doc['state_reason'] and sum(doc['lost'].values()) > 0, doc['lost'])
        t.ok('overloaded: and repeated in one line', len(r.lines()) == 1 and doc['state_reason'] in r.err, r.err)
    return doc


def check_cause(t, doc):
    flush = [c for c in doc['causes'] if c['class'] == 'kernel-tlb-flush']
    named = [c for c in flush if c['function'] in FLUSH]
    t.ok('kernel TLB flushes were seen', sum(c['entries'] for c in flush) > 0, flush)
    t.equal('each has a function that flushes', named, flush)
    sent = [c for c in flush if c['culprit'] == '__purge_vmap_area_lazy']
    t.ok('culprit __purge_vmap_area_lazy', sent and sum(c['entries'] for c in sent) > 0, flush)
    for c in sent:
        t.ok(f'sender of {c["entries"]} flushes: task {c["sender_comm"]!r} on CPU {c["sender_cpus"]}',
             c['sender_comm'] and re.fullmatch(r'[\d,-]+', c['sender_cpus']), c)
        t.ok('stack leads through the culprit', any('__purge_vmap_area_lazy' in f for f in c['stack']), c['stack'])
    entries = [e for w in doc['worst'] for e in w['entries'] if e['class'] == 'kernel-tlb-flush']
    t.ok('single flushes name CPU and pid of their sender',
         not entries or any(e['sender_cpu'] >= 0 and e['sender_pid'] >= 0 for e in entries), entries[:3])


def ordered(p):
    # null: too few for that percentile
    values = [p[k] for k in ('p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max') if p[k] is not None]
    return len(values) >= 2 and p['max'] is not None and values == sorted(values)


def check_round(t, cpu, hz):
    where = f'round {cpu["round"]}'
    for name, c in cpu['by_class'].items():
        if c['entries'] != c['matched'] + c['too_short']:
            t.ok(f'{where}: conservation of {name}', False, c)
    t.ok(f'{where}: conservation in every class', len(cpu['by_class']) == 16, cpu['by_class'].keys())
    t.equal(f'{where}: each interruption has one class',
            sum(c['interruptions'] for c in cpu['by_class'].values()), cpu['interruptions']['count'])
    t.equal(f'{where}: probe where it was asked for', (cpu['cpu'], cpu['ran_on']), (live.CPU, live.CPU))
    opened, closed = live.window(cpu)
    t.ok(f'{where}: window as long as asked, or longer by its last quantum or interruption',
         SECONDS <= (closed - opened) / hz <= SECONDS + 0.01 + cpu['interruptions']['max_ns'] / 1e9,
         (closed - opened) / hz)
    t.ok(f'{where}: percentiles of interruptions ordered', ordered(cpu['interruptions']['percentiles_ns']))
    t.ok(f'{where}: percentiles of jitter ordered', ordered(cpu['jitter']['percentiles_ns']))
    busy = cpu['quanta'] * cpu['quantum_base_ticks']
    t.ok(f'{where}: quanta and stolen time fill the window',
         0.9 < (busy + cpu['stolen_ticks']) / (closed - opened) < 1.1,
         (cpu['quanta'], cpu['quantum_base_ticks'], cpu['stolen_ticks'], closed - opened))
    t.equal(f'{where}: no fault of the probe', (cpu['minor_faults'], cpu['major_faults']), (0, 0))


def check_document(t, doc):
    check_cause(t, doc)
    t.equal('rounds', (doc['scenario']['rounds_done'], [c['round'] for c in doc['cpus']]),
            (ROUNDS, list(range(ROUNDS))))
    for cpu in doc['cpus']:
        check_round(t, cpu, doc['clock']['hz'])
    count = sum(c['interruptions']['count'] for c in doc['cpus'])
    t.equal('raw records: document, header and size', (doc['raw']['records'], *live.raw_records(doc['raw']['file'])),
            (count - doc['lost']['ring'], doc['raw']['records'], doc['raw']['records']))
    t.ok('worst are ordered', [w['length_ns'] for w in doc['worst']] ==
         sorted((w['length_ns'] for w in doc['worst']), reverse=True))
    t.ok('side effects are listed and undone',
         {e['what'] for e in doc['side_effects']} >= {'tracefs-instance', 'affinity', 'cpu-busy'} and
         all(e['undone'] for e in doc['side_effects']), doc['side_effects'])
    churn = doc['churn']
    t.ok('churn did work in each round', len(churn) == ROUNDS and all(c['operations'] > 0 for c in churn), churn)
    t.ok('not isolated is told', any(f['id'] == 'cpu-not-isolated' for f in doc['findings']) or
         doc['cpus'][0]['isolated'])


def same(a, b):
    """Documents by value: figures that are computed anew may differ in their last bits."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return math.isclose(a, b, rel_tol=1e-9) if isinstance(a, (int, float)) else a == b


def check_show(t, doc, path):
    r = live.tlbnoise('show', path)
    t.equal('show: status and stderr', (r.status, r.err), (0, ''))
    for word in ('kernel-tlb-flush', '__purge_vmap_area_lazy', 'vmalloc-storm'):
        t.ok(f'show: the report has {word}', word in r.out, r.out[:400])
    r = live.tlbnoise('show', path, '--json')
    t.ok('show --json gives the file again', same(r.json(), doc))


def test(t, folder):
    path = f'{folder}/out.json'
    r = live.tlbnoise('run', *live.STORM, '-o', f'scenario.duration={SECONDS}s', '-o', f'scenario.rounds={ROUNDS}',
                      '--json', '--output', path)
    doc = check_streams(t, r)
    check_document(t, doc)
    with open(path, encoding='utf-8') as f:
        saved = json.load(f)
    t.ok('--output is the same document, with its own copy of the records', same({**saved, 'raw': doc['raw']}, doc))
    t.equal('and the copy is whole', live.raw_records(f'{folder}/{saved["raw"]["file"]}')[0], doc['raw']['records'])
    r = live.tlbnoise('show', doc['id'], '--json')
    t.ok('the daemon stored the same', r.status == 0 and same(r.json(), doc), r)
    t.equal('with its records', live.raw_records(doc['raw']['file'])[0], doc['raw']['records'])
    check_show(t, saved, path)
    t.equal('no process and no instance is left', (live.marked(), live.instances()), ([], []))


live.main(test)
