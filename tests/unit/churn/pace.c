// SPDX-License-Identifier: GPL-2.0-or-later
/* Pacing on a clock that the test moves, and the sequence of sizes. */
#include "churn/worker.h"
#include "support.h"

#define MS    1000000ull
#define START 5000000000ull

static struct tn_churn_pace at_100_per_s(void)
{
	struct tn_churn_pace p;

	tn_churn_pace_start(&p, 100, 0, START);
	return p;
}

static void on_time(void **state)
{
	struct tn_churn_pace p = at_100_per_s();

	(void)state;
	assert_int_equal(p.due_ns, START);
	for (unsigned int i = 1; i < 1000; i++) {
		assert_int_equal(tn_churn_pace_next(&p, p.due_ns + 3 * MS), 0);
		assert_int_equal(p.due_ns, START + i * 10 * MS);
	}
}

/* Late, but its period still runs: it begins at once and nothing is missed. */
static void late_within_a_period(void **state)
{
	struct tn_churn_pace p = at_100_per_s();

	(void)state;
	assert_int_equal(tn_churn_pace_next(&p, START + 10 * MS), 0);
	assert_int_equal(p.due_ns, START + 10 * MS);
	assert_int_equal(tn_churn_pace_next(&p, START + 29 * MS), 0);
	assert_int_equal(p.due_ns, START + 20 * MS);
}

/* Whole periods that went by are counted and skipped: what follows is one operation, no burst. */
static void whole_periods_missed(void **state)
{
	struct tn_churn_pace p = at_100_per_s();

	(void)state;
	assert_int_equal(tn_churn_pace_next(&p, START + 25 * MS), 1);
	assert_int_equal(p.due_ns, START + 20 * MS);
	assert_int_equal(tn_churn_pace_next(&p, START + 26 * MS), 0);
	assert_int_equal(p.due_ns, START + 30 * MS);
	assert_int_equal(tn_churn_pace_next(&p, START + 1030 * MS), 99);
	assert_int_equal(p.due_ns, START + 1030 * MS);
	assert_int_equal(tn_churn_pace_next(&p, START + 1030 * MS), 0);
	assert_int_equal(p.due_ns, START + 1040 * MS);
}

/* 3/s has no exact period: errors must not add up. */
static void no_drift(void **state)
{
	struct tn_churn_pace p;

	(void)state;
	tn_churn_pace_start(&p, 3, 0, START);
	for (unsigned int i = 0; i < 3000000; i++)
		assert_int_equal(tn_churn_pace_next(&p, p.due_ns + 1), 0);
	assert_in_range(p.due_ns, START + 1000000000000000u - 1, START + 1000000000000000u + 1);
}

/* Each period has an operation or is missed, whatever the operations take. */
static void every_period_is_accounted_for(void **state)
{
	struct tn_churn_pace p = at_100_per_s();
	uint64_t random = tn_churn_seed(0), now = START, missed = 0, operations;

	(void)state;
	for (operations = 1; operations <= 10000; operations++) {
		if (now < p.due_ns)
			now = p.due_ns;
		now += tn_churn_random(&random) % (40 * MS);
		missed += tn_churn_pace_next(&p, now);
		assert_int_equal(operations + missed, p.index);
		assert_true(p.due_ns + 10 * MS > now);
	}
	assert_true(missed > 0);
}

static void workers_take_turns(void **state)
{
	struct tn_churn_pace p;

	(void)state;
	tn_churn_pace_start(&p, 100, 0.25, START);
	assert_int_equal(p.due_ns, START + 10 * MS / 4);
	/* Before its own start too. */
	assert_int_equal(tn_churn_pace_next(&p, START + 1), 0);
	assert_int_equal(p.due_ns, START + 10 * MS / 4 + 10 * MS);
}

static void sizes_fill_the_range(void **state)
{
	struct tn_churn_spec spec = support_spec("bpf-map");
	struct tn_churn_worker w = {.spec = &spec, .random = tn_churn_seed(0)};
	unsigned int seen[513] = {0};

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t pages = tn_churn_pages(&w);

		assert_in_range(pages, 1, 512);
		seen[pages]++;
	}
	for (unsigned int i = 1; i <= 512; i++)
		assert_in_range(seen[i], 100, 300); /* 195 expected, standard deviation 14 */
	spec.pages = (struct tn_range){7, 7};
	assert_int_equal(tn_churn_pages(&w), 7);
}

static void sizes_are_the_same_in_each_run(void **state)
{
	uint64_t a = tn_churn_seed(3), b = tn_churn_seed(3), other = tn_churn_seed(4);

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(tn_churn_random(&a), tn_churn_random(&b));
		assert_int_not_equal(tn_churn_random(&other), a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_time),
		cmocka_unit_test(late_within_a_period),
		cmocka_unit_test(whole_periods_missed),
		cmocka_unit_test(no_drift),
		cmocka_unit_test(every_period_is_accounted_for),
		cmocka_unit_test(workers_take_turns),
		cmocka_unit_test(sizes_fill_the_range),
		cmocka_unit_test(sizes_are_the_same_in_each_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
