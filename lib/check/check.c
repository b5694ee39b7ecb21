// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the checks. Everything is read below a root and nothing is changed: a check is a function from a file tree to a
 * finding, so that each can be tested with a made tree. What many checks need, tasks and topology, is read once.
 */
#include "check/check.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "check/internal.h"

static const char *const VERDICTS[] = {
	[TN_CHECK_NOT_APPLICABLE] = "not applicable",
	[TN_CHECK_OK] = "ok",
	[TN_CHECK_UNKNOWN] = "unknown",
	[TN_CHECK_WARNING] = "warning",
	[TN_CHECK_FAIL] = "fail",
};

static const struct {
	const char *name, *title;
} GROUPS[] = {
	[TN_CHECK_ISOLATION] = {"isolation", "Isolation"},
	[TN_CHECK_INTERRUPTS] = {"interrupts", "Interrupts of devices"},
	[TN_CHECK_KERNEL] = {"kernel", "Work of the kernel"},
	[TN_CHECK_MEMORY] = {"memory", "Memory"},
	[TN_CHECK_CLOCK] = {"clock", "Clock"},
	[TN_CHECK_POWER] = {"power", "Frequency, idle states, cores"},
	[TN_CHECK_MACHINE] = {"machine", "Hypervisor, firmware, errors"},
	[TN_CHECK_MEASURING] = {"measuring", "Measuring"},
};

/** tn_check_verdict_name() - the word for a verdict; NULL for a number that is none */
const char *tn_check_verdict_name(enum tn_check_verdict v)
{
	return (size_t)v < TN_ARRAY_SIZE(VERDICTS) ? VERDICTS[v] : NULL;
}

/** tn_check_group_name() - a group's name for programs */
const char *tn_check_group_name(enum tn_check_group g)
{
	return (size_t)g < TN_ARRAY_SIZE(GROUPS) ? GROUPS[g].name : "?";
}

/** tn_check_group_title() - a group's name for people */
const char *tn_check_group_title(enum tn_check_group g)
{
	return (size_t)g < TN_ARRAY_SIZE(GROUPS) ? GROUPS[g].title : "?";
}

static void free_context(struct tn_check_context *c)
{
	free(c->task);
	free(c->irqs.place);
	free(c->rx.place);
	free(c->tx.place);
	free(c);
}

TN_DEFINE_CLEANUP(struct tn_check_context, free_context);

