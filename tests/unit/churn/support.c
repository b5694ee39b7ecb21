// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests with real workers share. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

static const char *helper;

void support_rest(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

struct tn_churn_spec support_spec(const char *source)
{
	struct tn_churn_spec spec = {.workers = 1, .line = 7};

	snprintf(spec.name, sizeof(spec.name), "%s", source);
	snprintf(spec.source, sizeof(spec.source), "%s", source);
	return spec;
}

struct tn_cpus support_cpus(void)
{
	struct tn_cpus all, first = {{0}};
	struct tn_error err;

	assert_int_equal(tn_cpus_affinity_self(&all, &err), 0);
	tn_cpus_add(&first, (unsigned int)tn_cpus_first(&all));
	return first;
}

void support_start(const struct tn_churn_spec *spec, const struct tn_cpus *cpus, unsigned int index,
		   struct tn_churn_process *ret)
{
	struct tn_error err = {0};

	if (tn_churn_spawn(spec, cpus, index, helper, ret, &err) < 0 || tn_churn_wait_ready(ret, CAP_NS, &err) < 0)
		fail_msg("%s", err.text);
}

uint64_t support_operations(const struct tn_churn_process *p)
{
	struct tn_churn_reading now;

	tn_churn_read(p, &now);
	if (now.state == TN_CHURN_FAILED || now.errors)
		fail_msg("worker: %s", now.failure);
	return now.operations;
}

/* Whether "PID (NAME) STATE PPID PGRP ..." is a live process of @group, called @name if that is not NULL. */
static bool is_member(const char *pid, pid_t group, const char *name)
{
	char path[300], text[512], state;
	tn_autofclose FILE *f = NULL;
	char *open, *close;
	int parent, its_group;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof(text), f))
		return false;
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || sscanf(close, ") %c %d %d", &state, &parent, &its_group) != 3)
		return false;
	*close = '\0';
	return its_group == group && state != 'Z' && state != 'X' && (!name || strcmp(open + 1, name) == 0);
}

unsigned int support_group_size(pid_t group, const char *name)
{
	tn_autoclosedir DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned int n = 0;

	assert_non_null(proc);
	while ((entry = readdir(proc)))
		n += isdigit((unsigned char)entry->d_name[0]) && is_member(entry->d_name, group, name);
	return n;
}

void support_no_children_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

const char *support_helper(void)
{
	return helper;
}

int support_main(int argc, char **argv)
{
	if (argc != 2 || access(argv[1], X_OK) < 0) {
		fprintf(stderr, "usage: %s PATH-OF-TLBNOISE-CHURN, which must have been built\n", argv[0]);
		return -1;
	}
	helper = argv[1];
	return 0;
}
