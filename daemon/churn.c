// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tlbnoise-churn: one churn worker, started by tlbnoised and by nobody else. It takes the arguments apart, ties
 * its life to the daemon's, and leaves the rest to lib/churn. What goes wrong before the shared memory is
 * mapped goes to stderr, everything after it into that memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "churn/churn.h"

#define EXIT_USAGE 2

enum option_id {
	OPT_SOURCE,
	OPT_NAME,
	OPT_CPUS,
	OPT_INDEX,
	OPT_WORKERS,
	OPT_RATE,
	OPT_PAGES,
	OPT_BURST,
	OPT_GROUPS,
	OPT_SHM_FD
};

static const struct option options[] = {
	{"source", required_argument, NULL, OPT_SOURCE},
	{"name", required_argument, NULL, OPT_NAME},
	{"cpus", required_argument, NULL, OPT_CPUS},
	{"index", required_argument, NULL, OPT_INDEX},
	{"workers", required_argument, NULL, OPT_WORKERS},
	{"rate", required_argument, NULL, OPT_RATE},
	{"pages", required_argument, NULL, OPT_PAGES},
	{"burst", required_argument, NULL, OPT_BURST},
	{"groups", required_argument, NULL, OPT_GROUPS},
	{"shm-fd", required_argument, NULL, OPT_SHM_FD},
	{0},
};

struct arguments {
	struct tn_churn_spec spec;
	struct tn_cpus cpus;
	uint32_t index;
	uint32_t shm_fd;
};

static int take_u32(const char *text, uint64_t min, uint64_t max, uint32_t *ret, struct tn_error *err)
{
	uint64_t v;
	int r = tn_parse_u64(text, min, max, &v, err);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

static int take_name(const char *text, char *buf, size_t size, struct tn_error *err)
{
	if (strlen(text) >= size)
		return tn_error_set(err, -ENAMETOOLONG, "'%s' is longer than %zu bytes", text, size - 1);
	strcpy(buf, text);
	return 0;
}

/* Operations per second as a bare number, 0 for flat out: written and read by this project alone. */
static int take_rate(const char *text, double *ret, struct tn_error *err)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= 0) || v > TN_CHURN_RATE_MAX)
		return tn_error_set(err, -EINVAL, "'%s' is not a number from 0 to %g", text, TN_CHURN_RATE_MAX);
	*ret = v;
	return 0;
}

static int take_option(struct arguments *a, int id, const char *text, struct tn_error *err)
{
	switch (id) {
	case OPT_SOURCE:
		return take_name(text, a->spec.source, sizeof(a->spec.source), err);
	case OPT_NAME:
		return take_name(text, a->spec.name, sizeof(a->spec.name), err);
	case OPT_CPUS:
		return tn_cpus_parse(text, &a->cpus, err);
	case OPT_INDEX:
		return take_u32(text, 0, TN_CHURN_WORKERS_MAX - 1, &a->index, err);
	case OPT_WORKERS:
		return take_u32(text, 1, TN_CHURN_WORKERS_MAX, &a->spec.workers, err);
	case OPT_RATE:
		return take_rate(text, &a->spec.rate_per_s, err);
	case OPT_PAGES:
		a->spec.pages_set = true;
		return tn_parse_range(text, 1, TN_CHURN_PAGES_MAX, &a->spec.pages, err);
	case OPT_BURST:
		return take_u32(text, 1, TN_CHURN_BURST_MAX, &a->spec.burst, err);
	case OPT_GROUPS:
		return take_u32(text, 1, TN_CHURN_GROUPS_MAX, &a->spec.groups, err);
	case OPT_SHM_FD:
		return take_u32(text, 0, INT32_MAX, &a->shm_fd, err);
	default:
		return tn_error_set(err, -EINVAL, "unknown option, or one without its value");
	}
}

static int take_arguments(int argc, char **argv, struct arguments *a, struct tn_error *err)
{
	int id, r = 0, which = -1;

	opterr = 0;
	while (r == 0 && (id = getopt_long(argc, argv, "", options, &which)) != -1) {
		r = take_option(a, id, optarg, err);
		if (r < 0 && id != '?' && id != ':')
			return tn_error_prefix(err, r, "--%s", options[which].name);
	}
	if (r == 0 && (optind < argc || !a->spec.source[0] || tn_cpus_empty(&a->cpus) || a->shm_fd == UINT32_MAX))
		r = tn_error_set(err, -EINVAL,
				 "--source, --cpus and --shm-fd are needed: tlbnoised starts this program");
	return r;
}

static int map_shm(int fd, struct tn_churn_shm **ret, struct tn_error *err)
{
	struct tn_churn_shm *shm;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return tn_error_set(err, -errno, "--shm-fd %d: %m", fd);
	if (st.st_size < (off_t)sizeof(*shm))
		return tn_error_set(err, -EPROTO, "--shm-fd %d: too small to be shared with this tlbnoised", fd);
	shm = mmap(NULL, sizeof(*shm), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shm == MAP_FAILED)
		return tn_error_set(err, -errno, "--shm-fd %d: mmap: %m", fd);
	close(fd);
	if (shm->magic != TN_CHURN_MAGIC || shm->abi != TN_CHURN_ABI)
		return tn_error_set(err, -EPROTO,
				    "--shm-fd %d: made by another version of tlbnoised: install both from one build",
				    fd);
	*ret = shm;
	return 0;
}

/* Dies with the daemon, also if that died before prctl() took effect. */
static int tie_to_owner(const struct tn_churn_shm *shm, struct tn_error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return tn_error_set(err, -errno, "prctl(PR_SET_PDEATHSIG): %m");
	if (shm->owner && getppid() != shm->owner)
		return tn_error_set(err, -ESRCH, "tlbnoised has ended meanwhile");
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments a = {.spec.workers = 1, .shm_fd = UINT32_MAX};
	struct tn_churn_shm *shm = NULL;
	struct tn_error err;
	int r;

	r = take_arguments(argc, argv, &a, &err);
	if (r == 0)
		r = map_shm((int)a.shm_fd, &shm, &err);
	if (r == 0)
		r = tie_to_owner(shm, &err);
	if (r < 0) {
		fprintf(stderr, "tlbnoise-churn: %s\n", err.text);
		return EXIT_USAGE;
	}
	return tn_churn_worker_main(&a.spec, &a.cpus, a.index, shm) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
