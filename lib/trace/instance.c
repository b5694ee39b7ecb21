// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One tracefs instance: made, set up, armed and removed. Two kinds exist. The target's records what
 * happens on the probed CPUs and takes no stacks there (unwinding costs microseconds on the CPU that is
 * measured), with one exception: a function that a task on that CPU runs locally has no sender event, so
 * its stack is taken by a trigger. The sender's records on all CPUs, filtered to IPIs for probed CPUs,
 * each with its stack.
 *
 * A full buffer drops what is new instead of overwriting what is old. Either way the run is incomplete;
 * but dropping leaves the stretch before the loss whole, the kernel counts each event it drops, and the
 * writer never has to move the reader's end of the buffer.
 */
#include <errno.h>
#include <string.h>

#include "base/ticks.h"
#include "trace/session.h"

#define LOCAL_CALL_TRIGGER "stacktrace if csd == 0"
#define FILTER_MAX         2048

static int set(const struct tn_instance *in, const char *file, const char *value, struct tn_error *err)
{
	if (tracefs_instance_file_write(in->fs, file, value) >= 0)
		return 0;
	return tn_error_set(err, errno ? -errno : -EIO, "cannot write '%s' to %s/%s: %s", value, in->path, file,
			    strerror(errno));
}

/* The file shows all clocks with the chosen one in brackets. */
static int set_clock(const struct tn_instance *in, struct tn_error *err)
{
	tn_autofree char *clocks = NULL;

	if (!*TN_TRACE_CLOCK)
		return tn_error_set(err, -ENOTSUP,
				    "no trace clock counts this architecture's ticks; use trace level counters");
	if (tracefs_instance_file_write(in->fs, "trace_clock", TN_TRACE_CLOCK) < 0)
		return tn_error_set(err, -ENOTSUP, "%s/trace_clock does not take %s: %s; use trace level counters",
				    in->path, TN_TRACE_CLOCK, strerror(errno));
	clocks = tracefs_instance_file_read(in->fs, "trace_clock", NULL);
	if (!clocks || !strstr(clocks, "[" TN_TRACE_CLOCK "]"))
		return tn_error_set(err, -ENOTSUP, "%s/trace_clock did not change to %s; use trace level counters",
				    in->path, TN_TRACE_CLOCK);
	return 0;
}

/*
 * A new instance has the kernel's usual buffer on every CPU. Those that record nothing shrink to the smallest; memory
 * is only worth it where it is used.
 */
static int set_buffers(const struct tn_trace *t, const struct tn_instance *in, struct tn_error *err)
{
	char kb[32], file[64];
	int rc;

	snprintf(kb, sizeof(kb), "%llu", (unsigned long long)((t->opt.buffer_bytes + 1023) / 1024));
	if (in->sender)
		return set(in, "buffer_size_kb", kb, err);
	rc = set(in, "buffer_size_kb", "4", err);
	for (size_t i = 0; i < in->n_streams && !rc; i++) {
		snprintf(file, sizeof(file), "per_cpu/cpu%u/buffer_size_kb", in->stream[i].cpu);
		rc = set(in, file, kb, err);
	}
	return rc;
}

static int set_cpus(const struct tn_instance *in, const struct tn_cpus *cpus, struct tn_error *err)
{
	char text[TN_CPUS_TEXT];

	tn_cpus_format(cpus, text, sizeof(text));
	if (tracefs_instance_set_affinity(in->fs, text) < 0)
		return tn_error_set(err, errno ? -errno : -EIO, "cannot limit %s to CPUs %s: %s", in->path, text,
				    strerror(errno));
	return 0;
}

/**
 * tn_instance_old_filter() - an event filter on a list of CPUs that every kernel understands
 * @cpus: not empty
 * @buf: receives such as "(cpu == 1 || (cpu >= 4 && cpu <= 7))"
 * @size: of @buf
 *
 * Return: 0, or -E2BIG when it does not fit.
 */
int tn_instance_old_filter(const struct tn_cpus *cpus, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "(");
	int first = -1;

	tn_cpus_for_each(cpu, cpus) {
		if (first < 0)
			first = cpu;
		if (tn_cpus_has(cpus, (unsigned int)cpu + 1))
			continue;
		n += (size_t)snprintf(buf + n, n < size ? size - n : 0,
				      first == cpu ? "%scpu == %d" : "%s(cpu >= %d && cpu <= %d)", n > 1 ? " || " : "",
				      first, cpu);
		if (n + 2 > size)
			return -E2BIG;
		first = -1;
	}
	snprintf(buf + n, size - n, ")");
	return 0;
}

