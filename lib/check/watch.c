// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two readings of what the kernel counts for each CPU anyway, and what went up between them. Reading sums memory of
 * the other CPUs and interrupts none of them, wherever it happens; the caller still keeps off the CPUs it watches.
 *
 * Context switches of one CPU stand in /proc/schedstat (the count of tasks that began to run, its ninth figure:
 * Linux, Documentation/scheduler/sched-stats.rst), or else as nr_switches in debugfs. A kernel may have neither.
 */
#include "check/watch.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace/trace.h"

struct reading_cpu {
	int cpu;
	struct tn_counters counters;
	uint64_t switches;  /* UINT64_MAX unknown */
	uint64_t idle, all; /* clock ticks; all is 0 when unknown */
};

struct tn_watch_reading {
	size_t n;
	struct reading_cpu cpu[];
};

static FILE *open_at(const char *root, const char *file)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, file);
	return fopen(path, "re");
}

static uint64_t switches_of_schedstat(const char *root, int cpu)
{
	tn_autofclose FILE *f = open_at(root, "/proc/schedstat");
	char line[512];
	uint64_t n;
	int number;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "cpu%d %*u %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &number, &n) == 2 && number == cpu)
			return n;
	return UINT64_MAX;
}

static uint64_t switches_of_debugfs(const char *root, int cpu)
{
	tn_autofclose FILE *f = open_at(root, "/sys/kernel/debug/sched/debug");
	int number, current = -1;
	char line[512];
	uint64_t n;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "cpu#%d,", &number) == 1)
			current = number;
		else if (current == cpu && sscanf(line, " .nr_switches : %" SCNu64, &n) == 1)
			return n;
	}
	return UINT64_MAX;
}

/* "cpuN user nice system idle iowait irq softirq steal ..." */
static void read_idle(const char *root, struct reading_cpu *r)
{
	tn_autofclose FILE *f = open_at(root, "/proc/stat");
	char line[512];
	uint64_t v[8];
	int number;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line,
			   "cpu%d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64,
			   &number, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 9 ||
		    number != r->cpu)
			continue;
		r->idle = v[3] + v[4];
		for (size_t i = 0; i < TN_ARRAY_SIZE(v); i++)
			r->all += v[i];
		return;
	}
}

static int read_counters(const char *root, const struct tn_cpus *cpus, struct tn_watch_reading *w, struct tn_error *err)
{
	size_t n = tn_cpus_count(cpus);
	tn_autofree struct tn_counters **to = calloc(n + 1, sizeof(struct tn_counters *));
	tn_autofree int *numbers = calloc(n + 1, sizeof(*numbers));

	if (!to || !numbers)
		return tn_error_set(err, -ENOMEM, "no memory for the counters");
	tn_cpus_for_each(cpu, cpus) {
		numbers[w->n] = w->cpu[w->n].cpu = (int)cpu;
		to[w->n] = &w->cpu[w->n].counters;
		w->n++;
	}
	return n ? tn_counters_read(root, numbers, n, to, err) : 0;
}

/**
 * tn_watch_read() - what has been counted so far
 * @root: root of the file tree, "" for this machine
 * @cpus: of which CPUs
 * @ret: the reading
 * @err: what could not be read
 *
 * Return: 0; -ENODEV when /proc/interrupts has no column for a CPU; negative errno of reading; -ENOMEM.
 */
int tn_watch_read(const char *root, const struct tn_cpus *cpus, struct tn_watch_reading **ret, struct tn_error *err)
{
	tn_cleanup(tn_watch_reading_freep) struct tn_watch_reading *w =
		calloc(1, sizeof(*w) + tn_cpus_count(cpus) * sizeof(w->cpu[0]));
	int r;

	if (!w)
		return tn_error_set(err, -ENOMEM, "no memory for the counters");
	r = read_counters(root, cpus, w, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < w->n; i++) {
		struct reading_cpu *c = &w->cpu[i];

		c->switches = switches_of_schedstat(root, c->cpu);
		if (c->switches == UINT64_MAX)
			c->switches = switches_of_debugfs(root, c->cpu);
		read_idle(root, c);
	}
	*ret = tn_steal_ptr(w);
	return 0;
}

/** tn_watch_reading_free() - counterpart of tn_watch_read() */
void tn_watch_reading_free(struct tn_watch_reading *reading)
{
	free(reading);
}

/* Rows of /proc/interrupts, by the names that the architectures give them. */
static enum tn_watch_kind kind_of(const struct tn_counter *row)
{
	static const struct {
		const char *name;
		enum tn_watch_kind kind;
	} rows[] = {{"LOC", TN_WATCH_TICKS}, {"RES", TN_WATCH_IPIS}, {"CAL", TN_WATCH_IPIS}, {"TLB", TN_WATCH_IPIS},
		    {"IWI", TN_WATCH_IPIS},  {"NMI", TN_WATCH_NMIS}, {"PMI", TN_WATCH_KINDS}};

