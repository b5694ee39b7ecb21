// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a run does to the machine beside measuring, each with a line in the document, and for what would
 * outlive a crash a line in the undo journal first: tracefs instances, isolation (isolation.c), our own CPU affinity,
 * the probes' scheduling class. A CPU is probed by one run at a time, which a file lock says to other daemons of this
 * user.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "run.h"

/**
 * effects_lock() - take what only one run may have
 * @run: the run; holds it until effects_end()
 * @name: of the lock's file in the state directory
 * @busy: what the other run does, such as "CPU 1 is being probed"
 * @err: who has it
 *
 * Return: 0; -EBUSY when another run has it; another negative errno.
 */
int effects_lock(struct run *run, const char *name, const char *busy, struct tn_error *err)
{
	char path[300], owner[32] = "";
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s.lock", run->state_dir, name);
	fd = tn_undo_lock_open(AT_FDCWD, path);
	if (fd < 0) {
		r = -errno;
		return tn_error_set(err, r, "%s: %s", path, strerror(-r));
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ssize_t n = pread(fd, owner, sizeof(owner) - 1, 0);

		close(fd);
		return tn_error_set(err, -EBUSY, "%s by another run (pid %.*s): wait for it or stop it", busy,
				    (int)(n > 0 ? strcspn(owner, "\n") : 1), n > 0 ? owner : "?");
	}
	run->lock_fd[run->n_locks++] = fd;
	if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", getpid()) < 0)
		return tn_error_set(err, -EIO, "%s: cannot write: %s", path, strerror(errno));
	return 0;
}

static int lock_cpus(struct run *run, struct tn_error *err)
{
	struct tn_cpus taken = tn_cpus_or(&run->plan.probed, &run->plan.isolate);
	char name[16], busy[64];
	int r = 0;

	run->lock_fd = calloc(tn_cpus_count(&taken) + 1, sizeof(*run->lock_fd)); /* and one to isolate */
	if (!run->lock_fd)
		return tn_error_set(err, -ENOMEM, "out of memory for locks");
	tn_cpus_for_each(cpu, &taken) {
		snprintf(name, sizeof(name), "cpu-%d", cpu);
		snprintf(busy, sizeof(busy), "CPU %d is being probed", cpu);
		r = effects_lock(run, name, busy, err);
		if (r < 0)
			break;
	}
	return r;
}

static int move_to_housekeeping(struct run *run, struct tn_error *err)
{
	char before[TN_CPUS_TEXT], during[TN_CPUS_TEXT];
	int r;

	r = tn_cpus_affinity_self(&run->affinity_before, err);
	if (r < 0)
		return r;
	r = tn_cpus_bind_self(&run->plan.housekeeping, err);
	if (r < 0)
		return tn_error_prefix(err, r, "moving to the housekeeping CPUs");
	return tn_run_add_effect(run->doc, "affinity", "tlbnoised",
				 tn_cpus_format(&run->affinity_before, before, sizeof(before)),
				 tn_cpus_format(&run->plan.housekeeping, during, sizeof(during)));
}

/* Kind entry also works on CPUs that are not probed otherwise, as a normal task. */
static int note_entry(struct run *run)
{
	struct tn_cpus others = tn_cpus_minus(&run->plan.entry_cpus, &run->plan.probed);
	char target[64];
	int r = 0;

	tn_cpus_for_each(cpu, &others) {
		snprintf(target, sizeof(target), "CPU %d", cpu);
		r = tn_run_add_effect(run->doc, "cpu-busy", target, "free",
				      "enters the kernel, SCHED_OTHER, in windows of kind entry");
		if (r < 0)
			return r;
	}
	if (tn_scenario_has_kind(&run->plan.scenario, TN_PROBE_TIMER))
		r = tn_run_add_effect(run->doc, "idle-states", "/dev/cpu_dma_latency", "as asked for by others",
				      "0 us in windows of kind timer");
	return r;
}

static int note_probes(struct run *run)
{
	const struct tn_probe_spec *spec = &run->plan.scenario.probe;
	char target[64], during[64];
	int r = 0;

	tn_cpus_for_each(cpu, &run->plan.probed) {
		snprintf(target, sizeof(target), "CPU %d", cpu);
		snprintf(during, sizeof(during), "%s",
			 spec->policy == TN_SCHED_FIFO ? "spins, SCHED_FIFO" : "spins, SCHED_OTHER");
		if (spec->policy == TN_SCHED_FIFO)
			snprintf(during, sizeof(during), "spins, SCHED_FIFO %u", spec->priority);
		r = tn_run_add_effect(run->doc, "cpu-busy", target, "free", during);
	}
	return r;
}

