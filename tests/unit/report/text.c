// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The text report, against files that were read by a person. It is a pure function of the run, so they are
 * compared byte by byte; a difference is shown as a diff(1) command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../result/sample.h"
#include "report/report.h"

static const char *golden_dir;

static char *report(const struct tn_run *run, const struct tn_report_options *opt)
{
	struct tn_error err = {0};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	if (tn_report_text(run, opt, f, &err) < 0)
		fail_msg("%s", err.text);
	fclose(f);
	return text;
}

static void compare_with(const char *name, const char *text)
{
	tn_autofree char *golden = NULL, *path = NULL, *other = NULL;
	tn_autofclose FILE *f = NULL;
	size_t n = 0;

	assert_true(asprintf(&path, "%s/%s", golden_dir, name) > 0);
	f = fopen(path, "r");
	if (f && getdelim(&golden, &n, '\0', f) > 0 && !strcmp(golden, text))
		return;
	assert_true(asprintf(&other, "/tmp/tlbnoise-%s", name) > 0);
	if (f)
		fclose(f);
	f = fopen(other, "w");
	if (f) {
		fputs(text, f);
		fclose(tn_steal_ptr(f)); /* now: a failed test never comes back here */
	}
	fail_msg("the report changed: diff -u %s %s", path, other);
}

static struct tn_run *full_run(void)
{
	struct tn_run *run = sample_run(2, 5);

	run->state = TN_RUN_COMPLETE;
	run->level = TN_TRACE_FULL;
	run->raw_error[0] = '\0';
	memset(&run->lost, 0, sizeof(run->lost));
	run->lost.events = 1234567;
	run->lost.bytes = 98765432;
	for (size_t i = 0; i < run->n_cpus; i++) {
		run->cpu[i].partial = false;
		run->cpu[i].evidence_s = 10.25;
		run->cpu[i].ring_lost = run->cpu[i].ring_lost_ticks = 0;
	}
	for (size_t i = 0; i < run->n_entry_costs; i++)
		run->entry_cost[i].partial = run->entry_cost[i].traced = false;
	for (size_t i = 0; i < run->n_wakeups; i++)
		run->wakeup[i].partial = run->wakeup[i].traced = false;
	return run;
}

/* One CPU that nothing interrupted, no events to be had, no churn: bounds instead of zeros. */
static struct tn_run *quiet_run(void)
{
	struct tn_run *run = sample_run(1, 1);
	struct tn_run_cpu *c = &run->cpu[0];

	run->state = TN_RUN_COMPLETE;
	run->level = TN_TRACE_COUNTERS;
	snprintf(run->level_reason, sizeof(run->level_reason), "this user may not make tracefs instances");
	memset(&run->lost, 0, sizeof(run->lost));
	memset(c->by_class, 0, sizeof(c->by_class));
	tn_hist_init(&c->interruptions);
	tn_hist_init(&c->jitter);
	tn_hist_record(&c->jitter, 0);
	c->stolen_ticks = 0;
	run->n_causes = run->n_churn = run->n_findings = 0;
	run->n_entry_costs = run->n_wakeups = run->n_references = 0; /* as in documents of before these kinds */
	strcpy(run->env.virtualization, "none");
	c->smi = UINT64_MAX;
	c->ran_on = 0;
	run->effect[1].undone = false;
	return run;
}

static void full_report(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();
	tn_autofree char *text = report(run, &(struct tn_report_options){.worst = 2});

	(void)state;
	compare_with("full.txt", text);
}

/* Stopped in its last round, trace buffer and ring overflowed, the disk was full: what is still true. */
static void lossy_report(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(2, 5);
	tn_autofree char *text = NULL;

	(void)state;
	run->level = TN_TRACE_FULL;
	text = report(run, &(struct tn_report_options){.worst = 2});
	compare_with("lossy.txt", text);
	assert_null(strstr(text, "hardware or hypervisor"));
}

/* Whether the report has @text, whatever its lines. */
static void says(const struct tn_run *run, const char *wanted, bool has)
{
	tn_autofree char *text = report(run, &(struct tn_report_options){.width = 1000, .worst = 3});

	if (!strstr(text, wanted) == has)
		fail_msg("the report %s '%s'", has ? "lacks" : "has", wanted);
}

/* One round, or one that is whole: nothing to take an interval from. */
static void one_round_has_no_interval(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	says(run, "the median over whole rounds (93.8%)", true);
	for (size_t i = 0; i < run->n_entry_costs; i++)
		run->entry_cost[i].partial = run->entry_cost[i].round > 0;
	for (size_t i = 0; i < run->n_wakeups; i++)
		run->wakeup[i].partial = run->wakeup[i].round > 0;
	says(run, "the median over whole rounds (none with less than two of them). A page-fault", true);
	says(run, "the median over whole rounds (none with less than two of them). Missed", true);
	says(run, "(0.0%)", false);
}

