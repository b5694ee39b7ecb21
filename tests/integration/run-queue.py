#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs that wait: order, priorities, places, cancelling, the bound, clients that leave, scenarios by name."""
import os
import signal

import live

CONF = f'{live.STATE}/tlbnoised.conf'
LONG_RUN = {'name': 'quiet', 'overrides': [f'probe.cpus={live.CPU}', 'scenario.rounds=1', 'scenario.duration=100s',
                                           'trace.level=none']}
SHORT_RUN = {**LONG_RUN, 'overrides': LONG_RUN['overrides'][:2] + ['scenario.duration=200ms', 'trace.level=none']}
SLOTS = 3


def run(v, what, more=True, **parameters):
    v.send('io.tlbnoise.Run', {**what, **parameters}, more=more)


def detached(service, what, **parameters):
    with live.Varlink(service.socket) as v:
        return v.call('io.tlbnoise.Run', {**what, 'detach': True, **parameters})


def waiting(service):
    return [(q['run'], q['position'], q['priority']) for q in service.status()['queue']]


def stop(service, run_id=''):
    with live.Varlink(service.socket) as v:
        return v.call('io.tlbnoise.Stop', {'run': run_id})


def idle(service):
    def nothing():
        status = service.status()
        return not status['runs'] and not status['queue']
    live.wait_for(nothing, 'nothing runs or waits')


def order(t, service):
    first = detached(service, LONG_RUN)['parameters']['run']
    t.equal('detach: answered at once, and it runs', service.status()['runs'][0]['run'], first)
    low = detached(service, SHORT_RUN, priority=10)['parameters']['run']
    usual = detached(service, SHORT_RUN)['parameters']['run']
    with live.Varlink(service.socket) as v:
        run(v, SHORT_RUN, priority=90)
        high = v.receive()
        t.ok('who waits is told so, and his place', high['continues'] and high['parameters']['progress']['state'] == 'queued'
             and high['parameters']['progress']['position'] == 1, high)
        high = high['parameters']['progress']['run']
        t.equal('the highest priority first', waiting(service), [(high, 1, 90), (usual, 2, 50), (low, 3, 10)])
        r = live.tlbnoise('status', '--socket', service.socket)
        rows = [line.split() for line in r.out.splitlines() if line.startswith((high, usual, low))]
        t.equal('status shows the queue', [(row[0], row[1], row[2], row[-1]) for row in rows],
                [(high, '1', '90', 'quiet'), (usual, '2', '50', 'quiet'), (low, '3', '10', 'quiet')])
        full = detached(service, SHORT_RUN)
        t.ok('no more wait than may', full['error'] == 'io.tlbnoise.Busy' and f'{SLOTS} wait' in full['parameters']['message'],
             full)
        refused = detached(service, SHORT_RUN, no_wait=True)
        t.ok('no_wait', refused['error'] == 'io.tlbnoise.Busy' and 'another run is in progress' in refused['parameters']['message'],
             refused)
        t.equal('cancel one that waits', stop(service, usual), {'parameters': {'run': usual}})
        t.equal('the others move up', waiting(service), [(high, 1, 90), (low, 2, 10)])
        service.wait_state('measuring')  # before that there is nothing to keep
        stop(service)
        while True:
            reply = v.receive()
            if not reply.get('continues'):
                break
        t.equal('the next one has run, and its client has the document',
                (reply['parameters']['document']['id'], reply['parameters']['document']['state']), (high, 'complete'))
    idle(service)
    states = {}
    for run_id in (first, low, high):
        states[run_id] = live.tlbnoise('show', run_id, '--json').json()['state']
    t.equal('all that began are in the history', states, {first: 'aborted', low: 'complete', high: 'complete'})
    r = live.tlbnoise('show', usual)
    t.ok('one that was cancelled before it began is not', r.status == 2 and len(r.lines()) == 1, r)


def clients(t, service, folder):
    main = detached(service, LONG_RUN)['parameters']['run']
    stays, goes = live.Varlink(service.socket), live.Varlink(service.socket)
    run(stays, SHORT_RUN)
    run(goes, SHORT_RUN, attached=True)
    kept, lost = (v.receive()['parameters']['progress']['run'] for v in (stays, goes))
    goes.socket.close()
    live.wait_for(lambda: [w[0] for w in waiting(service)] == [kept], 'an attached run leaves the queue with its client')
    stays.socket.close()
    with live.Varlink(service.socket) as v:
        run(v, SHORT_RUN)
        third = v.receive()['parameters']['progress']['run']
        t.equal('one that is not attached stays', [w[0] for w in waiting(service)], [kept, third])
        t.equal('a stopped run that waits', stop(service, third), {'parameters': {'run': third}})
        reply = v.receive()
        while reply.get('continues'):
            reply = v.receive()
        t.equal('its client is told', (reply['error'], 'message' in reply['parameters']), ('io.tlbnoise.Canceled', True))
    watchers = [live.Varlink(service.socket) for _ in range(3)]
    for v in watchers:
        v.send('io.tlbnoise.Watch', {'interval_ms': 100}, more=True)
    t.equal('several watchers see the run', {v.receive()['parameters']['run']['run'] for v in watchers}, {main})
    for v in watchers:
        v.socket.close()
    t.equal('no such run', stop(service, lost)['error'], 'io.tlbnoise.NoSuchRun')
    stop(service)
    idle(service)
    t.equal('a run whose client has gone is done', live.tlbnoise('show', kept, '--json').json()['state'], 'complete')
    client = live.Background(folder, live.TLBNOISE, 'run', 'quiet', *sum((['-o', o] for o in LONG_RUN['overrides']), []),
                             '--socket', service.socket, '--attached')
    service.wait_state('measuring')
    client.signal(signal.SIGKILL)
    client.process.wait()
    idle(service)
    t.ok('run --attached ends with its client', 'its client has gone: it ends' in service.err())


