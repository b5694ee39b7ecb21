// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupt lines and unbound workqueues. A line that the kernel manages (a queue of a disk, one a CPU) or that is
 * bound to a CPU by its nature refuses another affinity: it is named. Lines that are set up later follow
 * default_smp_affinity. For workqueues the mask of all unbound ones is enough: the kernel applies it to each of them.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "system/files.h"
#include "system/isolate-internal.h"

/* The kernel's masks: hexadecimal, in groups of 32 CPUs, the highest first. Returns false for anything else. */
static bool parse_mask(const char *text, struct tn_cpus *ret)
{
	struct tn_cpus set = {0};
	unsigned int bit = 0;

	for (size_t i = strlen(text); i-- > 0;) {
		char digit[2] = {text[i], '\0'}, *end;
		unsigned long v;

		if (text[i] == ',')
			continue;
		v = strtoul(digit, &end, 16);
		if (*end || bit + 4 > TN_CPUS_MAX)
			return false;
		for (unsigned int k = 0; k < 4; k++)
			if (v & (1ul << k))
				tn_cpus_add(&set, bit + k);
		bit += 4;
	}
	*ret = set;
	return bit > 0;
}

/* As long as @like, so that it reads as the kernel will show it. */
static void format_mask(const struct tn_cpus *set, const char *like, char *buf)
{
	unsigned int bit = 0;
	size_t len = strlen(like);

	buf[len] = '\0';
	while (len-- > 0) {
		unsigned int v = 0;

		if (like[len] == ',') {
			buf[len] = ',';
			continue;
		}
		for (unsigned int k = 0; k < 4; k++)
			v |= (unsigned int)tn_cpus_has(set, bit + k) << k;
		buf[len] = "0123456789abcdef"[v];
		bit += 4;
	}
}

/* Takes the isolated CPUs out of a file with a mask. */
static int change_mask(const struct tn_isolate_options *opt, const char *what, const char *file, struct tn_error *err)
{
	char path[PATH_MAX], before[TN_CPUS_MAX / 4 + TN_CPUS_MAX / 32 + 2], during[sizeof(before)];
	struct tn_cpus set, rest;
	struct tn_error refused = {0};
	int r;

	snprintf(path, sizeof(path), "%s%s", opt->root, file);
	if (tn_file_read(path, before, sizeof(before)) <= 0)
		return 0; /* a kernel without it has nothing to be moved */
	if (!parse_mask(before, &set))
		return tn_error_set(err, -EINVAL, "%s: '%.40s' is not a mask of CPUs", path, before);
	if (!isolate_without(opt, &set, &rest))
		return 0;
	format_mask(&rest, before, during);
	r = isolate_change(opt, what, path, during, &refused);
	if (r < 0)
		*err = refused;
	return r > 0 ? isolate_note(opt, true, "mask-refused", refused.text, err) : r;
}

/* The number of a line, and who uses it: the folders in its folder. */
static void name_line(const struct tn_isolate_options *opt, const char *number, char *buf, size_t size)
{
	char path[PATH_MAX];
	tn_autoclosedir DIR *d = NULL;
	size_t len;

	snprintf(path, sizeof(path), "%s/proc/irq/%s", opt->root, number);
	snprintf(buf, size, "%.12s", number);
	d = opendir(path);
	for (struct dirent *de = d ? readdir(d) : NULL; de; de = readdir(d)) {
		len = strlen(buf);
		if (de->d_type == DT_DIR && de->d_name[0] != '.')
			snprintf(buf + len, size - len, " %.24s", de->d_name);
	}
}

static int change_line(const struct tn_isolate_options *opt, const char *number, struct isolate_names *refused,
		       struct tn_error *err)
{
	char path[PATH_MAX], text[TN_CPUS_TEXT], name[64];
	struct tn_cpus set, rest;
	struct tn_error why = {0};
	int r;

	snprintf(path, sizeof(path), "%s/proc/irq/%s/smp_affinity_list", opt->root, number);
	if (tn_cpus_read(path, &set, NULL) < 0 || !isolate_without(opt, &set, &rest))
		return 0; /* a line can go at any time */
	r = isolate_change(opt, "irq-affinity", path, tn_cpus_format(&rest, text, sizeof(text)), &why);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		*err = why;
	if (r <= 0)
		return r;
	name_line(opt, number, name, sizeof(name));
	isolate_name(refused, name);
	return 0;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static int is_number(const struct dirent *de)
{
	return de->d_name[0] && strspn(de->d_name, "0123456789") == strlen(de->d_name);
}

/**
 * isolate_interrupts() - move interrupt lines off the isolated CPUs
 * @opt: options
 * @err: message
 *
 * Return: 0, also when lines refuse; a negative errno of the journal.
 */
int isolate_interrupts(const struct tn_isolate_options *opt, struct tn_error *err)
{
	struct isolate_names refused = {.n = 0};
	char path[PATH_MAX], names[ISOLATE_NAMES], text[ISOLATE_NOTE], cpus[64];
	struct dirent **line = NULL;
	int n, r;

	r = change_mask(opt, "irq-default-affinity", "/proc/irq/default_smp_affinity", err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/proc/irq", opt->root);
	n = scandir(path, &line, is_number, by_number);
	for (int i = 0; i < n; i++) {
		if (r >= 0)
			r = change_line(opt, line[i]->d_name, &refused, err);
		free(line[i]);
	}
	free(line);
	if (r < 0 || !refused.n)
		return r;
	snprintf(text, sizeof(text), "%u interrupt line(s) stay on CPU %s, as the kernel moves them to no other: %s",
		 refused.n, tn_cpus_format(&opt->cpus, cpus, sizeof(cpus)),
		 isolate_names_text(&refused, names, sizeof(names)));
	return isolate_note(opt, true, "irqs-not-moved", text, err);
}

/**
 * isolate_workqueues() - take the isolated CPUs from unbound workqueues
 * @opt: options
 * @err: message
 *
 * Return: 0, also when the kernel refuses; a negative errno of the journal.
 */
int isolate_workqueues(const struct tn_isolate_options *opt, struct tn_error *err)
{
	return change_mask(opt, "workqueue-mask", "/sys/devices/virtual/workqueue/cpumask", err);
}
