#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The judge on made-up runs of which the truth is known: a good one, and one for each thing that can be wrong."""
import json
import os
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import judge  # noqa: E402
import peers  # noqa: E402
import truth  # noqa: E402

HZ = 1e9  # so that ticks are ns
RANGES = [(0, 0), (1000, 1000), (50000, 50000)]
WAY_IN, WAY_OUT, COUNT, SENDER = 300, 200, 120, 1


def document(gaps, injected):
    cause = {'class': 'injected', 'function': truth.FUNCTION, 'sender_comm': truth.THREAD, 'sender_cpus': str(SENDER),
             'entries': injected}
    return {'clock': {'hz': HZ, 'quantum_ns': 10.0}, 'lost': {'ring': 0, 'note': ''}, 'causes': [cause, {
        'class': 'tick', 'function': '', 'sender_comm': '', 'sender_cpus': '', 'entries': 1}],
            'cpus': [{'cpu': 2, 'window_open_ticks': '1000', 'window_close_ticks': str(gaps[-1][1] + 100000),
                      'floor_median_ns': 20.0, 'threshold_ns': 250.0, 'by_class': {
                          'unexplained': {'interruptions': 0, 'stolen_ns': 0, 'max_ns': 0}}}]}


class Made:
    """A folder as measure.sh leaves it. Parts may be changed before it is judged."""

    def __init__(self):
        self.shots, self.gaps = [], []
        for i in range(COUNT):
            block = i // 20
            start = 1000000 * (i + 1)
            length = RANGES[block % len(RANGES)][1]
            jitter = 7 * (i % 5)
            self.shots.append((block, i % 20, SENDER, length, start - 5000, start + WAY_IN + jitter,
                               start + WAY_IN + jitter + length))
            self.gaps.append([start, start + WAY_IN + jitter + length + WAY_OUT, 0, 2, 0, truth.CLASS_INJECTED, 1])
        self.doc = document(self.gaps, COUNT)

    def judge(self, emulated=False, away=None):
        with tempfile.TemporaryDirectory() as folder:
            stem = os.path.join(folder, 'tlbnoise-1')
            with open(stem + '.json', 'w', encoding='utf-8') as f:
                json.dump(self.doc, f)
            with open(stem + '.truth', 'w', encoding='ascii') as f:
                f.write('# version\n' + ''.join(' '.join(map(str, s)) + '\n' for s in self.shots))
            with open(stem + '.raw', 'wb') as f:
                f.write(bytes(truth.RAW_HEADER))
                f.write(b''.join(struct.pack('<QQIHHBB6x', *g) for g in self.gaps))
            run = truth.Run(stem + '.json', RANGES)
            if not away:
                return judge.judge(run, 1, emulated)
            with open(stem + '.away', 'w', encoding='ascii') as f:
                f.write(''.join(f'{a} {b} 1\n' for a, b in away) + 'dropped 0\n')
            return judge.judge(run, 1, emulated, truth.Emulator(stem + '.away', run.gaps, 4 * run.limit_ns))

    def away(self, longer=0):
        """What the emulator would say: its ticks are ahead, and its blocks begin a bit before the probe reads."""
        return [(start + 10 ** 9 - i % 3, end + 10 ** 9 - i % 4 + longer)
                for i, (start, end, *_) in enumerate(self.gaps)]


