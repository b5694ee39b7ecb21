// SPDX-License-Identifier: GPL-2.0-or-later
/* What all plots share, and those of the distributions. Text of a document gets to the page as text nodes only. */
'use strict';

/* Its legend sets a style attribute, which the page's policy forbids; the report says values below the plot. */
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((p) => p !== Dygraph.Plugins.Legend);

const tn = {
	data: JSON.parse(document.getElementById('data').textContent),
	redraw: [],
	deepest: 2 ** 30, /* how much of all a plot may be zoomed into; times have 32 bits */

	colour(name) {
		return getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
	},

	/* Three significant digits, as the tables have. */
	duration(ns) {
		const units = ['ns', 'us', 'ms', 's'];
		let i = 0;

		if (ns === null || !isFinite(ns))
			return '-';
		for (; i < 3 && ns >= 999.5; i++)
			ns /= 1000;
		return (ns < 9.995 ? ns.toFixed(ns === 0 ? 0 : 2) : ns < 99.95 ? ns.toFixed(1) : ns.toFixed(0)) + ' ' + units[i];
	},

	tick(ns) {
		const units = ['ns', 'us', 'ms', 's'];
		let i = 0;

		for (; i < 3 && ns >= 999; i++)
			ns /= 1000;
		return Number(ns.toPrecision(3)) + ' ' + units[i];
	},

	/* Powers of ten, with steps between them where there is room. */
	logTicks(low, high, format) {
		const decades = Math.log10(high / low), ticks = [];
		const steps = decades > 3 ? [1] : decades > 0.8 ? [1, 2, 5] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];

		for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
			for (const m of steps) {
				const v = m * 10 ** e;

				if (v >= low * 0.999 && v <= high * 1.001)
					ticks.push({v, label: format(v)});
			}
		return ticks;
	},

	durationAxis(low, high) {
		return tn.logTicks(low, high, tn.tick);
	},

	element(name, text, className) {
		const e = document.createElement(name);

		if (text !== undefined)
			e.textContent = text;
		if (className)
			e.className = className;
		return e;
	},

	button(parent, text, action) {
		const b = tn.element('button', text);

		b.type = 'button';
		b.addEventListener('click', () => action(b));
		parent.append(b);
		return b;
	},

	parts(id) {
		const figure = document.getElementById(id);

		return figure && {figure, plot: figure.querySelector('.plot'), controls: figure.querySelector('.controls'),
			readout: figure.querySelector('.readout')};
	},

	empty(parts, why) {
		parts.plot.classList.add('empty');
		parts.plot.removeAttribute('tabindex');
		parts.plot.textContent = why;
		parts.controls.replaceChildren();
	},

	nothing: 'Nothing to draw: no window of kind spin was measured, or no interruption was seen.',

	sideName(i) {
		const {name} = tn.data.sides[i], letter = 'AB'[i];

		return tn.data.sides.length === 1 || name === letter ? name : `${letter}: ${name}`;
	},

	sideKey(parts) {
		const list = tn.element('ul', undefined, 'key');

		tn.data.sides.forEach((side, i) => {
			const item = tn.element('li'), swatch = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
			const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');

			swatch.setAttribute('viewBox', '0 0 10 10');
			swatch.setAttribute('class', 'swatch');
			swatch.setAttribute('aria-hidden', 'true');
			rect.setAttribute('width', '10');
			rect.setAttribute('height', '10');
			swatch.append(rect);
			item.append(swatch, `${tn.sideName(i)}, Linux ${side.kernel}`);
			list.append(item);
			tn.redraw.push(() => rect.setAttribute('fill', tn.colour(i ? 'side-b' : 'side-a')));
		});
		parts.controls.append(list);
	},

	/* Options that every plot has; called again when colours change. */
	look() {
		return {axisLineColor: tn.colour('line'), gridLineColor: tn.colour('line'), gridLineWidth: 0.5,
			colors: [tn.colour('side-a'), tn.colour('side-b')]};
	},

	/* Moves through the rows of a dygraph and zooms it by the keyboard. */
	keys(g, parts, extent) {
		let row = -1;

		parts.plot.addEventListener('keydown', (e) => {
			const step = {ArrowRight: 1, ArrowLeft: -1}[e.key];

			if (!g.xAxisRange || e.ctrlKey || e.altKey || e.metaKey)
				return;
			const [low, high] = g.xAxisRange(), middle = (low + high) / 2;

			if (step) {
				row = Math.min(Math.max(row + step, 0), g.numRows() - 1);
				g.setSelection(row);
				parts.show(row);
			} else if (e.key === '+' || e.key === '=') {
				if (high - low > (extent[1] - extent[0]) / tn.deepest)
					g.updateOptions({dateWindow: [(low + middle) / 2, (high + middle) / 2]});
			} else if (e.key === '-')
				g.updateOptions({dateWindow: [Math.max(extent[0], 2 * low - middle), Math.min(extent[1], 2 * high - middle)]});
			else if (e.key === '0' || e.key === 'Escape')
				g.updateOptions({dateWindow: extent});
			else
				return;
			e.preventDefault();
		});
	},
};

