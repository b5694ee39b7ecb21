# SPDX-License-Identifier: GPL-2.0-or-later
"""What other instruments say, as far as each can: a histogram over whole microseconds or a count, and a maximum."""
import collections
import json
import os

# What an instrument cannot say about the same interruptions, whatever the machine.
CANNOT = {
    'tlbnoise': 'nothing of what is asked here',
    'oslat': 'when, and who; lengths in whole us',
    'cyclictest': 'anything between two wake-ups, when, and who',
    'jitterdebugger': 'anything between two wake-ups, how many, when, and who; the longest alone',
    'rtla-osnoise': 'when, who sent it, how long each; nor what userspace sees',
    'rtla-timerlat': 'anything between two timers, when, and who sent it',
}

# Bucket in us -> n (None: it keeps none), n beyond the last bucket, maximum, interrupts counted (None: it counts none).
Findings = collections.namedtuple('Findings', 'count over max_us irqs', defaults=(None,))


def from_json(path):
    """oslat and cyclictest: one thread with its histogram."""
    with open(path, encoding='utf-8') as f:
        thread, = json.load(f)['thread'].values()
    count = {int(us): n for us, n in thread['histogram'].items()}
    cycles = thread.get('cycles', thread.get('count', 0))
    return Findings(count, max(0, cycles - sum(count.values())), thread['max'])


def from_jitterdebugger(path):
    """Its last line: "T: 0 (  278) A: 2 C:     11942 Min:        38 Avg:  247.52 Max:     11470". Version 0.3.1 writes a
    histogram only with -o, which wants /proc/sched_debug, gone since Linux 5.13."""
    with open(path, encoding='utf-8') as f:
        words = [line for line in f if 'Max:' in line][-1].split()
    return Findings(None, 0, int(words[words.index('Max:') + 1]))


def from_osnoise(path):
    """The last table of "rtla osnoise top". Its "hist" needs a kernel with histogram triggers, and says nothing
    where there are none."""
    rows = []
    with open(path, encoding='utf-8') as f:
        for words in map(str.split, f):
            if len(words) >= 12 and words[0].isdigit() and words[1].startswith('#'):
                rows.append(words)
    # CPU, periods, runtime, noise, available, longest of a period, longest at once, HW, NMI, IRQ, softirq, thread
    return Findings(None, 0, int(rows[-1][6]), int(rows[-1][9])) if rows else None


def from_timerlat(path):
    """The table that "rtla timerlat hist" prints: the latency of the thread."""
    count, over, longest, at = {}, 0, None, None
    with open(path, encoding='utf-8') as f:
        for words in map(str.split, f):
            if not words or words[0] == '#':
                continue
            if words[0] == 'Index':
                at = next(i for i, word in enumerate(words) if word.startswith('Thr'))
            elif at and len(words) > at and words[0].isdigit():
                count[int(words[0])] = int(words[at])
            elif at and len(words) > at and words[0] == 'over:':
                over = int(words[at])
            elif at and len(words) > at and words[0] == 'max:':
                longest = int(words[at])
    return Findings(count, over, longest) if at else None


def read(folder, instrument, suffix=''):
    """What an instrument found, or None where it did not run or did not come to its end."""
    stem = os.path.join(folder, instrument + suffix)
    try:
        if instrument in ('oslat', 'cyclictest'):
            return from_json(stem + '.json')
        if instrument == 'jitterdebugger':
            return from_jitterdebugger(stem + '.txt')
        return from_osnoise(stem + '.txt') if instrument == 'rtla-osnoise' else from_timerlat(stem + '.txt')
    except (OSError, KeyError, ValueError, IndexError, StopIteration):
        return None


def above(found, us):
    """How many of at least this length; 0 us: how many interrupts, whatever their length. None: it cannot say."""
    if not us:
        return found.irqs
    return None if found.count is None else sum(n for at, n in found.count.items() if at >= us) + found.over
