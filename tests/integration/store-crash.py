#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The history under hardship: what is left of runs whose daemon was killed, a full disk, a read-only one.

kills.py kills more often, and looks at the machine.
"""
import contextlib
import glob
import os
import random
import signal
import sqlite3
import subprocess

import live

KILLS = 3
STORE = f'{live.RESULTS}/store.db'
RUN = ['vmalloc-storm', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100ms', '-o', 'scenario.rounds=40',
       '-o', 'scenario.warmup=0s', '--quiet']
SHORT = ['quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=200ms', '-o', 'scenario.rounds=1', '--json']


def ask(sql):
    with contextlib.closing(sqlite3.connect(f'file:{STORE}?mode=ro', uri=True)) as db:
        return db.execute(sql).fetchall()


def intact():
    return ask('PRAGMA integrity_check') == [('ok',)] and not ask('PRAGMA foreign_key_check')


def kill_at(folder, moment):
    """Starts a run and kills its daemon so many seconds after it was entered; the id that it had."""
    cli, daemon, run = live.run_at(folder, moment, *RUN)
    os.kill(daemon, signal.SIGKILL)
    cli.end()
    live.wait_for(lambda: not live.marked(), 'probe and workers are gone')
    return run, daemon


def check_kill(t, name, run, daemon, known):
    now = live.history()
    t.ok(f'{name}: the store is intact', intact())
    t.ok(f'{name}: nothing that was stored is lost', known <= set(now), known - set(now))
    entry = now[run]
    t.equal(f'{name}: the run is aborted, as a reader sees it', entry['state'], 'aborted')
    shown = live.tlbnoise('show', run, '--json')
    if entry['rounds_done']:
        doc = shown.json()
        t.equal(f'{name}: it has the rounds that had ended', (doc['state'], doc['scenario']['rounds_done'],
                                                              len(doc['cpus'])),
                ('aborted', entry['rounds_done'], entry['rounds_done']))
        there = live.raw_records(f'{live.RESULTS}/runs/{run}/interruptions.raw')[1]
        t.ok(f'{name}: and their raw records', there >= doc['raw']['records'], (there, doc['raw']['records']))
    else:
        t.ok(f'{name}: it says that it has no result', shown.status == 2 and 'has no result' in shown.err, shown)
    r = live.tlbnoise('run', *SHORT)
    t.ok(f'{name}: the next run works', r.status == 0, r)
    t.ok(f'{name}: and says what it found', any(run in line and 'interrupted after' in line for line in r.lines()), r)
    t.equal(f'{name}: it is marked', ask(f"SELECT state, owner FROM runs WHERE id = '{run}'"), [('aborted', None)])
    t.equal(f'{name}: no trace instance is left', live.instances(daemon), [])
    t.equal(f'{name}: no journal is left', glob.glob(f'{live.STATE}/undo.*'), [])


def kills(t, folder):
    live.tlbnoise('run', *SHORT)
    chance = random.Random(int(os.environ.get('TN_SEED', '1')))
    rounds = 0
    for i in range(KILLS):
        known = set(live.history())
        run, daemon = kill_at(folder, chance.uniform(0, 3) if i else 3)
        rounds += live.history()[run]['rounds_done']
        check_kill(t, f'kill {i + 1}', run, daemon, known)
    t.ok('at least one was killed after its first round', rounds > 0)


def remount(options):
    subprocess.run(['mount', '-o', f'remount,{options}', live.RESULTS], check=True)


def not_stored(t, name, r, *words):
    ids = [f for f in r.json()['findings'] if f['id'] == 'not-stored']
    t.ok(f'{name}: the run is reported', r.status == 0 and r.json()['cpus'], r)
    t.ok(f'{name}: with the finding not-stored', len(ids) == 1 and all(w in ids[0]['text'] for w in words), ids)
    t.equal(f'{name}: and names no raw file', r.json()['raw']['file'], '')


BALLAST = f'{live.RESULTS}/ballast'


def leave_room(size):
    """Fills the file system; it stays so large that the history is less than the tenth which it may take."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(BALLAST)
    now = os.statvfs(live.RESULTS)
    remount(f'size={12 * (now.f_blocks - now.f_bfree) * now.f_frsize + (32 << 20)}')
    now = os.statvfs(live.RESULTS)
    with open(BALLAST, 'wb') as f:
        os.posix_fallocate(f.fileno(), 0, now.f_bavail * now.f_frsize - size)


def full_disk(t):
    before = live.history()
    leave_room(4096)
    r = live.tlbnoise('run', *SHORT)
    not_stored(t, 'full disk', r, 'space left')
    t.ok('full disk: the store is intact', intact())
    t.ok('full disk: what was stored is there', set(before) <= set(live.history()))
    runs = 0
    for room in (16, 64, 256):  # full somewhere between the first row and the last: stored, or said not to be
        leave_room(room * 1024)
        r = live.tlbnoise('run', *SHORT)
        entry = live.history().get(r.json()['id'])
        missing = any(f['id'] == 'not-stored' for f in r.json()['findings'])
        t.ok(f'{room} KiB left: the run is reported', r.status == 0, r)
        t.ok(f'{room} KiB left: and stored, or said not to be', missing != bool(entry and entry['state'] == 'complete'),
             (missing, entry))
        t.ok(f'{room} KiB left: the store is intact', intact())
        runs += 1
        gone = sorted(set(before) - set(live.history()))  # for the free space that is to be kept: as much as a run needs
        t.ok(f'{room} KiB left: only the oldest had to go', gone == sorted(before)[:len(gone)] and
             sum(before[run]['has_document'] for run in gone) <= 2 * runs, gone)
    os.remove(BALLAST)
    r = live.tlbnoise('run', *SHORT)
    t.ok('room again: the next run is stored', r.status == 0 and live.history()[r.json()['id']]['state'] == 'complete', r)
    t.equal('room again: no run is left as running', [e for e in live.history().values() if e['state'] == 'running'], [])


def read_only(t):
    before = live.history()
    remount('ro')
    r = live.tlbnoise('run', *SHORT)
    not_stored(t, 'read-only', r, 'may only be read here')
    t.ok('read-only: a warning says so before the end', 'will not be stored' in r.err, r.err)
    t.equal('read-only: the history can be read', set(live.history()), set(before))
    t.equal('read-only: and its documents', live.tlbnoise('show', '@latest').status, 0)
    r = live.tlbnoise('runs', '--state', '*', '--delete', '--yes')
    t.ok('read-only: nothing can be removed', r.status == 2 and len(r.lines()) == 1 and 'may only be read' in r.err, r)
    remount('rw')


def test(t, folder):
    kills(t, folder)
    full_disk(t)
    read_only(t)


live.main(test)
