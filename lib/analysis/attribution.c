// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The join of interruptions and kernel events. Per CPU both come in time order, so one pass with two
 * cursors does it: entries before an interruption were too short to be seen, those up to its end belong
 * to it. Two limits say how far that is safe. Events are complete before the tick at which the trace
 * buffers were last emptied; interruptions are complete before the probe's last stamp, which no
 * interruption straddles. Events and probe share the counter (trace clock x86-tsc), so ticks compare.
 *
 * The primary cause of an interruption is a switch to another task if there was one, since that is where
 * the time went, and else what came first.
 */
#include "analysis/attribution.h"

#include <errno.h>
#include <string.h>

#include "analysis/causes.h"
#include "analysis/lane.h"
#include "analysis/worst.h"

#define SENDS_KEPT 4096 /* below this, looking for stale ones is not worth it */

struct tn_attribution {
	struct tn_attribution_options opt;
	struct tn_resolver resolver;
	struct tn_causes causes;
	struct tn_worst_list worst;
	struct tn_lane *lane; /* by CPU number */
	size_t n_lanes;
};

static struct tn_lane *lane_of(const struct tn_attribution *a, int cpu)
{
	return cpu >= 0 && (size_t)cpu < a->n_lanes && a->lane[cpu].used ? &a->lane[cpu] : NULL;
}

/* The lane of a CPU in a round. */
static struct tn_lane *running_lane(const struct tn_attribution *a, int cpu)
{
	struct tn_lane *lane = lane_of(a, cpu);

	return lane && lane->running ? lane : NULL;
}

/**
 * tn_attribution_new() - start an attribution
 * @opt: names, and where raw records go; copied
 * @ret: the attribution
 * @err: what failed
 *
 * Return: 0 or -ENOMEM.
 */
int tn_attribution_new(const struct tn_attribution_options *opt, struct tn_attribution **ret, struct tn_error *err)
{
	struct tn_attribution *a = calloc(1, sizeof(*a));

	if (!a || tn_causes_init(&a->causes) < 0 || tn_worst_init(&a->worst) < 0) {
		tn_attribution_free(a);
		return tn_error_set(err, -ENOMEM, "attribution: out of memory");
	}
	a->opt = *opt;
	a->resolver.symbols = opt->symbols;
	*ret = a;
	return 0;
}

/**
 * tn_attribution_free() - release all memory
 * @a: the attribution, or NULL
 */
void tn_attribution_free(struct tn_attribution *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n_lanes; i++)
		tn_lane_free(&a->lane[i]);
	free(a->lane);
	free(a->resolver.culprit);
	tn_senders_free(&a->resolver.senders);
	tn_causes_free(&a->causes);
	tn_worst_free(&a->worst);
	free(a);
}

/**
 * tn_attribution_window() - begin a round on a CPU
 * @a: the attribution
 * @cpu: the probed CPU
 * @round: number of the round, for tally and records
 * @floor_ticks: what a pass of the probe's loop takes undisturbed; a gap minus this is stolen time
 * @probe_pid: the probe, so that a switch back to it is not taken for an interruption
 * @err: what failed
 *
 * What was left of an earlier round on this CPU is dropped; causes and the list of the worst go on.
 *
 * Return: 0 or -ENOMEM.
 */
int tn_attribution_window(struct tn_attribution *a, int cpu, uint32_t round, uint64_t floor_ticks, int probe_pid,
			  struct tn_error *err)
{
	struct tn_cpu_tally before;
	struct tn_lane *lane;

	if ((size_t)cpu >= a->n_lanes) {
		size_t n = (size_t)cpu + 1;

		lane = reallocarray(a->lane, n, sizeof(*lane));
		if (!lane)
			return tn_error_set(err, -ENOMEM, "attribution of CPU %d: out of memory", cpu);
		memset(lane + a->n_lanes, 0, (n - a->n_lanes) * sizeof(*lane));
		a->lane = lane;
		a->n_lanes = n;
	}
	lane = &a->lane[cpu];
	before = lane->tally;
	tn_lane_free(lane);
	lane->used = lane->running = true;
	lane->tally.max_ticks = before.max_ticks;
	lane->tally.max_class = before.max_class;
	lane->close = UINT64_MAX;
	lane->floor_ticks = floor_ticks;
	lane->probe_pid = probe_pid;
	lane->tally.cpu = cpu;
	lane->tally.round = round;
	return 0;
}

