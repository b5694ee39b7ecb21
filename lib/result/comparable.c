// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether documents may be compared at all. All of both sets are held against the first document: a set that
 * is mixed in itself is no better than two that differ. The kernel, its configuration and its command line may
 * differ, that is what one compares; what was done, on which CPUs and with which ruler may not.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "result/comparison.h"

#define CLOCK_TOLERANCE     1e-3 /* of the tick rate; it is measured anew by each run */
#define THRESHOLD_TOLERANCE 0.1  /* of an automatic threshold, which follows the loop's floor */

struct check {
	struct tn_comparison *c;
	const struct tn_run *first, *other;
	int r;
};

static void differ(struct check *k, bool refuses, const char *fmt, ...) tn_printf(3, 4);
static void differ(struct check *k, bool refuses, const char *fmt, ...)
{
	struct tn_comparison *c = k->c;
	struct tn_difference d = {.refuses = refuses}, *larger;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d.text, sizeof(d.text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < c->n_differences; i++)
		if (!strcmp(c->difference[i].text, d.text))
			return;
	larger = reallocarray(c->difference, c->n_differences + 1, sizeof(*larger));
	if (!larger) {
		k->r = -ENOMEM;
		return;
	}
	c->difference = larger;
	c->difference[c->n_differences++] = d;
	c->not_comparable |= refuses;
}

static void differ_text(struct check *k, bool refuses, const char *what, const char *a, const char *b)
{
	if (strcmp(a, b))
		differ(k, refuses, "%s: '%.100s' and '%.100s'", what, a, b);
}

static bool same_overrides(const struct tn_run *a, const struct tn_run *b)
{
	if (a->n_overrides != b->n_overrides)
		return false;
	for (size_t i = 0; i < a->n_overrides; i++)
		if (strcmp(a->override[i], b->override[i]))
			return false;
	return true;
}

/* The first line in which two texts differ; from 1. */
static unsigned int first_difference(const char *a, const char *b)
{
	unsigned int line = 1;

	for (; *a && *a == *b; a++, b++)
		line += *a == '\n';
	return line;
}

static void check_scenario(struct check *k)
{
	const struct tn_run *a = k->first, *b = k->other;
	const char *text_a = a->scenario_text ? a->scenario_text : "",
		   *text_b = b->scenario_text ? b->scenario_text : "";

	differ_text(k, true, "scenario", a->scenario_name, b->scenario_name);
	if (strcmp(text_a, text_b) && !strcmp(a->scenario_name, b->scenario_name))
		differ(k, true, "text of the scenario '%.60s': they differ from line %u on", a->scenario_name,
		       first_difference(text_a, text_b));
	if (!same_overrides(a, b))
		differ(k, true, "overrides of the scenario: %zu ('%.60s'...) and %zu ('%.60s'...)", a->n_overrides,
		       a->n_overrides ? a->override[0] : "", b->n_overrides, b->n_overrides ? b->override[0] : "");
	if (a->duration_ns != b->duration_ns)
		differ(k, true, "length of the windows: %.4g s and %.4g s", (double)a->duration_ns / 1e9,
		       (double)b->duration_ns / 1e9);
}

static void check_cpus(struct check *k)
{
	char a[256], b[256];

	if (tn_cpus_equal(&k->first->probed, &k->other->probed))
		return;
	tn_cpus_format(&k->first->probed, a, sizeof(a));
	tn_cpus_format(&k->other->probed, b, sizeof(b));
	differ_text(k, true, "probed CPUs", a, b);
}

static double threshold_ns(const struct tn_run *run)
{
	return run->n_cpus ? tn_ticks_to_ns(&run->clock, (double)run->cpu[0].threshold_ticks) : NAN;
}

static void check_ruler(struct check *k)
{
	const struct tn_run *a = k->first, *b = k->other;
	double ta = threshold_ns(a), tb = threshold_ns(b);

	if (a->quantum_ns != b->quantum_ns)
		differ(k, true, "quantum of work: %.4g us and %.4g us", (double)a->quantum_ns / 1e3,
		       (double)b->quantum_ns / 1e3);
	if (a->threshold_auto != b->threshold_auto)
		differ(k, true, "threshold: automatic in one, set by the scenario in the other");
	else if (fabs(ta - tb) > (a->threshold_auto ? THRESHOLD_TOLERANCE : CLOCK_TOLERANCE) * fmax(ta, tb))
		differ(k, !a->threshold_auto,
		       "threshold: %.3g ns and %.3g ns, so that interruptions are not counted from the same length", ta,
		       tb);
	if (a->level != b->level)
		differ_text(k, true, "trace level", tn_trace_level_name(a->level), tn_trace_level_name(b->level));
}

