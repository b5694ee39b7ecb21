#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tlbnoise serve, asked by everybody: pages and their headers, garbage, those who climb, who are slow, who are many.

Needs neither root nor a kernel of some kind. Under sanitizers each of these would be seen if it touched what it must not.
"""
import os
import random
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile

sys.path.append(sys.path.pop(0))  # behind the library: tests of this folder may have names that modules of it have

import live
import served

SECRET = 'the-secret-of-somebody-else'
EVIL = '"><img src=x onerror=alert(1)>\\'


def pages(t, s, run):
    for target, kind in (('/', 'text/html'), (f'/run/{run}', 'text/html'), ('/scenario/rig/storm', 'text/html'),
                         ('/metrics', 'text/plain')):
        status, head, body = s.get(target)
        t.ok(f'{target} is there', status == 200 and head['content-type'].startswith(kind) and len(body) > 500,
             (status, head, body[:200]))
        empty = s.get(target, method='HEAD')
        t.ok(f'HEAD of {target} has no body', empty[0] == 200 and empty[2] == b'' and
             empty[1]['content-type'] == head['content-type'], empty)
        policy = head['content-security-policy']
        t.ok(f'{target} has a strict policy', policy.startswith("default-src 'none'") and 'unsafe' not in policy and
             "frame-ancestors 'none'" in policy, policy)
        t.equal(f'{target}: nothing is guessed, framed, told or kept',
                [head.get(k) for k in ('x-content-type-options', 'x-frame-options', 'referrer-policy', 'cache-control')],
                ['nosniff', 'DENY', 'no-referrer', 'no-cache'])
    asset = re.search(r'(?:href|src)="([^"]*assets/[^"]+)"', s.get('/')[2].decode())[1].lstrip('./')
    status, head, _ = s.get(f'/{asset}')
    t.ok('an asset may be kept for ever', status == 200 and 'immutable' in head['cache-control'], (asset, status, head))
    status, head, _ = s.get(f'/compare?a={run}&b=x%2F%C3%A9+')
    t.equal('the form that compares leads to the page', (status, head.get('location')),
            (303, f'compare/{run}/x%2F%C3%A9%20'))


def refused(t, s):
    wanted = {
        'another method': (405, 'POST', '/', {}), 'a method of nobody': (405, 'BREW', '/', {}),
        'DELETE': (405, 'DELETE', '/run/x', {}), 'a page that is not there': (404, 'GET', '/none', {}),
        'a run that is not there': (404, 'GET', '/run/nobody', {}), 'no two runs': (400, 'GET', '/compare?a=x', {}),
        'a bad escape': (400, 'GET', '/%zz', {}), 'a NUL': (400, 'GET', '/run/x%00y', {}),
        'bytes that are no text': (400, 'GET', '/run/%ff%fe', {}), 'a control character': (400, 'GET', '/%1b[2J', {}),
        'no path': (400, 'GET', 'x', {}), 'the whole server': (400, 'GET', '*', {}),
        'a long target': (414, 'GET', '/' + 'x' * 4000, {}), 'a long header': (431, 'GET', '/', {'X_Long': 'x' * 30000}),
    }
    for what, (status, method, target, headers) in wanted.items():
        got = s.get(target, method=method, **headers)
        t.equal(f'refused: {what}', got[0], status)
    t.equal('a method that is refused is told which are not', s.get('/', method='PUT')[1].get('allow'), 'GET, HEAD')
    for host, status in (('evil.example', 421), ('localhost', 200), ('LOCALHOST:80', 200), ('[::1]:8790', 200),
                         ('10.0.0.1', 200), ('127.0.0.1.evil.example', 421), ('dash.example.com', 200),
                         ('DASH.EXAMPLE.COM:443', 200), ('example.com', 421)):
        t.equal(f'asked as {host}', s.get('/', host=host)[0], status)
    t.equal('an absolute target', s.get('http://whoever/metrics')[0], 200)
    t.ok('refusals are in the log, without what a terminal obeys',
         '405 to 127.0.0.1' in s.err() and '\x1b' not in s.err(), s.err()[-500:])


def climbing(t, s, folder):
    """Nothing outside the store: a secret beside it, behind every way up that a server ever followed."""
    with open(f'{folder}/secret', 'w', encoding='utf-8') as f:
        f.write(SECRET)
    ups = ['..', '%2e%2e', '.%2e', '%252e%252e', '..%2f..', '..%5c..', '%c0%ae%c0%ae', '....//..', '.;/..', '%2e%2e%2f%2e%2e']
    starts = ['/', '/assets/', '/run/', '/scenario/rig/', '/compare/']
    ends = ['secret', 'store.db', 'store/store.db', 'etc/passwd', 'proc/self/environ']
    bad = []
    for start in starts:
        for up in ups:
            for end in ends:
                status, _, body = s.get(f'{start}{"/".join([up] * 6)}/{end}')
                if status not in (400, 404) or SECRET.encode() in body or b'root:' in body or b'SQLite' in body:
                    bad.append((start, up, end, status))
    for target in (f'//{folder}/secret', f'/assets/{folder}/secret', f'/file://{folder}/secret', '/store.db', '/runs/',
                   '/assets/', '/assets', '/run/', '/run/*', "/run/' OR 1=1 --", '/run/%25', '/assets/..'):
        status, _, body = s.get(target.replace(' ', '%20'))
        if status not in (400, 404) or SECRET.encode() in body:
            bad.append((target, status))
    t.equal(f'{len(starts) * len(ups) * len(ends)} ways up lead nowhere', bad, [])


def garbage(t, s):
    """Bytes of all sorts; the server answers or closes, and goes on."""
    rng = random.Random(7)
    whole = b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: application/openmetrics-text;version=1.0.0;q=0.5\r\n\r\n'
    tries = [b'', b'\0' * 4096, b'\r\n' * 2000, b'GET', b'GET /', b'GET / HTTP/9.9\r\n\r\n', b'GET / HTTP/1.1\r\n\r\n',
             b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + bytes(range(200)), b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
             b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n',
             b'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
             b'GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
             b'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello',
             b'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', b'A' * 100000]
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 12)):
            at = rng.randrange(len(data))
            data[at:at + rng.randrange(3)] = bytes(rng.choices(b'\0\r\n :/%.?;=,\xff\x80A9', k=rng.randrange(4)))
        tries.append(bytes(data))
    answers = [s.first(data) for data in tries]
    t.ok(f'{len(tries)} requests of garbage: answered in HTTP or closed',
         all(not a or a.startswith(b'HTTP/1.') for a in answers), [a[:60] for a in answers if a and a[:5] != b'HTTP/'])
    last = b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    t.equal('50 requests on one connection, and another', s.raw(whole * 50 + last).count(b'HTTP/1.1 200'), 51)
    t.equal('it goes on', s.get('/metrics')[0], 200)


def rss_kb(s):
    return int(re.search(r'VmRSS:\s+(\d+)', live.read(f'/proc/{s.pid}/status'))[1])


def many(t, s):
    """Over 200 slow ones from several addresses: bounded, ended, and the others come through."""
    # Answers to those who have gone may still be made, and a sanitizer keeps what they took.
    live.wait_for(lambda: served.samples(s.metrics())['tlbnoise_http_connections'] <= 1, 'those before are gone')
    before = rss_kb(s)
    crowd = []
    for i in range(240):
        c = s.connect(f'127.0.0.{2 + i // 60}')
        c.sendall(b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
        c.setblocking(False)
        crowd.append(c)
    # Before anyone is served: what an answer took is kept by a sanitizer for a while.
    live.wait_for(lambda: len(os.listdir(f'/proc/{s.pid}/fd')) > 200 or select.select(crowd, [], [], 0)[0],
                  'all places are taken')
    grown = rss_kb(s) - before
    t.ok('200 connections take less than 16 MB', grown < 16384, f'{grown} kB')
    # In vain until as many of the crowd are ended as have no place: on a slow machine the first are by now.
    last = s.connect('127.0.0.99')
    last.sendall(b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    served_now = select.select([last], [], [], 1)[0]
    ended = len(select.select(crowd, [], [], 0)[0])
    t.ok('one more waits for a place', not served_now or ended > 40, f'served, and {ended} of the crowd ended')
    # Each goes on sending a byte now and then, which is no reason to wait for it.
    answer = b''

    def served_at_last():
        nonlocal answer
        for c in crowd:
            try:
                c.send(b'x')
            except OSError:
                pass
        if select.select([last], [], [], 0.2)[0]:
            answer = served.read_all(last)
        return answer
    live.wait_for(served_at_last, 'the one that waited is served')
    t.ok('it is served when they are ended', answer.startswith(b'HTTP/1.1 200'), answer[:100])
    for c in [*crowd, last]:
        c.close()
    gone = live.wait_for(lambda: served.samples(s.metrics())['tlbnoise_http_connections'] <= 2, 'connections end')
    t.ok('all of them are gone', gone)
    late = served.samples(s.metrics())['tlbnoise_http_connections_late_total']
    t.ok('those that were late are counted', late > 0, late)

    # Of one address not so many.
    crowd = [s.connect() for _ in range(130)]
    closed = live.wait_for(lambda: sum(1 for c in crowd if select.select([c], [], [], 0)[0]) >= 30,
                           'connections over the limit of an address are closed')
    t.ok('one address has a limit of its own', closed)
    t.equal('another address is served beside it', served.parse(ask_from(s, '127.0.0.9'))[0], 200)
    for c in crowd:
        c.close()


def ask_from(s, address):
    with s.connect(address) as c:
        c.sendall(b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        return served.read_all(c)


def unread(t, s, run):
    """Who asks for pages and does not read them holds memory, not the server."""
    crowd = []
    for _ in range(40):
        c = s.connect('127.0.0.30')
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.sendall(f'GET /run/{run} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
        crowd.append(c)
    t.equal('40 who do not read: others are answered', s.get('/')[0], 200)
    for c in crowd:
        c.close()


def negotiated(t, s):
    new, old = 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'text/plain; version=0.0.4; charset=utf-8'
    for accept, kind in (
            ('application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,'
             'text/plain;version=0.0.4;q=0.5,*/*;q=0.1', new),
            ('application/openmetrics-text; version=0.0.1', old), ('application/openmetrics-text', new),
            ('text/plain;version=0.0.4', old), ('*/*', old), ('application/openmetrics-text;q=0', old),
            ('application/openmetrics-text;version=1.0.0;q=0.3, text/plain;q=0.9', old), (';;,,q=', old)):
        t.equal(f'Accept: {accept[:50]}', s.get('/metrics', Accept=accept)[1]['content-type'], kind)
    text = s.metrics('application/openmetrics-text')
    t.ok('OpenMetrics has its end', text.endswith('\n# EOF\n') and '# TYPE tlbnoise_run info\n' in text and
         '# TYPE tlbnoise_jitter_seconds gaugehistogram\n' in text and '# EOF' not in s.metrics())


def figures(t, s, store, folder):
    """What the exposition says is what the documents say."""
    text = s.metrics()
    said = served.samples(text)
    labels = 'host="rig",scenario="storm",kernel="6.12.30"'
    names = [line.rpartition(' ')[0] for line in text.splitlines() if line and not line.startswith('#')]
    t.equal('no series twice', len(names), len(set(names)))
    r = live.tlbnoise('export', '--store', store, '--format', 'json', '@latest')
    doc = r.json()
    wanted = sum(c['jitter']['count'] for c in doc['cpus'] if c['cpu'] == 2)
    t.equal('the histogram has all quanta', said[f'tlbnoise_jitter_seconds_count{{{labels},cpu="2"}}'], wanted)
    buckets = [said[n] for n in names if n.startswith(f'tlbnoise_jitter_seconds_bucket{{{labels},cpu="2"')]
    t.ok('its buckets add up', buckets == sorted(buckets) and buckets[-1] == wanted, buckets)
    exact = sum(n for c in doc['cpus'] if c['cpu'] == 2 for i, n in c['jitter']['buckets'] if high(i) <= 5000)
    t.equal('a bucket holds what lies at or below its bound',
            said[f'tlbnoise_jitter_seconds_bucket{{{labels},cpu="2",le="5e-06"}}'], exact)
    t.equal('the verdict', said[f'tlbnoise_expectation{{{labels},metric="jitter.p99",limit="< 6us",verdict="met"}}'], 1)
    t.ok('the time of the run', said[f'tlbnoise_run_start_timestamp_seconds{{{labels}}}'] % 86400 == 7200)
    path = f'{folder}/textfile/tlbnoise.prom'
    os.mkdir(os.path.dirname(path))
    r = live.tlbnoise('metrics', '--store', store, '-o', path)
    t.equal('the file for node_exporter: written, without a word', (r.status, r.out, r.err), (0, '', ''))
    t.equal('nothing is left beside it', os.listdir(os.path.dirname(path)), ['tlbnoise.prom'])
    own = re.compile(r'^(# (TYPE|HELP) )?tlbnoise_http_.*\n', re.M)
    t.ok('it says what the server says', live.read(path) == own.sub('', text))
    r = live.tlbnoise('metrics', '--store', store, '--format', 'xml')
    t.ok('another format is refused', r.status == 2 and 'there are prometheus and openmetrics' in r.err, r)
    r = live.tlbnoise('metrics', '--store', store, '-o', f'{folder}/none/x.prom')
    t.ok('so is a folder that is not there', r.status == 2 and 'cannot write into' in r.err, r)


def high(index):
    """The greatest value of a bucket."""
    if index < 256:
        return index
    shift = index // 128 - 1
    return ((index - shift * 128 + 1) << shift) - 1


def activated(t, folder, store):
    """With a socket of the service manager's, which goes on to listen when the server ends."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        command = live.with_socket(listener, live.TLBNOISE, 'serve', '--store', store)
        for which in ('a server', 'the next one'):
            with socket.create_connection(listener.getsockname(), timeout=live.LONG) as waiting:
                waiting.sendall(b'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                s = live.Background(folder, *command, pass_fds=[listener.fileno()])
                t.ok(f'{which} answers the call that waits', served.read_all(waiting).startswith(b'HTTP/1.1 200'))
            s.signal(signal.SIGTERM)
            t.equal(f'{which} ends', s.end().status, 0)


def crowded(t, folder):
    """Many rigs, kernels and CPUs, names that are no labels: the number of series has a limit, the text stays valid."""
    store = f'{folder}/crowded'
    os.mkdir(store)
    paths = []
    for i in range(300):
        doc = served.night(f'{folder}/crowd-docs', 1, rounds=1, cpus=tuple(range(2, 12)), environment__hostname=f'rig{i // 4}',
                           environment__kernel_release=f'6.{i % 4}', scenario__name=EVIL if i == 299 else 'storm')[0]
        with open(doc, encoding='utf-8') as f:
            text = f.read().replace('20261001-020000-000001', f'run-{i}').replace('2026-10-01T02', f'2026-10-01T0{i % 4}')
        os.remove(doc)
        paths.append(f'{folder}/crowd-docs/{i}.json')
        with open(paths[-1], 'w', encoding='utf-8') as f:
            f.write(text)
    served.keep(store, *paths)
    text = live.tlbnoise('metrics', '--store', store).out
    said = served.samples(text)
    runs = [n for n in said if n.startswith('tlbnoise_run_info')]
    cpus = [n for n in said if n.startswith('tlbnoise_window_seconds{')]
    t.equal('256 runs, 256 CPUs, not more', (len(runs), len(cpus)), (256, 256))
    hosts = {re.search('host="(rig[0-9]+)"', n)[1] for n in runs}
    t.equal('none of the rigs is missing', len(hosts), 75)
    t.equal('what is left out is said', [said[f'tlbnoise_{n}_left_out'] for n in ('runs', 'scenarios', 'cpus')],
            [300 - 256, 0, 256 * 10 - 256])
    t.ok('and how large that is', len(text) < 16 << 20 and len(said) < 100000, (len(text), len(said)))
    print(f'# {len(runs)} runs, {len(said)} series, {len(text) / 1e6:.2f} MB')
    promtool(t, 'names that are no labels', text)
    t.ok('they are escaped', 'scenario="\\"><img src=x onerror=alert(1)>\\\\"' in text)


def promtool(t, what, text):
    if not shutil.which('promtool'):
        print(f'# no promtool: {what} not checked')
        return
    p = subprocess.run(['promtool', 'check', 'metrics'], input=text, capture_output=True, text=True, check=False)
    t.ok(f'promtool check metrics: {what}', p.returncode == 0 and not p.stdout and not p.stderr, p.stdout + p.stderr)


def stores(t, folder, s, store):
    """A history that is not there yet, is written to, is read-only, or is none at all."""
    os.mkdir(f'{folder}/empty')
    e = served.Server(folder, f'{folder}/empty')
    status, _, body = e.get('/')
    t.ok('no history yet: pages say so', status == 503 and b'no runs are stored here yet' in body, (status, body))
    t.equal('and so do metrics', served.samples(e.metrics())['tlbnoise_store_readable'], 0)
    served.keep(f'{folder}/empty', served.night(f'{folder}/late', 3)[0])
    t.equal('it is served when it is there', e.get('/')[0], 200)
    t.equal('metrics follow', served.samples(e.metrics())['tlbnoise_store_readable'], 1)
    with sqlite3.connect(f'{folder}/empty/store.db') as db:
        db.execute("UPDATE documents SET zlib = x'00'")
    db.close()
    served.keep(f'{folder}/empty', served.night(f'{folder}/late', 4, environment__kernel_release='6.99')[0])
    said = served.samples(live.tlbnoise('metrics', '--store', f'{folder}/empty').out)
    found = (said['tlbnoise_store_readable'], said['tlbnoise_runs_unreadable'], sum('where="ring"' in n for n in said))
    t.equal('a damaged document costs no other its figures', found, (1, 1, 1))
    status = e.get('/run/' + served.night(f'{folder}/late', 3)[1])[0]
    t.ok('nor does its page say more than that there is none; the log does', status == 500 and
         re.search(r'500 to .*20261003-020000-000003.*', e.err()), (status, e.err()))
    t.equal('told to end, it does', e.stop().status, 0)

    before = {n: os.stat(f'{store}/{n}').st_mtime_ns for n in ('store.db', 'store.db-wal')}
    for target in ('/', '/metrics'):
        s.get(target)
    t.equal('reading writes nothing', {n: os.stat(f'{store}/{n}').st_mtime_ns for n in before}, before)
    db = sqlite3.connect(f'{store}/store.db', isolation_level=None)
    db.execute('BEGIN IMMEDIATE')
    t.equal('a writer does not keep readers waiting', s.get('/')[0], 200)
    db.execute('ROLLBACK')
    db.execute('PRAGMA user_version = 1')
    t.ok('an older history is refused, not converted', s.get('/')[0] == 503 and
         db.execute('PRAGMA user_version').fetchone() == (1,))
    db.execute('PRAGMA user_version = 2')
    db.close()
    served.keep(store, served.night(f'{folder}/more', 4)[0])  # which leaves the log there
    if os.geteuid() == 0:
        for name in ('store.db', 'store.db-wal', 'store.db-shm'):
            os.chmod(f'{store}/{name}', 0o644)
        os.chmod(folder, 0o755)
        os.chmod(store, 0o755)
        r = live.tlbnoise('metrics', '--store', store, prefix=('setpriv', '--reuid=65534', '--clear-groups'))
        t.ok('somebody who may only read does read', r.status == 0 and 'tlbnoise_store_readable 1' in r.out, r)
    os.mkdir(f'{folder}/junk')
    with open(f'{folder}/junk/store.db', 'wb') as f:
        f.write(os.urandom(8192))
    j = served.Server(folder, f'{folder}/junk')
    t.equal('no database at all', (j.get('/')[0], served.samples(j.metrics())['tlbnoise_store_readable']), (500, 0))
    j.stop()
    r = live.tlbnoise('metrics', '--store', store, '-o', f'{folder}/textfile.prom')
    t.ok('a file for node_exporter', r.status == 0 and 'readable 1' in live.read(f'{folder}/textfile.prom'), r)
    r = live.tlbnoise('metrics', '--store', f'{folder}/junk', '-o', f'{folder}/textfile.prom')
    text = live.read(f'{folder}/textfile.prom')
    t.ok('which does not stay as it was when the history cannot be read', r.status == 2 and len(r.lines()) == 1 and
         'tlbnoise_store_readable 0' in text and 'tlbnoise_run' not in text, (r, text))


def mistakes(t, folder, s):
    for arguments, text in ((('--listen', 'localhost:80'), 'an address and a port in numbers'),
                            (('--listen', '::1:80'), 'an address and a port in numbers'),
                            (('--listen', '127.0.0.1'), 'an address and a port in numbers'),
                            (('--listen', f'127.0.0.1:{s.port}'), 'Address already in use'),
                            (('--store', f'{folder}/none'), 'No such file'), (('--cpus', 'x'), '--cpus x')):
        r = live.tlbnoise('serve', *arguments)
        t.ok(f'refused: {" ".join(arguments)}', r.status == 2 and text in r.err and len(r.lines()) == 1, r)


def main():
    if not live.BUILD:
        sys.exit('TN_BUILD names the build folder')
    t = live.Checks()
    with tempfile.TemporaryDirectory(prefix='tlbnoise-serve.') as folder:
        store = f'{folder}/store'
        os.mkdir(store)
        runs = [served.night(f'{folder}/docs', n) for n in range(1, 4)]
        served.keep(store, *(path for path, _ in runs))
        s = served.Server(folder, store, '--name', 'dash.example.com,*.internal')
        pages(t, s, runs[-1][1])
        refused(t, s)
        negotiated(t, s)
        figures(t, s, store, folder)
        promtool(t, 'the server', s.metrics())
        climbing(t, s, folder)
        garbage(t, s)
        unread(t, s, runs[-1][1])
        many(t, s)
        stores(t, folder, s, store)
        mistakes(t, folder, s)
        crowded(t, folder)
        activated(t, folder, store)
        r = s.stop()
        t.ok('it ends when told to', r.status == 0, r)
    sys.exit(1 if t.failed else 0)


main()
