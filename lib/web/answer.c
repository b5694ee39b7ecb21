// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a request to its answer. The store is opened for each: the daemon may make it, convert it or move it while we
 * run, and a connection that stays open would hold on to what was there before. Nothing of the request is repeated in
 * an answer but the ids of a redirect, encoded.
 */
#include <errno.h>
#include <string.h>

#include "report/dashboard.h"
#include "web/internal.h"

static const char plain[] = "text/plain; charset=utf-8";

/* An answer of one line. @refusal: for the log as well; NULL: not worth a line there */
static void say(struct web_answer *a, unsigned int status, const char *text, const char *refusal)
{
	a->status = status;
	a->type = plain;
	a->refusal = refusal;
	a->for_ever = false;
	free(a->body);
	a->body = NULL;
	a->size = asprintf(&a->body, "%s\n", text) > 0 ? strlen(a->body) : 0;
}

static void say_error(struct web_answer *a, int error)
{
	switch (error) {
	case -ENOENT:
		say(a, 404, "There is no such page.", NULL);
		break;
	case -ENODATA:
		say(a, 503, "There is no history: no runs are stored here yet.", NULL);
		break;
	case -EPROTONOSUPPORT:
	case -EROFS:
		say(a, 503, "The history is of another version of tlbnoise; the log of the server says more.", NULL);
		break;
	case -EFBIG:
		say(a, 500, "The page would be larger than 64 MiB; 'tlbnoise report' makes a file of it.", "too large");
		break;
	case -EBUSY:
	case -ENOMEM:
		say(a, 503, "Too much to do; try again.", "busy");
		break;
	default:
		say(a, 500, "The page could not be made; the log of the server says why.", NULL);
	}
}

static int make_page(struct web_site *site, const char *path, FILE *out, const char **ret_type, struct tn_error *err)
{
	tn_cleanup(tn_store_closep) struct tn_store *store = NULL;
	const struct tn_dashboard_options options = {.links = TN_DASHBOARD_SERVER};
	int r = tn_store_open(site->store, TN_STORE_READ_ONLY, NULL, &store, err);

	if (r == -ENOENT) /* nothing was measured yet, which is not the client's mistake */
		return -ENODATA;
	return r < 0 ? r : tn_dashboard_page(store, path, &options, out, ret_type, err);
}

static int make(struct web_site *site, const char *path, const struct web_request *request, FILE *out,
		const char **ret_type, struct tn_error *err)
{
	enum tn_exposition_format format = web_accept_metrics(request->accept);

	if (strcmp(path, "/metrics"))
		return make_page(site, path, out, ret_type, err);
	*ret_type = tn_exposition_mime(format);
	return web_metrics(site, format, out, err);
}

static void give_page(struct web_site *site, const char *path, const struct web_request *request, struct web_answer *a)
{
	struct web_body body = {0};
	struct tn_error err = {0};
	FILE *out = web_body_open(&body, WEB_BODY_MAX);
	int r = out ? make(site, path, request, out, &a->type, &err) : -ENOMEM;

	if (out && fclose(out) && r == 0)
		r = body.full ? -EFBIG : -ENOMEM;
	if (r < 0 && body.full)
		r = -EFBIG;
	a->body = body.data;
	a->size = body.size;
	a->status = 200;
	a->for_ever = r == 0 && !strncmp(path, "/assets/", 8);
	if (r < 0)
		say_error(a, r);
	if (r < 0 && !a->refusal && a->status >= 500) {
		a->why = err;
		a->refusal = err.text[0] ? a->why.text : "failed";
	}
}

/* The form that compares: its fields become a path, see report/dashboard.h. */
static void give_redirect(const char *query, struct web_answer *a)
{
	char id[2][64], encoded[2][112];

	if (!web_query_value(query, "a", id[0], sizeof(id[0])) || !web_query_value(query, "b", id[1], sizeof(id[1])) ||
	    !*id[0] || !*id[1]) {
		say(a, 400, "Two runs are compared: /compare?a=ID&b=ID.", "no two runs");
		return;
	}
	snprintf(a->location, sizeof(a->location), "compare/%s/%s", web_encode(id[0], encoded[0], sizeof(encoded[0])),
		 web_encode(id[1], encoded[1], sizeof(encoded[1])));
	say(a, 303, "See the comparison.", NULL);
}

static bool is_read(const char *method)
{
	return !strcmp(method, "GET") || !strcmp(method, "HEAD");
}

/*
 * web_answer() - answer a request
 * @site: what it is answered from; may be used by several threads
 * @request: as received
 * @ret: zeroed; @body is to be freed by the caller, and is to be sent unless the method is HEAD
 */
void web_answer(struct web_site *site, const struct web_request *request, struct web_answer *ret)
{
	struct web_target target;
	int r = request->target ? web_target_parse(request->target, &target) : -ENAMETOOLONG;

	if (!is_read(request->method))
		say(ret, 405, "Only GET and HEAD.", "neither GET nor HEAD");
	else if (!web_host_allowed(request->host, site->names))
		say(ret, 421, "This server is not known by that name; 'tlbnoise serve --name' tells it.",
		    "Host names another server");
	else if (r < 0)
		say(ret, r == -ENAMETOOLONG ? 414 : 400, "That is no address of a page.", "malformed target");
	else if (!strcmp(target.path, "/compare"))
		give_redirect(target.query, ret);
	else
		give_page(site, target.path, request, ret);
	atomic_fetch_add(&site->answers[ret->status / 100 % WEB_CODES], 1);
	if (ret->refusal)
		atomic_fetch_add(&site->refused, 1);
}

/* web_site_init() - a site without requests; its store and names are already set */
int web_site_init(struct web_site *site, struct tn_error *err)
{
	pthread_mutex_init(&site->lock, NULL);
	return tn_metrics_new(&site->metrics, err);
}

void web_site_clear(struct web_site *site)
{
	if (site->metrics)
		tn_metrics_free(site->metrics);
	site->metrics = NULL;
	pthread_mutex_destroy(&site->lock);
}
