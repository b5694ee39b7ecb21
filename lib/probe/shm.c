// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory that a probe shares with its collector: a memfd whose size is sealed, so that neither side
 * can take pages away under the other (an access beyond the end would be SIGBUS inside the window).
 *
 * The collector writes the first page only. All others are touched first by the probe, after it has bound
 * itself to its NUMA node, and come from there.
 */
#include "probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpus.h"
#include "probe/entry.h"
#include "probe/shm.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static bool ring_size_valid(uint32_t n)
{
	return n >= TN_RING_RECORDS_MIN && n <= TN_RING_RECORDS_MAX && !(n & (n - 1));
}

static int check_work(const struct tn_probe_config *c, struct tn_error *err)
{
	if (c->work > TN_WORK_TIMER)
		return tn_error_set(err, -EINVAL, "work %u is unknown to this probe", c->work);
	if (c->work == TN_WORK_ENTRY && (c->pages < 1 || c->pages > TN_ENTRY_PAGES_MAX))
		return tn_error_set(err, -EINVAL, "%u pages to fault on are out of range: 1 to %u", c->pages,
				    TN_ENTRY_PAGES_MAX);
	if (c->work == TN_WORK_TIMER && (c->interval_ns < 1000 || c->interval_ns > 1000000000))
		return tn_error_set(err, -EINVAL, "an interval of %llu ns is out of range: 1000 to 1000000000",
				    (unsigned long long)c->interval_ns);
	if (c->work == TN_WORK_TIMER && !(c->ticks_per_ns > 0.0 && c->ticks_per_ns < 1e6))
		return tn_error_set(err, -EINVAL, "a clock of %g ticks per ns is none", c->ticks_per_ns);
	return 0;
}

/**
 * tn_probe_config_check() - can a probe work with this?
 * @c: the configuration; magic and abi are not looked at
 * @err: the first member that is out of range
 *
 * Machine independent: whether the CPU exists turns out when the probe binds itself.
 *
 * Return: 0 or -EINVAL.
 */
int tn_probe_config_check(const struct tn_probe_config *c, struct tn_error *err)
{
	int r;

	if (c->cpu < 0 || c->cpu >= TN_CPUS_MAX)
		return tn_error_set(err, -EINVAL, "probe CPU %d is out of range: 0 to %d", c->cpu, TN_CPUS_MAX - 1);
	if (!ring_size_valid(c->ring_records))
		return tn_error_set(err, -EINVAL, "a ring of %u records cannot be: take a power of two from %u to %u",
				    c->ring_records, TN_RING_RECORDS_MIN, TN_RING_RECORDS_MAX);
	if (c->policy != SCHED_OTHER && c->policy != SCHED_FIFO)
		return tn_error_set(err, -EINVAL, "scheduling policy %d is unknown: take SCHED_OTHER or SCHED_FIFO",
				    c->policy);
	if (c->policy == SCHED_FIFO && (c->priority < 1 || c->priority > 99))
		return tn_error_set(err, -EINVAL, "SCHED_FIFO priority %d is out of range: 1 to 99", c->priority);
	r = check_work(c, err);
	if (r < 0)
		return r;
	if (c->work == TN_WORK_SPIN && (c->quantum_ticks < 1 || c->quantum_ticks > TN_PROBE_QUANTUM_MAX))
		return tn_error_set(err, -EINVAL, "a quantum of %llu ticks is out of range: 1 to %llu",
				    (unsigned long long)c->quantum_ticks, TN_PROBE_QUANTUM_MAX);
	if (!c->duration_ticks || c->duration_ticks > INT64_MAX)
		return tn_error_set(err, -EINVAL, "a window of %llu ticks is out of range: 1 to %lld",
				    (unsigned long long)c->duration_ticks, (long long)INT64_MAX);
	return 0;
}

