#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tlbnoise dashboard, and the same pages from tlbnoise serve, read by a browser.

A history of 200 runs: made-up ones of four rigs, of which is known what there is to find (tests/synthetic/runs.h), and
where this machine can be measured, some real ones. Screenshots go to the build folder, dashboard-screenshots/.
"""
import functools
import glob
import html.parser
import http.server
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.append(sys.path.pop(0))  # behind the library: tests of this folder may have names that modules of it have

import live

import browser
import served
from browser import CONTRAST, INKED, READABLE, ActionChains, Keys, hover, quiet

SHOTS = f'{live.BUILD}/dashboard-screenshots'
MAKE_STORE = f'{live.BUILD}/tests/synthetic/make-store'
RUNS, RIGS, SCENARIOS, REAL = 200, 4, 2, 4
POLICY = ("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; "
          "form-action 'self'")


# --- the history

def real_runs(store, folder):
    """Some short runs of this machine, if it lets itself be measured; how many were added."""
    if os.geteuid() or os.cpu_count() < 2 or not os.path.isdir(f'{live.TRACING}/events/csd'):
        return 0
    with live.private():
        for i in range(REAL):
            r = live.tlbnoise('run', 'quiet', '-q', '-o', f'probe.cpus={live.CPU}', '-o', 'scenario.duration=200ms',
                              '-o', 'scenario.rounds=2', '-o', 'trace.level=counters', '--output', f'{folder}/{i}.json')
            if r.status == 2:
                print(f'# no real run: {r.err}')
                return i
        r = live.tlbnoise('import', '-q', '--store', store, *[f'{folder}/{i}.json' for i in range(REAL)])
    return REAL if r.status == 0 else 0


def make_history(folder):
    store = f'{folder}/store'
    os.mkdir(store)
    os.mkdir(f'{folder}/real')
    subprocess.run([MAKE_STORE, store, str(RUNS - REAL), str(RIGS), str(SCENARIOS)], check=True)
    real = real_runs(store, f'{folder}/real')
    print(f'# {RUNS - REAL} made-up runs, {real} real ones')
    return store, real


# --- the site without a browser

class Page(html.parser.HTMLParser):
    """What a page links to, and what its policy would not let pass."""

    def __init__(self, text):
        super().__init__()
        self.links, self.wrong, self.style, self.script = [], [], False, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [attrs[k] for k in ('href', 'src', 'action') if k in attrs and not attrs[k].startswith('#')]
        self.wrong += [f'{tag} {k}' for k in attrs if k == 'style' or k.startswith('on')]
        if tag == 'style' or (tag == 'script' and 'src' not in attrs and attrs.get('type') != 'application/json'):
            self.wrong.append(tag)


def build(t, what, store, site, *arguments):
    start = time.monotonic()
    r = live.tlbnoise('dashboard', '--store', store, '-o', site, *arguments)
    t.ok(f'{what}: written', r.status == 0 and r.err == '', r)
    print(f'# {what}: {r.out.strip()}, in {time.monotonic() - start:.1f} s')
    return r


def pages_of(site):
    return sorted(glob.glob(f'{site}/**/*.html', recursive=True))


def crawl(t, site, runs):
    missing, wrong, elsewhere = set(), set(), set()
    for path in pages_of(site):
        page = Page(live.read(path))
        wrong |= {f'{os.path.relpath(path, site)}: {w}' for w in page.wrong}
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith('/'):
                elsewhere.add(link)
            elif not os.path.isfile(os.path.join(os.path.dirname(path), urllib.parse.unquote(parts.path))):
                missing.add(f'{os.path.relpath(path, site)} -> {link}')
        if f'content="{POLICY}"' not in live.read(path):
            wrong.add(f'{os.path.relpath(path, site)}: its policy')
    t.equal('every link leads to a file', sorted(missing)[:5], [])
    t.equal('and none to another host', sorted(elsewhere)[:5], [])
    t.equal('no page has style or script in itself', sorted(wrong)[:5], [])
    t.equal('a report of each run', len(glob.glob(f'{site}/run/*.html')), runs)


def replaced(t, store, site, folder):
    """A run that has gone has no page any more, and nothing half-made stays; a folder of others is left alone."""
    gone = os.path.basename(sorted(glob.glob(f'{site}/run/*.html'))[0])[:-5]
    os.symlink(site, f'{folder}/link')
    live.tlbnoise('runs', gone, '--delete', '--yes', '--store', store)
    os.makedirs(f'{site}.new/left')  # of one that was killed
    shutil.copy(f'{site}/.tlbnoise-dashboard', f'{site}.new/')
    build(t, 'again, through a link', store, f'{folder}/link', '-q')
    t.ok('its page is gone', not os.path.exists(f'{site}/run/{gone}.html') and os.path.exists(f'{site}/index.html'))
    t.ok('the link is one still', os.path.islink(f'{folder}/link'))
    t.equal('nothing lies beside it', [p for p in os.listdir(folder) if p.startswith('site') and p != 'site'], [])
    os.mkdir(f'{folder}/mine')
    with open(f'{folder}/mine/thesis.txt', 'w', encoding='utf-8') as f:
        f.write('all of it')
    r = live.tlbnoise('dashboard', '--store', store, '-o', f'{folder}/mine')
    t.ok('a folder of somebody else is refused', r.status == 2 and 'not of a dashboard' in r.err, r)
    t.ok('and left alone', os.listdir(f'{folder}/mine') == ['thesis.txt'] and not os.path.exists(f'{folder}/mine.new'))
    os.rename(f'{folder}/mine', f'{site}.new')
    r = live.tlbnoise('dashboard', '--store', store, '-o', site)
    t.ok('so is one where the new site would be made', r.status == 2 and 'not of a dashboard' in r.err, r)
    t.ok('which is left alone, too', os.listdir(f'{site}.new') == ['thesis.txt'])
    os.rename(f'{site}.new', f'{folder}/mine')
    r = live.tlbnoise('dashboard', '--store', f'{folder}/mine', '-o', f'{folder}/none')
    t.ok('without a history there is no site', r.status == 2 and not os.path.exists(f'{folder}/none'), r)
    r = live.tlbnoise('dashboard', '--store', store)
    t.ok('the folder has to be given', r.status == 2 and '-o FOLDER' in r.err, r)


# --- any web server

class Handler(http.server.SimpleHTTPRequestHandler):
    """Of Python, with the policy as a header, as a strict server would have it."""
    bad = []

    def end_headers(self):
        self.send_header('Content-Security-Policy', POLICY)
        super().end_headers()

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        if len(args) > 1 and not str(args[1]).startswith(('2', '3')):
            Handler.bad.append(args[:2])


def serve_files(site):
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Handler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f'http://127.0.0.1:{server.server_port}/'


# --- with a browser

def sane(t, b, what, own):
    t.equal(f'{what}: what a screen reader goes by', b.js(READABLE), [])
    t.equal(f'{what}: contrast', b.js(CONTRAST), [])
    quiet(t, what, b, own)


def overview(t, b, own, real):
    b.view()
    b.open(own)
    rigs = b.js('return [...document.querySelectorAll("tr.group th")].map((e) => e.textContent)')
    t.ok('every rig', {f'rig-0{i}' for i in range(1, RIGS + 1)} <= set(rigs) and len(rigs) == RIGS + (real > 0), rigs)
    t.equal('a sparkline for each history that has jitter',
            b.js('return document.querySelectorAll("svg.spark").length'), RIGS * SCENARIOS + (real > 0))
    said = b.js('return [...document.querySelectorAll(".attention li")].map((e) => e.textContent)')
    for state, rig in (('confirmed', 'rig-01'), ('suspected', 'rig-02'), ('failed', 'rig-04')):
        t.ok(f'{rig}: {state}', any(s.startswith(state) and f'vmalloc-storm on {rig}' in s for s in said), said)
    t.ok('a regression has its size', any(re.search(r'jitter\.p99 ×1\.[45]\d? ', s) for s in said), said)
    t.ok('what has recovered wants no look', not any('rig-03' in s for s in said), said)
    sane(t, b, 'overview', own)
    b.shot('overview-light')
    b.view(scheme='dark')
    b.open(own)
    sane(t, b, 'overview at night', own)
    b.shot('overview-dark')
    b.view(width=360, height=740)
    b.open(own)
    t.ok('no sideways scrolling at 360 pixels', b.js('return document.documentElement.scrollWidth') <= 360)
    b.shot('overview-narrow')


def keyboard_of_overview(t, b, own):
    b.view()
    b.open(own)
    b.find('body').send_keys(Keys.TAB)
    t.equal('the first stop skips to the rigs', b.js('return document.activeElement.className'), 'skip')
    stops = []
    for _ in range(60):
        b.d.switch_to.active_element.send_keys(Keys.TAB)
        stops.append(b.js('return document.activeElement.textContent.slice(0, 40)'))
    t.ok('Tab reaches scenarios, runs and the table', 'vmalloc-storm' in stops and any(s.startswith('20') for s in stops), stops)
    t.ok('focus is visible', b.js('return getComputedStyle(document.activeElement).outlineStyle') != 'none')


def point_of(b, plot, row):
    """Where on the page a run of a history lies."""
    return b.js('''
        const h = tn.histories[arguments[0]], p = h.metric.points[arguments[1]], box = h.parts.plot.getBoundingClientRect();
        return [box.left + h.g.toDomXCoord(arguments[1]), box.top + h.g.toDomYCoord(p[1])];''', plot, row)


def history_plots(t, b, own):
    b.view()
    b.open(f'{own}scenario/rig-01/vmalloc-storm.html')
    t.equal('drawn to the end', b.js('return document.documentElement.dataset.drawn'), 'yes')
    for plot in ('history-0', 'history-3', 'history-any'):
        t.ok(f'{plot} has ink', b.js(INKED, plot) > 500, b.js(INKED, plot))
    nights = b.js('return tn.data.runs.length')
    t.ok('the kernels stand on the axis', '6.12.21-rt' in b.text('#history-0'), b.text('#history-0'))
    b.js("document.getElementById('history-0').scrollIntoView({block: 'center'})")
    hover(b, *point_of(b, 0, nights - 1))
    said = b.text('#history-0 .readout')
    t.ok('hovering says run, kernel, value, interval and mark',
         re.search(r'Linux 6\.12\.\d+-rt: [\d.]+ us \(interval .*\), CPU [23]; regression confirmed, since 20', said), said)
    b.d.save_screenshot(f'{SHOTS}/history-hover.png')
    sane(t, b, 'history', own)
    b.shot('history-light', 5000)
    b.js("document.querySelector('#history-0 .plot').focus()")
    plot = b.find('#history-0 .plot')
    plot.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    t.ok('arrows go from run to run', '6.12.20-rt' in b.text('#history-0 .readout'), b.text('#history-0 .readout'))
    b.js("const s = document.querySelector('#history-any select'); s.value = 'jitter.max'; s.dispatchEvent(new Event('change'))")
    t.equal('any metric can be chosen', b.js('return tn.any.g.getLabels()[1]'), 'jitter.max')
    b.js("tn.any.draw('none that any run has')")
    b.find('#history-any .plot').send_keys('+', Keys.ARROW_RIGHT, Keys.ENTER)
    t.ok('keys do nothing where nothing is drawn', 'No run that is shown' in b.text('#history-any .plot') and
         'scenario' in b.d.current_url, b.text('#history-any .plot'))
    b.js("tn.any.draw('jitter.max')")
    ActionChains(b.d).move_to_element(b.find('#history-1 .plot')).click_and_hold().move_by_offset(90, 0).release().perform()
    low, high = b.js('return tn.histories[1].g.xAxisRange()')
    t.ok('dragging zooms, and goes nowhere', high - low < nights / 1.5 and 'scenario' in b.d.current_url, (low, high, b.d.current_url))


def history_looks(t, b, own):
    b.view(scheme='dark')
    b.open(f'{own}scenario/rig-03/vmalloc-storm.html')
    sane(t, b, 'history at night', own)
    t.ok('one that has recovered is marked', b.js('return tn.data.metrics[0].marks.some((m) => m[1] === "recovered")'))
    b.shot('history-dark', 5000)
    b.view(width=360, height=740)
    b.open(f'{own}scenario/rig-01/vmalloc-storm.html')
    t.ok('no sideways scrolling at 360 pixels', b.js('return document.documentElement.scrollWidth') <= 360)
    t.ok('and the plots fit', b.js('return [...document.querySelectorAll(".plot")].every((p) => p.getBoundingClientRect().right <= 360)'))
    b.shot('history-narrow', 6000)
    b.view()
    b.cdp('Emulation.setScriptExecutionDisabled', value=True)
    b.open(f'{own}scenario/rig-01/vmalloc-storm.html')
    b.cdp('Emulation.setScriptExecutionDisabled', value=False)
    body = b.find('body').text
    for what in ('The plots need JavaScript', 'confirmed', '6.12.20-rt', ' to '):
        t.ok(f'without a script: {what.strip()}', what in body)
    b.shot('history-without-script', 3000)


def click_through(t, b, own):
    b.view()
    b.open(f'{own}scenario/rig-01/vmalloc-storm.html')
    last = b.js('return tn.data.runs.length') - 1
    run = b.js('return tn.data.runs[arguments[0]][0]', last)
    b.js("document.getElementById('history-0').scrollIntoView({block: 'center'})")
    chain = ActionChains(b.d)
    x, y = point_of(b, 0, last)
    chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    chain.click().perform()
    live.wait_for(lambda: b.d.current_url.endswith(f'run/{run}.html'), 'a click on a point opens its report')
    live.wait_for(lambda: b.js('return document.documentElement.dataset.drawn') == 'yes', 'the report is drawn')
    for plot in ('curve', 'histogram', 'timeline-a'):
        t.ok(f'report: {plot} has ink', b.js(INKED, plot) > 500, b.js(INKED, plot))
    sane(t, b, 'report of a site', own)
    b.shot('report-of-site', 2500)
    b.d.find_element('link text', 'History').click()
    live.wait_for(lambda: 'scenario/rig-01/vmalloc-storm' in b.d.current_url, 'the report leads back to its history')
    b.find('#runs a[href*="compare/"]').click()
    live.wait_for(lambda: 'compare/' in b.d.current_url, 'the table leads to a comparison')
    live.wait_for(lambda: b.js('return document.documentElement.dataset.drawn') == 'yes', 'the comparison is drawn')
    t.ok('with both sides', b.js('return tn.curve.getLabels().length') == 3)
    sane(t, b, 'comparison of a site', own)


def files(t, b, site):
    """The same without any server."""
    b.view()
    b.open(f'{site}/scenario/rig-02/vmalloc-storm.html')
    t.equal('from a file: drawn', b.js('return document.documentElement.dataset.drawn'), 'yes')
    t.ok('styled', b.js('return getComputedStyle(document.querySelector("nav ul")).listStyleType') == 'none')
    quiet(t, 'from a file', b)


def server(t, b, store, folder):
    """tlbnoise serve: any two runs."""
    s = served.Server(folder, store)
    own = f'{s.url}/'
    try:
        b.view()
        b.open(own)
        b.d.find_element('link text', 'vmalloc-storm').click()
        live.wait_for(lambda: b.js('return document.documentElement.dataset.drawn') == 'yes', 'the history is drawn')
        sane(t, b, 'history as served', own)
        runs = b.js('return tn.data.runs.map((r) => r[0])')
        for name, value in (('a', runs[3]), ('b', runs[9])):
            b.js('document.querySelector(`select[name=${arguments[0]}]`).value = arguments[1]', name, value)
        b.find('form.compare button').click()
        live.wait_for(lambda: b.d.current_url == f'{own}compare/{runs[3]}/{runs[9]}', 'the form leads to the comparison')
        live.wait_for(lambda: b.js('return document.documentElement.dataset.drawn') == 'yes', 'it is drawn')
        t.ok('of these two', runs[3] in b.text('header') and runs[9] in b.text('header'), b.text('header'))
        quiet(t, 'comparison as served', b, own)
        b.open(f'{own}run/{runs[0]}')
        t.ok('a report as served is drawn', b.js(INKED, 'curve') > 500)
        sane(t, b, 'report as served', own)
    finally:
        s.stop()


def main():
    if not live.BUILD:
        sys.exit('TN_BUILD names the build folder')
    browser.need()
    t = live.Checks()
    with tempfile.TemporaryDirectory(prefix='tlbnoise-dashboard.') as folder:
        store, real = make_history(folder)
        site = f'{folder}/site'
        build(t, 'site', store, site)
        crawl(t, site, RUNS - REAL + real)
        files_server, own = serve_files(site)
        b = browser.Browser(SHOTS)
        try:
            overview(t, b, own, real)
            keyboard_of_overview(t, b, own)
            history_plots(t, b, own)
            history_looks(t, b, own)
            click_through(t, b, own)
            files(t, b, site)
            t.equal('the browser asked for nothing that is not there', Handler.bad, [])
            server(t, b, store, folder)
        finally:
            b.d.quit()
            files_server.shutdown()
        replaced(t, store, site, folder)
    sys.exit(1 if t.failed else 0)


main()
