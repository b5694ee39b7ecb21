// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Futexes between processes: the words lie in a shared memfd, so none of the calls is FUTEX_PRIVATE.
 * Waiting is a hint only. Callers look at the word again, whatever the reason for the return.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "churn/worker.h"

/**
 * tn_churn_futex_wait() - sleep while @word is @value
 * @until_ns: CLOCK_MONOTONIC time at which to give up, 0 for never. FUTEX_WAIT_BITSET takes it as an
 *	absolute time, FUTEX_WAIT would not (futex(2)).
 */
void tn_churn_futex_wait(const atomic_uint *word, unsigned int value, uint64_t until_ns)
{
	struct timespec ts = {(time_t)(until_ns / 1000000000), (long)(until_ns % 1000000000)};

	syscall(SYS_futex, word, FUTEX_WAIT_BITSET, value, until_ns ? &ts : NULL, NULL, FUTEX_BITSET_MATCH_ANY);
}

/** tn_churn_futex_wake() - wake all who sleep on @word */
void tn_churn_futex_wake(const atomic_uint *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