static struct tn_probe_shm *map(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int map_failed(size_t size, struct tn_error *err)
{
	return tn_error_set(err, -errno, "cannot map %zu bytes of memory shared with a probe: %m", size);
}

/**
 * tn_probe_shm_create() - memory for one probe, and its orders
 * @config: copied; magic, abi and collector are filled in here
 * @ret: the memory: state TN_PROBE_START, command TN_PROBE_WAIT, all else zero. @ret->fd is close-on-exec;
 *       hand it to the probe. Release with tn_probe_shm_close(). Untouched on failure
 * @err: what failed
 *
 * The caller becomes the collector: the probe refuses to work for a process that is not its parent. The thread
 * that forks the probe must live as long as the probe shall (prctl(2), PR_SET_PDEATHSIG).
 *
 * Return: 0; -EINVAL when @config is out of range; negative errno of memfd_create(2), ftruncate(2), mmap(2).
 */
int tn_probe_shm_create(const struct tn_probe_config *config, struct tn_probe_handle *ret, struct tn_error *err)
{
	tn_autoclose int fd = -1;
	struct tn_probe_shm *shm;
	size_t size = 0;
	int r;

	r = tn_probe_config_check(config, err);
	if (r < 0)
		return r;
	size = tn_probe_shm_size(config->ring_records);
	fd = memfd_create("tlbnoise-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return tn_error_set(err, -errno, "cannot create memory to share with a probe: %m");
	if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0)
		return tn_error_set(err, -errno, "cannot size %zu bytes of memory to share with a probe: %m", size);
	shm = map(fd, size);
	if (!shm)
		return map_failed(size, err);
	shm->config = *config;
	shm->config.magic = TN_PROBE_MAGIC;
	shm->config.abi = TN_PROBE_ABI;
	shm->config.collector = getpid();
	*ret = (struct tn_probe_handle){.fd = tn_steal_fd(&fd), .size = size, .shm = shm};
	return 0;
}

/**
 * tn_probe_shm_close() - unmap and close; the memory lives on while the other side has it
 * @h: from tn_probe_shm_create() or tn_probe_shm_attach(), zeroed, or closed before
 */
void tn_probe_shm_close(struct tn_probe_handle *h)
{
	if (!h->shm)
		return;
	munmap(h->shm, h->size);
	if (h->fd >= 0)
		close(h->fd);
	*h = (struct tn_probe_handle){.fd = -1};
}

/* The size of a descriptor that cannot change any more. */
static int sealed_size(int fd, size_t *ret, struct tn_error *err)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || fstat(fd, &st) < 0)
		return tn_error_set(err, -errno, "descriptor %d is no memory from tlbnoised: %m", fd);
	if ((seals & SEALS) != SEALS)
		return tn_error_set(err, -EINVAL, "descriptor %d: its size is not sealed", fd);
	if ((size_t)st.st_size < tn_probe_shm_size(TN_RING_RECORDS_MIN))
		return tn_error_set(err, -EINVAL, "descriptor %d: %lld bytes are too few, at least %zu are needed", fd,
				    (long long)st.st_size, tn_probe_shm_size(TN_RING_RECORDS_MIN));
	*ret = (size_t)st.st_size;
	return 0;
}

static int check_header(int fd, const struct tn_probe_shm *shm, size_t size, struct tn_error *err)
{
	const struct tn_probe_config *c = &shm->config;
	unsigned int state = atomic_load_explicit(&shm->state, memory_order_acquire);

	if (c->magic != TN_PROBE_MAGIC)
		return tn_error_set(err, -EINVAL, "descriptor %d: magic is %#x instead of %#x", fd, c->magic,
				    TN_PROBE_MAGIC);
	if (c->abi != TN_PROBE_ABI)
		return tn_error_set(err, -EPROTO,
				    "descriptor %d: version is %u instead of %d: tlbnoised and tlbnoise-probe must be "
				    "of the same build",
				    fd, c->abi, TN_PROBE_ABI);
	if (!ring_size_valid(c->ring_records))
		return tn_error_set(err, -EINVAL, "descriptor %d: %u ring records are not a power of two from %u to %u",
				    fd, c->ring_records, TN_RING_RECORDS_MIN, TN_RING_RECORDS_MAX);
	if (tn_probe_shm_size(c->ring_records) != size)
		return tn_error_set(err, -EINVAL, "descriptor %d: %zu bytes do not fit a ring of %u records", fd, size,
				    c->ring_records);
	if (state != TN_PROBE_START)
		return tn_error_set(err, -EBUSY, "descriptor %d: another probe has used it, its state is %u", fd,
				    state);
	return 0;
}

/**
 * tn_probe_shm_attach() - the probe's side of the memory
 * @fd: as inherited; owned by the caller when this fails
 * @ret: the memory, its layout validated; release with tn_probe_shm_close(). Untouched on failure
 * @err: what is wrong with it
 *
 * Only what decides whether the memory can be used at all is checked here, so that everything else can be
 * reported through it: see tn_probe_config_check().
 *
 * Return: 0; -EBADF, -EINVAL when @fd is something else; -EPROTO for another version; -EBUSY when a probe has
 * used it already; negative errno of mmap(2).
 */
int tn_probe_shm_attach(int fd, struct tn_probe_handle *ret, struct tn_error *err)
{
	struct tn_probe_shm *shm;
	size_t size = 0;
	int r;

	r = sealed_size(fd, &size, err);
	if (r < 0)
		return r;
	shm = map(fd, size);
	if (!shm)
		return map_failed(size, err);
	r = check_header(fd, shm, size, err);
	if (r < 0) {
		munmap(shm, size);
		return r;
	}
	*ret = (struct tn_probe_handle){.fd = fd, .size = size, .shm = shm};
	return 0;
}
