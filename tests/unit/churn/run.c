// SPDX-License-Identifier: GPL-2.0-or-later
/* Workers of the real program: from spawn to reap, paced and flat out, where they belong. */
#include <sched.h>

#include "support.h"

static bool can_run(const struct tn_churn_source *s, struct tn_error *err)
{
	if (s->check(err) == 0)
		return true;
	print_message("%s cannot run here: %s\n", s->name, err->text);
	return false;
}

static void run_some(const char *source)
{
	struct tn_churn_spec spec = support_spec(source);
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading last;
	struct tn_churn_process p;
	struct tn_error err = {0};
	uint64_t begin, span;

	support_start(&spec, &cpus, 0, &p);
	tn_churn_read(&p, &last);
	assert_int_equal(last.state, TN_CHURN_READY);
	assert_int_equal(last.operations, 0);
	begin = tn_now_ns(CLOCK_MONOTONIC);
	tn_churn_go(&p);
	wait_until(support_operations(&p) >= 3);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	span = tn_now_ns(CLOCK_MONOTONIC) - begin;
	tn_churn_read(&p, &last);
	assert_int_equal(last.state, TN_CHURN_DONE);
	assert_true(last.operations >= 3);
	assert_int_equal(last.missed, 0);
	assert_int_equal(last.errors, 0);
	assert_string_equal(last.failure, "");
	assert_in_range(last.busy_ns, 1, span);
	tn_churn_close(&p);
	support_no_children_left();
}

static void each_source_operates(void **state)
{
	struct tn_error err;

	(void)state;
	for (size_t i = 0; tn_churn_at(i); i++)
		if (can_run(tn_churn_at(i), &err))
			run_some(tn_churn_at(i)->name);
}

static void runs_by(const char *source, const char *mechanism)
{
	struct tn_churn_spec spec = support_spec(source);
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading now;
	struct tn_churn_process p;

	support_start(&spec, &cpus, 0, &p);
	tn_churn_read(&p, &now);
	assert_string_equal(now.mechanism, mechanism);
	tn_churn_close(&p);
}

static void a_worker_says_what_does_the_work(void **state)
{
	struct tn_error err;

	(void)state;
	runs_by("threads", "threads");
	if (tn_churn_find("vmap")->check(&err) == 0) {
		runs_by("vmap", "module");
		runs_by("vmalloc", "module");
	} else if (can_run(tn_churn_find("bpf-map"), &err)) {
		runs_by("vmalloc", "bpf-map");
	}
}

/*
 * However loaded the machine is: no more operations than periods have begun. How many fewer is for the count
 * of missed ones to say.
 */
static void pacing_keeps_the_rate(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading last;
	struct tn_churn_process p;
	struct tn_error err;
	uint64_t begin;
	double span;

	(void)state;
	spec.rate_per_s = 200;
	spec.burst = 2;
	support_start(&spec, &cpus, 0, &p);
	begin = tn_now_ns(CLOCK_MONOTONIC);
	tn_churn_go(&p);
	wait_until(support_operations(&p) >= 40);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	span = (double)(tn_now_ns(CLOCK_MONOTONIC) - begin) / 1e9;
	tn_churn_read(&p, &last);
	assert_true((double)(last.operations + last.missed) <= span * 200 + 1);
	tn_churn_close(&p);
}

/* An operation that takes many periods: they are missed, and the worker does not make up for them. */
static void what_is_too_fast_is_missed(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading last;
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	spec.rate_per_s = 1e6;
	support_start(&spec, &cpus, 0, &p);
	tn_churn_go(&p);
	wait_until(support_operations(&p) >= 3);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	tn_churn_read(&p, &last);
	assert_true(last.missed > 100 * last.operations);
	tn_churn_close(&p);
}

/* STOP is heard in a pause of an hour. */
static void stop_ends_a_pause(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	spec.rate_per_s = 1.0 / 3600;
	support_start(&spec, &cpus, 0, &p);
	tn_churn_go(&p);
	wait_until(support_operations(&p) == 1);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	assert_int_equal(support_operations(&p), 1);
	tn_churn_close(&p);
}

static void stop_before_go(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_reading last;
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	support_start(&spec, &cpus, 0, &p);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	tn_churn_read(&p, &last);
	assert_int_equal(last.state, TN_CHURN_DONE);
	assert_int_equal(last.operations, 0);
	tn_churn_close(&p);
	tn_churn_close(&p);
}

static struct tn_cpus affinity_of(pid_t pid)
{
	struct tn_cpus set = {{0}};
	cpu_set_t mask;

	assert_int_equal(sched_getaffinity(pid, sizeof(mask), &mask), 0);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &mask))
			tn_cpus_add(&set, cpu);
	return set;
}

static void several_workers_have_a_cpu_each(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");
	struct tn_cpus all, place;
	struct tn_churn_process p;
	struct tn_error err;
	int cpu;

	(void)state;
	assert_int_equal(tn_cpus_affinity_self(&all, &err), 0);
	support_start(&spec, &all, 0, &p);
	place = affinity_of(p.pid);
	assert_true(tn_cpus_equal(&place, &all));
	tn_churn_close(&p);

	spec.workers = tn_cpus_count(&all) + 1;
	cpu = tn_cpus_first(&all);
	for (unsigned int i = 0; i < spec.workers; i++) {
		support_start(&spec, &all, i, &p);
		place = affinity_of(p.pid);
		assert_int_equal(tn_cpus_count(&place), 1);
		assert_int_equal(tn_cpus_first(&place), cpu);
		tn_churn_close(&p);
		cpu = tn_cpus_next(&all, cpu);
		cpu = cpu < 0 ? tn_cpus_first(&all) : cpu;
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_source_operates),
		cmocka_unit_test(a_worker_says_what_does_the_work),
		cmocka_unit_test(pacing_keeps_the_rate),
		cmocka_unit_test(what_is_too_fast_is_missed),
		cmocka_unit_test(stop_ends_a_pause),
		cmocka_unit_test(stop_before_go),
		cmocka_unit_test(several_workers_have_a_cpu_each),
	};

	if (support_main(argc, argv) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