/* The first "flags" line ("Features" on aarch64); the others say the same. */
static void read_flags(struct tn_check_context *c)
{
	char text[8192];
	const char *line;

	if (check_read(c, text, sizeof(text), "/proc/cpuinfo") < 0)
		return;
	line = strstr(text, "\nflags");
	line = line ? line : strstr(text, "\nFeatures");
	line = line ? strchr(line, ':') : NULL;
	if (line)
		snprintf(c->cpu_flags, sizeof(c->cpu_flags), "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
}

static int choose_cpus(struct tn_check_context *c, const struct tn_cpus *cpus, struct tn_error *err)
{
	const struct tn_topology *t = &c->topology;
	struct tn_cpus offline;
	char text[TN_CPUS_TEXT], online[TN_CPUS_TEXT];

	if (cpus) {
		c->cpus = *cpus;
		offline = tn_cpus_minus(cpus, &t->online);
		if (tn_cpus_empty(cpus) || !tn_cpus_empty(&offline))
			return tn_error_set(err, -ENODEV, "CPU %s is not online here: choose from %s",
					    tn_cpus_format(&offline, text, sizeof(text)),
					    tn_cpus_format(&t->online, online, sizeof(online)));
	} else {
		c->cpus = tn_cpus_minus(&t->online, &t->housekeeping);
		if (tn_cpus_empty(&c->cpus))
			tn_cpus_add(&c->cpus, (unsigned int)tn_cpus_last(&t->online));
	}
	c->housekeeping = tn_cpus_minus(&t->housekeeping, &c->cpus);
	return 0;
}

static void run_one(const struct tn_check_context *c, const struct tn_check *check, int cpu, struct tn_check_finding *f)
{
	*f = (struct tn_check_finding){.check = check, .cpu = cpu, .verdict = TN_CHECK_UNKNOWN};
	(check->run ? check->run : check_rule)(c, cpu, f);
	if (f->verdict == TN_CHECK_WARNING || f->verdict == TN_CHECK_FAIL)
		check_expand(c, cpu, check->fix, f->fix, sizeof(f->fix));
}

static void run_all(const struct tn_check_context *c, struct tn_check_report *report)
{
	const struct tn_check *check;

	for (size_t i = 0; (check = tn_check_at(i)); i++) {
		if (!check->per_cpu) {
			run_one(c, check, -1, &report->finding[report->n++]);
			continue;
		}
		tn_cpus_for_each(cpu, &c->cpus)
			run_one(c, check, cpu, &report->finding[report->n++]);
	}
}

/**
 * tn_check_run() - is this machine ready?
 * @root: root of the file tree, "" for this machine
 * @cpus: to check; NULL: the isolated ones, or the one that a run would probe when none is
 * @isolated: CPUs that lie outside the scheduler's domains beside those of which the kernel says so, as with a
 *	cpuset of the legacy hierarchy; NULL: none
 * @ret: the findings; free with tn_check_free(); untouched on failure
 * @err: what could not be read
 *
 * Reads files only: no register of a CPU, no system call that reaches another CPU, no change.
 *
 * Return: 0; -ENODEV for CPUs that are not online; negative errno of reading what there must be; -ENOMEM.
 */
int tn_check_run(const char *root, const struct tn_cpus *cpus, const struct tn_cpus *isolated,
		 struct tn_check_report **ret, struct tn_error *err)
{
	tn_cleanup(free_contextp) struct tn_check_context *c = calloc(1, sizeof(*c));
	tn_cleanup(tn_check_freep) struct tn_check_report *report = calloc(1, sizeof(*report));
	int r;

	if (!c || !report)
		return tn_error_set(err, -ENOMEM, "no memory to check the machine");
	c->root = root;
	r = tn_topology_read(root, &c->topology, err);
	if (isolated)
		c->apart = *isolated;
	if (r == 0)
		r = choose_cpus(c, cpus, err);
	if (r == 0)
		r = tn_environment_read(root, &c->env, err);
	if (r < 0)
		return r;
	read_flags(c);
	check_tasks_read(c);
	check_places_read(c);
	report->cpus = c->cpus;
	report->housekeeping = c->housekeeping;
	report->chosen = cpus;
	report->isolated = !tn_cpus_empty(&c->topology.isolated) || !tn_cpus_empty(&c->topology.nohz_full);
	report->finding = calloc(tn_check_count() * (tn_cpus_count(&c->cpus) + 1), sizeof(*report->finding));
	if (!report->finding)
		return tn_error_set(err, -ENOMEM, "no memory to check the machine");
	run_all(c, report);
	*ret = tn_steal_ptr(report);
	return 0;
}

/** tn_check_free() - counterpart of tn_check_run() */
void tn_check_free(struct tn_check_report *report)
{
	free(report->finding);
	free(report);
}

static bool says_the_same(const struct tn_check_finding *a, const struct tn_check_finding *b)
{
	return a->check == b->check && a->check->per_cpu && a->verdict == b->verdict && !strcmp(a->value, b->value);
}

/**
 * tn_check_rows() - the findings, with CPUs of which a check says the same in one row
 * @report: the findings
 * @ret: the rows in the table's order; free(); they point into @report
 * @ret_n: how many
 * @err: no memory
 *
 * Return: 0 or -ENOMEM.
 */
int tn_check_rows(const struct tn_check_report *report, struct tn_check_row **ret, size_t *ret_n, struct tn_error *err)
{
	struct tn_check_row *row = calloc(report->n + 1, sizeof(*row));
	size_t n = 0, i, j;

	if (!row)
		return tn_error_set(err, -ENOMEM, "no memory for the findings");
	for (i = 0; i < report->n; i++) {
		const struct tn_check_finding *f = &report->finding[i];

		for (j = n; j && row[j - 1].finding->check == f->check; j--)
			if (says_the_same(row[j - 1].finding, f))
				break;
		if (!j || row[j - 1].finding->check != f->check) {
			row[n].finding = f;
			j = ++n;
		}
		if (f->cpu >= 0)
			tn_cpus_add(&row[j - 1].cpus, (unsigned int)f->cpu);
	}
	*ret = row;
	*ret_n = n;
	return 0;
}

/** tn_check_overall() - the worst verdict of a check, over all CPUs */
enum tn_check_verdict tn_check_overall(const struct tn_check_report *report, const struct tn_check *check)
{
	enum tn_check_verdict worst = TN_CHECK_NOT_APPLICABLE;

	for (size_t i = 0; i < report->n; i++)
		if (report->finding[i].check == check && report->finding[i].verdict > worst)
			worst = report->finding[i].verdict;
	return worst;
}

/** tn_check_tally() - how many checks came out how, by their overall verdicts */
void tn_check_tally(const struct tn_check_report *report, unsigned int count[TN_CHECK_VERDICTS])
{
	const struct tn_check *check;

	memset(count, 0, TN_CHECK_VERDICTS * sizeof(*count));
	for (size_t i = 0; (check = tn_check_at(i)); i++)
		count[tn_check_overall(report, check)]++;
}
