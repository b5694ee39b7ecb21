// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every interruption as a point. dygraphs has the axes and the zooming; the points are drawn on a canvas above it,
 * straight from the columns, since hundreds of thousands of them would be too many as its series.
 */
'use strict';

function columnOf(text, Type) {
	const raw = atob(text), bytes = new Uint8Array(raw.length);

	for (let i = 0; i < raw.length; i++)
		bytes[i] = raw.charCodeAt(i);
	return new Type(bytes.buffer);
}

class Timeline {
	constructor(side, runs, range) {
		this.parts = tn.parts(side ? 'timeline-b' : 'timeline-a');
		this.runs = runs;
		this.range = range;
		this.hidden = new Set();
		this.cpu = null;
		this.selected = -1;
		this.load(0);
		this.makeControls();
		this.makePlot();
		this.listen();
		tn.redraw.push(() => this.g.updateOptions(tn.look()));
	}

	load(k) {
		const run = this.run = this.runs[k], scale = run.span / 0xffffffff;

		if (!run.decoded) {
			const at = columnOf(run.at, Uint32Array);

			run.decoded = {at: Float64Array.from(at, (v) => v * scale), length: columnOf(run.length, Float32Array),
				cpu: columnOf(run.cpu, Uint16Array), cause: columnOf(run.cause, Uint16Array), kind: columnOf(run.class, Uint8Array)};
		}
		Object.assign(this, {at: run.decoded.at, length: run.decoded.length, cpus: run.decoded.cpu, cause: run.decoded.cause,
			kind: run.decoded.kind});
		this.selected = -1;
		this.byLength = null;
	}

	makeControls() {
		const {controls} = this.parts;

		if (this.runs.length > 1)
			this.choice(controls, 'Run', this.runs.map((r, i) => [i, r.run]), (v) => this.change(Number(v)));
		const cpus = [...new Set(this.runs.flatMap((r) => [...new Set(columnOf(r.cpu, Uint16Array))]))].sort((a, b) => a - b);

		if (cpus.length > 1)
			this.choice(controls, 'CPU', [['', 'all'], ...cpus.map((c) => [c, String(c)])], (v) => {
				this.cpu = v === '' ? null : Number(v);
				this.paint();
			});
		tn.button(controls, 'Show all', () => this.g.updateOptions({dateWindow: [0, this.run.span]}));
		this.kinds = tn.element('span', undefined, 'controls');
		controls.append(this.kinds);
		this.fillKinds();
	}

	choice(parent, name, options, action) {
		const label = tn.element('label', name + ' '), select = tn.element('select');

		for (const [value, text] of options) {
			const o = tn.element('option', text);

			o.value = value;
			select.append(o);
		}
		select.addEventListener('change', () => action(select.value));
		label.append(select);
		parent.append(label);
	}

	/* A button for each class that occurs, which hides it. */
	fillKinds() {
		this.kinds.replaceChildren();
		for (const k of [...new Set(this.kind)].sort((a, b) => a - b)) {
			const b = tn.button(this.kinds, '', () => {
				if (!this.hidden.delete(k))
					this.hidden.add(k);
				b.setAttribute('aria-pressed', String(!this.hidden.has(k)));
				this.paint();
			});
			const swatch = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
			const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');

			swatch.setAttribute('viewBox', '0 0 10 10');
			swatch.setAttribute('class', 'swatch');
			swatch.setAttribute('aria-hidden', 'true');
			rect.setAttribute('width', '10');
			rect.setAttribute('height', '10');
			rect.setAttribute('class', 'k' + k);
			swatch.append(rect);
			b.append(swatch, tn.data.classes[k]);
			b.setAttribute('aria-pressed', String(!this.hidden.has(k)));
		}
	}

	change(k) {
		this.load(k);
		this.fillKinds();
		this.say();
		this.g.updateOptions({file: this.frame(), dateWindow: [0, this.run.span]});
	}

	/* Two rows, so that there is something to have axes for. */
	frame() {
		return [[0, this.range[0]], [this.run.span, this.range[1]]];
	}

	makePlot() {
		const span = this.run.span, note = tn.element('span');

		this.parts.plot.replaceChildren();
		this.g = new Dygraph(this.parts.plot, this.frame(), {
			...tn.look(), labels: ['time', 'length'], logscale: true, valueRange: [this.range[0] / 1.3, this.range[1] * 1.5],
			dateWindow: [0, span], plotter: () => {}, xlabel: 'measured time', ylabel: 'length', legend: 'never',
			highlightCircleSize: 0,
			axes: {
				x: {axisLabelWidth: 70, ticker: (a, b, pixels) => this.timeTicks(a, b, pixels)},
				y: {axisLabelWidth: 60, ticker: (a, b) => tn.durationAxis(a, b)},
			},
			drawCallback: () => this.paint(),
		});
		this.canvas = tn.element('canvas', undefined, 'points');
		this.canvas.setAttribute('aria-hidden', 'true');
		this.tip = tn.element('div', undefined, 'tip');
		this.tip.hidden = true;
		this.parts.plot.append(this.canvas, this.tip);
		this.note = note;
		this.parts.figure.querySelector('figcaption').append(' ', note);
		this.say();
		this.paint();
	}