/* The intervals, as far as there are any: the maximum has none, and nothing leads to it. */
function bandPlotter(e) {
	const c = e.drawingContext, g = e.dygraph, side = tn.data.sides[e.seriesIndex], [bottom] = g.yAxisRange();
	const band = side.curve.filter((p) => p[2] !== null && p[3] !== null), y = (v) => g.toDomYCoord(Math.max(v, bottom));

	if (!band.length)
		return;
	c.fillStyle = e.color;
	c.globalAlpha = 0.22;
	c.beginPath();
	for (const p of band)
		c.lineTo(g.toDomXCoord(p[0]), y(p[3]));
	for (const p of band.reverse())
		c.lineTo(g.toDomXCoord(p[0]), y(p[2]));
	c.fill();
	c.globalAlpha = 1;
}

function drawCurve() {
	const parts = tn.parts('curve'), sides = tn.data.sides, rows = new Map();
	const grain = Math.max(...sides.map((s) => s.grain || 1));
	let low = Infinity, high = 0, last = 0;

	sides.forEach((side, i) => {
		for (const [u, value] of side.curve) {
			if (value === null)
				continue;
			const row = rows.get(u) || [u, ...sides.map(() => null)], v = row[i + 1] = Math.max(value, grain);

			rows.set(u, row);
			low = Math.min(low, v); /* of the lines: an interval of few runs may span the universe */
			high = Math.max(high, v);
			last = Math.max(last, u);
		}
	});
	if (!rows.size)
		return tn.empty(parts, tn.nothing);

	const data = [...rows.values()].sort((a, b) => a[0] - b[0]), extent = [0, last * 1.02];
	const percent = (u) => u === 0 ? '0%' : (100 * (1 - 10 ** -u)).toFixed(Math.max(0, Math.ceil(u) - 2)) + '%';

	parts.show = (row) => {
		const u = data[row][0];
		const said = sides.map((side, i) => {
			const point = side.curve.find((p) => p[0] === u);

			if (!point)
				return '';
			return `${sides.length > 1 ? 'AB'[i] + ' ' : ''}` + (point === side.curve[side.curve.length - 1]
				? `${tn.duration(point[1])} (maximum)`
				: tn.duration(point[1]) + (point[2] === null ? '' : ` (95%: ${tn.duration(point[2])} to ${tn.duration(point[3])})`));
		}).filter((s) => s);

		parts.readout.textContent = `${(100 * (1 - 10 ** -u)).toPrecision(Math.max(2, Math.ceil(u) + 1))}% of the quanta needed at most: ${said.join('; ')}`;
	};

	const g = new Dygraph(parts.plot, data, {
		...tn.look(), labels: ['percentile', ...sides.map((s, i) => tn.sideName(i))], plotter: [bandPlotter, Dygraph.Plotters.linePlotter], logscale: true,
		connectSeparatedPoints: true, valueRange: [Math.max(low / 2, grain / 1.3), high * 3], dateWindow: extent, strokeWidth: 2,
		drawPoints: true, pointSize: 1.5, highlightCircleSize: 5, xlabel: 'percentile of quanta', ylabel: 'extra time',
		xRangePad: 0, labelsKMB: false, legend: 'never',
		axes: {
			x: {
				axisLabelWidth: 70,
				ticker(a, b, pixels) {
					const ticks = [{v: 0, label: '0%'}];

					if (pixels * Math.log10(2) / (b - a) > 45)
						ticks.push({v: Math.log10(2), label: '50%'});

					for (let u = 1; u <= b; u++)
						ticks.push({v: u, label: percent(u)});
					return ticks.filter((t) => t.v >= a && t.v <= b);
				},
			},
			y: {axisLabelWidth: 60, ticker: (a, b) => tn.durationAxis(a, b)},
		},
		highlightCallback: (e, x, points, row) => parts.show(row),
	});

	tn.keys(g, parts, extent);
	tn.sideKey(parts);
	tn.redraw.push(() => g.updateOptions(tn.look()));
	tn.curve = g;
}

