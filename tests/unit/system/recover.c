// SPDX-License-Identifier: GPL-2.0-or-later
/* Recovery of real side effects: trace instances, cpusets and mounts of an owner that was killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <sys/mount.h>

#include "base/cpus.h"
#include "owner.h"
#include "system/files.h"

#define INSTANCES "/sys/kernel/tracing/instances"
#define CPUSETS   "/sys/fs/cgroup/cpuset"

/* A trace instance that exists, with an event on. */
static void make_instance(const char *path)
{
	char event[512];
	FILE *f;

	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(event, sizeof(event), "%s/events/sched/sched_switch/enable", path);
	f = fopen(event, "w");
	assert_non_null(f);
	fputs("1", f);
	fclose(f);
}

static void owner_of_instances(struct tree *t)
{
	char owner[TN_UNDO_OWNER], path[256];
	struct tn_undo *u = open_journal(t);
	struct tn_error err;
	FILE *f;

	tn_undo_owner(owner, sizeof(owner));
	snprintf(path, sizeof(path), INSTANCES "/" TN_UNDO_INSTANCE "%s", owner);
	tn_undo_add(u, TN_UNDO_TRACE_INSTANCE, path, NULL, &err);
	make_instance(path);
	tree_write(t, "/recorded", path);
	snprintf(path, sizeof(path), INSTANCES "/" TN_UNDO_INSTANCE "%s.unrecorded", owner);
	make_instance(path);
	tree_write(t, "/unrecorded", path);
	/* A reader that dies with the owner. */
	strcat(path, "/trace_pipe");
	f = fopen(path, "r");
	assert_non_null(f);
}

static void test_removes_trace_instances(void **state)
{
	struct tree *t = *state;
	char path[256], text[512];
	struct heard h;
	pid_t pid;

	if (access(INSTANCES, W_OK)) {
		print_message("tracefs is not mounted or not writable: no instance to remove\n");
		skip();
	}
	pid = kill_after(owner_of_instances, t);
	for (int i = 0; i < 2; i++) {
		tree_read(t, i ? "/unrecorded" : "/recorded", path, sizeof(path));
		assert_int_equal(access(path, F_OK), 0);
	}
	recover_by(tn_undo_recover, t, &h);
	for (int i = 0; i < 2; i++) {
		tree_read(t, i ? "/unrecorded" : "/recorded", path, sizeof(path));
		assert_int_equal(access(path, F_OK), -1);
		snprintf(text, sizeof(text), "removed tracefs instance %s, left by pid %d", path, (int)pid);
		assert_true(has_heard(&h, text));
	}
}

static void write_line(const char *file, const char *line)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fputs(line, f);
	assert_int_equal(fclose(f), 0);
}

static void owner_of_cpuset(struct tree *t)
{
	char dir[128], file[256], line[TN_CPUS_TEXT];
	struct tn_undo *u = open_journal(t);
	struct tn_cpus mine = {0};
	struct tn_error err;
	pid_t child;

	snprintf(dir, sizeof(dir), CPUSETS "/tlbnoise-test.%d", (int)getpid());
	tn_undo_add(u, TN_UNDO_CPUSET, dir, NULL, &err);
	assert_int_equal(mkdir(dir, 0755), 0);
	/* Where this test may run: all CPUs there are may include some that another cpuset has for itself. */
	assert_int_equal(sched_getaffinity(0, sizeof(mine.bits), (cpu_set_t *)mine.bits), 0);
	snprintf(file, sizeof(file), "%s/cpuset.cpus", dir);
	write_line(file, tn_cpus_format(&mine, line, sizeof(line)));
	tn_file_read(CPUSETS "/cpuset.mems", line, sizeof(line));
	snprintf(file, sizeof(file), "%s/cpuset.mems", dir);
	write_line(file, line);
	/* A task that outlives its owner, until the test has seen it moved. */
	child = fork();
	if (!child) {
		alarm(20); /* should the test fail before it ends this task */
		for (;;)
			pause();
	}
	snprintf(file, sizeof(file), "%s/tasks", dir);
	snprintf(line, sizeof(line), "%d", (int)child);
	write_line(file, line);
	tree_write(t, "/child", line);
}

static void test_removes_cpusets(void **state)
{
	struct tree *t = *state;
	char dir[128], text[256];
	struct heard h;
	pid_t pid, child;

	if (access(CPUSETS "/tasks", W_OK)) {
		print_message("no legacy cpuset hierarchy at " CPUSETS "\n");
		skip();
	}
	pid = kill_after(owner_of_cpuset, t);
	tree_read(t, "/child", text, sizeof(text));
	child = (pid_t)atoi(text);
	recover(t, &h);
	assert_int_equal(kill(child, SIGKILL), 0);
	snprintf(dir, sizeof(dir), CPUSETS "/tlbnoise-test.%d", (int)pid);
	snprintf(text, sizeof(text), "removed cpuset %s, left by pid %d", dir, (int)pid);
	assert_true(has_heard(&h, text));
	assert_int_equal(access(dir, F_OK), -1);
}

static void owner_of_mount(struct tree *t)
{
	struct tn_undo *u = open_journal(t);
	struct tn_error err;

	tn_undo_add(u, TN_UNDO_UMOUNT, tree_path(t, "/mnt"), NULL, &err);
	assert_int_equal(mount("tlbnoise-test", tree_path(t, "/mnt"), "tmpfs", 0, "size=4k"), 0);
}

static void test_unmounts(void **state)
{
	struct tree *t = *state;
	struct heard h;
	pid_t pid;
	char text[256];
	struct stat above, below;

	if (geteuid()) {
		print_message("mounting takes root\n");
		skip();
	}
	tree_write(t, "/mnt/under", "");
	pid = kill_after(owner_of_mount, t);
	stat(t->root, &above);
	stat(tree_path(t, "/mnt"), &below);
	assert_true(above.st_dev != below.st_dev);
	recover(t, &h);
	snprintf(text, sizeof(text), "removed mount %s, left by pid %d", tree_path(t, "/mnt"), (int)pid);
	assert_true(has_heard(&h, text));
	assert_int_equal(access(tree_path(t, "/mnt/under"), F_OK), 0);
}

int main(void)
{
#define with_tree(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		with_tree(test_removes_trace_instances),
		with_tree(test_removes_cpusets),
		with_tree(test_unmounts),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
