#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tlbnoised under a service manager that the test plays: activation, readiness, watchdog, reload, journal."""
import ctypes
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import live
import machine

CONF = f'{live.STATE}/tlbnoised.conf'
JOURNAL = '/run/systemd/journal'
RUN = ['vmalloc-storm', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.rounds=1', '--json']
WATCHDOG_US = 2000000


class Datagrams:
    """A socket of the manager's or the journal's, and what came in: (time, text)."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.got = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            data = self.socket.recv(1 << 18)
            self.got.append((time.monotonic(), data))

    def lines(self):
        return [line for _, data in self.got for line in data.decode(errors='replace').splitlines()]

    def wait(self, t, pattern):
        live.wait_for(lambda: any(re.search(pattern, line) for line in self.lines()), f'{pattern} in {self.lines()[-9:]}')
        t.ok(f'the manager hears {pattern}', True)

    def count(self, line):
        return self.lines().count(line)


def fields(datagram):
    """An entry in the journal's native protocol."""
    found, rest = {}, datagram
    while rest:
        line, _, rest = rest.partition(b'\n')
        name, is_text, value = line.partition(b'=')
        if not is_text:
            size = struct.unpack('<Q', rest[:8])[0]
            value, rest = rest[8:8 + size], rest[9 + size:]
        found.setdefault(name.decode(), []).append(value.decode())
    return found


class Activated(live.Service):
    """Started as systemd starts it: the listening socket is descriptor 3, and stderr is the journal's."""

    def __init__(self, folder, manager):
        self.folder, self.manager = folder, manager
        self.socket = f'{folder}/activated.sock'
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.socket)
        self.listener.listen(64)

    def spawn(self):
        self.path = tempfile.mktemp(dir=self.folder)
        with open(self.path + '.out', 'wb') as out, open(self.path + '.err', 'wb') as err:
            st = os.fstat(err.fileno())
            env = {'NOTIFY_SOCKET': self.manager.path, 'WATCHDOG_USEC': str(WATCHDOG_US),
                   'JOURNAL_STREAM': f'{st.st_dev}:{st.st_ino}'}
            self.process = subprocess.Popen(live.with_socket(self.listener, live.TLBNOISED), stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=err, env={**os.environ, **env},
                                            pass_fds=[self.listener.fileno()])
        self.pid = self.process.pid


def activation(t, service, manager):
    with live.Varlink(service.socket) as v:
        v.send('io.tlbnoise.Status')  # before there is a daemon, as with the first call of a day
        service.spawn()
        reply = v.receive()
    t.equal('a call that waits in the socket is answered by the daemon that it started', reply['parameters']['pid'],
            service.pid)
    for pattern in ('^READY=1', '^STATUS=idle'):
        manager.wait(t, pattern)
    live.wait_for(lambda: manager.count('WATCHDOG=1') >= 3, 'the watchdog is fed without a run')
    t.ok('the watchdog is fed without a run', True)


def allowed_cpus(service):
    """Of each thread of the daemon, as a list of CPUs."""
    allowed = {}
    for tid in os.listdir(f'/proc/{service.pid}/task'):
        m = re.search(r'Cpus_allowed_list:\s*(\S+)', live.read(f'/proc/{service.pid}/task/{tid}/status'))
        allowed[tid] = m[1]
    return allowed


def threads_stay_away(t, service):
    """The daemon's second thread may not be where the probe is."""
    allowed = allowed_cpus(service)
    t.ok('there is a thread for the manager', len(allowed) >= 2, allowed)
    cpus = {c for text in allowed.values() for part in text.split(',')
            for c in range(int(part.split('-')[0]), int(part.split('-')[-1]) + 1)}
    t.ok('no thread of the daemon may run on the probed CPU', live.CPU not in cpus, allowed)


def in_a_run(t, folder, service, manager):
    client = service.start(folder, *RUN, '-o', 'scenario.duration=6s')
    service.wait_state('measuring')
    fed = manager.count('WATCHDOG=1')
    manager.wait(t, '^STATUS=vmalloc-storm: round 1 of 1, measuring')
    threads_stay_away(t, service)
    second = service.start(folder, *RUN, '-o', 'scenario.duration=1s')
    manager.wait(t, '^STATUS=vmalloc-storm: round 1 of 1, measuring; 1 waiting')
    for c in (client, second):
        r = c.end()
        t.ok('a run under the manager', r.status in (0, 2) and r.json()['scenario']['rounds_done'] == 1, r)
    t.ok('the watchdog is fed in a run', manager.count('WATCHDOG=1') > fed + 4, manager.count('WATCHDOG=1') - fed)
    times = [when for when, data in manager.got if b'WATCHDOG=1' in data]
    gaps = [b - a for a, b in zip(times, times[1:])]
    t.ok('never later than the watchdog wants', max(gaps) < WATCHDOG_US / 1e6, max(gaps))