/* The first side as bars, the second as the outline of its own, so that neither hides the other. */
function barPlotter(e) {
	const c = e.drawingContext, g = e.dygraph, width = 1 / tn.data.bins_per_decade;
	const bottom = e.plotArea.y + e.plotArea.h;

	if (e.seriesIndex > 0)
		return;
	tn.data.sides.forEach((side, i) => {
		let end = -1;

		c.fillStyle = c.strokeStyle = tn.colour(i ? 'side-b' : 'side-a');
		c.lineWidth = 2;
		c.globalAlpha = i ? 1 : 0.5;
		c.beginPath();
		for (const [bin, count] of side.histogram) {
			const x = g.toDomXCoord(bin * width), right = g.toDomXCoord((bin + 1) * width), y = g.toDomYCoord(count);

			if (!i) {
				c.fillRect(x, y, Math.max(1, right - x - 0.5), bottom - y);
				continue;
			}
			if (bin !== end) {
				if (end >= 0)
					c.lineTo(g.toDomXCoord(end * width), bottom);
				c.moveTo(x, bottom);
			}
			c.lineTo(x, y);
			c.lineTo(right, y);
			end = bin + 1;
		}
		if (end >= 0)
			c.lineTo(g.toDomXCoord(end * width), bottom);
		c.stroke();
		c.globalAlpha = 1;
	});
}

function drawHistogram() {
	const parts = tn.parts('histogram'), sides = tn.data.sides, width = 1 / tn.data.bins_per_decade;
	const counts = sides.map((s) => new Map(s.histogram)), bins = sides.flatMap((s) => s.histogram.map((b) => b[0]));

	if (!bins.length)
		return tn.empty(parts, tn.nothing);

	const from = Math.min(...bins) - 1, to = Math.max(...bins) + 2, data = [];
	const most = Math.max(...sides.flatMap((s) => s.histogram.map((b) => b[1])));

	for (let i = from; i <= to; i++)
		data.push([(i + 0.5) * width, ...counts.map((c) => c.get(i) || 0.5)]);
	parts.show = (row) => {
		const i = from + row;

		parts.readout.textContent = `${tn.duration(10 ** (i * width))} to ${tn.duration(10 ** ((i + 1) * width))}: ` + counts.map(
			(c, k) => `${sides.length > 1 ? 'AB'[k] + ' ' : ''}${(c.get(i) || 0).toLocaleString('en')} in ${tn.duration(sides[k].seconds * 1e9)} measured`).join('; ');
	};

	const extent = [from * width, (to + 1) * width];
	const g = new Dygraph(parts.plot, data, {
		...tn.look(), labels: ['length', ...sides.map((s, i) => tn.sideName(i))], logscale: true, plotter: barPlotter,
		valueRange: [0.5, most * 1.6], dateWindow: extent, xlabel: 'length of the interruption', ylabel: 'interruptions',
		highlightCircleSize: 4, legend: 'never',
		axes: {
			x: {axisLabelWidth: 60, ticker: (a, b) => tn.logTicks(10 ** a, 10 ** b, tn.tick).map((t) => ({v: Math.log10(t.v), label: t.label}))},
			y: {axisLabelWidth: 60, ticker: (a, b) => tn.logTicks(Math.max(a, 1), b, (v) => v.toLocaleString('en'))},
		},
		highlightCallback: (e, x, points, row) => parts.show(row),
	});

	tn.keys(g, parts, extent);
	tn.sideKey(parts);
	tn.redraw.push(() => g.updateOptions(tn.look()));
	tn.histogram = g;
}
