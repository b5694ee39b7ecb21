# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests against the running kernel share: a private state, watched processes, and checks.

A test runs in a mount namespace of its own, with empty directories where root's state and results lie, so that
"nothing was left behind" can be asked exactly. Probed CPUs are not private: a file lock keeps tests apart.
Each process that a test starts carries a mark in its environment, by which it and its children are found.

Waiting is for conditions; LONG is only where hope ends. TN_BUILD is the build folder, TN_SOURCE the tree.
"""
import contextlib
import ctypes
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

LONG = 120
SKIP = 77
TRACING = '/sys/kernel/tracing'
STATE, RESULTS = '/run/tlbnoise', '/var/lib/tlbnoise'
MARK = 'TN_TEST_MARK'
LOCK = '/tmp/tlbnoise-test.lock'
SANITIZER = re.compile(r'(AddressSanitizer|LeakSanitizer|runtime error:)')

BUILD = os.environ.get('TN_BUILD', '')
SOURCE = os.environ.get('TN_SOURCE', '')
TLBNOISE, TLBNOISED = f'{BUILD}/tlbnoise', f'{BUILD}/tlbnoised'
CPU = os.cpu_count() - 1  # the one that tests probe
STORM = ['vmalloc-storm', '-o', f'probe.cpus={CPU}']


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIP)


def wait_for(condition, what, limit=LONG):
    """Polls until condition() is true and returns its value."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'waited {limit} s in vain: {what}')
        time.sleep(0.005)


def read(path, default=''):
    try:
        with open(path, encoding='utf-8', errors='replace') as f:
            return f.read()
    except OSError:
        return default


class Checks:
    """Prints a line a check; a failed one does not end the test, an exception does."""

    def __init__(self):
        self.failed = 0

    def ok(self, name, good, why=''):
        if good:
            print(f'ok {name}', flush=True)
        else:
            self.failed += 1
            print(f'not ok {name}: {why}' if why != '' else f'not ok {name}', flush=True)
        return good

    def equal(self, name, got, wanted):
        return self.ok(name, got == wanted, f'got {repr(got)[:400]}, wanted {repr(wanted)[:400]}')


# --- the private state

def _make_private():
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns, ms_rec, ms_private = 0x00020000, 0x4000, 0x40000
    if libc.unshare(clone_newns) or libc.mount(b'none', b'/', None, ms_rec | ms_private, None):
        skip(f'no mount namespace: {os.strerror(ctypes.get_errno())}')
    for path in (STATE, RESULTS):
        os.makedirs(path, mode=0o755, exist_ok=True)
        if libc.mount(b'tlbnoise-test', path.encode(), b'tmpfs', 0, b'mode=0755'):
            skip(f'cannot mount on {path}: {os.strerror(ctypes.get_errno())}')
    if not os.path.isdir(f'{TRACING}/events'):
        libc.mount(b'nodev', TRACING.encode(), b'tracefs', 0, None)


def need_machine():
    if not BUILD or not SOURCE:
        sys.exit('TN_BUILD names the build folder, TN_SOURCE the source tree')
    if os.geteuid():
        skip('needs root')
    if os.cpu_count() < 2:
        skip('needs two CPUs: one is probed, the other does the work')


def need_events():
    if not os.path.isdir(f'{TRACING}/events/csd'):
        skip(f'no csd events in {TRACING}: needs tracefs and a kernel from 6.3 on')


