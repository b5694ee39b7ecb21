// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a result needs to explain itself later, read from the file tree below a root ("" for this machine).
 * Little of it is certain to exist: what is not known stays empty, and only a tree without procfs is an error.
 */
#include "system/environment.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "base/cpus.h"
#include "base/ticks.h"
#include "base/utf8.h"
#include "system/arch.h"
#include "system/files.h"
#include "system/kconfig.h"

/* Our salt for the machine ID: a random number, fixed for ever, as results of one machine must agree. */
#define MACHINE_SALT SD_ID128_MAKE(5b, 1e, 0c, 9a, 73, d4, 4e, 62, a8, 37, 91, f0, 2d, 6c, e5, 48)

static int read_at(const char *root, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, file);
	return tn_file_read(path, buf, size);
}

/* Value of the first line "KEY <blanks> @separator VALUE" of a file, without quotes around it; "" if none. */
static void read_value(const char *root, const char *file, const char *key, char separator, char *buf, size_t size)
{
	tn_autofree char *line = NULL;
	tn_autofclose FILE *f = NULL;
	size_t len = strlen(key), room = 0;
	char path[PATH_MAX];

	buf[0] = '\0';
	snprintf(path, sizeof(path), "%s%s", root, file);
	f = fopen(path, "re");
	while (f && getline(&line, &room, f) > 0) {
		char *p = line + len;

		if (strncmp(line, key, len))
			continue;
		p += strspn(p, " \t");
		if (*p != separator)
			continue;
		p += 1 + strspn(p + 1, " \t\"");
		p[strcspn(p, "\"\n")] = '\0';
		snprintf(buf, size, "%s", p);
		return;
	}
}

/* libsystemd hashes the ID of the running system only: another tree's stays unknown. */
static void read_machine_id(const char *root, char *buf)
{
	sd_id128_t id;

	if (!root[0] && !sd_id128_get_machine_app_specific(MACHINE_SALT, &id))
		sd_id128_to_string(id, buf);
}

static void read_distribution(const char *root, char *buf, size_t size)
{
	read_value(root, "/etc/os-release", "PRETTY_NAME", '=', buf, size);
	if (!buf[0])
		read_value(root, "/usr/lib/os-release", "PRETTY_NAME", '=', buf, size);
}

static void read_cpu(const char *root, struct tn_environment *env)
{
	char part[32];

	read_value(root, "/proc/cpuinfo", "model name", ':', env->cpu_model, sizeof(env->cpu_model));
	read_value(root, "/proc/cpuinfo", "microcode", ':', env->microcode, sizeof(env->microcode));
	if (env->cpu_model[0])
		return;
	/* aarch64 gives numbers only. */
	read_value(root, "/proc/cpuinfo", "CPU implementer", ':', part, sizeof(part));
	if (!part[0])
		return;
	snprintf(env->cpu_model, sizeof(env->cpu_model), "implementer %s", part);
	read_value(root, "/proc/cpuinfo", "CPU part", ':', part, sizeof(part));
	snprintf(env->cpu_model + strlen(env->cpu_model), sizeof(part) + 8, ", part %s", part);
}

static const struct {
	const char *signature, *name;
} HYPERVISORS[] = {
	{"KVMKVMKVM", "kvm"},          {"Linux KVM Hv", "kvm"},     {"TCGTCGTCGTCG", "qemu-tcg"},
	{"VMwareVMware", "vmware"},    {"Microsoft Hv", "hyper-v"}, {"XenVMMXenVMM", "xen"},
	{"bhyve bhyve ", "bhyve"},     {"ACRNACRNACRN", "acrn"},    {"VBoxVBoxVBox", "vbox"},
	{" lrpepyh  vr", "parallels"}, {"QNXQVMBSQG", "qnx"},       {"SRESRESRESRE", "lmhs"},
};

static const char *hypervisor_name(const char *signature)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(HYPERVISORS); i++)
		if (!strcmp(HYPERVISORS[i].signature, signature))
			return HYPERVISORS[i].name;
	return signature[0] ? signature : "unknown";
}

/* This machine is asked itself; of another one, only the flag in cpuinfo is left. */
static void read_virtualization(const char *root, char *buf, size_t size)
{
	char signature[TN_HYPERVISOR_SIGNATURE], text[256];
	char flags[4096];

	if (!root[0] && tn_arch_hypervisor(signature)) {
		snprintf(buf, size, "%s", hypervisor_name(signature));
		return;
	}
	if (read_at(root, "/sys/hypervisor/type", text, sizeof(text)) > 0) {
		snprintf(buf, size, "%.16s", text);
		return;
	}
	if (read_at(root, "/proc/device-tree/hypervisor/compatible", text, sizeof(text)) > 0) {
		snprintf(buf, size, "%s", strstr(text, "kvm") ? "kvm" : "unknown");
		return;
	}
	read_value(root, "/proc/cpuinfo", "flags", ':', flags, sizeof(flags));
	if (flags[0])
		snprintf(buf, size, "%s", tn_text_has_word(flags, "hypervisor") ? "unknown" : "none");
}

