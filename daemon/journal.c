// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where log lines go: with fields into the journal when it reads our stderr anyway (systemd.exec(5),
 * $JOURNAL_STREAM), as plain lines to stderr otherwise. What is said while a run is in progress, or of a run that
 * waits, carries RUN_ID and SCENARIO, and CPU once for each probed CPU.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "daemon.h"

#define CPU_FIELDS 64 /* more would drown the message; RUN_ID leads to the rest */

struct entry {
	char message[1200], priority[16], run[64], scenario[96], cpu[CPU_FIELDS][16];
	struct iovec field[5 + CPU_FIELDS];
	int n;
};

/**
 * journal_reads_us() - whether stderr ends in the journal
 */
bool journal_reads_us(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%ju:%ju", &dev, &ino) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

static void add(struct entry *e, const char *text)
{
	e->field[e->n++] = (struct iovec){.iov_base = (char *)(uintptr_t)text, .iov_len = strlen(text)};
}

static void add_run(struct entry *e, const struct daemon *d)
{
	const struct run *run = d->run;
	int n = 0;

	if (d->about) {
		snprintf(e->run, sizeof(e->run), "RUN_ID=%s", d->about->id);
		snprintf(e->scenario, sizeof(e->scenario), "SCENARIO=%s", d->about->scenario->name);
	} else if (run) {
		snprintf(e->run, sizeof(e->run), "RUN_ID=%s", run->doc->id);
		snprintf(e->scenario, sizeof(e->scenario), "SCENARIO=%s", run->plan.scenario.name);
	} else {
		return;
	}
	add(e, e->run);
	add(e, e->scenario);
	if (d->about || !run)
		return;
	tn_cpus_for_each(cpu, &run->plan.probed) {
		if (n == CPU_FIELDS)
			break;
		snprintf(e->cpu[n], sizeof(e->cpu[0]), "CPU=%d", cpu);
		add(e, e->cpu[n++]);
	}
}

static void send_entry(const struct daemon *d, int priority, const char *text)
{
	struct entry e = {.n = 0};

	snprintf(e.message, sizeof(e.message), "MESSAGE=%s", text);
	snprintf(e.priority, sizeof(e.priority), "PRIORITY=%d", priority);
	add(&e, e.message);
	add(&e, e.priority);
	add(&e, "SYSLOG_IDENTIFIER=tlbnoised");
	add_run(&e, d);
	sd_journal_sendv(e.field, e.n);
}

/**
 * journal_sink() - the daemon's log
 * @userdata: the daemon
 * @priority: of syslog(3)
 * @text: one line
 */
void journal_sink(void *userdata, int priority, const char *text)
{
	static const char *const prefix[] = {SD_EMERG,   SD_ALERT,  SD_CRIT, SD_ERR,
					     SD_WARNING, SD_NOTICE, SD_INFO, SD_DEBUG};
	const struct daemon *d = userdata;

	if (priority > d->log_level)
		return;
	if (d->journal)
		send_entry(d, priority, text);
	else
		fprintf(stderr, "%s%s\n", d->private ? "tlbnoised: " : prefix[priority & 7], text);
}
