// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tracing session: tracefs mounted if it was not, one instance for the probed CPUs and one for the
 * senders, the kernel's symbols and event formats, all read before any window opens. What changes the
 * machine is announced to the caller first, and undone by tn_trace_close() in reverse order.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/ticks.h"
#include "trace/session.h"

#define OWNER_MAX 64
/* Unwinding takes the sender microseconds: so many more reads are made for a stack that is still being written. */
#define READS_FOR_STACK 64

static int learn_format(struct tn_trace *t, const char *system, const char *event, struct tn_error *err)
{
	tn_autofree char *text = tracefs_event_file_read(NULL, system, event, "format", NULL);

	if (text)
		return tn_decoder_learn(t->reader.decoder, system, text, err);
	tn_log(t->opt.log, LOG_DEBUG, "this kernel has no event %s:%s", system, event);
	return 0;
}

static int learn_formats(struct tn_trace *t, struct tn_error *err)
{
	int rc = learn_format(t, "ftrace", "kernel_stack", err);

	for (size_t i = 0; i < tn_kinds_count && !rc; i++)
		rc = learn_format(t, tn_kinds[i].system, tn_kinds[i].event, err);
	return rc;
}

static int make_instances(struct tn_trace *t, struct tn_error *err)
{
	struct tn_cpus online;
	int rc;

	snprintf(t->target.path, sizeof(t->target.path), "%s/instances/%s.target", t->root, t->opt.owner);
	snprintf(t->sender.path, sizeof(t->sender.path), "%s/instances/%s.sender", t->root, t->opt.owner);
	t->sender.sender = true;
	rc = tn_instance_make(t, &t->target, &t->opt.probed, err);
	if (rc || !t->opt.senders)
		return rc;
	rc = tn_cpus_read("/sys/devices/system/cpu/online", &online, err);
	return rc ? rc : tn_instance_make(t, &t->sender, &online, err);
}

static int check_options(const struct tn_trace_options *opt, struct tn_error *err)
{
	if (!opt->owner || !*opt->owner || strlen(opt->owner) > OWNER_MAX || strchr(opt->owner, '/') ||
	    opt->owner[0] == '.')
		return tn_error_set(err, -EINVAL, "'%s' cannot name a trace instance: want 1 to %d characters, no '/'",
				    opt->owner ? opt->owner : "", OWNER_MAX);
	if (tn_cpus_empty(&opt->probed))
		return tn_error_set(err, -EINVAL, "no CPU to trace: name the probed CPUs");
	if (!opt->buffer_bytes)
		return tn_error_set(err, -EINVAL, "a trace buffer of 0 bytes holds nothing: give its size per CPU");
	return 0;
}

/**
 * tn_trace_open() - set up a session; nothing is recorded before tn_trace_arm()
 * @opt: options; owner is copied, log and userdata must outlive the session
 * @ret: owned by the caller, for tn_trace_close()
 * @err: text on failure
 *
 * CPUs that come online later are not seen as senders.
 *
 * Return: 0; -EINVAL for options that make no sense; -EEXIST when this owner has a session already; -ENOTSUP without
 * the trace clock TN_TRACE_CLOCK; -EPROTO for a kernel event that is not as we know it; -EACCES or -EPERM without
 * privileges; what before_effect() returned; -ENOMEM. After a failure nothing is left behind.
 */
int tn_trace_open(const struct tn_trace_options *opt, struct tn_trace **ret, struct tn_error *err)
{
	tn_cleanup(tn_trace_closep) struct tn_trace *t = NULL;
	int rc = check_options(opt, err);

	if (rc)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t)
		return tn_error_set(err, -ENOMEM, "out of memory for the trace session");
	t->opt = *opt;
	t->opt.owner = t->owner = strdup(opt->owner);
	t->page = malloc((size_t)sysconf(_SC_PAGESIZE));
	if (!t->owner || !t->page)
		return tn_error_set(err, -ENOMEM, "out of memory for the trace session");
	rc = tn_symbols_new(&t->symbols, err);
	if (!rc)
		rc = tn_reader_init(&t->reader, t->symbols, err);
	if (!rc)
		rc = tn_symbols_load_kallsyms(t->symbols, "/proc/kallsyms", err);
	if (!rc)
		rc = tn_trace_mount(&t->opt, t->root, sizeof(t->root), &t->mounted, err);
	/* Where tracefs is mounted twice, libtracefs may prefer the other one, and undo would look for two names. */
	if (!rc && tracefs_set_tracing_dir(t->root))
		rc = tn_error_set(err, -ENOMEM, "cannot tell libtracefs of %s", t->root);
	snprintf(t->cmdlines, sizeof(t->cmdlines), "%s/saved_cmdlines", t->root);
	t->reader.tasks.cmdlines = t->cmdlines;
	if (!rc)
		rc = learn_formats(t, err);
	if (!rc)
		rc = make_instances(t, err);
	if (!rc)
		*ret = tn_steal_ptr(t);
	return rc;
}

