// SPDX-License-Identifier: GPL-2.0-or-later
/* The environment of made-up machines, and of this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/utsname.h>
#include <zlib.h>

#include "../support/tree.h"
#include "base/ticks.h"
#include "system/environment.h"
#include "system/kconfig.h"

static void make_machine(const struct tree *t, const char *version)
{
	tree_write(t, "/proc/sys/kernel/osrelease", "6.1.0-13-rt\n");
	tree_write(t, "/proc/sys/kernel/hostname", "rig\n");
	tree_write(t, "/proc/version", version);
	tree_write(t, "/proc/cmdline", "isolcpus=2-3 nohz_full=2-3\n");
	tree_write(t, "/proc/meminfo", "MemTotal:       16303400 kB\nMemFree: 1 kB\n");
	tree_write(t, "/etc/os-release", "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
	tree_write(t, "/proc/cpuinfo",
		   "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nmicrocode\t: 0x2b\nflags\t\t: fpu tsc\n"
		   "processor\t: 1\nmodel name\t: Other\n");
	tree_write(t, "/sys/devices/system/node/online", "0-1\n");
}

static void test_reads_a_machine(void **state)
{
	struct tn_environment env;
	struct tree *t = *state;
	struct tn_error err = {0};

	make_machine(t, "Linux version 6.1.0 #1 SMP PREEMPT_RT Debian\n");
	assert_int_equal(tn_environment_read(t->root, &env, &err), 0);
	assert_string_equal(env.hostname, "rig");
	assert_string_equal(env.machine_id_hash, "");
	assert_string_equal(env.kernel_release, "6.1.0-13-rt");
	assert_string_equal(env.kernel_version, "#1 SMP PREEMPT_RT Debian");
	assert_string_equal(env.cmdline, "isolcpus=2-3 nohz_full=2-3");
	assert_string_equal(env.arch, TN_ARCH);
	assert_string_equal(env.cpu_model, "Some CPU @ 3 GHz");
	assert_string_equal(env.microcode, "0x2b");
	assert_string_equal(env.virtualization, "none");
	assert_string_equal(env.preemption, "rt");
	assert_string_equal(env.distribution, "Debian GNU/Linux 12 (bookworm)");
	assert_int_equal(env.nodes, 2);
	assert_true(env.memory_bytes == 16303400ull * 1024);
	assert_int_equal(env.n_config, 0);
}

static void assert_preemption(const struct tree *t, const char *model)
{
	struct tn_environment env;
	struct tn_error err = {0};

	assert_int_equal(tn_environment_read(t->root, &env, &err), 0);
	assert_string_equal(env.preemption, model);
}

/* The surer source wins over the one below it. */
static void test_preemption_model(void **state)
{
	static const char dynamic[] = "Linux version 6.12.0 #1 SMP PREEMPT_DYNAMIC x\n";
	struct tree *t = *state;

	make_machine(t, "Linux version 6.1.0 #1 SMP x\n");
	assert_preemption(t, "");
	make_machine(t, "Linux version 6.1.0 #1 SMP PREEMPT x\n");
	assert_preemption(t, "full");
	make_machine(t, dynamic);
	assert_preemption(t, "");
	tree_write(t, "/boot/config-6.1.0-13-rt", "CONFIG_PREEMPT_VOLUNTARY=y\n# CONFIG_PREEMPT is not set\n");
	assert_preemption(t, "voluntary");
	tree_write(t, "/proc/cmdline", "quiet preempt=full\n");
	assert_preemption(t, "full");
	tree_write(t, "/sys/kernel/debug/sched/preempt", "none voluntary full (lazy)\n");
	assert_preemption(t, "lazy");
	tree_write(t, "/sys/kernel/realtime", "1\n");
	assert_preemption(t, "rt");
}

static void test_aarch64_cpu(void **state)
{
	struct tn_environment env;
	struct tree *t = *state;
	struct tn_error err = {0};

	make_machine(t, "Linux\n");
	tree_write(t, "/proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
	tree_write(t, "/proc/device-tree/hypervisor/compatible", "linux,kvm");
	assert_int_equal(tn_environment_read(t->root, &env, &err), 0);
	assert_string_equal(env.cpu_model, "implementer 0x41, part 0xd0c");
	assert_string_equal(env.virtualization, "kvm");
}

static void test_compressed_config(void **state)
{
	struct tn_environment env;
	struct tree *t = *state;
	struct tn_error err = {0};
	gzFile f;

	make_machine(t, "Linux\n");
	tree_write(t, "/boot/config-6.1.0-13-rt", "CONFIG_HZ=100\n");
	f = gzopen(tree_path(t, "/proc/config.gz"), "wb");
	gzputs(f, "# comment about CONFIG_HZ\nCONFIG_HZ=1000\n# CONFIG_NO_HZ_FULL is not set\nCONFIG_HZ_1000=y\n"
		  "CONFIG_BLK_DEV=y\nCONFIG_VMAP_STACK=y");
	gzclose(f);
	assert_int_equal(tn_environment_read(t->root, &env, &err), 0);
	assert_int_equal(env.n_config, 3);
	assert_string_equal(env.config[0], "CONFIG_HZ=1000");
	assert_string_equal(env.config[1], "CONFIG_NO_HZ_FULL=n");
	assert_string_equal(env.config[2], "CONFIG_VMAP_STACK=y");
	assert_string_equal(tn_kconfig_value(&env, "HZ"), "1000");
	assert_string_equal(tn_kconfig_value(&env, "NO_HZ"), "");
}

static void test_no_procfs(void **state)
{
	struct tree *t = *state;
	struct tn_error err = {0};
	char says[256];

	assert_int_equal(tn_environment_read(t->root, NULL, &err), -ENOENT);
	snprintf(says, sizeof(says),
		 "cannot read %s/proc/sys/kernel/osrelease: No such file or directory; is procfs mounted?", t->root);
	assert_string_equal(err.text, says);
}

static void test_this_machine(void **state)
{
	struct tn_environment env;
	struct tn_error err = {0};
	struct utsname u;

	(void)state;
	uname(&u);
	assert_int_equal(tn_environment_read("", &env, &err), 0);
	assert_string_equal(env.kernel_release, u.release);
	assert_string_equal(env.arch, u.machine);
	assert_true(env.memory_bytes > 1 << 24);
	assert_true(env.nodes >= 1);
	assert_true(env.virtualization[0] || strcmp(env.arch, "x86_64"));
	assert_true(strlen(env.machine_id_hash) == 32 || !env.machine_id_hash[0]);
}

int main(void)
{
#define with_tree(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		with_tree(test_reads_a_machine), with_tree(test_preemption_model),
		with_tree(test_aarch64_cpu),     with_tree(test_compressed_config),
		with_tree(test_no_procfs),       cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
