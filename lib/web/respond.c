// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An answer as a response of libmicrohttpd. It is whole in memory, so that a slow client holds memory but no thread;
 * how much all of them hold has a limit. Every answer carries the headers that keep a browser from being used against
 * who looks at it.
 */
#include <microhttpd.h>

#include "report/dashboard.h"
#include "web/internal.h"

/* An answer's body; libmicrohttpd says when it is through with it. */
struct payload {
	_Atomic size_t *bytes; /* of all */
	char *body;
	size_t size;
};

static const struct {
	const char *name, *value;
} headers[] = {
	{"Content-Security-Policy", TN_DASHBOARD_POLICY "; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
};

static void let_go(void *cls)
{
	struct payload *p = cls;

	atomic_fetch_sub(p->bytes, p->size);
	free(p->body);
	free(p);
}

/* Takes the body of @a; NULL when there is no room for it. */
static struct MHD_Response *wrap(struct web_answer *a, _Atomic size_t *bytes)
{
	struct payload *p = calloc(1, sizeof(*p));
	struct MHD_Response *response;

	if (!p)
		return NULL;
	*p = (struct payload){.bytes = bytes, .size = a->size};
	p->body = tn_steal_ptr(a->body);
	if (atomic_fetch_add(bytes, p->size) + p->size > WEB_BODIES_MAX) {
		let_go(p);
		return NULL;
	}
	response = MHD_create_response_from_buffer_with_free_callback_cls(p->size, p->body ? p->body : "", let_go, p);
	if (!response)
		let_go(p);
	return response;
}

static bool add_headers(struct MHD_Response *response, const struct web_answer *a)
{
	const char *cache = a->for_ever ? "public, max-age=31536000, immutable" : "no-cache";
	bool good = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a->type) == MHD_YES &&
		    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache) == MHD_YES;

	for (size_t i = 0; i < TN_ARRAY_SIZE(headers) && good; i++)
		good = MHD_add_response_header(response, headers[i].name, headers[i].value) == MHD_YES;
	if (good && a->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		good = MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD") == MHD_YES;
	if (good && a->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		good = MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "10") == MHD_YES;
	if (good && a->location[0])
		good = MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, a->location) == MHD_YES;
	return good;
}

/*
 * web_respond() - send an answer
 * @connection: to whom
 * @a: the answer; its body is taken
 * @bytes: of all answers that have not been sent yet
 *
 * Return: false when it cannot be: there is no memory for it, or others hold too much.
 */
bool web_respond(struct MHD_Connection *connection, struct web_answer *a, _Atomic size_t *bytes)
{
	struct MHD_Response *response = wrap(a, bytes);
	bool good;

	if (!response)
		return false;
	good = add_headers(response, a) && MHD_queue_response(connection, a->status, response) == MHD_YES;
	MHD_destroy_response(response);
	return good;
}