/**
 * tn_attribution_open_at() - say when the window opened
 * @a: the attribution
 * @cpu: the probed CPU
 * @open_ticks: the probe's first stamp; entries before it are outside
 *
 * Nothing is joined on this CPU before this is known.
 *
 * Return: 0, or -EINVAL for a CPU without a window.
 */
int tn_attribution_open_at(struct tn_attribution *a, int cpu, uint64_t open_ticks)
{
	struct tn_lane *lane = running_lane(a, cpu);

	if (!lane)
		return -EINVAL;
	lane->open = open_ticks;
	lane->opened = true;
	return 0;
}

/**
 * tn_attribution_close_at() - say when the window closed
 * @a: the attribution
 * @cpu: the probed CPU
 * @close_ticks: the probe's last stamp; entries after it are outside
 *
 * Return: 0, or -EINVAL for a CPU without a window.
 */
int tn_attribution_close_at(struct tn_attribution *a, int cpu, uint64_t close_ticks)
{
	struct tn_lane *lane = running_lane(a, cpu);

	if (!lane)
		return -EINVAL;
	lane->close = close_ticks;
	return 0;
}

/**
 * tn_attribution_end_round() - end a round on a CPU, after the last advance
 * @a: the attribution
 * @cpu: the probed CPU; nothing happens without a window
 *
 * What is not joined is dropped, and so are events and senders that come before the next window: warm-up and
 * calibration are as busy as a round. The tally stays.
 */
void tn_attribution_end_round(struct tn_attribution *a, int cpu)
{
	struct tn_lane *lane = running_lane(a, cpu);
	struct tn_cpu_tally tally;

	if (!lane)
		return;
	tally = lane->tally;
	tn_lane_free(lane);
	lane->used = true;
	lane->tally = tally;
	tn_senders_forget_target(&a->resolver.senders, cpu);
}

/**
 * tn_attribution_events() - feed kernel events
 * @a: the attribution
 * @events: in time order for each CPU that recorded them
 * @n: how many
 *
 * Those of and to CPUs without a window are dropped.
 *
 * Return: 0 or -ENOMEM.
 */
int tn_attribution_events(struct tn_attribution *a, const struct tn_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct tn_event *ev = &events[i];
		struct tn_lane *lane;
		int r;

		if (ev->type == TN_EV_CSD_QUEUE || ev->type == TN_EV_IPI_RESCHEDULE) {
			if (!running_lane(a, ev->target))
				continue;
			r = tn_resolver_send(&a->resolver, ev);
			if (r < 0)
				return r;
			continue;
		}
		lane = running_lane(a, ev->cpu);
		if (!lane)
			continue;
		r = tn_queue_reserve(&lane->events, 1, sizeof(*ev));
		if (r < 0)
			return r;
		*TN_QUEUE_AT(&lane->events, struct tn_event, TN_QUEUE_LEN(&lane->events)) = *ev;
		lane->events.n++;
	}
	return 0;
}

/**
 * tn_attribution_interruptions() - feed what a probe saw
 * @a: the attribution
 * @cpu: its CPU
 * @in: interruptions in time order
 * @n: how many
 *
 * Return: 0, -EINVAL for a CPU without a window, -ENOMEM.
 */
int tn_attribution_interruptions(struct tn_attribution *a, int cpu, const struct tn_interruption *in, size_t n)
{
	struct tn_lane *lane = running_lane(a, cpu);
	int r;

	if (!lane)
		return -EINVAL;
	r = tn_queue_reserve(&lane->interruptions, n, sizeof(*in));
	if (r < 0 || !n)
		return r;
	memcpy(TN_QUEUE_AT(&lane->interruptions, struct tn_interruption, TN_QUEUE_LEN(&lane->interruptions)), in,
	       n * sizeof(*in));
	lane->interruptions.n += n;
	return 0;
}

static uint32_t count_entry(struct tn_attribution *a, struct tn_lane *lane, const struct tn_entry *e, bool matched)
{
	struct tn_conservation *c = &lane->tally.conservation[e->class];
	uint32_t i = tn_causes_find(&a->causes, e, tn_symbols_text(a->opt.symbols, e->sender_name));

	c->entries++;
	*(matched ? &c->matched : &c->too_short) += 1;
	lane->tally.flush_local +=
		e->local && (e->class == TN_CLASS_KERNEL_TLB_FLUSH || e->class == TN_CLASS_PAGE_TABLE_FLUSH);
	lane->tally.senders_unknown += e->unknown_sender;
	if (i != UINT32_MAX) {
		struct tn_cause *cause = &a->causes.row[i];

		cause->entries++;
		*(matched ? &cause->matched : &cause->too_short) += 1;
	}
	return i;
}

