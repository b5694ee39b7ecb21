// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlbnoise_churn: work on purpose that makes the kernel flush TLB entries of its own address
 * range, interruptions of known length, and a test for stale TLB entries. tlbnoise_churn.h says
 * what each request does.
 *
 * A session is an open file. Its release stops everything, so that churn ends with its owner,
 * also by kill -9. Requests have structures of fixed size, copied in whole before anything is
 * looked at and copied out on success; no request follows a pointer. Memory is set aside before
 * it is allocated, from one budget for all sessions.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

static unsigned long memory_max_mb = 256;
module_param(memory_max_mb, ulong, 0444);
MODULE_PARM_DESC(memory_max_mb,
		 "MiB that all sessions together may use; never more than a quarter of all memory");

static atomic64_t charged = ATOMIC64_INIT(0);
static atomic64_t operations, last_ns;

/** tnc_count_activity() - an operation has ended, in whatever way; TLBNOISE_CHURN_INFO shows it */
void tnc_count_activity(u64 now_ns)
{
	atomic64_inc(&operations);
	atomic64_set(&last_ns, now_ns);
}

/** tnc_memory_max() - bytes that all sessions together may set aside */
u64 tnc_memory_max(void)
{
	return min_t(u64, memory_max_mb, totalram_pages() >> (22 - PAGE_SHIFT)) << 20;
}

/**
 * tnc_charge() - set memory aside
 * @bytes: as many
 * @limit: of who asks
 *
 * Return: 0, -E2BIG if it is more than the limit, -ENOMEM if others have taken what it needs.
 */
int tnc_charge(u64 bytes, u64 limit)
{
	u64 all = tnc_memory_max();

	if (bytes > min(limit, all))
		return -E2BIG;
	if (atomic64_add_return(bytes, &charged) > all) {
		atomic64_sub(bytes, &charged);
		return -ENOMEM;
	}
	return 0;
}

void tnc_uncharge(u64 bytes)
{
	atomic64_sub(bytes, &charged);
}

/** tnc_random() - next of a sequence, never 0; Marsaglia's xorshift, as in lib/churn/pace.c */
u64 tnc_random(u64 *state)
{
	u64 x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

/** tnc_random_seed() - state to begin with: any @seed will do, each @index has its own sequence */
u64 tnc_random_seed(u64 seed, u64 index)
{
	return ((seed ^ (index + 1) * 0x9e3779b97f4a7c15ULL) ?: 1);
}

/** tnc_random_range() - uniform from @min to @max; the bias is max - min in 2^64 */
u64 tnc_random_range(u64 *state, u64 min, u64 max)
{
	return min + tnc_random(state) % (max - min + 1);
}

bool tnc_is_zero(const void *field, size_t size)
{
	return !memchr_inv(field, 0, size);
}

static long info(struct tnc_session *s, void *arg)
{
	struct tlbnoise_churn_info *io = arg;
	const struct tnc_pattern *p;
	u32 i;

	io->version = TLBNOISE_CHURN_VERSION;
	for (i = 0; i < TLBNOISE_CHURN_PATTERNS; i++) {
		p = tnc_pattern_find(i);
		io->patterns |= p ? BIT(i) : 0;
		io->pages_max[i] = p ? p->pages_max : 0;
	}
	io->memory_max = tnc_memory_max();
	io->duration_max_ns = tnc_tick_khz() ? TNC_DURATION_MAX_NS : 0;
	io->spacing_min_ns = TNC_SPACING_MIN_NS;
	io->records_max = TNC_RECORDS_MAX;
	io->tick_khz = tnc_tick_khz();
	io->operations = atomic64_read(&operations);
	io->last_ns = atomic64_read(&last_ns);
	return 0;
}

static long stats(struct tnc_session *s, void *arg)
{
	mutex_lock(&s->lock);
	tnc_churn_stats(s, arg);
	tnc_inject_stats(s, arg);
	mutex_unlock(&s->lock);
	return 0;
}

static const struct {
	unsigned int request;
	long (*handle)(struct tnc_session *s, void *arg);
} requests[] = {
	{ TLBNOISE_CHURN_INFO, info },
	{ TLBNOISE_CHURN_START, tnc_churn_start },
	{ TLBNOISE_CHURN_STOP, tnc_churn_stop },
	{ TLBNOISE_CHURN_OPERATE, tnc_churn_operate },
	{ TLBNOISE_CHURN_STATS, stats },
	{ TLBNOISE_CHURN_INJECT, tnc_inject_start },
	{ TLBNOISE_CHURN_CEASE, tnc_inject_stop },
	{ TLBNOISE_CHURN_REMAP, tnc_remap },
	{ TLBNOISE_CHURN_PEEK, tnc_peek },
};

static long device_ioctl(struct file *file, unsigned int request, unsigned long user)
{
	unsigned int n = _IOC_NR(request), size = _IOC_SIZE(request), dir = _IOC_DIR(request);
	void __user *to = (void __user *)user;
	void *arg;
	long r;

	if (n >= ARRAY_SIZE(requests))
		return -ENOTTY;
	n = array_index_nospec(n, ARRAY_SIZE(requests));
	if (requests[n].request != request)
		return -ENOTTY;
	arg = kzalloc(max(size, 1U), GFP_KERNEL);
	if (!arg)
		return -ENOMEM;
	if (dir & _IOC_WRITE && copy_from_user(arg, to, size))
		r = -EFAULT;
	else
		r = requests[n].handle(file->private_data, arg);
	if (r == 0 && dir & _IOC_READ && copy_to_user(to, arg, size))
		r = -EFAULT;
	kfree(arg);
	return r;
}

static ssize_t device_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	struct tnc_session *s = file->private_data;

	return tnc_log_read(&s->log, to, size, !(file->f_flags & O_NONBLOCK));
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct tnc_session *s = file->private_data;

	poll_wait(file, &s->log.wait, wait);
	return tnc_log_readable(&s->log) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int device_open(struct inode *inode, struct file *file)
{
	struct tnc_session *s;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	mutex_init(&s->lock);
	mutex_init(&s->remap_lock);
	tnc_log_init(&s->log);
	file->private_data = s;
	return stream_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	struct tnc_session *s = file->private_data;

	/* Nobody else has the session now. All is told to stop before anything is waited for. */
	tnc_inject_tell(s);
	tnc_churn_stop(s, NULL);
	tnc_inject_stop(s, NULL);
	tnc_remap_free(s);
	tnc_log_free(&s->log);
	kfree(s);
	return 0;
}

static const struct file_operations file_operations = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "tlbnoise-churn",
	.fops = &file_operations,
	.mode = 0600,
};

module_misc_device(device);

MODULE_DESCRIPTION("TLB flush churn, injected interruptions and a stale-read test for tlbnoise");
MODULE_AUTHOR("The tlbnoise authors");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
