#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tlbnoised as a service: readiness, status, live view, stop, a second run, stock clients, clients that go away."""
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading

import live

RUN = ['vmalloc-storm', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=60s', '-o', 'scenario.rounds=1',
       '--json']
SHORT = ['vmalloc-storm', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=2s', '-o', 'scenario.rounds=1',
         '--json']


class Notify:
    """The manager's end of sd_notify(3)."""

    def __init__(self, folder):
        self.path = f'{folder}/notify'
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.lines = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.lines += self.socket.recv(4096).decode().splitlines()

    def has(self, pattern):
        return any(re.search(pattern, line) for line in self.lines)

    def wait(self, t, pattern):
        live.wait_for(lambda: self.has(pattern), f'the manager hears {pattern}: {self.lines}')
        t.ok(f'the manager hears {pattern}', True)


def cli(service, *args):
    return live.tlbnoise(*args, env={'TLBNOISE_SOCKET': service.socket})


def idle(t, service):
    r = cli(service, 'status', '--json')
    t.equal('status --json when idle', (r.status, r.json()['runs'], r.json()['service'], r.json()['pid']),
            (0, [], True, service.pid))
    r = cli(service, 'status')
    t.equal('status for people', (r.status, r.out != '', r.err), (0, True, ''))
    r = cli(service, 'stop')
    t.ok('stop without a run: status 2 and one line', r.status == 2 and len(r.lines()) == 1, r)
    r = live.tlbnoise('run', 'quiet', '--socket', service.socket, '-o', 'probe.cpus=4095')
    t.ok('what the daemon refuses is one line', r.status == 2 and len(r.lines()) == 1 and 'CPU 4095' in r.err, r)


def whole_run(t, service):
    r = live.tlbnoise('run', *SHORT, '--socket', service.socket)
    t.ok('a run through --socket', r.status in (0, 2) and r.json()['scenario']['rounds_done'] == 1, r)
    t.equal('its records are with the daemon', live.raw_records(r.json()['raw']['file'])[0], r.json()['raw']['records'])


def top(t, service):
    r = cli(service, 'top', '--count', '2', '--interval', '500ms', '--json')
    replies = [json.loads(line) for line in r.out.splitlines() if line.strip()]
    t.equal('top --count 2 --json: two lines', (r.status, r.err, len(replies)), (0, '', 2))
    for reply in replies:
        t.ok('top: the run and its level', reply['run']['state'] == 'measuring' and reply['level'] == 'full', reply)
        t.equal('top: the probed CPU', [c['cpu'] for c in reply['cpus']], [live.CPU])
    last = replies[-1]['cpus'][0]
    t.ok('top: interruptions by class',
         last['interruptions_per_s'] > 0 and last['entries_by_class'].get('tick', 0) > 0 and
         sum(last['by_class'].values()) > 0, last)
    t.ok('top: worst so far, and its class', last['worst_ns'] > 0 and last['worst_class'], last)


def busy_and_stop(t, service, folder, notify):
    client = service.start(folder, *RUN)
    service.wait_state('measuring')
    notify.wait(t, r'^STATUS=vmalloc-storm: round 1 of 1, measuring')
    run = cli(service, 'status', '--json').json()['runs'][0]
    t.equal('status: the run', (run['scenario'], run['round'], run['rounds'], run['window_total_ms']),
            ('vmalloc-storm', 1, 1, 60000))
    t.ok('status: where it is', 0 <= run['window_elapsed_ms'] <= 60000, run)
    top(t, service)
    r = live.tlbnoise('run', *SHORT, '--no-wait', '--socket', service.socket)
    t.ok('a second run that may not wait: status 2, one line', r.status == 2 and len(r.lines()) == 1 and not r.out, r)
    t.ok('which says that another is in progress', 'another run is in progress' in r.err, r.err)
    r = live.tlbnoise('run', *SHORT)
    t.ok('a private run on the same CPU: status 2, one line', r.status == 2 and len(r.lines()) == 1 and
         f'CPU {live.CPU} is being probed by another run (pid {service.pid})' in r.err, r)
    r = cli(service, 'stop')
    t.equal('stop', (r.status, r.err), (0, ''))
    r = client.end()
    t.equal('the stopped run: status', r.status, 2)
    t.ok('its document is aborted and says why', r.json()['state'] == 'aborted' and r.json()['state_reason'], r)
    live.wait_for(lambda: service.state() == 'idle', 'the service is idle again')


