// SPDX-License-Identifier: GPL-2.0-or-later
/* Scenarios that are fine: what each key, default and override comes to. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scenario/scenario.h"
#include "system/isolate.h"

static struct tn_scenario parse(const char *text, const char *const *overrides)
{
	struct tn_scenario sc;
	struct tn_error err = {0};

	if (tn_scenario_parse(text, strlen(text), "/etc/x/good.ini", overrides, &sc, &err) < 0)
		fail_msg("%s", err.text);
	return sc;
}

static void assert_cpus(const struct tn_cpu_spec *spec, const char *text)
{
	char buf[TN_CPUS_TEXT];

	assert_string_equal(tn_cpu_spec_format(spec, buf, sizeof(buf)), text);
}

static void test_defaults(void **state)
{
	struct tn_scenario sc = parse("", NULL);

	(void)state;
	assert_string_equal(sc.name, "good");
	assert_string_equal(sc.file, "/etc/x/good.ini");
	assert_string_equal(sc.description, "");
	assert_int_equal(sc.duration_ns, 10000000000);
	assert_int_equal(sc.warmup_ns, 500000000);
	assert_int_equal(sc.rounds, 5);
	assert_int_equal(sc.probe.n_kinds, 1);
	assert_int_equal(sc.probe.kind[0], TN_PROBE_SPIN);
	assert_cpus(&sc.entry.cpus, "both");
	assert_int_equal(sc.entry.pages, 64);
	assert_int_equal(sc.isolate.parts, 0);
	assert_cpus(&sc.isolate.cpus, "probed");
	assert_int_equal(sc.timer.interval_ns, 1000000);
	assert_int_equal(sc.entry.duration_ns, sc.duration_ns);
	assert_int_equal(sc.timer.duration_ns, sc.duration_ns);
	assert_int_equal(sc.reference.duration_ns, sc.duration_ns);
	assert_cpus(&sc.probe.cpus, "isolated");
	assert_true(sc.probe.threshold_auto);
	assert_int_equal(sc.probe.quantum_ns, 100000);
	assert_int_equal(sc.probe.ring_records, 262144);
	assert_int_equal(sc.probe.policy, TN_SCHED_OTHER);
	assert_string_equal(sc.trace.level, "auto");
	assert_int_equal(sc.trace.buffer_bytes, 16 << 20);
	assert_int_equal(sc.n_churn, 0);
	assert_int_equal(sc.n_expect, 0);
}

static void test_churn_defaults(void **state)
{
	struct tn_scenario sc = parse("# first\n[churn bpf-map]\n", NULL);
	const struct tn_churn_spec *c = &sc.churn[0];

	(void)state;
	assert_int_equal(sc.n_churn, 1);
	assert_string_equal(c->name, "bpf-map");
	assert_string_equal(c->source, "bpf-map");
	assert_int_equal(c->line, 2);
	assert_cpus(&c->cpus, "housekeeping");
	assert_true(c->rate_per_s == TN_RATE_MAX);
	assert_false(c->pages_set);
	assert_int_equal(c->workers, 1);
	assert_int_equal(c->burst, 0);
	assert_int_equal(c->groups, 0);
}

static const char EVERY_KEY[] = "[scenario]\n"
				"description = every key, once ; and a comment\n"
				"duration = 1.5s\n"
				"warmup = 0s\n"
				"rounds = 1000\n"
				"[probe]\n"
				"kind = timer spin\tentry\n"
				"cpus = 2-5,8\n"
				"threshold = 250ns\n"
				"quantum = 1ms\n"
				"ring = 1024\n"
				"sched = fifo:99\n"
				"[entry]\n"
				"duration = 100ms\n"
				"cpus = 0-1\n"
				"pages = 256\n"
				"[timer]\n"
				"interval = 50us\n"
				"duration = 2s\n"
				"[reference]\n"
				"duration = 3s\n"
				"[trace]\n"
				"level = counters\n"
				"buffer = 64K\n"
				"[isolate]\n"
				"what = irqs\tcpuset\n"
				"cpus = 2-5,8-9\n"
				"[churn one]\n"
				"source = threads\n"
				"cpus = 0\n"
				"rate = 60/min\n"
				"pages = 1-512\n"
				"workers = 256\n"
				"burst = 4096\n"
				"groups = 64\n"
				"[expect]\n"
				"jitter.p99 = < 5us\n";

static void test_every_key(void **state)
{
	struct tn_scenario sc = parse(EVERY_KEY, NULL);
	const struct tn_churn_spec *c = &sc.churn[0];

	(void)state;
	assert_string_equal(sc.description, "every key, once");
	assert_int_equal(sc.duration_ns, 1500000000);
	assert_int_equal(sc.warmup_ns, 0);
	assert_int_equal(sc.rounds, 1000);
	assert_int_equal(sc.probe.n_kinds, 3);
	assert_int_equal(sc.probe.kind[0], TN_PROBE_TIMER);
	assert_int_equal(sc.probe.kind[1], TN_PROBE_SPIN);
	assert_int_equal(sc.probe.kind[2], TN_PROBE_ENTRY);
	assert_true(tn_scenario_has_kind(&sc, TN_PROBE_ENTRY));
	assert_false(tn_scenario_has_kind(&sc, TN_PROBE_OSLAT));
	assert_int_equal(sc.entry.duration_ns, 100000000);
	assert_cpus(&sc.entry.cpus, "0-1");
	assert_int_equal(sc.entry.pages, 256);
	assert_int_equal(sc.timer.interval_ns, 50000);
	assert_int_equal(sc.timer.duration_ns, 2000000000);
	assert_int_equal(sc.reference.duration_ns, 3000000000);
	assert_int_equal(sc.isolate.parts, TN_ISOLATE_CPUSET | TN_ISOLATE_IRQS);
	assert_cpus(&sc.isolate.cpus, "2-5,8-9");
	assert_cpus(&sc.probe.cpus, "2-5,8");
	assert_false(sc.probe.threshold_auto);
	assert_int_equal(sc.probe.threshold_ns, 250);
	assert_int_equal(sc.probe.quantum_ns, 1000000);
	assert_int_equal(sc.probe.ring_records, 1024);
	assert_int_equal(sc.probe.policy, TN_SCHED_FIFO);
	assert_int_equal(sc.probe.priority, 99);
	assert_string_equal(sc.trace.level, "counters");
	assert_int_equal(sc.trace.buffer_bytes, 65536);
	assert_string_equal(c->name, "one");
	assert_string_equal(c->source, "threads");
	assert_cpus(&c->cpus, "0");
	assert_true(c->rate_per_s == 1.0);
	assert_true(c->pages_set);
	assert_int_equal(c->pages.min, 1);
	assert_int_equal(c->pages.max, 512);
	assert_int_equal(c->workers, 256);
	assert_int_equal(c->burst, 4096);
	assert_int_equal(c->groups, 64);
	assert_int_equal(sc.n_expect, 1);
}

/* The test above is about every key only as long as it names every key. */
static void test_every_key_is_every_key(void **state)
{
	const struct tn_scenario_key *key;
	char line[64];

	(void)state;
	for (size_t i = 0; (key = tn_scenario_key_at(i)); i++) {
		snprintf(line, sizeof(line), "\n%s = ", key->key);
		if (!strstr(EVERY_KEY, line))
			fail_msg("[%s] %s is missing", key->section, key->key);
	}
}

