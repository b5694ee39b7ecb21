// SPDX-License-Identifier: GPL-2.0-or-later
/* The undo journal: order, escaping, what is kept, what is believed, and recovery after a kill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/prctl.h>

#include "base/cpus.h"
#include "owner.h"

static void test_close_undoes_in_reverse(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};
	char text[64];

	tree_write(t, "/knob", "now");
	assert_int_equal(count_files(t->root), 2);
	assert_int_equal(tn_undo_add(u, TN_UNDO_WRITE, tree_path(t, "/knob"), "first", &err), 0);
	assert_int_equal(tn_undo_add(u, TN_UNDO_WRITE, tree_path(t, "/knob"), "second, longer", &err), 0);
	assert_int_equal(tn_undo_close(u, &err), 0);
	tree_read(t, "/knob", text, sizeof(text));
	assert_string_equal(text, "first");
	assert_int_equal(count_files(t->root), 1);
	assert_int_equal(tn_undo_close(NULL, &err), 0);
}

static void test_one_journal_a_process(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t), *second = NULL;
	struct tn_error err = {0};

	assert_int_equal(tn_undo_open(t->root, &second, &err), -EWOULDBLOCK);
	assert_null(second);
	assert_non_null(strstr(err.text, ": this process has it open already"));
	assert_int_equal(tn_undo_close(u, &err), 0);
}

static void test_refuses_entries_it_could_not_undo(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};

	assert_int_equal(tn_undo_add(u, TN_UNDO_CPUSET, "relative", NULL, &err), -EINVAL);
	assert_string_equal(err.text, "cannot record cpuset relative for undoing: it needs an absolute path");
	assert_int_equal(tn_undo_add(u, TN_UNDO_WRITE, "/x", NULL, &err), -EINVAL);
	assert_string_equal(err.text,
			    "cannot record value of /x for undoing: it needs an absolute path and the old text");
	assert_int_equal(tn_undo_close(u, &err), 0);
}

/* Puts a file where the directory was. */
static int rmdir_full(const struct tree *t)
{
	if (remove(tree_path(t, "/full/file")) || remove(tree_path(t, "/full")))
		return -1;
	tree_write(t, "/full", "");
	return 0;
}

/* What is gone already is undone; what cannot be undone is kept, alone, and reported. */
static void test_failure_is_kept(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};
	char says[512];

	tree_write(t, "/knob", "now");
	tree_write(t, "/full/file", "");
	tn_undo_add(u, TN_UNDO_WRITE, tree_path(t, "/knob"), "before", &err);
	tn_undo_add(u, TN_UNDO_WRITE, tree_path(t, "/full"), "a directory takes no text", &err);
	tn_undo_add(u, TN_UNDO_WRITE, tree_path(t, "/gone"), "x", &err);
	tn_undo_add(u, TN_UNDO_TRACE_INSTANCE, tree_path(t, "/instances/gone"), NULL, &err);
	assert_int_equal(tn_undo_close(u, &err), -EISDIR);
	snprintf(says, sizeof(says), "cannot undo value of %s: Is a directory", tree_path(t, "/full"));
	assert_string_equal(err.text, says);
	tree_read(t, "/knob", says, sizeof(says));
	assert_string_equal(says, "before");
	assert_int_equal(count_files(t->root), 3);
	/* The next journal of the process takes it up again, and only it. */
	tree_write(t, "/knob", "later");
	u = open_journal(t);
	assert_int_equal(rmdir_full(t), 0);
	assert_int_equal(tn_undo_close(u, &err), 0);
	tree_read(t, "/knob", says, sizeof(says));
	assert_string_equal(says, "later");
	tree_read(t, "/full", says, sizeof(says));
	assert_string_equal(says, "a directory takes no text");
	assert_int_equal(count_files(t->root), 2);
}

struct kept {
	int n;
	char target[256], why[512];
};

static void on_kept(void *userdata, const char *target, const char *why)
{
	struct kept *k = userdata;

	k->n++;
	snprintf(k->target, sizeof(k->target), "%s", target);
	snprintf(k->why, sizeof(k->why), "%s", why);
}