/**
 * tn_trace_arm() - enable the events
 * @t: session
 * @err: text on failure
 *
 * Interrupts every CPU many times while kernel code is patched, and therefore belongs before any window. Senders come
 * first, so that no function arrives whose sender could not be seen.
 *
 * Return: 0 or the errno of the write that failed; what was enabled is then disabled again.
 */
int tn_trace_arm(struct tn_trace *t, struct tn_error *err)
{
	int rc = t->sender.fs ? tn_instance_arm(t, &t->sender, err) : 0;

	if (!rc)
		rc = tn_instance_arm(t, &t->target, err);
	t->armed = true;
	if (rc)
		tn_trace_disarm(t, NULL);
	return rc;
}

/**
 * tn_trace_disarm() - disable the events; what was recorded stays for tn_trace_drain()
 * @t: session
 * @err: text on failure
 *
 * Interrupts every CPU, as tn_trace_arm() does.
 *
 * Return: 0 or the errno of the write that failed.
 */
int tn_trace_disarm(struct tn_trace *t, struct tn_error *err)
{
	int rc = tn_instance_disarm(&t->target, err), rc2 = 0;

	if (t->sender.fs)
		rc2 = tn_instance_disarm(&t->sender, rc ? NULL : err);
	t->armed = false;
	return rc ? rc : rc2;
}

/* Reads until the buffer is empty, or until what it gives was written after @until. */
static int drain_stream(struct tn_trace *t, struct tn_stream *s, struct tracefs_cpu *raw, uint64_t until)
{
	for (int again = 0; again < READS_FOR_STACK;) {
		int n = tracefs_cpu_read(raw, t->page, true);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0) {
			tn_reader_page(&t->reader, s, t->page);
			again = 0;
		}
		if (n > 0 && s->last_tick < until)
			continue;
		if (!s->n_waiting)
			break;
		again++;
	}
	if (!t->armed)
		tn_reader_settle(&t->reader, s);
	else if (s->n_waiting && s->waiting[0].event.ticks < t->complete_before)
		t->complete_before = s->waiting[0].event.ticks;
	return 0;
}

static int drain_instance(struct tn_trace *t, struct tn_instance *in, struct tn_error *err)
{
	uint64_t now = tn_ticks_ordered();

	for (size_t i = 0; i < in->n_streams; i++) {
		int rc = drain_stream(t, &in->stream[i], in->raw[i], now);

		if (rc)
			return tn_error_set(err, rc, "cannot read %s/per_cpu/cpu%u/trace_pipe_raw: %s", in->path,
					    in->stream[i].cpu, strerror(-rc));
	}
	return 0;
}

/**
 * tn_trace_drain() - deliver all that has been recorded
 * @t: session
 * @fn: gets arrays of at most 512 events, in time order for each CPU and side (target, sender); a failure ends the
 *	session, since the events it did not take are gone
 * @userdata: passed to @fn
 * @err: text on failure
 *
 * Reads everything there is at the call, without blocking and without waking or interrupting any CPU; pages still
 * being filled too. Senders are read after targets: a function that is delivered has its sender event delivered with
 * the same drain. An event whose stack is still being written waits for it, until the next drain if need be; after
 * tn_trace_disarm() nothing waits. See tn_trace_complete_before().
 *
 * Return: 0, what @fn returned, or the errno of reading.
 */
int tn_trace_drain(struct tn_trace *t, tn_event_fn fn, void *userdata, struct tn_error *err)
{
	int rc;

	t->complete_before = t->armed ? t->drain_started : UINT64_MAX;
	t->drain_started = tn_ticks_ordered();
	t->reader.fn = fn;
	t->reader.userdata = userdata;
	tn_tasks_forget(&t->reader.tasks);
	rc = drain_instance(t, &t->target, err);
	if (!rc)
		rc = drain_instance(t, &t->sender, err);
	if (rc)
		return rc;
	rc = tn_reader_flush(&t->reader);
	return rc ? tn_error_set(err, rc, "the consumer of kernel events failed: %s", strerror(-rc)) : 0;
}

