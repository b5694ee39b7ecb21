// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a path to a page. A path may be anything: what names no page is -ENOENT, and nothing of it gets into a page
 * unless it is the name of something in the store.
 */
#include "report/dashboard.h"

#include <errno.h>
#include <string.h>

#include "report/dashboard-parts.h"

#define SLASHES 8 /* in the name of a host or scenario, that are tried */

size_t dash_assets(struct dash_asset *ret, size_t max)
{
	const struct dash_asset asset[] = {
		{report_web_style_name, "text/css; charset=utf-8", report_web_style, report_web_style_size},
		{report_web_script_name, "text/javascript; charset=utf-8", report_web_script, report_web_script_size},
		{dashboard_web_style_name, "text/css; charset=utf-8", dashboard_web_style, dashboard_web_style_size},
		{dashboard_web_script_name, "text/javascript; charset=utf-8", dashboard_web_script,
		 dashboard_web_script_size},
		{dashboard_web_icon_name, "image/svg+xml", dashboard_web_icon, dashboard_web_icon_size},
	};
	size_t n = max < TN_ARRAY_SIZE(asset) ? max : TN_ARRAY_SIZE(asset);

	memcpy(ret, asset, n * sizeof(*ret));
	return n;
}

static int put_asset(const struct dash *d, const char *name, const char **ret_type)
{
	struct dash_asset asset[16];
	size_t n = dash_assets(asset, TN_ARRAY_SIZE(asset));

	for (size_t i = 0; i < n; i++)
		if (!strcmp(asset[i].name, name)) {
			fwrite(asset[i].data, 1, asset[i].size, d->out);
			*ret_type = asset[i].type;
			return 0;
		}
	return -ENOENT;
}

/* "HOST/NAME": either may have a slash in it, so each place to part them is tried. */
static int put_scenario(struct dash *d, const char *rest, struct tn_error *err)
{
	const char *slash = strchr(rest, '/');
	char host[128];

	for (unsigned int i = 0; slash && i < SLASHES; i++, slash = strchr(slash + 1, '/')) {
		int r = -ENOENT;

		if (snprintf(host, sizeof(host), "%.*s", (int)(slash - rest), rest) < (int)sizeof(host))
			r = dash_scenario(d, host, slash + 1, err);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

/* "A/B": ids have no slash. */
static int put_comparison(struct dash *d, const char *rest, struct tn_error *err)
{
	size_t n = strcspn(rest, "/");
	char a[40];

	if (!rest[n] || n >= sizeof(a))
		return -ENOENT;
	memcpy(a, rest, n);
	a[n] = '\0';
	return dash_compare(d, a, rest + n + 1, err);
}

static const char *behind(const char *path, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(path, prefix, n) ? NULL : path + n;
}

static int put_page(struct dash *d, const char *path, const char **ret_type, struct tn_error *err)
{
	const char *rest;

	*ret_type = "text/html; charset=utf-8";
	if (!strcmp(path, "/"))
		return dash_overview(d, err);
	d->depth = 1;
	rest = behind(path, "/run/");
	if (rest)
		return dash_run(d, rest, err);
	rest = behind(path, "/assets/");
	if (rest)
		return put_asset(d, rest, ret_type);
	d->depth = 2;
	rest = behind(path, "/scenario/");
	if (rest)
		return put_scenario(d, rest, err);
	rest = behind(path, "/compare/");
	return rest ? put_comparison(d, rest, err) : -ENOENT;
}

int dash_page(struct tn_store *store, const char *path, const struct tn_dashboard_options *opt, struct dash_site *site,
	      FILE *out, const char **ret_type, struct tn_error *err)
{
	struct dash d = {.store = store, .opt = opt, .out = out, .site = site};
	const char *type;
	int r = put_page(&d, path, &type, err);

	if (r == -ENOENT)
		return tn_error_set(err, r, "there is no page %.200s", path);
	if (r < 0)
		return r;
	if (fflush(out) || ferror(out))
		return tn_error_set(err, errno == EPIPE ? -EPIPE : -EIO, "cannot write the page %.200s: %s", path,
				    strerror(errno));
	*ret_type = type;
	return 0;
}

/**
 * tn_dashboard_page() - a page of the dashboard, or what belongs to it
 * @store: what it is about; reading is enough
 * @path: decoded, without a query; see the header for those there are
 * @opt: how
 * @out: where to; it may have got a part after a failure
 * @ret_type: its MIME type, a static string; untouched on failure
 * @err: what failed
 *
 * A page is made of the store as it is when it is read. A run that comes or goes in between is on the page or not, but
 * a link may lead to a run that has gone: -ENOENT then.
 *
 * Return: 0; -ENOENT for a page that is not there; -EBADMSG for a document that cannot be read; -ENOMEM; -EIO or -EPIPE
 * when @out cannot be written; another negative errno of the store.
 */
int tn_dashboard_page(struct tn_store *store, const char *path, const struct tn_dashboard_options *opt, FILE *out,
		      const char **ret_type, struct tn_error *err)
{
	return dash_page(store, path, opt, NULL, out, ret_type, err);
}
