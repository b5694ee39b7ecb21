// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupts of devices, and network work that is sent from CPU to CPU. The effective affinity counts: it is where the
 * interrupt controller delivers, while the affinity asked for may name CPUs that are never used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/internal.h"

static void keep_name(const struct tn_check_context *c, const char *path, void *userdata)
{
	const char *end = path + strlen(path) - 1; /* of "/proc/irq/24/NAME/" */
	const char *name = end;

	(void)c;
	while (name > path && name[-1] != '/')
		name--;
	snprintf(userdata, 32, "%.*s", (int)(end - name), name);
}

/*
 * The file is there and empty where a line has no CPU of its own to go to: one that has not been started, or that of a
 * per-CPU device (arch_timer, PMU), which each CPU has for itself. What stands beside it then says nothing.
 */
static int read_affinity(const struct tn_check_context *c, const char *dir, struct tn_cpus *ret)
{
	char text[TN_CPUS_TEXT];
	int r = check_read(c, text, sizeof(text), "%s/effective_affinity_list", dir);

	if (r == 0)
		return -ENODATA;
	if (r < 0)
		r = check_read(c, text, sizeof(text), "%s/smp_affinity_list", dir);
	return r < 0 ? r : tn_cpus_parse(text, ret, NULL);
}

static void add_place(struct check_places *p, const struct tn_cpus *cpus, const char *name, const char *of)
{
	if (p->n % 256 == 0) {
		struct check_place *more = reallocarray(p->place, p->n + 256, sizeof(*p->place));

		if (!more) {
			p->error = -ENOMEM;
			return;
		}
		p->place = more;
	}
	p->place[p->n].cpus = *cpus;
	snprintf(p->place[p->n].name, sizeof(p->place[p->n].name), "%.60s%.32s", name, of);
	p->n++;
}

/* Only lines with a handler: it has a folder below that of the line. */
static void look_at_irq(const struct tn_check_context *c, const char *path, void *userdata)
{
	char pattern[160], handler[32] = "", name[64];
	struct tn_cpus cpus;

	snprintf(pattern, sizeof(pattern), "%s/*/", path);
	if (!check_glob(c, pattern, keep_name, handler) || read_affinity(c, path, &cpus) < 0)
		return;
	snprintf(name, sizeof(name), "IRQ %.40s ", strrchr(path, '/') + 1);
	add_place(userdata, &cpus, name, handler);
}

static void look_at_queue(const struct tn_check_context *c, const char *path, void *userdata)
{
	char text[TN_CPUS_TEXT];
	struct tn_cpus cpus;

	if (check_read(c, text, sizeof(text), "%s", path) >= 0 && check_mask(text, &cpus) == 0)
		add_place(userdata, &cpus, path + strlen("/sys/class/net/"), "");
}

static const char irq_files[] = "/proc/irq/[0-9]*";
static const char rx_files[] = "/sys/class/net/*/queues/rx-*/rps_cpus";
static const char tx_files[] = "/sys/class/net/*/queues/tx-*/xps_cpus";

/**
 * check_places_read() - where interrupts and packets go, once for all CPUs: large machines have thousands of each
 * @c: context; gets them
 */
void check_places_read(struct tn_check_context *c)
{
	c->irqs.found = check_glob(c, irq_files, look_at_irq, &c->irqs);
	c->rx.found = check_glob(c, rx_files, look_at_queue, &c->rx);
	c->tx.found = check_glob(c, tx_files, look_at_queue, &c->tx);
}

/* Names those that go to the CPU; returns how many. */
static size_t add_hits(const struct check_places *p, int cpu, struct tn_check_finding *f)
{
	size_t hits = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (!tn_cpus_has(&p->place[i].cpus, (unsigned int)cpu))
			continue;
		hits++;
		check_add(f, "%s", p->place[i].name);
	}
	return hits;
}

/** check_irqs() - no interrupt of a device goes to the CPU */
void check_irqs(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	check_file(f, "/proc/irq/*/effective_affinity_list");
	if (!c->irqs.found || c->irqs.error) {
		check_unread(f, c->irqs.error ? c->irqs.error : -ENOENT, TN_CHECK_UNKNOWN);
		return;
	}
	f->verdict = add_hits(&c->irqs, cpu, f) ? TN_CHECK_FAIL : TN_CHECK_OK;
	if (f->verdict == TN_CHECK_OK)
		check_value(f, "none of %zu lines with a handler", c->irqs.n);
}

static bool irqbalance_runs(const struct tn_check_context *c)
{
	for (size_t i = 0; i < c->n_tasks; i++)
		if (!strcmp(c->task[i].comm, "irqbalance"))
			return true;
	return false;
}

