// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads from a trace what became of each flush request to one CPU, and why.
 *
 * A flush that may be deferred asks first: ct_work_queued, _merged, or _refused, and only after the
 * last of these the same sender queues the flush as a cross call (csd_queue_cpu), which the CPU
 * handles (csd_function_entry). A flush that must not be deferred queues its call unasked. So the
 * sender's previous event tells the two apart.
 *
 * A visit is the time from user_exit to user_enter, and its cause the first interrupt vector in it.
 * A refusal is explained by the visit during which it fell. Both ends of a visit are traced a
 * little inside of it (after the CPU has become visible as in the kernel, and before it is not any
 * more), therefore the nearest visit counts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#define NEAR_S	   0.01
#define CAUSES_MAX 32

struct visit {
	double begin, end;
	char cause[32];
};

struct refusal {
	double s;
	char state[16];
	long watching;
};

struct sender {
	bool refused;  /* its last request */
	char call[24]; /* its last cross call: the csd's address */
	unsigned int op;
};

struct visits {
	unsigned int cpu;
	struct tally tally;
	struct visit *visits;
	struct refusal *refusals;
	struct operation *ops;
	size_t nr_visits, nr_refusals, nr_ops;
	unsigned int op;
	struct sender senders[CPUS_MAX];
};

struct visits *visits_new(unsigned int cpu)
{
	struct visits *v = calloc(1, sizeof(*v));

	if (!v)
		fail("no memory");
	v->cpu = cpu;
	return v;
}

/* Room for one more behind @nr; new elements are zero. */
static void *grow(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * nr : 1) * size);
	if (!array)
		fail("no memory");
	memset((char *)array + nr * size, 0, (nr ? nr : 1) * size);
	return array;
}

static struct operation *this_op(struct visits *v, unsigned int op)
{
	while (v->nr_ops <= op) {
		v->ops = grow(v->ops, v->nr_ops, sizeof(*v->ops));
		v->nr_ops++;
	}
	return &v->ops[op];
}

static bool is_flush(const struct event *e)
{
	char function[64];

	return event_field(e, "func", function, sizeof(function)) &&
	       (strstr(function, "do_kernel_range_flush") || strstr(function, "do_flush_tlb_all"));
}

static void on_request(struct visits *v, const struct event *e)
{
	struct sender *s = &v->senders[e->cpu % CPUS_MAX];
	struct refusal *r;

	s->refused = strcmp(e->name, "ct_work_refused") == 0;
	if (!s->refused) {
		v->tally.queued += strcmp(e->name, "ct_work_queued") == 0;
		v->tally.merged += strcmp(e->name, "ct_work_merged") == 0;
		this_op(v, v->op)->left++;
		return;
	}
	v->tally.refused++;
	this_op(v, v->op)->refused++;
	v->refusals = grow(v->refusals, v->nr_refusals, sizeof(*v->refusals));
	r = &v->refusals[v->nr_refusals++];
	r->s = e->s;
	r->watching = event_number(e, "watching");
	event_field(e, "state", r->state, sizeof(r->state));
}

static void on_queue(struct visits *v, const struct event *e)
{
	struct sender *s = &v->senders[e->cpu % CPUS_MAX];

	if (!is_flush(e))
		return;
	if (s->refused) {
		v->tally.ipis_refused++;
	} else {
		v->tally.ipis_unasked++;
		this_op(v, v->op)->unasked++;
	}
	s->refused = false;
	s->op = v->op;
	event_field(e, "csd", s->call, sizeof(s->call));
}

static void on_handled(struct visits *v, const struct event *e)
{
	char call[24];

	if (!is_flush(e) || !event_field(e, "csd", call, sizeof(call)))
		return;
	for (size_t i = 0; i < CPUS_MAX; i++) {
		struct sender *s = &v->senders[i];

		if (strcmp(s->call, call) != 0)
			continue;
		v->tally.handled++;
		this_op(v, s->op)->handled++;
		s->call[0] = 0;
	}
}

