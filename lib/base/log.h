/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_BASE_LOG_H
#define TN_BASE_LOG_H

#include <syslog.h>

#include "base/cleanup.h"

/*
 * The library never prints. Who wants to hear of it passes a sink: priorities are syslog's (LOG_ERR,
 * LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG).
 */
struct tn_log {
	void (*sink)(void *userdata, int priority, const char *text);
	void *userdata;
};

void tn_log(const struct tn_log *log, int priority, const char *fmt, ...) tn_printf(3, 4);

#endif
