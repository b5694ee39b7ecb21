// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The HTML report without a browser: that text of documents is never markup, that the choice of interruptions loses no
 * maximum, and how large a page of a million gets. What it looks like is asked in tests/integration/report-html.py.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../result/sample.h"
#include "analysis/attribution.h"
#include "report/html-parts.h"

#define MILLION 1000000
#define BUDGET  20000

/* --- escaping --- */

typedef void (*write_fn)(FILE *out, const char *text);

static void assert_written(write_fn write, const char *text, const char *wanted)
{
	tn_autofree char *got = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&got, &n);

	assert_non_null(out);
	write(out, text);
	fclose(out);
	assert_string_equal(got, wanted);
}

static void markup_becomes_text(void **state)
{
	(void)state;
	assert_written(html_text, "<b a=\"1\" b='2'>&amp;", "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;");
	assert_written(html_text, "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	assert_written(html_text, "a\x1b[31m\x7f\xc2\x9b", "a?[31m??");
	assert_written(html_text, "\xff\xc3x\xe2\x82",
		       "?"
		       "?x?"
		       "?");
	assert_written(html_text,
		       "a\xe2\x80\xae"
		       "b\xe2\x81\xa6"
		       "c",
		       "a?b?c"); /* turns the direction of what follows */
}

static void json_cannot_end_its_element(void **state)
{
	(void)state;
	assert_written(html_json_text, "</script><!--", "\"\\u003c/script\\u003e\\u003c!--\"");
	assert_written(html_json_text, "a\"b\\c\nd'e&", "\"a\\u0022b\\u005cc\\u000ad\\u0027e\\u0026\"");
	assert_written(html_json_text, "\x01\xff", "\"??\"");
}

static void numbers_are_json(void **state)
{
	tn_autofree char *got = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&got, &n);

	(void)state;
	html_number(out, NAN);
	fputc(' ', out);
	html_number(out, -INFINITY);
	fputc(' ', out);
	html_number(out, 7654321.0);
	fclose(out);
	assert_string_equal(got, "null null 7654321");
}

/* --- the choice --- */

struct fixture {
	struct tn_run *run;
	struct html_spans spans;
	struct tn_raw_record *rec;
	size_t n;
};

static uint64_t next_number(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Interruptions of 1 to 100,000 ticks all over the windows, of three classes. */
static void fill(struct fixture *f)
{
	uint64_t seed = 42;

	for (size_t i = 0; i < f->n; i++) {
		const struct html_span *w = &f->spans.span[i * f->spans.n / f->n];
		uint64_t start = w->open + next_number(&seed) % (w->close - w->open - 200000);

		f->rec[i] = (struct tn_raw_record){
			.start = start,
			.end = start + 1 + next_number(&seed) % 100000,
			.cause = UINT32_MAX,
			.cpu = (uint16_t)w->cpu,
			.round = (uint16_t)w->round,
			.class = (uint8_t)(next_number(&seed) % 3),
		};
	}
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->run = sample_run(2, 3);
	f->n = MILLION;
	f->rec = calloc(f->n, sizeof(*f->rec));
	assert_non_null(f->rec);
	assert_int_equal(html_spans_make(f->run, &f->spans), 0);
	fill(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	html_spans_free(&f->spans);
	tn_run_free(f->run);
	free(f->rec);
	free(f);
	return 0;
}

static bool has(const struct html_pick *p, uint64_t index)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->index[i] == index)
			return true;
	return false;
}

static uint64_t length(const struct tn_raw_record *rec)
{
	return rec->end - rec->start;
}

static void few_are_all_taken(void **state)
{
	struct fixture *f = *state;
	tn_cleanup(html_pick_free) struct html_pick p = {0};

	assert_int_equal(html_pick(&f->spans, f->rec, BUDGET, BUDGET, &p), 0);
	assert_int_equal(p.n, BUDGET);
	assert_int_equal(p.columns, 0);
}

static void many_keep_every_maximum(void **state)
{
	struct fixture *f = *state;
	tn_cleanup(html_pick_free) struct html_pick p = {0};
	uint64_t whole = 0, longest[2][3] = {0};

	for (size_t i = 0; i < f->n; i++) {
		uint64_t *l = &longest[f->rec[i].cpu - 1][f->rec[i].class];

		*l = length(&f->rec[i]) > length(&f->rec[*l]) || !*l ? i : *l;
		whole = length(&f->rec[i]) > length(&f->rec[whole]) ? i : whole;
	}
	assert_int_equal(html_pick(&f->spans, f->rec, f->n, BUDGET, &p), 0);
	assert_true(p.n <= BUDGET && p.n > BUDGET / 4);
	assert_int_equal(p.total, f->n);
	assert_int_equal(p.max_ticks, length(&f->rec[whole]));
	for (size_t i = 1; i < p.n; i++)
		assert_true(p.index[i - 1] < p.index[i]);
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		for (unsigned int class = 0; class < 3; class ++) {
			bool found = false;

			for (size_t i = 0; i < p.n; i++) {
				const struct tn_raw_record *r = &f->rec[p.index[i]];

				found |= r->cpu == cpu + 1 && r->class == class &&
					 length(r) == length(&f->rec[longest[cpu][class]]);
			}
			assert_true(found);
		}
}

/* Wherever the one that matters is, and however ordinary its slice of time. */
static void one_outlier_is_never_lost(void **state)
{
	struct fixture *f = *state;

	for (size_t k = 0; k < 8; k++) {
		tn_cleanup(html_pick_free) struct html_pick p = {0};
		uint64_t at = k * (f->n / 8) + 17 * k;
		struct tn_raw_record before = f->rec[at];

		f->rec[at].end = f->rec[at].start + 5000000;
		assert_int_equal(html_pick(&f->spans, f->rec, f->n, 2000, &p), 0);
		assert_true(has(&p, at));
		assert_int_equal(p.max_ticks, 5000000);
		f->rec[at] = before;
	}
}

static void longest_of_all_stay(void **state)
{
	struct fixture *f = *state;
	tn_cleanup(html_pick_free) struct html_pick p = {0};

	/* all in one slice of time, where but two would stay */
	for (size_t i = 0; i < HTML_WORST; i++) {
		f->rec[i] = f->rec[0];
		f->rec[i].end = f->rec[i].start + 1000000 + i;
	}
	assert_int_equal(html_pick(&f->spans, f->rec, f->n, BUDGET, &p), 0);
	for (size_t i = 0; i < HTML_WORST; i++)
		assert_int_equal(p.index[i], i);
	fill(f);
}

static void what_lies_in_no_window_is_counted(void **state)
{
	struct fixture *f = *state;
	tn_cleanup(html_pick_free) struct html_pick p = {0};
	struct tn_raw_record bad[4] = {f->rec[0], f->rec[0], f->rec[0], f->rec[0]};

	bad[0].cpu = 99;
	bad[1].start = 1;
	bad[2].end = bad[2].start - 1;
	assert_int_equal(html_pick(&f->spans, bad, 4, BUDGET, &p), 0);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.index[0], 3);
	assert_int_equal(p.outside, 3);
}

/* A class that does not exist, from a damaged file. */
static void unknown_classes_have_a_slot(void **state)
{
	(void)state;
	assert_int_equal(html_class_slot(200), TN_CLASS_COUNT);
	assert_int_equal(html_class_slot(TN_CLASS_NONE), TN_CLASS_COUNT);
	assert_string_equal(html_class_name(200), "not attributed");
	assert_string_equal(html_class_name(TN_CLASS_KERNEL_TLB_FLUSH), "kernel-tlb-flush");
}

static char *page_of(const struct tn_html_document *document, size_t n, size_t *ret_size, int *ret,
		     struct tn_error *err)
{
	const struct tn_html_page page = {.side[TN_SIDE_A] = {.name = "set", .n = n, .document = document}};
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	assert_non_null(out);
	*ret = tn_report_html(&page, out, err);
	fclose(out);
	return text;
}

/* --- the rounds --- */

/* Merging the rounds of a run first changes no estimate. */
static void percentiles_are_those_of_comparisons(void **state)
{
	struct tn_run *run[2] = {sample_run(2, 4), sample_run(1, 5)};
	const struct tn_html_document d[2] = {{.run = run[0]}, {.run = run[1]}};
	struct tn_compare_options options = tn_compare_defaults();

	(void)state;
	options.resamples = 1000;
	for (size_t n = 1; n <= 2; n++) {
		const struct tn_html_side side = {.name = "set", .n = n, .document = d};
		const struct tn_compare_metric metric = {
			.name = "jitter.p99", .quantity = TN_QUANTITY_PERCENTILE, .percent = 99.0};
		tn_cleanup(html_rounds_free) struct html_rounds rounds = {0};
		tn_cleanup(tn_series_free) struct tn_series series = {0};
		tn_autofree struct tn_round *round = NULL;
		struct tn_estimate e, wanted;
		struct tn_metric_def def;
		struct tn_sample sample;

		assert_int_equal(tn_metric_parse("jitter.p99", &def), 0);
		assert_int_equal(tn_series_collect(&def, (const struct tn_run *const *)run, n, &series), 0);
		assert_int_equal(tn_series_sample(&series, &round, &sample), 0);
		assert_int_equal(tn_estimate(&metric, &sample, &options, &wanted, NULL), 0);
		assert_int_equal(html_rounds_make(&side, &rounds), 0);
		assert_true(rounds.n < rounds.windows || !rounds.cut);
		assert_int_equal(html_rounds_percentile(&rounds, 99.0, &e, NULL), 0);
		assert_true(isfinite(wanted.value) && isfinite(wanted.interval.low));
		assert_true(e.value == wanted.value);
		assert_true(e.interval.low == wanted.interval.low && e.interval.high == wanted.interval.high);
	}
	tn_run_free(run[0]);
	tn_run_free(run[1]);
}

/* A run that was stopped in its first round has figures all the same, and says so. */
static void rounds_cut_short_are_taken_if_there_are_no_others(void **state)
{
	struct tn_run *run = sample_run(2, 1);
	const struct tn_html_document d = {.run = run};
	const struct tn_html_side side = {.name = "set", .n = 1, .document = &d};
	tn_cleanup(html_rounds_free) struct html_rounds rounds = {0};
	tn_autofree char *text = NULL;
	size_t n = 0;
	int r;

	(void)state;
	for (size_t i = 0; i < run->n_cpus; i++)
		run->cpu[i].partial = true;
	assert_int_equal(html_rounds_make(&side, &rounds), 0);
	assert_true(rounds.cut);
	assert_int_equal(rounds.n, run->n_cpus);
	text = page_of(&d, 1, &n, &r, NULL);
	assert_int_equal(r, 0);
	assert_non_null(strstr(text, "Every round was cut short"));
	tn_run_free(run);
}

/* One of several is in the sums, as in the terminal's report and the tables, and in no percentile. */
static void a_round_cut_short_counts_in_sums(void **state)
{
	struct tn_run *run = sample_run(3, 1);
	const struct tn_html_document d = {.run = run};
	const struct tn_html_side side = {.name = "set", .n = 1, .document = &d};
	tn_cleanup(html_rounds_free) struct html_rounds rounds = {0};
	double events = 0.0, quanta = 0.0, max_ns;
	tn_autofree char *text = NULL;
	size_t n = 0;
	int r;

	(void)state;
	tn_hist_record(&run->cpu[1].jitter, 1 << 30);
	run->cpu[1].partial = true;
	max_ns = tn_ticks_to_ns(&run->clock, 1 << 30);
	for (size_t i = 0; i < run->n_cpus; i++) {
		events += (double)run->cpu[i].interruptions.count;
		quanta += (double)run->cpu[i].jitter.count;
	}
	assert_int_equal(html_rounds_make(&side, &rounds), 0);
	assert_int_equal(rounds.windows, run->n_cpus);
	assert_int_equal(rounds.cut, 1);
	assert_int_equal(rounds.n, run->n_cpus - 1);
	assert_true(rounds.events == events && rounds.quanta == quanta && rounds.max_ns == max_ns);
	assert_true(rounds.repeated == quanta - (double)run->cpu[1].jitter.count);
	text = page_of(&d, 1, &n, &r, NULL);
	assert_int_equal(r, 0);
	assert_non_null(strstr(text, "1 of 3 windows cut short: "));
	tn_run_free(run);
}

/* --- the page --- */

static void names_are_never_markup(void **state)
{
	static const char evil[] = "</script><img src=x onerror=alert(1)>";
	struct fixture *f = *state;
	struct tn_run *run = sample_run(2, 3);
	const struct tn_html_document d = {.run = run};
	tn_autofree char *text = NULL;
	size_t n = 0;
	int r;

	(void)f;
	snprintf(run->scenario_name, sizeof(run->scenario_name), "%s", evil);
	snprintf(run->env.hostname, sizeof(run->env.hostname), "%s", evil);
	snprintf(run->cause[0].function, sizeof(run->cause[0].function), "%s", evil);
	snprintf(run->cause[0].sender_comm, sizeof(run->cause[0].sender_comm), "</script>");
	snprintf(run->finding[0].text, sizeof(run->finding[0].text), "%s", evil);
	text = page_of(&d, 1, &n, &r, NULL);
	assert_int_equal(r, 0);
	assert_null(strstr(text, "<img"));
	assert_non_null(strstr(text, "&lt;/script&gt;&lt;img src=x"));
	/* ours: the data and the script */
	for (size_t i = 0; i < 2; i++) {
		char *end = strstr(text, "</script>");

		assert_non_null(end);
		*end = '!';
	}
	assert_null(strstr(text, "</script>"));
	tn_run_free(run);
}

/* In one run a function took more than the other did in any; over all runs the other took most. */
static void the_headline_adds_up_all_runs(void **state)
{
	struct tn_html_document d[3] = {0};
	tn_autofree char *text = NULL;
	char *sentence, *end;
	size_t n = 0;
	int r;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct tn_run *run = sample_run(2, 3);

		for (size_t k = 0; k < run->n_causes; k++)
			run->cause[k].stolen_ticks = 0;
		snprintf(run->cause[0].function, sizeof(run->cause[0].function), i ? "often_some" : "once_much");
		run->cause[0].stolen_ticks = i ? 8000000 : 9000000;
		d[i].run = run;
	}
	text = page_of(d, 3, &n, &r, NULL);
	assert_int_equal(r, 0);
	sentence = strstr(text, "took most");
	assert_non_null(sentence);
	end = strstr(sentence, "</p>");
	assert_non_null(end);
	*end = '\0';
	assert_non_null(strstr(sentence, "often_some"));
	assert_null(strstr(sentence, "once_much"));
	for (size_t i = 0; i < 3; i++)
		tn_run_free((struct tn_run *)d[i].run);
}