static void on_own(struct visits *v, const struct event *e)
{
	struct visit *last = v->nr_visits ? &v->visits[v->nr_visits - 1] : NULL;
	const char *suffix = strstr(e->name, "_entry");

	if (strcmp(e->name, "user_exit") == 0) {
		v->visits = grow(v->visits, v->nr_visits, sizeof(*v->visits));
		v->visits[v->nr_visits++] = (struct visit){ .begin = e->s, .end = INFINITY };
	} else if (!last || isfinite(last->end)) {
		return;
	} else if (strcmp(e->name, "user_enter") == 0) {
		last->end = e->s;
	} else if (!last->cause[0] && strcmp(e->name, "page_fault_user") == 0) {
		snprintf(last->cause, sizeof(last->cause), "page_fault");
	} else if (!last->cause[0] && suffix) {
		snprintf(last->cause, sizeof(last->cause), "%.*s", (int)(suffix - e->name),
			 e->name);
	}
}

void visits_feed(const struct event *e, void *arg)
{
	struct visits *v = arg;

	if (strcmp(e->name, "tracing_mark_write") == 0)
		sscanf(e->args, "op %u", &v->op);
	else if (strcmp(e->name, "ct_work_run") == 0)
		v->tally.run += event_number(e, "overtaking") == 0;
	else if (strncmp(e->name, "ct_work_", 8) == 0)
		on_request(v, e);
	else if (strcmp(e->name, "csd_queue_cpu") == 0)
		on_queue(v, e);
	else if (strcmp(e->name, "csd_function_entry") == 0)
		on_handled(v, e);
	else if (e->cpu == v->cpu)
		on_own(v, e);
}

static double distance(const struct visit *visit, double s)
{
	if (s < visit->begin)
		return visit->begin - s;
	return s > visit->end ? s - visit->end : 0;
}

static const struct visit *nearest(const struct visits *v, double s)
{
	const struct visit *best = NULL;

	for (size_t i = 0; i < v->nr_visits; i++)
		if (!best || distance(&v->visits[i], s) <= distance(best, s))
			best = &v->visits[i];
	return best;
}

static void why(const struct visits *v, const struct refusal *r, char *text, size_t size)
{
	const struct visit *visit = nearest(v, r->s);

	/* Whoever is in userspace and not watched must have been left the work. */
	if (strcmp(r->state, "user") == 0 && r->watching == 0)
		fail("refused at %f, although CPU %u was in userspace", r->s, v->cpu);
	if (strcmp(r->state, "kernel") != 0)
		snprintf(text, size, "%s%s", r->state,
			 r->watching ? ", in an NMI or the like" : "");
	else if (!visit || distance(visit, r->s) > NEAR_S)
		fail("refused at %f, but CPU %u was not seen in the kernel then", r->s, v->cpu);
	else
		snprintf(text, size, "kernel, entered by %s",
			 visit->cause[0] ? visit->cause : "no interrupt vector");
}

void visits_explain(struct visits *v)
{
	struct {
		char why[64];
		unsigned int n;
	} causes[CAUSES_MAX] = { 0 };

	for (size_t i = 0; i < v->nr_refusals; i++) {
		char text[64];
		size_t c = 0;

		why(v, &v->refusals[i], text, sizeof(text));
		while (c < CAUSES_MAX - 1 && causes[c].n && strcmp(causes[c].why, text) != 0)
			c++;
		snprintf(causes[c].why, sizeof(causes[c].why), "%s", text);
		causes[c].n++;
	}
	for (size_t c = 0; c < CAUSES_MAX && causes[c].n; c++)
		note("  %u refused: %s", causes[c].n, causes[c].why);
}

struct tally visits_tally(const struct visits *v)
{
	return v->tally;
}

struct operation visits_operation(const struct visits *v, unsigned int n)
{
	return n < v->nr_ops ? v->ops[n] : (struct operation){ 0 };
}
