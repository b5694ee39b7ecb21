// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Can the collector keep up? A generator on the highest CPU makes page faults at a given rate: each is one
 * event with an address of ours, so what was generated is known exactly. The collector on CPU 0 drains
 * every 10 ms as the daemon does, through the whole path: buffer, decoder, callback. Exit status: 0 when
 * all that was generated was received, 1 when something was lost, 2 when it could not be measured.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/now.h"
#include "base/units.h"
#include "trace/reader.h"
#include "trace/trace.h"

#define PAGES        4096u
#define DRAIN_NS     10000000
#define BUFFER_BYTES (8u << 20)

struct shared {
	_Atomic uint64_t generated;
	_Atomic int go, stop;
};

struct bench {
	double rate, seconds;
	size_t page;
	char *area; /* the same address in generator and collector; touched by the generator only */
	struct shared *shared;
	pid_t generator;
	uint64_t received;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

static double now_s(void)
{
	return (double)tn_now_ns(CLOCK_MONOTONIC) / 1e9;
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int bind_to(int cpu, struct tn_error *err)
{
	struct tn_cpus set = {0};

	tn_cpus_add(&set, (unsigned int)cpu);
	return tn_cpus_bind_self(&set, err);
}

/* Reading a page that is not there is one fault; when all are there, they are given back. */
static void touch_next(struct bench *b, uint64_t n)
{
	size_t at = n % PAGES;

	if (!at)
		madvise(b->area, PAGES * b->page, MADV_DONTNEED);
	*(volatile char *)(b->area + at * b->page);
}

static int generate(struct bench *b, int cpu)
{
	uint64_t n = 0;
	double start;

	if (bind_to(cpu, NULL))
		return 2;
	while (!atomic_load(&b->shared->go) && !atomic_load(&b->shared->stop))
		;
	start = now_s();
	while (!atomic_load(&b->shared->stop)) {
		double due = (now_s() - start) * b->rate;

		for (int burst = 0; burst < 64 && (double)n < due; burst++)
			touch_next(b, n++);
		atomic_store(&b->shared->generated, n);
	}
	return 0;
}

static int count(void *userdata, const struct tn_event *events, size_t n)
{
	struct bench *b = userdata;
	uintptr_t low = (uintptr_t)b->area, high = low + PAGES * b->page;

	for (size_t i = 0; i < n; i++)
		b->received += events[i].type == TN_EV_FAULT && events[i].pid == b->generator && events[i].a >= low &&
			       events[i].a < high;
	return 0;
}

static void print_second(struct bench *b, double at, double wall, double cpu, const struct tn_trace_stats *s)
{
	static uint64_t generated, received;
	uint64_t g = atomic_load(&b->shared->generated);

	printf("%6.1f s  generated %9.0f/s  received %9.0f/s  lost %" PRIu64 "  collector %5.2f %% of its CPU\n", at,
	       (double)(g - generated) / wall, (double)(b->received - received) / wall, s->overrun + s->undecoded,
	       cpu / wall * 100);
	fflush(stdout);
	generated = g;
	received = b->received;
}

static int collect(struct bench *b, struct tn_trace *t, struct tn_error *err)
{
	double start = now_s(), last = start, cpu = cpu_s();
	struct timespec next;
	struct tn_trace_stats s;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &next);
	while (!rc && !interrupted && now_s() - start < b->seconds) {
		next.tv_nsec += DRAIN_NS;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		rc = tn_trace_drain(t, count, b, err);
		if (rc || now_s() - last < 1)
			continue;
		rc = tn_trace_stats(t, &s, err);
		if (!rc)
			print_second(b, now_s() - start, now_s() - last, cpu_s() - cpu, &s);
		last = now_s();
		cpu = cpu_s();
	}
	return rc;
}

static void stop_generator(struct bench *b)
{
	atomic_store(&b->shared->stop, 1);
	waitpid(b->generator, NULL, 0);
}

static int measure(struct bench *b, struct tn_trace *t, struct tn_error *err)
{
	double start = now_s(), cpu = cpu_s(), wall;
	struct tn_trace_stats s;
	uint64_t generated;
	int rc;

	atomic_store(&b->shared->go, 1);
	rc = collect(b, t, err);
	wall = now_s() - start;
	cpu = cpu_s() - cpu;
	stop_generator(b);
	if (!rc)
		rc = tn_trace_disarm(t, err);
	if (!rc)
		rc = tn_trace_drain(t, count, b, err);
	if (!rc)
		rc = tn_trace_stats(t, &s, err);
	if (rc)
		return rc;
	generated = atomic_load(&b->shared->generated);
	printf("generated %" PRIu64 "  received %" PRIu64 "  lost %" PRIu64 "  (%.0f events/s for %.1f s)\n", generated,
	       b->received, s.overrun + s.undecoded, (double)generated / wall, wall);
	printf("collector %.2f %% of its CPU, %.0f ns an event, %" PRIu64 " events of all kinds, %" PRIu64 " bytes\n",
	       cpu / wall * 100, cpu / (double)s.events * 1e9, s.events, s.bytes);
	return generated != b->received || s.overrun || s.undecoded;
}

/* The reader alone, on one page of such events over and over: no system call, warm caches. */
static int decode_rate(void)
{
	_Alignas(8) static uint8_t page[4096];
	static struct tn_reader r;
	tn_cleanup(tn_symbols_freep) struct tn_symbols *symbols = NULL;
	tn_autofclose FILE *f = fopen("/sys/kernel/tracing/events/exceptions/page_fault_user/format", "re");
	struct tn_stream stream = {.cpu = 1};
	struct bench ignore = {.page = 1};
	uint32_t record[9] = {8, 0, 1};
	char text[4096] = "";
	uint64_t used = 0;
	double start;

	if (!f || !fread(text, 1, sizeof(text) - 1, f) || tn_symbols_new(&symbols, NULL) ||
	    tn_reader_init(&r, symbols, NULL) || tn_decoder_learn(r.decoder, "exceptions", text, NULL))
		return 2;
	record[1] = (uint32_t)strtoul(strstr(text, "ID:") + 3, NULL, 10);
	for (; used + sizeof(record) <= sizeof(page) - 16; used += sizeof(record))
		memcpy(page + 16 + used, record, sizeof(record));
	memcpy(page + 8, &used, sizeof(used));
	r.fn = count;
	r.userdata = &ignore;
	start = now_s();
	while (now_s() - start < 1)
		for (int i = 0; i < 1000; i++)
			tn_reader_page(&r, &stream, page);
	printf("reader and decoder alone: %.1f million events/s\n", (double)r.stats.events / (now_s() - start) / 1e6);
	tn_reader_release(&r);
	return r.stats.undecoded ? 1 : 0;
}

static int run(struct bench *b, struct tn_error *err)
{
	tn_cleanup(tn_trace_closep) struct tn_trace *t = NULL;
	struct tn_trace_options opt = {.senders = true, .buffer_bytes = BUFFER_BYTES};
	struct tn_cpus mine;
	char owner[48];
	int rc = tn_cpus_affinity_self(&mine, err), cpu = rc ? 0 : tn_cpus_last(&mine);

	if (rc)
		return rc;
	if (cpu < 1)
		return tn_error_set(err, -ENODEV, "needs two CPUs: one generates, CPU 0 collects");
	snprintf(owner, sizeof(owner), "tlbnoise-bench.%d", (int)getpid());
	opt.owner = owner;
	tn_cpus_add(&opt.probed, (unsigned int)cpu);
	rc = bind_to(tn_cpus_first(&mine), err);
	if (!rc)
		rc = tn_trace_open(&opt, &t, err);
	if (rc)
		return rc;
	b->generator = fork();
	if (b->generator < 0)
		return tn_error_set(err, -errno, "cannot fork: %s", strerror(errno));
	if (!b->generator) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(generate(b, cpu));
	}
	rc = tn_trace_arm(t, err);
	if (!rc)
		return measure(b, t, err);
	stop_generator(b);
	return rc;
}