/**
 * tn_trace_complete_before() - how far the delivered events are complete
 * @t: session
 *
 * An event gets its time stamp a moment before a reader can see it. So what the last drain delivered is complete up to
 * the start of the drain before it, or up to the oldest event that still waits for its stack.
 *
 * Return: ticks before which no further event will be delivered; 0 before the second drain, UINT64_MAX after the
 * first drain that follows tn_trace_disarm().
 */
uint64_t tn_trace_complete_before(const struct tn_trace *t)
{
	return t->complete_before;
}

/**
 * tn_trace_stats() - what was delivered and what was lost
 * @t: session
 * @ret: overrun is the kernel's count, missed what the reader noticed: the same loss seen from two sides, not to be
 *	added. With our buffers, which drop what is new, a loss shows in overrun.
 * @err: text on failure
 *
 * Call it outside a window: see tn_instance_lost(). Within one there is tn_trace_counts().
 *
 * Return: 0 or the errno of reading the kernel's counts.
 */
int tn_trace_stats(struct tn_trace *t, struct tn_trace_stats *ret, struct tn_error *err)
{
	struct tn_trace_stats stats = t->reader.stats;
	uint64_t target, sender = 0;
	int rc = tn_instance_lost(&t->target, &target, err);

	if (!rc && t->sender.fs)
		rc = tn_instance_lost(&t->sender, &sender, err);
	if (rc)
		return rc;
	stats.overrun = target + sender;
	*ret = stats;
	return 0;
}

/**
 * tn_trace_counts() - what was delivered so far, for somebody who watches a run
 * @t: session
 * @ret: as of the last drain; overrun is 0, since only the kernel knows it
 *
 * Opens no file and interrupts no CPU: fine within a window. What was lost is in tn_trace_stats(), after it.
 */
void tn_trace_counts(const struct tn_trace *t, struct tn_trace_stats *ret)
{
	*ret = t->reader.stats;
}

/**
 * tn_trace_symbols() - the names behind the numbers in the events
 * @t: session
 *
 * Return: owned by the session, and filled while it drains.
 */
struct tn_symbols *tn_trace_symbols(struct tn_trace *t)
{
	return t->symbols;
}

/**
 * tn_trace_close() - disable the events, remove the instances, unmount what we mounted
 * @t: session, or NULL; what cannot be undone is logged
 */
void tn_trace_close(struct tn_trace *t)
{
	if (!t)
		return;
	tn_instance_remove(&t->sender, t->opt.log);
	tn_instance_remove(&t->target, t->opt.log);
	if (t->mounted && umount2(t->root, 0))
		tn_log(t->opt.log, LOG_WARNING, "cannot unmount %s, which we mounted: %s", t->root, strerror(errno));
	tn_reader_release(&t->reader);
	tn_symbols_free(t->symbols);
	free(t->owner);
	free(t->page);
	free(t);
}

static void write_zero(const char *dir, const char *file)
{
	char path[TN_PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "we");
	if (!f)
		return;
	fputs("0", f);
	fclose(f);
}

/**
 * tn_trace_remove_instance() - remove a trace instance by name, ours or one that a dead session left
 * @path: directory .../instances/NAME
 * @err: text on failure
 *
 * Return: 0, also when it is gone already; -EINVAL for a path that is no instance's; -EBUSY while somebody has one of
 * its files open; or the errno of removing it.
 */
int tn_trace_remove_instance(const char *path, struct tn_error *err)
{
	const char *name = strrchr(path, '/'), *parent = "/instances";
	size_t length = name ? (size_t)(name - path) : 0;

	if (length < strlen(parent) || strncmp(name - strlen(parent), parent, strlen(parent)) || !name[1] ||
	    name[1] == '.')
		return tn_error_set(err, -EINVAL, "'%s' is not the path of a trace instance: nothing removed", path);
	write_zero(path, "tracing_on");
	write_zero(path, "events/enable");
	if (!rmdir(path) || errno == ENOENT)
		return 0;
	return tn_error_set(err, -errno, "cannot remove trace instance %s: %s; remove it with rmdir when it is unused",
			    path, strerror(errno));
}
