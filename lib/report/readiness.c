// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How ready the machine was: a line, and in a page, which is read elsewhere and later, what was found where something
 * was not as it should be. On a terminal tlbnoise check says the rest.
 */
#include <string.h>

#include "report/parts.h"

/* Rows of one check stand together: its verdict is the worst of them. Returns the row behind them. */
static size_t one_check(const struct tn_run *run, size_t i, enum tn_check_verdict *ret)
{
	const struct tn_run_readiness *first = &run->readiness[i];

	*ret = first->verdict;
	for (; i < run->n_readiness && !strcmp(run->readiness[i].id, first->id); i++)
		if (run->readiness[i].verdict > *ret)
			*ret = run->readiness[i].verdict;
	return i;
}

/* "2 failed: nohz-full, governor" */
static void add_bad(const struct tn_run *run, enum tn_check_verdict wanted, const char *word, char *buf, size_t size)
{
	enum tn_check_verdict verdict;
	char names[512] = "";
	unsigned int n = 0;

	for (size_t i = 0, next; i < run->n_readiness; i = next) {
		size_t len = strlen(names);

		next = one_check(run, i, &verdict);
		if (verdict != wanted)
			continue;
		n++;
		snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", run->readiness[i].id);
	}
	if (n)
		snprintf(buf + strlen(buf), size - strlen(buf), ", %u %s (%s)", n, word, names);
}

void report_readiness(struct report *r)
{
	const struct tn_run *run = r->run;
	enum tn_check_verdict verdict;
	unsigned int ok = 0, unknown = 0;
	char bad[1200] = "", more[32] = "";

	if (!run->n_readiness)
		return;
	for (size_t i = 0; i < run->n_readiness;) {
		i = one_check(run, i, &verdict);
		ok += verdict == TN_CHECK_OK;
		unknown += verdict == TN_CHECK_UNKNOWN;
	}
	add_bad(run, TN_CHECK_FAIL, "failed", bad, sizeof(bad));
	add_bad(run, TN_CHECK_WARNING, "with a warning", bad, sizeof(bad));
	if (unknown)
		snprintf(more, sizeof(more), ", %u unknown", unknown);
	report_text(r, REPORT_PLAIN, 0, 2, "Readiness: %u checks ok%s%s; %s.", ok, bad, more,
		    r->opt.html ? "evidence below" : "see 'tlbnoise check'");
}

/* Returns 0 or -ENOMEM. */
int report_readiness_table(struct report *r)
{
	static const struct report_column columns[] = {
		{"CHECK", true}, {"CPUS", true}, {"VERDICT", true}, {"WHERE, AND WHAT WAS FOUND THERE", true}};
	const struct tn_run *run = r->run;
	struct report_table *t;
	struct report_buf cpus;
	size_t rows = 0;

	for (size_t i = 0; i < run->n_readiness; i++)
		rows += run->readiness[i].verdict >= TN_CHECK_UNKNOWN;
	if (!rows || !r->opt.html)
		return 0;
	report_heading(r, "Readiness");
	t = report_table_new(columns, TN_ARRAY_SIZE(columns));
	for (size_t i = 0; i < run->n_readiness && t; i++) {
		const struct tn_run_readiness *c = &run->readiness[i];

		if (c->verdict >= TN_CHECK_UNKNOWN)
			report_table_row(t, c->id, tn_cpus_empty(&c->cpus) ? "machine" : report_cpus(&cpus, &c->cpus),
					 tn_check_verdict_name(c->verdict), c->evidence);
	}
	return report_table_print(t, r);
}