/* "none voluntary (full) lazy": the word in parentheses. Takes debugfs, and a kernel that is not locked down. */
static bool preemption_from_debugfs(const char *root, char *buf, size_t size)
{
	char text[128], *word;

	if (read_at(root, "/sys/kernel/debug/sched/preempt", text, sizeof(text)) <= 0)
		return false;
	word = strchr(text, '(');
	if (!word)
		return false;
	word[1 + strcspn(word + 1, ")")] = '\0';
	snprintf(buf, size, "%.16s", word + 1);
	return true;
}

/* preempt= of the command line, which a kernel with PREEMPT_DYNAMIC obeys. */
static bool preemption_from_cmdline(const char *cmdline, char *buf, size_t size)
{
	static const char *const models[] = {"none", "voluntary", "full", "lazy"};
	char option[32];

	for (size_t i = 0; i < TN_ARRAY_SIZE(models); i++) {
		snprintf(option, sizeof(option), "preempt=%s", models[i]);
		if (!tn_text_has_word(cmdline, option))
			continue;
		snprintf(buf, size, "%s", models[i]);
		return true;
	}
	return false;
}

static const char *preemption_from_config(const struct tn_environment *env)
{
	static const struct {
		const char *option, *model;
	} table[] = {{"PREEMPT_NONE", "none"},
		     {"PREEMPT_VOLUNTARY", "voluntary"},
		     {"PREEMPT_LAZY", "lazy"},
		     {"PREEMPT", "full"}};

	for (size_t i = 0; i < TN_ARRAY_SIZE(table); i++)
		if (!strcmp(tn_kconfig_value(env, table[i].option), "y"))
			return table[i].model;
	return "";
}

/*
 * The active model, from the surest source that can be read: the kernel itself, then what decided it at boot,
 * then what "uname -v" says of kernels that have no choice.
 */
static void read_preemption(const char *root, struct tn_environment *env)
{
	bool dynamic = tn_text_has_word(env->kernel_version, "PREEMPT_DYNAMIC");
	char text[8];

	if ((read_at(root, "/sys/kernel/realtime", text, sizeof(text)) > 0 && text[0] == '1') ||
	    tn_text_has_word(env->kernel_version, "PREEMPT_RT")) {
		snprintf(env->preemption, sizeof(env->preemption), "rt");
		return;
	}
	if (preemption_from_debugfs(root, env->preemption, sizeof(env->preemption)))
		return;
	if (dynamic && preemption_from_cmdline(env->cmdline, env->preemption, sizeof(env->preemption)))
		return;
	snprintf(env->preemption, sizeof(env->preemption), "%s", preemption_from_config(env));
	if (!env->preemption[0] && tn_text_has_word(env->kernel_version, "PREEMPT"))
		snprintf(env->preemption, sizeof(env->preemption), "full");
}

static void read_memory(const char *root, struct tn_environment *env)
{
	char path[PATH_MAX], text[32];
	struct tn_cpus nodes;

	read_value(root, "/proc/meminfo", "MemTotal", ':', text, sizeof(text));
	env->memory_bytes = strtoull(text, NULL, 10) * 1024;
	snprintf(path, sizeof(path), "%s/sys/devices/system/node/online", root);
	env->nodes = tn_cpus_read(path, &nodes, NULL) ? 1 : tn_cpus_count(&nodes);
}

/* What uname -v gives; the compiler and the builder's name before it say nothing about interruptions. */
static void read_kernel_version(const char *root, struct tn_environment *env)
{
	char text[512] = "";
	const char *build;

	read_at(root, "/proc/version", text, sizeof(text));
	build = strstr(text, " #");
	snprintf(env->kernel_version, sizeof(env->kernel_version), "%s", build ? build + 1 : text);
}

/**
 * tn_environment_read() - kernel, processor, memory and configuration of a machine
 * @root: root of the file tree, "" for this machine
 * @ret: the environment; strings are "" where nothing is known; untouched on failure
 * @err: the file that is missing
 *
 * Return: 0; negative errno when there is no procfs below @root; -ENOMEM.
 */
int tn_environment_read(const char *root, struct tn_environment *ret, struct tn_error *err)
{
	tn_autofree struct tn_environment *env = calloc(1, sizeof(*env));
	int r;

	if (!env)
		return tn_error_set(err, -ENOMEM, "no memory to describe the machine");
	r = read_at(root, "/proc/sys/kernel/osrelease", env->kernel_release, sizeof(env->kernel_release));
	if (r < 0)
		return tn_error_set(err, r, "cannot read %s/proc/sys/kernel/osrelease: %s; is procfs mounted?", root,
				    strerror(-r));
	read_kernel_version(root, env);
	read_at(root, "/proc/cmdline", env->cmdline, sizeof(env->cmdline));
	read_at(root, "/proc/sys/kernel/hostname", env->hostname, sizeof(env->hostname));
	tn_utf8_make_text(env->kernel_release);
	tn_utf8_make_text(env->hostname);
	read_machine_id(root, env->machine_id_hash);
	snprintf(env->arch, sizeof(env->arch), "%s", TN_ARCH);
	read_cpu(root, env);
	read_virtualization(root, env->virtualization, sizeof(env->virtualization));
	read_distribution(root, env->distribution, sizeof(env->distribution));
	read_memory(root, env);
	tn_kconfig_read(root, env);
	read_preemption(root, env);
	*ret = *env;
	return 0;
}