/*
 * Lets through only what goes to the probed CPUs. "cpu & CPUS{list}" is there since Linux 6.6; before it the list is
 * spelled out.
 */
static int set_filter(const struct tn_trace *t, const struct tn_instance *in, const struct tn_kind *kind,
		      struct tn_error *err)
{
	const char *more = kind->side == TN_SIDE_SENDER_RESCHED ? " && callback == 0" : "";
	char cpus[TN_CPUS_TEXT], list[FILTER_MAX], filter[FILTER_MAX + 64];

	tn_cpus_format(&t->opt.probed, cpus, sizeof(cpus));
	snprintf(filter, sizeof(filter), "(cpu & CPUS{%s})%s", cpus, more);
	if (tracefs_event_file_write(in->fs, kind->system, kind->event, "filter", filter) >= 0)
		return 0;
	if (tn_instance_old_filter(&t->opt.probed, list, sizeof(list)))
		return tn_error_set(err, -E2BIG, "the list of probed CPUs is too long for an event filter: %s", cpus);
	snprintf(filter, sizeof(filter), "%s%s", list, more);
	if (tracefs_event_file_write(in->fs, kind->system, kind->event, "filter", filter) >= 0)
		return 0;
	return tn_error_set(err, errno ? -errno : -EIO, "event %s:%s does not take the filter '%s': %s", kind->system,
			    kind->event, filter, strerror(errno));
}

static bool belongs(const struct tn_trace *t, const struct tn_instance *in, const struct tn_kind *kind)
{
	bool sender = kind->side == TN_SIDE_SENDER || kind->side == TN_SIDE_SENDER_RESCHED;

	return sender == in->sender && (kind->side == TN_SIDE_TARGET || t->opt.senders) &&
	       tracefs_event_file_exists(in->fs, kind->system, kind->event, "enable");
}

static int set_filters(const struct tn_trace *t, const struct tn_instance *in, struct tn_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < tn_kinds_count && !rc; i++)
		if (belongs(t, in, &tn_kinds[i]))
			rc = set_filter(t, in, &tn_kinds[i], err);
	return rc;
}

/* One stream a CPU. They are opened now, so that draining opens nothing. */
static int open_streams(struct tn_instance *in, const struct tn_cpus *cpus, struct tn_error *err)
{
	size_t n = tn_cpus_count(cpus);

	in->stream = calloc(n, sizeof(*in->stream));
	in->raw = calloc(n, sizeof(*in->raw));
	if (!in->stream || !in->raw)
		return tn_error_set(err, -ENOMEM, "out of memory for the trace buffers of %zu CPUs", n);
	tn_cpus_for_each(cpu, cpus) {
		in->raw[in->n_streams] = tracefs_cpu_open(in->fs, cpu, true);
		if (!in->raw[in->n_streams])
			return tn_error_set(err, errno ? -errno : -EIO,
					    "cannot open %s/per_cpu/cpu%d/trace_pipe_raw: %s", in->path, cpu,
					    strerror(errno));
		in->stream[in->n_streams++] = (struct tn_stream){.cpu = (uint16_t)cpu, .sender = in->sender};
	}
	return 0;
}

/**
 * tn_instance_make() - make an instance and set it up; nothing is recorded yet
 * @t: session; its before_effect() is asked first
 * @in: instance with path and sender filled in
 * @cpus: those to record on
 * @err: text on failure
 *
 * Return: 0; -EEXIST when somebody has an instance of this name; otherwise the errno of the step that failed, with
 * what was made left to tn_instance_remove().
 */
int tn_instance_make(struct tn_trace *t, struct tn_instance *in, const struct tn_cpus *cpus, struct tn_error *err)
{
	int rc = 0;

	if (!access(in->path, F_OK))
		return tn_error_set(err, -EEXIST, "%s exists already: another session uses this owner", in->path);
	if (t->opt.before_effect)
		rc = t->opt.before_effect(t->opt.userdata, "tracefs-instance", in->path, err);
	if (rc)
		return rc;
	in->fs = tracefs_instance_create(strrchr(in->path, '/') + 1);
	if (!in->fs)
		return tn_error_set(err, errno ? -errno : -EIO,
				    "cannot make %s: %s; run as root, or use trace level counters", in->path,
				    strerror(errno));
	rc = set_clock(in, err);
	if (!rc)
		rc = set(in, "options/overwrite", "0", err);
	if (!rc && in->sender)
		rc = set(in, "options/stacktrace", "1", err);
	if (!rc)
		rc = set_cpus(in, cpus, err);
	if (!rc)
		rc = open_streams(in, cpus, err);
	if (!rc)
		rc = set_buffers(t, in, err);
	if (!rc && in->sender)
		rc = set_filters(t, in, err);
	return rc;
}