static bool irqbalance_banned(const struct tn_check_context *c, struct tn_check_finding *f, struct tn_cpus *ret)
{
	static const char *const files[] = {"/etc/default/irqbalance", "/etc/sysconfig/irqbalance"};
	static const char *const keys[] = {"\nIRQBALANCE_BANNED_CPULIST=", "\nIRQBALANCE_BANNED_CPUS="};
	char text[4096] = "\n", *value;

	for (size_t i = 0; i < TN_ARRAY_SIZE(files); i++) {
		if (check_read(c, text + 1, sizeof(text) - 1, "%s", files[i]) < 0)
			continue;
		for (size_t j = 0; j < TN_ARRAY_SIZE(keys); j++) {
			value = strstr(text, keys[j]);
			if (!value)
				continue;
			value += strlen(keys[j]);
			value += *value == '"' || *value == '\'';
			value[strcspn(value, "\"'\n ")] = '\0';
			check_file(f, "%s", files[i]);
			return (j ? check_mask(value, ret) : tn_cpus_parse(value, ret, NULL)) == 0;
		}
	}
	return false;
}

/* Without a ban of its own, irqbalance leaves out what the kernel calls isolated or nohz_full (its cputree.c). */
void check_irqbalance(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	struct tn_cpus banned = tn_cpus_or(&c->topology.isolated, &c->topology.nohz_full), left;
	char text[TN_CPUS_TEXT];
	bool own;

	(void)cpu;
	check_file(f, "/proc/*/comm");
	if (c->tasks_error) {
		check_unread(f, c->tasks_error, TN_CHECK_UNKNOWN);
		return;
	}
	if (!irqbalance_runs(c)) {
		f->verdict = TN_CHECK_OK;
		check_value(f, "irqbalance does not run");
		return;
	}
	own = irqbalance_banned(c, f, &banned);
	left = tn_cpus_minus(&c->cpus, &banned);
	f->verdict = tn_cpus_empty(&left) ? TN_CHECK_OK : TN_CHECK_WARNING;
	tn_cpus_format(&banned, text, sizeof(text));
	check_value(f, "irqbalance runs and leaves out CPU %.100s (%s)", *text ? text : "none",
		    own ? "its configuration" : "the kernel's isolation");
}

/** check_managed_irqs() - interrupts whose affinity only the kernel sets prefer housekeeping CPUs */
void check_managed_irqs(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	char value[256];

	(void)cpu;
	check_file(f, "/proc/cmdline");
	if (!check_option(c, "isolcpus", value, sizeof(value))) {
		f->verdict = TN_CHECK_WARNING;
		check_value(f, "no isolcpus=");
		return;
	}
	check_value(f, "isolcpus=%.150s", value);
	f->verdict = strstr(value, "managed_irq") ? TN_CHECK_OK : TN_CHECK_WARNING;
}

/* The service has a network namespace of its own, in which the machine's devices cannot be seen: that is no "OK". */
static bool no_network(const struct tn_check_context *c, struct tn_check_finding *f)
{
	char text[4096], *line, *next;
	bool other = false;

	if (check_read(c, text, sizeof(text), "/proc/self/net/dev") < 0)
		return false;
	for (line = text; line && !other; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line += strspn(line, " ");
		other = strchr(line, ':') && strncmp(line, "lo:", 3) != 0;
	}
	if (other)
		return false;
	check_file(f, "/proc/self/net/dev");
	check_value(f, "no device but lo in this network namespace");
	f->verdict = TN_CHECK_NOT_APPLICABLE;
	return true;
}

static void check_queues(const struct tn_check_context *c, const struct check_places *p, const char *files, int cpu,
			 struct tn_check_finding *f)
{
	size_t hits;

	if (no_network(c, f))
		return;
	check_file(f, "%s", files);
	if (p->error) {
		check_unread(f, p->error, TN_CHECK_UNKNOWN);
		return;
	}
	hits = add_hits(p, cpu, f);
	f->verdict = hits ? TN_CHECK_WARNING : (p->n ? TN_CHECK_OK : TN_CHECK_NOT_APPLICABLE);
	if (hits)
		return;
	if (p->n)
		check_value(f, "none of %zu queues", p->n);
	else
		check_value(f, "no queues");
}

/** check_rps() - no network queue hands received packets to the CPU */
void check_rps(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	check_queues(c, &c->rx, rx_files, cpu, f);
}

/** check_rps_default() - nor will a queue of a device that comes later */
void check_rps_default(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	struct tn_cpus mask;
	int r;

	(void)cpu;
	if (no_network(c, f))
		return;
	r = check_text(c, f, "/proc/sys/net/core/rps_default_mask");
	if (r < 0) {
		check_unread(f, r, TN_CHECK_NOT_APPLICABLE);
		return;
	}
	f->verdict = TN_CHECK_UNKNOWN;
	if (check_mask(f->value, &mask) < 0)
		return;
	mask = tn_cpus_and(&mask, &c->cpus);
	f->verdict = tn_cpus_empty(&mask) ? TN_CHECK_OK : TN_CHECK_WARNING;
}

/** check_xps() - no network queue is the CPU's own for sending, whose completions it would then clean up */
void check_xps(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	check_queues(c, &c->tx, tx_files, cpu, f);
}