static int parse(int argc, char **argv, struct bench *b, struct tn_error *err)
{
	static const struct option options[] = {
		{"rate", required_argument, NULL, 'r'}, {"seconds", required_argument, NULL, 's'}, {0}};
	uint64_t v;
	int c, rc = 0;

	while (!rc && (c = getopt_long(argc, argv, "r:s:", options, NULL)) >= 0) {
		if (c == '?')
			return tn_error_set(err, -EINVAL, "usage: collector [--rate EVENTS_PER_SECOND] [--seconds N]");
		rc = tn_parse_u64(optarg, 1, c == 'r' ? 10000000 : 86400, &v, err);
		if (!rc)
			*(c == 'r' ? &b->rate : &b->seconds) = (double)v;
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct bench b = {.rate = 200000, .seconds = 30, .page = (size_t)sysconf(_SC_PAGESIZE)};
	struct sigaction action = {.sa_handler = on_signal};
	struct tn_error err = {0};
	int rc = parse(argc, argv, &b, &err);

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	b.area = mmap(NULL, PAGES * b.page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	b.shared = mmap(NULL, b.page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!rc && (b.area == MAP_FAILED || b.shared == MAP_FAILED))
		rc = tn_error_set(&err, -errno, "cannot map memory: %s", strerror(errno));
	if (!rc) {
		madvise(b.area, PAGES * b.page, MADV_NOHUGEPAGE);
		rc = run(&b, &err);
	}
	if (rc < 0) {
		fprintf(stderr, "collector: %s\n", err.text);
		return 2;
	}
	return decode_rate() || rc;
}
