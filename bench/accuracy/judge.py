#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what was seen with what was injected: judge.py [--tap] FOLDER, a folder that measure.sh filled.

Prints tables, or with --tap a line a demand, and writes accuracy.json into the folder. Exit status: 0 all demands met,
1 one is not, 2 the folder does not tell.
"""
import glob
import json
import os
import sys

import peers
import truth

INSTRUMENTS = ('oslat', 'cyclictest', 'jitterdebugger', 'rtla-osnoise', 'rtla-timerlat')
LEVELS_US = (0, 20, 100)
ENOUGH = 0.9  # of a series has to lie in the window
ERRORS = (('length_error', 'length', 'gap less handler', 'way_in_and_out_ns', 'the way into the kernel and back'),
          ('start_error', 'start', 'start of gap to handler', 'way_in_ns', 'the way in'))


def fail(text):
    print(f'judge.py: {text}', file=sys.stderr)
    sys.exit(2)


def us(ns):
    return f'{ns / 1000:.2f} us' if abs(ns) < 1e6 else f'{ns / 1e6:.2f} ms'


def spread(values):
    """Median, p99 and maximum, for people and for JSON."""
    keys = (('median_ns', 0.5), ('p99_ns', 0.99), ('max_ns', 1.0))
    return {key: truth.quantile(values, share) for key, share in keys} if values else None


def error_of_length(run, seed):
    """Over all shots of some length: gap less handler, less what the same is for shots of none, which is the way in
    and out of the kernel. What is left, at the median, is the instrument's, as far as the machine tells it."""
    base, values = run.excess_ns(True), run.excess_ns(False)
    if not base or not values:
        return None
    middle = truth.quantile(base, 0.5)
    difference, low, high = truth.median_difference(values, base, seed)
    return {'limit_ns': run.limit_ns, 'median_ns': difference, 'low_ns': low, 'high_ns': high,
            'resolved': high - low <= 2 * run.limit_ns,
            'within': low <= run.limit_ns and high >= -run.limit_ns,
            'raw': spread(values), 'way_in_and_out_ns': spread(base),
            'absolute': spread([abs(v - middle) for v in values])}


def error_of_start(run):
    """The same for the time from a gap's start to the handler's first tick, less the way in."""
    base, values = run.lead_ns(True), run.lead_ns(False)
    if not base or not values:
        return None
    middle = truth.quantile(base, 0.5)
    return {'median_ns': truth.quantile(values, 0.5) - middle, 'raw': spread(values), 'way_in_ns': spread(base),
            'absolute': spread([abs(v - middle) for v in values])}


def errors_by_emulator(run, seen):
    """Gap less the time that the CPU was away as the emulator saw it, for gaps with an injected interruption alone, and
    how many gaps and absences have no counterpart."""
    values, starts, strangers = [], [], 0
    for s in run.seen:
        away = seen.at(s.gap) if s.alone else None
        if away:
            values.append((s.gap.end - s.gap.start - (away.end - away.start)) * run.ns)
            starts.append((s.gap.start - away.start) * run.ns)
        strangers += s.alone and not away
    limit = run.limit_ns
    absences, unseen = seen.unseen(run)
    return {'limit_ns': limit, 'absences': absences, 'unseen': unseen,
            'error': spread(values), 'absolute': spread([abs(v) for v in values]), 'start': spread(starts),
            'compared': len(values), 'strangers': strangers,
            'within': sum(abs(v) <= limit for v in values), 'fits': bool(seen.fits()), 'agreed': seen.agreed,
            'gaps': len(run.gaps), 'gaps_away': sum(seen.at(g) is not None for g in run.gaps)}


def demands(run, figures, emulated):
    """What README.md asks for: (text, met). None: a length of time, which an emulated machine cannot tell by itself."""
    long_missed = [s for s in run.missed + run.cut if run.long_enough(s)]
    right, wrong = figures['attributed'], figures['misattributed']
    length = figures['length_error']
    yield f'all {figures["long"]} longer than 4 times the floor are seen', not long_missed
    yield f'no gap is shorter than the handler in it ({len(run.cut)} are)', not run.cut
    yield f'no interruption is taken for an injected one ({len(run.false)} are)', not run.false
    yield f'{right} of {len(run.shots)} are given to the injector on CPU {run.sender}, {wrong} others', \
        right == len(run.shots) and not wrong
    yield 'nothing was lost', not any(v for v in run.doc['lost'].values() if not isinstance(v, str))
    witness = figures['emulator']
    if witness:
        known, of = witness['compared'], witness['compared'] + witness['strangers']
        yield (f'the emulator knows of {known} of {of} gaps with an injected interruption alone',
               witness['fits'] and known and known == of)
        yield (f'all {witness["absences"]} visits to the kernel longer than the threshold that it saw have a gap '
               f'({witness["unseen"]} have none)', witness['absences'] and not witness['unseen'])
        middle = witness['absolute']['median_ns'] if witness['absolute'] else None
        yield (f'error of length against the emulator\'s own view at the median {us(middle or 0)}, '
               f'limit {us(witness["limit_ns"])}', middle is not None and middle <= witness['limit_ns'])
    elif length:
        yield (f'error of length (less the way in and out) at the median {us(length["median_ns"])} '
               f'(95%: {us(length["low_ns"])} to {us(length["high_ns"])}), limit {us(length["limit_ns"])}'
               + ('' if length['resolved'] else ': finer than this machine resolves'),
               length['within'] or (None if emulated else False))
    else:
        yield 'error of length: no gap had an injected interruption alone', False