/* Entries before @limit that no interruption holds. */
static void pass_short(struct tn_attribution *a, struct tn_lane *lane, uint64_t limit)
{
	while (TN_QUEUE_LEN(&lane->entries)) {
		const struct tn_entry *e = TN_QUEUE_AT(&lane->entries, struct tn_entry, 0);

		if (e->ticks >= limit)
			break;
		if (e->ticks < lane->open || e->ticks > lane->close)
			lane->tally.outside_window++;
		else
			count_entry(a, lane, e, false);
		lane->entries.head++;
	}
}

static void count_interruption(struct tn_attribution *a, struct tn_lane *lane, const struct tn_worst *w)
{
	uint64_t gap = w->end - w->start;
	uint64_t stolen = gap > lane->floor_ticks ? gap - lane->floor_ticks : 0;

	lane->tally.interruptions++;
	lane->tally.stolen_ticks += stolen;
	if (gap > lane->tally.max_ticks) {
		lane->tally.max_ticks = gap;
		lane->tally.max_class = w->class;
	}
	if (w->class < TN_CLASS_COUNT) {
		lane->tally.class_interruptions[w->class]++;
		lane->tally.class_stolen_ticks[w->class] += stolen;
		if (gap > lane->tally.class_max_ticks[w->class])
			lane->tally.class_max_ticks[w->class] = gap;
	}
	if (w->cause != UINT32_MAX) {
		struct tn_cause *c = &a->causes.row[w->cause];

		c->interruptions++;
		c->stolen_ticks += stolen;
		if (gap > c->max_ticks)
			c->max_ticks = gap;
	}
}

static int emit(struct tn_attribution *a, const struct tn_worst *w)
{
	struct tn_raw_record rec = {
		.start = w->start,
		.end = w->end,
		.cause = w->cause,
		.cpu = (uint16_t)w->cpu,
		.round = (uint16_t)w->round,
		.class = (uint8_t)w->class,
		.entries = w->n_entries < UINT8_MAX ? (uint8_t)w->n_entries : UINT8_MAX,
	};

	return a->opt.on_record ? a->opt.on_record(a->opt.userdata, &rec) : 0;
}

/* Takes the interruption at the head of the queue with all its entries. */
static int take_interruption(struct tn_attribution *a, struct tn_lane *lane)
{
	const struct tn_interruption *in = TN_QUEUE_AT(&lane->interruptions, struct tn_interruption, 0);
	struct tn_worst w = {
		.start = in->start,
		.end = in->end,
		.cpu = lane->tally.cpu,
		.round = lane->tally.round,
		.class = a->opt.blind ? TN_CLASS_NONE : TN_CLASS_UNEXPLAINED,
		.cause = UINT32_MAX,
	};

	while (TN_QUEUE_LEN(&lane->entries)) {
		const struct tn_entry *e = TN_QUEUE_AT(&lane->entries, struct tn_entry, 0);
		uint32_t cause;

		if (e->ticks > w.end)
			break;
		cause = count_entry(a, lane, e, true);
		if (!w.n_entries || (e->class == TN_CLASS_TASK_SWITCH && w.class != TN_CLASS_TASK_SWITCH)) {
			w.class = e->class;
			w.cause = cause;
		}
		if (w.n_entries < TN_ENTRIES_KEPT)
			w.entry[w.n_entries] = *e;
		w.n_entries++;
		lane->entries.head++;
	}
	lane->interruptions.head++;
	count_interruption(a, lane, &w);
	tn_worst_offer(&a->worst, &w);
	return emit(a, &w);
}

/* Sends whose IPI was never seen: merged into another one, or work that runs without an event. */
static void forget_stale(struct tn_attribution *a)
{
	uint64_t oldest = UINT64_MAX;

	if (!a->opt.stale_ticks || a->resolver.senders.used < SENDS_KEPT)
		return;
	for (size_t i = 0; i < a->n_lanes; i++)
		if (a->lane[i].running && a->lane[i].known_before < oldest)
			oldest = a->lane[i].known_before;
	if (oldest != UINT64_MAX && oldest > a->opt.stale_ticks)
		tn_senders_forget(&a->resolver.senders, oldest - a->opt.stale_ticks);
}

