// SPDX-License-Identifier: GPL-2.0-or-later
/* A source that cannot run says why and what to do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/nobody.h"
#include "churn/worker.h"
#include "support.h"

static void module_refused(int error, struct tn_churn_module_rights rights, const char *text)
{
	struct tn_error err = {0};

	assert_int_equal(tn_churn_module_refusal(error, &rights, &err), error);
	assert_string_equal(err.text, text);
}

static void module_junk_refusals(void **state)
{
	(void)state;
	module_refused(-ENOSYS, (struct tn_churn_module_rights){.capable = true},
		       "this kernel has no loadable modules (CONFIG_MODULES is off: init_module gives ENOSYS)");
	module_refused(-EPERM, (struct tn_churn_module_rights){.capable = true, .disabled = true, .nomodule = true},
		       "the kernel was booted with nomodule: remove it from the kernel command line");
	module_refused(-EPERM, (struct tn_churn_module_rights){.capable = true, .disabled = true},
		       "sysctl kernel.modules_disabled is 1: only a reboot turns modules on again");
	module_refused(-EPERM, (struct tn_churn_module_rights){.lockdown = "integrity"},
		       "needs CAP_SYS_MODULE (run as root)");
	module_refused(-EPERM, (struct tn_churn_module_rights){.capable = true, .lockdown = "integrity"},
		       "kernel lockdown is in mode 'integrity': boot with lockdown=none");
	module_refused(-EPERM, (struct tn_churn_module_rights){.capable = true},
		       "a security module of the kernel forbids init_module() (such as loadpin, or a user namespace "
		       "without rights)");
	module_refused(-EINVAL, (struct tn_churn_module_rights){.capable = true},
		       "init_module() of one page gives: Invalid argument");
}

static void hackbench_not_installed(void **state)
{
	const struct tn_churn_source *s = tn_churn_find("hackbench");
	tn_autofree char *path = strdup(getenv("PATH") ? getenv("PATH") : "");
	struct tn_error err = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		setenv("PATH", (const char *[]){"/nonexistent", "", ":::/nonexistent:"}[i], 1);
		assert_int_equal(s->check(&err), -ENOENT);
		assert_string_equal(err.text, "hackbench is not installed: apt-get install rt-tests");
	}
	setenv("PATH", path, 1);
}

/* 0 when the sources say what they need. */
static int check_as_nobody(void *arg)
{
	struct tn_error err = {0};

	(void)arg;
	if (tn_churn_find("bpf-map")->check(&err) != -EPERM ||
	    strcmp(err.text, "needs CAP_BPF or CAP_SYS_ADMIN (run as root)") != 0)
		return 2;
	if (tn_churn_find("module-junk")->check(&err) == -EPERM && !strstr(err.text, "CAP_SYS_MODULE"))
		return 3;
	return tn_churn_find("threads")->check(&err) == 0 ? 0 : 4;
}

static bool unprivileged_bpf(void)
{
	tn_autofclose FILE *f = fopen("/proc/sys/kernel/unprivileged_bpf_disabled", "re");

	return f && fgetc(f) == '0';
}

static void without_rights(void **state)
{
	(void)state;
	if (geteuid() != 0 || unprivileged_bpf()) {
		print_message("needs root, and a kernel that keeps bpf() from others\n");
		skip();
	}
	assert_int_equal(run_as_nobody(check_as_nobody, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(module_junk_refusals),
		cmocka_unit_test(hackbench_not_installed),
		cmocka_unit_test(without_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
