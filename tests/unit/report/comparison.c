// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text of a comparison: what it must say whatever the figures are, and that nothing in a document gets to the
 * terminal as more than text. Verdicts on known truths are in tests/integration/compare.py.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../result/sample.h"
#include "report/comparison.h"

struct fixture {
	struct tn_run *run[TN_SIDES];
	const struct tn_run *set[TN_SIDES];
	struct tn_comparison *c;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (unsigned int side = 0; side < TN_SIDES; side++) {
		f->run[side] = sample_run(2, 3);
		f->set[side] = f->run[side];
		f->run[side]->level = TN_TRACE_FULL;
	}
	strcpy(f->run[TN_SIDE_B]->id, "another");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (unsigned int side = 0; side < TN_SIDES; side++)
		tn_run_free(f->run[side]);
	tn_comparison_free(f->c);
	free(f);
	return 0;
}

static int make(struct fixture *f, bool force, struct tn_error *err)
{
	const struct tn_comparison_options options = {
		.smallest_effect = 0.05, .confidence = 0.95, .seed = 1, .force = force};
	const struct tn_run_set a = {.name = "before", .run = &f->set[TN_SIDE_A], .n = 1};
	const struct tn_run_set b = {.name = "after", .run = &f->set[TN_SIDE_B], .n = 1};

	return tn_comparison_make(&a, &b, &options, &f->c, err);
}

/* On one line, so that a sentence is found wherever it was broken. */
static char *text_of(struct fixture *f, const struct tn_report_options *opt, bool all)
{
	struct tn_error err = {0};
	char *text = NULL;
	size_t n = 0, to = 0;
	FILE *out;

	if (!f->c && make(f, false, &err) < 0)
		fail_msg("%s", err.text);
	out = open_memstream(&text, &n);
	assert_non_null(out);
	if (tn_report_comparison(f->c, opt, all, out, &err) < 0)
		fail_msg("%s", err.text);
	fclose(out);
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			text[i] = ' ';
		if (text[i] != ' ' || !to || text[to - 1] != ' ')
			text[to++] = text[i];
	}
	text[to] = '\0';
	return text;
}

static void assert_says(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("'%s' is not in: %s", what, text);
}

static void sides_and_settings_are_said(void **state)
{
	tn_autofree char *text = text_of(*state, NULL, false);

	assert_says(text, "A: before: 1 run, 4 rounds on CPU 1-2; Linux 6.18.5");
	assert_says(text, "B: after: 1 run, ");
	assert_says(text, "! 1 of its runs incomplete: something was lost, so counts by cause are not tested");
	assert_says(text, "2 rounds that were cut short are left out");
	assert_says(text, "greater than 5%, the smallest effect that matters here");
	assert_says(text, "is at most 5%: levels are corrected for the number of metrics, 80% of it");
	assert_says(text, "seed 1.");
	assert_says(text, "from boot to boot is not known");
}

/* The sample lost kernel events. */
static void what_was_not_tested_has_its_reason(void **state)
{
	struct fixture *f = *state;
	tn_autofree char *text = text_of(f, NULL, false);

	assert_says(text, "Not tested");
	assert_says(text, "A: run 20261122-101502-8c41d0 lost kernel events");
	for (size_t i = 0; i < f->c->n_metrics; i++)
		if (f->c->metric[i].def.family == TN_FAMILY_CAUSE) {
			assert_false(f->c->metric[i].tested);
			assert_says(text, f->c->metric[i].def.name);
		}
}

static void all_has_every_tested_metric(void **state)
{
	struct fixture *f = *state;
	tn_autofree char *few = text_of(f, NULL, false), *all = text_of(f, NULL, true);

	for (size_t i = 0; i < f->c->n_metrics; i++)
		if (f->c->metric[i].tested)
			assert_says(all, f->c->metric[i].def.name);
	assert_null(strstr(few, "interruption.p90 "));
	assert_says(few, "more metrics show no difference");
	assert_null(strstr(all, "more metrics show no difference"));
}

static void names_cannot_steer_a_terminal(void **state)
{
	struct fixture *f = *state;
	tn_autofree char *text = NULL;

	for (unsigned int side = 0; side < TN_SIDES; side++) {
		strcpy(f->run[side]->churn[0].name, "a\033[31m\xc3\xa4");
		strcpy(f->run[side]->env.kernel_release, side ? "6.1\033[2J" : "6.1\n");
	}
	text = text_of(f, NULL, true);
	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			fail_msg("byte %d in: %s", *p, p);
}

