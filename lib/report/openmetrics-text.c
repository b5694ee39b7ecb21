// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The syntax of the two formats: OpenMetrics 1.0, and the text format 0.0.4 of Prometheus, which node_exporter reads
 * from files. They differ in what a family is called (the first without the suffixes of its samples), in types (the
 * second has neither info nor histograms that may shrink), and in the line that says where it ends.
 *
 * Values of labels come from documents of anybody: one that is no UTF-8 would have the whole scrape refused.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"
#include "report/openmetrics.h"

static const struct {
	const char *name[2]; /* of the type, by format */
	const char *suffix;  /* of the samples */
	const char *old;     /* suffix of the family in the older format */
} types[] = {
	[TN_EXPOSITION_GAUGE] = {{"gauge", "gauge"}, "", ""},
	[TN_EXPOSITION_COUNTER] = {{"counter", "counter"}, "_total", "_total"},
	[TN_EXPOSITION_HISTOGRAM] = {{"gaugehistogram", "histogram"}, "", ""},
	[TN_EXPOSITION_INFO] = {{"info", "gauge"}, "_info", "_info"},
};

/** tn_exposition_mime() - the Content-Type of a format */
const char *tn_exposition_mime(enum tn_exposition_format format)
{
	return format == TN_EXPOSITION_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
						   : "text/plain; version=0.0.4; charset=utf-8";
}

/**
 * tn_exposition_parse() - a format by its name
 * @name: "openmetrics" or "prometheus"
 * @ret: the format
 * @err: the names there are
 *
 * Return: 0 or -EINVAL.
 */
int tn_exposition_parse(const char *name, enum tn_exposition_format *ret, struct tn_error *err)
{
	if (strcmp(name, "openmetrics") && strcmp(name, "prometheus"))
		return tn_error_set(err, -EINVAL, "--format %s: there are prometheus and openmetrics", name);
	*ret = *name == 'o' ? TN_EXPOSITION_OPENMETRICS : TN_EXPOSITION_PROMETHEUS;
	return 0;
}

/**
 * tn_exposition_family() - begin a family; its samples follow
 * @x: the stream
 * @name: without _total or _info; must stay as long as samples are written
 * @type: of the family
 * @unit: the last word of @name, such as "seconds"; NULL: none
 * @help: one sentence without line breaks, quotes and backslashes
 */
void tn_exposition_family(struct tn_exposition *x, const char *name, enum tn_exposition_type type, const char *unit,
			  const char *help)
{
	const char *suffix = x->format == TN_EXPOSITION_PROMETHEUS ? types[type].old : "";

	x->family = name;
	x->type = type;
	fprintf(x->out, "# TYPE %s%s %s\n", name, suffix, types[type].name[x->format]);
	if (unit && x->format == TN_EXPOSITION_OPENMETRICS)
		fprintf(x->out, "# UNIT %s %s\n", name, unit);
	fprintf(x->out, "# HELP %s%s %s\n", name, suffix, help);
}

/* As short as reads back the same. */
static void put_value(FILE *out, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	fprintf(out, " %s\n", text);
}

/**
 * tn_exposition_sample() - a value of the family
 * @x: the stream
 * @value: nothing is written when it is not finite: there is no such figure
 * @fmt: the labels, such as host="a",cpu="1"; see tn_exposition_label(). They may come out empty
 */
void tn_exposition_sample(const struct tn_exposition *x, double value, const char *fmt, ...)
{
	char labels[4096];
	va_list args;

	if (!isfinite(value))
		return;
	va_start(args, fmt);
	vsnprintf(labels, sizeof(labels), fmt, args);
	va_end(args);
	fprintf(x->out, "%s%s", x->family, types[x->type].suffix);
	if (*labels)
		fprintf(x->out, "{%s}", labels);
	put_value(x->out, value);
}

/**
 * tn_exposition_bucket() - a bucket of a histogram
 * @x: the stream, in a family of type TN_EXPOSITION_HISTOGRAM
 * @labels: of the histogram, not empty
 * @le: upper bound, as written; "+Inf" the last
 * @count: values up to it
 */
void tn_exposition_bucket(const struct tn_exposition *x, const char *labels, const char *le, uint64_t count)
{
	fprintf(x->out, "%s_bucket{%s,le=\"%s\"} %" PRIu64 "\n", x->family, labels, le, count);
}

/** tn_exposition_sum() - what stands behind the buckets of a histogram: number and sum of its values */
void tn_exposition_sum(const struct tn_exposition *x, const char *labels, uint64_t count, double sum)
{
	const char *g = x->format == TN_EXPOSITION_OPENMETRICS ? "g" : "";

	fprintf(x->out, "%s_%scount{%s} %" PRIu64 "\n%s_%ssum{%s}", x->family, g, labels, count, x->family, g, labels);
	put_value(x->out, sum);
}

/**
 * tn_exposition_label() - a text as the value of a label
 * @text: any bytes; what is no character becomes a question mark
 * @buf: receives it, without quotes
 * @size: of @buf; what does not fit is left out
 *
 * Return: @buf.
 */
const char *tn_exposition_label(const char *text, char *buf, size_t size)
{
	size_t left = strlen(text), at = 0;

	while (left) {
		size_t n = tn_utf8_length(text, left), length = n ? n : 1;
		char piece[TN_UTF8_MAX + 1];

		if (*text == '\\' || *text == '"')
			n = (size_t)snprintf(piece, sizeof(piece), "\\%c", *text);
		else if (!n || tn_utf8_is_control(text, n))
			n = (size_t)snprintf(piece, sizeof(piece), "?");
		else
			memcpy(piece, text, n);
		if (at + n >= size)
			break;
		memcpy(buf + at, piece, n);
		at += n;
		text += length;
		left -= length;
	}
	buf[at] = '\0';
	return buf;
}

/**
 * tn_exposition_end() - nothing follows
 * @x: the stream
 * @err: message
 *
 * Return: 0; -EIO when the stream failed, -EPIPE when nobody reads it any more.
 */
int tn_exposition_end(const struct tn_exposition *x, struct tn_error *err)
{
	if (x->format == TN_EXPOSITION_OPENMETRICS)
		fputs("# EOF\n", x->out);
	if (fflush(x->out) || ferror(x->out))
		return tn_error_set(err, errno == EPIPE ? -EPIPE : -EIO, "cannot write the metrics: %s",
				    strerror(errno));
	return 0;
}
