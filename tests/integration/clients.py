#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""67 clients at once in a run: 64 that behave, one that never reads, one that sends garbage, one that sends 64 MiB.
The run loses nothing, the daemon's memory stays bounded, and each gets an answer or is cut off with a logged reason."""
import re
import socket
import threading

import live

MIB = 1 << 20
BEHAVED = 64
RUN = ['vmalloc-storm', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=8s', '-o', 'scenario.rounds=1', '--json']
CUT = 'connection closed'


def memory(pid, name):
    return int(re.search(rf'{name}:\s*(\d+) kB', live.read(f'/proc/{pid}/status'))[1]) * 1024


class Behaved(threading.Thread):
    """Asks again and again until told to end; a third of them watches."""

    def __init__(self, path, number, end):
        super().__init__(daemon=True)
        self.path, self.watches, self.end = path, number % 3 == 0, end
        self.answers, self.trouble = 0, None

    def run(self):
        try:
            with live.Varlink(self.path) as v:
                if self.watches:
                    v.send('io.tlbnoise.Watch', {'interval_ms': 200}, more=True)
                while not self.end.is_set():
                    reply = v.receive() if self.watches else v.call('io.tlbnoise.Status')
                    if not reply or 'error' in reply:
                        self.trouble = str(reply)[:200]
                        return
                    self.answers += 1
                    self.end.wait(0.1)
        except OSError as e:
            self.trouble = repr(e)


class NeverReads(threading.Thread):
    """Calls until the daemon takes no more of them; ends when the daemon does."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.socket.settimeout(2)
        self.sent = 0
        self.blocked = threading.Event()

    def run(self):
        call = b'{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.tlbnoise"}}\0' * 64
        while not self.blocked.is_set():
            try:
                self.sent += self.socket.send(call)
            except TimeoutError:
                self.blocked.set()
            except OSError:
                return


def send_until_cut(path, data, ret):
    """What became of a client that sends this and reads nothing until the end."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(live.LONG)
    s.connect(path)
    try:
        s.sendall(data)
        ret.append('closed' if s.recv(4096) == b'' else 'answered')
    except (BrokenPipeError, ConnectionResetError):
        ret.append('closed')
    s.close()


def bad_clients(path):
    garbage, flood = [], []
    threads = [threading.Thread(target=send_until_cut, args=(path, b'\x80{]no varlink\n' * 1000 + b'\0', garbage)),
               threading.Thread(target=send_until_cut, args=(path, b'{"method":"' + b'x' * 64 * MIB, flood))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(live.LONG)
    return garbage, flood


def test(t, folder):
    # With sanitizers what was freed would count for a while.
    service = live.Service(folder, env={'ASAN_OPTIONS': f'{live.os.environ["ASAN_OPTIONS"]}:quarantine_size_mb=1'})
    before = memory(service.pid, 'VmHWM')
    runner = service.start(folder, *RUN)
    service.wait_state('measuring')
    end = threading.Event()
    clients = [Behaved(service.socket, i, end) for i in range(BEHAVED)]
    mute = NeverReads(service.socket)
    for thread in [*clients, mute]:
        thread.start()
    garbage, flood = bad_clients(service.socket)
    t.equal('garbage is cut off', garbage, ['closed'])
    t.equal('so is who sends 64 MiB', flood, ['closed'])
    live.wait_for(mute.blocked.is_set, 'the daemon reads no more from who never reads')
    t.ok('who never reads cannot fill it: calls stay in his socket', mute.sent < 16 * MIB, mute.sent)
    t.equal('the run goes on meanwhile', service.state(), 'measuring')
    r = runner.end()
    end.set()
    for client in clients:
        client.join(live.LONG)
    document = r.json()
    lost = document['lost']
    t.equal('the run has lost nothing', {k: v for k, v in lost.items() if k != 'note' and v}, {})
    t.ok('and is complete', r.status == 0 and document['state'] == 'complete', document['state_reason'])
    t.equal('each of the 64 had answers, and no trouble', [c.trouble for c in clients if c.trouble or not c.answers], [])
    peak = memory(service.pid, 'VmHWM')
    t.ok('memory stays bounded: below 64 MiB more at its peak', peak - before < 64 * MIB, f'{before >> 20} to {peak >> 20} MiB')
    reasons = [line for line in service.err().splitlines() if CUT in line]
    t.ok('each that was cut off has a line with the reason, the user and the pid', len(reasons) == 2 and
         all(re.search(r'client \(uid 0, pid \d+\): .+; connection closed', line) for line in reasons), reasons)
    t.equal('the daemon still answers', service.state(), 'idle')
    mute.socket.settimeout(live.LONG)
    t.ok('who never reads has answers waiting for him', mute.socket.recv(1 << 16).startswith(b'{"parameters"'))
    mute.socket.close()
    service.signal(15)
    t.equal('and ends in order', service.end().status, 0)


live.main(test)
