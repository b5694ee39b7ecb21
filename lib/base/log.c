// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A message goes to the sink that the caller passed, or nowhere. One call is one line: text that does
 * not fit is cut.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>

#define LINE_MAX_TEXT 1024

/**
 * tn_log() - tell whoever listens
 * @log: the sink, or NULL when nobody does
 * @priority: of syslog(3)
 * @fmt: one line without a newline
 *
 * errno is kept.
 */
void tn_log(const struct tn_log *log, int priority, const char *fmt, ...)
{
	char text[LINE_MAX_TEXT];
	int saved = errno;
	va_list ap;

	if (!log || !log->sink)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log->sink(log->userdata, priority, text);
	errno = saved;
}