/* Somebody has changed it during the run: it stays so, and the document says that we are not to blame. */
static void on_kept(void *userdata, const char *target, const char *why)
{
	struct run *run = userdata;

	for (size_t i = 0; i < run->doc->n_effects; i++)
		if (!strcmp(run->doc->effect[i].target, target))
			run->doc->effect[i].undone = false;
	tn_run_add_finding(run->doc, TN_FINDING_WARNING, -1, "changed-meanwhile", "%s", why);
	tn_log(run->log, LOG_WARNING, "run %s: %s", run->doc->id, why);
}

static void set_undone(struct run *run, bool undone)
{
	for (size_t i = 0; i < run->doc->n_effects; i++)
		run->doc->effect[i].undone = undone;
}

/**
 * effects_prepare() - open the undo journal, and mount tracefs so that the plan can see what it offers
 * @run: the run
 * @err: what failed
 *
 * Without root nothing is mounted; the plan then says what is missing.
 *
 * Return: 0 or a negative errno.
 */
int effects_prepare(struct run *run, struct tn_error *err)
{
	struct tn_trace_options opt = {.before_effect = effects_before_trace, .userdata = run};
	bool mounted = false; /* the journal knows, and unmounts */
	char root[128];
	int r;

	/* Of a private daemon that was killed since we started. */
	r = tn_undo_recover(run->state_dir, run->log, err);
	if (r < 0)
		return r;
	r = tn_undo_open(run->state_dir, &run->undo, err);
	if (r < 0)
		return r;
	tn_undo_on_kept(run->undo, on_kept, run);
	if (geteuid() != 0)
		return 0;
	return tn_trace_mount(&opt, root, sizeof(root), &mounted, err);
}

/**
 * effects_begin() - take the CPUs and move ourselves out of the way
 * @run: the run
 * @err: what failed
 *
 * Return: 0 or a negative errno.
 */
int effects_begin(struct run *run, struct tn_error *err)
{
	int r;

	r = lock_cpus(run, err);
	if (r < 0)
		return r;
	r = move_to_housekeeping(run, err);
	if (r < 0)
		return r;
	return note_probes(run) < 0 || note_entry(run) < 0
		       ? tn_error_set(err, -ENOMEM, "out of memory for side effects")
		       : 0;
}

/**
 * effects_before_trace() - record what the trace session is about to do
 * @userdata: the run
 * @what: "tracefs-instance" or "mount"
 * @target: its directory
 * @err: what failed
 *
 * Return: 0 or a negative errno, which keeps the session from doing it.
 */
int effects_before_trace(void *userdata, const char *what, const char *target, struct tn_error *err)
{
	struct run *run = userdata;
	enum tn_undo_kind kind = !strcmp(what, "mount") ? TN_UNDO_UMOUNT : TN_UNDO_TRACE_INSTANCE;
	int r;

	r = tn_undo_add(run->undo, kind, target, NULL, err);
	if (r < 0)
		return r;
	return tn_run_add_effect(run->doc, what, target, "absent", "present");
}

/**
 * effects_idle_states() - keep CPUs from idle states that are slow to leave, or no longer
 * @run: the run
 * @allow: true: let go
 *
 * Where the device is missing there are no such states to be chosen. The kernel takes the request back when we die.
 */
void effects_idle_states(struct run *run, bool allow)
{
	const int32_t latency_us = 0;

	if (run->dma_latency_fd >= 0)
		close(run->dma_latency_fd);
	run->dma_latency_fd = allow ? -1 : open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
	if (run->dma_latency_fd >= 0 && write(run->dma_latency_fd, &latency_us, sizeof(latency_us)) < 0)
		tn_log(run->log, LOG_INFO, "run %s: /dev/cpu_dma_latency: %s", run->doc->id, strerror(errno));
}

/**
 * effects_end() - undo everything
 * @run: the run
 *
 * Return: 0, or a negative errno when something could not be undone; it has been logged.
 */
int effects_end(struct run *run)
{
	struct tn_error err = {0};
	int r = 0;

	effects_idle_states(run, true);
	if (!run->undo && !run->n_locks)
		return 0;
	set_undone(run, true);
	if (run->undo)
		r = tn_undo_close(tn_steal_ptr(run->undo), &err);
	if (r >= 0 && !tn_cpus_empty(&run->affinity_before))
		r = tn_cpus_bind_self(&run->affinity_before, &err);
	if (r < 0) {
		set_undone(run, false);
		tn_log(run->log, LOG_WARNING, "run %s: %s", run->doc->id, err.text);
	}
	memset(&run->affinity_before, 0, sizeof(run->affinity_before));
	while (run->n_locks)
		close(run->lock_fd[--run->n_locks]);
	return r;
}
