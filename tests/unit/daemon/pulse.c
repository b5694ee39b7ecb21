// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The watchdog is fed by the work: with an event loop that turns and a collector that does not, it is not. The test
 * is the service manager, and what the daemon publishes is asked for by hand.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "daemon/daemon.h"

const char *run_phase_name(enum run_phase phase)
{
	return phase == RUN_MEASURING ? "measuring" : "other";
}

struct fixture {
	int fd; /* the manager's */
	struct daemon d;
	struct run run;
};

static int setup(void **state)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct fixture *f = calloc(1, sizeof(*f));
	socklen_t size = sizeof(addr);
	struct tn_error err = {0};
	char text[64];

	assert_non_null(f);
	f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* A name that the kernel chooses, in the abstract namespace. */
	assert_int_equal(bind(f->fd, (struct sockaddr *)&addr, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(f->fd, (struct sockaddr *)&addr, &size), 0);
	snprintf(text, sizeof(text), "@%.*s", (int)(size - sizeof(sa_family_t) - 1), addr.sun_path + 1);
	assert_int_equal(setenv("NOTIFY_SOCKET", text, 1), 0);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	assert_int_equal(setenv("WATCHDOG_PID", text, 1), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "2000000", 1), 0);
	queue_init(&f->d.queue);
	assert_int_equal(tn_cpus_affinity_self(&f->d.cpus, &err), 0);
	assert_int_equal(manager_new(&f->d.manager, &err), 0);
	assert_non_null(f->d.manager);
	assert_int_equal(manager_interval_us(f->d.manager), 500000);
	f->run.phase = RUN_MEASURING;
	f->run.plan.housekeeping = f->d.cpus;
	f->run.plan.scenario.rounds = 3;
	strcpy(f->run.plan.scenario.name, "storm");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	pulse_stop(&f->d);
	close(f->fd);
	free(f);
	return 0;
}

static void hear(struct fixture *f, const char *wanted)
{
	struct pollfd p = {.fd = f->fd, .events = POLLIN};
	char text[256];
	ssize_t n;

	assert_int_equal(poll(&p, 1, 60000), 1);
	n = recv(f->fd, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, wanted);
}

/* Each of these publishes something the manager hears of, so that what was not said before is known not to come. */
static void mark(struct fixture *f, uint32_t round)
{
	char wanted[64];

	f->run.round = round;
	pulse_now(&f->d);
	snprintf(wanted, sizeof(wanted), "STATUS=storm: round %u of 3, measuring", round + 1);
	hear(f, wanted);
}

static void test_idle(void **state)
{
	struct fixture *f = *state;

	pulse_now(&f->d);
	hear(f, "STATUS=idle");
	hear(f, "WATCHDOG=1");
	pulse_now(&f->d);
	hear(f, "WATCHDOG=1");
	pulse_now(&f->d);
	hear(f, "WATCHDOG=1");
}

static void test_stuck_collector(void **state)
{
	struct fixture *f = *state;

	f->d.run = &f->run;
	f->run.beats = 1;
	mark(f, 0);
	hear(f, "WATCHDOG=1");
	f->run.beats = 2;
	pulse_now(&f->d);
	hear(f, "WATCHDOG=1");
	/* The loop turns, the collector does not: only what changes is told. */
	for (uint32_t i = 0; i < 20; i++)
		pulse_now(&f->d);
	mark(f, 1);
	mark(f, 2);
	/* It goes on, and is over. */
	f->run.beats = 3;
	pulse_now(&f->d);
	hear(f, "WATCHDOG=1");
	f->run.phase = RUN_DONE;
	pulse_now(&f->d);
	hear(f, "STATUS=idle");
	hear(f, "WATCHDOG=1");
}

static void test_nobody_listens(void **state)
{
	struct daemon d = {.manager = NULL};
	struct tn_error err = {0};

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	queue_init(&d.queue);
	assert_int_equal(manager_new(&d.manager, &err), 0);
	assert_null(d.manager);
	pulse_now(&d);
	assert_int_equal(manager_interval_us(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stuck_collector, setup, teardown),
		cmocka_unit_test(test_nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
