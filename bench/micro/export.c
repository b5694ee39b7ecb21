// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an export and the page of report cost: time, size and memory for a run with N interruptions (1,000,000 unless
 * given). Raw records are mapped and written one by one, so memory is what the map has of the file, and must not grow
 * with the output. A page of a million has to be made in 3 s and be smaller than 8 MB.
 * Each format runs in a process of its own, whose peak is then its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analysis/attribution.h"
#include "base/now.h"
#include "base/units.h"
#include "report/export.h"
#include "report/html.h"

#define CAUSES   40
#define WINDOW   10000000000ull
#define PEAK_MAX (256ull << 20)
#define PAGE_NS  3000000000ull
#define PAGE_MAX 8000000

enum format { CSV, JSONL, PERFETTO, PAGE, FORMATS };

static int fill_run(struct tn_run *run, uint64_t n)
{
	struct tn_run_cpu *c = tn_run_add_cpu(run);

	run->cause = calloc(CAUSES, sizeof(*run->cause));
	if (!c || !run->cause)
		return -ENOMEM;
	run->clock.hz = 2.6e9;
	run->n_causes = CAUSES;
	for (size_t i = 0; i < CAUSES; i++) {
		struct tn_run_cause *cause = &run->cause[i];

		snprintf(cause->function, sizeof(cause->function), "do_kernel_range_flush");
		snprintf(cause->culprit, sizeof(cause->culprit), "culprit_%zu", i);
		snprintf(cause->sender_comm, sizeof(cause->sender_comm), "task-%zu", i);
		for (cause->n_stack = 0; cause->n_stack < TN_RUN_STACK; cause->n_stack++)
			snprintf(cause->stack[cause->n_stack], TN_RUN_SYMBOL, "some_function_of_the_kernel+0x%x",
				 cause->n_stack);
	}
	c->window_open_ticks = WINDOW;
	c->window_close_ticks = WINDOW + n * 4000;
	c->interruptions.count = n;
	return 0;
}

static int write_raw(const char *path, uint64_t n, struct tn_error *err)
{
	struct tn_raw_writer *w;
	int r = tn_raw_create(path, "bench", 2.6e9, &w, err);

	for (uint64_t i = 0; i < n && r == 0; i++)
		tn_raw_append(w, &(struct tn_raw_record){.start = WINDOW + i * 4000,
							 .end = WINDOW + i * 4000 + 500 + i % 3000,
							 .cause = (uint32_t)(i % CAUSES),
							 .entries = 1});
	return r < 0 ? r : tn_raw_finish(w, &n, err);
}

static int export(enum format format, const struct tn_export *x, FILE *out, struct tn_error *err)
{
	const struct tn_html_document document = {.run = x->run, .raw = x->raw};
	const struct tn_html_page page = {.side[TN_SIDE_A] = {.name = "run", .n = 1, .document = &document}};

	switch (format) {
	case CSV:
		return tn_export_csv(x, 1, TN_CSV_INTERRUPTIONS, out, err);
	case JSONL:
		return tn_export_jsonl(x, 1, out, err);
	case PERFETTO:
		return tn_export_trace(x, out, err);
	default:
		return tn_report_html(&page, out, err);
	}
}

/* In a child: prints its line and tells by its exit status whether it kept to the limits. */
static int measure(enum format format, const char *path, uint64_t n)
{
	static const char *const name[] = {"csv", "jsonl", "perfetto", "page"};
	tn_cleanup(tn_raw_closep) struct tn_raw_reader *raw = NULL;
	tn_cleanup(tn_run_freep) struct tn_run *run = NULL;
	char size[TN_UNIT_TEXT], peak[TN_UNIT_TEXT];
	tn_autofclose FILE *out = tmpfile();
	struct tn_error err = {0};
	struct tn_export x;
	struct rusage usage;
	uint64_t ns;

	if (!out || tn_run_new(&run, &err) < 0 || fill_run(run, n) < 0 || tn_raw_open(path, &raw, &err) < 0)
		return 2;
	x = (struct tn_export){run, raw};
	ns = tn_now_ns(CLOCK_MONOTONIC);
	if (export(format, &x, out, &err) < 0 || fflush(out)) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	ns = tn_now_ns(CLOCK_MONOTONIC) - ns;
	getrusage(RUSAGE_SELF, &usage);
	printf("%-9s %10llu %8.2f %10s %10s\n", name[format], (unsigned long long)n, (double)ns / 1e9,
	       tn_format_size((uint64_t)ftell(out), size, sizeof(size)),
	       tn_format_size((uint64_t)usage.ru_maxrss * 1024, peak, sizeof(peak)));
	fflush(stdout);
	if (format == PAGE && n <= 1000000 && (ns > PAGE_NS || ftell(out) > PAGE_MAX))
		return 1;
	return (uint64_t)usage.ru_maxrss * 1024 > PEAK_MAX;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	char path[] = "/tmp/bench-export.XXXXXX";
	tn_autoclose int fd = mkstemp(path);
	struct tn_error err = {0};
	int status, worst = 0;

	if (fd < 0 || !n || write_raw(path, n, &err) < 0) {
		fprintf(stderr, "bench-export [N]: %s\n", err.text[0] ? err.text : strerror(errno));
		return 2;
	}
	printf("%-9s %10s %8s %10s %10s\n", "export", "records", "s", "written", "peak RSS");
	fflush(stdout);
	for (enum format format = 0; format < FORMATS; format++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(measure(format, path, n));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
			status = 2 << 8;
		worst = WEXITSTATUS(status) > worst ? WEXITSTATUS(status) : worst;
	}
	unlink(path);
	return worst;
}
