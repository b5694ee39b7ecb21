// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own word on whether the probe keeps out of it: system calls and page faults of the probe's
 * process, traced in an instance of this test's own with the probe's clock. None may lie inside the window;
 * those of start and end must be there, or the trace would prove nothing.
 */
#include "harness.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/instance.h"
#include "base/ticks.h"

static bool trace_event(const struct instance *t, const char *event, pid_t pid)
{
	char file[128], filter[64];

	snprintf(filter, sizeof(filter), "common_pid == %d", (int)pid);
	snprintf(file, sizeof(file), "events/%s/filter", event);
	if (!instance_write(t, file, filter))
		return false;
	snprintf(file, sizeof(file), "events/%s/enable", event);
	return instance_write(t, file, "1");
}

static bool trace_open(struct instance *t, pid_t pid)
{
	if (!instance_open(t))
		return false;
	if (instance_write(t, "trace_clock", TN_TRACE_CLOCK) && trace_event(t, "raw_syscalls/sys_enter", pid) &&
	    trace_event(t, "exceptions/page_fault_user", pid))
		return true;
	instance_close(t);
	return false;
}

/* Events that lie inside and outside of the window. */
struct counts {
	unsigned int inside, before, after, faults;
};

/* " tlbnoise-probe-77   [001] .....   6543210: sys_enter: NR 59 (...)" */
static bool parse_line(const char *line, unsigned long long *ret_stamp, bool *ret_fault)
{
	const char *event = strstr(line, ": sys_enter: ");

	*ret_fault = !event;
	if (!event)
		event = strstr(line, ": page_fault_user: ");
	if (!event || *line == '#')
		return false;
	while (event > line && event[-1] != ' ')
		event--;
	return sscanf(event, "%llu:", ret_stamp) == 1;
}

static struct counts trace_count(const struct instance *t, const struct tn_probe_result *res)
{
	tn_autofclose FILE *f = instance_trace(t);
	struct counts c = {0};
	unsigned long long stamp;
	char line[1024];
	bool fault;

	while (fgets(line, sizeof(line), f)) {
		if (!parse_line(line, &stamp, &fault))
			continue;
		c.faults += fault;
		if (stamp < res->window_open)
			c.before++;
		else if (stamp > res->window_close)
			c.after++;
		else
			c.inside++;
	}
	return c;
}

static bool nothing_overrun(const struct instance *t)
{
	tn_autofclose FILE *f = instance_trace(t);
	bool header = false, whole = false;
	char line[1024];

	/* "# entries-in-buffer/entries-written: 83/83   #P:2" */
	while (fgets(line, sizeof(line), f)) {
		unsigned long in, written;

		if (sscanf(line, "# entries-in-buffer/entries-written: %lu/%lu", &in, &written) == 2) {
			header = true;
			whole = in == written;
		}
	}
	return header && whole;
}

static void test_no_entry_inside_the_window(void **state)
{
	struct tn_probe_config config = test_config(highest_cpu(), 300);
	struct counts counts;
	struct instance trace;
	struct child c;
	bool whole;

	(void)state;
	child_fork(&c, &config);
	if (!*TN_TRACE_CLOCK || !trace_open(&trace, c.pid)) {
		child_end(&c);
		print_message("skipped: no tracefs, no right to use it, or not these events\n");
		skip();
	}
	child_release(&c);
	child_command(&c, TN_PROBE_GO);
	child_wait_state(&c, TN_PROBE_DONE);
	child_wait_exit(&c);
	instance_write(&trace, "tracing_on", "0");
	counts = trace_count(&trace, &c.handle.shm->result);
	whole = nothing_overrun(&trace);
	assert_int_equal(instance_close(&trace), 0);
	print_message("%u events before, %u inside, %u after the window; %u of them page faults\n", counts.before,
		      counts.inside, counts.after, counts.faults);
	assert_int_equal(atomic_load(&c.handle.shm->state), TN_PROBE_DONE);
	assert_true(whole);
	/* execve() and its faults; the call that closes the account, getcpu() and exit. */
	assert_true(counts.before > 0);
	assert_true(counts.after >= 3);
	assert_true(counts.faults > 0);
	assert_int_equal(counts.inside, 0);
	child_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_entry_inside_the_window)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
