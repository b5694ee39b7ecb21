#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: strangers nothing, readers look, runners run; by the kernel's word on each call."""
import json
import os
import stat
import subprocess
import sys

import live

CONF = f'{live.STATE}/tlbnoised.conf'
READERS, RUNNERS, NOBODY = 'users', 'games', 64999  # groups that Debian always has, and a user that it never has
GROUPS = {'users': 100, 'games': 60}
CLIENT = '''
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
except PermissionError:
    print(json.dumps({"error": "EACCES"}))
    sys.exit()
s.settimeout(60)
s.sendall(sys.argv[2].encode() + b"\\0")
data = b""
while b"\\0" not in data:
    piece = s.recv(65536)
    if not piece:
        break
    data += piece
print(data.split(b"\\0")[0].decode() or '{"error": "closed"}')
'''
CROWD = '''
import json, socket, sys
kept, answered = [], 0
for _ in range(int(sys.argv[2])):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.settimeout(60)
    kept.append(s)
    try:
        s.sendall(json.dumps({"method": "io.tlbnoise.Status"}).encode() + b"\\0")
        answered += s.recv(65536) != b""
    except (BrokenPipeError, ConnectionResetError):
        pass
print(answered, flush=True)
sys.stdin.read()
'''
# Locks what it can open and waits.
LOCKER = '''
import fcntl, os, sys
held = []
for path in sys.argv[1:]:
    try:
        fd = os.open(path, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        held.append(fd)
    except PermissionError:
        pass
print(len(held), flush=True)
sys.stdin.read()
'''


def configure(text):
    with open(CONF, 'w', encoding='utf-8') as f:
        f.write(text)


def become(primary=NOBODY, groups=()):
    supplementary = ['--groups', ','.join(map(str, groups))] if groups else ['--clear-groups']
    return ['setpriv', '--reuid', str(NOBODY), '--regid', str(primary), *supplementary]


def ask(service, who, method, parameters=None, **flags):
    call = json.dumps({'method': method, 'parameters': parameters or {}, **flags})
    r = live.tlbnoise('-c', CLIENT, service.socket, call, program=sys.executable, prefix=who)
    if r.status:
        raise AssertionError(f'{method}: {r}')
    return json.loads(r.out)


RUN = {'name': 'a.ini', 'text': '[nonsense]\n', 'overrides': []}
LOOKING = [('io.tlbnoise.Status', {}, {}), ('io.tlbnoise.Watch', {'interval_ms': 100}, {'more': True}),
           ('org.varlink.service.GetInfo', {}, {}),
           ('org.varlink.service.GetInterfaceDescription', {'interface': 'io.tlbnoise'}, {})]
CHANGING = [('io.tlbnoise.Run', RUN, {}), ('io.tlbnoise.Stop', {'run': ''}, {})]
OTHERS = [('io.tlbnoise.NoSuchMethod', {}, {}), ('no-method', {}, {}), ('', {}, {}), ('org.varlink.service.Nope', {}, {})]


def stranger(t, service, who):
    st = os.stat(service.socket)
    t.equal('the socket is for root and the readers', (stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid),
            (0o660, 0, GROUPS[READERS]))
    t.equal('a stranger cannot connect', ask(service, who, 'io.tlbnoise.Status'), {'error': 'EACCES'})
    r = live.tlbnoise('status', '--socket', service.socket, prefix=who)
    t.ok('tlbnoise tells him in one line', r.status == 2 and not r.out and len(r.lines()) == 1 and
         'no permission' in r.err, r)
    os.chmod(service.socket, 0o666)
    for method, parameters, flags in LOOKING + CHANGING + OTHERS:
        reply = ask(service, who, method, parameters, **flags)
        t.equal(f'with the socket open to all: {method or "nothing"} is refused, and tells nothing', reply,
                {'error': 'io.tlbnoise.NotAllowed', 'parameters': {
                    'message': f'you may not use this service: use sudo, or become a member of the group {READERS}'}})
    r = live.tlbnoise('status', '--socket', service.socket, prefix=who)
    t.ok('and in one line by tlbnoise', r.status == 2 and not r.out and len(r.lines()) == 1 and
         'you may not use this service' in r.err, r)
    live.wait_for(lambda: f'uid {NOBODY}' in service.err() and 'may not look here: refused' in service.err(),
                  'the daemon logs who was refused')