@contextlib.contextmanager
def private():
    """The place of a test: yields its folder; the CPU lock is held inside."""
    need_machine()
    _make_private()
    need_events()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # not ignored, even in a background job
    os.environ[MARK] = f'{os.getpid()}.{time.time_ns()}'
    for name in ('TLBNOISE_SOCKET', 'TLBNOISE_SCENARIOS', 'NOTIFY_SOCKET', 'NO_COLOR'):
        os.environ.pop(name, None)
    os.environ['LC_ALL'] = 'C.UTF-8'
    os.environ['ASAN_OPTIONS'] = 'abort_on_error=0:detect_leaks=1:' + os.environ.get('ASAN_OPTIONS', '')
    os.environ['UBSAN_OPTIONS'] = 'halt_on_error=1:print_stacktrace=1'
    folder = tempfile.mkdtemp(prefix='tlbnoise-live.')
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        for pid in marked():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def main(test):
    """Runs test(checks, folder) and exits with its verdict."""
    checks = Checks()
    try:
        with private() as folder:
            try:
                test(checks, folder)
            finally:
                for path in glob.glob(f'{folder}/*.err'):
                    if SANITIZER.search(read(path)):
                        checks.ok('sanitizers are silent', False, read(path))
    except (AssertionError, OSError, KeyError, ValueError, subprocess.SubprocessError) as e:
        checks.ok('came to its end', False, f'{type(e).__name__}: {e}')
    sys.exit(1 if checks.failed else 0)


# --- what is there

def start_time(pid):
    """Of a process that is more than a zombie, in ticks since boot; None without one."""
    fields = read(f'/proc/{pid}/stat').rpartition(')')[2].split()
    return int(fields[19]) if fields and fields[0] not in 'ZX' else None


def marked(name=''):
    """Living processes that this test started, directly or not, whose program is called so."""
    wanted = f'{MARK}={os.environ.get(MARK)}\0'.encode()
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir('/proc'))):
        try:
            with open(f'/proc/{pid}/environ', 'rb') as f:
                mine = wanted in f.read() + b'\0'
        except OSError:
            continue
        if mine and pid != os.getpid() and start_time(pid) is not None:
            if not name or read(f'/proc/{pid}/comm').strip() == name[:15]:
                found.append(pid)
    return found


def owner(name):
    """Who stands in the name of a trace instance or cpuset: PID and start time; None without one."""
    m = re.fullmatch(r'tlbnoise\.(\d+)\.(\d+)\..*', name)
    return m and (int(m[1]), int(m[2]))


def owner_is_dead(name):
    return owner(name) is not None and start_time(owner(name)[0]) != owner(name)[1]


def instances(pid=None):
    """Trace instances: those of this owner, or those of all owners that are dead."""
    paths = glob.glob(f'{TRACING}/instances/tlbnoise.*')
    names = {path: os.path.basename(path) for path in paths}
    return [p for p in paths if (owner(names[p]) and owner(names[p])[0] == pid if pid else owner_is_dead(names[p]))]


def kept():
    """All that lies in state and results; lock files and the history are meant to stay."""
    found = []
    for top in (STATE, RESULTS):
        for folder, folders, files in os.walk(top):
            found += [f'{folder}/{name}' for name in files if not re.fullmatch(r'(cpu-\d+|recovery)\.lock|store\.db(-wal|-shm)?', name)]
            found += [f'{folder}/{name}' for name in folders if folder == f'{RESULTS}/runs']
    return sorted(found)


def left_behind():
    return kept() + instances() + [f'pid {p} {read(f"/proc/{p}/comm").strip()}' for p in marked()]


def removed(instance):
    """Removes a trace instance of the test's own; false while the kernel says that it is busy."""
    with contextlib.suppress(OSError):
        os.rmdir(instance)
    return not os.path.isdir(instance)


# --- our programs

class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return self.err.splitlines()

    def __str__(self):
        return f'status {self.status}, stderr {self.err[-600:]!r}'