def judge(run, seed, emulated=False, seen=None):
    long = sum(map(run.long_enough, run.shots))
    right, wrong = run.attributed()
    figures = {
        'sender': run.sender, 'injected': len(run.logged), 'in_window': len(run.shots), 'long': long,
        'seen': len(run.seen), 'missed': len(run.missed), 'cut': len(run.cut), 'false': len(run.false),
        'attributed': right, 'misattributed': wrong, 'primary_cause': dict(run.primary()),
        'alone': sum(s.alone for s in run.seen), 'window_s': run.window_s,
        'floor_ns': run.cpu['floor_median_ns'], 'quantum_ns': run.doc['clock']['quantum_ns'],
        'threshold_ns': run.cpu['threshold_ns'],
        'unexplained': {'interruptions': run.cpu['by_class']['unexplained']['interruptions'],
                        'share_of_time': run.cpu['by_class']['unexplained']['stolen_ns'] / run.window_s / 1e9,
                        'max_ns': run.cpu['by_class']['unexplained']['max_ns']},
        'length_error': error_of_length(run, seed), 'start_error': error_of_start(run),
        'emulator': errors_by_emulator(run, seen) if seen else None,
    }
    figures['demands'] = [{'demand': text, 'met': met if met is None else bool(met)}
                          for text, met in demands(run, figures, emulated)]
    return figures


VERDICT = {True: 'met       ', False: 'NOT MET   ', None: 'not judged'}


def print_run(run, f):
    print(f'\ntlbnoise{", watched by the emulator" if f["emulator"] else ""}, CPU {run.cpu["cpu"]} interrupted '
          f'{f["in_window"]} times from CPU {f["sender"]} in {f["window_s"]:.1f} s')
    print(f'  loop pass {f["floor_ns"]:.0f} ns, quantum of the clock {f["quantum_ns"]:.0f} ns, '
          f'threshold {f["threshold_ns"]:.0f} ns')
    print(f'  seen {f["seen"]}, missed {f["missed"]}, in part {f["cut"]}, false {f["false"]}')
    print(f'  first named in the interruption: {", ".join(f"{k} {n}" for k, n in f["primary_cause"].items())}')
    for key, name, what, way, words in ERRORS:
        e = f[key]
        if e:
            print(f'  {what}: median {us(e["raw"]["median_ns"])}; of interruptions of no length, which is {words}: '
                  f'median {us(e[way]["median_ns"])}')
            print(f'  error of {name}, one less the other: median {us(e["median_ns"])}; absolute: '
                  f'median {us(e["absolute"]["median_ns"])}, p99 {us(e["absolute"]["p99_ns"])}, '
                  f'max {us(e["absolute"]["max_ns"])}')
    if f['emulator'] and f['emulator']['absolute']:
        e = f['emulator']
        print(f'  against the time away from userspace that the emulator saw, {e["compared"]} gaps: error of length '
              f'median {us(e["error"]["median_ns"])}; absolute: median {us(e["absolute"]["median_ns"])}, '
              f'p99 {us(e["absolute"]["p99_ns"])}, max {us(e["absolute"]["max_ns"])}')
        print(f'  {e["within"]} of {e["compared"]} within {us(e["limit_ns"])}; of all {e["gaps"]} gaps the emulator '
              f'knows of {e["gaps_away"]}')
    print(f'  no kernel event inside: {f["unexplained"]["interruptions"]} gaps, '
          f'{100 * f["unexplained"]["share_of_time"]:.1f} % of the time, max {us(f["unexplained"]["max_ns"])}')
    for d in f['demands']:
        print(f'  {VERDICT[d["met"]]} {d["demand"]}')


def own_row(run):
    """tlbnoise by the same yardstick as the others: gaps of at least a length."""
    row = {'instrument': 'tlbnoise', 'cannot': peers.CANNOT['tlbnoise'], 'max_us': max(
        (s.gap.end - s.gap.start) * run.ns / 1e3 for s in run.seen)}
    for level in LEVELS_US:
        row[f'injected_{level}us'] = sum((s.exit - s.entry) * run.ns >= level * 1e3 for s in run.shots)
        row[f'counted_{level}us'] = sum((g.end - g.start) * run.ns >= level * 1e3 for g in run.gaps)
        row[f'quiet_{level}us'] = sum((g.end - g.start) * run.ns >= level * 1e3 for g in run.other)
        row[f'more_{level}us'] = sum((s.shot.exit - s.shot.entry) * run.ns >= level * 1e3 for s in run.seen)
        row[f'share_{level}us'] = share(row[f'more_{level}us'], row[f'injected_{level}us'])
    return row


