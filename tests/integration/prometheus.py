#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Prometheus with the rules of conf/prometheus scrapes tlbnoise serve, and an alert fires on a made regression."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error

sys.path.append(sys.path.pop(0))  # behind the library: tests of this folder may have names that modules of it have

import live
import served

CONFIG = f'{live.SOURCE}/conf/prometheus'


def promtool(t, name, *arguments, cwd=None):
    p = subprocess.run(['promtool', *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=cwd)
    t.ok(name, p.returncode == 0, p.stdout + p.stderr)


def rules(t, folder):
    promtool(t, 'promtool check rules', 'check', 'rules', f'{CONFIG}/tlbnoise.rules.yml')
    promtool(t, 'promtool check config', 'check', 'config', f'{CONFIG}/prometheus.yml')
    shutil.copy(f'{CONFIG}/tlbnoise.rules.yml', folder)
    shutil.copy(f'{live.SOURCE}/tests/prometheus/rules.test.yml', folder)
    promtool(t, 'promtool test rules', 'test', 'rules', 'rules.test.yml', cwd=folder)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Prometheus(live.Background):
    """With the scrape configuration that is installed, but in seconds instead of minutes."""

    def __init__(self, folder, target):
        home = f'{folder}/prometheus'
        os.mkdir(home)
        text = live.read(f'{CONFIG}/prometheus.yml').replace('interval: 60s', 'interval: 1s') \
            .replace('scrape_timeout: 20s', 'scrape_timeout: 1s').replace('127.0.0.1:8790', target)
        assert target in text and '60s' not in text
        with open(f'{home}/prometheus.yml', 'w', encoding='utf-8') as f:
            f.write(text)
        shutil.copy(f'{CONFIG}/tlbnoise.rules.yml', home)
        port = free_port()
        self.url = f'http://127.0.0.1:{port}'
        super().__init__(folder, 'prometheus', f'--config.file={home}/prometheus.yml', f'--storage.tsdb.path={home}/data',
                         f'--web.listen-address=127.0.0.1:{port}', '--log.level=warn')
        live.wait_for(lambda: self.query('vector(1)'), 'Prometheus answers')

    def ask(self, path):
        if not self.alive():
            raise AssertionError(f'Prometheus ended: {self.err()[-1000:]}')
        try:
            return served.ask_json(f'{self.url}/api/v1/{path}')['data']
        except (urllib.error.URLError, ConnectionError):
            return None

    def query(self, expression):
        found = self.ask(f'query?query={served.urllib.parse.quote(expression)}')
        return found['result'] if found else []

    def firing(self, name):
        alerts = self.ask('alerts') or {'alerts': []}
        return [a['labels'] for a in alerts['alerts'] if a['labels']['alertname'] == name and a['state'] == 'firing']


def scraped(t, p, s, last):
    state = live.wait_for(lambda: p.query('tlbnoise_regression{metric="jitter.p99",state="normal"}'), 'it has scraped')
    t.equal('before: normal', state[0]['value'][1], '1')
    target = live.wait_for(lambda: p.ask('targets')['activeTargets'], 'it has a target')[0]
    t.equal('the scrape is fine', (target['health'], target['lastError']), ('up', ''))
    t.equal('the run is there', p.query('tlbnoise_run_info')[0]['metric']['run'], last)
    said = served.samples(s.metrics())
    labels = 'host="rig",scenario="storm",kernel="6.12.30",cpu="2"'
    for name, labels in (('tlbnoise_jitter_percentile_seconds', f'{labels},percentile="99"'),
                         ('tlbnoise_jitter_seconds_bucket', f'{labels},le="5e-06"')):
        got = p.query(f'{name}{{{labels}}}')
        t.ok(f'{name} arrives as it was sent', len(got) == 1 and float(got[0]['value'][1]) == said[f'{name}{{{labels}}}'], got)
    got = p.query('histogram_quantile(0.99, tlbnoise_jitter_seconds_bucket{cpu="2"})')
    t.ok('the histogram is one to Prometheus', 2e-6 <= float(got[0]['value'][1]) <= 5e-6, got)
    got = live.wait_for(lambda: p.query('host_scenario_kernel:tlbnoise_jitter_p99_seconds:max'), 'recording rules run')
    t.equal('the recording rule takes the worst CPU', float(got[0]['value'][1]),
            max(v for k, v in said.items() if k.startswith('tlbnoise_jitter_percentile_seconds') and 'percentile="99"' in k))
    for alert in ('TlbnoiseRegression', 'TlbnoiseExpectationFailed', 'TlbnoiseEventsLost', 'TlbnoiseRunAborted'):
        t.equal(f'{alert} does not fire', p.firing(alert), [])


def regression(t, p, folder, store):
    paths = [served.night(f'{folder}/worse', served.NIGHTS + 1 + i, tail_ns=8000)[0] for i in range(served.WORSE)]
    served.keep(store, paths[0])
    live.wait_for(lambda: p.query('tlbnoise_regression{metric="jitter.p99",state="suspected"} == 1'), 'it is suspected')
    t.equal('one bad night is no alert', p.firing('TlbnoiseRegression'), [])
    served.keep(store, *paths[1:])
    fired = live.wait_for(lambda: p.firing('TlbnoiseRegression'), 'the alert fires')
    t.ok('the alert fires on a made regression',
         any((a['host'], a['scenario'], a['metric']) == ('rig', 'storm', 'jitter.p99') for a in fired), fired)
    t.ok('so does that on the expectation', live.wait_for(lambda: p.firing('TlbnoiseExpectationFailed'), 'that too'))
    got = live.wait_for(lambda: p.query('tlbnoise_regression_ratio{metric="jitter.p99"}'), 'the ratio')
    t.ok('by how much is a metric as well', 1.8 < float(got[0]['value'][1]) < 2.2, got)


def aborted(t, p, folder, store):
    path, _ = served.night(f'{folder}/aborted', 28, state='aborted', state_reason='stopped by hand', rounds=1,
                           lost__trace_overrun=7)
    served.keep(store, path)
    for alert in ('TlbnoiseRunAborted', 'TlbnoiseEventsLost'):
        t.ok(f'{alert} fires', live.wait_for(lambda name=alert: p.firing(name), f'{alert} fires'))


def main():
    if not live.BUILD or not live.SOURCE:
        sys.exit('TN_BUILD names the build folder, TN_SOURCE the source tree')
    if not shutil.which('promtool') or not shutil.which('prometheus'):
        live.skip('no prometheus: install Debian\'s package')
    t = live.Checks()
    with tempfile.TemporaryDirectory(prefix='tlbnoise-prometheus.') as folder:
        rules(t, folder)
        store = f'{folder}/store'
        os.mkdir(store)
        nights = [served.night(f'{folder}/docs', n) for n in range(1, served.NIGHTS + 1)]
        served.keep(store, *(path for path, _ in nights))
        s = served.Server(folder, store)
        p = Prometheus(folder, f'127.0.0.1:{s.port}')
        try:
            scraped(t, p, s, nights[-1][1])
            regression(t, p, folder, store)
            aborted(t, p, folder, store)
        finally:
            p.process.terminate()
            p.process.wait(live.LONG)
        r = s.stop()
        t.ok('the server ends when told to', r.status == 0, r)
    sys.exit(1 if t.failed else 0)


main()