def client_leaves(t, service, folder):
    client = service.start(folder, *SHORT)
    service.wait_state('measuring')
    run = service.status()['runs'][0]['run']
    client.signal(signal.SIGKILL)
    client.process.wait()
    t.equal('the client is killed, the run goes on', service.state(), 'measuring')
    live.wait_for(lambda: service.state() == 'idle', 'the run ends')
    r = live.tlbnoise('show', run, '--json')
    t.ok('and its document is kept', r.json()['state'] in ('complete', 'incomplete'), r)


def plain_client(t, service):
    with live.Varlink(service.socket) as v:
        info = v.call('org.varlink.service.GetInfo')['parameters']
        t.equal('GetInfo', (info['vendor'], info['product'], sorted(info['interfaces'])),
                ('tlbnoise', 'tlbnoised', ['io.tlbnoise', 'org.varlink.service']))
        text = v.call('org.varlink.service.GetInterfaceDescription', {'interface': 'io.tlbnoise'})
        t.ok('GetInterfaceDescription', 'method Run(' in text['parameters']['description'], text)
        v.send('io.tlbnoise.Watch', {'interval_ms': 100}, more=True)
        replies = [v.receive() for _ in range(3)]
        t.ok('Watch streams when idle', all(r['continues'] and r['parameters']['cpus'] == [] for r in replies), replies)
    return text['parameters']['description']


def build_stock_client(t, folder, description):
    """Somebody else's parser has to make Go of our description, his library and a compiler a client of that."""
    path = f'{folder}/src/iotlbnoise'
    os.makedirs(path)
    with open(f'{path}/io.tlbnoise.varlink', 'w', encoding='utf-8') as f:
        f.write(description)
    env = {**os.environ, 'GO111MODULE': 'off', 'GOPATH': f'{folder}:/usr/share/gocode', 'GOCACHE': f'{folder}/go-cache',
           'CGO_ENABLED': '0'}
    for name, argv in (('generator', ['varlink-go-interface-generator', f'{path}/io.tlbnoise.varlink']),
                       ('compiler', ['go', 'build', '-o', f'{folder}/stock-client',
                                     f'{live.SOURCE}/tests/integration/stock-client.go'])):
        p = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, check=False)
        if not t.equal(f'stock client: the {name} takes our description', (p.returncode, p.stdout), (0, '')):
            return None
    return f'{folder}/stock-client'


def stock_client(t, service, folder, description):
    if not shutil.which('varlink-go-interface-generator') or not shutil.which('go'):
        print('# skipped: no stock client without varlink-go, golang-github-varlink-go-dev and golang-go', flush=True)
        return
    program = build_stock_client(t, folder, description)
    if not program:
        return
    r = live.tlbnoise(service.socket, f'{live.SOURCE}/conf/scenarios/quiet.ini', f'probe.cpus={live.CPU}',
                      'scenario.duration=1s', 'scenario.rounds=1', program=program)
    if not t.equal('stock client: status', (r.status, r.err), (0, '')):
        return
    got = r.json()
    t.equal('stock client: GetInfo', (got['info']['vendor'], got['info']['product'], sorted(got['info']['interfaces'])),
            ('tlbnoise', 'tlbnoised', ['io.tlbnoise', 'org.varlink.service']))
    t.equal('stock client: GetInterfaceDescription', got['info']['description'], description)
    status = service.status()
    t.equal('stock client: Status', got['status'], {key: status[key] for key in got['status']})
    t.equal('stock client: Status knows the daemon', (got['status']['pid'], got['status']['runs']), (service.pid, []))
    t.ok('stock client: an error has its name and message', 'no such run' in got['refusal']['message'], got['refusal'])
    states = got['run']['states']
    t.ok('stock client: Run with more: progress', len(states) > 1 and 'measuring' in states, states)
    document = got['run']['document']
    t.equal('stock client: and the document', (document['schema'], document['scenario']['rounds_done'],
                                               live.raw_records(document['raw']['file'])[0]),
            ('tlbnoise.run/1', 1, document['raw']['records']))