def share(n, of):
    return n / of if of else None


def peer_row(folder, instrument, ns):
    quiet, found = peers.read(folder, instrument, '-quiet'), peers.read(folder, instrument)
    if not quiet or not found:
        return None
    shots = truth.read_shots(os.path.join(folder, instrument + '.truth'))
    row = {'instrument': instrument, 'cannot': peers.CANNOT[instrument], 'max_us': found.max_us}
    for level in LEVELS_US:
        injected = sum((s.exit - s.entry) * ns >= level * 1e3 for s in shots)
        counted, before = peers.above(found, level), peers.above(quiet, level)
        row |= {f'injected_{level}us': injected, f'counted_{level}us': counted, f'quiet_{level}us': before}
        # What a count rises by says nothing where the machine's own noise is more than what was injected.
        drowned = counted is None or before > injected
        row[f'more_{level}us'] = None if counted is None else counted - before
        row[f'share_{level}us'] = None if drowned else share(min(max(counted - before, 0), injected), injected)
    return row


def cell(value, width):
    return f'{"-" if value is None else value:>{width}}'


def print_peers(rows):
    print('\nThe same series in front of other instruments: interruptions of at least a length')
    print(f'{"":15}' + ''.join(f'{f"any length" if not level else f"{level} us":>31}' for level in LEVELS_US))
    print(f'{"":15}' + f'{"injected":>9}{"counted":>8}{"quiet":>7}{"more":>7}' * len(LEVELS_US) +
          f'{"max":>11}  cannot say')
    for row in rows:
        line = f'{row["instrument"]:15}'
        for level in LEVELS_US:
            line += cell(row[f'injected_{level}us'], 9) + cell(row[f'counted_{level}us'], 8) + \
                cell(row[f'quiet_{level}us'], 7) + cell(row[f'more_{level}us'], 7)
        print(f'{line}{row["max_us"]:8.0f} us  {row["cannot"]}')
    print('quiet: without injections, in a run of its own; more: counted less quiet, which says something only where '
          'quiet is\nsmall beside injected. tlbnoise tells each gap: quiet are those that hold no injection, more are '
          'the injections seen.')


def checked_run(path, ranges, about):
    run = truth.Run(path, ranges)
    if len(run.shots) < ENOUGH * int(about['count']):
        fail(f'{path}: {len(run.shots)} of {about["count"]} interruptions lie in the window: the machine was too slow')
    return run


def emulators_view(folder, ranges):
    """The run that the emulator watched, and what it saw; or nothing."""
    for path in glob.glob(os.path.join(folder, 'emulator', 'tlbnoise-*.json')):
        run = checked_run(path, ranges, truth.read_about(os.path.join(folder, 'emulator')))
        tolerance = 4 * run.limit_ns / run.ns
        return run, truth.Emulator(os.path.join(folder, 'emulator', 'away'), run.gaps, tolerance)
    return None, None


def main(args):
    tap = '--tap' in args
    folder = next((a for a in args if a != '--tap'), '.')
    if not os.path.isfile(os.path.join(folder, 'about')):
        fail(f'{folder}: not a folder of bench/accuracy/run.sh --output')
    about = truth.read_about(folder)
    ranges = [tuple(map(int, r.split(':'))) for r in about['ranges_ns'].split()]
    seed = int(about['seed'])
    runs = [checked_run(path, ranges, about) for path in sorted(glob.glob(os.path.join(folder, 'tlbnoise-*.json')))]
    if not runs:
        fail(f'no run of tlbnoise in {folder}')
    watched, seen = emulators_view(folder, ranges)
    emulated = 'rig.accel=tcg' in about['cmdline']
    figures = [judge(run, seed, emulated) for run in runs]
    if watched:
        figures.append(judge(watched, seed, emulated, seen))
    rows = [r for r in [peer_row(folder, i, runs[0].ns) for i in INSTRUMENTS] if r]
    rows = [own_row(runs[0])] + rows if rows else []
    with open(os.path.join(folder, 'accuracy.json'), 'w', encoding='utf-8') as f:
        json.dump({'schema': 'tlbnoise.accuracy/1', 'about': about, 'tlbnoise': figures, 'instruments': rows}, f,
                  indent=1)
    results = [(f'CPU {f["sender"]}{", watched by the emulator" if f["emulator"] else ""}: {d["demand"]}', d['met'])
               for f in figures for d in f['demands']]
    if tap:
        print(f'1..{len(results)}')
        for n, (text, met) in enumerate(results, 1):
            print(f'{"not ok" if met is False else "ok"} {n} - accuracy: {text}{" # SKIP" if met is None else ""}')
    else:
        print(f'{about["kernel"].split()[0]}, {about["cpus"]} CPUs, '
              + ('emulated (TCG): the host takes CPUs away at any time' if emulated else about['cmdline']))
        for run, f in zip(runs + [watched], figures):
            print_run(run, f)
        if rows:
            print_peers(rows)
    return 1 if any(met is False for _, met in results) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
