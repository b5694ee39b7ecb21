#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The history when the power goes: what had been promised before the cut is there after it.

The history lies on an ext4 of its own, in a loop device. EXT4_IOC_SHUTDOWN without a flush of the journal (Linux,
fs/ext4/ioctl.c; what xfstests cuts the power with) drops all that no fsync had brought to the disk. Then everybody is
killed, the file system mounted again, its journal replayed. What this leaves out: a disk that lies about its cache.

TN_CUTS sets how often: 4 in the test suite, 100 for a release.
"""
import contextlib
import fcntl
import glob
import os
import random
import signal
import sqlite3
import struct
import subprocess

import live

CUTS = int(os.environ.get('TN_CUTS', '4'))
EXT4_IOC_SHUTDOWN, NO_FLUSH_OF_THE_LOG = 0x8004587d, 2  # _IOR('X', 125, __u32), EXT4_GOING_FLAGS_NOLOGFLUSH
RUN = ['vmalloc-storm', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100ms', '-o', 'scenario.rounds=40',
       '-o', 'scenario.warmup=0s', '--quiet']
SHORT = ['quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100ms', '-o', 'scenario.rounds=2', '--json']


class Disk:
    """What lies under the history."""

    def __init__(self, folder):
        self.image = f'{folder}/disk'
        with open(self.image, 'wb') as f:
            f.truncate(256 << 20)
        subprocess.run(['mkfs.ext4', '-q', '-F', self.image], check=True)
        self.mount()

    def mount(self):
        subprocess.run(['mount', '-o', 'loop', self.image, live.RESULTS], check=True)
        os.chmod(live.RESULTS, 0o755)

    def cut(self):
        fd = os.open(live.RESULTS, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack('I', NO_FLUSH_OF_THE_LOG))
        os.close(fd)

    def umount(self):
        subprocess.run(['umount', live.RESULTS], check=True)


def intact(t, name):
    with contextlib.closing(sqlite3.connect(f'file:{live.RESULTS}/store.db?mode=ro', uri=True)) as db:
        t.equal(f'{name}: the store is intact', db.execute('PRAGMA integrity_check').fetchall(), [('ok',)])


def power_off(disk, daemon):
    """Nobody lives on after the cut; the disk has no users then."""
    disk.cut()
    os.kill(daemon, signal.SIGKILL)
    live.wait_for(lambda: not live.marked('tlbnoised') and not live.marked('tlbnoise-probe'), 'nobody is left')


def cut_at(folder, disk, moment):
    """Cuts the power so many seconds after a run was entered; its id, and what a reader saw just before."""
    cli, daemon, run = live.run_at(folder, moment, *RUN)
    seen = live.history()
    power_off(disk, daemon)
    cli.end()
    live.wait_for(lambda: not live.marked(), 'nobody is left')
    disk.umount()
    disk.mount()
    return run, seen


def has_result(t, name, run):
    doc = live.tlbnoise('show', run, '--json').json()
    there = live.raw_records(f'{live.RESULTS}/runs/{run}/interruptions.raw')[1]
    t.ok(f'{name}: the raw records of {doc["state"]} run {run} are there', there >= doc['raw']['records'],
         (there, doc['raw']['records']))
    return doc


def check_cut(t, name, run, seen, finished):
    intact(t, name)
    now = live.history()
    t.ok(f'{name}: each run that was seen is there', set(seen) <= set(now), set(seen) - set(now))
    if run not in now:
        return 0
    t.equal(f'{name}: the run is aborted', now[run]['state'], 'aborted')
    t.ok(f'{name}: with all rounds that a reader had seen', now[run]['rounds_done'] >= seen[run]['rounds_done'],
         (now[run]['rounds_done'], seen[run]['rounds_done']))
    if now[run]['rounds_done']:
        t.equal(f'{name}: its document has as many', has_result(t, name, run)['scenario']['rounds_done'],
                now[run]['rounds_done'])
    for before in finished:
        t.equal(f'{name}: a finished run is as it was told', has_result(t, name, before['id'])['cpus'], before['cpus'])
    return now[run]['rounds_done']


def cut_after_answer(t, disk, finished):
    """The client had the result in hand: it is on the disk, however soon the power goes."""
    r = live.tlbnoise('run', *SHORT)
    disk.cut()
    live.wait_for(lambda: not live.marked(), 'nobody is left')
    disk.umount()
    disk.mount()
    doc = r.json()
    entry = live.history().get(doc['id'])
    t.ok('cut after the answer: the run is complete in the history', r.status == 0 and entry and
         entry['state'] == 'complete', entry)
    t.equal('cut after the answer: as it was told', has_result(t, 'cut after the answer', doc['id'])['cpus'], doc['cpus'])
    intact(t, 'cut after the answer')
    finished.append(doc)


def test(t, folder):
    if not os.path.exists('/dev/loop-control'):
        live.skip('needs loop devices')
    disk = Disk(folder)
    try:
        finished, rounds = [], 0
        chance = random.Random(int(os.environ.get('TN_SEED', '1')))
        for i in range(CUTS):
            cut_after_answer(t, disk, finished)
            run, seen = cut_at(folder, disk, chance.uniform(0, 3) if i else 3)
            rounds += check_cut(t, f'cut {i + 1}', run, seen, finished[-1:])
        t.ok('at least one cut came after a first round', rounds > 0)
        r = live.tlbnoise('run', *SHORT)
        t.ok('the next run is stored', r.status == 0 and live.history()[r.json()['id']]['state'] == 'complete', r)
        t.equal('no trace instance is left', live.instances(), [])
        t.equal('no journal is left', glob.glob(f'{live.STATE}/undo.*'), [])
    finally:
        disk.umount()


live.main(test)
