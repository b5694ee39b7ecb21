// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plots of a history: a run is a step to the right, whatever time lay between two. The axis says where the kernel
 * changed. dygraphs puts the text of ticks into the page as markup: names of kernels are escaped.
 */
'use strict';

const MARK = {suspected: 'warn', confirmed: 'bad', recovered: 'good'};

function escaped(text) {
	return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/* Three significant digits, never an exponent. */
function figure(v) {
	return v === 0 ? '0' : v >= 999.5 ? Math.round(v).toLocaleString('en') : v.toFixed(Math.min(9, Math.max(0, 2 - Math.floor(Math.log10(v)))));
}

function formatted(unit, v) {
	if (v === null || !isFinite(v))
		return '-';
	switch (unit) {
	case 'ns': return tn.duration(v);
	case 'per_s': return v >= 9999.5 ? `${figure(v / 1000)} k/s` : `${figure(v)}/s`;
	case 'share': return v > 0 && v < 9.995e-5 ? `${figure(v * 1e6)} ppm` : `${figure(v * 100)}%`;
	default: return figure(v);
	}
}

/* The same with as few digits as there are. */
function axisLabel(unit, v) {
	const [, digits, rest] = /^([\d.,]*)(.*)$/.exec(formatted(unit, v));

	return (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits) + rest;
}

function evenTicks(low, high, unit) {
	const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
	const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough), ticks = [];

	for (let k = Math.ceil(low / step); k * step <= high * 1.000001; k++)
		ticks.push({v: k * step, label: axisLabel(unit, k * step)});
	return ticks;
}

function dateOf(run) {
	return run[1].slice(0, 16).replace('T', ' ');
}

class History {
	constructor(id, name) {
		this.parts = tn.parts(id);
		this.row = -1;
		this.changes = tn.data.runs.map((r, i) => i).filter((i) => !i || tn.data.runs[i][2] !== tn.data.runs[i - 1][2]);
		this.parts.show = (row) => this.show(row);
		this.draw(name);
		this.parts.plot.addEventListener('keydown', (e) => {
			if (e.key === 'Enter' && this.row >= 0)
				this.open();
		});
		tn.redraw.push(() => this.g && this.g.updateOptions({...tn.look(), colors: [tn.colour('side-b')]}));
	}

	draw(name) {
		const metric = tn.data.metrics.find((m) => m.name === name), {plot} = this.parts;

		if (this.g)
			this.g.destroy();
		this.g = null;
		plot.classList.toggle('empty', !metric || !metric.points.some((p) => p));
		plot.textContent = this.parts.readout.textContent = '';
		this.row = -1;
		if (plot.classList.contains('empty')) {
			plot.textContent = 'No run that is shown has a value of this metric.';
			return;
		}
		this.metric = metric;
		this.mark = new Map(metric.marks.map((m) => [m[0], m]));
		this.scale();
		this.extent = [-0.6, tn.data.runs.length - 0.4];
		const rows = metric.points.map((p, i) => [i, p ? p.slice(0, 3).map((v) => v === null ? p[1] : Math.max(v, this.range[0])) : [null, null, null]]);

		this.g = new Dygraph(plot, rows, {
			...tn.look(), colors: [tn.colour('side-b')], labels: ['run', name], customBars: true, logscale: this.log, valueRange: this.range,
			dateWindow: this.extent, strokeWidth: 1.5, drawPoints: true, pointSize: 2.5, highlightCircleSize: 5, fillAlpha: 0.16,
			connectSeparatedPoints: true, legend: 'never', labelsKMB: false, xAxisHeight: 38, rightGap: 12,
			axes: {
				x: {axisLabelWidth: 110, drawGrid: false, ticker: (a, b, pixels) => this.ticks(a, b, pixels)},
				y: {axisLabelWidth: 68, ticker: (a, b) => this.log ? tn.logTicks(a, b, (v) => axisLabel(metric.unit, v)) : evenTicks(a, b, metric.unit)},
			},
			plotter: [Dygraph.Plotters.errorPlotter, Dygraph.Plotters.linePlotter, (e) => this.marks(e)],
			underlayCallback: (c, area, g) => this.underlay(c, area, g),
			highlightCallback: (e, x, points, row) => this.show(row),
			clickCallback: () => this.open(),
		});
		if (!this.listening)
			this.keys();
		this.show(rows.length - 1);
		this.row = -1; /* shown, but not chosen */
	}

	/* The plot may be drawn again for another metric, and one without a value has none: its keys find the one of now. */
	keys() {
		const g = new Proxy({}, {get: (_, what) => typeof this.g?.[what] === 'function' ? this.g[what].bind(this.g) : this.g?.[what]});

		this.listening = true;
		tn.keys(g, this.parts, this.extent);
	}

	scale() {
		let low = Infinity, high = 0;

		for (const p of this.metric.points)
			for (const v of p ? p.slice(0, 3) : []) {
				low = v !== null && v < low ? v : low;
				high = v !== null && v > high ? v : high;
			}
		for (const m of this.metric.marks)
			if (m[3] > 0)
				[low, high] = [Math.min(low, m[3]), Math.max(high, m[3])];
		this.log = low > 0 && high > 20 * low;
		if (this.log)
			this.range = [low / 1.5, high * 1.5];
		else {
			const pad = (high - low || high || 1) * 0.12;

			this.range = [Math.max(0, low - pad), high + pad];
		}
	}