static void check_clock(struct check *k)
{
	const struct tn_clock *a = &k->first->clock, *b = &k->other->clock;

	differ_text(k, true, "clock source of the tick rate", tn_clock_source_name(a->source),
		    tn_clock_source_name(b->source));
	differ_text(k, true, "clocksource of the kernel", a->clocksource, b->clocksource);
	if (fabs(a->hz - b->hz) > CLOCK_TOLERANCE * a->hz)
		differ(k, true, "tick rate: %.3f MHz and %.3f MHz", a->hz / 1e6, b->hz / 1e6);
}

static void check_machine(struct check *k)
{
	const struct tn_environment *a = &k->first->env, *b = &k->other->env;

	differ_text(k, true, "CPU model", a->cpu_model, b->cpu_model);
	differ_text(k, true, "architecture", a->arch, b->arch);
	differ_text(k, true, "virtualization", a->virtualization, b->virtualization);
	differ_text(k, false, "microcode", a->microcode, b->microcode);
	differ_text(k, false, "version of tlbnoise", k->first->tlbnoise_version, k->other->tlbnoise_version);
}

static const struct tn_run_reference *first_of(const struct tn_run *run, const char *tool)
{
	for (size_t i = 0; i < run->n_references; i++)
		if (!strcmp(run->reference[i].tool, tool) && !run->reference[i].failure[0])
			return &run->reference[i];
	return NULL;
}

/* Another tool's figures, by another version of it. */
static void tell_references(struct check *k)
{
	static const char *const tool[] = {"oslat", "cyclictest"};
	char what[48];

	for (size_t i = 0; i < TN_ARRAY_SIZE(tool); i++) {
		const struct tn_run_reference *a = first_of(k->first, tool[i]), *b = first_of(k->other, tool[i]);

		snprintf(what, sizeof(what), "version of %s", tool[i]);
		if (a && b)
			differ_text(k, false, what, a->version, b->version);
	}
}

/* Words or lines of one list that the other lacks, the first few. */
static void list_missing(const char (*a)[64], size_t n_a, const char (*b)[64], size_t n_b, char *buf, size_t size)
{
	size_t len = 0, k;

	buf[0] = '\0';
	for (size_t i = 0; i < n_a; i++) {
		for (k = 0; k < n_b && strcmp(a[i], b[k]); k++)
			;
		if (k == n_b && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "", a[i]);
	}
}

static void differ_lists(struct check *k, const char *what, const char (*a)[64], size_t n_a, const char (*b)[64],
			 size_t n_b)
{
	char only_a[128], only_b[128];

	list_missing(a, n_a, b, n_b, only_a, sizeof(only_a));
	list_missing(b, n_b, a, n_a, only_b, sizeof(only_b));
	if (only_a[0] || only_b[0])
		differ(k, false, "%s: only in the first: %s; only in the other: %s", what,
		       only_a[0] ? only_a : "nothing", only_b[0] ? only_b : "nothing");
}

static size_t split_words(const char *text, char (*word)[64], size_t max)
{
	size_t n = 0, len;

	for (const char *p = text; n < max && *p; p += len) {
		p += strspn(p, " ");
		len = strcspn(p, " ");
		if (len)
			snprintf(word[n++], sizeof(word[0]), "%.*s", (int)len, p);
	}
	return n;
}

/* What one usually compares, so it is said and never refused. */
static void tell_kernel(struct check *k)
{
	const struct tn_environment *a = &k->first->env, *b = &k->other->env;
	char word_a[64][64], word_b[64][64];
	size_t n_a = split_words(a->cmdline, word_a, TN_ARRAY_SIZE(word_a));
	size_t n_b = split_words(b->cmdline, word_b, TN_ARRAY_SIZE(word_b));

	differ_text(k, false, "kernel", a->kernel_release, b->kernel_release);
	differ_lists(k, "kernel configuration", a->config, a->n_config, b->config, b->n_config);
	differ_lists(k, "kernel command line", (const char(*)[64])word_a, n_a, (const char(*)[64])word_b, n_b);
}

/* A run counts once. Twice in a set it would be taken for a repetition, in both sets for a difference of 0. */
static void check_once(struct check *k, const struct tn_run *const *all, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!strcmp(all[i]->id, all[at]->id))
			differ(k, true, "run %s is given twice", all[at]->id);
}

/**
 * tn_comparison_check() - find what stands against a comparison
 * @c: gets the differences, and whether one of them makes the sets not comparable
 * @all: the documents of both sets
 * @n: how many, at least 1
 *
 * Return: 0 or -ENOMEM.
 */
int tn_comparison_check(struct tn_comparison *c, const struct tn_run *const *all, size_t n)
{
	struct check k = {.c = c, .first = all[0]};

	for (size_t i = 0; i < n && !k.r; i++) {
		k.other = all[i];
		check_once(&k, all, i);
		check_scenario(&k);
		check_cpus(&k);
		check_ruler(&k);
		check_clock(&k);
		check_machine(&k);
		tell_references(&k);
		tell_kernel(&k);
	}
	return k.r;
}