static void entry_cannot_tell_functions(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	says(run, "Cannot be told", false);
	run->level = TN_TRACE_ENTRY;
	says(run, "below 0.0369/s (95%): irq, softirq, fault, nmi, other-ipi.", true);
	says(run,
	     "Cannot be told at level entry, or only in part, since it does not name the function that an IPI ran and "
	     "counts all of these as other-ipi: kernel-tlb-flush, user-tlb-flush, sync-core, reschedule, rcu, tick, "
	     "timer, page-table-flush, injected.",
	     true);
}

/* A full ring alone: entries are whole, and what is unexplained was so, but what is too short may not be. */
static void full_ring_is_said(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	says(run, "that the full ring lost", false);
	run->lost.ring = run->cpu[0].ring_lost = 3;
	says(run, "or was too short to reach the threshold, or in an interruption that the full ring lost.", true);
	says(run, "SHORT: too short to be seen, or in an interruption that the full ring lost.", true);
	says(run, "below 0.0369/s (95%): user-tlb-flush", true);
	says(run, "no kernel event inside: hardware or hypervisor", true);
	says(run, "Kernel events were lost", false);
}

static void local_flush_was_not_sent(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	says(run, "do_flush_tlb_all, from __purge_vmap_area_lazy, run by CPU 1's own task (kworker/1:2), no IPI", true);
	says(run, "sent by CPU 1 ", false);
	says(run, "/s kernel-tlb-flush, do_flush_tlb_all", false); /* no headline, since there is a remote one */
	says(run, "/s kernel-tlb-flush, do_kernel_range_flush", true);
	tn_cpus_del(&run->cause[4].sender_cpus, 1);
	run->cause[4].sender_comm[0] = '\0';
	says(run, "from __purge_vmap_area_lazy, run by the probed CPU's own task, no IPI", true);
	run->cause[2].local = true;
	says(run, "/s kernel-tlb-flush, do_flush_tlb_all", true);
	run->worst[1].entry[0].sender_cpu = 1;
	says(run, "from __purge_vmap_area_lazy, run by CPU 1's own task (tlbnoise-churn), no IPI", true);
}

static void headline_has_the_percentiles_of_the_table(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = quiet_run();

	(void)state;
	says(run, "of work: at most 0 ns", true);
	for (unsigned int i = 1; i < 9989; i++)
		tn_hist_record(&run->cpu[0].jitter, 0);
	says(run, "of work: p99 0 ns, at most 0 ns", true);
	for (unsigned int i = 0; i < 11; i++)
		tn_hist_record(&run->cpu[0].jitter, 0);
	says(run, "of work: p99 0 ns, p99.99 0 ns, at most 0 ns", true);
}

static void threshold_has_a_reason(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	says(run, "Threshold: 250 ns (the least automatic one; the floor alone would give less).", true);
	run->cpu[3].threshold_ticks = 800;
	says(run, "Threshold: derived from the floor; where it is 250 ns, that is the least automatic one,", true);
	for (size_t i = 0; i < run->n_cpus; i++)
		run->cpu[i].threshold_ticks = 800;
	says(run, "Threshold: derived from the floor.", true);
	run->threshold_auto = false;
	says(run, "Threshold: set by the scenario.", true);
	run->min_threshold_ticks = 0; /* an older document, which does not say */
	says(run, "Threshold:", false);
}

static void evidence_says_its_time(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	says(run, "SMIs 50; counted during each window.", true); /* 2.5 % longer */
	for (size_t i = 0; i < run->n_cpus; i++)
		run->cpu[i].evidence_s = 10.75;
	says(run, "SMIs 50; counted in 10.8 s around each window of 10.0 s.", true);
	run->level = TN_TRACE_COUNTERS;
	says(run, "\nWhat the kernel counted in 10.8 s around each window of 10.0 s\n", true);
	for (size_t i = 0; i < run->n_cpus; i++)
		run->cpu[i].evidence_s = 0; /* unknown */
	says(run, "\nWhat the kernel counted around each window\n", true);
}

/* Two workers that are busy for 17.5 s in 10 s each. */
static void busy_is_a_share_of_all_workers(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	for (size_t i = 0; i < run->n_churn; i++)
		run->churn[i].busy_s = 17.5;
	says(run, " 87.5%", true);
	says(run, " 175%", true); /* one worker: an error of the source's, not hidden */
}

static void quiet_report(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = quiet_run();
	tn_autofree char *text = report(run, NULL);

	(void)state;
	compare_with("quiet.txt", text);
}

/* Without windows of kind spin there is no word of interruptions and their causes. */
static void other_kinds_alone(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	while (run->n_cpus)
		free(run->cpu[--run->n_cpus].counter);
	run->n_causes = 0;
	for (size_t i = 0; i < run->n_worst; i++)
		free(run->worst[i].entry);
	run->n_worst = 0;
	run->level = TN_TRACE_NONE;
	says(run, "Nothing was measured", false);
	says(run, "Jitter", false);
	says(run, "Causes are not known", false);
	says(run, "\nCauses", false);
	says(run, "- CPU 2 (isolated): getpid takes", true);
	says(run, "\nWake-up latency\n", true);
	says(run, "\nOther tools on the same CPUs\n", true);
}

