// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tracefs instance of its own, with what concerns one CPU: requests and interrupts that others
 * send to it, and its own ways into and out of the kernel. Read as text once all is over.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

#define INSTANCE "/sys/kernel/tracing/instances/work-test"

static bool put(const char *file, const char *value)
{
	char path[192];

	snprintf(path, sizeof(path), INSTANCE "/%s", file);
	return file_put(path, value);
}

/* Enables an event, or a whole system of them, for which @field is @cpu. */
static void enable(const char *event, const char *field, unsigned int cpu)
{
	char file[96], filter[32];

	snprintf(filter, sizeof(filter), "%s == %u", field, cpu);
	snprintf(file, sizeof(file), "events/%s/filter", event);
	if (!put(file, filter))
		skip("cannot filter the event %s", event);
	snprintf(file, sizeof(file), "events/%s/enable", event);
	if (!put(file, "1"))
		fail("cannot enable the event %s: %s", event, strerror(errno));
}

/* Returns when everything is armed, which itself interrupts CPUs. */
void trace_begin(unsigned int cpu)
{
	trace_remove();
	if (mkdir(INSTANCE, 0700) < 0)
		skip("cannot make %s: %s", INSTANCE, strerror(errno));
	put("tracing_on", "0");
	if (!put("buffer_size_kb", "16384") || !put("trace_clock", "mono"))
		fail("cannot set up %s: %s", INSTANCE, strerror(errno));
	enable("context_tracking/ct_work_queued", "cpu", cpu);
	enable("context_tracking/ct_work_merged", "cpu", cpu);
	enable("context_tracking/ct_work_refused", "cpu", cpu);
	enable("csd/csd_queue_cpu", "cpu", cpu);
	enable("context_tracking/ct_work_run", "CPU", cpu);
	enable("context_tracking/user_enter", "CPU", cpu);
	enable("context_tracking/user_exit", "CPU", cpu);
	enable("csd/csd_function_entry", "CPU", cpu);
	enable("irq_vectors", "CPU", cpu);
	enable("exceptions/page_fault_user", "CPU", cpu);
	sleep_ms(200);
	put("tracing_on", "1");
}

void trace_mark(const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!put("trace_marker", text))
		fail("cannot write to %s/trace_marker: %s", INSTANCE, strerror(errno));
}

static long lost_on(unsigned int cpu)
{
	char path[128], line[128];
	long lost = 0, n;
	FILE *f;

	snprintf(path, sizeof(path), INSTANCE "/per_cpu/cpu%u/stats", cpu);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "overrun: %ld", &n) == 1 ||
		    sscanf(line, "dropped events: %ld", &n) == 1)
			lost += n;
	if (f)
		fclose(f);
	return lost;
}

/* "  task-12  [002] d..1.  34.567890: name: args", whatever the task is called. */
static bool parse(char *line, struct event *e)
{
	char *p = line, *end;

	line[strcspn(line, "\n")] = 0;
	while ((p = strstr(p, " ["))) {
		int n = 0;

		p += 2;
		if (sscanf(p, "%3u] %*s %lf: %39[^:]:%n", &e->cpu, &e->s, e->name, &n) == 3 && n) {
			end = p + n;
			e->args = *end == ' ' ? end + 1 : end;
			return true;
		}
	}
	return false;
}

void trace_end(void (*each)(const struct event *event, void *arg), void *arg)
{
	static char line[1024];
	struct event event;
	FILE *f;

	put("tracing_on", "0");
	for (unsigned int cpu = 0; cpu < CPUS_MAX; cpu++)
		if (lost_on(cpu))
			fail("the trace of CPU %u lost %ld events", cpu, lost_on(cpu));
	f = fopen(INSTANCE "/trace", "re");
	if (!f)
		fail("cannot read %s/trace: %s", INSTANCE, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (line[0] != '#' && parse(line, &event))
			each(&event, arg);
	fclose(f);
	trace_remove();
}

void trace_remove(void)
{
	put("events/enable", "0");
	rmdir(INSTANCE);
}

bool event_field(const struct event *event, const char *field, char *value, size_t size)
{
	size_t n = strlen(field);
	const char *p = event->args;

	while (p && *p) {
		if (strncmp(p, field, n) == 0 && p[n] == '=') {
			snprintf(value, size, "%.*s", (int)strcspn(p + n + 1, " "), p + n + 1);
			return true;
		}
		p = strchr(p, ' ');
		p += p != NULL;
	}
	return false;
}

long event_number(const struct event *event, const char *field)
{
	char value[32];

	return event_field(event, field, value, sizeof(value)) ? strtol(value, NULL, 0) : -1;
}
