#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""--host: every online verb through ssh and tlbnoise bridge; several hosts at once; messages that name the host."""
import json
import os
import signal
import socket
import subprocess

import live

SHORT = ['quiet', '-o', 'scenario.duration=1s', '-o', 'scenario.rounds=3', '-o', 'trace.level=none']
HERE = os.path.dirname(os.path.abspath(__file__))


class Fleet:
    """Names of hosts, each a socket on this machine. Two may lead to one daemon, whose queue then keeps them apart."""

    def __init__(self, folder, **hosts):
        self.folder = folder
        self.env = {'TLBNOISE_SSH': f'{HERE}/fake-ssh',
                    'FAKE_HOSTS': ','.join(f'{name}={path}' for name, path in hosts.items())}

    def __call__(self, *args):
        return live.tlbnoise(*args, env=self.env)

    def start(self, *args, env=None):
        return live.Background(self.folder, live.TLBNOISE, *args, env={**self.env, **(env or {})})


def verbs(t, fleet, service):
    r = fleet('status', '--host', 'alpha', '--json')
    t.equal('status --host', (r.status, r.err, r.json()['pid'], r.json()['host']), (0, '', service.pid, 'alpha'))
    r = fleet('--host', 'alpha', 'status')
    t.ok('--host before the verb, text names the host', r.status == 0 and r.out.splitlines()[0] == 'alpha', r)
    r = fleet('stop', '--host', 'alpha')
    t.ok('an error of the daemon names the host', r.status == 2 and r.err == 'tlbnoise: alpha: no run is in progress\n', r)
    r = fleet('top', '--host', 'alpha', '--count', '2', '--interval', '100ms', '--json')
    t.equal('top --host', (r.status, r.err, len(r.out.splitlines())), (0, '', 2))
    r = fleet('status', '--host', 'alpha', '--socket', service.socket, '--json')
    t.equal('--socket is the one over there', (r.status, r.json()['pid']), (0, service.pid))


def mistakes(t, fleet, service):
    for args, wanted in (
            (['status', '--host', 'nowhere'], 'nowhere: ssh could not connect, or lost the connection'),
            (['run', *SHORT, '--host', 'nowhere'], 'nowhere: ssh could not connect, or lost the connection'),
            (['status', '--host', 'bare'], 'bare: there is no tlbnoise in the path over there, or no ssh here'),
            (['status', '--host', 'dead'], "dead: 'tlbnoise bridge' over there ended with status 2; its message is above"),
            (['status', '--host', '-oProxyCommand=id'], '-oProxyCommand=id: --host -oProxyCommand=id: not the name of a host'),
            (['status', '--host', 'a;id'], 'a;id: --host a;id: not the name of a host'),
            (['status', '--host', 'alpha', '--socket', '/a b'],
             'alpha: --socket /a b: with --host, only letters, digits and /._-+@: may occur in it'),
            (['stop', '--host', 'alpha', '--host', 'alpha'], 'stop: give one --host; run and status take several'),
            (['run', *SHORT, '--host', 'a', '--host', 'b', '--output', f'{fleet.folder}/x.json'],
             'run: --output takes the document of one host; each keeps its own')):
        r = fleet(*args)
        t.ok(f'{" ".join(args[-2:])}: status 2, and {wanted[:40]!r}', r.status == 2 and not r.out and
             r.lines()[-1] == f'tlbnoise: {wanted}', r)
    r = fleet('--host', 'alpha', 'list')
    t.ok('a verb that works here refuses --host', r.status == 2 and len(r.lines()) == 1 and
         r.err.startswith('tlbnoise: list works on this host'), r)
    r = live.tlbnoise('status', '--host', 'alpha', env={'TLBNOISE_SSH': '/nonexistent/ssh'})
    t.equal('without ssh', (r.status, r.err), (2, 'tlbnoise: alpha: cannot start /nonexistent/ssh: No such file or directory\n'))
    r = fleet('status', '--host', 'nowhere', '--host', 'alpha', '--json')
    t.ok('status of several hosts: one that fails does not hide the others', r.status == 2 and
         r.json()['pid'] == service.pid and 'nowhere' in r.lines()[-1], r)


def check(t, fleet):
    """Needs no service over there. The words of its command line come through the shell as they were."""
    here, there = live.tlbnoise('check', '--json', '--cpus', str(live.CPU)), fleet('check', '--json', '--cpus', str(live.CPU),
                                                                                  '--host', 'alpha')
    t.ok('check --host: what the check over there prints, and its status', there.status == here.status and
         there.json()['schema'] == 'tlbnoise.check/1' and there.json()['cpus'] == here.json()['cpus'], there)
    r = fleet('--host', 'alpha', 'check', '--cpus', str(live.CPU), '--watch', '150ms', '--json')
    t.ok('--watch counts over there', r.status in (0, 1) and abs(r.json()['watch']['seconds'] - 0.15) < 10, r)
    for args, wanted in (
            (['--host', 'nowhere'], 'nowhere: ssh could not connect, or lost the connection'),
            (['--host', 'bare'], 'bare: there is no tlbnoise in the path over there, or no ssh here'),
            (['--host', 'alpha', '--cpus', '4095'], "alpha: 'tlbnoise check' over there ended with status 2; its message is above"),
            (['--host', 'a;id'], 'a;id: --host a;id: not the name of a host'),
            (['--host', 'alpha', '--host', 'gamma'], 'check: give one --host; run and status take several')):
        r = fleet('check', *args)
        t.ok(f'check {" ".join(args)}: status 2, and {wanted[:40]!r}', r.status == 2 and
             r.lines()[-1] == f'tlbnoise: {wanted}', r)


