// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What sysfs says of CPUs. Every function takes the root of a file tree, "" for the machine itself, so that
 * the trees of other machines can be read, in tests or from a support archive. That is also why libnuma is
 * not asked here: it knows this machine only.
 *
 * Isolation has three places: /sys/devices/system/cpu/isolated (isolcpus=), nohz_full beside it, and the
 * cpuset.cpus.isolated of the root cgroup (isolated partitions of cgroup v2).
 */
#include "system/topology.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <string.h>

#include "system/files.h"

#define CPU_DIR  "/sys/devices/system/cpu"
#define NODE_DIR "/sys/devices/system/node"

static int read_set(const char *root, const char *file, struct tn_cpus *ret, struct tn_error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, file);
	return tn_cpus_read(path, ret, err);
}

/*
 * A set that only some kernels have: an absent file is the empty set. A nohz_full file without such CPUs
 * may hold "(null)", as the mask behind it was never allocated.
 */
static int read_optional(const char *root, const char *file, struct tn_cpus *ret, struct tn_error *err)
{
	char path[PATH_MAX], text[16];
	int r;

	snprintf(path, sizeof(path), "%s%s", root, file);
	r = tn_file_read(path, text, sizeof(text));
	if (r == -ENOENT || strstr(text, "(null)")) {
		*ret = (struct tn_cpus){0};
		return 0;
	}
	return tn_cpus_read(path, ret, err);
}

/*
 * Kernels before 6.8 have isolated partitions (since 6.1), but no list of their CPUs. One that is not valid says more
 * than the word.
 */
static void add_partitions(const char *root, const char *pattern, struct tn_cpus *all)
{
	char path[PATH_MAX], text[32];
	struct tn_cpus one;
	glob_t found = {0};

	snprintf(path, sizeof(path), "%s%s", root, pattern);
	if (glob(path, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++) {
			char *file = found.gl_pathv[i];
			int folder = (int)(strrchr(file, '/') - file);

			if (tn_file_read(file, text, sizeof(text)) < 0 || strcmp(text, "isolated") != 0)
				continue;
			snprintf(path, sizeof(path), "%.*s/cpuset.cpus.effective", folder, file);
			if (tn_cpus_read(path, &one, NULL) == 0)
				*all = tn_cpus_or(all, &one);
		}
	globfree(&found);
}

static bool has_list(const char *root)
{
	char path[PATH_MAX], text[16];

	snprintf(path, sizeof(path), "%s/sys/fs/cgroup/cpuset.cpus.isolated", root);
	return tn_file_read(path, text, sizeof(text)) >= 0;
}

static int read_isolated(const char *root, struct tn_cpus *ret, struct tn_error *err)
{
	static const char *const partitions[] = {
		"/sys/fs/cgroup/*/cpuset.cpus.partition",
		"/sys/fs/cgroup/*/*/cpuset.cpus.partition",
	};
	static const char *const files[] = {
		CPU_DIR "/isolated",
		"/sys/fs/cgroup/cpuset.cpus.isolated",
		"/sys/fs/cgroup/unified/cpuset.cpus.isolated",
	};
	struct tn_cpus all = {0}, one;
	int r;

	for (size_t i = 0; i < TN_ARRAY_SIZE(files); i++) {
		r = read_optional(root, files[i], &one, err);
		if (r < 0)
			return r;
		all = tn_cpus_or(&all, &one);
	}
	for (size_t i = 0; i < TN_ARRAY_SIZE(partitions) && !has_list(root); i++)
		add_partitions(root, partitions[i], &all);
	*ret = all;
	return 0;
}

/* The kernel's own word, or, before Linux 4.19 had it, whether any CPU shares its core. */
static bool read_smt(const char *root, const struct tn_cpus *online)
{
	char path[PATH_MAX], text[8];
	struct tn_cpus siblings;

	snprintf(path, sizeof(path), "%s" CPU_DIR "/smt/active", root);
	if (tn_file_read(path, text, sizeof(text)) >= 0)
		return !strcmp(text, "1");
	tn_cpus_for_each(cpu, online)
		if (!tn_topology_siblings(root, cpu, &siblings, NULL) && tn_cpus_count(&siblings) > 1)
			return true;
	return false;
}

/**
 * tn_topology_read() - which CPUs there are and what the kernel keeps away from them
 * @root: root of the file tree, "" for this machine
 * @ret: the sets; untouched on failure. Housekeeping CPUs are those online that are neither isolated nor
 *       nohz_full; a kernel without a kind of isolation has an empty set of it
 * @err: the file that is missing or not understood
 *
 * Return: 0; negative errno of reading a file; -EINVAL for a file that is no CPU list.
 */
int tn_topology_read(const char *root, struct tn_topology *ret, struct tn_error *err)
{
	struct tn_topology t = {0};
	int r;

	r = read_set(root, CPU_DIR "/online", &t.online, err);
	if (!r)
		r = read_set(root, CPU_DIR "/possible", &t.possible, err);
	if (!r)
		r = read_isolated(root, &t.isolated, err);
	if (!r)
		r = read_optional(root, CPU_DIR "/nohz_full", &t.nohz_full, err);
	if (r < 0)
		return r;
	t.housekeeping = tn_cpus_minus(&t.online, &t.isolated);
	t.housekeeping = tn_cpus_minus(&t.housekeeping, &t.nohz_full);
	t.smt_active = read_smt(root, &t.online);
	*ret = t;
	return 0;
}

/**
 * tn_topology_siblings() - the hardware threads of a CPU's core
 * @root: root of the file tree, "" for this machine
 * @cpu: an online CPU
 * @ret: the set, @cpu included; untouched on failure
 * @err: names the CPU
 *
 * Return: 0; -ENOENT when the CPU is offline or does not exist; another negative errno of reading.
 */
int tn_topology_siblings(const char *root, int cpu, struct tn_cpus *ret, struct tn_error *err)
{
	char file[128];
	int r;

	snprintf(file, sizeof(file), CPU_DIR "/cpu%d/topology/thread_siblings_list", cpu);
	r = read_set(root, file, ret, err);
	if (r == -ENOENT)
		return tn_error_set(err, r, "CPU %d is offline or does not exist: there is no %s%s", cpu, root, file);
	return r;
}

/**
 * tn_topology_node() - NUMA node of a CPU
 * @root: root of the file tree, "" for this machine
 * @cpu: CPU number
 *
 * Return: the node; 0 when the kernel knows no nodes, as all memory is one then; -ENOENT when none of the
 * nodes has this CPU; another negative errno of reading.
 */
int tn_topology_node(const char *root, int cpu)
{
	char path[PATH_MAX];
	struct tn_cpus nodes, cpus;
	int r;

	r = read_set(root, NODE_DIR "/online", &nodes, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	tn_cpus_for_each(node, &nodes) {
		snprintf(path, sizeof(path), "%s" NODE_DIR "/node%d/cpulist", root, node);
		if (!tn_cpus_read(path, &cpus, NULL) && cpu >= 0 && tn_cpus_has(&cpus, (unsigned int)cpu))
			return node;
	}
	return -ENOENT;
}
