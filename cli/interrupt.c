// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SIGINT and SIGTERM are requests to leave. They only count; the blocking call they interrupt returns
 * -EINTR, and the verb decides. A signal that comes just before such a call is seen at the next reply,
 * and replies come every second at least. The counter is the one thing a signal handler can reach.
 */
#include <signal.h>

#include "cli/cli.h"

static volatile sig_atomic_t interrupts;

static void on_signal(int sig)
{
	(void)sig;
	if (interrupts < 2)
		interrupts = interrupts + 1;
}

static void catch_one(int sig)
{
	struct sigaction old, act = {.sa_handler = on_signal}; /* no SA_RESTART: calls shall return */

	/* Who started us with the signal ignored, as nohup and background jobs do, wants it ignored. */
	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(sig, &act, NULL);
}

/**
 * cli_interrupt_catch() - from now on SIGINT and SIGTERM are counted
 */
void cli_interrupt_catch(void)
{
	catch_one(SIGINT);
	catch_one(SIGTERM);
}

/**
 * cli_interrupts() - how often the user asked to leave
 *
 * Return: 0, 1 or 2 (twice or more).
 */
unsigned int cli_interrupts(void)
{
	return (unsigned int)interrupts;
}
