#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tlbnoise compare, on documents whose truth is known: verdicts, refusals, damaged files, and what it prints."""
import os
import re
import tempfile

import documents
import live

COSTS = {(True, 'getpid'): 150, (False, 'getpid'): 120, (True, 'page-fault'): 700, (False, 'page-fault'): 650}
DEAR = {**COSTS, (True, 'getpid'): 180}
FIXED = {'tick': 1, 'page-table-flush': 2}


def compare(*args):
    return live.tlbnoise('compare', *args)


def by_name(result):
    return {m['name']: m for m in result.json()['metrics']}


def improvement(t, stock, deferred):
    r = compare(stock, deferred)
    t.equal('no regression: status 0 and no message', (r.status, r.err), (0, ''))
    t.ok('the first line has the verdict', r.out.startswith('Improved: '), r.out[:80])
    t.ok('the result in words', re.search(r'- cause\.kernel-tlb-flush\.per-operation: 0\.13\d -> 0 '
                                          r'\(x0, 95%: 0 to <0\.0001\): improved\.', re.sub(r'\s+', ' ', r.out)), r.out[:400])
    t.ok('none seen has a bound', re.search(r'B: 0 seen in 500 s: at most 0\.0\d+/s', r.out))
    longest = max(r.out.splitlines(), key=len)
    t.ok('at most 100 columns', len(longest) <= 100, f'{len(longest)}: {longest}')
    r = compare(stock, deferred, '--json')
    m = by_name(r)
    t.equal('schema and verdict', (r.json()['schema'], r.json()['verdict']), ('tlbnoise.comparison/1', 'improved'))
    t.equal('flushes improved', m['cause.kernel-tlb-flush.rate']['verdict'], 'improved')
    t.equal('those that free page tables did not change', m['cause.page-table-flush.rate']['verdict'], 'no difference')
    t.equal('jitter improved', m['jitter.p99']['verdict'], 'improved')
    t.ok('its interval has the true ratio', m['jitter.p99']['ratio_interval']['low'] < 0.75 <
         m['jitter.p99']['ratio_interval']['high'], m['jitter.p99']['ratio_interval'])
    t.equal('runs are the units', (m['jitter.p99']['a']['units'], m['jitter.p99']['a']['by_run']), (5, True))
    t.ok('entry costs have intervals on both kinds of CPU',
         all(m[f'entry.getpid.{w}.quiet.p50']['ratio_interval']['low'] for w in ('isolated', 'housekeeping')))


def regression(t, stock, deferred, dear):
    r = compare(deferred, stock)
    t.equal('a regression: status 1, and no message', (r.status, r.err), (1, ''))
    t.ok('it is said first', r.out.startswith('REGRESSED: '))
    r = compare(stock, dear)
    t.equal('a dearer entry: status 1', r.status, 1)
    t.ok('it is said before what improved', r.out.index('- entry.getpid.isolated.quiet.p50') <
         r.out.index('- cause.kernel-tlb-flush.per-operation'))
    r = compare(stock, dear, '--smallest-effect', '50%')
    t.equal('which does not matter above the smallest effect', r.status, 0)


def nothing(t, stock, again):
    r = compare(stock, again, '--json')
    t.equal('the same twice: no difference', (r.status, r.json()['verdict']), (0, 'no difference'))
    t.equal('in no metric', (r.json()['counts']['improved'], r.json()['counts']['regressed'],
                             r.json()['counts']['changed']), (0, 0, 0))