class Judge(unittest.TestCase):
    def unmet(self, made, **how):
        figures = made.judge(**how)
        return figures, [d['demand'] for d in figures['demands'] if d['met'] is False]

    def test_all_is_well(self):
        figures, unmet = self.unmet(Made())
        self.assertEqual(unmet, [])
        self.assertEqual((figures['in_window'], figures['seen'], figures['alone']), (COUNT, COUNT, COUNT))
        self.assertEqual(figures['length_error']['way_in_and_out_ns']['median_ns'], WAY_IN + WAY_OUT + 14)
        self.assertEqual(figures['length_error']['raw']['median_ns'], WAY_IN + WAY_OUT + 14)
        self.assertEqual(figures['length_error']['median_ns'], 0)
        self.assertTrue(figures['length_error']['resolved'])

    def test_one_is_missed(self):
        made = Made()
        del made.gaps[30]
        figures, unmet = self.unmet(made)
        self.assertEqual(figures['missed'], 1)
        self.assertEqual(len(unmet), 1)
        self.assertIn('longer than 4 times the floor are seen', unmet[0])

    def test_a_short_one_may_be_missed(self):
        made = Made()
        del made.gaps[3]
        figures, unmet = self.unmet(made)
        self.assertEqual((figures['missed'], unmet), (1, []))

    def test_a_gap_is_too_short(self):
        made = Made()
        made.gaps[45][1] = made.shots[45][6] - 1
        figures, unmet = self.unmet(made)
        self.assertEqual((figures['cut'], figures['missed']), (1, 0))
        self.assertEqual(len(unmet), 2 if figures['false'] == 0 else 3)

    def test_one_is_false(self):
        made = Made()
        made.gaps.insert(10, [10500000, 10501000, 0, 2, 0, truth.CLASS_INJECTED, 1])
        figures, unmet = self.unmet(made)
        self.assertEqual(figures['false'], 1)
        self.assertEqual(unmet, ['no interruption is taken for an injected one (1 are)'])

    def test_the_sender_is_another(self):
        made = Made()
        made.doc['causes'][0]['sender_cpus'] = '0-1'
        figures, unmet = self.unmet(made)
        self.assertEqual((figures['attributed'], figures['misattributed']), (0, COUNT))
        self.assertEqual(len(unmet), 1)

    def test_named_after_what_came_first(self):
        made = Made()
        made.gaps[7][2], made.gaps[7][5], made.gaps[7][6] = 1, 5, 2
        figures, unmet = self.unmet(made)
        self.assertEqual((figures['primary_cause'], unmet), ({'injector': COUNT - 1, 'tick': 1}, []))

    def test_lengths_are_wrong(self):
        made = Made()
        for shot, gap in zip(made.shots, made.gaps):
            gap[1] += 100 if shot[3] else 0
        figures, unmet = self.unmet(made)
        self.assertEqual(figures['length_error']['raw']['median_ns'], WAY_IN + WAY_OUT + 114)
        self.assertEqual(figures['length_error']['median_ns'], 100)
        self.assertEqual(len(unmet), 1)
        self.assertIn('error of length', unmet[0])
        figures, unmet = self.unmet(made, emulated=True)
        self.assertEqual(unmet, [])
        self.assertEqual([d['met'] for d in figures['demands']].count(None), 1)

    def test_the_emulator_agrees(self):
        made = Made()
        figures, unmet = self.unmet(made, emulated=True, away=[(5, 600)] + made.away())
        self.assertEqual(unmet, [])
        e = figures['emulator']
        self.assertEqual((e['compared'], e['strangers'], e['gaps_away'], e['unseen'], e['within']),
                         (COUNT, 0, COUNT, 0, COUNT))
        self.assertEqual([d['met'] for d in figures['demands']].count(None), 0)

    def test_the_emulator_saw_longer_ones(self):
        made = Made()
        figures, unmet = self.unmet(made, emulated=True, away=made.away(longer=100))
        self.assertEqual(len(unmet), 1)
        self.assertIn("emulator's own view at the median 0.10 us", unmet[0])
        self.assertEqual(figures['emulator']['within'], 0)

    def test_the_emulator_saw_more(self):
        made = Made()
        more = made.away() + [(10 ** 9 + 1500000, 10 ** 9 + 1500400)]
        self.assertEqual(self.unmet(made, away=sorted(more))[0]['emulator']['unseen'], 1)

    def test_the_emulator_saw_nothing_of_one(self):
        made = Made()
        away = made.away()
        del away[50]
        figures, unmet = self.unmet(made, emulated=True, away=away)
        self.assertEqual(figures['emulator']['strangers'], 1)
        self.assertIn('the emulator knows of 119 of 120', unmet[0])

    def test_the_emulator_saw_something_else(self):
        made = Made()
        away = [(i * 777777, i * 777777 + 1300) for i in range(1, COUNT)]
        self.assertNotEqual(self.unmet(made, emulated=True, away=away)[1], [])

    def test_something_was_lost(self):
        made = Made()
        made.doc['lost']['ring'] = 1
        self.assertEqual(self.unmet(made)[1], ['nothing was lost'])

    def test_what_lies_outside_the_window_is_not_judged(self):
        made = Made()
        made.doc['cpus'][0]['window_open_ticks'] = str(made.gaps[9][1] + 1)
        made.doc['causes'][0]['entries'] -= 10
        made.gaps = made.gaps[10:]
        figures, unmet = self.unmet(made)
        self.assertEqual((figures['in_window'], unmet), (COUNT - 10, []))


class Peers(unittest.TestCase):
    def test_timerlat(self):
        with tempfile.NamedTemporaryFile('w', suffix='.txt') as f:
            f.write('# RTLA timerlat histogram\nIndex   IRQ-002   Thr-002\n30  1  0\n99  0  4\n'
                    'over:  1  2\nmax:  9  77\n')
            f.flush()
            found = peers.from_timerlat(f.name)
        self.assertEqual((peers.above(found, 20), peers.above(found, 100), found.max_us), (6, 2, 77))
        self.assertIsNone(peers.above(found, 0))

    def test_osnoise(self):
        with tempfile.NamedTemporaryFile('w', suffix='.txt') as f:
            f.write('CPU Period Runtime\n  2 #12  12000000 238625 76.1 238625 9043 1013 0 631 1 0\n')
            f.flush()
            found = peers.from_osnoise(f.name)
        self.assertEqual((peers.above(found, 0), peers.above(found, 20), found.max_us), (631, None, 9043))

    def test_an_instrument_that_did_not_run(self):
        self.assertIsNone(peers.read('/nonexistent', 'oslat'))


if __name__ == '__main__':
    unittest.main()
