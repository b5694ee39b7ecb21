#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 of the whole daemon at random moments of a run with isolation, from its first instruction on; also with a full
disk and with one that may only be read. Each time: probes and churn are gone, nothing committed is lost, the next run
works, and puts cpusets, affinities and tracefs back to what they were.

TN_KILLS sets how often on each of the three disks (8 in the test suite, 200 for a release, which wants 1 GB of memory),
TN_SEED the moments.
"""
import contextlib
import glob
import os
import random
import signal
import sqlite3
import subprocess
import time

import live
import machine

KILLS = int(os.environ.get('TN_KILLS', '8'))
DISK_MB = max(64, 4 * KILLS)  # a tenth of it is what the history may take before old runs go
LONGEST_S = 6.0
STORE = f'{live.RESULTS}/store.db'
BALLAST = f'{live.RESULTS}/ballast'
ISOLATE = ['-o', 'isolate.what=all'] if machine.can_isolate() else ['-o', 'isolate.what=irqs workqueues']
RUN = ['vmalloc-storm', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100ms', '-o', 'scenario.rounds=100',
       '-o', 'scenario.warmup=0s', *ISOLATE, '--quiet']
NEXT = ['quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100ms', '-o', 'scenario.rounds=1', '-o',
        'trace.level=entry', '--json']


def ask(sql):
    with contextlib.closing(sqlite3.connect(f'file:{STORE}?mode=ro', uri=True)) as db:
        return db.execute(sql).fetchall()


def history():
    return {run: (state, rounds) for run, state, rounds in ask('SELECT id, state, rounds_done FROM runs')}


def kill(folder, moment):
    """The daemon of a run dies so long after it was started; returns its PID, and how far the run had come."""
    cli = live.Background(folder, live.TLBNOISE, 'run', *RUN)
    daemon = live.wait_for(lambda: live.marked('tlbnoised') or not cli.alive(), 'there is a daemon')
    if daemon is True:
        raise AssertionError(f'the run ended: {cli.err()}')
    time.sleep(moment)  # the moment is what is tested, not a wait for something
    isolated, probed = bool(machine.cpusets()), bool(live.marked('tlbnoise-probe'))
    with contextlib.suppress(ProcessLookupError):
        os.kill(daemon[0], signal.SIGKILL)
    r = cli.end()
    if 'killed by signal 9' not in r.err:
        raise AssertionError(f'the run was over after {moment:.2f} s: {r}')
    live.wait_for(lambda: not live.marked(), 'probe and workers are gone')
    return daemon[0], 'probed' if probed else 'isolated' if isolated else 'begun'


def check(t, name, before, now, daemon, place):
    """After the kill: what the store and the next run say. @before, @now: the history before and after it."""
    t.ok(f'{name}: the store is intact',
         ask('PRAGMA integrity_check') == [('ok',)] and not ask('PRAGMA foreign_key_check'))
    t.ok(f'{name}: nothing that was stored is lost', before.items() <= now.items(), before.items() - now.items())
    r = live.tlbnoise('run', *NEXT)
    t.ok(f'{name}: the next run works', r.status == 0 and r.json()['cpus'], r)
    t.equal(f'{name}: the machine is as before', place.differs(), [])
    t.equal(f'{name}: no trace instance is left', live.instances(daemon), [])
    t.equal(f'{name}: no journal is left', glob.glob(f'{live.STATE}/undo.*'), [])
    return r


def kill_often(t, folder, place, chance, disk='', not_stored_for=''):
    """@disk: what is wrong with the disk, @not_stored_for: what the next run says of it; both empty: nothing is.

    Returns how many came while the probe ran.
    """
    reached = {}
    for i in range(KILLS):
        before = history()
        daemon, how_far = kill(folder, chance.uniform(0, LONGEST_S))
        name = f'{disk}kill {i + 1} ({how_far})'
        now = history()
        reached[how_far] = reached.get(how_far, 0) + 1
        r = check(t, name, before, now, daemon, place)
        if not_stored_for:
            t.ok(f'{name}: its result is delivered, and says that it is not stored', not_stored(r, not_stored_for), r)
        for run in set(now) - set(before):
            reached['in the history'] = reached.get('in the history', 0) + 1
            t.equal(f'{name}: it is in the history, as aborted', history()[run][0], 'aborted')
            t.ok(f'{name}: with the rounds that it had', history()[run][1] >= now[run][1], history()[run])
    print(f'# {disk}{KILLS} kills: {reached}')
    return reached.get('probed', 0)


def not_stored(r, words):
    texts = [f['text'] for f in r.json()['findings'] if f['id'] == 'not-stored']
    return len(texts) == 1 and words in texts[0]


def kill_with_full_disk(t, folder, place, chance):
    disk = os.statvfs(live.RESULTS)
    with open(BALLAST, 'wb') as f:
        os.posix_fallocate(f.fileno(), 0, disk.f_bavail * disk.f_frsize)
    probed = kill_often(t, folder, place, chance, 'full disk: ', 'space left')
    os.remove(BALLAST)
    return probed


def kill_with_read_only_disk(t, folder, place, chance):
    subprocess.run(['mount', '-o', 'remount,ro', live.RESULTS], check=True)
    probed = kill_often(t, folder, place, chance, 'read-only disk: ', 'only be read')
    subprocess.run(['mount', '-o', 'remount,rw', live.RESULTS], check=True)
    return probed


def full_state(t, place):
    """What cannot be written down before it is done must not be done."""
    with contextlib.suppress(OSError), open(f'{live.STATE}/ballast', 'wb') as f:
        disk = os.statvfs(live.STATE)
        os.posix_fallocate(f.fileno(), 0, disk.f_bavail * disk.f_frsize)
    r = live.tlbnoise('run', *RUN)
    t.ok('no room for the journal: the run is refused, in one line', r.status == 2 and len(r.lines()) == 1 and
         'No space left' in r.err, r)
    t.equal('no room for the journal: nothing was changed', place.differs(), [])
    os.remove(f'{live.STATE}/ballast')


def test(t, folder):
    for path, size in ((live.RESULTS, DISK_MB), (live.STATE, 64)):
        subprocess.run(['mount', '-o', f'remount,size={size}M', path], check=True)
    place = machine.Machine()
    try:
        t.equal('a first run works', live.tlbnoise('run', *NEXT).status, 0)
        chance = random.Random(int(os.environ.get('TN_SEED', '1')))
        probed = kill_often(t, folder, place, chance)
        probed += kill_with_full_disk(t, folder, place, chance)
        probed += kill_with_read_only_disk(t, folder, place, chance)
        t.ok(f'{probed} of all came while the probe ran', probed)
        full_state(t, place)
        r = live.tlbnoise('run', *NEXT)
        t.ok('at the end: a run works, and is stored', r.status == 0 and history()[r.json()['id']][0] == 'complete', r)
    finally:
        if place.differs():  # whatever has gone wrong: the journal is in this test's own folder
            live.tlbnoise('run', *NEXT)
        place.witnesses.end()


live.main(test)
