#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Malformed scenarios, overrides and requests: status 2, one clear line each, nothing left behind.

The command line's own mistakes are in cli-offline.sh; here is what a scenario, this machine or the daemon refuses, and
what a client may throw at the socket.
"""
import os
import signal

import live

GOOD = f'[scenario]\nduration=1s\nrounds=1\n[probe]\ncpus={live.CPU}\n'
STORM = '[churn storm]\nsource=bpf-map\npages=16\n'
ALL = f'0-{live.CPU}'

# What the line must contain, the scenario's text, overrides.
SCENARIOS = [
    ('unknown key', GOOD + 'thresholt = 1us\n', []),
    ("did you mean 'threshold'", GOOD + 'thresholt = 1us\n', []),
    ('unknown section', '[prob]\ncpus=1\n', []),
    (':1', 'duration = 1s\n', []),
    (':2', '[scenario]\nduration\n', []),
    (':1', '[scenario\nduration=1s\n', []),
    (':3', '[scenario]\nduration=1s\nduration=2s\n', []),
    ('duration', '[scenario]\nduration=1parsec\n', []),
    ('duration', '[scenario]\nduration=1ms\n', []),
    ('duration', '[scenario]\nduration=-1s\n', []),
    ('duration', '[scenario]\nduration=99999999999999999999s\n', []),
    ('rounds', '[scenario]\nrounds=0\n', []),
    ('rounds', '[scenario]\nrounds=1.5\n', []),
    ('quantum', GOOD + 'quantum=1ns\n', []),
    ('kind', GOOD + 'kind=spun\n', []),
    ('ring', GOOD + 'ring=1000\n', []),
    ('sched', GOOD + 'sched=fifo:100\n', []),
    ('cpus', '[probe]\ncpus=0-\n', []),
    ('cpus', '[probe]\ncpus=3-1\n', []),
    ('cpus', '[probe]\ncpus=99999999\n', []),
    ('level', GOOD + '[trace]\nlevel=fuller\n', []),
    ('buffer', GOOD + '[trace]\nbuffer=1T\n', []),
    ('nosuch', GOOD + '[churn x]\nsource=nosuch\n', []),
    ('did you mean', GOOD + '[churn x]\nsource=bpf-mab\n', []),
    ('burst', GOOD + STORM + 'burst=3\n', []),
    ('pages', GOOD + '[churn x]\nsource=threads\npages=3\n', []),
    ('pages', GOOD + '[churn x]\nsource=bpf-map\npages=9-3\n', []),
    ('rate', GOOD + STORM + 'rate=fast\n', []),
    ('workers', GOOD + STORM + 'workers=1000\n', []),
    ('jitter.p98', GOOD + '[expect]\njitter.p98 = < 5us\n', []),
    ('cause.nosuch', GOOD + '[expect]\ncause.nosuch = 0\n', []),
    ('', b'\x00\x01\x02\xff', []),
    ('', GOOD.encode() + b'description=\xff\xfe\n', []),
    ('', '[scenario]\ndescription=' + 'x' * 100000 + '\n', []),
    ('novalue', GOOD, ['novalue']),
    ('nosection', GOOD, ['nosection=1']),
    ('scenario.duration', GOOD, ['scenario.duration=']),
    ('scenario.duratoin', GOOD, ['scenario.duratoin=1s']),
    ("no source 'nosuch'", GOOD, ['churn.nosuch.rate=1/s']),
    # the machine refuses
    ('CPU 4095 is not online', GOOD, ['probe.cpus=4095']),
    ('leaves no housekeeping CPU', GOOD, [f'probe.cpus={ALL}']),
    ('housekeeping', GOOD, ['probe.cpus=housekeeping']),
    ('is probed', GOOD + STORM, [f'churn.storm.cpus={live.CPU}']),
    ('measured as its own victim', GOOD + STORM, ['churn.storm.cpus=isolated']),
    ('CPU 4000 is not online', GOOD + STORM, ['churn.storm.cpus=4000']),
]

# The error that is answered, the parameters of io.tlbnoise.Run.
RUNS = [
    ('org.varlink.service.InvalidParameter', {}),
    ('io.tlbnoise.BadScenario', {'name': 'x'}),
    ('org.varlink.service.InvalidParameter', {'name': 'x', 'text': 1}),
    ('org.varlink.service.InvalidParameter', {'name': '', 'text': GOOD}),
    ('org.varlink.service.InvalidParameter', {'name': 'x', 'text': GOOD, 'overrides': 'probe.cpus=0'}),
    ('org.varlink.service.InvalidParameter', {'name': 'x', 'text': GOOD, 'overrides': [1]}),
    ('io.tlbnoise.BadScenario', {'name': 'x', 'text': 'junk'}),
    ('io.tlbnoise.BadScenario', {'name': 'x', 'text': GOOD, 'overrides': ['junk']}),
    ('io.tlbnoise.NotPossible', {'name': 'x', 'text': GOOD, 'overrides': ['probe.cpus=4095']}),
    ('io.tlbnoise.NotPossible', {'name': 'x', 'text': GOOD, 'overrides': [f'probe.cpus={ALL}']}),
]
CALLS = [
    ('org.varlink.service.MethodNotFound', 'io.tlbnoise.Nosuch', {}),
    ('org.varlink.service.InterfaceNotFound', 'io.nosuch.Run', {}),
    ('org.varlink.service.ExpectedMore', 'io.tlbnoise.Watch', {'interval_ms': 1000}),
    ('io.tlbnoise.NoSuchRun', 'io.tlbnoise.Stop', {'run': 'nosuch'}),
    ('org.varlink.service.InvalidParameter', 'io.tlbnoise.Stop', {'run': 7}),
]
# What ends the connection instead of being answered.
JUNK = [b'\0', b'{}\0', b'[]\0', b'null\0', b'GET / HTTP/1.1\r\n\r\n\0', b'{"method": 7}\0',
        b'{"method": "io.tlbnoise.Status", "parameters": []}\0', b'{"method": "x"}\xff\0', b'[' * 100000 + b'\0',
        b'x' * (2 << 20)]


def refused(t, name, text, *args, program=live.TLBNOISE):
    r = live.tlbnoise(*args, program=program)
    own = os.path.basename(program) + ': '
    t.ok(f'{name}: status 2, one line, no output',
         r.status == 2 and not r.out and len(r.lines()) == 1 and r.err.startswith(own) and r.err.endswith('\n'), r)
    t.ok(f'{name}: the line has {text!r}', text in r.err, r.err)
    t.equal(f'{name}: nothing left behind', live.left_behind(), [])


def scenarios(t, folder):
    for i, (text, scenario, overrides) in enumerate(SCENARIOS):
        path = f'{folder}/bad-{i}.ini'
        with open(path, 'wb') as f:
            f.write(scenario if isinstance(scenario, bytes) else scenario.encode())
        options = [x for o in overrides for x in ('-o', o)]
        refused(t, f'scenario {i + 1} {" ".join(overrides)}', text, 'run', path, *options)


def files(t, folder):
    refused(t, 'no such file', 'nosuch.ini', 'run', f'{folder}/nosuch.ini')
    refused(t, 'no such scenario', "nosuch'", 'run', 'nosuch')
    refused(t, 'a folder', folder, 'run', folder)
    with open(f'{folder}/large.ini', 'wb') as f:
        f.truncate(1 << 30)
    refused(t, 'a gigabyte', 'large.ini', 'run', f'{folder}/large.ini')
    os.symlink('loop.ini', f'{folder}/loop.ini')
    refused(t, 'a loop of links', 'loop.ini', 'run', f'{folder}/loop.ini')


def machine(t, folder):
    for source in live.tlbnoise('list', '--json').json()['sources']:
        if source['runs_here']:
            continue
        with open(f'{folder}/cannot.ini', 'w', encoding='ascii') as f:
            f.write(GOOD + f'[churn x]\nsource={source["name"]}\n')
        refused(t, f'source {source["name"]}', '[churn x] cannot run here', 'run', f'{folder}/cannot.ini')
    with open(f'{folder}/good.ini', 'w', encoding='ascii') as f:
        f.write(GOOD)
    refused(t, 'no place for the document', 'cannot write into', 'run', f'{folder}/good.ini', '--output',
            f'{folder}/no/such.json')
    refused(t, 'no service there', 'no service answers', 'run', f'{folder}/good.ini', '--socket', f'{folder}/nosuch')


def daemon(t, folder):
    bad = [('--private 0', '--private', '0'), ('--private 99', '--private', '99'), ('an argument', 'x'),
           ('a long path', '--socket', '/' + 'x' * 200), ('no such folder', '--socket', f'{folder}/no/such'),
           ('a file in the way', '--socket', f'{folder}/good.ini')]
    for name, *args in bad:
        refused(t, f'tlbnoised: {name}', '', *args, program=live.TLBNOISED)


def requests(t, service):
    for i, (error, parameters) in enumerate(RUNS):
        with live.Varlink(service.socket) as v:
            reply = v.call('io.tlbnoise.Run', parameters)
            t.equal(f'request {i + 1}: {error}', reply.get('error'), error)
            if error.startswith('io.tlbnoise'):
                message = reply['parameters']['message']
                t.ok(f'request {i + 1}: one line of why', message and '\n' not in message, reply)
            t.ok(f'request {i + 1}: the connection is still good', 'parameters' in v.call('io.tlbnoise.Status'))
    for error, method, parameters in CALLS:
        with live.Varlink(service.socket) as v:
            t.equal(f'{method}: {error}', v.call(method, parameters).get('error'), error)
    for junk in JUNK:
        with live.Varlink(service.socket) as v:
            try:
                v.send_raw(junk)
                reply = v.receive()
            except (BrokenPipeError, ConnectionResetError):
                reply = None
            t.ok(f'junk {junk[:24]!r}: closed or an error, never a result', reply is None or 'error' in reply, reply)
    t.ok('the service lives', service.status()['pid'] == service.pid and service.state() == 'idle')
    t.equal('requests: nothing left behind', live.kept() + live.instances(), [])
    t.equal('requests: no process but the service', live.marked(), [service.pid])


def test(t, folder):
    t.equal('nothing is there before', live.left_behind(), [])
    scenarios(t, folder)
    files(t, folder)
    machine(t, folder)
    daemon(t, folder)
    service = live.Service(folder)
    requests(t, service)
    service.signal(signal.SIGTERM)
    r = service.end()
    t.equal('the service ends well', r.status, 0)
    t.equal('nothing is there after', live.left_behind(), [])
    t.ok('these were more than 40', len(SCENARIOS) + len(RUNS) + len(CALLS) + len(JUNK) > 40)


live.main(test)
