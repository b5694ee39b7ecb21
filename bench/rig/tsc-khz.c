// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the rate of this CPU's TSC in kHz, held against CLOCK_MONOTONIC_RAW for half a second. At each end the
 * closest of 1000 pairs of readings counts, so that being scheduled out in between does no harm.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void read_both(int64_t *tsc, int64_t *ns)
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < 1000; i++) {
		int64_t before = (int64_t)__rdtsc(), t = now_ns(), after = (int64_t)__rdtsc();

		if (after - before < best) {
			best = after - before;
			*tsc = before + best / 2;
			*ns = t;
		}
	}
}

int main(void)
{
	int64_t tsc[2], ns[2];

	read_both(&tsc[0], &ns[0]);
	usleep(500000);
	read_both(&tsc[1], &ns[1]);
	printf("%.0f\n", (double)(tsc[1] - tsc[0]) / (double)(ns[1] - ns[0]) * 1e6);
	return 0;
}