/* Where and when the page is read, 'tlbnoise check' would tell of another machine. */
static void what_was_not_ready_has_its_evidence(void **state)
{
	struct tn_run *run = sample_run(2, 3);
	const struct tn_html_document d = {.run = run};
	tn_autofree char *text = NULL;
	size_t n = 0;
	int r;

	(void)state;
	assert_true(run->n_readiness > 1);
	for (size_t i = 0; i < run->n_readiness; i++)
		run->readiness[i].verdict = TN_CHECK_OK;
	run->readiness[1].verdict = TN_CHECK_FAIL;
	snprintf(run->readiness[0].evidence, sizeof(run->readiness[0].evidence), "all is <well>");
	snprintf(run->readiness[1].evidence, sizeof(run->readiness[1].evidence), "/sys/x: <nothing>");
	text = page_of(&d, 1, &n, &r, NULL);
	assert_int_equal(r, 0);
	assert_non_null(strstr(text, "/sys/x: &lt;nothing&gt;"));
	assert_null(strstr(text, "all is &lt;well&gt;"));
	tn_run_free(run);
}

static void a_million_stays_small(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/tlbnoise-html.XXXXXX";
	tn_cleanup(tn_raw_closep) struct tn_raw_reader *raw = NULL;
	struct tn_raw_writer *w;
	struct tn_html_document d = {.run = f->run};
	tn_autofree char *text = NULL;
	uint64_t records;
	size_t n = 0;
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(tn_raw_create(path, f->run->id, f->run->clock.hz, &w, NULL), 0);
	for (size_t i = 0; i < f->n; i++)
		assert_int_equal(tn_raw_append(w, &f->rec[i]), 0);
	assert_int_equal(tn_raw_finish(w, &records, NULL), 0);
	assert_int_equal(tn_raw_open(path, &raw, NULL), 0);
	unlink(path);
	d.raw = raw;
	text = page_of(&d, 1, &n, &r, NULL);
	assert_int_equal(r, 0);
	assert_in_range(n, 1000000, 8000000);
	assert_non_null(strstr(text, " of 1,000,000 interruptions are drawn"));
}

