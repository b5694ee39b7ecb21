# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes run documents (schema tlbnoise.run/1) with known figures, for tests of what reads them.

The clock ticks once a nanosecond. What varies from round to round is drawn with a given seed, so that a test always
sees the same documents.
"""
import json
import math
import os
import random

SECOND = 10 ** 9
SUB_BITS = 7
CLASSES = ['kernel-tlb-flush', 'user-tlb-flush', 'sync-core', 'reschedule', 'rcu', 'tick', 'timer', 'irq', 'softirq',
           'task-switch', 'fault', 'nmi', 'other-ipi', 'unexplained', 'page-table-flush', 'injected']
SCENARIO = '[scenario]\nduration = 10s\nrounds = 5\n[churn vmalloc]\n'


def bucket(value):
    if value < 2 << SUB_BITS:
        return value
    shift = value.bit_length() - 1 - SUB_BITS
    return (shift << SUB_BITS) + (value >> shift)


def histogram(values):
    """values: {ticks: count}"""
    buckets = {}
    for value, count in values.items():
        buckets[bucket(value)] = buckets.get(bucket(value), 0) + count
    return {'sub_bits': SUB_BITS, 'max_bits': 48, 'unit': 'ticks', 'count': sum(values.values()),
            'sum_ticks': sum(v * n for v, n in values.items()), 'min_ticks': min(values, default=None),
            'max_ticks': max(values, default=None), 'clipped': 0, 'buckets': [list(b) for b in sorted(buckets.items())]}


def poisson(rng, mean):
    """Exact for small means, by the normal distribution for large ones."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, n, p = math.exp(-mean), 0, rng.random()
    while p > limit:
        n, p = n + 1, p * rng.random()
    return n


def spread(rng, middle, width, n, weight=1):
    values = {}
    for _ in range(n):
        v = max(0, round(rng.gauss(middle, width)))
        values[v] = values.get(v, 0) + weight
    return values


def add(*parts):
    whole = {}
    for part in parts:
        for value, count in part.items():
            whole[value] = whole.get(value, 0) + count
    return whole


def cpu(rng, number, index, rates, tail_ns, drift):
    entries = {c: poisson(rng, rates.get(c, 0) * 10 * drift) for c in CLASSES}
    lengths = spread(rng, 2000, 150, sum(entries.values()))
    stolen = sum(v * n for v, n in lengths.items())
    by_class = {c: {'entries': 0 if c == 'unexplained' else n, 'matched': 0 if c == 'unexplained' else n,
                    'too_short': 0, 'interruptions': n, 'stolen_ticks': 2000 * n, 'max_ticks': 2400 if n else 0}
                for c, n in entries.items()}
    start = (index * 100 + 1) * SECOND
    return {'cpu': number, 'round': index, 'ran_on': number, 'isolated': True, 'nohz_full': True, 'node': 0,
            'siblings': str(number), 'partial': False, 'window_open_ticks': str(start),
            'window_close_ticks': str(start + 10 * SECOND), 'floor_min_ticks': 20, 'floor_median_ticks': 22,
            'floor_p999_ticks': 30, 'threshold_ticks': 250, 'quantum_passes': 4500, 'quantum_base_ticks': 100000,
            'quantum_min_ticks': 99990, 'quanta': 99000, 'quanta_below_base': 0, 'stolen_ticks': stolen,
            'ring_lost': 0, 'ring_lost_ticks': 0, 'minor_faults': 0, 'major_faults': 0, 'voluntary_switches': 0,
            'involuntary_switches': 0, 'steal_ns': 0, 'smi': None, 'interruptions': histogram(lengths),
            'jitter': histogram(add(spread(rng, 20, 5, 950, 100), spread(rng, tail_ns * drift, tail_ns / 20, 1000, 4))),
            'by_class': by_class, 'entries_outside': 0, 'flush_local': 0, 'senders_unknown': 0, 'counters': []}


