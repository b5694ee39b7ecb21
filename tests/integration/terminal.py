#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""top and show on a terminal: a pty whose other end is a small emulator, so that what a user would see can be asked.

The service is a stand-in that answers Watch with known figures when the test says so. The emulator knows the sequences
that tlbnoise may use; any other one is a fault, and so is a line that would wrap or a screen that would scroll.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import sys
import tempfile
import termios
import threading

import exports
import live

CLASSES = {'kernel-tlb-flush': 198.0, 'tick': 4.0}
COLOUR = re.compile('\x1b\\[[0-9;]*m')


class Screen:
    """What a terminal shows. Only what is used here."""

    def __init__(self, columns, rows):
        self.resize(columns, rows)
        self.rest, self.faults, self.text, self.colours = b'', [], '', set()
        self.other = self.hidden = False

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[' '] * columns for _ in range(rows)]
        self.x = self.y = 0

    def lines(self):
        return [''.join(row).rstrip() for row in self.cells]

    def feed(self, data):
        data = self.rest + data
        text = data.decode(errors='ignore')
        self.rest = b''
        self.text += text
        for token in re.findall('\x1b\\[[?0-9;]*[A-Za-z]|\x1b.?|.|\\n', text, re.S):
            self.put(token)

    def put(self, token):
        if token.startswith('\x1b'):
            return self.control(token[1:])
        if token == '\r':
            self.x = 0
        elif token == '\n':
            self.y += 1
            if self.y == self.rows:
                if self.other:
                    self.faults.append('scrolled')
                self.cells = self.cells[1:] + [[' '] * self.columns]
                self.y -= 1
        elif self.x == self.columns:
            self.faults.append(f'wrapped at {token!r}')
        else:
            self.cells[self.y][self.x] = token
            self.x += 1

    def control(self, token):
        if token == '[H':
            self.x = self.y = 0
        elif token == '[K':
            self.cells[self.y][self.x:] = [' '] * (self.columns - self.x)
        elif token in ('[J', '[2J'):
            self.cells[self.y][self.x:] = [' '] * (self.columns - self.x)
            for row in self.cells[self.y + 1:]:
                row[:] = [' '] * self.columns
        elif token in ('[?1049h', '[?1049l'):
            self.other = token.endswith('h')
        elif token in ('[?25h', '[?25l'):
            self.hidden = token.endswith('l')
        elif token.endswith('m'):
            self.colours.add(token)
        else:
            self.faults.append(f'unknown sequence {token!r}')


