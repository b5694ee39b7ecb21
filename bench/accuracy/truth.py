# SPDX-License-Identifier: GPL-2.0-or-later
"""The injector's log, a run document of tlbnoise with its raw records, and the join of both.

All times are ticks of the counter that the injector and the probe read on the same CPU, so they compare as they are.
"""
import bisect
import collections
import json
import math
import os
import random
import statistics
import struct

FUNCTION = 'tlbnoise_churn_interrupt'
THREAD = 'tlbnoise-inj'
RAW_HEADER = 128
RAW_RECORD = struct.Struct('<QQIHHBB6x')
CLASS_INJECTED = 15

Shot = collections.namedtuple('Shot', 'block sequence sender asked sent entry exit')
Gap = collections.namedtuple('Gap', 'start end cause cpu round cls entries')
Seen = collections.namedtuple('Seen', 'shot gap alone')
Away = collections.namedtuple('Away', 'start end kernel')


def read_shots(path):
    """The log of bench-inject, in time order."""
    with open(path, encoding='ascii') as f:
        return [Shot(*map(int, line.split())) for line in f if not line.startswith('#')]


def read_about(folder):
    with open(os.path.join(folder, 'about'), encoding='utf-8') as f:
        return dict(line.rstrip('\n').split(' ', 1) for line in f if not line.startswith(' ') and ' ' in line)


def read_gaps(path):
    with open(path, 'rb') as f:
        data = f.read()
    return [Gap(*RAW_RECORD.unpack_from(data, at))
            for at in range(RAW_HEADER, len(data) - RAW_RECORD.size + 1, RAW_RECORD.size)]


def quantile(values, share):
    """Of a list that is not empty: the smallest value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median_difference(values, base, seed, repeats=1000):
    """Difference of two medians, and its 95% interval by bootstrap."""
    pick = random.Random(seed)
    drawn = sorted(statistics.median(pick.choices(values, k=len(values))) -
                   statistics.median(pick.choices(base, k=len(base))) for _ in range(repeats))
    return (statistics.median(values) - statistics.median(base),
            drawn[round(0.025 * repeats)], drawn[round(0.975 * repeats) - 1])


class Run:
    """One window of tlbnoise, with the shots that lie in it."""

    def __init__(self, document, ranges):
        with open(document, encoding='utf-8') as f:
            self.doc = json.load(f)
        stem = os.path.splitext(document)[0]
        self.cpu, = self.doc['cpus']
        self.ns = 1e9 / self.doc['clock']['hz']
        self.ranges = ranges
        self.logged = read_shots(stem + '.truth')
        opened, closed = int(self.cpu['window_open_ticks']), int(self.cpu['window_close_ticks'])
        self.window_s = (closed - opened) * self.ns / 1e9
        self.shots = [s for s in self.logged if s.entry > opened and s.exit < closed]
        self.gaps = read_gaps(stem + '.raw')
        self._join()

    def _join(self):
        """Each shot to the gap that holds the handler from its first to its last tick."""
        starts = [g.start for g in self.gaps]
        inside = collections.Counter()
        at = []
        self.missed, self.cut = [], []
        for shot in self.shots:
            i = bisect.bisect_right(starts, shot.entry) - 1
            if i >= 0 and self.gaps[i].end >= shot.exit:
                at.append((shot, i))
                inside[i] += 1
                continue
            # One that a gap holds in part only would be worse than one that was not seen: a gap too short.
            touched = (i >= 0 and self.gaps[i].end > shot.entry) or \
                (i + 1 < len(self.gaps) and self.gaps[i + 1].start < shot.exit)
            (self.cut if touched else self.missed).append(shot)
        self.seen = [Seen(shot, self.gaps[i], inside[i] == 1 and self.gaps[i].entries == 1) for shot, i in at]
        self.false = [g for i, g in enumerate(self.gaps) if g.cls == CLASS_INJECTED and not inside[i]]
        self.other = [g for i, g in enumerate(self.gaps) if not inside[i]]

    @property
    def sender(self):
        sender, = {s.sender for s in self.logged}
        return sender

    @property
    def limit_ns(self):
        """What the error of a length may be: a pass of the loop and the clock's quantum."""
        return self.cpu['floor_median_ns'] + self.doc['clock']['quantum_ns']

    def range_of(self, shot):
        return self.ranges[shot.block % len(self.ranges)]

    def long_enough(self, shot):
        return (shot.exit - shot.entry) * self.ns > 4 * self.cpu['floor_median_ns']

    def is_injector(self, cause):
        """Whether a row of the table of causes is the injector, from the CPU that it ran on and from no other."""
        return (cause['class'] == 'injected' and cause['function'] == FUNCTION and
                cause['sender_comm'] == THREAD and cause['sender_cpus'] == str(self.sender))

    def attributed(self):
        """Kernel entries inside the window that the document gives to the injector and its CPU; and all others."""
        rows = [c for c in self.doc['causes'] if c['class'] == 'injected']
        right = sum(c['entries'] for c in rows if self.is_injector(c))
        return right, sum(c['entries'] for c in rows) - right

    def primary(self):
        """Of the seen ones: how many interruptions are named after the injector, and what the others are named."""
        names = collections.Counter()
        for s in self.seen:
            cause = self.doc['causes'][s.gap.cause] if s.gap.cause < len(self.doc['causes']) else None
            names['injector' if cause and self.is_injector(cause) else cause['class'] if cause else 'unexplained'] += 1
        return names

    def excess_ns(self, zero):
        """Gap less handler, of gaps in which nothing else was seen: of shots of no length, or of all others."""
        return [((s.gap.end - s.gap.start) - (s.shot.exit - s.shot.entry)) * self.ns
                for s in self.seen if s.alone and (self.range_of(s.shot) == (0, 0)) == zero]

    def lead_ns(self, zero):
        """From the gap's start to the handler's first tick, likewise."""
        return [(s.shot.entry - s.gap.start) * self.ns
                for s in self.seen if s.alone and (self.range_of(s.shot) == (0, 0)) == zero]