static void reference_that_failed_is_said(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	says(run, "1 of 5 rounds failed, round 5: cyclictest: not found; install rt-tests", true);
	says(run, "oslat 2.40: oslat -c 1 -D 10", true);
	for (size_t i = 0; i < run->n_references; i++)
		run->reference[i].failure[0] = '\0';
	says(run, "rounds failed", false);
}

static void traced_entries_are_said(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();

	(void)state;
	says(run, "Kernel events were not armed.", true);
	run->entry_cost[5].traced = true;
	says(run, "Kernel events were armed in some of these windows, which makes entries dearer.", true);
}

/* A run that was stopped before it measured anything has a report too. */
static void empty_report(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
	tn_autofree char *text = NULL;

	(void)state;
	assert_int_equal(tn_run_new(&run, NULL), 0);
	run->state = TN_RUN_ABORTED;
	run->clock.hz = 1e9;
	text = report(run, NULL);
	assert_non_null(strstr(text, "\nABORTED: no reason was recorded\n"));
	assert_non_null(strstr(text, "\n  Nothing was measured.\n"));
}

static void unknown_rate_is_an_error(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();
	struct tn_error err = {0};

	(void)state;
	run->clock.hz = 0;
	assert_true(tn_report_text(run, NULL, stdout, &err) < 0);
	assert_string_equal(err.text,
			    "run 20261122-101502-8c41d0: the tick rate is not known, so nothing can be said in time");
}

static void strip_colour(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		if (*p == '\033')
			p += strcspn(p, "m");
		else
			*to++ = *p;
	}
	*to = '\0';
}

static void colour_changes_nothing_else(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();
	struct tn_report_options in_colour = {.colour = true};
	tn_autofree char *plain = report(run, NULL), *colour = report(run, &in_colour);

	(void)state;
	assert_null(strchr(plain, '\033'));
	assert_non_null(strchr(colour, '\033'));
	strip_colour(colour);
	assert_string_equal(plain, colour);
}

/* The name of a task is whatever it chose. */
static void text_cannot_steer_the_terminal(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = full_run();
	tn_autofree char *ascii = NULL, *unicode = NULL;

	(void)state;
	strcpy(run->cause[2].sender_comm, "\033[2J\xc2\x9b\xc3\xa4\n");
	strcpy(run->churn[1].name, "\033[2J\t\xc3\xa4");
	ascii = report(run, NULL);
	unicode = report(run, &(struct tn_report_options){.unicode = true});
	assert_non_null(strstr(ascii, "(?[2J?\?\?\?\?)"));
	assert_non_null(strstr(unicode, "\xc3\xa4"));
	for (const char *p = ascii; *p; p++)
		assert_true(*p == '\n' || (*p >= ' ' && *p < 0x7f));
	for (const char *p = unicode; *p; p++)
		assert_true(*p != '\033' && *p != '\t' && (unsigned char)*p != 0x9b);
}

static unsigned int longest_line(const char *text)
{
	size_t longest = 0, n;

	for (const char *p = text; *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		longest = n > longest ? n : longest;
	}
	return (unsigned int)longest;
}

static void lines_fit_the_page(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *full = full_run(), *quiet = quiet_run();
	tn_autofree char *normal = report(full, NULL), *wide = report(full, &(struct tn_report_options){.width = 132});
	tn_autofree char *narrow = report(quiet, &(struct tn_report_options){.width = 72});

	(void)state;
	assert_true(longest_line(normal) <= 80);
	assert_true(longest_line(wide) > 120 && longest_line(wide) <= 132);
	assert_true(longest_line(narrow) <= 72);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_report),
		cmocka_unit_test(quiet_report),
		cmocka_unit_test(lossy_report),
		cmocka_unit_test(one_round_has_no_interval),
		cmocka_unit_test(entry_cannot_tell_functions),
		cmocka_unit_test(full_ring_is_said),
		cmocka_unit_test(local_flush_was_not_sent),
		cmocka_unit_test(headline_has_the_percentiles_of_the_table),
		cmocka_unit_test(threshold_has_a_reason),
		cmocka_unit_test(evidence_says_its_time),
		cmocka_unit_test(busy_is_a_share_of_all_workers),
		cmocka_unit_test(other_kinds_alone),
		cmocka_unit_test(reference_that_failed_is_said),
		cmocka_unit_test(traced_entries_are_said),
		cmocka_unit_test(empty_report),
		cmocka_unit_test(unknown_rate_is_an_error),
		cmocka_unit_test(colour_changes_nothing_else),
		cmocka_unit_test(text_cannot_steer_the_terminal),
		cmocka_unit_test(lines_fit_the_page),
	};

	if (argc < 2)
		return 2;
	golden_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
