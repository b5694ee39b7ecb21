#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints what quiet.sh counted: table.py FOLDER ACCURACY-FOLDER, and writes peers.json into FOLDER.

What an instrument causes is what the CPU has beyond an empty loop in a shell ("none"), kind by kind: the kernel enters
by itself about once a second, for its residual tick and since 6.12 for the deadline server of normal tasks. A
difference that chance makes of two counts (less than three standard deviations of their difference, as Poisson counts)
is none.

Exit status: 0 fine, 1 tlbnoise caused entries, 2 the folder does not tell.
"""
import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'accuracy'))
import peers  # noqa: E402
import truth  # noqa: E402

INSTRUMENTS = ('none', 'tlbnoise', 'oslat', 'cyclictest', 'jitterdebugger', 'rtla-osnoise', 'rtla-timerlat')
# Shortest interruption that an instrument can tell from none, by its manual or, for tlbnoise, by its own document.
FLOOR = {'oslat': '1 us', 'cyclictest': '1 us', 'jitterdebugger': '1 us', 'rtla-osnoise': '1 us (-T)',
         'rtla-timerlat': '1 us'}


def read(folder, name):
    with open(os.path.join(folder, name), encoding='utf-8') as f:
        return f.read()


def counts(folder, instrument):
    """Entries by kind, or None if the instrument did not run; what the trace lost would be an error."""
    try:
        lines = read(folder, instrument + '.counts').splitlines()
    except FileNotFoundError:
        return None
    lost = re.findall(r'(?:overrun|dropped events): (\d+)', read(folder, instrument + '.stats'))
    if any(map(int, lost)):
        raise ValueError(f'{instrument}: the trace lost events, give it more room in quiet.sh')
    return {kind: int(n) for n, kind in (line.split(' ', 1) for line in lines)}


def loop_of(folder, instrument):
    """Length of a pass of the measuring loop in ns, where there is one and it can be known; and the floor."""
    if instrument == 'tlbnoise':
        doc = json.loads(read(folder, 'tlbnoise.json'))
        return doc['cpus'][0]['floor_median_ns'], f'{doc["cpus"][0]["threshold_ns"]:.0f} ns'
    if instrument == 'oslat':
        thread, = json.loads(read(folder, 'oslat.json'))['thread'].values()
        n, first = sum(thread['histogram'].values()), thread['histogram']['1']
        # Its average takes each pass of the first bucket as 1 us long: see bench/micro/oslat.c.
        return (thread['duration'] * 1e6 - (thread['avg'] * n - first)) / first * 1e3, FLOOR[instrument]
    return None, FLOOR.get(instrument)


def storm_of(folder, instrument):
    """What was sent, what was seen of it, and what is said to be lost; None without a storm."""
    try:
        sent = truth.read_shots(os.path.join(folder, instrument + '-storm.truth'))
    except FileNotFoundError:
        return None
    with open(os.path.join(folder, instrument + '-storm.truth'), encoding='ascii') as f:
        khz = int(re.search(r'tick_khz (\d+)', f.readline())[1])
    storm = {'sent': len(sent), 'per_s': len(sent) / ((sent[-1].exit - sent[0].sent) / khz / 1e3)}
    if instrument == 'rtla-osnoise':
        return storm | {'seen': peers.from_osnoise(os.path.join(folder, instrument + '-storm.txt')).irqs}
    doc = json.loads(read(folder, instrument + '-storm.json'))
    return storm | {'seen': doc['cpus'][0]['by_class']['injected']['entries'],
                    'lost': sum(v for v in doc['lost'].values() if not isinstance(v, str))}


def seen_share(accuracy, instrument):
    """Of injected interruptions of any length, or of the longest level at which the instrument can tell."""
    try:
        rows = json.loads(read(accuracy, 'accuracy.json'))['instruments']
    except FileNotFoundError:
        return None
    for row in rows:
        if row['instrument'] == instrument:
            return next((row[k] for k in sorted(row) if k.startswith('share_') and row[k] is not None), None)
    return None


def seconds(folder, instrument):
    start, end = map(float, read(folder, instrument + '.interval').split())
    return end - start


def caused(kinds, base, ratio):
    """Kind -> entries beyond those of the base, which was watched 1/ratio as long."""
    more = {kind: (n, base.get(kind, 0) * ratio) for kind, n in kinds.items()}
    return {kind: round(n - b) for kind, (n, b) in more.items() if n > b and (n - b) ** 2 > 9 * (n + b)
            or b == 0 and n}


def row_of(folder, accuracy, instrument, base):
    kinds = counts(folder, instrument)
    if kinds is None:
        return None
    loop, floor = loop_of(folder, instrument)
    return {'instrument': instrument, 'seconds': seconds(folder, instrument), 'loop_ns': loop, 'floor': floor,
            'entries': sum(kinds.values()), 'kinds': kinds,
            'caused': caused(kinds, base, seconds(folder, instrument) / seconds(folder, 'none')),
            'resident_kib': int(read(folder, instrument + '.resident')),
            'storm': storm_of(folder, instrument), 'share_seen': seen_share(accuracy, instrument)}


def text(value, form='{}'):
    return '-' if value is None else form.format(value)


def print_table(rows):
    print(f'{"":15}{"loop pass":>10}{"floor":>11}{"quiet":>7}{"entries":>9}{"caused":>9}{"seen":>8}{"storm sent":>12}{"per s":>8}'
          f'{"seen":>8}{"lost":>6}{"resident":>12}')
    for r in rows:
        storm = r['storm'] or {}
        print(f'{r["instrument"]:15}{text(r["loop_ns"], "{:.0f} ns"):>10}{text(r["floor"]):>11}'
              f'{r["seconds"]:5.0f} s{r["entries"]:9}'
              f'{sum(r["caused"].values()):9}{text(r["share_seen"], "{:.1%}"):>8}{text(storm.get("sent")):>12}'
              f'{text(storm.get("per_s"), "{:.0f}"):>8}{text(storm.get("seen")):>8}{text(storm.get("lost")):>6}'
              f'{r["resident_kib"] or "-":>8}' + (' KiB' if r['resident_kib'] else ''))
    print('\nentries into the kernel on the watched CPU while nothing happens; caused: beyond those under an empty loop '
          '("none"):')
    for r in rows:
        kinds = sorted(((n, k) for k, n in r['kinds' if r['instrument'] == 'none' else 'caused'].items()), reverse=True)
        print(f'  {r["instrument"]:15}{", ".join(f"{n} {k}" for n, k in kinds[:6]) or "none"}'
              f'{", and others" if len(kinds) > 6 else ""}')
    print("seen: share of injected interruptions, where the machine's own noise lets it be told.\n"
          'resident: of all processes of the instrument.')


def main(folder, accuracy):
    try:
        base = counts(folder, 'none')
        if base is None:
            raise ValueError('there is no "none" to compare with')
        rows = [r for r in (row_of(folder, accuracy, i, base) for i in INSTRUMENTS) if r]
        about = truth.read_about(folder)
    except (OSError, ValueError, KeyError) as e:
        print(f'table.py: {folder}: {e}', file=sys.stderr)
        return 2
    print(f'{about["kernel"].split()[0]}, {about["cpus"]} CPUs, CPU {about["cpu"]} watched'
          + (', emulated (TCG)' if 'rig.accel=tcg' in about['cmdline'] else '') + '\n')
    print_table(rows)
    with open(os.path.join(folder, 'peers.json'), 'w', encoding='utf-8') as f:
        json.dump({'schema': 'tlbnoise.peers/1', 'about': about, 'rows': rows}, f, indent=1)
    ours = next((r for r in rows if r['instrument'] == 'tlbnoise'), None)
    return 1 if ours and ours['caused'] else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))