static void colours_only_when_asked(void **state)
{
	tn_autofree char *plain = text_of(*state, NULL, false);
	tn_autofree char *bright = text_of(*state, &(struct tn_report_options){.colour = true}, false);

	assert_null(strchr(plain, '\033'));
	assert_non_null(strchr(bright, '\033'));
}

static void other_clocks_are_refused(void **state)
{
	struct fixture *f = *state;
	struct tn_error err = {0};
	tn_autofree char *text = NULL;

	f->run[TN_SIDE_B]->clock.source = TN_CLOCK_KERNEL;
	assert_int_equal(make(f, false, &err), -EXDEV);
	assert_string_equal(err.text,
			    "before and after are not comparable: 1 difference(s) besides the kernel; --force "
			    "compares all the same, and says so");
	assert_string_equal(f->c->difference[0].text, "clock source of the tick rate: 'fitted' and 'kernel'");
	tn_comparison_free(f->c);
	f->c = NULL;
	assert_int_equal(make(f, true, &err), 0);
	text = text_of(f, NULL, false);
	assert_says(text, "! Not comparable, and compared all the same since --force was given");
	assert_says(text, "! clock source of the tick rate");
}

/* Twelve rounds of each tool a side; oslat saw 40 us and some before, 10 us and some after. */
static void fill_oslat(struct fixture *f)
{
	for (unsigned int side = 0; side < TN_SIDES; side++) {
		tn_run_free(f->run[side]);
		f->run[side] = sample_run(1, 12);
		f->set[side] = f->run[side];
		for (unsigned int i = 0; i < 12; i++) {
			struct tn_run_reference *r = &f->run[side]->reference[2 * i];

			r->partial = false;
			r->max_ns = side == TN_SIDE_A ? 40000 + 1000 * i : 10000 + 1000 * (i % 3);
		}
	}
	strcpy(f->run[TN_SIDE_B]->id, "another");
}

static void other_tools_stand_beside_ours(void **state)
{
	struct fixture *f = *state;
	tn_autofree char *text = NULL;

	fill_oslat(f);
	for (unsigned int i = 0; i < 12; i++)
		strcpy(f->run[TN_SIDE_B]->reference[2 * i].version, "2.70");
	text = text_of(f, NULL, false);
	assert_says(text, " reference.oslat.max 45.5 us 11.0 us x0.24");
	assert_says(text, " reference.oslat.p99 2.00 us 2.00 us x1.00 ");
	assert_says(text, " reference.cyclictest.max ");
	assert_says(text, "- version of oslat: '2.40' and '2.70'");
	assert_says(text, "cyclictest gave no such figure, as when it lies beyond its histogram");
	for (size_t i = 0; i < f->c->n_metrics; i++) {
		const struct tn_comparison_metric *m = &f->c->metric[i];

		if (!strcmp(m->def.name, "reference.oslat.max"))
			assert_int_equal(m->result.verdict, TN_VERDICT_IMPROVED);
		if (!strcmp(m->def.name, "reference.oslat.p99"))
			assert_int_equal(m->result.verdict, TN_VERDICT_NO_DIFFERENCE);
	}
}

/* Its microseconds are the tool's resolution: one more of them is no difference. */
static void a_step_of_another_tool_is_no_difference(void **state)
{
	struct fixture *f = *state;
	struct tn_error err = {0};

	fill_oslat(f);
	for (unsigned int i = 0; i < 12; i++) {
		f->run[TN_SIDE_A]->reference[2 * i].max_ns = 4000;
		f->run[TN_SIDE_B]->reference[2 * i].max_ns = 5000;
	}
	assert_int_equal(make(f, false, &err), 0);
	for (size_t i = 0; i < f->c->n_metrics; i++)
		if (!strcmp(f->c->metric[i].def.name, "reference.oslat.max"))
			assert_int_equal(f->c->metric[i].result.verdict, TN_VERDICT_NO_DIFFERENCE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sides_and_settings_are_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_tested_has_its_reason, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_has_every_tested_metric, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_cannot_steer_a_terminal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(colours_only_when_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_clocks_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_tools_stand_beside_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_step_of_another_tool_is_no_difference, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
