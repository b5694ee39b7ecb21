// SPDX-License-Identifier: GPL-2.0-or-later
/* What these runs cannot show, whatever their figures say: each sentence stands there because one of them needs it. */
#include <string.h>

#include "report/html-parts.h"

static void item(FILE *out, bool warn, const char *text)
{
	fputs(warn ? "<li class=\"warn\">" : "<li>", out);
	html_text(out, text);
	fputs("</li>\n", out);
}

/* What holds for at least one run. */
struct holds {
	bool tcg, virtual, level[TN_TRACE_NONE + 1], lost, clock, one_boot[TN_SIDES];
	double threshold_ns, seconds;
};

static void look(const struct tn_run *run, struct holds *h)
{
	h->tcg |= !strcmp(run->env.virtualization, "qemu-tcg");
	h->virtual |= run->env.virtualization[0] && strcmp(run->env.virtualization, "none");
	h->level[run->level] = true;
	h->lost |= run->lost.overrun || run->lost.missed || run->lost.undecoded || run->lost.ring || run->lost.causes;
	h->clock |= !run->clock.invariant || !run->clock.reliable;
	h->seconds += tn_run_cpu_seconds(run);
	for (size_t i = 0; i < run->n_cpus; i++) {
		double ns = tn_ticks_to_ns(&run->clock, (double)run->cpu[i].threshold_ticks);

		h->threshold_ns = ns > h->threshold_ns ? ns : h->threshold_ns;
	}
}

static void say_where(const struct holds *h, FILE *out)
{
	if (h->tcg)
		item(out, true,
		     "QEMU emulated the CPUs (TCG). Counts and rates of kernel entries are sound. Lengths of time carry the "
		     "host's scheduling, and entering the kernel costs many times what it costs on hardware: no "
		     "microsecond of such a run may be quoted as a latency of the kernel.");
	else if (h->virtual)
		item(out, true,
		     "In a virtual machine the host can take a CPU away, and no kernel event says so: an interruption "
		     "without an event is hardware or hypervisor, and the two cannot be told apart.");
	if (h->clock)
		item(out, true, "The clock of a run is not known to be invariant or reliable: lengths may be off.");
}

static void say_level(const struct holds *h, FILE *out)
{
	if (h->level[TN_TRACE_FULL] || h->level[TN_TRACE_ENTRY])
		item(out, false,
		     "Kernel events were armed in the windows that measure jitter. Recording an event lengthens the "
		     "interruption that it belongs to.");
	if (h->level[TN_TRACE_ENTRY])
		item(out, true,
		     "Level entry knows the vector of an IPI and not the function it ran: TLB flushes are among other-ipi, "
		     "and no sender is known.");
	if (h->level[TN_TRACE_COUNTERS] || h->level[TN_TRACE_NONE])
		item(out, true, "A run knows no kernel events: its interruptions have no cause.");
	if (h->lost)
		item(out, true,
		     "Something was lost in at least one run: counts by cause are lower bounds there, and what its "
		     "section says under \"What was lost\" holds.");
}

static void say_runs(const struct tn_html_page *page, const struct holds *h, FILE *out)
{
	struct report_buf b;
	char text[400];

	snprintf(
		text, sizeof(text),
		"The maximum is that of %s of measured time, summed over CPUs. A longer run may find a longer one: it is "
		"no bound of what can happen.",
		report_ns(&b, h->seconds * 1e9));
	item(out, false, text);
	snprintf(
		text, sizeof(text),
		"A gap below the threshold, at most %s here, is in the jitter and is no interruption: it has no cause.",
		report_ns(&b, h->threshold_ns));
	item(out, false, text);
	if (page->side[TN_SIDE_A].n == 1 || page->side[TN_SIDE_B].n == 1)
		item(out, false,
		     "A set of one run is of one boot: how much its figures vary from boot to boot, with where memory and "
		     "code came to lie, is not in its intervals.");
	item(out, false,
	     "A stack is that of one sender of its cause, not of each. An interruption with several entries counts for one "
	     "cause with all its time.");
	item(out, false, "Only the probed CPUs were watched, and only for what keeps a task from running.");
}

void html_limits(const struct tn_html_page *page, FILE *out)
{
	struct holds h = {0};

	for (unsigned int s = 0; s < TN_SIDES; s++)
		for (size_t i = 0; i < page->side[s].n; i++)
			look(page->side[s].document[i].run, &h);
	fputs("<section id=\"limits\" aria-labelledby=\"limits-h\">\n<h2 id=\"limits-h\">What this cannot show</h2>\n<ul>\n",
	      out);
	say_where(&h, out);
	say_level(&h, out);
	say_runs(page, &h, out);
	fputs("</ul>\n</section>\n", out);
}
