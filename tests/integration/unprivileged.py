#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Without root: one clear line on what is missing, and what still works does."""
import os
import resource
import shutil

import live

NOBODY = 65534
SETPRIV = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups']
COUNTERS = ['-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=1s', '-o', 'scenario.rounds=1', '-o',
            'trace.level=counters']


class Nobody:
    """A user without rights, with copies of the programs and folders of its own."""

    def __init__(self, folder):
        os.chmod(folder, 0o755)
        self.home = f'{folder}/home'
        os.mkdir(self.home)
        os.chown(self.home, NOBODY, NOBODY)
        self.program = f'{folder}/bin/tlbnoise'
        os.mkdir(f'{folder}/bin')
        for name in ('tlbnoise', 'tlbnoised', 'tlbnoise-probe', 'tlbnoise-churn'):
            shutil.copy(f'{live.BUILD}/{name}', f'{folder}/bin/{name}')
            os.chmod(f'{folder}/bin/{name}', 0o755)
        self.scenario = f'{folder}/threads.ini'
        shutil.copy(f'{live.SOURCE}/conf/scenarios/threads.ini', self.scenario)
        os.chmod(self.scenario, 0o644)
        self.env = {'HOME': self.home, 'XDG_RUNTIME_DIR': self.home, 'XDG_STATE_HOME': self.home}

    def run(self, *args, memlock=None):
        limit = [] if memlock is None else ['prlimit', f'--memlock={memlock}']
        return live.tlbnoise(*args, program=self.program, prefix=[*limit, *SETPRIV], env=self.env)

    def left(self):
        return sorted(f for _, _, files in os.walk(self.home) for f in files
                      if not f.endswith('.lock') and not f.startswith('store.db'))


def one_line(t, name, r, *words):
    t.ok(f'{name}: status 2, one line', r.status == 2 and not r.out and len(r.lines()) == 1, r)
    for word in words:
        t.ok(f'{name}: it says {word!r}', word in r.err, r.err)


def offline(t, nobody, document):
    for args in (['list'], ['list', '--json'], ['version'], ['show', document], ['help']):
        r = nobody.run(*args)
        t.equal(f'{" ".join(args[:1])} works', (r.status, r.out != '', r.err), (0, True, ''))
    machine = nobody.run('list', '--json').json()['machine']
    t.ok('list knows that causes cannot be named', machine['trace_level'] in ('counters', 'none'), machine)


def highest_memlock():
    """The highest limit that may be given here, in bytes, as prlimit(1) takes it."""
    hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]
    for limit in ('unlimited', str(hard)):
        r = live.tlbnoise(f'--memlock={limit}', 'true', program='prlimit')
        if r.status == 0:
            return limit
    return str(hard)


def counters(t, nobody):
    """The probe locks its memory: with the limit it works, without the line names the limit."""
    limit = highest_memlock()
    r = nobody.run('run', nobody.scenario, *COUNTERS, '--json', memlock=limit)
    if r.status and 'RLIMIT_MEMLOCK' in r.err:
        print(f'# this machine grants no more than {limit} bytes to lock')
        one_line(t, 'level counters', r, 'ulimit -l')
    elif t.ok('level counters with threads works', r.status == 0, r):
        doc = r.json()
        t.equal('it says its level', doc['trace']['level'], 'counters')
        t.ok('threads were made', doc['churn'][0]['operations'] > 0, doc['churn'])
        t.ok('the kernel counted', any(c['delta'] for c in doc['cpus'][0]['counters']), doc['cpus'][0]['counters'])
        t.equal('records are kept below the home', live.raw_records(doc['raw']['file'])[0], doc['raw']['records'])
        t.ok('in the folder that was asked for', doc['raw']['file'].startswith(nobody.home + '/'), doc['raw'])
        t.equal('nothing else is kept', nobody.left(), ['interruptions.raw'])
        r = nobody.run('show', '@latest', '--json')
        t.ok('and it is in the history of that user', r.status == 0 and r.json()['id'] == doc['id'], r)
        shutil.rmtree(f'{nobody.home}/tlbnoise/runs')
    r = nobody.run('run', nobody.scenario, *COUNTERS, '--json', '-o', 'probe.sched=fifo:1', memlock=limit)
    one_line(t, 'sched=fifo', r, 'SCHED_FIFO', 'RLIMIT_RTPRIO')
    r = nobody.run('run', nobody.scenario, *COUNTERS, '--json', memlock='65536')
    if r.status == 0:  # a sanitizer ignores mlockall()
        print('# memory was not locked: nothing to refuse')
        shutil.rmtree(f'{nobody.home}/tlbnoise/runs')
    else:
        one_line(t, 'RLIMIT_MEMLOCK', r, 'RLIMIT_MEMLOCK', 'ulimit -l')


def socket(t, folder, nobody):
    """The socket of root's daemon: who is in none of its groups learns nothing, even if the socket lets him in."""
    service = live.Service(folder)
    r = nobody.run('status', '--socket', service.socket)
    one_line(t, "root's socket", r, 'sudo' if 'sudo' in r.err else 'ermission')
    os.chmod(service.socket, 0o666)
    r = nobody.run('status', '--socket', service.socket)
    one_line(t, 'status through an open socket', r, 'may not use this service', 'sudo')
    r = nobody.run('run', nobody.scenario, '--socket', service.socket, '--json')
    one_line(t, 'run through an open socket', r, 'may not use this service', 'sudo')
    r = nobody.run('stop', '--socket', service.socket)
    one_line(t, 'stop through an open socket', r, 'may not use this service', 'sudo')
    t.equal('the service did nothing', service.state(), 'idle')
    service.signal(15)
    t.equal('and ends well', service.end().status, 0)


def test(t, folder):
    if not shutil.which('setpriv'):
        live.skip('setpriv is not installed')
    document = f'{folder}/root.json'
    r = live.tlbnoise('run', 'quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=200ms', '-o',
                      'scenario.rounds=1', '--quiet', '--output', document)
    t.equal("root's run", r.status, 0)
    os.chmod(document, 0o644)
    nobody = Nobody(folder)
    r = nobody.run('run', nobody.scenario, '-o', f'probe.cpus={live.CPU}', '--json')
    one_line(t, 'run', r, 'needs root', 'sudo', 'trace.level=counters', 'list, show and version work')
    t.equal('run: nothing is left', (nobody.left(), live.marked(), live.instances()), ([], [], []))
    offline(t, nobody, document)
    counters(t, nobody)
    t.equal('nothing is left', (nobody.left(), live.marked(), live.instances()), ([], [], []))
    socket(t, folder, nobody)


live.main(test)
