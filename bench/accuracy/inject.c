// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupts a CPU for known times through the helper module, and prints its log: the truth that an instrument is
 * compared with. One process for a whole series, in blocks of few interruptions, each block from the next range of
 * durations: so all ranges meet the same state of the machine, however that changes. Durations and spacings are the
 * module's random numbers; the seed of each block follows from --seed, so that a series can be repeated.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/churn/tlbnoise_churn.h"

#define READ_AT_ONCE 64
#define RANGES_MAX   16

struct range {
	uint64_t min_ns, max_ns;
};

struct series {
	uint32_t cpu, sender;
	uint64_t count, block, seed;
	struct range spacing, range[RANGES_MAX];
	unsigned int n_ranges;
};

static const char usage[] =
	"Usage: bench-inject --cpu CPU --sender CPU [--count N] [--block N] [--seed N] [--spacing NS:NS] "
	"NS:NS...\n"
	"Interrupts --cpu N times, in blocks of N that take the ranges in turns, and prints the "
	"module's log.\n";

static int complain(const char *what)
{
	fprintf(stderr, "bench-inject: %s: %s\n", what, strerror(errno));
	return 2;
}

static int parse_range(const char *text, struct range *ret)
{
	return sscanf(text, "%" SCNu64 ":%" SCNu64, &ret->min_ns, &ret->max_ns) == 2 && ret->min_ns <= ret->max_ns;
}

static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return !errno && end != text && !*end && *ret <= max;
}

static int parse(int argc, char **argv, struct series *s)
{
	static const struct option table[] = {
		{"cpu", required_argument, NULL, 'c'},
		{"sender", required_argument, NULL, 's'},
		{"count", required_argument, NULL, 'n'},
		{"seed", required_argument, NULL, 'r'},
		{"spacing", required_argument, NULL, 'p'},
		{"block", required_argument, NULL, 'b'},
		{0},
	};
	uint64_t cpu = UINT64_MAX, sender = UINT64_MAX;
	int c, ok = 1;

	while (ok && (c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (c) {
		case 'c':
			ok = parse_number(optarg, INT32_MAX, &cpu);
			break;
		case 's':
			ok = parse_number(optarg, INT32_MAX, &sender);
			break;
		case 'n':
			ok = parse_number(optarg, 1000000, &s->count);
			break;
		case 'b':
			ok = parse_number(optarg, 1000000, &s->block) && s->block;
			break;
		case 'r':
			ok = parse_number(optarg, UINT64_MAX, &s->seed);
			break;
		case 'p':
			ok = parse_range(optarg, &s->spacing);
			break;
		default:
			ok = 0;
		}
	}
	while (ok && optind < argc && s->n_ranges < RANGES_MAX)
		ok = parse_range(argv[optind++], &s->range[s->n_ranges++]);
	s->cpu = (uint32_t)cpu;
	s->sender = (uint32_t)sender;
	return ok && optind == argc && s->n_ranges && cpu != UINT64_MAX && sender != UINT64_MAX;
}

/* All of a block's records: as many lines as interruptions, or the log is not whole. */
static int print_log(int fd, uint32_t block, uint64_t want)
{
	struct tlbnoise_churn_record r[READ_AT_ONCE];
	uint64_t seen = 0;
	ssize_t size;

	while ((size = read(fd, r, sizeof(r))) > 0) {
		for (size_t i = 0; i < (size_t)size / sizeof(r[0]); i++, seen++)
			printf("%u %" PRIu64 " %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", block,
			       (uint64_t)r[i].sequence, r[i].sender, (uint64_t)r[i].asked, (uint64_t)r[i].sent,
			       (uint64_t)r[i].entry, (uint64_t)r[i].exit);
	}
	if (size < 0)
		return complain("reading the log");
	if (seen == want)
		return 0;
	fprintf(stderr, "bench-inject: block %u: %" PRIu64 " of %" PRIu64 " interruptions are in the log\n", block,
		seen, want);
	return 2;
}

static int run_block(int fd, const struct series *s, uint32_t block, uint64_t count)
{
	const struct range *range = &s->range[block % s->n_ranges];
	struct tlbnoise_churn_inject plan = {
		.cpu = s->cpu,
		.sender = s->sender,
		.duration_min = range->min_ns,
		.duration_max = range->max_ns,
		.spacing_min_ns = s->spacing.min_ns,
		.spacing_max_ns = s->spacing.max_ns,
		.count = count,
		.seed = s->seed + block,
	};
	int r;

	if (ioctl(fd, TLBNOISE_CHURN_INJECT, &plan) < 0)
		return complain("TLBNOISE_CHURN_INJECT");
	r = print_log(fd, block, count);
	if (ioctl(fd, TLBNOISE_CHURN_CEASE) < 0)
		return complain("TLBNOISE_CHURN_CEASE");
	return r;
}

int main(int argc, char **argv)
{
	struct series s = {.count = 1200, .block = 20, .seed = 1, .spacing = {1000000, 9000000}};
	struct tlbnoise_churn_info info;
	uint64_t left;
	int fd, r = 0;

	if (!parse(argc, argv, &s)) {
		fputs(usage, stderr);
		return 2;
	}
	fd = open(TLBNOISE_CHURN_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return complain("opening " TLBNOISE_CHURN_DEVICE " (is the module tlbnoise_churn loaded?)");
	if (ioctl(fd, TLBNOISE_CHURN_INFO, &info) < 0)
		return complain("TLBNOISE_CHURN_INFO");
	printf("# version %u, tick_khz %u, cpu %u, seed %" PRIu64 "\n", info.version, info.tick_khz, s.cpu, s.seed);
	printf("# block sequence sender asked sent entry exit\n");
	left = s.count;
	for (uint32_t block = 0; left && !r; block++) {
		uint64_t count = left < s.block ? left : s.block;

		r = run_block(fd, &s, block, count);
		left -= count;
	}
	return r ?: fflush(stdout) ? complain("writing") : 0;
}
