// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /metrics: the families of the store, and what the server says of itself. A store that cannot be read is no failure
 * of the scrape: it is what tlbnoise_store_readable says.
 */
#include "web/internal.h"

/* "other" stands for what has no digit of its own here. */
static const char *const codes[WEB_CODES] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};

static void write_own(struct web_site *site, struct tn_exposition *x)
{
	tn_exposition_family(x, "tlbnoise_http_requests", TN_EXPOSITION_COUNTER, NULL,
			     "Requests answered, by the first digit of the status.");
	for (size_t i = 2; i < WEB_CODES; i++)
		tn_exposition_sample(x, (double)atomic_load(&site->answers[i]), "code=\"%s\"", codes[i]);
	tn_exposition_family(x, "tlbnoise_http_requests_refused", TN_EXPOSITION_COUNTER, NULL,
			     "Requests that were refused and logged.");
	tn_exposition_sample(x, (double)atomic_load(&site->refused), "%s", "");
	tn_exposition_family(x, "tlbnoise_http_connections_late", TN_EXPOSITION_COUNTER, NULL,
			     "Connections that were ended because they took too long.");
	tn_exposition_sample(x, (double)atomic_load(&site->late), "%s", "");
	tn_exposition_family(x, "tlbnoise_http_connections", TN_EXPOSITION_GAUGE, NULL, "Connections open now.");
	tn_exposition_sample(x, (double)atomic_load(&site->connections), "%s", "");
}

static int update(struct web_site *site, struct tn_error *err)
{
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	int r = tn_store_open(site->store, TN_STORE_READ_ONLY, NULL, &store, err);

	return r < 0 ? r : tn_metrics_update(site->metrics, store, err);
}

/* web_metrics() - write all families to @out; one thread at a time, since figures are kept between scrapes */
int web_metrics(struct web_site *site, enum tn_exposition_format format, FILE *out, struct tn_error *err)
{
	struct tn_exposition x = {.out = out, .format = format};
	struct tn_error unreadable = {0};

	pthread_mutex_lock(&site->lock);
	if (update(site, &unreadable) < 0)
		tn_metrics_forget(site->metrics);
	tn_metrics_write(site->metrics, &x);
	pthread_mutex_unlock(&site->lock);
	write_own(site, &x);
	return tn_exposition_end(&x, err);
}