/**
 * tn_instance_arm() - enable the events
 * @t: session
 * @in: instance
 * @err: text on failure
 *
 * Each event that no one else has enabled patches kernel code, which interrupts every CPU. The trigger comes last: it
 * makes the kernel record stacks even of events that are not enabled themselves.
 *
 * Return: 0 or the errno of the write that failed.
 */
int tn_instance_arm(const struct tn_trace *t, struct tn_instance *in, struct tn_error *err)
{
	for (size_t i = 0; i < tn_kinds_count; i++) {
		const struct tn_kind *kind = &tn_kinds[i];

		if (!belongs(t, in, kind))
			continue;
		if (tracefs_event_file_write(in->fs, kind->system, kind->event, "enable", "1") < 0)
			return tn_error_set(err, errno ? -errno : -EIO, "cannot enable event %s:%s in %s: %s",
					    kind->system, kind->event, in->path, strerror(errno));
	}
	if (in->sender || !t->opt.senders || in->triggered)
		return 0;
	if (tracefs_event_file_append(in->fs, "csd", "csd_function_entry", "trigger", LOCAL_CALL_TRIGGER) < 0)
		tn_log(t->opt.log, LOG_WARNING,
		       "no stacks of locally run functions: csd:csd_function_entry takes no trigger: %s",
		       strerror(errno));
	else
		in->triggered = true;
	return 0;
}

/**
 * tn_instance_disarm() - disable all events
 * @in: instance
 * @err: text on failure
 *
 * Return: 0 or the errno of the write that failed.
 */
int tn_instance_disarm(struct tn_instance *in, struct tn_error *err)
{
	if (in->triggered &&
	    tracefs_event_file_append(in->fs, "csd", "csd_function_entry", "trigger", "!" LOCAL_CALL_TRIGGER) < 0)
		return tn_error_set(err, errno ? -errno : -EIO,
				    "cannot remove the trigger of csd:csd_function_entry in %s: %s", in->path,
				    strerror(errno));
	in->triggered = false;
	return set(in, "events/enable", "0", err);
}

static uint64_t stats_value(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (!strncmp(line, key, length))
			return strtoull(line + length, NULL, 10);
	return 0;
}

/**
 * tn_instance_lost() - how many events the kernel could not keep
 * @in: instance
 * @ret: overwritten, dropped, and given up because an interrupt filled the buffer meanwhile
 * @err: text on failure
 *
 * Reading per_cpu/cpuN/stats sends no IPI; it takes the counters' cache lines from the CPU that writes them, as
 * draining does.
 *
 * Return: 0 or the errno of reading.
 */
int tn_instance_lost(const struct tn_instance *in, uint64_t *ret, struct tn_error *err)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < in->n_streams; i++) {
		tn_autofree char *text = NULL;
		char file[64];

		snprintf(file, sizeof(file), "per_cpu/cpu%u/stats", in->stream[i].cpu);
		text = tracefs_instance_file_read(in->fs, file, NULL);
		if (!text)
			return tn_error_set(err, errno ? -errno : -EIO, "cannot read %s/%s: %s", in->path, file,
					    strerror(errno));
		lost += stats_value(text, "overrun: ") + stats_value(text, "commit overrun: ") +
			stats_value(text, "dropped events: ");
	}
	*ret = lost;
	return 0;
}

/**
 * tn_instance_remove() - close and remove an instance, made in part or whole
 * @in: instance; may be empty
 * @log: is told when something stays behind
 */
void tn_instance_remove(struct tn_instance *in, const struct tn_log *log)
{
	struct tn_error err;

	for (size_t i = 0; in->raw && i < in->n_streams; i++)
		tracefs_cpu_close(in->raw[i]);
	free(in->raw);
	free(in->stream);
	in->raw = NULL;
	in->stream = NULL;
	in->n_streams = 0;
	if (!in->fs)
		return;
	tracefs_instance_free(tn_steal_ptr(in->fs));
	if (tn_trace_remove_instance(in->path, &err))
		tn_log(log, LOG_WARNING, "%s", err.text);
}
