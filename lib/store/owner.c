// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who is at work on a run that is entered as running: boot, process and its start time, since the number of a
 * process means nothing after its end or after a reboot. SQL may ask as well, so that a reader sees the truth
 * before the next daemon writes it down.
 */
#include <string.h>

#include "store/internal.h"
#include "system/files.h"
#include "system/undo.h"

static void read_boot_id(char *buf, size_t size)
{
	if (tn_file_read("/proc/sys/kernel/random/boot_id", buf, size) < 0)
		snprintf(buf, size, "-");
	buf[strcspn(buf, "\n")] = '\0';
}

/* store_owner() - this process, as "BOOTID PID.STARTTIME"; STORE_OWNER bytes are enough */
const char *store_owner(char *buf, size_t size)
{
	char boot[64], owner[TN_UNDO_OWNER];

	read_boot_id(boot, sizeof(boot));
	snprintf(buf, size, "%s %s", boot, tn_undo_owner(owner, sizeof(owner)));
	return buf;
}

/* store_owner_gone() - whether that process has ended; in doubt it has not */
bool store_owner_gone(const char *owner)
{
	char boot[64];
	size_t n;

	read_boot_id(boot, sizeof(boot));
	n = strlen(boot);
	if (strncmp(owner, boot, n) || owner[n] != ' ')
		return true;
	return tn_undo_dead_owner(owner + n + 1, "") > 0;
}

/* store_interrupted() - the reason that such a run gets */
void store_interrupted(char *buf, size_t size, unsigned int done, unsigned int planned)
{
	snprintf(buf, size, "interrupted after %u of %u rounds: tlbnoised ended before the run did", done, planned);
}

static void owner_gone(sqlite3_context *context, int n, sqlite3_value **value)
{
	const unsigned char *owner = sqlite3_value_text(value[0]);

	(void)n;
	sqlite3_result_int(context, owner && store_owner_gone((const char *)owner));
}

/* store_owner_function() - owner_gone() for statements; an SQLite result code */
int store_owner_function(struct tn_store *s)
{
	return sqlite3_create_function(s->db, "owner_gone", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, owner_gone, NULL,
				       NULL);
}