	if (!strncmp(row->name, "softirq:", 8))
		return TN_WATCH_SOFTIRQS;
	for (size_t i = 0; i < TN_ARRAY_SIZE(rows); i++)
		if (!strcmp(row->name, rows[i].name))
			return rows[i].kind; /* a PMI is also counted as the NMI that it comes as */
	if (!strncmp(row->name, "IPI", 3))
		return TN_WATCH_IPIS; /* aarch64 */
	if (!isdigit((unsigned char)row->name[0]))
		return TN_WATCH_OTHER;
	return strstr(row->text, "arch_timer") ? TN_WATCH_TICKS : TN_WATCH_IRQS;
}

static int more_first(const void *a, const void *b)
{
	const struct tn_counter *x = a, *y = b;

	return (x->value < y->value) - (x->value > y->value);
}

static void name_most(struct tn_counters *delta, char *buf, size_t size)
{
	size_t len = 0;

	qsort(delta->row, delta->n, sizeof(delta->row[0]), more_first);
	buf[0] = '\0';
	for (size_t i = 0; i < delta->n && i < 4; i++) {
		const struct tn_counter *row = &delta->row[i];
		char item[160];

		snprintf(item, sizeof(item), "%s%.24s %" PRIu64, len ? ", " : "", row->name, row->value);
		if (len + strlen(item) >= size)
			break;
		strcpy(buf + len, item);
		len += strlen(item);
	}
}

static void compare_cpu(const struct reading_cpu *a, const struct reading_cpu *b, struct tn_counters *delta,
			double seconds, struct tn_watch_cpu *to)
{
	*to = (struct tn_watch_cpu){.cpu = b->cpu, .busy = NAN};
	tn_counters_delta(&a->counters, &b->counters, delta);
	for (size_t i = 0; i < delta->n; i++) {
		enum tn_watch_kind kind = kind_of(&delta->row[i]);

		if (kind != TN_WATCH_KINDS)
			to->count[kind] += delta->row[i].value;
	}
	to->count[TN_WATCH_SWITCHES] =
		a->switches == UINT64_MAX || b->switches == UINT64_MAX || b->switches < a->switches
			? UINT64_MAX
			: b->switches - a->switches;
	if (b->all > a->all && b->idle >= a->idle)
		to->busy = 1.0 - (double)(b->idle - a->idle) / (double)(b->all - a->all);
	for (int k = 0; k < TN_WATCH_KINDS; k++) {
		enum tn_check_verdict v = tn_watch_judge(to->count[k], seconds);

		to->verdict = v > to->verdict && v != TN_CHECK_UNKNOWN ? v : to->verdict;
	}
	name_most(delta, to->most, sizeof(to->most));
}

/**
 * tn_watch_compare() - what happened between two readings
 * @before: the first
 * @after: the second, of the same CPUs
 * @seconds: between them
 * @ret: free with tn_watch_result_clear(); untouched on failure
 * @err: no memory
 *
 * A kind that cannot be counted here does not bear on the CPU's verdict.
 *
 * Return: 0 or -ENOMEM.
 */
int tn_watch_compare(const struct tn_watch_reading *before, const struct tn_watch_reading *after, double seconds,
		     struct tn_watch_result *ret, struct tn_error *err)
{
	tn_autofree struct tn_counters *delta = malloc(sizeof(*delta));
	struct tn_watch_cpu *cpu = calloc(after->n + 1, sizeof(*cpu));

	if (!delta || !cpu) {
		free(cpu);
		return tn_error_set(err, -ENOMEM, "no memory for the counters");
	}
	for (size_t i = 0; i < after->n; i++)
		compare_cpu(&before->cpu[i], &after->cpu[i], delta, seconds, &cpu[i]);
	*ret = (struct tn_watch_result){.seconds = seconds, .n = after->n, .cpu = cpu};
	return 0;
}

/** tn_watch_result_clear() - counterpart of tn_watch_compare() */
void tn_watch_result_clear(struct tn_watch_result *result)
{
	free(result->cpu);
	*result = (struct tn_watch_result){0};
}

/** tn_watch_kind_name() - what a kind is called in tables and documents */
const char *tn_watch_kind_name(enum tn_watch_kind kind)
{
	static const char *const names[] = {"ticks", "irqs", "ipis", "nmis", "other", "softirqs", "switches"};

	return (size_t)kind < TN_ARRAY_SIZE(names) ? names[kind] : "?";
}

/**
 * tn_watch_judge() - the verdict on a count
 * @count: of events; UINT64_MAX unknown
 * @seconds: of the window
 *
 * Return: ok for none, warning for at most one a second, which is what housekeeping now and then adds up to, fail for
 * more; unknown.
 */
enum tn_check_verdict tn_watch_judge(uint64_t count, double seconds)
{
	if (count == UINT64_MAX)
		return TN_CHECK_UNKNOWN;
	if (!count)
		return TN_CHECK_OK;
	return (double)count <= seconds ? TN_CHECK_WARNING : TN_CHECK_FAIL;
}
