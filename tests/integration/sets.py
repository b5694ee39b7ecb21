#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A set of scenarios: runs of their own, one exit status, and what fails does not keep the others from running."""
import os

import live

SCENARIO = """[scenario]
duration = 200ms
rounds = 1
warmup = 0s
[probe]
cpus = {cpu}
[trace]
level = none
"""


def write(folder, name, text):
    with open(f'{folder}/{name}.ini', 'w', encoding='utf-8') as f:
        f.write(text)


def ids(env):
    return [r['id'] for r in live.tlbnoise('runs', '--json', env=env).json()['runs']]


def test(t, folder):
    own = f'{folder}/scenarios'
    os.mkdir(own)
    env = {'TLBNOISE_SCENARIOS': own}
    plain = SCENARIO.format(cpu=live.CPU)
    write(own, 'one', plain)
    write(own, 'two', plain)
    write(own, 'fails', plain + '[expect]\njitter.max = < 1ns\n')
    write(own, 'absent-cpu', SCENARIO.format(cpu=4095))
    write(own, 'good', '[set]\ndescription = both of them\nscenarios = one two\n')
    write(own, 'bad', '[set]\nscenarios = fails one\n')
    write(own, 'broken', '[set]\nscenarios = absent-cpu fails one\n')
    write(own, 'gone', '[set]\nscenarios = one no-such-scenario\n')
    write(own, 'nested', '[set]\nscenarios = one good\n')

    listed = {s['name']: s for s in live.tlbnoise('list', '--json', env=env).json()['scenarios']}
    t.equal('list knows a set', (listed['good'].get('set'), listed['good']['description']), (['one', 'two'], 'both of them'))
    t.ok('and a scenario', 'set' not in listed['one'], listed['one'])

    r = live.tlbnoise('run', 'good', '--quiet', env=env)
    t.ok('a set runs', r.status == 0 and not r.err and r.out.startswith('one (1 of 2)\n') and '\ntwo (2 of 2)\n' in r.out, r)
    t.equal('its runs are in the history', len(ids(env)), 2)
    r = live.tlbnoise('run', 'bad', '--quiet', env=env)
    t.ok('one that fails does not keep the others from running, status 1', r.status == 1 and '\none (2 of 2)\n' in r.out and
         'jitter.max = < 1ns' in r.err, r)
    r = live.tlbnoise('run', 'broken', '--quiet', env=env)
    t.ok('nor does one that cannot be run, status 2', r.status == 2 and '\none (3 of 3)\n' in r.out and
         r.lines()[-1] == f'tlbnoise: {own}/broken.ini: 1 of 3 scenarios gave no sound result: absent-cpu', r)
    before = ids(env)
    for name, wanted in (('gone', f"tlbnoise: {own}/gone.ini: no scenario 'no-such-scenario'"),
                         ('nested', f'tlbnoise: {own}/nested.ini: {own}/good.ini:1: [set] makes this a set')):
        r = live.tlbnoise('run', name, '--quiet', env=env)
        t.ok(f'{name}: refused before the first run', r.status == 2 and not r.out and r.err.startswith(wanted), r)
    r = live.tlbnoise('run', 'good', '--output', f'{folder}/x.json', env=env)
    t.ok('--output takes no set', r.status == 2 and '--output takes one document' in r.err, r)
    t.equal('nothing was run', ids(env), before)

    service = live.Service(folder, env)
    r = live.tlbnoise('run', 'good', '--detach', '--socket', service.socket, env=env)
    t.ok('--detach: an id each', r.status == 0 and len(r.out.split()) == 2, r)
    live.wait_for(lambda: service.state() == 'idle' and set(r.out.split()) <= set(ids(env)), 'both are in the history')


live.main(test)
