#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Workers that do not come up, or do not end: the run says so, and holds nothing up for good."""
import contextlib
import os
import shutil
import signal

import live

FREEZER = '/sys/fs/cgroup/freezer'
RUN = ['-o', f'probe.cpus={live.CPU}', '-o', 'scenario.rounds=1', '-o', 'scenario.duration=1s',
       '-o', 'scenario.warmup=0s']


def never_ready(t, folder):
    """A worker's program that says nothing: 30 s are the product's own patience."""
    programs = f'{folder}/programs'
    os.mkdir(programs)
    for name in ('tlbnoise', 'tlbnoised', 'tlbnoise-probe'):
        shutil.copy(f'{live.BUILD}/{name}', programs)
    with open(os.open(f'{programs}/tlbnoise-churn', os.O_WRONLY | os.O_CREAT, 0o755), 'w', encoding='ascii') as f:
        f.write('#!/bin/sh\nexec sleep 1000\n')
    r = live.tlbnoise('run', 'vmalloc-storm', *RUN, program=f'{programs}/tlbnoise',
                      env={'TLBNOISE_SCENARIOS': f'{live.SOURCE}/conf/scenarios'})
    t.ok('never ready: exit status 2, and which worker', r.status == 2 and 'is not ready after 30 s' in r.err, r)
    t.equal('never ready: nothing is left', live.left_behind(), [])


@contextlib.contextmanager
def freezer():
    """A group in which nobody dies while it is frozen; yields None where there is no legacy hierarchy to make it in."""
    path = f'{FREEZER}/tlbnoise-test.{os.getpid()}'
    try:
        os.mkdir(path)
    except OSError as e:
        print(f'# no group of ours in {FREEZER}: {e.strerror}: not tested')
        yield None
        return
    try:
        yield path
    finally:
        write(f'{path}/freezer.state', 'THAWED')
        live.wait_for(lambda: not live.read(f'{path}/cgroup.procs').split(), 'those that were told to die are dead')
        os.rmdir(path)


def write(path, text):
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)


def does_not_die(t, folder, stop):
    name = 'stopped by hand' if stop else 'to its end'
    with freezer() as group:
        if not group:
            return
        service = live.Service(folder)
        cli = service.start(folder, 'vmalloc-storm', '--json', *RUN, '-o', 'churn vmalloc.workers=2',
                            *(['-o', 'scenario.duration=60s'] if stop else []))
        service.wait_state('measuring')
        workers = live.marked('tlbnoise-churn')
        for pid in workers:
            write(f'{group}/cgroup.procs', str(pid))
        write(f'{group}/freezer.state', 'FROZEN')
        live.wait_for(lambda: live.read(f'{group}/freezer.state') == 'FROZEN\n', 'the workers are frozen')
        if stop:
            cli.signal(signal.SIGINT)
        r = cli.end()
        t.equal(f'hangs, {name}: two workers', len(workers), 2)
        if stop:
            t.ok(f'hangs, {name}: the client ends', r.status in (0, 2), r)
        else:
            found = [f['text'] for f in r.json()['findings'] if f['id'] == 'worker-hangs']
            # 2 where a busy machine lost events as well: the run is incomplete then.
            t.ok(f'hangs, {name}: the document names both', r.status in (0, 2) and len(found) == 2 and
                 all(f'churn worker {pid} does not die' in ' '.join(found) for pid in workers),
                 (r.status, r.err[-600:], found))
        t.equal(f'hangs, {name}: the service goes on', service.state(), 'idle')
        for pid in workers:
            t.ok(f'hangs, {name}: its log names worker {pid}', f'churn worker {pid} does not die' in service.err(),
                 service.err())
        t.ok(f'hangs, {name}: they are there indeed', all(live.start_time(pid) for pid in workers))
    service.signal(signal.SIGTERM)
    t.equal(f'hangs, {name}: the service ends', service.end().status, 0)
    live.wait_for(lambda: not live.marked(), 'all are gone')


def test(t, folder):
    never_ready(t, folder)
    does_not_die(t, folder, False)
    does_not_die(t, folder, True)


if __name__ == '__main__':
    live.main(test)
