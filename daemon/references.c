// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * oslat and cyclictest of rt-tests as the daemon runs them: one process a CPU, whose measuring thread is on that
 * CPU and whose main thread on a housekeeping one. It dies with the daemon (PR_SET_PDEATHSIG).
 *
 * What it prints and its JSON report go into memfds instead of pipes, so that it never waits for us to read; a
 * file size limit keeps a tool gone wild from filling the memory.
 */
#include "references.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/now.h"
#include "result/reference.h"

#define OUTPUT_MAX   (16u << 20) /* bytes, of each file */
#define MARGIN_NS    30000000000ull
#define JSON_FD      3
#define NOT_EXECUTED 127

struct arguments {
	size_t n;
	char text[REFERENCE_ARGS][40];
	char *argv[REFERENCE_ARGS + 1];
};

static void add(struct arguments *a, const char *fmt, ...) tn_printf(2, 3);

static void add(struct arguments *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n == REFERENCE_ARGS)
		return;
	va_start(ap, fmt);
	vsnprintf(a->text[a->n], sizeof(a->text[a->n]), fmt, ap);
	va_end(ap);
	a->argv[a->n] = a->text[a->n];
	a->n++;
}

static unsigned int seconds_of(const struct tn_scenario *s)
{
	return (unsigned int)((s->reference.duration_ns + 999999999) / 1000000000);
}

/* The most buckets that it takes, 1 us each: p99.9 is known up to 1 ms. */
static void oslat(struct arguments *a, const struct tn_scenario *s, int cpu, int main_cpu)
{
	add(a, "oslat");
	add(a, "--quiet");
	add(a, "--cpu-list=%d", cpu);
	add(a, "--cpu-main-thread=%d", main_cpu);
	add(a, "--duration=%u", seconds_of(s));
	add(a, "--bucket-size=1024");
	if (s->probe.policy == TN_SCHED_FIFO)
		add(a, "--rtprio=%u", s->probe.priority);
}

static void cyclictest(struct arguments *a, const struct tn_scenario *s, int cpu, int main_cpu)
{
	add(a, "cyclictest");
	add(a, "--quiet");
	add(a, "--mlockall");
	add(a, "--affinity=%d", cpu);
	add(a, "--mainaffinity=%d", main_cpu);
	add(a, "--threads=1");
	add(a, "--interval=%llu", (unsigned long long)(s->timer.interval_ns / 1000));
	add(a, "--duration=%u", seconds_of(s));
	add(a, "--histogram=4096");
	if (s->probe.policy == TN_SCHED_FIFO)
		add(a, "--priority=%u", s->probe.priority);
	else
		add(a, "--policy=other");
}

static void run_child(const struct reference *ref, struct arguments *a, pid_t daemon)
{
	const struct rlimit limit = {OUTPUT_MAX, OUTPUT_MAX};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != daemon || setrlimit(RLIMIT_FSIZE, &limit) < 0 ||
	    dup2(ref->text_fd, STDOUT_FILENO) < 0 || dup2(ref->text_fd, STDERR_FILENO) < 0 ||
	    (ref->json_fd == JSON_FD ? fcntl(JSON_FD, F_SETFD, 0) : dup2(ref->json_fd, JSON_FD)) < 0)
		_exit(NOT_EXECUTED);
	close_range(JSON_FD + 1, ~0u, 0);
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	execvp(a->argv[0], a->argv);
	_exit(NOT_EXECUTED);
}

/**
 * reference_spawn() - start a tool; it measures at once
 * @ref: zeroed; end it with reference_end(), also after a failure
 * @tool: TN_PROBE_OSLAT or TN_PROBE_CYCLICTEST
 * @s: gives duration, interval, scheduling policy
 * @cpu: to be measured
 * @main_cpu: for the thread that does not measure
 * @err: what failed
 *
 * That the tool cannot be executed is no failure here: reference_read() says so.
 *
 * Return: 0; negative errno of memfd_create(2) or fork(2).
 */
int reference_spawn(struct reference *ref, enum tn_probe_kind tool, const struct tn_scenario *s, int cpu, int main_cpu,
		    struct tn_error *err)
{
	struct arguments a = {0};
	pid_t daemon = getpid();
	size_t len = 0;

