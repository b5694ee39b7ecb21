/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_WEB_WEB_H
#define TN_WEB_WEB_H

/*
 * The pages and metrics of a store over HTTP, for `tlbnoise serve`: GET and HEAD, of what the store gives and nothing
 * else. It reads the store and writes nowhere. Limits: tlbnoise-serve(1).
 */
#include "base/error.h"
#include "base/log.h"

#define TN_WEB_LISTEN      "127.0.0.1:8790"
#define TN_WEB_CONNECTIONS 200 /* at once; more wait until one ends */
#define TN_WEB_PER_ADDRESS 100 /* of one client address; more are closed */

struct tn_web;

struct tn_web_options {
	const char *store;  /* folder of the history */
	const char *listen; /* "ADDRESS:PORT", "[ADDRESS]:PORT", port 0 any free one; NULL: TN_WEB_LISTEN */
	int fd;             /* a listening socket to be used instead, which becomes ours; -1: none */
	const char *names;  /* host names, patterns, commas between, as which it may be asked; NULL: none but its own */
	const struct tn_log *log; /* must outlive the server; called by its threads, one at a time */
};

/* server.c */
int tn_web_start(const struct tn_web_options *opt, struct tn_web **ret, struct tn_error *err);
const char *tn_web_address(const struct tn_web *w); /* "127.0.0.1:8790", with the port that it got */
void tn_web_tend(struct tn_web *w);                 /* each second or so: ends connections that take too long */
void tn_web_stop(struct tn_web *w);
TN_DEFINE_CLEANUP(struct tn_web, tn_web_stop);

#endif
