// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes the calling process a probe: tied to the life of its collector, bound to one CPU, its memory near,
 * present and locked, so that nothing of it is left to happen inside the window.
 *
 * What would only make memory come from farther away is tried and not insisted on; all else is an error.
 */
#include "probe/place.h"

#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cpus.h"

#define STACK_TOUCH 65536

/**
 * tn_probe_tie() - die with the collector, and for nothing else
 * @collector: pid of the process that owns this probe
 * @err: the collector is gone
 *
 * SIGKILL comes when the thread that forked this process ends. A death before that was asked for shows as
 * another parent. All other signals are blocked: a Ctrl-C on the terminal is for the collector, which says
 * "stop" through the shared memory, and a signal would be an entry into the kernel inside the window.
 *
 * Return: 0; -ESRCH when the collector is not the parent; negative errno of prctl(2).
 */
int tn_probe_tie(int32_t collector, struct tn_error *err)
{
	sigset_t all;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return tn_error_set(err, -errno, "cannot tie the probe to process %d: %m", collector);
	if (getppid() != collector)
		return tn_error_set(err, -ESRCH, "the parent of the probe is process %d, not its collector %d",
				    (int)getppid(), collector);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	return 0;
}

static int set_policy(const struct tn_probe_config *c, struct tn_error *err)
{
	struct sched_param param = {.sched_priority = c->policy == SCHED_OTHER ? 0 : c->priority};

	if (sched_setscheduler(0, c->policy, &param) == 0)
		return 0;
	return tn_error_set(err, -errno,
			    "cannot take SCHED_%s priority %d: %m: run as root, or give CAP_SYS_NICE or RLIMIT_RTPRIO",
			    c->policy == SCHED_FIFO ? "FIFO" : "OTHER", param.sched_priority);
}

/*
 * A policy of its own also keeps NUMA balancing away, whose hinting faults would hit the window; khugepaged
 * would collapse pages under the loop. Memory may be refused by a container or a kernel without NUMA: then
 * it is merely where the kernel puts it.
 */
static void bind_memory(int cpu, int node)
{
	struct bitmask *mask;

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (numa_available() < 0)
		return;
	if (node < 0)
		node = numa_node_of_cpu(cpu);
	if (node < 0 || node > numa_max_node())
		return;
	mask = numa_allocate_nodemask();
	numa_bitmask_setbit(mask, (unsigned int)node);
	if (set_mempolicy(MPOL_BIND, mask->maskp, mask->size + 1) == 0 && numa_max_node() > 0)
		numa_migrate_pages(0, numa_all_nodes_ptr, mask);
	numa_free_nodemask(mask);
}

/**
 * tn_probe_place() - bind the calling process to its CPU, scheduling policy and NUMA node
 * @c: checked before
 * @err: names the CPU or the policy
 *
 * Return: 0; -EINVAL when the CPU cannot be had; negative errno of sched_setscheduler(2).
 */
int tn_probe_place(const struct tn_probe_config *c, struct tn_error *err)
{
	struct tn_cpus set = {0};
	int r;

	tn_cpus_add(&set, (unsigned int)c->cpu);
	r = tn_cpus_bind_self(&set, err);
	if (r < 0)
		return r;
	bind_memory(c->cpu, c->node);
	return set_policy(c, err);
}

/* What RLIMIT_MEMLOCK has to be: all that is mapped, as mlockall() counts it. In KiB, rounded up to 1 MiB. */
static unsigned long locked_kib(void)
{
	tn_autofclose FILE *f = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!f || fscanf(f, "%lu", &pages) != 1)
		return 0;
	return (pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024 + 2047) / 1024 * 1024;
}

static int lock_refused(int r, struct tn_error *err)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_MEMLOCK, &limit);
	return tn_error_set(err, r,
			    "cannot lock the probe's memory: %s: RLIMIT_MEMLOCK is %llu KiB, at least %lu KiB are "
			    "needed (ulimit -l, LimitMEMLOCK=), or CAP_IPC_LOCK",
			    strerror(-r), (unsigned long long)limit.rlim_cur / 1024, locked_kib());
}

/* Down the stack as far as the probe will ever go. */
static __attribute__((noinline)) void touch_stack(void)
{
	volatile char stack[STACK_TOUCH];

	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 0;
}

/**
 * tn_probe_lock() - bring all memory in and keep it
 * @shm: result and ring are written once, so that the pages come from this CPU's node and are mapped writable
 * @size: of @shm, bytes
 * @err: what limit is needed
 *
 * Return: 0; negative errno of mlockall(2), such as -ENOMEM or -EPERM when RLIMIT_MEMLOCK is too low.
 */
int tn_probe_lock(struct tn_probe_shm *shm, size_t size, struct tn_error *err)
{
	const size_t first = offsetof(struct tn_probe_shm, result);

	touch_stack();
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		return lock_refused(-errno, err);
	memset((char *)shm + first, 0, size - first);
	return 0;
}

/**
 * tn_probe_settle() - hand over the pages that this CPU keeps back
 *
 * Pages that came in lately wait in a cache of the CPU for their place in the LRU lists. Whoever wants all of them
 * there has every such CPU switch to a kernel thread that hands them over (lru_add_drain_all() in mm/swap.c):
 * khugepaged every 10 s, compaction, drop_caches. So ours must not wait. MADV_COLD hands over first of all
 * (madvise_cold() in mm/madvise.c, since Linux 5.4), also where nothing is mapped, but not for locked memory, which
 * all of ours is. Without success they wait, and may be fetched.
 */
void tn_probe_settle(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	if (munlock(p, page) == 0)
		madvise(p, page, MADV_COLD);
	munmap(p, page);
}

/**
 * tn_probe_cpu() - where the caller runs
 * @ret: CPU number; untouched on failure
 * @err: why it is not known
 *
 * Asks the kernel; the vDSO and glibc answer from memory that a broken setup may have left stale.
 *
 * Return: 0 or negative errno of getcpu(2).
 */
int tn_probe_cpu(int32_t *ret, struct tn_error *err)
{
	unsigned int cpu;

	if (syscall(SYS_getcpu, &cpu, NULL, NULL) < 0)
		return tn_error_set(err, -errno, "cannot find out on which CPU the probe runs: %m");
	*ret = (int32_t)cpu;
	return 0;
}