def stuck(t, service, manager):
    os.kill(service.pid, signal.SIGSTOP)
    # What is on its way arrives; then a whole time of the watchdog without any.
    live.wait_for(lambda: time.monotonic() - manager.got[-1][0] > WATCHDOG_US / 1e6, 'a stuck daemon feeds nobody')
    t.ok('a stuck daemon feeds nobody', True)
    os.kill(service.pid, signal.SIGCONT)
    before = manager.count('WATCHDOG=1')
    live.wait_for(lambda: manager.count('WATCHDOG=1') > before, 'it feeds again')


def configure(text):
    with open(CONF, 'w', encoding='utf-8') as f:
        f.write(text)


def reload(t, service, manager):
    configure('[daemon]\nqueue = 0\n')
    service.signal(signal.SIGHUP)
    manager.wait(t, '^RELOADING=1')
    manager.wait(t, r'^MONOTONIC_USEC=\d+')
    live.wait_for(lambda: manager.count('READY=1') == 2, 'ready again')
    t.ok('ready again', True)
    configure('[daemon]\nqueue = lots\n')
    service.signal(signal.SIGHUP)
    live.wait_for(lambda: manager.count('READY=1') == 3, 'ready again, with what it had')
    configure('')


def reload_while_isolated(t, folder, service, manager):
    """What a run isolates is a housekeeping CPU again when it is over, and the daemon's to run on."""
    before = allowed_cpus(service)
    client = service.start(folder, *RUN, '--isolate', '-o', 'scenario.duration=3s')
    service.wait_state('measuring')
    ready = manager.count('READY=1')
    service.signal(signal.SIGHUP)
    live.wait_for(lambda: manager.count('READY=1') == ready + 1, 'reloaded')
    r = client.end()
    t.ok('a reload does not disturb a run that isolates', r.status in (0, 2) and r.json()['scenario']['rounds_done'] == 1, r)
    back = live.wait_for(lambda: allowed_cpus(service) == before, 'CPUs of the daemon')
    t.ok('nor what CPUs the daemon has after it', back, (before, allowed_cpus(service)))


def journal_entries(t, journal):
    entries = [fields(data) for _, data in journal.got]
    ours = [e for e in entries if e.get('SYSLOG_IDENTIFIER') == ['tlbnoised']]
    t.ok('every entry has a message and a priority', ours and all('MESSAGE' in e and 'PRIORITY' in e for e in ours), entries[:3])
    of_run = [e for e in ours if 'RUN_ID' in e]
    t.ok('those of a run have RUN_ID and SCENARIO', of_run and all(
        re.fullmatch(r'\d{8}T\d{6}Z-[0-9a-f]{6}', e['RUN_ID'][0]) and e['SCENARIO'] == ['vmalloc-storm'] for e in of_run), of_run)
    t.ok('and CPU, once it is known', any(e.get('CPU') == [str(live.CPU)] for e in of_run), of_run)
    bad = [e for e in ours if 'not reloaded' in e['MESSAGE'][0]]
    t.ok('a configuration that is wrong: file and line, priority err', bad and bad[0]['PRIORITY'] == ['3'] and
         f'{CONF}:2: queue = ' in bad[0]['MESSAGE'][0], bad)


def test(t, folder):
    manager = Datagrams(f'{folder}/notify')
    libc = ctypes.CDLL(None, use_errno=True)
    os.makedirs(JOURNAL, exist_ok=True)
    if libc.mount(b'tlbnoise-test', JOURNAL.encode(), b'tmpfs', 0, b'mode=0755'):
        live.skip(f'cannot mount on {JOURNAL}')
    journal = Datagrams(f'{JOURNAL}/socket')
    service = Activated(folder, manager)
    activation(t, service, manager)
    in_a_run(t, folder, service, manager)
    stuck(t, service, manager)
    reload(t, service, manager)
    if machine.can_isolate():
        reload_while_isolated(t, folder, service, manager)
    service.signal(signal.SIGTERM)
    t.equal('ends in order', service.end().status, 0)
    manager.wait(t, '^STOPPING=1')
    t.ok('a socket that was passed is not removed', os.path.exists(service.socket))
    t.equal('nothing goes to stderr when the journal reads it', service.err(), '')
    journal_entries(t, journal)


live.main(test)