/**
 * tn_attribution_advance() - join what is complete
 * @a: the attribution
 * @cpu: the probed CPU
 * @events_before: all its kernel events before this tick have been fed, and all of the senders'
 * @probe_before: a stamp of the probe; all interruptions that end before it have been fed
 * @err: what failed
 *
 * UINT64_MAX for both says that no more will come.
 *
 * Return: 0, -EINVAL for a CPU without a window, -ENOMEM, or what on_record returned.
 */
int tn_attribution_advance(struct tn_attribution *a, int cpu, uint64_t events_before, uint64_t probe_before,
			   struct tn_error *err)
{
	struct tn_lane *lane = running_lane(a, cpu);
	uint64_t known;
	int r;

	if (!lane)
		return tn_error_set(err, -EINVAL, "attribution: CPU %d has no window", cpu);
	if (!lane->opened)
		return 0;
	r = tn_lane_derive(lane, &a->resolver, events_before);
	if (r < 0)
		return tn_error_set(err, r, "attribution of CPU %d: out of memory", cpu);
	known = lane->known_before;
	forget_stale(a);
	while (TN_QUEUE_LEN(&lane->interruptions)) {
		const struct tn_interruption *in = TN_QUEUE_AT(&lane->interruptions, struct tn_interruption, 0);

		pass_short(a, lane, in->start < known ? in->start : known);
		if (in->end >= known && known != UINT64_MAX)
			return 0;
		r = take_interruption(a, lane);
		if (r < 0)
			return tn_error_set(err, r, "CPU %d: cannot keep raw interruptions: %s", cpu, strerror(-r));
	}
	pass_short(a, lane, probe_before < known ? probe_before : known);
	return 0;
}

/**
 * tn_attribution_tally() - counts of the current round of a CPU
 * @a: the attribution
 * @cpu: the probed CPU
 *
 * Return: the tally, valid until the next window on this CPU; NULL for a CPU without one.
 */
const struct tn_cpu_tally *tn_attribution_tally(const struct tn_attribution *a, int cpu)
{
	const struct tn_lane *lane = lane_of(a, cpu);

	return lane ? &lane->tally : NULL;
}

/**
 * tn_attribution_causes() - the table of causes so far
 * @a: the attribution
 * @ret_n: number of rows
 *
 * Return: the rows; their index is what records and the list of the worst refer to.
 */
const struct tn_cause *tn_attribution_causes(const struct tn_attribution *a, size_t *ret_n)
{
	*ret_n = a->causes.n;
	return a->causes.row;
}

/**
 * tn_attribution_causes_dropped() - what the table had no room for
 * @a: the attribution
 *
 * Return: number of entries without a row.
 */
uint64_t tn_attribution_causes_dropped(const struct tn_attribution *a)
{
	return a->causes.dropped;
}

/**
 * tn_attribution_worst() - the longest interruptions so far
 * @a: the attribution
 * @ret: the list, longest first; valid until the next advance
 *
 * Return: its length, at most TN_WORST_KEPT.
 */
size_t tn_attribution_worst(struct tn_attribution *a, const struct tn_worst **ret)
{
	return tn_worst_sorted(&a->worst, ret);
}

/**
 * tn_attribution_memory() - what it has allocated
 * @a: the attribution
 *
 * Return: bytes.
 */
size_t tn_attribution_memory(const struct tn_attribution *a)
{
	size_t sum = sizeof(*a) + TN_CAUSES_MAX * (sizeof(struct tn_cause) + 2 * sizeof(uint32_t)) +
		     TN_WORST_KEPT * sizeof(struct tn_worst) + a->n_lanes * sizeof(*a->lane) +
		     a->resolver.n_culprit * sizeof(uint64_t) + tn_senders_memory(&a->resolver.senders);

	for (size_t i = 0; i < a->n_lanes; i++)
		sum += a->lane[i].events.size * sizeof(struct tn_event) +
		       a->lane[i].interruptions.size * sizeof(struct tn_interruption) +
		       a->lane[i].entries.size * sizeof(struct tn_entry);
	return sum;
}