	say() {
		const run = this.run;

		this.note.textContent = `${run.note} The longest: ${tn.duration(run.max)}.` + (run.warning ? ` ${run.warning}.` : '') +
			(run.outside ? ` ${run.outside.toLocaleString('en')} records lie in no window and are passed over.` : '');
	}

	timeTicks(low, high, pixels) {
		if (!(high - low >= this.run.span / tn.deepest))
			return [];
		const raw = (high - low) / Math.max(2, pixels / 110), power = 10 ** Math.floor(Math.log10(raw));
		const step = power * [1, 2, 5, 10].find((m) => m * power >= raw), ticks = [];
		const [scale, unit] = high < 1e-3 ? [1e6, 'us'] : high < 1 ? [1e3, 'ms'] : [1, 's'];

		const digits = Math.max(0, -Math.floor(Math.log10(step * scale) + 1e-9));

		for (let i = Math.ceil(low / step); i * step <= high; i++)
			ticks.push({v: i * step, label: `${(i * step * scale).toFixed(digits)} ${unit}`});
		return ticks;
	}

	shown(i) {
		return !this.hidden.has(this.kind[i]) && (this.cpu === null || this.cpus[i] === this.cpu);
	}

	/* The first point at or after a time would need order by time; rounds of several CPUs are interleaved, so look at all. */
	paint() {
		if (!this.canvas)
			return;
		const area = this.g.getArea(), ratio = window.devicePixelRatio || 1, c = this.canvas.getContext('2d');
		const [low, high] = this.g.xAxisRange(), [bottom, top] = this.g.yAxisRange(), {plot} = this.parts;
		const perS = area.w / (high - low), perDecade = area.h / Math.log(top / bottom), {at, length, kind} = this;
		const colours = tn.data.classes.map((_, k) => tn.colour('k' + k)), size = at.length > 20000 ? 2 : at.length > 2000 ? 3 : 4;

		this.canvas.width = plot.clientWidth * ratio;
		this.canvas.height = plot.clientHeight * ratio;
		this.canvas.style.width = plot.clientWidth + 'px';
		this.canvas.style.height = plot.clientHeight + 'px';
		c.scale(ratio, ratio);
		c.beginPath();
		c.rect(area.x, area.y, area.w, area.h);
		c.clip();
		c.fillStyle = tn.colour('soft');
		c.globalAlpha = 0.5;
		for (const r of this.run.rounds)
			if (r > low && r < high)
				c.fillRect(area.x + (r - low) * perS, area.y, 1, area.h);
		c.globalAlpha = 1;
		this.x = new Float32Array(at.length).fill(-1);
		this.y = new Float32Array(at.length);
		for (let k = colours.length - 1; k >= 0; k--) { /* the first classes are what this is about: on top */
			if (this.hidden.has(k))
				continue;
			c.fillStyle = colours[k];
			for (let i = 0; i < at.length; i++) {
				if (kind[i] !== k || at[i] < low || at[i] > high || !this.shown(i))
					continue;
				const x = this.x[i] = area.x + (at[i] - low) * perS;
				const y = this.y[i] = area.y + area.h - Math.log(Math.max(length[i], bottom) / bottom) * perDecade;

				c.fillRect(x - size / 2, y - size / 2, size, size);
			}
		}
		this.mark(c, area);
		if (this.selected >= 0 && this.x[this.selected] >= 0) {
			c.strokeStyle = tn.colour('ink');
			c.lineWidth = 2;
			c.beginPath();
			c.arc(this.x[this.selected], this.y[this.selected], 7, 0, 7);
			c.stroke();
		}
	}

	/* The longest of those that are shown, in words. */
	mark(c, area) {
		let most = -1;

		for (let i = 0; i < this.x.length; i++)
			if (this.x[i] >= 0 && (most < 0 || this.length[i] > this.length[most]))
				most = i;
		if (most < 0)
			return;
		const right = this.x[most] > area.x + area.w - 90;

		c.strokeStyle = c.fillStyle = tn.colour('ink');
		c.lineWidth = 1;
		c.font = '12px system-ui, sans-serif';
		c.textAlign = right ? 'right' : 'left';
		c.textBaseline = 'middle';
		c.beginPath();
		c.arc(this.x[most], this.y[most], 5, 0, 7);
		c.stroke();
		c.fillText(tn.duration(this.length[most]), this.x[most] + (right ? -9 : 9), this.y[most]);
	}

