// SPDX-License-Identifier: GPL-2.0-or-later
/* Draws the plots, and again in other colours when it gets dark or the page goes to paper. */
'use strict';

function repaint() {
	for (const again of tn.redraw)
		again();
}

function paper(on) {
	document.documentElement.classList.toggle('paper', on);
	for (const g of [tn.curve, tn.histogram, ...tn.timelines.map((t) => t && t.g)])
		if (g)
			g.resize();
	repaint();
}

drawCurve();
drawHistogram();
drawTimelines();
repaint();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
addEventListener('beforeprint', () => {
	for (const d of document.querySelectorAll('details'))
		d.open = true;
	paper(true);
});
addEventListener('afterprint', () => paper(false));
document.documentElement.dataset.drawn = 'yes';