def leave(t, service, folder, notify):
    client = service.start(folder, *RUN)
    service.wait_state('measuring')
    service.signal(signal.SIGTERM)
    r = client.end()
    t.ok('SIGTERM in mid-run: the client gets an aborted document', r.status == 2 and r.json()['state'] == 'aborted', r)
    r = service.end()
    t.equal('the daemon ends with status 0', r.status, 0)
    t.ok('its socket is removed', not os.path.exists(service.socket))
    notify.wait(t, '^STOPPING=1')
    status = [line for line in notify.lines if line.startswith('STATUS=')]
    t.ok('the manager heard nothing twice in a row', all(a != b for a, b in zip(status, status[1:])), status)
    t.equal('nobody and no instance is left', (live.marked(), live.instances(service.pid)), ([], []))
    t.equal('no journal is left', [p for p in live.kept() if 'undo.' in p], [])


def unread(client):
    return struct.unpack('i', fcntl.ioctl(client.socket, termios.FIONREAD, bytes(4)))[0]


def unread_replies(t, folder):
    """What was answered is not lost when the daemon ends before the client has read it."""
    service = live.Service(folder)
    call = json.dumps({'method': 'io.tlbnoise.Status', 'parameters': {}}).encode() + b'\0'
    with live.Varlink(service.socket) as slow:
        slow.send_raw(call * 1500)
        with live.Varlink(service.socket) as other:
            before = 0
            while not before or before != unread(slow):  # the kernel takes no more for it
                before = unread(slow)
                for _ in range(20):
                    other.call('io.tlbnoise.Status')
        service.signal(signal.SIGTERM)
        data = b''
        while piece := slow.socket.recv(1 << 16):
            data += piece
    t.ok(f'a client that had {before} bytes unread got more than these', len(data) > before + 100000, len(data))
    t.ok('and whole replies', data.endswith(b'\0') and all('error' not in json.loads(r) for r in data.split(b'\0')[:-1]))
    t.equal('SIGTERM with replies unread: status', service.end().status, 0)


def stale_socket(t, folder):
    service = live.Service(folder)
    second = live.tlbnoise('--socket', service.socket, program=live.TLBNOISED)
    t.ok('a second daemon on the same socket: status 2, one line', second.status == 2 and len(second.lines()) == 1 and
         'another daemon serves here' in second.err, second)
    service.signal(signal.SIGKILL)
    service.process.wait()
    t.ok('a killed daemon leaves its socket', os.path.exists(service.socket))
    again = live.Background(folder, live.TLBNOISED, '--socket', service.socket)
    service.process, service.path, service.pid = again.process, again.path, again.pid
    live.wait_for(service.answers, 'the next daemon takes the socket over')
    t.equal('the next daemon takes it over', service.status()['pid'], again.pid)
    again.signal(signal.SIGTERM)
    t.equal('and ends on SIGTERM when idle', again.end().status, 0)
    t.ok('with its socket removed', not os.path.exists(service.socket))


def test(t, folder):
    notify = Notify(folder)
    service = live.Service(folder, env={'NOTIFY_SOCKET': notify.path})
    notify.wait(t, '^READY=1')
    notify.wait(t, '^STATUS=idle')
    idle(t, service)
    whole_run(t, service)
    busy_and_stop(t, service, folder, notify)
    client_leaves(t, service, folder)
    description = plain_client(t, service)
    stock_client(t, service, folder, description)
    leave(t, service, folder, notify)
    unread_replies(t, folder)
    stale_socket(t, folder)


live.main(test)