static void refusals_say_why(void **state)
{
	struct fixture *f = *state;
	struct tn_html_document d = {.run = f->run};
	struct tn_error err = {0};
	double hz = f->run->clock.hz;
	tn_autofree char *nothing = NULL, *no_clock = NULL;
	size_t n = 0;
	int r;

	nothing = page_of(&d, 0, &n, &r, &err);
	assert_int_equal(r, -ENODATA);
	assert_string_equal(err.text, "set: no run document to report");
	f->run->clock.hz = 0.0;
	no_clock = page_of(&d, 1, &n, &r, &err);
	f->run->clock.hz = hz;
	assert_int_equal(r, -EBADMSG);
	assert_non_null(strstr(err.text, "the tick rate is not known"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_becomes_text),
		cmocka_unit_test(json_cannot_end_its_element),
		cmocka_unit_test(numbers_are_json),
		cmocka_unit_test(few_are_all_taken),
		cmocka_unit_test(many_keep_every_maximum),
		cmocka_unit_test(one_outlier_is_never_lost),
		cmocka_unit_test(longest_of_all_stay),
		cmocka_unit_test(what_lies_in_no_window_is_counted),
		cmocka_unit_test(unknown_classes_have_a_slot),
		cmocka_unit_test(percentiles_are_those_of_comparisons),
		cmocka_unit_test(rounds_cut_short_are_taken_if_there_are_no_others),
		cmocka_unit_test(a_round_cut_short_counts_in_sums),
		cmocka_unit_test(names_are_never_markup),
		cmocka_unit_test(the_headline_adds_up_all_runs),
		cmocka_unit_test(what_was_not_ready_has_its_evidence),
		cmocka_unit_test(a_million_stays_small),
		cmocka_unit_test(refusals_say_why),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
