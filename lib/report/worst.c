// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The longest interruptions one by one: what ran in each, in the order in which it ran, and who sent it.
 */
#include <stdio.h>
#include <string.h>

#include "report/parts.h"

static void say_entry(struct report *r, const struct tn_run_worst *w, const struct tn_run_entry *e)
{
	double after = e->ticks >= w->start_ticks ? (double)(e->ticks - w->start_ticks) : 0.0;
	bool local = e->sender_cpu == w->cpu; /* no CPU sends itself a function: it calls it */
	char sender[96] = "", before[64] = "";
	struct report_buf at, way;

	if (e->delivery_ticks && !local)
		snprintf(before, sizeof(before), ", %s before", report_ticks(&way, r->run, (double)e->delivery_ticks));
	if (e->sender_cpu >= 0)
		snprintf(sender, sizeof(sender), ", %s CPU %d%s%s%s%s%s", local ? "run by" : "sent by", e->sender_cpu,
			 local ? "'s own task" : "", e->sender_comm[0] ? " (" : "", e->sender_comm,
			 e->sender_comm[0] ? ")" : "", local ? ", no IPI" : "");
	report_text(r, REPORT_PLAIN, 6, 12, "+%s %s%s%s%s%s%s%s%s%s", report_ticks(&at, r->run, after),
		    tn_class_name(e->class), e->function[0] ? ", " : "", e->function, e->detail[0] ? ", " : "",
		    e->detail, e->culprit[0] ? ", from " : "", e->culprit, sender, before);
}

static void say_stack(struct report *r, const struct tn_run_cause *c)
{
	if (!c->n_stack)
		return;
	report_text(r, REPORT_PLAIN, 6, 6, "A sender's stack, innermost first:");
	for (uint32_t i = 0; i < c->n_stack; i++)
		report_text(r, REPORT_PLAIN, 8, 8, "%s", c->stack[i]);
}

/* When it began, counted from the opening of its window. */
static double offset_ns(const struct tn_run *run, const struct tn_run_worst *w)
{
	for (size_t i = 0; i < run->n_cpus; i++)
		if (run->cpu[i].cpu == w->cpu && run->cpu[i].round == w->round &&
		    w->start_ticks >= run->cpu[i].window_open_ticks)
			return tn_ticks_to_ns(&run->clock, (double)(w->start_ticks - run->cpu[i].window_open_ticks));
	return NAN;
}

static void say_one(struct report *r, size_t number, const struct tn_run_worst *w)
{
	struct report_buf length, offset;

	report_text(r, REPORT_BOLD, 2, 6, "%zu. %s on CPU %d, round %u, %s after its window opened: %s", number,
		    report_ticks(&length, r->run, (double)(w->end_ticks - w->start_ticks)), w->cpu, w->round,
		    report_ns(&offset, offset_ns(r->run, w)), tn_class_name(w->class));
	for (uint32_t i = 0; i < w->n_kept; i++)
		say_entry(r, w, &w->entry[i]);
	if (w->n_entries > w->n_kept)
		report_text(r, REPORT_PLAIN, 6, 6, "and %u more entries", w->n_entries - w->n_kept);
	if (w->class == TN_CLASS_UNEXPLAINED)
		report_text(r, REPORT_PLAIN, 6, 6, "%s", report_unexplained(r->run));
	if (w->cause >= 0)
		say_stack(r, &r->run->cause[w->cause]);
}

int report_worst(struct report *r)
{
	size_t n = r->opt.worst < r->run->n_worst ? r->opt.worst : r->run->n_worst;

	if (!n)
		return 0;
	report_heading(r, "The longest interruptions");
	for (size_t i = 0; i < n; i++)
		say_one(r, i + 1, &r->run->worst[i]);
	return 0;
}
