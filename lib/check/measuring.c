// SPDX-License-Identifier: GPL-2.0-or-later
/* What tlbnoise needs to name causes, and who else traces: enabling a tracepoint interrupts every CPU. */
#include <errno.h>
#include <string.h>

#include "base/ticks.h"
#include "check/internal.h"
#include "system/files.h"
#include "system/kconfig.h"
#include "system/undo.h"

static const char *const tracefs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

static const char *find_tracefs(const struct tn_check_context *c, char *buf, size_t size, int *ret_error)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(tracefs); i++) {
		*ret_error = check_read(c, buf, size, "%s/trace_clock", tracefs[i]);
		if (*ret_error >= 0)
			return tracefs[i];
		if (*ret_error == -EACCES || *ret_error == -EPERM)
			break;
	}
	return NULL;
}

static const char *need_tracefs(const struct tn_check_context *c, struct tn_check_finding *f, char *buf, size_t size)
{
	int error;
	const char *dir = find_tracefs(c, buf, size, &error);

	if (dir)
		return dir;
	check_file(f, "%s", tracefs[0]);
	check_unread(f, error, TN_CHECK_UNKNOWN);
	if (error == -ENOENT)
		check_value(f, "not mounted, or this kernel has none");
	return NULL;
}

/** check_trace_events() - the kernel's events say which function ran, and who asked for it */
void check_trace_events(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	static const char *const events[] = {"irq_vectors/local_timer_entry", "ipi/ipi_send_cpu",
					     "ipi/ipi_send_cpumask", "csd/csd_function_entry"};
	char text[256];
	const char *dir = need_tracefs(c, f, text, sizeof(text));

	(void)cpu;
	if (!dir)
		return;
	check_file(f, "%s/events", dir);
	f->verdict = TN_CHECK_OK;
	for (size_t i = 0; i < TN_ARRAY_SIZE(events); i++) {
		if (check_read(c, text, sizeof(text), "%s/events/%s/format", dir, events[i]) >= 0)
			continue;
		/* Without vectors there are only counters; without the others, vectors without functions. */
		if (f->verdict != TN_CHECK_FAIL)
			f->verdict = i ? TN_CHECK_WARNING : TN_CHECK_FAIL;
		check_add(f, "no %s", events[i]);
	}
	if (f->verdict == TN_CHECK_OK)
		check_value(f, "irq_vectors, ipi and csd");
}

/** check_trace_clock() - events can be stamped with the counter that the probe reads */
void check_trace_clock(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	char text[256];
	const char *dir = need_tracefs(c, f, text, sizeof(text));

	(void)cpu;
	if (!dir)
		return;
	check_text(c, f, "%s/trace_clock", dir);
	f->verdict = *TN_TRACE_CLOCK && tn_text_has_word(f->value, TN_TRACE_CLOCK) ? TN_CHECK_OK : TN_CHECK_FAIL;
}

static void look_at_instance(const struct tn_check_context *c, const char *path, void *userdata)
{
	struct tn_check_finding *f = userdata;
	const char *name = strstr(path, "/instances/") + strlen("/instances/");
	char text[256];

	/* Those of tlbnoise itself, of a run in progress, come and go with it. */
	if (!strncmp(name, TN_UNDO_INSTANCE, strlen(TN_UNDO_INSTANCE)))
		return;
	if (check_read(c, text, sizeof(text), "%s", path) > 0)
		check_add(f, "instance %.*s: %.*s", (int)strcspn(name, "/"), name, (int)strcspn(text, "\n"), text);
}

/** check_tracers() - nobody else traces */
void check_tracers(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	char text[256], pattern[128];
	const char *dir = need_tracefs(c, f, text, sizeof(text));

	(void)cpu;
	if (!dir)
		return;
	check_file(f, "%s/{current_tracer,set_event}", dir);
	check_read(c, text, sizeof(text), "%s/current_tracer", dir);
	if (*text && strcmp(text, "nop") != 0)
		check_add(f, "tracer %s", text);
	if (check_read(c, text, sizeof(text), "%s/set_event", dir) > 0)
		check_add(f, "event %.*s", (int)strcspn(text, "\n"), text);
	snprintf(pattern, sizeof(pattern), "%s/instances/*/set_event", dir);
	check_glob(c, pattern, look_at_instance, f);
	f->verdict = *f->value ? TN_CHECK_WARNING : TN_CHECK_OK;
	if (!*f->value)
		check_value(f, "no tracer, no events");
}

/** check_kprobes() - no probe sits in kernel code */
void check_kprobes(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	int r = check_text(c, f, "/sys/kernel/debug/kprobes/list");

	(void)cpu;
	if (r < 0) {
		bool none = !strcmp(tn_kconfig_value(&c->env, "KPROBES"), "n");

		check_unread(f, r, none ? TN_CHECK_NOT_APPLICABLE : TN_CHECK_UNKNOWN);
		return;
	}
	f->verdict = r ? TN_CHECK_WARNING : TN_CHECK_OK;
	if (!r)
		check_value(f, "none");
}
