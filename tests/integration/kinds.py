#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of probe other than spin, and other tools, in runs on this kernel: they take turns, agree with independent
measurements, leave tracing off, fail in words, and die with the daemon."""
import os
import shutil
import signal
import stat
import subprocess
import time

import live

HOUSEKEEPING = 0
GONE_WITHIN_S = 1.0
ROUNDS = 2
TIMES = 2.5  # how far a median may be from an independent figure for the same thing

SCENARIO = f'''[scenario]
description = every kind
duration = 300ms
warmup = 100ms
rounds = {ROUNDS}
[probe]
kind = spin entry timer oslat cyclictest
cpus = {live.CPU}
[entry]
duration = 200ms
[timer]
duration = 300ms
[reference]
duration = 1s
[churn bpf-map]
rate = 100/s
pages = 16-64
'''

# getpid and a write fault on populated shared memory, many in a row between two looks at the clock: ns a call.
PLAIN_LOOP = r'''
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#define PAGES 64
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}
int main(int argc, char **argv)
{
	double call = 1e9, fault = 1e9, from, took;
	volatile char *page;
	cpu_set_t set;
	int fd = memfd_create("plain", 0);

	CPU_ZERO(&set);
	CPU_SET(atoi(argv[argc - 1]), &set);
	if (sched_setaffinity(0, sizeof(set), &set) || ftruncate(fd, PAGES * 4096))
		return 1;
	page = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (int batch = 0; batch < 400; batch++) {
		from = now();
		for (int i = 0; i < 500; i++)
			syscall(SYS_getpid);
		took = (now() - from) / 500;
		call = took < call ? took : call;
		from = now();
		for (int i = 0; i < PAGES; i++)
			page[i * 4096] = 1;
		took = (now() - from) / PAGES;
		if (batch) /* the first allocates */
			fault = took < fault ? took : fault;
		madvise((void *)page, PAGES * 4096, MADV_DONTNEED);
	}
	printf("%f %f\n", call, fault);
	return 0;
}
'''


def write_scenario(folder, text=SCENARIO):
    path = f'{folder}/kinds.ini'
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)
    return path


def fake_tool(folder, name, script):
    """A program of this name in a folder of its own; the PATH to find it first."""
    path = f'{folder}/{name}.bin'
    os.makedirs(path, exist_ok=True)
    with open(f'{path}/{name}', 'w', encoding='ascii') as f:
        f.write('#!/bin/sh\n' + script)
    os.chmod(f'{path}/{name}', stat.S_IRWXU)
    return {'PATH': f'{path}:{os.environ["PATH"]}'}


def windows_take_turns(t, doc):
    turns = []
    for r in range(ROUNDS):
        in_round = [('spin', live.window(c)) for c in doc['cpus'] if c['round'] == r]
        for condition in ('quiet', 'churn'):
            in_round += [(f'entry {condition}', live.window(e)) for e in doc['entry_costs']
                         if e['round'] == r and e['condition'] == condition and e['cpu'] == live.CPU
                         and e['operation'] == 'getpid']
        in_round += [('timer', live.window(w)) for w in doc['wakeups'] if w['round'] == r]
        t.equal(f'round {r}: its windows', [name for name, _ in in_round],
                ['spin', 'entry quiet', 'entry churn', 'timer'])
        turns += in_round
    t.ok('windows follow each other, in the order of the scenario',
         all(a[1][1] < b[1][0] for a, b in zip(turns, turns[1:])), turns)


def lists_are_complete(t, doc):
    t.equal('complete', (doc['state'], doc['state_reason']), ('complete', ''))
    t.equal('entry costs: CPUs, conditions, operations, rounds',
            sorted((e['cpu'], e['condition'], e['operation'], e['round']) for e in doc['entry_costs']),
            sorted((cpu, c, o, r) for cpu in {HOUSEKEEPING, live.CPU} for c in ('quiet', 'churn')
                   for o in ('getpid', 'page-fault') for r in range(ROUNDS)))
    t.equal('references', [(f['tool'], f['cpu'], f['round'], f['failure']) for f in doc['references']],
            [(tool, live.CPU, r, '') for r in range(ROUNDS) for tool in ('oslat', 'cyclictest')])
    t.equal('churn ran in every kind of window but the quiet one',
            [(c['kind'], c['round']) for c in doc['churn']],
            [(k, r) for r in range(ROUNDS) for k in ('spin', 'entry', 'timer', 'oslat', 'cyclictest')])
    t.ok('and worked in it', all(c['operations'] > 0 for c in doc['churn']), doc['churn'])
    t.ok('nothing but spin was traced', not any(x['traced'] for k in ('entry_costs', 'wakeups', 'references')
                                                for x in doc[k]))


def spin_is_as_ever(t, doc):
    """The rules that every window of kind spin keeps, also when other kinds were there before it."""
    t.equal('spin: level', doc['trace']['level'], 'full')
    t.ok('spin: on its CPU, no page fault', all(c['ran_on'] == live.CPU and not c['minor_faults'] + c['major_faults']
                                               for c in doc['cpus']), doc['cpus'])
    t.ok('spin: kernel events were seen in every round',
         all(sum(k['entries'] for k in c['by_class'].values()) > 0 for c in doc['cpus']))
    t.equal('spin: nothing lost', {k: v for k, v in doc['lost'].items() if v}, {})
    t.equal('spin: one threshold for all rounds', len({c['threshold_ticks'] for c in doc['cpus']}), 1)


def entry_agrees(t, folder, doc):
    for e in doc['entry_costs']:
        where = f"{e['operation']} on CPU {e['cpu']} {e['condition']}"
        t.ok(f"{where}: the clock was taken off", e['clock_ticks'] > 0)
    pairs = zip(doc['entry_costs'][::2], doc['entry_costs'][1::2])
    t.ok('as many faults as calls', all(a['cost']['count'] == b['cost']['count'] > 0 for a, b in pairs))
    if not shutil.which('cc'):
        print('# no C compiler: not compared with a plain loop')
        return
    with open(f'{folder}/plain.c', 'w', encoding='ascii') as f:
        f.write(PLAIN_LOOP)
    subprocess.run(['cc', '-O2', '-o', f'{folder}/plain', f'{folder}/plain.c'], check=True)
    for cpu in sorted({HOUSEKEEPING, live.CPU}):
        plain = [float(x) for x in subprocess.run([f'{folder}/plain', str(cpu)], check=True, stdout=subprocess.PIPE)
                 .stdout.split()]
        for operation, ns in zip(('getpid', 'page-fault'), plain):
            p50 = [e['cost_ns']['p50']['merged'] for e in doc['entry_cost_totals']
                   if (e['cpu'], e['operation'], e['condition']) == (cpu, operation, 'quiet')][0]
            t.ok(f'{operation} on CPU {cpu}: median {p50:.0f} ns, plain loop {ns:.0f} ns: within a factor of {TIMES}',
                 ns / TIMES < p50 < ns * TIMES)


def timer_accounts(t, doc):
    for w in doc['wakeups']:
        open_ticks, close = live.window(w)
        periods = (close - open_ticks) / doc['clock']['hz'] * 1e9 / w['interval_ns']
        t.ok(f"timer: {w['wakeups']} wake-ups and {w['missed']} missed in {periods:.1f} periods",
             periods - 2 <= w['wakeups'] + w['missed'] <= periods + 1)


def timer_agrees_with_cyclictest(t, scenario):
    """Both as real-time tasks on an idle CPU: what is left is the kernel's and the hypervisor's."""
    r = live.tlbnoise('run', scenario, '-o', 'probe.kind=timer cyclictest', '-o', 'probe.sched=fifo:90', '-o',
                      'timer.duration=1s', '-o', 'churn.bpf-map.rate=1/s', '--json')
    if not t.ok('timer and cyclictest: works', r.status == 0, r):
        return
    doc = r.json()
    ours = doc['wakeup_totals'][0]['latency_ns']['p50']['median']
    theirs = sorted(f['p50_ns'] for f in doc['references'])[0]
    t.ok(f'timer: median {ours / 1000:.1f} us, cyclictest up to {theirs / 1000:.0f} us: within a factor of {TIMES}',
         theirs / TIMES - 1000 < ours < theirs * TIMES)
    t.ok('no trace instance was needed', not any(e['what'] == 'tracefs-instance' for e in doc['side_effects']),
         doc['side_effects'])


def all_kinds(t, folder, scenario):
    r = live.tlbnoise('run', scenario, '--json')
    if not t.ok('all kinds: works', r.status == 0, r):
        return
    doc = r.json()
    lists_are_complete(t, doc)
    windows_take_turns(t, doc)
    spin_is_as_ever(t, doc)
    entry_agrees(t, folder, doc)
    timer_accounts(t, doc)


def entry_alone(t, folder, scenario):
    r = live.tlbnoise('run', scenario, '-o', 'probe.kind=entry', '--json')
    if not t.ok('entry alone: works', r.status == 0, r):
        return
    doc = r.json()
    t.equal('entry alone: nothing of spin', (doc['cpus'], doc['totals'], doc['causes'], doc['trace']['level']),
            ([], [], [], 'none'))
    path = f'{folder}/entry.json'
    with open(path, 'w', encoding='utf-8') as f:
        f.write(r.out)
    shown = live.tlbnoise('show', path)
    t.ok('entry alone: show has a report of it', shown.status == 0 and
         '\nCost of entering the kernel' in shown.out and 'Nothing was measured' not in shown.out, shown)


def tools_that_fail(t, folder, scenario):
    cases = [
        ('missing', None, 'oslat cannot be executed: install rt-tests'),
        ('fails', 'echo one; echo boom >&2; exit 3\n', 'oslat ended with status 3: boom'),
        ('says nothing', 'exit 0\n', 'the report of oslat is not understood: it should have one thread'),
        ('prints without end', 'exec yes "$(seq 1000)"\n', f'oslat was killed by signal {signal.SIGXFSZ.value}'),
    ]
    for name, script, wanted in cases:
        env = fake_tool(folder, 'oslat', script) if script else {'PATH': folder}
        r = live.tlbnoise('run', scenario, '-o', 'probe.kind=oslat timer', '-o', 'timer.duration=100ms', '--json',
                          env=env)
        if not t.ok(f'tool {name}: the run goes on', r.status == 0, r):
            continue
        doc = r.json()
        t.equal(f'tool {name}: failures', [f['failure'] for f in doc['references']], [wanted] * ROUNDS)
        t.equal(f'tool {name}: no figures', [(f['samples'], f['p50_ns'], f['max_ns']) for f in doc['references']],
                [(0, None, None)] * ROUNDS)
        found = [f for f in doc['findings'] if f['id'] == 'oslat-failed']
        t.ok(f'tool {name}: one finding says so', len(found) == 1 and wanted in found[0]['text'], found)
        t.equal(f'tool {name}: timer was measured', len(doc['wakeups']), ROUNDS)


def tracing_is_off_meanwhile(t, folder, scenario):
    """A tool that looks at our trace instances, in a run that has armed them before and arms them again."""
    seen = f'{folder}/seen'
    env = fake_tool(folder, 'oslat', f'cat {live.TRACING}/instances/tlbnoise.*/events/enable >> {seen}\nexit 1\n')
    r = live.tlbnoise('run', scenario, '-o', 'probe.kind=spin oslat', '--json', env=env)
    t.ok('trace off: works', r.status == 0, r)
    states = live.read(seen).split()
    t.ok('trace off: in all instances while another tool measures', len(states) == 2 * ROUNDS and
         set(states) == {'0'}, states)
    t.ok('trace off: and on again for spin', all(sum(k['entries'] for k in c['by_class'].values()) > 0
                                                 for c in r.json()['cpus']))


def killed(t, folder, scenario, kind, program):
    cli = live.Background(folder, live.TLBNOISE, 'run', scenario, '-o', f'probe.kind={kind}', '-o',
                          'scenario.duration=60s', '-o', 'reference.duration=60s', '-o', 'entry.duration=60s', '-o',
                          'timer.duration=60s')
    live.wait_for(lambda: ('measuring' in cli.err() and live.marked(program)) or not cli.alive(),
                  f'{kind} is in its window')
    daemon = live.marked('tlbnoised')[0]
    before = [p for name in (program, 'tlbnoise-churn') for p in live.marked(name)]
    start = time.monotonic()
    os.kill(daemon, signal.SIGKILL)
    live.wait_for(lambda: not any(live.start_time(p) for p in before), f'{kind}: its processes die', GONE_WITHIN_S)
    t.ok(f'kill -9 in {kind}: {len(before)} processes gone after {(time.monotonic() - start) * 1000:.0f} ms', before)
    cli.end()
    t.equal(f'kill -9 in {kind}: nobody is left', live.marked(), [])


def stopped(t, folder, scenario):
    """What entry had until then is kept; another tool has nothing to keep."""
    service = live.Service(folder)
    for kind, key in (('entry', 'entry_costs'), ('oslat', 'references')):
        cli = service.start(folder, scenario, '-o', f'probe.kind={kind}', '-o', 'entry.duration=60s', '-o',
                            'reference.duration=60s', '--json')
        service.wait_state('measuring')
        cli.signal(signal.SIGINT)
        r = cli.end()
        doc = r.json()
        t.equal(f'stopped in {kind}: aborted', doc['state'], 'aborted')
        t.ok(f'stopped in {kind}: partial', doc[key] and all(x['partial'] for x in doc[key]), doc[key])
        t.equal(f'stopped in {kind}: no {kind} is left', live.marked(kind), [])
    t.equal('stopped: it says why', {f['failure'] for f in doc['references']}, {'the run was stopped'})
    service.signal(signal.SIGTERM)
    service.end()


def test(t, folder):
    if not shutil.which('oslat') or not shutil.which('cyclictest'):
        live.skip('needs oslat and cyclictest: install rt-tests')
    scenario = write_scenario(folder)
    all_kinds(t, folder, scenario)
    timer_agrees_with_cyclictest(t, scenario)
    entry_alone(t, folder, scenario)
    tools_that_fail(t, folder, scenario)
    tracing_is_off_meanwhile(t, folder, scenario)
    left = [x for x in live.left_behind() if f'{live.RESULTS}/runs' not in x]
    t.equal('nothing is left of runs that ended', left, [])
    for kind, program in (('entry', 'tlbnoise-probe'), ('timer', 'tlbnoise-probe'), ('oslat', 'oslat'),
                          ('cyclictest', 'cyclictest')):
        killed(t, folder, scenario, kind, program)
    stopped(t, folder, scenario)


if __name__ == '__main__':
    live.main(test)