	nearest(px, py) {
		let best = -1, least = 20 * 20;

		for (let i = 0; i < this.x.length; i++) {
			const dx = this.x[i] - px, dy = this.y[i] - py, d = dx * dx + dy * dy;

			if (this.x[i] >= 0 && d < least) {
				least = d;
				best = i;
			}
		}
		return best;
	}

	describe(i) {
		const cause = this.run.causes[this.cause[i]];

		return {head: `${tn.duration(this.length[i])}, ${tn.data.classes[this.kind[i]]}`,
			where: `CPU ${this.cpus[i]}, ${this.at[i].toFixed(6)} s of measured time`, who: cause ? cause[0] : '', stack: cause ? cause[1] : []};
	}

	select(i, speak) {
		const {plot, readout} = this.parts;

		this.selected = i;
		this.paint();
		this.tip.hidden = i < 0;
		if (i < 0)
			return;
		const d = this.describe(i), list = tn.element('ol');

		this.tip.replaceChildren(tn.element('strong', d.head), tn.element('div', d.where));
		if (d.who)
			this.tip.append(tn.element('div', d.who));
		if (d.stack.length) {
			for (const frame of d.stack)
				list.append(tn.element('li', frame));
			this.tip.append(tn.element('div', 'A sender\u2019s stack:'), list);
		}
		const right = this.x[i] > plot.clientWidth / 2;

		this.tip.style.left = right ? 'auto' : `${this.x[i] + 14}px`;
		this.tip.style.right = right ? `${plot.clientWidth - this.x[i] + 14}px` : 'auto';
		this.tip.style.top = `${Math.max(4, Math.min(this.y[i] - 20, plot.clientHeight - this.tip.offsetHeight - 4))}px`;
		if (speak)
			readout.textContent = `${d.head}; ${d.where}${d.who ? '; ' + d.who : ''}`;
	}

	zoom(factor) {
		const [low, high] = this.g.xAxisRange(), middle = this.selected >= 0 ? this.at[this.selected] : (low + high) / 2;
		const half = (high - low) / 2 * factor;

		if (factor > 1 || 2 * half >= this.run.span / tn.deepest)
			this.g.updateOptions({dateWindow: [Math.max(0, middle - half), Math.min(this.run.span, middle + half)]});
	}

	/* The next visible point by time, or by length. */
	step(by, direction) {
		const [low, high] = this.g.xAxisRange(), here = this.selected;
		let best = -1;

		for (let i = 0; i < by.length; i++) {
			if (!this.shown(i) || this.at[i] < low || this.at[i] > high || i === here)
				continue;
			const ahead = here < 0 ? 0 : direction * (by[i] - by[here]);

			if (here >= 0 && (ahead < 0 || (ahead === 0 && direction * (i - here) < 0)))
				continue;
			if (best < 0 || direction * (by[i] - by[best]) < 0 || (by[i] === by[best] && direction * (i - best) < 0))
				best = i;
		}
		if (best >= 0)
			this.select(best, true);
	}

	listen() {
		const {plot} = this.parts;

		plot.addEventListener('mousemove', (e) => {
			const box = plot.getBoundingClientRect(), i = this.nearest(e.clientX - box.left, e.clientY - box.top);

			if (i !== this.selected)
				this.select(i, false);
		});
		plot.addEventListener('mouseleave', () => this.select(-1, false));
		plot.addEventListener('keydown', (e) => {
			const action = {
				ArrowRight: () => this.step(this.at, 1), ArrowLeft: () => this.step(this.at, -1),
				PageUp: () => this.step(this.length, 1), PageDown: () => this.selected < 0 ? this.longest() : this.step(this.length, -1),
				'+': () => this.zoom(0.5), '=': () => this.zoom(0.5), '-': () => this.zoom(2),
				0: () => this.g.updateOptions({dateWindow: [0, this.run.span]}), Escape: () => this.select(-1, false),
			}[e.key];

			if (!action || e.ctrlKey || e.altKey || e.metaKey)
				return;
			action();
			e.preventDefault();
		});
	}

	longest() {
		let best = -1;

		for (let i = 0; i < this.length.length; i++)
			if (this.shown(i) && (best < 0 || this.length[i] > this.length[best]))
				best = i;
		if (best >= 0)
			this.select(best, true);
	}
}

function drawTimelines() {
	let low = Infinity, high = 0;

	for (const run of tn.data.timelines)
		for (const v of columnOf(run.length, Float32Array)) {
			low = v < low ? v : low;
			high = v > high ? v : high;
		}
	tn.timelines = tn.data.sides.map((_, side) => {
		const runs = tn.data.timelines.filter((t) => t.side === side), parts = tn.parts(side ? 'timeline-b' : 'timeline-a');

		if (!runs.some((r) => r.n && r.span))
			return tn.empty(parts, runs.length && tn.data.sides[side].histogram.length
				? `No record of single interruptions. ${runs[0].note}` : tn.nothing);
		return new Timeline(side, runs, [Math.max(low, 1), high]);
	});
}
