// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Figures for people: three significant digits with their unit, counts exact and with separators. A
 * document may carry any text, the names of tasks for one: what a terminal would obey is made visible.
 */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "base/utf8.h"
#include "report/parts.h"

const char *report_ns(struct report_buf *b, double ns)
{
	return tn_format_ns(ns, b->text, sizeof(b->text));
}

const char *report_ticks(struct report_buf *b, const struct tn_run *run, double ticks)
{
	return report_ns(b, tn_ticks_to_ns(&run->clock, ticks));
}

/* 1234567 as "1,234,567". */
const char *report_count(struct report_buf *b, uint64_t n)
{
	char digits[24];
	size_t len, at = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			b->text[at++] = ',';
		b->text[at++] = digits[i];
	}
	b->text[at] = '\0';
	return b->text;
}

/* Three significant digits, never an exponent. */
const char *report_number(struct report_buf *b, double v)
{
	int decimals = 0;

	if (!isfinite(v))
		return strcpy(b->text, "-");
	if (v >= 999.5 && v < 1e18)
		return report_count(b, (uint64_t)(v + 0.5));
	if (v > 0.0)
		for (double limit = 99.95; v < limit && decimals < 7; limit /= 10)
			decimals++;
	snprintf(b->text, sizeof(b->text), "%.*f", decimals, v);
	return b->text;
}

const char *report_interval(struct report_buf *b, struct tn_interval i)
{
	struct report_buf low, high;

	if (!isfinite(i.low) && !isfinite(i.high))
		return strcpy(b->text, "-");
	snprintf(b->text, sizeof(b->text), "%.20s-%.20s", report_number(&low, i.low), report_number(&high, i.high));
	return b->text;
}

/* A share of time: per cent, or ppm where per cent would begin with zeros. */
const char *report_share(struct report_buf *b, double share)
{
	struct report_buf v;

	if (!isfinite(share))
		return strcpy(b->text, "-");
	if (share > 0.0 && share < 9.995e-5)
		snprintf(b->text, sizeof(b->text), "%.20s ppm", report_number(&v, share * 1e6));
	else
		snprintf(b->text, sizeof(b->text), "%.20s%%", report_number(&v, share * 100));
	return b->text;
}

const char *report_cpus(struct report_buf *b, const struct tn_cpus *cpus)
{
	return tn_cpus_format(cpus, b->text, sizeof(b->text));
}

const char *report_range_ns(struct report_buf *b, double low, double high)
{
	struct report_buf l, h;

	report_ns(&l, low);
	report_ns(&h, high);
	if (!strcmp(l.text, h.text))
		snprintf(b->text, sizeof(b->text), "%.20s", l.text);
	else
		snprintf(b->text, sizeof(b->text), "%.20s to %.20s", l.text, h.text);
	return b->text;
}

/* "1.34-1.82 us", "807 ns-1.07 us", "111 ns" when both ends read alike. */
const char *report_interval_ns(struct report_buf *b, struct tn_interval i)
{
	struct report_buf low, high;
	char *unit;

	if (!(i.confidence > 0.0))
		return strcpy(b->text, "-");
	report_ns(&low, i.low);
	report_ns(&high, i.high);
	if (!strcmp(low.text, high.text))
		return strcpy(b->text, low.text);
	unit = strchr(low.text, ' ');
	if (unit && strchr(high.text, ' ') && !strcmp(unit, strchr(high.text, ' ')))
		*unit = '\0';
	snprintf(b->text, sizeof(b->text), "%.20s-%.20s", low.text, high.text);
	return b->text;
}

/* Of intervals over whole rounds. */
const char *report_confidence(struct report_buf *b, double confidence)
{
	if (confidence > 0.0)
		snprintf(b->text, sizeof(b->text), "%.1f%%", confidence * 100.0);
	else
		strcpy(b->text, "none with less than two of them");
	return b->text;
}

/* Replaces what is no printable character, and all beyond ASCII unless it was asked for, by "?". */
void report_clean(const struct report *r, char *text)
{
	size_t n;

	for (char *p = text; *p; p += n ? n : 1) {
		n = tn_utf8_length(p, TN_UTF8_MAX);
		if (!n || tn_utf8_is_control(p, n) || (n > 1 && !r->opt.unicode))
			memset(p, '?', n ? n : 1);
	}
}