/* A value is put back if it is still what we made of it; what never became that needs nothing. */
static void test_later_change_wins(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};
	struct kept kept = {0};
	char text[600];

	tree_write(t, "/ours", "during\n");
	tree_write(t, "/theirs", "later\n");
	tree_write(t, "/refused", "before\n");
	tn_undo_on_kept(u, on_kept, &kept);
	tn_undo_add_change(u, TN_UNDO_WRITE, tree_path(t, "/ours"), "before", "during", &err);
	tn_undo_add_change(u, TN_UNDO_WRITE, tree_path(t, "/theirs"), "before", "during", &err);
	tn_undo_add_change(u, TN_UNDO_WRITE, tree_path(t, "/refused"), "before", "during", &err);
	assert_int_equal(tn_undo_close(u, &err), 0);
	tree_read(t, "/ours", text, sizeof(text));
	assert_string_equal(text, "before");
	tree_read(t, "/theirs", text, sizeof(text));
	assert_string_equal(text, "later\n");
	tree_read(t, "/refused", text, sizeof(text));
	assert_string_equal(text, "before\n");
	assert_int_equal(kept.n, 1);
	assert_string_equal(kept.target, tree_path(t, "/theirs"));
	snprintf(text, sizeof(text), "%s: 'later' now, 'before' before the run, which made it 'during': left as it is",
		 tree_path(t, "/theirs"));
	assert_string_equal(kept.why, text);
	assert_int_equal(count_files(t->root), 3);
}

/* The controller stays while anybody below has a cpuset. */
static void test_controller_in_use_stays(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};
	struct kept kept = {0};
	char text[600];

	tree_write(t, "/cg/cgroup.subtree_control", "cpuset cpu");
	tree_write(t, "/cg/other/cpuset.cpus", "2\n");
	tn_undo_on_kept(u, on_kept, &kept);
	assert_int_equal(tn_undo_add(u, TN_UNDO_CONTROLLER, tree_path(t, "/cg/cgroup.subtree_control"), NULL, &err), 0);
	assert_int_equal(tn_undo_close(u, &err), 0);
	tree_read(t, "/cg/cgroup.subtree_control", text, sizeof(text));
	assert_string_equal(text, "cpuset cpu");
	snprintf(text, sizeof(text),
		 "%s/cg/cgroup.subtree_control: cpuset stays switched on: %s/cg/other has come to use it", t->root,
		 t->root);
	assert_string_equal(kept.why, text);
	tree_write(t, "/cg/other/cpuset.cpus", "\n");
	u = open_journal(t);
	assert_int_equal(tn_undo_add(u, TN_UNDO_CONTROLLER, tree_path(t, "/cg/cgroup.subtree_control"), NULL, &err), 0);
	assert_int_equal(tn_undo_close(u, &err), 0);
	tree_read(t, "/cg/cgroup.subtree_control", text, sizeof(text));
	assert_string_equal(text, "-cpuset");
}

static void affinity_entry(struct tn_undo *u, unsigned long long start, const char *before, const char *during)
{
	struct tn_error err = {0};
	char target[64], text[64];

	snprintf(target, sizeof(target), "/proc/%d/task/%d", (int)getpid(), (int)getpid());
	snprintf(text, sizeof(text), "%llu %s", start, before);
	assert_int_equal(tn_undo_add_change(u, TN_UNDO_AFFINITY, target, text, during, &err), 0);
}

/* An affinity that the kernel forgot is given back; another process with this number is left alone. */
static void test_affinity_is_given_back(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_cpus all, first = {0}, now;
	struct tn_error err = {0};
	unsigned long long start;

	assert_int_equal(tn_cpus_affinity_self(&all, &err), 0);
	if (tn_cpus_count(&all) < 2)
		skip();
	tn_cpus_add(&first, (unsigned int)tn_cpus_first(&all));
	assert_int_equal(tn_undo_start_time(getpid(), &start), 0);
	affinity_entry(u, start + 1, "1", "0");
	affinity_entry(u, start, "0", "1");
	assert_int_equal(tn_undo_close(u, &err), 0);
	assert_int_equal(tn_cpus_affinity_self(&now, &err), 0);
	assert_true(tn_cpus_equal(&now, &first));
	assert_int_equal(tn_cpus_bind_self(&all, &err), 0);
	u = open_journal(t);
	affinity_entry(u, start + 1, "0", "1");
	assert_int_equal(tn_undo_close(u, &err), 0);
	assert_int_equal(tn_cpus_affinity_self(&now, &err), 0);
	assert_true(tn_cpus_equal(&now, &all));
}

