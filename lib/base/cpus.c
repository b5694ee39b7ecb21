// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets of CPU numbers as plain values, and the kernel's list format ("0-3,8", "0-15:2/4") for them.
 *
 * The text is parsed here and not by libnuma: numa_parse_cpustring() refuses CPUs that this machine has
 * not, and a set may come from a recorded document or from another machine's sysfs tree; it also prints
 * to stderr. Whether a CPU exists is asked where it matters: by tn_cpus_bind_self(), which goes through
 * libnuma, and by those who hold a struct tn_topology.
 */
#include "base/cpus.h"

#include <ctype.h>
#include <errno.h>
#include <numa.h>
#include <string.h>

#define LIST_FILE_MAX 32768 /* 4,096 single CPUs are 19 KiB of text */
#define QUOTE_MAX     60    /* how much of a bad text an error repeats */

/* One entry of a list: every CPU of first-last whose place in its group of @group is below @used. */
struct entry {
	unsigned int first, last, used, group;
};

static int bad_list(struct tn_error *err, const char *text)
{
	return tn_error_set(err, -EINVAL, "'%.*s' is not a CPU list, such as 0-3,8", QUOTE_MAX, text);
}

static const char *skip_blanks(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* Digits only, as strtoul() would take signs and blanks. Values too large to matter stay at UINT_MAX. */
static bool take_number(const char **p, unsigned int *ret)
{
	unsigned int v = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	for (; isdigit((unsigned char)**p); (*p)++)
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (unsigned int)(**p - '0'), &v))
			v = UINT_MAX / 10;
	*ret = v;
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static int take_entry(const char **p, const char *text, struct entry *e, struct tn_error *err)
{
	if (!take_number(p, &e->first))
		return bad_list(err, text);
	e->last = e->first;
	e->used = e->group = 1;
	if (take_char(p, '-')) {
		if (!take_number(p, &e->last))
			return bad_list(err, text);
		if (take_char(p, ':') && !(take_number(p, &e->used) && take_char(p, '/') && take_number(p, &e->group)))
			return bad_list(err, text);
	}
	if (e->last < e->first)
		return tn_error_set(err, -EINVAL, "the CPU range %u-%u in '%.*s' runs backwards", e->first, e->last,
				    QUOTE_MAX, text);
	if (!e->used || e->used > e->group)
		return tn_error_set(
			err, -EINVAL,
			"'%.*s': the stride must take at least 1 CPU of each group, and not more than it has",
			QUOTE_MAX, text);
	if (e->last >= TN_CPUS_MAX)
		return tn_error_set(err, -ERANGE, "'%.*s' is out of range: CPU numbers end at %u", QUOTE_MAX, text,
				    TN_CPUS_MAX - 1);
	return 0;
}

static int parse_list(const char *text, struct tn_cpus *ret, struct tn_error *err)
{
	const char *p = skip_blanks(text);
	struct tn_cpus set = {0};
	struct entry e = {0};
	int r;

	do {
		p = skip_blanks(p);
		r = take_entry(&p, text, &e, err);
		if (r < 0)
			return r;
		for (unsigned int cpu = e.first; cpu <= e.last; cpu++)
			if ((cpu - e.first) % e.group < e.used)
				tn_cpus_add(&set, cpu);
		p = skip_blanks(p);
	} while (take_char(&p, ','));
	if (*p)
		return bad_list(err, text);
	*ret = set;
	return 0;
}

/**
 * tn_cpus_parse() - set of CPUs from the kernel's list format
 * @text: "0-3,8"; a range may have a stride, "0-15:2/4" for two of every four (Documentation/admin-guide/
 *        kernel-parameters.rst); blanks around entries are allowed
 * @ret: the set; untouched on failure
 * @err: the text and what is wrong with it
 *
 * Machine independent: a number needs to be below TN_CPUS_MAX, the CPU need not exist.
 *
 * Return: 0; -EINVAL when the text is empty or no list; -ERANGE for a number of TN_CPUS_MAX or more.
 */
int tn_cpus_parse(const char *text, struct tn_cpus *ret, struct tn_error *err)
{
	if (!*skip_blanks(text))
		return tn_error_set(err, -EINVAL, "an empty text is not a CPU list, such as 0-3,8");
	return parse_list(text, ret, err);
}

/**
 * tn_cpus_read() - set of CPUs from a file in the kernel's list format
 * @path: such as /sys/devices/system/cpu/online
 * @ret: the set; an empty file is the empty set; untouched on failure
 * @err: names the file
 *
 * Return: 0; negative errno of opening or reading; -EINVAL, -ERANGE as tn_cpus_parse().
 */
