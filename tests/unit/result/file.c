// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents on disk: whole or not at all, and every way to give the wrong file has its message. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "sample.h"

static char dir[] = "/tmp/tlbnoise-test-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/run.json", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir); /* fails if a test left anything behind */
}

static unsigned int count_files(void)
{
	tn_autoclosedir DIR *d = opendir(dir);
	unsigned int n = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	return n;
}

static void put(const char *text, size_t n)
{
	tn_autofclose FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
}

static void read_fails(const char *name, int code, const char *text)
{
	struct tn_error err = {0};
	struct tn_run *run = NULL;

	assert_int_equal(tn_run_read_file(name, &run, &err), code);
	if (!strstr(err.text, text))
		fail_msg("'%s' lacks '%s'", err.text, text);
	assert_null(run);
}

static void written_is_read(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2), *back = NULL;
	struct tn_error err = {0};
	struct stat st;

	(void)state;
	put("old", 3);
	assert_int_equal(tn_run_write_file(run, path, &err), 0);
	assert_int_equal(count_files(), 1);
	assert_int_equal(tn_run_read_file(path, &back, &err), 0);
	assert_string_equal(back->id, run->id);
	assert_int_equal(back->n_cpus, 2);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0111, 0);
	assert_true(st.st_mode & 0200);
}

/* A limit on the size of files stands for the full disk: both fail in write(2), in the middle. */
static void failure_leaves_the_old_file(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 2);
	struct rlimit old, small = {.rlim_cur = 4096};
	struct tn_error err = {0};
	tn_autofclose FILE *f = NULL;
	char text[8] = "";
	int r;

	(void)state;
	put("old", 3);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = tn_run_write_file(run, path, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(err.text, "/run.json: File too large"));
	assert_int_equal(count_files(), 1);
	f = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), f));
	assert_string_equal(text, "old");
}

static void places_that_cannot_be_written(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1);
	struct tn_error err = {0};

	(void)state;
	assert_int_equal(tn_run_write_file(run, "/nonexistent/run.json", &err), -ENOENT);
	assert_string_equal(err.text,
			    "cannot write into the directory of /nonexistent/run.json: No such file or directory");
	assert_int_equal(tn_run_write_file(run, "/tmp/", &err), -EISDIR);
	assert_string_equal(err.text, "cannot write /tmp/: it is a directory; give a file name");
}

static void wrong_files_are_named(void **state)
{
	(void)state;
	unlink(path);
	read_fails(path, -ENOENT, "run.json: No such file or directory");
	read_fails(dir, -EISDIR, "Is a directory");
	put("", 0);
	read_fails(path, -EINVAL, "run.json is empty: no run document");
	put("{\n\"a\": 1,\n\"b\": }\n", 17);
	read_fails(path, -EINVAL, "run.json:3: no JSON from here on");
	put("TNRAW\0\1\0", 8);
	read_fails(path, -EINVAL, "run.json holds raw interruptions: give the run document that lies beside it");
	put("{}", 2);
	read_fails(path, -EINVAL, "run.json: not a run document: it has no key \"schema\"");
	put("[1]", 3);
	read_fails(path, -EINVAL, "run.json: not a run document");
	put("{\"schema\": \"tlbnoise.run/1\"}", 28);
	read_fails(path, -EINVAL, "run.json: id is missing");
}

/* The directory says whom a message is about, and a pipe is as good as a file. */
static void pipes_are_read(void **state)
{
	tn_cleanup(tn_run_freep) struct tn_run *run = sample_run(1, 1), *back = NULL;
	struct tn_error err = {0};
	char name[32], command[128];
	FILE *p;

	(void)state;
	assert_int_equal(tn_run_write_file(run, path, &err), 0);
	snprintf(command, sizeof(command), "cat %s", path);
	p = popen(command, "r");
	assert_non_null(p);
	snprintf(name, sizeof(name), "/dev/fd/%d", fileno(p));
	assert_int_equal(tn_run_read_file(name, &back, &err), 0);
	assert_int_equal(pclose(p), 0);
	assert_string_equal(back->id, run->id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_is_read),
		cmocka_unit_test(failure_leaves_the_old_file),
		cmocka_unit_test(places_that_cannot_be_written),
		cmocka_unit_test(wrong_files_are_named),
		cmocka_unit_test(pipes_are_read),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