static const char odd_text[] = "tab\there\nbackslash \\ and \\n, end\\";

static void owner_of_files(struct tree *t)
{
	struct tn_undo *u = open_journal(t);
	struct tn_error err;

	tn_undo_add(u, TN_UNDO_WRITE, tree_path(t, "/odd\tname"), odd_text, &err);
	tn_undo_add(u, TN_UNDO_WRITE, tree_path(t, "/knob"), "", &err);
}

static void test_recovers_after_a_kill(void **state)
{
	struct tree *t = *state;
	char text[256];
	struct heard h;
	pid_t pid;

	tree_write(t, "/odd\tname", "changed");
	tree_write(t, "/knob", "changed");
	pid = kill_after(owner_of_files, t);
	assert_int_equal(count_files(t->root), 3);
	recover(t, &h);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.priority, LOG_NOTICE);
	snprintf(text, sizeof(text), "restored value of %s, left by pid %d", tree_path(t, "/knob"), (int)pid);
	assert_string_equal(h.text[0], text);
	tree_read(t, "/odd\tname", text, sizeof(text));
	assert_string_equal(text, odd_text);
	tree_read(t, "/knob", text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(count_files(t->root), 3); /* and the lock */
	recover(t, &h);
	assert_int_equal(h.n, 0);
}

static void test_leaves_the_living_alone(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = open_journal(t);
	struct tn_error err = {0};
	struct heard h;
	char text[16];

	tree_write(t, "/knob", "mine");
	tn_undo_add(u, TN_UNDO_WRITE, tree_path(t, "/knob"), "before", &err);
	recover(t, &h);
	assert_int_equal(h.n, 0);
	tree_read(t, "/knob", text, sizeof(text));
	assert_string_equal(text, "mine");
	assert_int_equal(tn_undo_close(u, &err), 0);
}

/* Puts a journal there as if process @pid had written it. */
static void forge(const struct tree *t, const char *name, const char *body)
{
	char boot[64], text[4096];
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");

	assert_non_null(fgets(boot, sizeof(boot), f));
	fclose(f);
	snprintf(text, sizeof(text), "tlbnoise-undo 1 %s%s", boot, body);
	tree_write(t, name, text);
	assert_int_equal(chmod(tree_path(t, name), 0600), 0);
}

/* The start time is the 22nd field even when the process's name looks like fields. */
static void test_owner_is_pid_and_start_time(void **state)
{
	char owner[TN_UNDO_OWNER], expected[TN_UNDO_OWNER], stat[1024] = "", *field;
	FILE *f;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "a) R 1 (b"), 0);
	f = fopen("/proc/self/stat", "r");
	assert_non_null(fgets(stat, sizeof(stat), f));
	fclose(f);
	field = strstr(stat, "(b) ") + strlen("(b) ");
	for (int i = 3; i < 22; i++)
		field = strchr(field, ' ') + 1;
	*strchr(field, ' ') = '\0';
	snprintf(expected, sizeof(expected), "%d.%s", (int)getpid(), field);
	assert_string_equal(tn_undo_owner(owner, sizeof(owner)), expected);
	assert_true(strtoull(field, NULL, 10) > 0);
}

/* The same PID with another start time is another process. */
static void test_tells_reused_pids_apart(void **state)
{
	struct tree *t = *state;
	char name[64], body[512], text[16];
	struct heard h;

	tree_write(t, "/knob", "changed");
	snprintf(name, sizeof(name), "/undo.%d.1", (int)getpid());
	snprintf(body, sizeof(body), "W\t%s\tbefore\n", tree_path(t, "/knob"));
	forge(t, name, body);
	recover(t, &h);
	assert_int_equal(h.n, 1);
	tree_read(t, "/knob", text, sizeof(text));
	assert_string_equal(text, "before");
}

static void test_ignores_a_line_cut_off(void **state)
{
	struct tree *t = *state;
	char body[512], text[16];
	struct heard h;

	tree_write(t, "/knob", "changed");
	snprintf(body, sizeof(body), "W\t%s\tbef", tree_path(t, "/knob"));
	forge(t, "/undo.1.1", body);
	recover(t, &h);
	assert_int_equal(h.n, 0);
	tree_read(t, "/knob", text, sizeof(text));
	assert_string_equal(text, "changed");
	assert_int_equal(count_files(t->root), 2);
}