def tlbnoise(*args, env=None, limit=LONG, program=TLBNOISE, prefix=()):
    p = subprocess.run([*prefix, program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env={**os.environ, **(env or {})}, timeout=limit, check=False)
    result = Result(p.returncode, p.stdout.decode(errors='replace'), p.stderr.decode(errors='replace'))
    if SANITIZER.search(result.err):
        raise AssertionError(f'sanitizer: {result.err}')
    return result


def with_socket(listener, *argv):
    """A command that starts a program as systemd does for a socket: it has it as descriptor 3, and LISTEN_PID is its own."""
    fd = listener.fileno()
    script = f'export LISTEN_FDS=1 LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$0" "$@" 3<&{fd}'
    return ['bash', '-c', script, *argv]


class Background:
    """A program that runs while the test goes on; its output is in files."""

    def __init__(self, folder, *argv, env=None, pass_fds=()):
        self.path = tempfile.mktemp(dir=folder)
        with open(self.path + '.out', 'wb') as out, open(self.path + '.err', 'wb') as err:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            env={**os.environ, **(env or {})}, pass_fds=pass_fds)
        self.pid = self.process.pid

    def out(self):
        return read(self.path + '.out')

    def err(self):
        return read(self.path + '.err')

    def alive(self):
        return self.process.poll() is None

    def signal(self, sig):
        self.process.send_signal(sig)

    def end(self, limit=LONG):
        """Waits for its end."""
        status = self.process.wait(limit)
        if SANITIZER.search(self.err()):
            raise AssertionError(f'sanitizer: {self.err()}')
        return Result(status, self.out(), self.err())


def history():
    """The runs that the history has, by id."""
    return {run['id']: run for run in tlbnoise('runs', '--json').json()['runs']}


def run_at(folder, moment, *options):
    """Starts a run; so many seconds after it is in the history: the client, the daemon's pid, the run's id."""
    before = set(history())
    cli = Background(folder, TLBNOISE, 'run', *options)
    new = wait_for(lambda: set(history()) - before or not cli.alive(), 'the run is in the history')
    if new is True:
        raise AssertionError(f'the run ended: {cli.err()}')
    daemon = marked('tlbnoised')[0]
    time.sleep(moment)  # the moment is what is tested, not a wait for something
    return cli, daemon, new.pop()


class Service(Background):
    """tlbnoised on a socket of its own."""

    def __init__(self, folder, env=None):
        self.socket = tempfile.mktemp(dir=folder, suffix='.sock')
        super().__init__(folder, TLBNOISED, '--socket', self.socket, env=env)
        wait_for(self.answers, 'tlbnoised answers')

    def answers(self):
        if not self.alive():
            raise AssertionError(f'tlbnoised ended: {self.err()}')
        try:
            with Varlink(self.socket):
                return True
        except OSError:
            return False

    def status(self):
        with Varlink(self.socket) as v:
            return v.call('io.tlbnoise.Status')['parameters']

    def state(self):
        runs = self.status()['runs']
        return runs[0]['state'] if runs else 'idle'

    def wait_state(self, state):
        wait_for(lambda: self.state() == state, f'the run is {state}')

    def start(self, folder, *args):
        """tlbnoise run through this service, in the background."""
        return Background(folder, TLBNOISE, 'run', *args, '--socket', self.socket)


class Varlink:
    """A client as anybody could write one: NUL-terminated JSON over a stream socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(LONG)
        self.socket.connect(path)
        self.buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, method, parameters=None, **flags):
        call = {'method': method, **flags}
        if parameters is not None:
            call['parameters'] = parameters
        self.send_raw(json.dumps(call).encode() + b'\0')

    def receive(self):
        """One reply; None when the server has closed the connection."""
        while b'\0' not in self.buffer:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.buffer += data
        text, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(text)

    def call(self, method, parameters=None, **flags):
        self.send(method, parameters, **flags)
        return self.receive()


# --- documents

def raw_records(path):
    """Records in a raw file: what its header says and what its size makes room for, tlbnoise-raw(5)."""
    with open(path, 'rb') as f:
        magic, version, header, record, _, records = struct.unpack('<6sHIIdQ', f.read(32))
    if magic != b'TNRAW\0' or version != 1:
        raise AssertionError(f'{path}: not a raw file: {magic!r} {version}')
    size = (os.path.getsize(path) - header) / record
    return records, size


def window(cpu):
    return int(cpu['window_open_ticks']), int(cpu['window_close_ticks'])