static void test_expectations(void **state)
{
	static const struct {
		const char *pair, *metric;
		enum tn_expect_op op;
		double value;
	} CASES[] = {
		{"jitter.p99 = < 5us", "jitter.p99", TN_EXPECT_LT, 5000},
		{"jitter.p99.99=<=1.5ms", "jitter.p99.99", TN_EXPECT_LE, 1500000},
		{"jitter.min = 0", "jitter.min", TN_EXPECT_EQ, 0},
		{"interruption.max = > 10ns", "interruption.max", TN_EXPECT_GT, 10},
		{"interruptions.rate = < 100/s", "interruptions.rate", TN_EXPECT_LT, 100},
		{"interruptions.rate == 0/s", "interruptions.rate", TN_EXPECT_EQ, 0},
		{"stolen = < 0.1%", "stolen", TN_EXPECT_LT, 0.001},
		{"stolen = < 0.001", "stolen", TN_EXPECT_LT, 0.001},
		{"stolen = <= 100%", "stolen", TN_EXPECT_LE, 1},
		{"cause.kernel-tlb-flush = 0", "cause.kernel-tlb-flush", TN_EXPECT_EQ, 0},
		{"cause.kernel-tlb-flush = = 0", "cause.kernel-tlb-flush", TN_EXPECT_EQ, 0},
		{"cause.tick == 250", "cause.tick", TN_EXPECT_EQ, 250},
		{"cause.nmi.rate = < 1/min", "cause.nmi.rate", TN_EXPECT_LT, 1.0 / 60},
		{"churn.bpf-map.rate = >= 10k/s", "churn.bpf-map.rate", TN_EXPECT_GE, 10000},
		{"lost = 9007199254740992", "lost", TN_EXPECT_EQ, 9007199254740992.0},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(CASES); i++) {
		struct tn_scenario sc;

		snprintf(text, sizeof(text), "[churn bpf-map]\n[expect]\n%s\n", CASES[i].pair);
		sc = parse(text, NULL);
		assert_int_equal(sc.n_expect, 1);
		assert_string_equal(sc.expect[0].metric, CASES[i].metric);
		assert_int_equal(sc.expect[0].op, CASES[i].op);
		if (sc.expect[0].value != CASES[i].value)
			fail_msg("%s: %.17g is not %.17g", CASES[i].pair, sc.expect[0].value, CASES[i].value);
		assert_int_equal(sc.expect[0].line, 3);
	}
}

