// SPDX-License-Identifier: GPL-2.0-or-later
/* What is said when the kernel module is not there, is another version, or refuses. With the module: run.c. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "churn/device.h"
#include "support.h"

static void not_there(void **state)
{
	struct tlbnoise_churn_info info;
	struct tn_error err = {0};
	int fd = -2;

	(void)state;
	assert_int_equal(tn_churn_device_open("/nonexistent/churn", TLBNOISE_CHURN_VMAP, &fd, &info, &err), -ENOENT);
	assert_string_equal(err.text,
			    "needs the kernel module tlbnoise_churn, which is not loaded (no /nonexistent/churn): "
			    "build it in kernel/churn, then insmod tlbnoise_churn.ko");
	assert_int_equal(fd, -2);
}

/* Some other device answers the first request with ENOTTY, as a module of an incompatible version does. */
static void another_version(void **state)
{
	struct tlbnoise_churn_info info;
	struct tn_error err = {0};
	int fd = -2;

	(void)state;
	assert_int_equal(tn_churn_device_open("/dev/null", TLBNOISE_CHURN_VMAP, &fd, &info, &err), -EPROTO);
	assert_string_equal(err.text, "/dev/null is not of this version of tlbnoise (Inappropriate ioctl for device): "
				      "build the module anew");
	assert_int_equal(fd, -2);
}

static void refused(int error, uint32_t pages_max, const char *text)
{
	const struct tlbnoise_churn_start start = {
		.pattern = TLBNOISE_CHURN_SET_MEMORY, .pages_min = 1, .pages_max = pages_max};
	struct tlbnoise_churn_info info = {.memory_max = 256 << 20};
	struct tn_error err = {0};

	info.pages_max[TLBNOISE_CHURN_SET_MEMORY] = 512;
	assert_int_equal(tn_churn_device_refusal(error, &start, &info, &err), error);
	assert_string_equal(err.text, text);
}

static void refusals(void **state)
{
	(void)state;
	refused(-E2BIG, 513, "pages=1-513: this kernel does at most 512 in one operation");
	refused(-E2BIG, 512,
		"pages=1-512: more than the 256 MiB that the module sets aside: lower pages= or load it with "
		"memory_max_mb=");
	refused(-ENOMEM, 512,
		"no memory: all workers together may use 256 MiB: lower pages= or workers=, or load the module with "
		"memory_max_mb=");
	refused(-EIO, 512, "the module tlbnoise_churn refuses to start: Input/output error");
}

static void sources_without_the_module(void **state)
{
	static const char *const NAMES[] = {"vmap", "vm-map-ram", "unmap-aliases", "set-memory", "huge-vmap", "mixed"};
	struct tn_error err = {0};

	(void)state;
	if (access(TLBNOISE_CHURN_DEVICE, F_OK) == 0) {
		print_message("the module is loaded\n");
		skip();
	}
	for (size_t i = 0; i < TN_ARRAY_SIZE(NAMES); i++) {
		assert_int_equal(tn_churn_find(NAMES[i])->check(&err), -ENOENT);
		assert_non_null(strstr(err.text, "needs the kernel module tlbnoise_churn, which is not loaded"));
	}
	/* This one has a way around. */
	assert_int_equal(tn_churn_find("vmalloc")->check(&err), tn_churn_find("bpf-map")->check(&err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_there),
		cmocka_unit_test(another_version),
		cmocka_unit_test(refusals),
		cmocka_unit_test(sources_without_the_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