int tn_cpus_read(const char *path, struct tn_cpus *ret, struct tn_error *err)
{
	tn_autofree char *text = malloc(LIST_FILE_MAX);
	tn_autofclose FILE *f = fopen(path, "re");
	size_t n;
	int r;

	if (!text)
		return tn_error_set(err, -ENOMEM, "no memory to read %s", path);
	if (!f)
		return tn_error_set(err, -errno, "cannot open %s: %m", path);
	errno = 0;
	n = fread(text, 1, LIST_FILE_MAX - 1, f);
	if (ferror(f))
		return tn_error_set(err, errno ? -errno : -EIO, "cannot read %s: %m", path);
	text[n] = '\0';
	if (!*skip_blanks(text)) {
		*ret = (struct tn_cpus){0};
		return 0;
	}
	r = parse_list(text, ret, err);
	return r < 0 ? tn_error_prefix(err, r, "%s", path) : 0;
}

static unsigned int run_end(const struct tn_cpus *set, unsigned int cpu)
{
	while (tn_cpus_has(set, cpu + 1))
		cpu++;
	return cpu;
}

/**
 * tn_cpus_format() - the kernel's list format of a set
 * @set: the set
 * @buf: receives the text, "" for the empty set
 * @size: of @buf; TN_CPUS_TEXT suits all but bizarre sets
 *
 * A list that does not fit is cut between two entries and ends in "...".
 *
 * Return: @buf.
 */
const char *tn_cpus_format(const struct tn_cpus *set, char *buf, size_t size)
{
	size_t pos = 0;
	char item[32];

	if (size)
		buf[0] = '\0';
	for (int cpu = tn_cpus_first(set); cpu >= 0;) {
		unsigned int end = run_end(set, (unsigned int)cpu);
		int next = tn_cpus_next(set, (int)end), n;

		if (end > (unsigned int)cpu)
			n = snprintf(item, sizeof(item), "%s%d-%u", pos ? "," : "", cpu, end);
		else
			n = snprintf(item, sizeof(item), "%s%d", pos ? "," : "", cpu);
		if (pos + (size_t)n + (next < 0 ? 0 : strlen(",...")) >= size) {
			snprintf(buf + pos, size - pos, "%s...", pos ? "," : "");
			break;
		}
		memcpy(buf + pos, item, (size_t)n + 1);
		pos += (size_t)n;
		cpu = next;
	}
	return buf;
}

static struct bitmask *to_bitmask(const struct tn_cpus *set)
{
	struct bitmask *mask = numa_bitmask_alloc(TN_CPUS_MAX);

	tn_cpus_for_each(cpu, set)
		numa_bitmask_setbit(mask, (unsigned int)cpu);
	return mask;
}

static void bitmask_freep(struct bitmask **mask)
{
	if (*mask)
		numa_bitmask_free(*mask);
}

/**
 * tn_cpus_bind_self() - let the calling thread run on the CPUs of a set only
 * @set: not empty
 * @err: names the CPUs that could not be had
 *
 * The kernel silently drops CPUs that are offline or outside the caller's cpuset; here that is an error,
 * because a measurement on other CPUs than the asked ones is worthless. The affinity is then what remained.
 *
 * Return: 0; -EINVAL when a CPU cannot be had; another negative errno of sched_setaffinity(2).
 */
int tn_cpus_bind_self(const struct tn_cpus *set, struct tn_error *err)
{
	tn_cleanup(bitmask_freep) struct bitmask *mask = to_bitmask(set);
	struct tn_cpus got, missing = *set;
	char text[TN_CPUS_TEXT / 4];
	int r;

	if (numa_sched_setaffinity(0, mask) < 0 && errno != EINVAL)
		return tn_error_set(err, -errno, "cannot bind to CPUs %s: %m", tn_cpus_format(set, text, sizeof(text)));
	r = tn_cpus_affinity_self(&got, err);
	if (r < 0)
		return r;
	if (tn_cpus_equal(&got, set))
		return 0;
	/* On EINVAL none of them could be had, and @got is the old affinity. */
	missing = tn_cpus_minus(set, &got);
	if (tn_cpus_empty(&missing))
		missing = *set;
	return tn_error_set(err, -EINVAL,
			    "cannot bind to CPUs %s: they do not exist, are offline or outside this cpuset",
			    tn_cpus_format(&missing, text, sizeof(text)));
}

/**
 * tn_cpus_affinity_self() - the CPUs that the calling thread may run on
 * @ret: the set; untouched on failure
 * @err: why it cannot be read
 *
 * Return: 0; negative errno of sched_getaffinity(2).
 */
int tn_cpus_affinity_self(struct tn_cpus *ret, struct tn_error *err)
{
	tn_cleanup(bitmask_freep) struct bitmask *mask = numa_bitmask_alloc(TN_CPUS_MAX);
	struct tn_cpus set = {0};

	if (numa_sched_getaffinity(0, mask) < 0)
		return tn_error_set(err, -errno, "cannot read the CPU affinity: %m");
	for (unsigned int cpu = 0; cpu < TN_CPUS_MAX; cpu++)
		if (numa_bitmask_isbitset(mask, cpu))
			tn_cpus_add(&set, cpu);
	*ret = set;
	return 0;
}
