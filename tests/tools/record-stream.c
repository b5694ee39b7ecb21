// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records a stream for tests/data/streams: a short window of the real probe on the last CPU and all its
 * kernel events, while a child on the first CPU creates and closes BPF maps. Not part of the test run.
 *
 * Usage: record-stream PROBE-PROGRAM MILLISECONDS | awk '!/^(symbol|task|stack)/ || !seen[$0]++' >FILE (as root)
 */
#include <inttypes.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cpus.h"
#include "base/ticks.h"
#include "probe/probe.h"
#include "trace/trace.h"

#define EVENTS_MAX 200000
#define HZ_GUESS   2600000000ull /* only decides how long the window is */

struct recording {
	struct tn_event event[EVENTS_MAX];
	size_t n;
};

static int keep(void *userdata, const struct tn_event *events, size_t n)
{
	struct recording *rec = userdata;

	for (size_t i = 0; i < n && rec->n < EVENTS_MAX; i++)
		rec->event[rec->n++] = events[i];
	return 0;
}

static pid_t start_churn(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4096, .max_entries = 512};
	struct tn_cpus first = {0};
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tn_cpus_add(&first, 0);
	tn_cpus_bind_self(&first, NULL);
	for (;;)
		close((int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static void wait_for(struct tn_probe_shm *shm, unsigned int state)
{
	while (atomic_load(&shm->state) < state)
		usleep(1000);
	if (atomic_load(&shm->state) == TN_PROBE_FAILED) {
		fprintf(stderr, "probe: %s\n", shm->failure);
		exit(1);
	}
}

static void print_names(struct tn_trace *t, const struct recording *rec, uint64_t from, uint64_t to)
{
	const struct tn_symbols *sym = tn_trace_symbols(t);

	for (size_t i = 0; i < rec->n; i++) {
		const struct tn_event *ev = &rec->event[i];
		const struct tn_stack *stack = tn_symbols_stack(sym, ev->stack);

		if (ev->ticks < from || ev->ticks > to)
			continue;
		if (ev->a && *tn_symbols_name(sym, ev->a))
			printf("symbol %" PRIx64 " %s\n", tn_symbols_start(sym, ev->a), tn_symbols_name(sym, ev->a));
		if (ev->comm)
			printf("task %d %s\n", ev->pid, tn_symbols_text(sym, ev->comm));
		for (uint32_t f = 0; stack && f < stack->depth; f++)
			printf("symbol %" PRIx64 " %s\n", tn_symbols_start(sym, stack->frame[f]),
			       tn_symbols_name(sym, stack->frame[f]));
		if (!stack)
			continue;
		printf("stack %u", ev->stack);
		for (uint32_t f = 0; f < stack->depth; f++)
			printf(" %" PRIx64, stack->frame[f]);
		putchar('\n');
	}
}

static void print_events(struct tn_trace *t, const struct recording *rec, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < rec->n; i++) {
		const struct tn_event *ev = &rec->event[i];
		const char *name = tn_symbols_text(tn_trace_symbols(t), ev->name);

		if (ev->ticks >= from && ev->ticks <= to)
			printf("event %u %" PRIu64 " %u %u %u %d %d %" PRIx64 " %" PRIx64 " %" PRIx64 " %u %s\n",
			       ev->type, ev->ticks, ev->cpu, ev->target, ev->arg, ev->pid, ev->other, ev->a, ev->b,
			       ev->callsite, ev->stack, *name ? name : "-");
	}
}

int main(int argc, char **argv)
{
	struct tn_trace_options opt = {.owner = "tlbnoise-record", .senders = true, .buffer_bytes = 16 << 20};
	struct tn_probe_config config = {.ring_records = 65536, .quantum_ticks = HZ_GUESS / 10000};
	struct recording *rec = calloc(1, sizeof(*rec));
	struct tn_probe_handle h;
	struct tn_trace *t = NULL;
	struct tn_error err = {0};
	struct tn_interruption gap;
	pid_t churn, probe;
	char fd[16];

	if (argc != 3 || !rec) {
		fprintf(stderr, "usage: record-stream PROBE-PROGRAM MILLISECONDS\n");
		return 2;
	}
	config.cpu = (int32_t)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	config.duration_ticks = HZ_GUESS / 1000 * strtoull(argv[2], NULL, 10);
	config.min_threshold_ticks = HZ_GUESS / 1000000;
	tn_cpus_add(&opt.probed, (unsigned int)config.cpu);
	if (tn_trace_open(&opt, &t, &err) < 0 || tn_trace_arm(t, &err) < 0 ||
	    tn_probe_shm_create(&config, &h, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	probe = fork();
	if (!probe) {
		snprintf(fd, sizeof(fd), "%d", dup(h.fd));
		execl(argv[1], argv[1], "--shm-fd", fd, (char *)NULL);
		_exit(127);
	}
	wait_for(h.shm, TN_PROBE_READY);
	churn = start_churn();
	usleep(300000);
	tn_trace_drain(t, keep, rec, &err);
	rec->n = 0;
	atomic_store(&h.shm->command, TN_PROBE_GO);
	wait_for(h.shm, TN_PROBE_DONE);
	kill(churn, SIGKILL);
	tn_trace_disarm(t, &err);
	tn_trace_drain(t, keep, rec, &err);
	print_names(t, rec, h.shm->result.window_open - 1000000, h.shm->result.window_close + 1000000);
	printf("window %d %d %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", config.cpu, probe,
	       h.shm->result.floor_median_ticks, h.shm->result.window_open, h.shm->result.window_close);
	while (tn_probe_ring_read(h.shm, &gap, 1))
		printf("gap %" PRIu64 " %" PRIu64 "\n", gap.start, gap.end);
	print_events(t, rec, h.shm->result.window_open - 1000000, h.shm->result.window_close + 1000000);
	tn_trace_close(t);
	free(rec);
	return 0;
}
