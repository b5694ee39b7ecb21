// SPDX-License-Identifier: GPL-2.0-or-later
/* Raw interruptions: the layout that tlbnoise-raw(5) gives, and what is left of files that are not whole. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "analysis/attribution.h"
#include "result/run.h"

#define RECORDS 10000u /* more than two buffers, and not a multiple of one */
#define HEADER  128
#define HZ      2596123456.789

static char path[] = "/tmp/tlbnoise-raw-XXXXXX";

static struct tn_raw_record make_record(uint32_t i)
{
	return (struct tn_raw_record){.start = (1ull << 60) + i,
				      .end = (1ull << 60) + 2 * i,
				      .cause = i % 7 ? i : UINT32_MAX,
				      .cpu = (uint16_t)(i % 4096),
				      .round = (uint16_t)(i % 5),
				      .class = (uint8_t)(i % TN_CLASS_COUNT),
				      .entries = (uint8_t)i};
}

static void write_records(uint32_t n)
{
	struct tn_raw_writer *w = NULL;
	struct tn_error err = {0};
	uint64_t records = 0;

	assert_int_equal(tn_raw_create(path, "20261122-101502-8c41d0", HZ, &w, &err), 0);
	for (uint32_t i = 0; i < n; i++) {
		struct tn_raw_record rec = make_record(i);

		assert_int_equal(tn_raw_append(w, &rec), 0);
	}
	assert_int_equal(tn_raw_finish(w, &records, &err), 0);
	assert_int_equal(records, n);
}

static void expect_records(uint64_t n, const char *warning)
{
	tn_cleanup(tn_raw_closep) struct tn_raw_reader *r = NULL;
	struct tn_error err = {0};

	if (tn_raw_open(path, &r, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(tn_raw_count(r), n);
	assert_string_equal(tn_raw_warning(r), warning);
	for (uint32_t i = 0; i < n; i++) {
		struct tn_raw_record rec = make_record(i);

		assert_memory_equal(tn_raw_at(r, i), &rec, sizeof(rec));
	}
	assert_null(tn_raw_at(r, n));
	assert_null(tn_raw_at(r, UINT64_MAX));
	assert_true(tn_raw_hz(r) == HZ);
	assert_string_equal(tn_raw_run_id(r), "20261122-101502-8c41d0");
}

static void written_is_read(void **state)
{
	struct stat st;

	(void)state;
	write_records(RECORDS);
	expect_records(RECORDS, "");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, HEADER + 32 * RECORDS);
	write_records(0);
	expect_records(0, "");
}

static void change(long at, const void *bytes, size_t n)
{
	tn_autofclose FILE *f = fopen(path, "r+");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
}

static void incomplete_files_say_so(void **state)
{
	static const uint64_t unfinished = UINT64_MAX;

	(void)state;
	write_records(3);
	assert_int_equal(truncate(path, HEADER + 32 * 3 - 1), 0);
	expect_records(2, "truncated: 2 of 3 records are there");
	change(24, &unfinished, sizeof(unfinished));
	expect_records(2, "the run that wrote it did not end properly: 2 records are there, more may be missing");
	write_records(3);
	change(HEADER + 32 * 3, "tail", 4);
	expect_records(3, "4 bytes follow the last record and are passed over");
}

/* The bytes, as tlbnoise-raw(5) gives them. */
static void layout_is_as_documented(void **state)
{
	tn_autofclose FILE *f = NULL;
	unsigned char b[HEADER + 64];
	double hz;

	(void)state;
	write_records(2);
	f = fopen(path, "r");
	assert_int_equal(fread(b, 1, sizeof(b), f), sizeof(b));
	assert_memory_equal(b, "TNRAW\0\1\0\x80\0\0\0\x20\0\0\0", 16);
	memcpy(&hz, b + 16, sizeof(hz));
	assert_true(hz == HZ);
	assert_memory_equal(b + 24, "\2\0\0\0\0\0\0\0", 8);
	assert_string_equal((char *)b + 32, "20261122-101502-8c41d0");
	assert_memory_equal(b + HEADER + 32, "\1\0\0\0\0\0\0\x10\2\0\0\0\0\0\0\x10", 16);
	assert_memory_equal(b + HEADER + 48, "\1\0\0\0\1\0\1\0\1\1\0\0\0\0\0\0", 16);
}

static void open_fails(int code, const char *text)
{
	struct tn_raw_reader *r = NULL;
	struct tn_error err = {0};

	assert_int_equal(tn_raw_open(path, &r, &err), code);
	if (!strstr(err.text, text))
		fail_msg("'%s' lacks '%s'", err.text, text);
	assert_null(r);
}

static void other_files_are_refused(void **state)
{
	static const double zero;
	char full[40];

	(void)state;
	memset(full, 'x', sizeof(full));
	write_records(1);
	change(16, &zero, sizeof(zero));
	open_fails(-EINVAL, "its tick rate is 0 Hz");
	write_records(1);
	change(32, full, sizeof(full));
	open_fails(-EINVAL, "its run id does not end");
	write_records(1);
	change(6, "\2", 1);
	open_fails(-EPROTONOSUPPORT, "is of version 2 with records of 32 bytes, this tlbnoise reads version 1 with 32");
	change(0, "{", 1);
	open_fails(-EINVAL, "it does not begin with TNRAW");
	assert_int_equal(truncate(path, HEADER - 1), 0);
	open_fails(-EINVAL, "it is no file of at least 128 bytes");
	unlink(path);
	open_fails(-ENOENT, "No such file or directory");
	assert_int_equal(mkfifo(path, 0600), 0);
	open_fails(-EINVAL, "it is no file of at least 128 bytes"); /* and does not wait for a writer */
	unlink(path);
}

static void failure_leaves_nothing(void **state)
{
	struct rlimit old, small = {.rlim_cur = 4096};
	struct tn_raw_record rec = make_record(1);
	struct tn_raw_writer *w = NULL;
	struct tn_error err = {0};
	uint64_t records = 99;
	int first = 0, r;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(tn_raw_create(path, "id", HZ, &w, &err), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (unsigned int i = 0; i < RECORDS && !first; i++)
		first = tn_raw_append(w, &rec);
	assert_int_equal(tn_raw_append(w, &rec), -EFBIG);
	r = tn_raw_finish(w, &records, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(first, -EFBIG);
	assert_int_equal(r, -EFBIG);
	assert_int_equal(records, 99);
	assert_non_null(strstr(err.text, "it was removed"));
	assert_int_equal(access(path, F_OK), -1);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_is_read),         cmocka_unit_test(incomplete_files_say_so),
		cmocka_unit_test(layout_is_as_documented), cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(failure_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
