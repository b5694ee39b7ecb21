// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attribution on recorded streams: the result is the one that was checked by hand and kept as the golden
 * file, in whatever portions the stream arrives, and nothing is counted twice or lost.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream.h"

static char *dump_of(const struct stream *s, uint64_t step, unsigned int *records)
{
	struct tn_attribution *a = stream_join(s, step, records);
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	stream_dump(s, a, f);
	fclose(f);
	tn_attribution_free(a);
	return text;
}

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = calloc(1, 1 << 20);

	if (!f)
		fail_msg("cannot open %s", path);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static void path_of(char *buf, size_t size, const char *name, const char *ending)
{
	const char *top = getenv("TN_SOURCE");

	snprintf(buf, size, "%s/tests/data/streams/%s.%s", top ? top : ".", name, ending);
}

static void check_golden(const char *name)
{
	char stream_path[512], golden_path[512], *got, *want;
	unsigned int records;
	struct stream s;

	path_of(stream_path, sizeof(stream_path), name, "stream");
	path_of(golden_path, sizeof(golden_path), name, "golden");
	stream_load(&s, stream_path);
	got = dump_of(&s, 0, &records);
	assert_int_equal(records, s.n_gaps);
	if (getenv("TN_UPDATE_GOLDEN")) {
		FILE *f = fopen(golden_path, "we");

		fputs(got, f);
		fclose(f);
	}
	want = read_text(golden_path);
	assert_string_equal(got, want);
	free(got);
	free(want);
	stream_free(&s);
}

static void test_by_hand(void **state)
{
	(void)state;
	check_golden("by-hand");
}

static void test_silent(void **state)
{
	(void)state;
	check_golden("silent");
}

static void test_page_tables(void **state)
{
	(void)state;
	check_golden("page-tables");
}

static void test_recorded(void **state)
{
	(void)state;
	check_golden("vmalloc-6.18");
}

/* However the stream is cut, the result is the same. */
static void check_portions(const char *name)
{
	char path[512], *whole;
	unsigned int records;
	struct stream s;
	uint64_t span;

	path_of(path, sizeof(path), name, "stream");
	stream_load(&s, path);
	whole = dump_of(&s, 0, &records);
	span = s.event[s.n_events - 1].ticks - s.event[0].ticks;
	for (unsigned int portions = 2; portions < 200; portions += 1 + portions / 5) {
		char *part = dump_of(&s, span / portions + 1, &records);

		assert_string_equal(part, whole);
		assert_int_equal(records, s.n_gaps);
		free(part);
	}
	free(whole);
	stream_free(&s);
}

static void test_portions(void **state)
{
	(void)state;
	check_portions("by-hand");
	check_portions("silent");
	check_portions("page-tables");
	check_portions("vmalloc-6.18");
}

/* Conservation, counted a second time and in another way: straight from the events. */
static void test_conservation(void **state)
{
	uint64_t functions = 0, inside = 0, entries = 0;
	struct tn_attribution *a;
	const struct tn_cpu_tally *t;
	unsigned int records;
	char path[512];
	struct stream s;

	(void)state;
	path_of(path, sizeof(path), "vmalloc-6.18", "stream");
	stream_load(&s, path);
	for (size_t i = 0; i < s.n_events; i++) {
		const struct tn_event *ev = &s.event[i];
		const char *name = ev->type == TN_EV_CSD_ENTRY ? tn_symbols_name(s.symbols, ev->a) : "";

		if (ev->ticks < s.open || ev->ticks > s.close)
			continue;
		functions += !strcmp(name, "do_flush_tlb_all") || !strcmp(name, "do_kernel_range_flush");
		for (size_t g = 0; g < s.n_gaps && *name; g++)
			inside += (!strcmp(name, "do_flush_tlb_all") || !strcmp(name, "do_kernel_range_flush")) &&
				  ev->ticks >= s.gap[g].start && ev->ticks <= s.gap[g].end;
	}
	a = stream_join(&s, 0, &records);
	t = tn_attribution_tally(a, s.cpu);
	assert_true(functions > 0);
	assert_int_equal(t->conservation[TN_CLASS_KERNEL_TLB_FLUSH].entries, functions);
	assert_int_equal(t->conservation[TN_CLASS_KERNEL_TLB_FLUSH].matched, inside);
	for (int c = 0; c < TN_CLASS_COUNT; c++) {
		assert_int_equal(t->conservation[c].entries, t->conservation[c].matched + t->conservation[c].too_short);
		entries += t->class_interruptions[c];
	}
	assert_int_equal(entries, t->interruptions);
	assert_int_equal(t->interruptions, s.n_gaps);
	tn_attribution_free(a);
	stream_free(&s);
}