def one_run(t, fleet):
    saved = f'{fleet.folder}/remote.json'
    r = fleet('run', *SHORT, '-o', f'probe.cpus={live.CPU}', '--host', 'alpha', '--json', '--output', saved)
    t.ok('run --host', r.status == 0 and r.json()['state'] == 'complete', r)
    with open(saved, encoding='utf-8') as f:
        document = json.load(f)
    t.ok('--output: the document is here, the raw records are not', document['id'] == r.json()['id'] and
         not document['raw'].get('file') and 'alpha' in json.dumps(document['raw']), document['raw'])
    r = fleet('run', *SHORT, '-o', f'probe.cpus={live.CPU}', '--host', 'alpha', '-q')
    t.ok('the report says where it is stored', 'Stored on alpha: ' in r.out, r.out[-300:])


def interrupted(t, fleet, service):
    client = fleet.start('run', 'quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100s', '-o',
                         'trace.level=none', '-o', 'scenario.rounds=1', '--host', 'alpha', '--json')
    service.wait_state('measuring')
    client.signal(signal.SIGINT)
    r = client.end()
    t.ok('ctrl-C: the run over there ends in order and its document comes', r.status == 2 and
         r.json()['state'] == 'aborted', r)
    client = fleet.start('run', 'quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100s', '-o',
                         'trace.level=none', '-o', 'scenario.rounds=1', '--host', 'alpha', '--attached')
    live.wait_for(lambda: service.state() == 'measuring', 'the next run measures')
    client.signal(signal.SIGKILL)
    client.process.wait()
    live.wait_for(lambda: service.state() == 'idle', 'an attached run ends with its client')
    t.ok('an attached run ends with its client, through bridge', 'its client has gone' in service.err())


def interrupted_early(t, fleet, service):
    """Before the service has named our run there is only somebody else's, which must go on."""
    gate = f'{fleet.folder}/gate'
    other = service.start(fleet.folder, 'quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100s', '-o',
                          'trace.level=none', '-o', 'scenario.rounds=1')
    service.wait_state('measuring')
    client = fleet.start('run', *SHORT, '-o', f'probe.cpus={live.CPU}', '--host', 'alpha', env={'FAKE_GATE': gate})
    live.wait_for(lambda: live.read(f'/proc/{client.pid}/task/{client.pid}/children').split(), 'ssh runs')
    client.signal(signal.SIGINT)
    live.wait_for(lambda: 'stopping the run' in client.err(), 'it says so')
    open(gate, 'w', encoding='ascii').close()
    r = client.end()
    t.ok('ctrl-C before a run has a name: it is taken out of the queue', r.status == 2 and 'taken out of the queue' in r.err, r)
    t.equal('and the run of somebody else goes on', service.state(), 'measuring')
    other.signal(signal.SIGINT)
    other.end()


def two(t, fleet):
    """Both names lead to one daemon: the second run waits for the first, as it would for anybody's."""
    r = fleet('run', *SHORT, '-o', f'probe.cpus={live.CPU}', '--host', 'alpha', '--host', 'gamma', '--json')
    hosts = r.json()['hosts']
    t.equal('two hosts: both documents', ([h['host'] for h in hosts], [h['document']['state'] for h in hosts]),
            (['alpha', 'gamma'], ['complete', 'complete']))
    t.ok('two runs', hosts[0]['document']['id'] != hosts[1]['document']['id'])
    c = hosts[1]['comparison']
    t.ok('the second is compared with the first', 'comparison' not in hosts[0] and c['schema'] == 'tlbnoise.comparison/1',
         list(c))
    t.ok('and the exit status is the verdict', r.status == (1 if c['verdict'] == 'regressed' else 0), (r, c['verdict']))
    r = fleet('run', *SHORT, '-o', f'probe.cpus={live.CPU}', '--host', 'alpha', '--host', 'gamma', '-q')
    t.ok('in text', r.status in (0, 1) and r.out.startswith('alpha: run ') and '\ngamma: run ' in r.out, r)
    r = fleet('run', *SHORT, '-o', f'probe.cpus={live.CPU}', '--host', 'alpha', '--host', 'nowhere')
    t.ok('one of two cannot be reached: its name, status 2', r.status == 2 and
         r.lines()[-1].startswith('tlbnoise: nowhere: ssh could not connect'), r)


def bridge(t, service):
    p = subprocess.run([live.TLBNOISE, 'bridge', '--socket', service.socket], check=False, capture_output=True,
                       input=b'{"method":"org.varlink.service.GetInfo"}\0{"method":"io.tlbnoise.Status"}\0', timeout=live.LONG)
    replies = [json.loads(x) for x in p.stdout.split(b'\0') if x]
    t.equal('bridge passes on what comes before the end of its input', (p.returncode, len(replies)), (0, 2))
    ours, theirs = socket.socketpair()
    with subprocess.Popen([live.TLBNOISE, 'bridge', '--socket', service.socket], stdin=theirs, stdout=theirs) as p:
        theirs.close()
        ours.sendall(b'{"method":"io.tlbnoise.Watch","parameters":{"interval_ms":100},"more":true}\0')
        t.ok('bridge streams', ours.recv(4096) != b'')
        ours.close()
        t.equal('bridge ends when nobody reads', p.wait(live.LONG), 0)


def test(t, folder):
    service = live.Service(folder)
    dead = f'{folder}/dead.sock'
    fleet = Fleet(folder, alpha=service.socket, gamma=service.socket, bare='nothing', dead=dead)
    verbs(t, fleet, service)
    mistakes(t, fleet, service)
    check(t, fleet)
    bridge(t, service)
    one_run(t, fleet)
    live.wait_for(lambda: service.state() == 'idle', 'idle')
    interrupted(t, fleet, service)
    interrupted_early(t, fleet, service)
    live.wait_for(lambda: service.state() == 'idle', 'idle')
    two(t, fleet)


live.main(test)