	*ref = (struct reference){.cpu = cpu, .text_fd = -1, .json_fd = -1};
	ref->text_fd = memfd_create("tlbnoise-reference-text", MFD_CLOEXEC);
	ref->json_fd = memfd_create("tlbnoise-reference-json", MFD_CLOEXEC);
	if (ref->text_fd < 0 || ref->json_fd < 0)
		return tn_error_set(err, -errno, "CPU %d: no memory for what %s says: %m", cpu,
				    tn_probe_kind_name(tool));
	(tool == TN_PROBE_OSLAT ? oslat : cyclictest)(&a, s, cpu, main_cpu);
	for (size_t i = 0; i < a.n && len < sizeof(ref->command); i++)
		len += (size_t)snprintf(ref->command + len, sizeof(ref->command) - len, "%s%s", i ? " " : "",
					a.text[i]);
	add(&a, "--json=/proc/self/fd/%d", JSON_FD);
	ref->seconds = seconds_of(s);
	ref->started_ns = tn_now_ns(CLOCK_MONOTONIC);
	ref->limit_ns = ref->started_ns + ref->seconds * 1000000000ull + MARGIN_NS;
	ref->pid = fork();
	if (ref->pid == 0)
		run_child(ref, &a, daemon);
	if (ref->pid > 0)
		return 0;
	ref->pid = 0;
	return tn_error_set(err, -errno, "CPU %d: cannot start %s: %m", cpu, tn_probe_kind_name(tool));
}

/**
 * reference_kill() - end a tool early
 * @ref: the tool; what it had measured is lost
 */
void reference_kill(struct reference *ref)
{
	if (ref->pid && !ref->killed && kill(ref->pid, SIGKILL) == 0)
		ref->killed = true;
}

/**
 * reference_ended() - has it ended?
 * @ref: a tool that was spawned; killed when it takes too long
 *
 * Return: true when it has.
 */
bool reference_ended(struct reference *ref)
{
	if (!ref->pid)
		return true;
	if (tn_now_ns(CLOCK_MONOTONIC) > ref->limit_ns)
		reference_kill(ref);
	if (waitpid(ref->pid, &ref->status, WNOHANG) != ref->pid)
		return false;
	ref->pid = 0;
	return true;
}

/* All of a memfd, with a NUL behind it. NULL: no memory. */
static char *read_all(int fd)
{
	struct stat st = {0};
	char *text;
	ssize_t n;

	fstat(fd, &st);
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return NULL;
	n = pread(fd, text, (size_t)st.st_size, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The last line that it printed: the one that says what went wrong. */
static void last_line(int fd, char *buf, size_t size)
{
	tn_autofree char *text = read_all(fd);
	size_t len = text ? strlen(text) : 0;
	char *line;

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	line = text ? strrchr(text, '\n') : NULL;
	snprintf(buf, size, "%.150s", line ? line + 1 : text ? text : "");
}

static void say_failure(const struct reference *ref, struct tn_run_reference *ret)
{
	char line[160];

	last_line(ref->text_fd, line, sizeof(line));
	if (ref->killed)
		snprintf(ret->failure, sizeof(ret->failure), "%s did not end in time and was killed", ret->tool);
	else if (WIFSIGNALED(ref->status))
		snprintf(ret->failure, sizeof(ret->failure), "%s was killed by signal %d", ret->tool,
			 WTERMSIG(ref->status));
	else if (WEXITSTATUS(ref->status) == NOT_EXECUTED)
		snprintf(ret->failure, sizeof(ret->failure), "%s cannot be executed: install rt-tests", ret->tool);
	else
		snprintf(ret->failure, sizeof(ret->failure), "%s ended with status %d%s%s", ret->tool,
			 WEXITSTATUS(ref->status), *line ? ": " : "", line);
}

/**
 * reference_read() - what a tool that has ended says
 * @ref: the tool
 * @ret: its tool is set; gets command and figures, or why there are none
 */
void reference_read(struct reference *ref, struct tn_run_reference *ret)
{
	tn_autofree char *json = NULL;
	struct tn_error err = {0};

	snprintf(ret->command, sizeof(ret->command), "%s", ref->command);
	if (ref->killed || !WIFEXITED(ref->status) || WEXITSTATUS(ref->status) != 0) {
		say_failure(ref, ret);
		return;
	}
	json = read_all(ref->json_fd);
	if (!json)
		snprintf(ret->failure, sizeof(ret->failure), "no memory to read what %s says", ret->tool);
	else if (tn_reference_parse(json, ret, &err) < 0)
		snprintf(ret->failure, sizeof(ret->failure), "%.250s", err.text);
	else
		ret->seconds = ref->seconds;
}

/**
 * reference_end() - end a tool and release what belongs to it
 * @ref: the tool, spawned or zeroed
 */
void reference_end(struct reference *ref)
{
	reference_kill(ref);
	if (ref->pid)
		while (waitpid(ref->pid, NULL, 0) < 0 && errno == EINTR)
			;
	if (ref->text_fd > 0)
		close(ref->text_fd);
	if (ref->json_fd > 0)
		close(ref->json_fd);
	*ref = (struct reference){0};
}
