// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin for QEMU's TCG: for how long one virtual CPU kept its userspace from reading the clock, as the emulator sees
 * it. Around each rdtsc of userspace it reads the host's counter, which is also what an emulated guest's TSC counts, at
 * a fixed distance; the middle of both is when the guest read. Where the kernel ran since the guest's reading before,
 * or more time passed than a pass of any loop takes, the time from the one to the other is written down. A probe in the
 * guest has to find the same times, without knowing of this one.
 *
 * One virtual CPU only, and QEMU runs its callbacks in one thread: nothing is shared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "bench/rig/entrywatch/plugin-api.h"

#define AWAY_MAX (4u << 20) /* intervals; more are counted */

struct away {
	uint64_t start, end;
	bool kernel;
};

EW_EXPORT int qemu_plugin_version = EW_API_VERSION;

static struct {
	unsigned int cpu;
	uint64_t least;  /* ticks: shorter ones are not written down unless the kernel ran */
	uint64_t before; /* the reading in hand */
	uint64_t last;   /* when userspace read last */
	bool kernel;     /* ran since @last */
	size_t n, dropped;
	struct away *list;
	FILE *out;
} view;

static void before_reading(unsigned int cpu, void *data)
{
	(void)data;
	if (cpu == view.cpu)
		view.before = __rdtsc();
}

static void after_reading(unsigned int cpu, void *data)
{
	uint64_t now;

	(void)data;
	if (cpu != view.cpu)
		return;
	now = view.before + (__rdtsc() - view.before) / 2;
	if (view.last && (view.kernel || now - view.last >= view.least)) {
		if (view.n < AWAY_MAX)
			view.list[view.n++] = (struct away){view.last, now, view.kernel};
		else
			view.dropped++;
	}
	view.kernel = false;
	view.last = now;
}

static void on_kernel(unsigned int cpu, void *data)
{
	(void)data;
	if (cpu == view.cpu)
		view.kernel = true;
}

static bool reads_clock(const struct qemu_plugin_insn *insn)
{
	const unsigned char *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn);

	return (size == 2 && code[0] == 0x0f && code[1] == 0x31) ||                  /* rdtsc */
	       (size == 3 && code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xf9); /* rdtscp */
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (qemu_plugin_tb_vaddr(tb) >> 63) {
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_kernel, QEMU_PLUGIN_CB_NO_REGS, NULL);
		return;
	}
	for (size_t i = 0; i + 1 < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (!reads_clock(insn))
			continue;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, before_reading, QEMU_PLUGIN_CB_NO_REGS, NULL);
		qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, i + 1), after_reading,
						       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	for (size_t i = 0; i < view.n; i++)
		fprintf(view.out, "%" PRIu64 " %" PRIu64 " %d\n", view.list[i].start, view.list[i].end,
			view.list[i].kernel);
	/* The last line: without it the list is not whole. */
	fprintf(view.out, "dropped %zu\n", view.dropped);
	if (fclose(view.out) != 0)
		perror("away: writing");
}

/**
 * qemu_plugin_install() - called by QEMU at its start
 * @id: ours
 * @info: the machine
 * @argc: number of @argv
 * @argv: cpu=NUMBER, least=TICKS, out=FILE
 *
 * Return: 0, or -1 with a line on stderr.
 */
EW_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	const char *out = NULL;

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "cpu=", 4) == 0)
			view.cpu = (unsigned int)strtoul(argv[i] + 4, NULL, 10);
		else if (strncmp(argv[i], "least=", 6) == 0)
			view.least = strtoull(argv[i] + 6, NULL, 10);
		else if (strncmp(argv[i], "out=", 4) == 0)
			out = argv[i] + 4;
	}
	if (!out || !view.least || !info->system_emulation || view.cpu >= (unsigned int)info->system.smp_vcpus) {
		fprintf(stderr, "away: wants cpu=NUMBER (one of the machine's), least=TICKS, out=FILE\n");
		return -1;
	}
	view.list = calloc(AWAY_MAX, sizeof(*view.list));
	view.out = fopen(out, "w");
	if (!view.list || !view.out) {
		perror("away");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
