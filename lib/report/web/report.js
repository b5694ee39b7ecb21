// SPDX-License-Identifier: GPL-2.0-or-later
/* Draws the plots, and again in other colours when it gets dark or the page goes to paper. */
'use strict';

function repaint() {
	for (const again of tn.redraw)
		again();
}

drawCurve();
drawHistogram();
drawTimelines();
repaint();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint);
addEventListener('beforeprint', () => {
	document.documentElement.classList.add('paper');
	for (const d of document.querySelectorAll('details'))
		d.open = true;
	repaint();
});
addEventListener('afterprint', () => {
	document.documentElement.classList.remove('paper');
	repaint();
});
document.documentElement.dataset.drawn = 'yes';