def operands(t, folder, stock, deferred):
    files = [f'{stock}/{i}.json' for i in range(5)]
    whole, joined = compare(stock, deferred, '--json'), compare(','.join(files), deferred, '--json')
    t.equal('a folder and its files give the same', whole.json()['metrics'], joined.json()['metrics'])
    t.equal('the same input and seed give the same text', compare(stock, deferred).out, compare(stock, deferred).out)
    r = compare(stock, deferred, '--metric', 'jitter.*,stolen', '--json')
    t.equal('--metric', {n.split('.')[0] for n in by_name(r)}, {'jitter', 'stolen'})
    r = compare(stock, deferred, '--metric', 'nosuch.*')
    t.ok('--metric without a match', r.status == 2 and 'nosuch.*' in r.err and len(r.lines()) == 1, r)
    t.ok('--all has more rows', len(compare(stock, deferred, '--all').out) > len(compare(stock, deferred).out))
    r = compare(f'{stock}/0.json', f'{deferred}/0.json')
    t.ok('one run a side is said', 'how it varies from boot to boot is' in re.sub(r'\s+', ' ', r.out), r.out[-900:])
    comma = documents.write(f'{folder}/a,b.json', documents.document('2026-comma', 77))
    t.equal('a name with a comma', compare(comma, stock).status, 0)


def refused(t, folder, stock):
    cases = {
        'text of the scenario': {'scenario__text': documents.SCENARIO + 'rate = 1/s\n'},
        'scenario:': {'scenario__name': 'other'},
        'overrides of the scenario': {'scenario__overrides': ['probe.cpus=2']},
        'length of the windows': {'scenario__duration_ns': 5 * documents.SECOND},
        'probed CPUs': {'cpus': (2, 4)},
        'quantum of work': {'scenario__quantum_ns': 50000},
        'threshold': {'threshold__auto': False},
        'clock source': {'clock__source': 'fitted'},
        'clocksource of the kernel': {'clock__clocksource': 'hpet'},
        'tick rate': {'clock__hz': 1.1e9},
        'trace level': {'trace__level': 'entry'},
        'CPU model': {'environment__cpu_model': 'Another'},
        'virtualization': {'environment__virtualization': 'kvm'},
    }
    for what, arguments in cases.items():
        other = documents.write(f'{folder}/refused/{what.replace(" ", "-")}.json',
                                documents.document('2026-other', 5, **arguments))
        r = compare(stock, other)
        t.ok(f'not comparable: {what}', r.status == 2 and not r.out and len(r.lines()) == 2 and what in r.lines()[0]
             and '--force' in r.lines()[1], r)
        r = compare(stock, other, '--force')
        t.ok('--force says so', r.status in (0, 1) and '! Not comparable' in r.out and f'! {what}' in r.out, r)
    r = compare(stock, stock)
    t.ok('the same runs twice', r.status == 2 and 'is given twice' in r.err, r)
    r = compare(f'{stock},{folder}/refused/CPU-model.json', stock)
    t.ok('a set that is mixed in itself', r.status == 2 and 'CPU model' in r.err, r)
    other = documents.write(f'{folder}/version.json', documents.document('2026-v', 5, tlbnoise_version='0.2.0',
                                                                         environment__kernel_release='6.13.0'))
    r = compare(stock, other)
    t.ok('another version or kernel is told, not refused', r.status == 0 and "'0.1.0' and '0.2.0'" in r.out and
         "'6.12.30' and '6.13.0'" in r.out, r)