class Emulator:
    """What away.c wrote: when the CPU was away from its userspace, in the host's ticks, which the guest counts at a
    distance that is the same for a whole boot.

    The distance is not told. It is what most pairs of a gap and an interval of about the same length agree upon, to
    within @tolerance ticks: by chance few pairs agree, since the interruptions come at random times."""

    LONGEST = 400  # gaps; these have few intervals of their length
    LENGTH = 5000  # ticks by which a pair may differ in length: far more than what is to be found out

    def __init__(self, path, gaps, tolerance):
        with open(path, encoding='ascii') as f:
            *lines, last = f
        self.dropped = int(last.removeprefix('dropped '))
        self.away = [Away(*map(int, line.split())) for line in lines]
        self.agreed, self.compared, self.distance = 0, 0, 0
        self._find_distance(gaps, tolerance)
        self.starts = [a.start + self.distance for a in self.away]

    def _find_distance(self, gaps, tolerance):
        by_length = sorted(self.away, key=lambda a: a.end - a.start)
        lengths = [a.end - a.start for a in by_length]
        longest = sorted(gaps, key=lambda g: g.start - g.end)[:self.LONGEST]
        votes = sorted(gap.start - a.start for gap in longest for a in by_length[
            bisect.bisect_left(lengths, gap.end - gap.start - self.LENGTH):
            bisect.bisect_right(lengths, gap.end - gap.start + self.LENGTH)])
        self.compared = len(longest)
        first = 0
        for i, vote in enumerate(votes):
            while vote - votes[first] > tolerance:
                first += 1
            if i + 1 - first > self.agreed:
                self.agreed = i + 1 - first
                self.distance = votes[(first + i) // 2]

    def fits(self):
        """Whether the distance is beyond doubt."""
        return not self.dropped and self.compared and self.agreed >= self.compared / 2

    def at(self, gap):
        """The interval that the middle of a gap lies in, in the guest's ticks; None where the CPU was not away."""
        middle = (gap.start + gap.end) // 2
        i = bisect.bisect_right(self.starts, middle) - 1
        if i < 0 or self.away[i].end + self.distance < middle:
            return None
        return Away(self.starts[i], self.away[i].end + self.distance, self.away[i].kernel)

    def unseen(self, run):
        """Intervals in the window with the kernel in them, too long for the probe not to see them: how many, and how
        many have no gap. What the host took while the guest read its clock has no certain end, and is not counted."""
        opened, closed = int(run.cpu['window_open_ticks']), int(run.cpu['window_close_ticks'])
        least = (run.cpu['threshold_ns'] + run.limit_ns) / run.ns
        ends = [g.end for g in run.gaps]
        away = [(a.start + a.end) // 2 + self.distance for a in self.away
                if a.kernel and a.end - a.start > least and
                a.start + self.distance > opened and a.end + self.distance < closed]
        unseen = 0
        for middle in away:
            i = bisect.bisect_left(ends, middle)
            unseen += i == len(run.gaps) or run.gaps[i].start > middle
        return len(away), unseen
