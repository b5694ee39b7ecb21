// SPDX-License-Identifier: GPL-2.0-or-later
/* A log that anybody on the network can write to: at most so many lines a second, and nothing that a terminal obeys. */
#include <stdarg.h>
#include <string.h>

#include "base/now.h"
#include "base/utf8.h"
#include "web/internal.h"

#define LINES_PER_SECOND 10

/* web_printable() - a text of somebody else for one line; what is no character becomes a question mark */
const char *web_printable(const char *text, char *buf, size_t size)
{
	size_t left = strlen(text), at = 0;

	while (left) {
		size_t n = tn_utf8_length(text, left), length = n ? n : 1;
		bool good = n && !tn_utf8_is_control(text, n);

		n = good ? n : 1;
		if (at + n >= size)
			break;
		memcpy(buf + at, good ? text : "?", n);
		at += n;
		text += length;
		left -= length;
	}
	buf[at] = '\0';
	return buf;
}

static bool may_say(struct web_log *log, unsigned int *ret_silent)
{
	uint64_t second = tn_now_ns(CLOCK_MONOTONIC) / 1000000000;

	*ret_silent = 0;
	if (second != log->second) {
		*ret_silent = log->silent;
		log->second = second;
		log->said = log->silent = 0;
	}
	if (log->said++ < LINES_PER_SECOND)
		return true;
	log->silent++;
	return false;
}

/* web_say() - a line for the log, unless there have been too many */
void web_say(struct web_log *log, int priority, const char *fmt, ...)
{
	unsigned int silent;
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pthread_mutex_lock(&log->lock);
	if (may_say(log, &silent)) {
		if (silent)
			tn_log(log->log, LOG_NOTICE, "%u more lines were left out", silent);
		tn_log(log->log, priority, "%s", text);
	}
	pthread_mutex_unlock(&log->lock);
}