static void test_another_boot_has_nothing_to_undo(void **state)
{
	struct tree *t = *state;
	char text[512];
	struct heard h;

	tree_write(t, "/knob", "changed");
	snprintf(text, sizeof(text), "tlbnoise-undo 1 00000000-0000-0000-0000-000000000000\nW\t%s\tbefore\n",
		 tree_path(t, "/knob"));
	tree_write(t, "/undo.1.1", text);
	recover(t, &h);
	assert_int_equal(h.n, 0);
	tree_read(t, "/knob", text, sizeof(text));
	assert_string_equal(text, "changed");
	assert_int_equal(count_files(t->root), 2);
}

static void assert_ignored(struct tree *t, const char *says)
{
	struct heard h;
	char text[1024];

	recover(t, &h);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.priority, LOG_WARNING);
	snprintf(text, sizeof(text), "ignored the undo journal %s/undo.1.1: %s", t->root, says);
	assert_string_equal(h.text[0], text);
	tree_read(t, "/knob", text, sizeof(text));
	assert_string_equal(text, "changed");
}

static void test_believes_its_own_files_only(void **state)
{
	static const char not_ours[] = "it is not a file of ours alone; look at it and remove it";
	struct tree *t = *state;
	char body[512], other[128];

	tree_write(t, "/knob", "changed");
	snprintf(body, sizeof(body), "W\t%s\tbefore\n", tree_path(t, "/knob"));
	forge(t, "/undo.1.1", body);
	assert_int_equal(chmod(tree_path(t, "/undo.1.1"), 0620), 0);
	assert_ignored(t, not_ours);
	assert_int_equal(chmod(tree_path(t, "/undo.1.1"), 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(tree_path(t, "/undo.1.1"), 65534, 0), 0);
		assert_ignored(t, not_ours);
		assert_int_equal(chown(tree_path(t, "/undo.1.1"), 0, 0), 0);
	}
	snprintf(other, sizeof(other), "%s/other", t->root);
	assert_int_equal(link(tree_path(t, "/undo.1.1"), other), 0);
	assert_ignored(t, not_ours);
	assert_int_equal(unlink(tree_path(t, "/undo.1.1")), 0);
	assert_int_equal(symlink(other, tree_path(t, "/undo.1.1")), 0);
	assert_ignored(t, "Too many levels of symbolic links");
	assert_int_equal(unlink(tree_path(t, "/undo.1.1")), 0);
	forge(t, "/undo.1.1", "X\t/what\n");
	assert_ignored(t, "Bad message; look at it and remove it");
	forge(t, "/undo.1.1", "W\trelative\tx\n");
	assert_ignored(t, "Bad message; look at it and remove it");
}

static void test_believes_its_own_directory_only(void **state)
{
	struct tree *t = *state;
	struct tn_undo *u = NULL;
	struct tn_error err = {0};
	char says[512];

	assert_int_equal(chmod(t->root, 0777), 0);
	snprintf(says, sizeof(says),
		 "the state directory %s is not ours alone: chown and chmod it to uid %u, mode 0755", t->root,
		 geteuid());
	assert_int_equal(tn_undo_open(t->root, &u, &err), -EPERM);
	assert_string_equal(err.text, says);
	assert_int_equal(tn_undo_recover(t->root, NULL, &err), -EPERM);
	assert_int_equal(tn_undo_recover("/nonexistent/tlbnoise", NULL, &err), 0);
}

int main(void)
{
#define with_tree(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		with_tree(test_close_undoes_in_reverse),
		with_tree(test_one_journal_a_process),
		with_tree(test_refuses_entries_it_could_not_undo),
		with_tree(test_failure_is_kept),
		with_tree(test_later_change_wins),
		with_tree(test_controller_in_use_stays),
		with_tree(test_affinity_is_given_back),
		with_tree(test_recovers_after_a_kill),
		with_tree(test_leaves_the_living_alone),
		cmocka_unit_test(test_owner_is_pid_and_start_time),
		with_tree(test_tells_reused_pids_apart),
		with_tree(test_ignores_a_line_cut_off),
		with_tree(test_another_boot_has_nothing_to_undo),
		with_tree(test_believes_its_own_files_only),
		with_tree(test_believes_its_own_directory_only),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