def reader(t, service, who, name):
    for method, parameters, flags in LOOKING:
        reply = ask(service, who, method, parameters, **flags)
        t.ok(f'{name}: {method}', 'error' not in reply and reply['parameters'], reply)
    for method, parameters, flags in CHANGING:
        reply = ask(service, who, method, parameters, **flags)
        t.equal(f'{name}: {method} is refused', (reply.get('error'), reply['parameters']),
                ('io.tlbnoise.NotAllowed', {'message': 'you may look, but not start or stop runs: use sudo, or become '
                                            f'a member of the group {RUNNERS}'}))


def runner(t, service, who, name):
    t.ok(f'{name}: Status', 'version' in ask(service, who, 'io.tlbnoise.Status')['parameters'])
    reply = ask(service, who, 'io.tlbnoise.Run', RUN)
    t.ok(f'{name}: Run gets as far as the mistake in the scenario', reply['error'] == 'io.tlbnoise.BadScenario' and
         reply['parameters']['message'].startswith('a.ini:1: unknown section'), reply)
    t.equal(f'{name}: Stop finds no run', ask(service, who, 'io.tlbnoise.Stop', {'run': ''})['error'],
            'io.tlbnoise.NoSuchRun')


def beside(who, program, *args):
    process = subprocess.Popen([*who, sys.executable, '-c', program, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)
    return process, int(process.stdout.readline())


def crowd(t, service, who):
    process, answered = beside(who, CROWD, service.socket, '100')
    t.equal('a reader has a quarter of the connections at most', answered, 32)
    t.ok('which leaves some for others', 'version' in ask(service, [], 'io.tlbnoise.Status')['parameters'])
    process.communicate()
    live.wait_for(lambda: f'uid {NOBODY} has 32 connections' in service.err(), 'the daemon logs whom it refused')


def locks(t, service, who):
    """Whoever can open a file can lock it."""
    run = ['run', 'quiet', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=100ms', '-o', 'scenario.rounds=1', '-o',
           'trace.level=none', '--quiet', '--socket', service.socket]
    r = live.tlbnoise(*run)
    t.ok('a run', r.status == 0, r)
    folder = [f'{live.STATE}/{name}' for name in os.listdir(live.STATE)]
    process, held = beside(who, LOCKER, live.STATE, *(path for path in folder if path.endswith('.lock')))
    t.equal('a stranger can lock the folder, and no lock in it', (held, len(folder) > 1), (1, True))
    r = live.tlbnoise(*run)
    t.ok('which holds nobody up', r.status == 0, r)
    process.communicate()


def refused_config(t, folder):
    for text, wanted in (('[access]\nrun-group = no-such-group\n', ':2: run-group = '),
                         ('[daemon]\nlog-levle = info\n', ":2: unknown key 'log-levle' in [daemon]"),
                         ('oops\n', ":1: 'oops' is no section")):
        configure(text)
        r = live.tlbnoise('--socket', f'{folder}/x.sock', program=live.TLBNOISED)
        t.ok(f'a bad configuration: one line, and the daemon does not start: {wanted}',
             r.status == 2 and r.err.startswith(f'tlbnoised: {CONF}{wanted}') and len(r.lines()) == 1, r)
        t.ok('and has no socket', not os.path.exists(f'{folder}/x.sock'))


def test(t, folder):
    os.chmod(folder, 0o755)
    refused_config(t, folder)
    configure(f'[access]\nread-group = {READERS}\nrun-group = {RUNNERS}\n')
    service = live.Service(folder)
    stranger(t, service, become())
    reader(t, service, become(groups=[4, GROUPS[READERS], 24]), 'reader by a supplementary group')
    reader(t, service, become(primary=GROUPS[READERS]), 'reader by the primary group')
    runner(t, service, become(groups=[GROUPS[RUNNERS]]), 'runner')
    runner(t, service, become(groups=list(range(1000, 1200)) + [GROUPS[RUNNERS]]), 'runner with 200 other groups')
    runner(t, service, [], 'root')
    crowd(t, service, become(groups=[GROUPS[READERS]]))
    locks(t, service, become())
    service.signal(15)
    t.equal('ends in order', service.end().status, 0)
    configure('[access]\nread-group =\nrun-group =\n')
    service = live.Service(folder)
    os.chmod(service.socket, 0o666)
    reply = ask(service, become(groups=[GROUPS[READERS], GROUPS[RUNNERS]]), 'io.tlbnoise.Status')
    t.equal('with groups of nobody there is only root', reply, {'error': 'io.tlbnoise.NotAllowed', 'parameters': {
        'message': 'you may not use this service: use sudo'}})
    runner(t, service, [], 'root, still')


live.main(test)