	/* Kernels where they change, as many as there is room for; days where there is room left. */
	ticks(low, high, pixels) {
		const room = 118 * (high - low) / Math.max(pixels, 1), taken = [], ticks = [], {runs} = tn.data;
		const add = (i, label) => {
			if (i < low || i > high || taken.some((t) => Math.abs(t - i) < room))
				return;
			taken.push(i);
			ticks.push({v: i, label});
		};

		for (const i of [...this.changes].reverse()) /* the latest are what one wants to know */
			add(i, `${escaped(runs[i][2].length > 18 ? runs[i][2].slice(0, 17) + '\u2026' : runs[i][2])}<br>${escaped(runs[i][1].slice(0, 10))}`);
		for (let k = 0; k <= 8; k++)
			add(Math.round((runs.length - 1) * k / 8), `<br>${escaped(runs[Math.round((runs.length - 1) * k / 8)][1].slice(0, 10))}`);
		return ticks.sort((a, b) => a.v - b.v);
	}

	/* Where the kernel changed, and for how long a regression lasted, with what was usual before it. */
	underlay(c, area, g) {
		c.save();
		c.beginPath();
		c.rect(area.x, area.y, area.w, area.h);
		c.clip();
		for (const [i, state,, usual] of this.metric.marks) {
			const left = g.toDomXCoord(i - 0.5), right = g.toDomXCoord(i + 0.5);

			c.fillStyle = tn.colour(MARK[state]);
			c.globalAlpha = state === 'confirmed' ? 0.13 : 0.06;
			c.fillRect(left, area.y, right - left, area.h);
			if (usual === null)
				continue;
			c.globalAlpha = 0.9;
			c.fillStyle = tn.colour('soft');
			c.fillRect(left, Math.round(g.toDomYCoord(usual)), right - left, 1);
		}
		c.globalAlpha = 0.55;
		c.strokeStyle = tn.colour('soft');
		c.setLineDash([3, 4]);
		for (const i of this.changes) {
			const x = Math.round(g.toDomXCoord(i - 0.5)) + 0.5;

			if (!i)
				continue;
			c.beginPath();
			c.moveTo(x, area.y);
			c.lineTo(x, area.y + area.h);
			c.stroke();
		}
		c.restore();
	}

	marks(e) {
		const c = e.drawingContext;

		c.save();
		c.setLineDash([]);
		for (const p of e.points) {
			const m = this.mark.get(p.xval), ink = m && tn.colour(MARK[m[1]]);

			if (!m || !isFinite(p.canvasy))
				continue;
			c.beginPath();
			c.arc(p.canvasx, p.canvasy, 4.5, 0, 7);
			c.lineWidth = 2;
			c.strokeStyle = ink;
			c.fillStyle = m[1] === 'confirmed' ? ink : tn.colour('card');
			c.fill();
			c.stroke();
		}
		c.restore();
	}

	show(row) {
		const run = tn.data.runs[row], p = this.metric.points[row], m = this.mark.get(row), {unit} = this.metric;

		this.row = row;
		if (!run)
			return;
		this.parts.readout.textContent = `${dateOf(run)}, Linux ${run[2]}: ` + (!p ? 'no value' : formatted(unit, p[1]) +
			(p[0] === null || p[0] === p[2] ? '' : ` (interval ${formatted(unit, p[0])} to ${formatted(unit, p[2])})`) + (p[3] < 0 ? '' : `, CPU ${p[3]}`)) +
			(!m ? '' : `; regression ${m[1]}, since ${m[2].slice(0, 10)}` + (m[4] === null ? '' : `, \u00d7${figure(m[4])} of the usual ${formatted(unit, m[3])}`) +
			(m[5] === null ? '' : `, p = ${figure(m[5])}`)) + (run[4] ? `; ${run[4]} expectation${run[4] > 1 ? 's' : ''} failed` : '');
	}

	open() {
		if (this.row >= 0)
			location.href = tn.data.runs[this.row][3];
	}
}

/* The metric that has something to say and no plot of its own, and a list to choose any. */
function drawAny(id, shown) {
	const {controls} = tn.parts(id), label = tn.element('label', 'Metric '), select = tn.element('select');
	const names = tn.data.metrics.map((m) => m.name), first = names.find((n) => !shown.has(n)) || names[0];

	for (const name of names) {
		const option = tn.element('option', name);

		option.value = name;
		option.selected = name === first;
		select.append(option);
	}
	label.append(select);
	controls.append(label);
	const history = new History(id, first);

	select.addEventListener('change', () => history.draw(select.value));
	return history;
}

const plots = [...document.querySelectorAll('figure[data-metric]')], named = plots.filter((f) => f.dataset.metric);

tn.histories = named.map((f) => new History(f.id, f.dataset.metric));
tn.any = drawAny('history-any', new Set(named.map((f) => f.dataset.metric)));
function repaint() {
	for (const again of tn.redraw)
		again();
}
function paper(on) {
	document.documentElement.classList.toggle('paper', on);
	for (const h of [...tn.histories, tn.any])
		if (h.g)
			h.g.resize();
	repaint();
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
addEventListener('beforeprint', () => paper(true));
addEventListener('afterprint', () => paper(false));
document.documentElement.dataset.drawn = 'yes';
