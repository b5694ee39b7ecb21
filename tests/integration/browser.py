# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests of pages share: headless Chromium, and what is asked of every page.

Debian's chromium and chromedriver through selenium; no other browser, and no network.
"""
import base64
import os
import re

import live

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys  # noqa: F401
except ImportError:
    live.skip('no selenium for this Python: install python3-selenium')


def need():
    if not all(os.access(p, os.X_OK) for p in ('/usr/bin/chromium', '/usr/bin/chromedriver')):
        live.skip('no chromium: install chromium and chromium-driver')


class Browser:
    def __init__(self, shots):
        self.shots = shots
        options = Options()
        options.binary_location = '/usr/bin/chromium'
        for argument in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
                         '--disable-background-networking', '--no-first-run', '--window-size=1280,900'):
            options.add_argument(argument)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'})
        self.d = webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)
        self.d.set_script_timeout(live.LONG)

    def cdp(self, command, **arguments):
        return self.d.execute_cdp_cmd(command, arguments)

    def js(self, text, *arguments):
        return self.d.execute_script(text, *arguments)

    def view(self, width=1280, height=900, scheme='light', media=''):
        self.cdp('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.cdp('Emulation.setEmulatedMedia', media=media, features=[{'name': 'prefers-color-scheme', 'value': scheme}])

    def open(self, path):
        self.d.get('about:blank')
        self.d.get_log('performance')
        self.d.get_log('browser')
        self.d.get(path if '://' in path else f'file://{path}')

    def requests(self):
        urls = []
        for entry in self.d.get_log('performance'):
            urls += re.findall(r'"method":"Network.requestWillBeSent".*?"request":\{.*?"url":"([^"]*)"', entry['message'])
        return urls

    def shot(self, name, height=4000):
        os.makedirs(self.shots, exist_ok=True)
        size = self.cdp('Page.getLayoutMetrics')['cssContentSize']
        clip = {'x': 0, 'y': 0, 'width': size['width'], 'height': min(size['height'], height), 'scale': 1}
        data = self.cdp('Page.captureScreenshot', captureBeyondViewport=True, clip=clip)['data']
        with open(f'{self.shots}/{name}.png', 'wb') as f:
            f.write(base64.b64decode(data))

    def find(self, selector):
        return self.d.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.js('return document.querySelector(arguments[0]).textContent', selector)


READBACK = 'willReadFrequently'  # what Chromium says of INKED itself

# How many pixels of a plot's canvases are not transparent.
INKED = '''
let n = 0;
for (const c of document.querySelectorAll('#' + arguments[0] + ' canvas')) {
	const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
	for (let i = 3; i < d.length; i += 4)
		n += d[i] > 0;
}
return n;'''

# WCAG 2.1 contrast of all visible text against the nearest background: [ratio, text] of what is below 4.5.
CONTRAST = '''
const parse = (s) => (s.match(/[\\d.]+/g) || []).map(Number);
const light = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
	.reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
const low = [];
for (const e of document.querySelectorAll('body *')) {
	const text = [...e.childNodes].filter((n) => n.nodeType === 3 && n.data.trim()).map((n) => n.data.trim()).join(' ');
	if (!text || !e.checkVisibility() || e.closest('svg, script, style, noscript') || e.getBoundingClientRect().left < 0)
		continue;
	let b = e, back = [0, 0, 0, 0];
	for (; b && !back[3]; b = b.parentElement) {
		const c = parse(getComputedStyle(b).backgroundColor);
		back = c.length === 3 ? [...c, 1] : c;
	}
	const [x, y] = [light(parse(getComputedStyle(e).color)), light(back)].sort((p, q) => q - p);
	const ratio = (x + 0.05) / (y + 0.05);
	if (ratio < 4.5)
		low.push([ratio.toFixed(2), text.slice(0, 40)]);
}
return low;'''

# What a screen reader goes by; a list of complaints.
READABLE = '''
const wrong = [], all = (s) => [...document.querySelectorAll(s)];
const name = (e) => (e.getAttribute('aria-label') || e.textContent || (e.labels && e.labels[0] || {}).textContent || '').trim() ||
	(e.getAttribute('aria-labelledby') || '').split(' ').map((i) => (document.getElementById(i) || {}).textContent || '').join('');
if (document.documentElement.lang !== 'en' || !document.title) wrong.push('lang or title');
for (const s of ['header', 'nav', 'main', 'footer', 'h1']) if (all(s).length !== 1) wrong.push(`${all(s).length} of ${s}`);
let level = 0;
for (const h of all('h1, h2, h3, h4, h5, h6')) {
	const l = Number(h.tagName[1]);
	if (l > level + 1) wrong.push(`h${level} is followed by h${l}: ${h.textContent}`);
	level = l;
}
const ids = all('[id]').map((e) => e.id);
if (new Set(ids).size !== ids.length) wrong.push('an id occurs twice');
for (const t of all('table')) {
	if (!t.tHead || [...t.tHead.querySelectorAll('th')].some((h) => h.scope !== 'col')) wrong.push('a table without heads');
	if ([...t.tBodies[0].querySelectorAll('th')].some((h) => h.scope !== 'row')) wrong.push('a row head without scope');
	const columns = t.tHead.rows[0].cells.length;
	for (const r of t.rows)
		if ([...r.cells].reduce((n, c) => n + c.colSpan, 0) !== columns) wrong.push('a row of another width');
}
for (const e of all('button, a, select, summary, .plot, [tabindex]')) if (!name(e)) wrong.push('no name: ' + e.outerHTML.slice(0, 80));
for (const e of all('[aria-labelledby], [aria-describedby]'))
	for (const i of ((e.getAttribute('aria-labelledby') || '') + ' ' + (e.getAttribute('aria-describedby') || '')).split(' '))
		if (i && !document.getElementById(i)) wrong.push('names a missing id: ' + i);
for (const e of all('svg')) if (!e.getAttribute('aria-label') && e.getAttribute('aria-hidden') !== 'true') wrong.push('svg');
for (const e of all('ul > *')) if (e.tagName !== 'LI') wrong.push('in a list: ' + e.tagName);
for (const a of all('a[href^="#"]')) if (!document.getElementById(a.hash.slice(1))) wrong.push('leads nowhere: ' + a.hash);
for (const r of all('[tabindex]')) if (r.tabIndex > 0) wrong.push('tabindex above 0');
return [...new Set(wrong)];'''


def quiet(t, what, b, *own):
    """own: beginnings of addresses that the page may ask for."""
    t.equal(f'{what}: nothing on the console', [m['message'] for m in b.d.get_log('browser') if READBACK not in m['message']], [])
    t.equal(f'{what}: no request to anybody else', [u for u in b.requests() if not u.startswith(('file:', 'data:', *own))], [])


def hover(b, x, y):
    chain = ActionChains(b.d)
    chain.w3c_actions.pointer_action.move_to_location(round(x), round(y))
    chain.perform()
