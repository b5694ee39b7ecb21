// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who owns a side effect: a process, named by its PID and its start time, so that a later process with the
 * same PID is not taken for it.
 */
#include <errno.h>
#include <string.h>

#include "system/files.h"
#include "system/undo-internal.h"

#define FIELD_STATE      3
#define FIELD_START_TIME 22

/* Field @field of /proc/PID/stat, 3 or more; the second, the name, may hold blanks and parentheses. */
static const char *stat_field(const char *stat, int field)
{
	const char *p = strrchr(stat, ')');

	for (int i = FIELD_STATE - 1; p && i < field; i++) {
		p = strchr(p, ' ');
		p += p ? 1 : 0;
	}
	return p;
}

/**
 * tn_undo_start_time() - when a process started
 * @pid: the process
 * @ret: field 22 of /proc/PID/stat (proc(5)): clock ticks since boot; untouched on failure
 *
 * A process that has ended and is only waited for counts as gone: it undoes nothing any more.
 *
 * Return: 0; -ESRCH when there is no such process; another negative errno of reading.
 */
int tn_undo_start_time(pid_t pid, unsigned long long *ret)
{
	char path[64], stat[1024];
	const char *state, *start;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	r = tn_file_read(path, stat, sizeof(stat));
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	state = stat_field(stat, FIELD_STATE);
	start = stat_field(stat, FIELD_START_TIME);
	if (!state || !start)
		return -EIO;
	if (*state == 'Z' || *state == 'X')
		return -ESRCH;
	*ret = strtoull(start, NULL, 10);
	return 0;
}

/** tn_undo_owner_lives() - whether that process still runs; in doubt it does */
bool tn_undo_owner_lives(pid_t pid, unsigned long long start_time)
{
	unsigned long long now = 0;
	int r = tn_undo_start_time(pid, &now);

	return r ? r != -ESRCH : now == start_time;
}

/**
 * tn_undo_owner() - the name of this process as an owner of side effects
 * @buf: receives "PID.STARTTIME"
 * @size: of @buf; TN_UNDO_OWNER is enough
 *
 * Return: @buf.
 */
const char *tn_undo_owner(char *buf, size_t size)
{
	unsigned long long start = 0;

	tn_undo_start_time(getpid(), &start);
	snprintf(buf, size, "%d.%llu", (int)getpid(), start);
	return buf;
}
