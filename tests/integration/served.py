# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of tlbnoise serve share: a history of known runs, the server over it, and HTTP by hand."""
import json
import re
import signal
import socket
import urllib.parse
import urllib.request

import documents
import live

NIGHTS, WORSE = 10, 6  # nights before a made regression, and since


def night(folder, number, tail_ns=4000, **arguments):
    """A run of one night, as a document."""
    run = f'202610{number:02d}-020000-{number:06x}'
    arguments.setdefault('environment__machine_id_hash', '0123456789abcdef' * 2)
    doc = documents.document(run, number, tail_ns=tail_ns, started_at=f'2026-10-{number:02d}T02:00:00Z', **arguments)
    doc['scenario']['text'] += '[expect]\njitter.p99 = < 6us\n'
    doc['expectations'] = [{'metric': 'jitter.p99', 'text': '< 6us', 'line': 6, 'unit': 'ns', 'value': tail_ns,
                            'verdict': 'met' if tail_ns < 6000 else 'failed', 'low': tail_ns, 'high': tail_ns,
                            'confidence': 0.95, 'reason': ''}]
    return documents.write(f'{folder}/{run}.json', doc), run


def keep(store, *paths):
    """Takes documents into the history."""
    r = live.tlbnoise('import', '--store', store, '-q', *paths)
    if r.status:
        raise AssertionError(f'import: {r}')


class Server(live.Background):
    def __init__(self, folder, store, *arguments, listen='127.0.0.1:0', env=None):
        super().__init__(folder, live.TLBNOISE, 'serve', '--store', store, '--listen', listen, *arguments, env=env)
        found = live.wait_for(lambda: re.search(r'http://\[?([0-9.:a-f]+?)\]?:(\d+)/', self.err()) or self.dead(),
                              'serve says where it listens')
        self.host, self.port = found[1], int(found[2])
        self.url = f'http://{self.host}:{self.port}'

    def dead(self):
        if not self.alive():
            raise AssertionError(f'serve ended: {self.err()}')

    def connect(self, source='127.0.0.1'):
        s = socket.create_connection((self.host, self.port), timeout=live.LONG, source_address=(source, 0))
        return s

    def raw(self, data):
        """Sends bytes and returns all that comes until the server closes; it has to."""
        with self.connect() as s:
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has refused already
            return read_all(s)

    def first(self, data):
        """Sends bytes and returns the first answer; b'' when the server closes without one."""
        with self.connect() as s:
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return read_answer(s)

    def get(self, target, method='GET', host=None, **headers):
        """One request; returns status, headers in lower case, body."""
        lines = [f'{method} {target} HTTP/1.1', f'Host: {host or self.host}', 'Connection: close',
                 *(f'{k.replace("_", "-")}: {v}' for k, v in headers.items())]
        return parse(self.raw('\r\n'.join([*lines, '', '']).encode()))

    def metrics(self, accept='text/plain'):
        return self.get('/metrics', Accept=accept)[2].decode()

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.end()


def read_all(s):
    data = b''
    try:
        while True:
            more = s.recv(1 << 16)
            if not more:
                return data
            data += more
    except ConnectionResetError:
        return data


def read_answer(s):
    data = b''
    try:
        while True:
            head, end, body = data.partition(b'\r\n\r\n')
            length = re.search(rb'(?i)\ncontent-length: *(\d+)', head)
            if end and length and len(body) >= int(length[1]):
                return data
            more = s.recv(1 << 16)
            if not more:
                return data
            data += more
    except ConnectionResetError:
        return data


def parse(answer):
    head, _, body = answer.partition(b'\r\n\r\n')
    lines = head.decode('latin-1').split('\r\n')
    status = int(lines[0].split()[1]) if lines[0].startswith('HTTP/1.') else 0
    return status, {k.lower(): v.strip() for k, _, v in (line.partition(':') for line in lines[1:])}, body


def samples(text):
    """{name with labels: value} of an exposition."""
    return {line.rpartition(' ')[0]: float(line.rpartition(' ')[2]) for line in text.splitlines()
            if line and not line.startswith('#')}


def ask_json(url):
    with urllib.request.urlopen(url, timeout=live.LONG) as answer:
        return json.load(answer)