def damaged(t, folder, stock):
    good = live.read(f'{stock}/0.json')
    cases = {
        'empty.json': '',
        'cut.json': good[:len(good) // 2],
        'text.json': 'not JSON\n',
        'list.json': '[]',
        'schema.json': good.replace('tlbnoise.run/1', 'tlbnoise.run/0'),
        'key.json': good.replace('"clock"', '"clokc"', 1),
        'sum.json': re.sub(r'"matched": \d+', '"matched": 99999999', good, count=1),
        'comparison.json': compare(stock, f'{folder}/again', '--json').out,
    }
    for name, text in cases.items():
        path = f'{folder}/damaged/{name}'
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        for operands_ in ((path, stock), (stock, path), (f'{stock},{path}', stock)):
            r = compare(*operands_)
            if not t.ok(f'damaged: {name}', r.status == 2 and not r.out and len(r.lines()) == 1 and path in r.err, r):
                break
    os.makedirs(f'{folder}/nothing')
    for path in (f'{folder}/nothing', f'{folder}/nosuch', f'{folder}/damaged', '', f'{stock},,{stock}'):
        r = compare(stock, path)
        t.ok(f'{os.path.basename(path) or "nothing"}: status 2 and one line', r.status == 2 and not r.out and
             len(r.lines()) == 1, r)


def incomplete(t, folder, stock):
    lossy = documents.folder(f'{folder}/lossy', 'lossy', 5, 300, state='incomplete', lost__trace_overrun=17)
    r = compare(stock, lossy)
    t.ok('an incomplete side has a warning', '! 5 of its runs incomplete' in r.out, r)
    r = compare(stock, lossy, '--json')
    m = by_name(r)
    t.ok('counts by cause are not tested', m['cause.kernel-tlb-flush.rate']['verdict'] == 'not tested' and
         'lost kernel events' in m['cause.kernel-tlb-flush.rate']['reason'], m['cause.kernel-tlb-flush.rate'])
    t.equal('jitter is', m['jitter.p99']['verdict'], 'no difference')
    doc = documents.document('2026-aborted', 301, state='aborted')
    for c in doc['cpus'][-2:]:
        c['partial'] = True
    r = compare(stock, documents.write(f'{folder}/aborted.json', doc), '--json')
    b = r.json()['b']
    t.equal('rounds that were cut short are left out', (b['rounds'], b['partial_rounds'], b['aborted_runs']), (8, 2, 1))
    t.equal('also of churn', len(by_name(r)['churn.vmalloc.rate']['b']['rounds']), 4)
    entry = [documents.folder(f'{folder}/entry{i}', f'entry{i}', 2, 400 + 10 * i, trace__level='entry') for i in (0, 1)]
    r = compare(*entry)
    t.ok('what the level cannot tell is listed with its reason', 'cause.kernel-tlb-flush.rate' in r.out and
         'trace level entry' in re.sub(r'\s+', ' ', r.out), r)


def emulated(t, folder, stock):
    tcg = documents.folder(f'{folder}/tcg', 'tcg', 2, 500, environment__cmdline='nohz_full=2-3 rig.accel=tcg')
    r = compare(stock, tcg)
    t.ok('emulated CPUs are said', '! QEMU emulated the CPUs (TCG)' in r.out, r)
    t.ok('and the command line that differs', 'rig.accel=tcg' in r.out)


def documented(t, stock, deferred):
    """Each key of the JSON is in the man page."""
    page = live.read(f'{live.SOURCE}/man/tlbnoise-comparison.5.scd').replace('\\', '')
    missing = set()

    def walk(x):
        if isinstance(x, dict):
            for key, value in x.items():
                if f'*{key}*' not in page and f'_{key}_' not in page:
                    missing.add(key)
                walk(value)
        elif isinstance(x, list):
            for value in x:
                walk(value)

    walk(compare(stock, deferred, '--json').json())
    t.equal('keys that tlbnoise-comparison(5) does not have', missing, set())


def main():
    t = live.Checks()
    with tempfile.TemporaryDirectory() as folder:
        stock = documents.folder(f'{folder}/stock', 'stock', 5, 1, entry_ns=COSTS)
        again = documents.folder(f'{folder}/again', 'again', 5, 100, entry_ns=COSTS)
        deferred = documents.folder(f'{folder}/deferred', 'deferred', 5, 50, entry_ns=COSTS, rates=FIXED, tail_ns=3000)
        dear = documents.folder(f'{folder}/dear', 'dear', 5, 60, entry_ns=DEAR, rates=FIXED, tail_ns=3000)
        improvement(t, stock, deferred)
        regression(t, stock, deferred, dear)
        nothing(t, stock, again)
        operands(t, folder, stock, deferred)
        refused(t, folder, stock)
        damaged(t, folder, stock)
        incomplete(t, folder, stock)
        emulated(t, folder, stock)
        documented(t, stock, deferred)
    raise SystemExit(t.failed > 0)


if __name__ == '__main__':
    main()