def command_line(t, service, folder):
    short = ['quiet', *sum((['-o', o] for o in SHORT_RUN['overrides']), []), '--socket', service.socket]
    r = live.tlbnoise('run', *short, '--detach')
    run_id = r.out.strip()
    t.ok('run --detach prints the id', r.status == 0 and len(r.out.splitlines()) == 1 and run_id.count('-') == 1, r)
    idle(service)
    t.equal('and the result is in the history', live.tlbnoise('show', run_id, '--json').json()['state'], 'complete')
    blocker = detached(service, LONG_RUN)['parameters']['run']
    client = live.Background(folder, live.TLBNOISE, 'run', *short, '--priority', '60')
    live.wait_for(lambda: [w[2] for w in waiting(service)] == [60], 'run --priority waits')
    live.wait_for(lambda: 'waiting for other runs, place 1' in client.err(), 'and says so')
    client.signal(signal.SIGINT)
    r = client.end()
    t.ok('ctrl-C takes it out of the queue: status 2', r.status == 2 and 'taken out of the queue' in r.lines()[-1], r)
    t.equal('and leaves the other run alone', service.status()['runs'][0]['run'], blocker)
    r = live.tlbnoise('stop', blocker, '--socket', service.socket)
    t.equal('stop RUN', (r.status, r.err), (0, ''))
    idle(service)
    r = live.tlbnoise('run', *short[:-2], '--detach', '--socket', f'{folder}/none.sock')
    t.ok('--detach without a service', r.status == 2 and len(r.lines()) == 1, r)
    for options in (['--detach', '--attached'], ['--detach', '--output', f'{folder}/a.json']):
        r = live.tlbnoise('run', *short, *options)
        t.ok(f'{" ".join(options)[:20]}: a mistake', r.status == 2 and r.err.startswith('tlbnoise: run: --detach leaves'), r)


def names(t, service, folder):
    """A name leads to a scenario in the service's folders, or nowhere; and no message shows what else there is."""
    outside = f'{folder}/outside.ini'
    with open(outside, 'w', encoding='utf-8') as f:
        f.write('[secret]\n')
    os.symlink(folder, f'{os.environ["TLBNOISE_SCENARIOS"]}/link')
    for name in ('../outside', '../outside.ini', f'{folder}/outside', outside, 'link/outside', './quiet', 'quiet.ini', '..', '.',
                 '.hidden', 'a/../quiet', 'quiet\n', '%2e%2e%2foutside', '..\\outside', 'x' * 64, '~root'):
        with live.Varlink(service.socket) as v:
            reply = v.call('io.tlbnoise.Run', {'name': name})
        t.ok(f'{name!r} is no name', reply.get('error') == 'io.tlbnoise.BadScenario' and
             reply['parameters']['message'].startswith('without a text, name is that of a scenario') and
             'secret' not in str(reply), str(reply)[:300])
    with live.Varlink(service.socket) as v:
        reply = v.call('io.tlbnoise.Run', {'name': 'outside'})
        t.ok('a name that no folder has', reply['error'] == 'io.tlbnoise.BadScenario' and
             reply['parameters']['message'].startswith("no scenario 'outside'"), reply)
        reply = v.call('io.tlbnoise.Run', SHORT_RUN)
        t.equal('a name that one has', reply['parameters']['document']['scenario']['name'], 'quiet')
    for parameters, wrong in (({}, 'name'), ({'name': 'quiet', 'text': 1}, 'text'), ({'name': 'quiet', 'overrides': 1}, 'overrides'),
                              ({'name': 'quiet', 'overrides': [1]}, 'overrides'), ({'name': 'quiet', 'priority': 101}, 'priority'),
                              ({'name': 'quiet', 'priority': 'high'}, 'priority'), ({'name': 'quiet', 'detach': 1}, 'detach'),
                              ({'name': 'quiet', 'no_wait': 'no'}, 'no_wait'),
                              ({'name': 'quiet', 'attached': True, 'detach': True}, 'attached')):
        with live.Varlink(service.socket) as v:
            reply = v.call('io.tlbnoise.Run', parameters)
        t.equal(f'{str(parameters)[:50]}: {wrong}', reply, {'error': 'org.varlink.service.InvalidParameter',
                                                           'parameters': {'parameter': wrong}})


def leave(t, service):
    detached(service, LONG_RUN)
    with live.Varlink(service.socket) as v:
        run(v, SHORT_RUN)
        v.receive()
        service.signal(signal.SIGTERM)
        reply = v.receive()
        while reply and reply.get('continues'):
            reply = v.receive()
        t.equal('who waits when the daemon ends is told', reply and reply.get('error'), 'io.tlbnoise.Canceled')
    t.equal('it ends in order', service.end().status, 0)


def test(t, folder):
    with open(CONF, 'w', encoding='utf-8') as f:
        f.write(f'[daemon]\nqueue = {SLOTS}\n')
    os.mkdir(f'{folder}/scenarios')
    os.environ['TLBNOISE_SCENARIOS'] = f'{folder}/scenarios'
    service = live.Service(folder)
    order(t, service)
    clients(t, service, folder)
    command_line(t, service, folder)
    names(t, service, folder)
    leave(t, service)


live.main(test)
