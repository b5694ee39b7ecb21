// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of a tracing session on the running kernel, from open to close: what it refuses, what it sets up and
 * announces, and that nothing of it stays. Skipped, with the reason, where it cannot be.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "live.h"
#include "trace/session.h"

#define BUFFER (1u << 20)

/* What kernels before 6.6 get; this one must take it too. */
static void filters_for_older_kernels(void **state)
{
	struct tn_cpus cpus = {0};
	char dir[128], buf[256];

	(void)state;
	tn_cpus_add(&cpus, 1);
	assert_int_equal(tn_instance_old_filter(&cpus, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "(cpu == 1)");
	tn_cpus_add(&cpus, TN_CPUS_MAX - 1);
	for (unsigned int cpu = 4; cpu < 8; cpu++)
		tn_cpus_add(&cpus, cpu);
	assert_int_equal(tn_instance_old_filter(&cpus, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "(cpu == 1 || (cpu >= 4 && cpu <= 7) || cpu == 4095)");
	for (size_t size = 1; size <= strlen(buf); size++)
		assert_int_equal(tn_instance_old_filter(&cpus, buf, size), -E2BIG);
	assert_int_equal(tn_instance_old_filter(&cpus, buf, sizeof(buf)), 0);
	live_or_skip();
	snprintf(dir, sizeof(dir), "/sys/kernel/tracing/instances/%s.other", live_owner);
	assert_int_equal(mkdir(dir, 0750), 0);
	strcat(buf, " && callback == 0");
	live_write(dir, "events/ipi/ipi_send_cpu/filter", buf);
	assert_int_equal(tn_trace_remove_instance(dir, NULL), 0);
}

static void two_sessions_do_not_mix(void **state)
{
	struct tn_trace_options same = {.owner = live_owner, .buffer_bytes = BUFFER};
	struct store one = {0}, two = {0};
	char other[64];
	struct tn_error err = {0};
	struct tn_trace *a, *b, *c = NULL;

	(void)state;
	live_or_skip();
	live_on_cpu(0);
	snprintf(other, sizeof(other), "%s-other", live_owner);
	a = live_open(live_owner, BUFFER, true);
	b = live_open(other, BUFFER, true);
	tn_cpus_add(&same.probed, 1);
	assert_int_equal(tn_trace_open(&same, &c, &err), -EEXIST);
	assert_non_null(strstr(err.text, "another session uses this owner"));
	assert_null(c);
	assert_int_equal(tn_trace_arm(a, NULL), 0);
	for (int i = 0; i < 1000 && !one.n; i++) {
		live_flush_kernel_tlb(20);
		live_drain(a, &one);
		live_drain(b, &two);
	}
	assert_true(one.n > 0);
	assert_int_equal(two.n, 0);
	live_close(a);
	assert_int_equal(live_count_instances(live_owner), 0);
	assert_int_equal(live_count_instances(other), 2);
	live_close(b);
	assert_int_equal(live_count_instances(other), 0);
	live_release(&one);
	live_release(&two);
}

static void without_senders_there_is_one_instance(void **state)
{
	struct store s = {0};
	struct tn_trace *t;

	(void)state;
	live_or_skip();
	live_on_cpu(0);
	t = live_open(live_owner, BUFFER, false);
	assert_int_equal(live_count_instances(live_owner), 1);
	assert_int_equal(tn_trace_arm(t, NULL), 0);
	for (int i = 0;
	     i < 1000 && !live_count_events(&s, TN_EV_VECTOR_ENTRY, TN_VEC_CALL_FUNCTION_SINGLE, 0, UINT64_MAX) &&
	     !live_count_events(&s, TN_EV_VECTOR_ENTRY, TN_VEC_CALL_FUNCTION, 0, UINT64_MAX);
	     i++) {
		live_flush_kernel_tlb(20);
		live_drain(t, &s);
	}
	assert_true(live_count_events(&s, TN_EV_VECTOR_ENTRY, -1, 0, UINT64_MAX) > 0);
	assert_int_equal(live_count_events(&s, TN_EV_CSD_ENTRY, -1, 0, UINT64_MAX), 0);
	live_release(&s);
	live_close(t);
}

static void options_are_checked(void **state)
{
	static const char *const bad[] = {NULL, "", "a/b", "..", ".hidden"};
	struct tn_trace_options opt = {.buffer_bytes = BUFFER};
	struct tn_error err = {0};
	struct tn_trace *t = NULL;

	(void)state;
	tn_cpus_add(&opt.probed, 1);
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++) {
		opt.owner = bad[i];
		assert_int_equal(tn_trace_open(&opt, &t, &err), -EINVAL);
		assert_non_null(strstr(err.text, "cannot name a trace instance"));
	}
	opt.owner = live_owner;
	opt.buffer_bytes = 0;
	assert_int_equal(tn_trace_open(&opt, &t, &err), -EINVAL);
	assert_non_null(strstr(err.text, "0 bytes"));
	opt.buffer_bytes = BUFFER;
	opt.probed = (struct tn_cpus){0};
	assert_int_equal(tn_trace_open(&opt, &t, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no CPU to trace"));
	assert_null(t);
}

static void only_instances_are_removed(void **state)
{
	static const char *const bad[] = {"",
					  "/",
					  "/tmp",
					  "/tmp/tn-test",
					  "/sys/kernel/tracing/instances/",
					  "/sys/kernel/tracing/instances/..",
					  "/sys/kernel/tracing/instances"};
	struct tn_error err = {0};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(bad); i++) {
		assert_int_equal(tn_trace_remove_instance(bad[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, "nothing removed"));
	}
	assert_int_equal(tn_trace_remove_instance("/sys/kernel/tracing/instances/tn-test.nobody", &err), 0);
}

struct effects {
	int refuse, mounts, instances;
};

static int note_effect(void *userdata, const char *what, const char *target, struct tn_error *err)
{
	struct effects *e = userdata;

	if (!strcmp(what, "mount"))
		e->mounts += !strcmp(target, "/sys/kernel/tracing");
	else if (!strcmp(what, "tracefs-instance"))
		e->instances += !!access(target, F_OK); /* announced before it is there */
	return e->refuse ? tn_error_set(err, e->refuse, "journal is full") : 0;
}

static void effects_are_announced_and_can_be_refused(void **state)
{
	struct effects e = {.refuse = -ENOSPC};
	struct tn_trace_options opt = {.owner = live_owner,
				       .senders = true,
				       .buffer_bytes = BUFFER,
				       .before_effect = note_effect,
				       .userdata = &e};
	struct tn_error err = {0};
	struct tn_trace *t = NULL;

	(void)state;
	live_or_skip();
	tn_cpus_add(&opt.probed, 1);
	assert_int_equal(tn_trace_open(&opt, &t, &err), -ENOSPC);
	assert_string_equal(err.text, "journal is full");
	assert_int_equal(live_count_instances(live_owner), 0);
	e = (struct effects){0};
	assert_int_equal(tn_trace_open(&opt, &t, &err), 0);
	assert_int_equal(e.instances, 2);
	assert_int_equal(e.mounts, 0);
	tn_trace_close(t);
}

/* In a mount namespace of its own, where tracefs can be taken away. The status says which step failed. */
static int mount_and_unmount(void)
{
	struct effects e = {0};
	struct tn_trace_options opt = {.owner = live_owner,
				       .senders = true,
				       .buffer_bytes = BUFFER,
				       .before_effect = note_effect,
				       .userdata = &e};
	struct tn_trace *t = NULL;

	tn_cpus_add(&opt.probed, 1);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 77;
	umount2("/sys/kernel/debug/tracing", MNT_DETACH); /* there if somebody ever looked into debugfs */
	while (!access("/sys/kernel/tracing/instances", F_OK))
		if (umount2("/sys/kernel/tracing", MNT_DETACH))
			return 1;
	if (tn_trace_open(&opt, &t, NULL))
		return 2;
	if (e.mounts != 1 || e.instances != 2 || access("/sys/kernel/tracing/instances", F_OK))
		return 3;
	tn_trace_close(t);
	return access("/sys/kernel/tracing/instances", F_OK) ? 0 : 4;
}

static void tracefs_is_mounted_for_as_long_as_needed(void **state)
{
	int status;
	pid_t child;

	(void)state;
	live_or_skip();
	child = fork();
	if (!child)
		_exit(mount_and_unmount());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("skipped: no mount namespaces here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(live_count_instances(live_owner), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(filters_for_older_kernels, live_clean_up),
		cmocka_unit_test_teardown(two_sessions_do_not_mix, live_clean_up),
		cmocka_unit_test_teardown(without_senders_there_is_one_instance, live_clean_up),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(only_instances_are_removed),
		cmocka_unit_test_teardown(effects_are_announced_and_can_be_refused, live_clean_up),
		cmocka_unit_test_teardown(tracefs_is_mounted_for_as_long_as_needed, live_clean_up),
	};

	return cmocka_run_group_tests_name("trace/session", tests, live_set_owner, NULL);
}