/* All that editors and other systems do to a text file without changing what it says. */
static void test_forms_of_text(void **state)
{
	static const char *const FORMS[] = {
		"[scenario]\nrounds = 7",
		"[scenario]\r\nrounds = 7\r\n",
		"\xef\xbb\xbf[scenario]\nrounds = 7\n",
		"  [ scenario ]  ; head\n\t rounds=7 ; seven\n",
		"\n\n; a comment\n# another\n[scenario]\n\nrounds: 7",
		"[scenario]\n\t\nrounds\t=\t7\t\n[probe]\n",
	};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(FORMS); i++)
		assert_int_equal(parse(FORMS[i], NULL).rounds, 7);
	assert_string_equal(parse("[scenario]\ndescription = \xc3\xa4 \xe2\x82\xac = a#b", NULL).description,
			    "\xc3\xa4 \xe2\x82\xac = a#b");
}

/* A pair may fill libinih's line; a comment may be of any length, and is never read as something else. */
static void test_longest_lines(void **state)
{
	char text[1024], expected[256];
	struct tn_scenario sc;

	(void)state;
	memset(expected, 'd', sizeof(expected));
	expected[197 - strlen("description = ")] = '\0';
	snprintf(text, sizeof(text), "[scenario]\ndescription = %s\nrounds = 3\n", expected);
	sc = parse(text, NULL);
	assert_string_equal(sc.description, expected);
	assert_int_equal(sc.rounds, 3);

	snprintf(text, sizeof(text), "[scenario]\n# %*s\n", 600, "rounds = 9");
	memset(text + 13, '-', 189);
	assert_int_equal(parse(text, NULL).rounds, 5);
}

static void test_overrides(void **state)
{
	static const char *const OVERRIDES[] = {
		"scenario.rounds=3",
		"scenario.rounds = 4 ",
		"probe.cpus=1",
		"churn.bpf-map.pages=8",
		"churn.new-one.rate=5/s",
		"churn.new-one.burst=16",
		"expect.jitter.p99=< 9us",
		"expect.lost==0",
		"scenario.description=a ; b",
		"expect.churn.new-one.rate=>4/s",
		NULL,
	};
	struct tn_scenario sc =
		parse("[churn bpf-map]\npages = 4\nrate = 7/s\n[expect]\njitter.p99 = < 5us\n", OVERRIDES);

	(void)state;
	assert_int_equal(sc.rounds, 4);
	assert_cpus(&sc.probe.cpus, "1");
	assert_string_equal(sc.description, "a ; b");
	assert_int_equal(sc.n_churn, 2);
	assert_int_equal(sc.churn[0].pages.max, 8);
	assert_true(sc.churn[0].rate_per_s == 7);
	assert_string_equal(sc.churn[1].source, "new-one");
	assert_true(sc.churn[1].rate_per_s == 5);
	assert_int_equal(sc.churn[1].burst, 16);
	assert_int_equal(sc.churn[1].workers, 1);
	assert_int_equal(sc.churn[1].line, 0);
	assert_int_equal(sc.n_expect, 3);
	assert_true(sc.expect[0].value == 9000);
	assert_int_equal(sc.expect[0].line, 0);
	assert_string_equal(sc.expect[0].text, "< 9us");
	assert_string_equal(sc.expect[1].metric, "lost");
}

/* What the file leaves inconsistent, an override may put right. */
static void test_override_repairs(void **state)
{
	static const char *const OVERRIDES[] = {"scenario.duration=2s", "churn.late.workers=2", NULL};
	struct tn_scenario sc = parse("[scenario]\nduration = 100ms\n[probe]\nquantum = 1s\n"
				      "[expect]\nchurn.late.rate = > 1/s\n",
				      OVERRIDES);

	(void)state;
	assert_int_equal(sc.duration_ns, 2000000000);
	assert_int_equal(sc.n_churn, 1);
}

static void test_cpu_spec_round_trip(void **state)
{
	static const char *const LISTS[] = {"isolated", "housekeeping", "0", "4095", "0-3", "1,3,5-9,64-127"};
	char text[128];

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(LISTS); i++) {
		snprintf(text, sizeof(text), "[probe]\ncpus = %s\n[churn x]\ncpus = %s\n", LISTS[i], LISTS[i]);
		struct tn_scenario sc = parse(text, NULL);

		assert_cpus(&sc.probe.cpus, LISTS[i]);
		assert_cpus(&sc.churn[0].cpus, LISTS[i]);
	}
}

static void test_names(void **state)
{
	static const char *const NAMES[][2] = {
		{"a.ini", "a"}, {"/x/y.z.ini", "y.z"}, {"plain", "plain"}, {".ini", ".ini"}, {"x/\xff\n.ini", "??"},
	};
	struct tn_scenario sc;

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(NAMES); i++) {
		assert_int_equal(tn_scenario_parse("", 0, NAMES[i][0], NULL, &sc, NULL), 0);
		assert_string_equal(sc.name, NAMES[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_churn_defaults),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_every_key_is_every_key),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_forms_of_text),
		cmocka_unit_test(test_longest_lines),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_override_repairs),
		cmocka_unit_test(test_cpu_spec_round_trip),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