class Terminal:
    """A program on a pty of some size. Its parent leads the session, as a shell does: who has none cannot be stopped."""

    def __init__(self, columns, rows, *arguments, **env):
        self.screen = Screen(columns, rows)
        self.master, self.slave = pty.openpty()
        self.size(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        settings = {'TERM': 'xterm-256color', 'LC_ALL': 'C.UTF-8', **env}
        self.states, report = os.pipe()
        self.shell = os.fork()
        if self.shell == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            self.lead([live.TLBNOISE, *arguments], {**os.environ, **settings}, report)
        os.close(report)
        self.pid = self.state()

    def lead(self, argv, env, report):
        """Runs the program in the foreground; tells its pid, and whenever it stops or ends its wait status."""
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(self.slave, os.getpid())
            for sig in (signal.SIGTTOU, signal.SIGHUP, signal.SIGQUIT):  # the last is ignored in a background job
                signal.signal(sig, signal.SIG_DFL)
            for fd in (0, 1, 2):
                os.dup2(self.slave, fd)
            os.execve(argv[0], argv, env)
        os.write(report, struct.pack('i', pid))
        while True:
            status = os.waitpid(pid, os.WUNTRACED)[1]
            os.write(report, struct.pack('i', status))
            if not os.WIFSTOPPED(status):
                os._exit(0)

    def state(self):
        return struct.unpack('i', os.read(self.states, 4))[0]

    def size(self, columns, rows):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.screen.resize(columns, rows)
        self.size(columns, rows)

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            data = os.read(self.master, 65536)
            if not data:
                return
            self.screen.feed(data)

    def shows(self, text):
        def look():
            self.read()
            return any(text in line for line in self.screen.lines())
        live.wait_for(look, f'{text!r} on the screen, which has {self.screen.lines()}', 30)

    def key(self, text):
        os.write(self.master, text.encode())

    def signal(self, number):
        os.kill(self.pid, number)

    def wait(self):
        """Its wait status: it stopped or ended."""
        def over():
            self.read()
            return select.select([self.states], [], [], 0)[0]
        live.wait_for(over, 'the program to stop or to end', 30)
        self.read()
        self.after = termios.tcgetattr(self.slave)
        return self.state()

    def end(self):
        status = self.wait()
        os.waitpid(self.shell, 0)
        for fd in (self.master, self.slave, self.states):
            os.close(fd)
        return status


class Service:
    """Answers Watch: a view whenever next() is called."""

    def __init__(self, path, cpus=2):
        self.cpus, self.watchers = cpus, []
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client = self.server.accept()[0]
            threading.Thread(target=self.answer, args=(client,), daemon=True).start()

    def answer(self, client):
        data = b''
        while part := client.recv(65536):
            data += part
            if b'.Watch' in data and b'\0' in data:
                self.watchers.append(client)
                return

    def next(self, **change):
        live.wait_for(lambda: self.watchers, 'a watcher')
        run = {'run': '20261122T101502Z-8c41d0', 'scenario': 'vmalloc-storm', 'state': 'measuring', 'round': 2,
               'rounds': 5, 'elapsed_ms': 25000, 'estimated_total_ms': 100000, 'interruptions': 400,
               'worst_ns': 304000, 'worst_cpu': 2, 'lost': 0} | change
        cpus = [{'cpu': i, 'interruptions_per_s': 212.0 + i, 'stolen_share': 0.0031, 'worst_ns': 304000,
                 'worst_class': 'kernel-tlb-flush', 'by_class': CLASSES, 'entries_by_class': CLASSES,
                 'jitter_rounds': 1, 'jitter_ns': {'p50': 300, 'p99': 4390, 'p99.9': 12000, 'max': 304000}}
                for i in range(self.cpus)]
        reply = {'continues': True, 'parameters': {'run': run, 'level': 'full', 'cpus': cpus}}
        for client in self.watchers:
            client.sendall(json.dumps(reply).encode() + b'\0')

    def forget(self):
        for client in self.watchers:
            client.close()
        self.watchers = []


def good(t, what, screen):
    t.equal(f'{what}: nothing wraps, scrolls or is unknown', screen.faults, [])


def given_back(t, what, terminal):
    t.equal(f'{what}: the terminal is as it was', terminal.after, terminal.before)
    t.ok(f'{what}: its own page and the cursor are back', not terminal.screen.other and not terminal.screen.hidden)


def views(t, service):
    top = Terminal(80, 24, 'top')
    service.next()
    top.shows('kernel-tlb-flush')
    lines = top.screen.lines()
    good(t, 'top at 80 columns', top.screen)
    t.ok('top: run, round and time left', lines[0].startswith('vmalloc-storm') and '75 s left' in lines[1], lines)
    row = next((line for line in lines if line.startswith('   1 ')), '')
    t.ok('top: rate, share, jitter, worst and its class of a CPU',
         all(x in row for x in ('213.0', '0.310 %', '4.39 us', '304 us', '█', 'kernel-tlb-flush')), lines)
    t.ok('top: rates of classes over all CPUs', any('kernel-tlb-flush      396.0 ███' in line for line in lines), lines)
    t.ok('top: a class has its colour', '[31m' in top.screen.colours, top.screen.colours)
    top.resize(40, 14)
    top.shows('RATE SO FAR')
    top.shows('0.310 %')
    lines = top.screen.lines()
    t.ok('top at 40 columns, drawn without waiting for a view: what matters most',
         any('213.0' in line and '0.310 %' in line for line in lines) and not any('MAX' in line for line in lines), lines)
    top.resize(200, 50)
    top.shows('P99.99')
    good(t, 'top at 40 and 200 columns', top.screen)
    top.key('q')
    t.equal('q leaves', top.end(), 0)
    given_back(t, 'q', top)
    t.ok('q: the last view stays', any('INTERRUPTIONS/S' in line for line in top.screen.lines()), top.screen.lines())
    service.forget()


def many_cpus(t, folder):
    service = Service(f'{folder}/many', 64)
    top = Terminal(80, 20, 'top', TLBNOISE_SOCKET=f'{folder}/many')
    service.next()
    top.shows('more CPUs')
    good(t, '64 CPUs on 20 rows', top.screen)
    top.shows('CLASS, ALL CPUS')
    top.key('q')
    top.end()
    service.forget()


def ways_out(t, service):
    for name, leave, wanted in (('ctrl-C', lambda x: x.key('\x03'), 0),
                                ('SIGTERM', lambda x: x.signal(signal.SIGTERM), 0),
                                ('SIGHUP', lambda x: x.signal(signal.SIGHUP), signal.SIGHUP),
                                ('ctrl-\\', lambda x: x.key('\x1c'), signal.SIGQUIT),
                                ('a crash', lambda x: x.signal(signal.SIGABRT), signal.SIGABRT)):
        top = Terminal(80, 24, 'top')
        service.next()
        top.shows('kernel-tlb-flush')
        t.ok(f'{name}: the view is on a page of its own, without a cursor', top.screen.other and top.screen.hidden)
        leave(top)
        t.equal(f'{name}: how it ends', top.end() & 0x7f, wanted)
        given_back(t, name, top)
        service.forget()
    top = Terminal(80, 24, 'top')
    service.next()
    top.shows('kernel-tlb-flush')
    service.forget()
    t.equal('the service goes away: status', os.waitstatus_to_exitcode(top.end()), 2)
    given_back(t, 'the service goes away', top)


def stop_and_go(t, service):
    top = Terminal(80, 24, 'top')
    service.next()
    top.shows('kernel-tlb-flush')
    top.key('\x1a')
    t.ok('ctrl-Z stops it', os.WIFSTOPPED(top.wait()))
    given_back(t, 'stopped', top)
    top.signal(signal.SIGCONT)
    live.wait_for(lambda: top.read() or top.screen.other, 'the page of the view')
    top.shows('kernel-tlb-flush')
    top.key('q')
    t.equal('and goes on: q leaves', top.end(), 0)
    given_back(t, 'stopped and gone on', top)
    service.forget()


def hostile(t, service):
    """What a terminal would obey, from a service that may be another host's."""
    evil = {'run': 'r\x1b]0;x\x07', 'scenario': 's\u009b31m', 'state': 'measuring\x1b'}
    for width, env in ((80, {}), (80, {'TERM': 'dumb'}), (40, {'NO_COLOR': '1'})):
        top = Terminal(width, 24, 'top', '--count', '1', **env)
        service.next(**evil)
        t.equal(f'names that a terminal would obey, {width} columns, {env}: status', top.end(), 0)
        t.ok('none of it arrives', not re.search('\x1b]|\u009b|\x07|measuring\x1b', top.screen.text), top.screen.text)
        t.ok('but a mark', 's??31m' in top.screen.text, top.screen.text)
        service.forget()


def plain(t, service):
    for name, env in (('TERM=dumb', {'TERM': 'dumb'}), ('no TERM', {'TERM': ''})):
        top = Terminal(80, 24, 'top', '--count', '1', **env)
        service.next()
        top.end()
        t.ok(f'{name}: lines, and no escape sequence',
             '\x1b' not in top.screen.text and 'INTERRUPTIONS/S' in top.screen.text, top.screen.text)
        service.forget()
    top = Terminal(80, 24, 'top', NO_COLOR='1')
    service.next()
    top.shows('kernel-tlb-flush')
    t.equal('NO_COLOR: drawn, and no colour', top.screen.colours, set())
    top.key('q')
    top.end()
    service.forget()
    top = Terminal(80, 24, 'top', LC_ALL='C')
    service.next()
    top.shows('kernel-tlb-flush      396.0 ###')
    t.ok('not UTF-8: ASCII', top.screen.text.isascii())
    top.key('q')
    top.end()
    service.forget()


def shown(columns, *arguments, **env):
    terminal = Terminal(columns, 24, 'show', *arguments, **env)
    terminal.end()
    return terminal.screen.text.replace('\r\n', '\n')


def show(t, path, doc):
    text = shown(80, path, '--worst', '20')
    lines = COLOUR.sub('', text).splitlines()
    t.equal('show: fits 80 columns', [line for line in lines if len(line) > 80], [])
    t.ok('show: a picture of the jitter of each CPU', all(any(re.match(f'  CPU {c} .*[▁-█]', line) for line in lines)
                                                         for c in (2, 3)), lines[:60])
    numbered = [line for line in lines if re.match(r'  \d+\. ', line)]
    t.equal('show --worst 20: all there are, longest first', len(numbered), min(20, len(doc['worst'])))
    t.equal('show --worst: cause, sender, when it was sent, and the stack',
            [any(x in line for line in lines) for x in ('do_kernel_range_flush', 'sent by CPU 0', '2.50 us', 'vunmap,')],
            [True] * 4)
    t.equal('show --worst 1: one', len([x for x in shown(80, path, '--worst', '1').splitlines()
                                        if re.match(r'\S*  \d+\. ', x)]), 1)
    t.ok('show: colours on a terminal', COLOUR.search(text))
    for name, env in (('NO_COLOR', {'NO_COLOR': '1'}), ('TERM=dumb', {'TERM': 'dumb'})):
        t.ok(f'show: {name}: none', '\x1b' not in shown(80, path, **env))
    t.ok('show: not UTF-8: ASCII', shown(80, path, LC_ALL='C').isascii())
    r = live.tlbnoise('show', path, env={'LC_ALL': 'C.UTF-8', 'TERM': 'xterm'})
    t.ok('show: none in a pipe', r.status == 0 and '\x1b' not in r.out, r.err)


def main():
    t = live.Checks()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop('NO_COLOR', None)
        os.environ['TLBNOISE_SOCKET'] = f'{folder}/socket'
        service = Service(f'{folder}/socket')
        views(t, service)
        many_cpus(t, folder)
        ways_out(t, service)
        stop_and_go(t, service)
        plain(t, service)
        hostile(t, service)
        doc, _ = exports.make(f'{folder}/a/run.json', 'run-a')
        show(t, f'{folder}/a/run.json', doc)
    return t.failed


if __name__ == '__main__':
    sys.exit(main() > 0)
