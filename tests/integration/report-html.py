#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tlbnoise report, read by a browser: does it load, draw, answer, and reach everybody, and ask nobody for anything.

Documents have known figures and names that would be markup. Screenshots go to the build folder, report-screenshots/.
"""
import base64
import os
import random
import re
import struct
import sys
import tempfile
import time

sys.path.append(sys.path.pop(0))  # behind the library: tests of this folder may have names that modules of it have

import documents
import live

import browser
from browser import CONTRAST, INKED, READABLE, ActionChains, By, Keys, hover, quiet

SHOTS = f'{live.BUILD}/report-screenshots'
EVIL = '<img src=x onerror="window.pwned=1">'
SECOND = documents.SECOND
FLUSH, TICK, UNEXPLAINED = 0, 5, 13  # numbers of classes in raw records
LONGEST = 7654321  # ns


# --- documents

def cause(name, function, sender, stack):
    return {'class': name, 'function': function, 'detail': 'call function', 'culprit': stack[-1] if stack else '',
            'callsite': '', 'sender_comm': sender, 'sender_cpus': '0' if sender else '', 'local': False, 'stack': stack,
            'entries': 40, 'matched': 40, 'too_short': 0, 'interruptions': 40, 'stolen_ticks': 80000, 'max_ticks': 2400}


CAUSES = [cause('kernel-tlb-flush', 'do_kernel_range_flush', EVIL[:15],
                ['smp_call_function_many_cond', 'on_each_cpu_cond_mask', '__purge_vmap_area_lazy']),
          cause('tick', 'tick_nohz_handler', '', [])]


def write_raw(path, run_id, doc, n, seed):
    """n interruptions spread over the windows of the document, one of them of LONGEST."""
    rng = random.Random(seed)
    windows = [(c['cpu'], c['round'], int(c['window_open_ticks']), int(c['window_close_ticks'])) for c in doc['cpus']]
    per, longest = max(1, n // len(windows)), rng.randrange(len(windows))
    with open(path, 'wb') as f:
        f.write(struct.pack('<6sHIIdQ40s56x', b'TNRAW\0', 1, 128, 32, 1e9, per * len(windows), run_id.encode()))
        for i, (cpu, number, begin, end) in enumerate(windows):
            out, at = bytearray(), begin
            for k in range(per):
                at = begin + (end - begin - 2 * LONGEST) * k // per
                kind = rng.choices((FLUSH, TICK, UNEXPLAINED), (8, 1, 1))[0]
                length = int(rng.lognormvariate({FLUSH: 7.6, TICK: 8.5, UNEXPLAINED: 6.2}[kind], 0.4))
                length = LONGEST if i == longest and k == per // 3 else min(length, LONGEST // 2)
                which = {FLUSH: 0, TICK: 1}.get(kind, 0xffffffff)
                out += struct.pack('<QQIHHBB6x', at, at + length, which, cpu, number, kind, 1)
            f.write(out)
    return path


def make(path, run_id, seed, n_raw, **arguments):
    arguments.setdefault('environment__virtualization', 'none')
    doc = documents.document(run_id, seed, causes=CAUSES, scenario__name='storm',
                             scenario__description=f'vmalloc churn {EVIL}', raw__file=f'{run_id}.raw', raw__records=n_raw,
                             findings=[{'severity': 'warning', 'cpu': 2, 'id': 'cpu-not-isolated',
                                        'text': f'CPU 2 is not isolated {EVIL}'}], **arguments)
    documents.write(path, doc)
    if n_raw:
        write_raw(os.path.join(os.path.dirname(path), f'{run_id}.raw'), run_id, doc, n_raw, seed)
    return path


def make_sets(folder):
    for i in range(5):
        make(f'{folder}/stock/{i}.json', f'stock-{i}', i, 4000, entry_ns={(True, 'getpid'): 150},
             environment__kernel_release='6.12.30-stock')
        make(f'{folder}/deferred/{i}.json', f'deferred-{i}', 50 + i, 1500, rates={'tick': 1, 'page-table-flush': 2},
             tail_ns=900, entry_ns={(True, 'getpid'): 152}, environment__kernel_release='6.12.30-deferred')
    return f'{folder}/stock', f'{folder}/deferred'


def report(t, what, output, *operands):
    start = time.monotonic()
    r = live.tlbnoise('report', *operands, '-o', output)
    t.equal(f'{what}: written, without a word', (r.status, r.out, r.err), (0, '', ''))
    print(f'# {what}: {os.path.getsize(output) / 1e6:.2f} MB, made in {time.monotonic() - start:.2f} s')
    return output


def loads(t, b, page):
    b.view()
    b.open(page)
    t.equal('drawn to the end', b.js('return document.documentElement.dataset.drawn'), 'yes')
    for plot in ('curve', 'histogram', 'timeline-a', 'timeline-b'):
        t.ok(f'{plot} has ink', b.js(INKED, plot) > 1000, b.js(INKED, plot))
    t.equal('the verdict', b.text('#verdict .badge'), 'improved')
    t.ok('the headline says what improved', 'jitter.p99' in b.text('#verdict .headline'), b.text('#verdict .headline'))
    t.ok('two curves, and both are named', b.text('#curve .controls').count('Linux 6.12.30-') == 2, b.text('#curve .controls'))
    t.equal('a curve for each side', b.js('return tn.curve.getLabels().length'), 3)
    t.equal('names in documents stay text', b.js('return window.pwned'), None)
    t.ok('and are there to read', EVIL in b.text('.description'), b.text('.description'))
    t.equal('what a screen reader goes by', b.js(READABLE), [])
    t.equal('contrast by day', b.js(CONTRAST), [])
    b.shot('comparison-light')
    quiet(t, 'comparison', b)


def point_of(b, kind):
    """Where on the page the last point of a class lies that is alone enough to be hovered over."""
    return b.js('''
        const l = tn.timelines[0], box = l.parts.plot.getBoundingClientRect();
        for (let i = l.kind.length - 1; i >= 0; i--)
            if (l.kind[i] === arguments[0] && l.x[i] > 0 && l.nearest(l.x[i], l.y[i]) === i)
                return [box.left + l.x[i], box.top + l.y[i]];
    ''', kind)


def hovers(t, b):
    b.js("document.getElementById('timeline-a').scrollIntoView({block: 'center'})")
    hover(b, *point_of(b, FLUSH))
    tip = b.find('#timeline-a .tip').text
    t.ok('hovering names the class', 'kernel-tlb-flush' in tip, tip)
    t.ok('and function, culprit and sender', 'do_kernel_range_flush' in tip and 'from __purge_vmap_area_lazy' in tip and
         f'sent by CPU 0 ({EVIL[:15]})' in tip, tip)
    t.ok('and the stack', 'on_each_cpu_cond_mask' in tip, tip)
    b.d.save_screenshot(f'{SHOTS}/hover.png')
    hover(b, *point_of(b, UNEXPLAINED))
    t.ok('another cause, another text', 'unexplained' in b.find('#timeline-a .tip').text, b.find('#timeline-a .tip').text)


def zooms(t, b):
    whole = b.js('return tn.timelines[0].g.xAxisRange()')
    plot = b.find('#timeline-a .plot')
    ActionChains(b.d).move_to_element(plot).click_and_hold().move_by_offset(200, 0).release().perform()
    part = b.js('return tn.timelines[0].g.xAxisRange()')
    t.ok('dragging zooms', whole[0] < part[0] and part[1] - part[0] < (whole[1] - whole[0]) / 2, (whole, part))
    b.js("document.querySelector('#timeline-a .controls button').click()")
    t.equal('Show all', b.js('return tn.timelines[0].g.xAxisRange()'), whole)
    toggle = b.d.find_elements(By.CSS_SELECTOR, '#timeline-a .controls .controls button')[0]
    ActionChains(b.d).move_to_element(toggle).perform()  # no point is under the mouse
    ink = b.js(INKED, 'timeline-a')
    toggle.click()
    t.ok('a class can be hidden', b.js(INKED, 'timeline-a') < ink and toggle.get_attribute('aria-pressed') == 'false')
    toggle.click()
    t.equal('and shown', b.js(INKED, 'timeline-a'), ink)
    b.js("const s = document.querySelector('#timeline-a select'); s.value = '2'; s.dispatchEvent(new Event('change'))")
    t.equal('another run of the side', b.js('return tn.timelines[0].run.run'), 'stock-2')
    t.ok('is drawn', b.js(INKED, 'timeline-a') > 1000)


def keyboard(t, b, page):
    b.open(page)
    b.find('body').send_keys(Keys.TAB)
    t.equal('the first stop skips to the result', b.js('return document.activeElement.className'), 'skip')
    t.ok('where it can be seen', b.js('return document.activeElement.getBoundingClientRect().left') >= 0)
    seen = set()
    for _ in range(80):
        b.d.switch_to.active_element.send_keys(Keys.TAB)
        seen.add(b.js('const e = document.activeElement; return e.closest("figure") ? e.closest("figure").id + " " + e.className : ""'))
    t.ok('Tab reaches every plot', {f'{p} plot' for p in ('curve', 'histogram', 'timeline-a', 'timeline-b')} <= seen, seen)
    plot = b.find('#timeline-a .plot')
    plot.send_keys(Keys.PAGE_DOWN)
    t.ok('Page Down goes to the longest', '7.65 ms' in b.text('#timeline-a .readout'), b.text('#timeline-a .readout'))
    t.ok('focus is visible', b.js('return getComputedStyle(arguments[0]).outlineStyle', plot) != 'none')
    first = b.text('#timeline-a .readout')
    plot.send_keys(Keys.ARROW_RIGHT)
    t.ok('an arrow goes on', b.text('#timeline-a .readout') not in ('', first))
    plot.send_keys('+' * 80)
    low, high = b.js('return tn.timelines[0].g.xAxisRange()')
    t.ok('+ held down ends where there is nothing more to see', 0 < high - low < 1e-6, (low, high))
    plot.send_keys('0')
    b.find('#curve .plot').send_keys('+' * 80, '0', Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    t.ok('the curve says its values', re.search(r'% of the quanta needed at most: A .*; B ', b.text('#curve .readout')),
         b.text('#curve .readout'))


def schemes(t, b, page):
    day = b.js('return getComputedStyle(document.body).backgroundColor')
    b.view(scheme='dark')
    b.open(page)
    t.ok('it is dark at night', b.js('return getComputedStyle(document.body).backgroundColor') != day)
    t.equal('contrast at night', b.js(CONTRAST), [])
    t.equal('plots too', b.js('return tn.curve.getOption("colors")[0]'), b.js('return tn.colour("side-a")'))
    b.shot('comparison-dark')
    b.view(width=360, height=740)
    b.open(page)
    t.ok('no sideways scrolling at 360 pixels', b.js('return document.documentElement.scrollWidth') <= 360)
    t.ok('and the plots fit', b.js('return document.querySelector(".plot").getBoundingClientRect().right') <= 360)
    b.shot('comparison-narrow', 6000)
    b.view(width=800, media='print', scheme='dark')
    pdf = base64.b64decode(b.cdp('Page.printToPDF', printBackground=True)['data'])
    t.ok('it prints', pdf.startswith(b'%PDF') and len(pdf) > 50000, len(pdf))
    with open(f'{SHOTS}/comparison.pdf', 'wb') as f:
        f.write(pdf)
    b.js("dispatchEvent(new Event('beforeprint'))")
    widths = b.js('return [...document.querySelectorAll(".plot canvas")].map((c) => c.getBoundingClientRect().width)')
    t.ok('plots fit the paper', len(widths) >= 10 and max(widths) <= 643, widths)
    t.ok('and have their keys', b.js('return ["#curve .key", "#timeline-a button[aria-pressed]"]'
                                     '.every((k) => document.querySelector(k).checkVisibility())'))
    t.ok('without controls', not b.js('return document.querySelector("#timeline-a select").checkVisibility()'))
    t.ok('and nothing is wider', b.js('return document.documentElement.scrollWidth') <= 800)
    t.equal('on white, though it is dark', b.js('return tn.colour("card")'), '#ffffff')
    b.shot('comparison-print', 3000)
    t.equal('without its navigation', b.js('return getComputedStyle(document.querySelector("nav")).display'), 'none')


def scriptless(t, b, page):
    b.view()
    b.cdp('Emulation.setScriptExecutionDisabled', value=True)
    b.open(page)
    b.cdp('Emulation.setScriptExecutionDisabled', value=False)
    body = b.find('body').text
    for what in ('The plots need JavaScript', 'Improved: of ', 'cause.kernel-tlb-flush.rate', 'What this cannot show'):
        t.ok(f'without a script: {what}', what in body)
    b.shot('without-script')


def single(t, b, folder):
    run = make(f'{folder}/tcg.json', 'tcg', 7, 0, environment__virtualization='qemu-tcg')
    page = report(t, 'one run', f'{folder}/tcg.html', run)
    b.view()
    b.open(page)
    t.ok('says that emulated times are no latencies', 'QEMU emulated the CPUs (TCG)' in b.text('#limits'))
    t.equal('one side has one curve', b.js('return tn.curve.getLabels().length'), 2)
    t.ok('causes and senders are in the tables', 'sent by CPU 0' in b.text('#runs'), '')
    t.ok('that raw records are missing is said', 'tcg.raw' in b.text('#timeline-a'), b.text('#timeline-a'))
    t.equal('readable', b.js(READABLE), [])
    b.shot('one-run')
    quiet(t, 'one run', b)


def million(t, b, folder):
    run = make(f'{folder}/million.json', 'million', 3, 1000000)
    page = report(t, 'a million interruptions', f'{folder}/million.html', run)
    t.ok('below 8 MB', os.path.getsize(page) < 8e6, os.path.getsize(page))
    b.view()
    b.open(page)
    print(f'# a million interruptions: drawn {b.js("return performance.now()") / 1000:.2f} s after the page was asked for')
    t.ok('some are drawn', re.search(r'[\d,]+ of 1,000,000 interruptions are drawn', b.text('#timeline-a figcaption')),
         b.text('#timeline-a figcaption'))
    t.equal('the longest is the true one', b.js('return tn.timelines[0].length.reduce((m, v) => Math.max(m, v), 0)'),
            LONGEST)
    t.equal('and is named', b.js('return tn.timelines[0].run.max'), LONGEST)
    b.shot('million')
    quiet(t, 'a million', b)


def refusals(t, folder, stock, deferred):
    for arguments, what in {
            (f'{folder}/none.json',): 'none.json', (stock, deferred, stock): 'one set too many',
            (stock, deferred, '--metric', 'nosuch.*'): 'nosuch', (stock, '--json'): 'unknown option --json'}.items():
        r = live.tlbnoise('report', *arguments, '-o', f'{folder}/x.html')
        t.ok(f'refused: {what}', r.status == 2 and what in r.err and not os.path.exists(f'{folder}/x.html'), r)
    other = make(f'{folder}/other.json', 'other', 9, 0, scenario__quantum_ns=50000)
    r = live.tlbnoise('report', stock, other, '-o', f'{folder}/x.html')
    t.ok('what is not comparable is refused', r.status == 2 and '--force' in r.err, r)
    r = live.tlbnoise('report', stock, other, '--force', '-o', f'{folder}/x.html')
    t.ok('unless it is forced, which the page says', r.status == 0 and 'compared by force' in live.read(f'{folder}/x.html'), r)
    first, second = (live.tlbnoise('report', stock, deferred).out for _ in range(2))
    t.ok('the same runs give the same page', first and first == second)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', first).group(1)
    t.ok('a strict policy', policy.startswith("default-src 'none';") and 'unsafe' not in policy and 'http' not in policy, policy)
    t.ok('the licence of dygraphs', 'The above copyright notice and this permission notice shall be' in first)


def main():
    if not live.BUILD:
        sys.exit('TN_BUILD names the build folder')
    browser.need()
    t = live.Checks()
    with tempfile.TemporaryDirectory(prefix='tlbnoise-report.') as folder:
        stock, deferred = make_sets(folder)
        refusals(t, folder, stock, deferred)
        page = report(t, 'comparison', f'{folder}/comparison.html', stock, deferred)
        b = browser.Browser(SHOTS)
        try:
            loads(t, b, page)
            hovers(t, b)
            zooms(t, b)
            keyboard(t, b, page)
            quiet(t, 'after all that', b)
            schemes(t, b, page)
            scriptless(t, b, page)
            single(t, b, folder)
            million(t, b, folder)
        finally:
            b.d.quit()
    sys.exit(1 if t.failed else 0)


main()