def entry_cost(rng, number, index, isolated, condition, operation, ns, drift):
    start = (index * 100 + 50) * SECOND
    return {'cpu': number, 'round': index, 'isolated': isolated, 'nohz_full': isolated, 'partial': False,
            'traced': False, 'condition': condition, 'operation': operation, 'window_open_ticks': str(start),
            'window_close_ticks': str(start + SECOND), 'clock_ticks': 20,
            'cost': histogram(spread(rng, ns * drift, 2, 1000, 10))}


def document(run_id, seed, rates=None, tail_ns=4000, entry_ns=None, rounds=5, cpus=(2, 3), **head):
    """entry_ns: {(isolated, operation): ns}; further arguments replace keys of the document's head by path."""
    rng = random.Random(seed)
    drift = rng.gauss(1, 0.01)  # from boot to boot
    rates = {'tick': 1, 'kernel-tlb-flush': 400, 'page-table-flush': 2} if rates is None else rates
    doc = {
        'schema': 'tlbnoise.run/1', 'id': run_id, 'state': 'complete', 'state_reason': '',
        'started_at': '2026-11-22T10:15:02Z', 'elapsed_s': 60, 'tlbnoise_version': '0.1.0',
        'scenario': {'name': 'storm', 'description': '', 'text': SCENARIO, 'overrides': [],
                     'duration_ns': 10 * SECOND, 'quantum_ns': 100000, 'rounds_planned': rounds, 'rounds_done': rounds,
                     'probed_cpus': ','.join(map(str, cpus)), 'housekeeping_cpus': '0-1'},
        'environment': {'hostname': 'rig', 'machine_id_hash': '', 'kernel_release': '6.12.30',
                        'kernel_version': '#1 SMP', 'cmdline': 'nohz_full=2-3', 'arch': 'x86_64',
                        'cpu_model': 'Made up', 'microcode': '', 'virtualization': 'none',
                        'preemption': 'full', 'distribution': '', 'nodes': 1,
                        'memory_bytes': 1 << 30, 'config': ['CONFIG_HZ=250']},
        'clock': {'hz': 1e9, 'hz_error_ppm': 0, 'source': 'kernel', 'quantum_ticks': 1, 'invariant': True,
                  'reliable': True, 'clocksource': 'tsc'},
        'threshold': {'auto': True, 'min_ticks': 250},
        'trace': {'level': 'full', 'level_reason': '', 'clock': 'x86-tsc', 'events': 1000, 'bytes': 10000},
        'lost': {'trace_overrun': 0, 'trace_missed': 0, 'trace_undecoded': 0, 'ring': 0, 'causes': 0},
        'findings': [], 'side_effects': [],
        'cpus': [cpu(rng, c, i, rates, tail_ns, drift) for i in range(rounds) for c in cpus],
        'causes': [], 'worst': [],
        'churn': [{'name': 'vmalloc', 'source': 'vmalloc', 'operation': 'x', 'mechanism': 'module', 'cpus': '0',
                   'workers': 1, 'requested_per_s': 0, 'round': i, 'measured_s': 10,
                   'operations': round(rng.gauss(30000, 200) * drift), 'missed': 0, 'errors': 0, 'busy_s': 9,
                   'failure': ''} for i in range(rounds)],
        'entry_costs': [entry_cost(rng, 2 if isolated else 0, i, isolated, condition, operation, ns, drift)
                        for (isolated, operation), ns in (entry_ns or {}).items()
                        for condition in ('quiet', 'churn') for i in range(rounds)],
        'raw': {'file': '', 'records': 0, 'error': ''},
    }
    for path, value in head.items():
        part = doc
        *parents, key = path.split('__')
        for parent in parents:
            part = part[parent]
        part[key] = value
    return doc


def write(path, doc):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
        json.dump(doc, f)
    return path


def folder(path, name, n, seed, **arguments):
    """A set: one document for each boot."""
    for i in range(n):
        write(f'{path}/{i}.json', document(f'2026-{name}-{i}', seed + i, **arguments))
    return path