static void test_blind(void **state)
{
	struct tn_attribution_options opt = {.blind = true};
	struct tn_interruption gap[] = {{100, 300}, {1000, 1010}};
	struct tn_attribution *a = NULL;
	const struct tn_worst *w;
	struct tn_error err = {0};

	(void)state;
	assert_int_equal(tn_symbols_new((struct tn_symbols **)&opt.symbols, &err), 0);
	assert_int_equal(tn_attribution_new(&opt, &a, &err), 0);
	assert_int_equal(tn_attribution_window(a, 3, 7, 5, 99, &err), 0);
	assert_int_equal(tn_attribution_open_at(a, 3, 50), 0);
	assert_int_equal(tn_attribution_interruptions(a, 3, gap, 2), 0);
	assert_int_equal(tn_attribution_advance(a, 3, UINT64_MAX, UINT64_MAX, &err), 0);
	assert_int_equal(tn_attribution_tally(a, 3)->interruptions, 2);
	assert_int_equal(tn_attribution_tally(a, 3)->class_interruptions[TN_CLASS_UNEXPLAINED], 0);
	assert_int_equal(tn_attribution_tally(a, 3)->stolen_ticks, 195 + 5);
	assert_int_equal(tn_attribution_worst(a, &w), 2);
	assert_int_equal(w[0].class, TN_CLASS_NONE);
	assert_int_equal(w[0].round, 7);
	assert_int_equal(tn_attribution_interruptions(a, 4, gap, 2), -EINVAL);
	assert_int_equal(tn_attribution_advance(a, 4, 1, 1, &err), -EINVAL);
	assert_string_equal(err.text, "attribution: CPU 4 has no window");
	tn_attribution_free(a);
	tn_symbols_free((struct tn_symbols *)opt.symbols);
}

/* More interruptions than are kept: the list is the longest ones, in order, also when asked in between. */
static void test_worst(void **state)
{
	struct tn_attribution_options opt = {.blind = true};
	struct tn_attribution *a = NULL;
	struct tn_error err = {0};
	const struct tn_worst *w;
	uint64_t now = 1000, seed = 42;
	size_t n = 0;

	(void)state;
	assert_int_equal(tn_symbols_new((struct tn_symbols **)&opt.symbols, &err), 0);
	assert_int_equal(tn_attribution_new(&opt, &a, &err), 0);
	assert_int_equal(tn_attribution_window(a, 0, 0, 0, 1, &err), 0);
	assert_int_equal(tn_attribution_open_at(a, 0, 0), 0);
	for (uint64_t i = 0; i < 5000; i++) {
		struct tn_interruption gap = {.start = now};

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		gap.end = now + 1 + (seed >> 33) % 100000;
		if (i % 5 == 0)
			gap.end = now + 200000 + i; /* exactly 1000 of these */
		now = gap.end + 10;
		assert_int_equal(tn_attribution_interruptions(a, 0, &gap, 1), 0);
		assert_int_equal(tn_attribution_advance(a, 0, now, now, &err), 0);
		if (i % 700 == 0)
			n = tn_attribution_worst(a, &w);
	}
	n = tn_attribution_worst(a, &w);
	assert_int_equal(n, TN_WORST_KEPT);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(w[i].end - w[i].start, 200000 + 4995 - 5 * i);
	tn_attribution_free(a);
	tn_symbols_free((struct tn_symbols *)opt.symbols);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_tables), cmocka_unit_test(test_silent),
		cmocka_unit_test(test_by_hand),     cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_portions),    cmocka_unit_test(test_conservation),
		cmocka_unit_test(test_blind),       cmocka_unit_test(test_worst),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
