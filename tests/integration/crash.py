#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Killed in mid-run: who dies, how fast, what is left, and who clears it away.

The second that everything has after a kill -9 is a promise of the product and the one time limit in these tests.
"""
import json
import os
import shutil
import signal
import subprocess
import time

import live

GONE_WITHIN_S = 1.0
CPUSETS = '/sys/fs/cgroup/cpuset'
RUN = ['-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=60s', '-o', 'scenario.rounds=1']
SHORT = ['quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=200ms', '-o', 'scenario.rounds=1']


def measuring(folder, scenario, *args):
    """A private run inside its window: the CLI, and the PID of its daemon."""
    cli = live.Background(folder, live.TLBNOISE, 'run', scenario, *RUN, *args)
    live.wait_for(lambda: 'measuring' in cli.err() or not cli.alive(), 'the window is open')
    if not cli.alive():
        raise AssertionError(f'the run ended: {cli.err()}')
    return cli, live.marked('tlbnoised')[0]


def workers():
    return [p for name in ('tlbnoise-probe', 'tlbnoise-churn', 'hackbench') for p in live.marked(name)]


def kill_and_wait(t, name, pid, also=()):
    """kill -9 of pid; all processes of the run have to follow within the second."""
    before = workers()
    t.ok(f'{name}: probe and worker run', live.marked('tlbnoise-probe') and live.marked('tlbnoise-churn'), before)
    start = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    try:
        live.wait_for(lambda: not any(live.start_time(p) for p in before), 'they die', GONE_WITHIN_S)
        took = time.monotonic() - start
        t.ok(f'{name}: {len(before)} processes gone after {took * 1000:.0f} ms', True)
    except AssertionError:
        t.ok(f'{name}: gone within a second', False,
             [f'{p} {live.read(f"/proc/{p}/comm").strip()}' for p in before if live.start_time(p)])
    live.wait_for(lambda: set(live.marked()) <= set(also), f'{name}: the daemon itself is gone')
    t.equal(f'{name}: nobody came after them', workers(), [])


def make_cpuset(pid, start):
    """A cpuset of a dead owner with a task in it; None where there is no legacy hierarchy to make it in."""
    path = f'{CPUSETS}/tlbnoise.{pid}.{start}'
    try:
        os.mkdir(path)
    except OSError as e:
        print(f'# no cpuset of ours in {CPUSETS}: {e.strerror}: not tested')
        return None, None
    for name in ('cpuset.cpus', 'cpuset.mems'):
        with open(f'{path}/{name}', 'w', encoding='ascii') as f:
            f.write(live.read(f'{CPUSETS}/{name}'))
    task = subprocess.Popen(['sleep', str(live.LONG * 5)])
    with open(f'{path}/tasks', 'w', encoding='ascii') as f:
        f.write(str(task.pid))
    return path, task


def write_journal(pid, start, *entries):
    """As lib/system/undo.c writes it."""
    path = f'{live.STATE}/undo.{pid}.{start}'
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w', encoding='ascii') as f:
        f.write('tlbnoise-undo 1 ' + live.read('/proc/sys/kernel/random/boot_id').strip() + '\n')
        f.writelines(f'{kind}\t{target}\n' for kind, target in entries)
    return path


def dead_process():
    p = subprocess.Popen(['sleep', str(live.LONG)])
    start = live.start_time(p.pid)
    p.kill()
    p.wait()
    return p.pid, start


def kill_private_daemon(t, folder):
    """Returns the instances that the dead daemon left."""
    cli, daemon = measuring(folder, 'vmalloc-storm')
    kill_and_wait(t, 'private daemon', daemon, also=[cli.pid])
    r = cli.end()
    t.ok('private daemon: its client says so in its last line',
         r.status == 2 and 'killed by signal 9' in r.lines()[-1], r)
    left = live.instances(daemon)
    t.ok('private daemon: its trace instances are left', len(left) == 2, left)
    t.equal('private daemon: and its journal', [p for p in live.kept() if 'undo.' in p and f'.{daemon}.' in p] != [],
            True)
    return left


def next_run_clears(t, left):
    pid, start = dead_process()
    cpuset, task = make_cpuset(pid, start)
    if cpuset:
        write_journal(pid, start, ('C', cpuset))
    r = live.tlbnoise('run', *SHORT, '--json')
    t.ok('next run: works', r.status == 0, r)
    for path in left + ([cpuset] if cpuset else []):
        t.ok(f'next run: {os.path.basename(path)} is removed', not os.path.exists(path))
        t.ok('next run: and stderr says so', sum(path in line for line in r.lines()) == 1, r.err)
        t.ok('next run: the document as well', any(f['id'] == 'recovered' and path in f['text']
                                                   for f in r.json()['findings']), r.json()['findings'])
    if task:
        t.ok('next run: the task of the cpuset lives on', task.poll() is None)
        t.equal('next run: in the parent', live.read(f'/proc/{task.pid}/cpuset').strip(), '/')
        task.kill()
        task.wait()
    t.equal('next run: no journal is left', [p for p in live.kept() if 'undo.' in p], [])
    r = live.tlbnoise('run', *SHORT, '--json')
    t.equal('the run after that has nothing to say', (r.status, r.err), (0, ''))


def kill_service(t, folder, scenario, extra=()):
    service = live.Service(folder)
    cli = service.start(folder, scenario, *RUN, *extra)
    service.wait_state('measuring')
    if scenario == 'hackbench':
        live.wait_for(lambda: live.marked('hackbench'), 'hackbench runs')
    kill_and_wait(t, f'service with {scenario}', service.pid, also=[cli.pid])
    service.process.wait()
    r = cli.end()
    t.ok(f'service with {scenario}: its client is told',
         r.status == 2 and r.lines() and 'went away' in r.lines()[-1], r)
    left = live.instances(service.pid)
    again = live.Service(folder)
    said = again.status()['recovered']
    t.ok('next service: status tells what was removed', left and all(any(p in s for s in said) for p in left),
         (left, said))
    t.ok('next service: so does its log', all(p in again.err() for p in left), again.err())
    t.equal('next service: it is removed', live.instances(service.pid), [])
    again.signal(signal.SIGTERM)
    t.equal('next service: ends on SIGTERM', again.end().status, 0)


def kill_client(t, folder):
    before = live.kept()
    cli, daemon = measuring(folder, 'vmalloc-storm')
    cli.signal(signal.SIGKILL)
    cli.process.wait()
    live.wait_for(lambda: not live.marked(), 'daemon and workers end')
    t.equal('client killed: no trace instance of its daemon is left', live.instances(daemon), [])
    t.equal('client killed: no file is left', live.kept(), before)


def interrupt_client(t, folder):
    path = f'{folder}/aborted.json'
    cli, daemon = measuring(folder, 'vmalloc-storm', '--output', path)
    cli.signal(signal.SIGINT)
    r = cli.end()
    t.equal('interrupted: status', r.status, 2)
    with open(path, encoding='utf-8') as f:
        doc = json.load(f)
    t.ok('interrupted: the document is aborted, and says why', doc['state'] == 'aborted' and doc['state_reason'],
         (doc['state'], doc['state_reason']))
    t.ok('interrupted: and has what was measured', doc['cpus'] and 0 < doc['cpus'][0]['window_s'] < 59,
         len(doc['cpus']))
    t.equal('interrupted: nobody is left', (live.marked(), live.instances(daemon)), ([], []))


def test(t, folder):
    next_run_clears(t, kill_private_daemon(t, folder))
    kill_service(t, folder, 'vmalloc-storm')
    if shutil.which('hackbench'):
        kill_service(t, folder, 'hackbench')
    else:
        print('# no hackbench here: not tested')
    kill_client(t, folder)
    interrupt_client(t, folder)


live.main(test)
