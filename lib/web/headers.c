// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two headers of a request that count. Host: a page of somebody else that has its own name resolve to 127.0.0.1
 * makes a browser on this machine ask us on its behalf, and read the answer as its own ("DNS rebinding"). It cannot
 * make it send another Host than that name. So names that are not known to be ours are refused; addresses are not.
 * Accept: which format of metrics the client prefers, RFC 9110, 12.5.1.
 */
#include <arpa/inet.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "web/internal.h"

/* The name without port, and without the brackets of an address. */
static bool strip(const char *host, char *buf, size_t size)
{
	bool brackets = *host == '[';
	size_t n;

	host += brackets;
	n = strcspn(host, brackets ? "]" : ":");
	if (n >= size)
		return false;
	memcpy(buf, host, n);
	buf[n] = '\0';
	return true;
}

static bool is_address(const char *host)
{
	struct in6_addr any;

	return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

static bool matches_one(const char *host, const char *names)
{
	char pattern[256];

	while (names && *names) {
		size_t n = strcspn(names, ",");

		if (n < sizeof(pattern)) {
			memcpy(pattern, names, n);
			pattern[n] = '\0';
			if (fnmatch(pattern, host, FNM_CASEFOLD) == 0)
				return true;
		}
		names += n + (names[n] == ',');
	}
	return false;
}

/* web_host_allowed() - whether a Host header may name this server; NULL: a client that sends none is no browser */
bool web_host_allowed(const char *host, const char *names)
{
	char name[256], own[256] = "";

	if (!host)
		return true;
	if (!strip(host, name, sizeof(name)))
		return false;
	gethostname(own, sizeof(own) - 1);
	return is_address(name) || !strcasecmp(name, "localhost") || (*own && !strcasecmp(name, own)) ||
	       matches_one(name, names);
}

/* "0.75" in thousandths; 1000 for what is no weight, as if it were not there. */
static unsigned int weight_of(const char *text)
{
	char *end;
	double q = *text >= '0' && *text <= '9' ? strtod(text, &end) : 1.0;

	return q >= 0.0 && q <= 1.0 ? (unsigned int)(q * 1000.0) : 1000;
}

/* One range of Accept, taken apart. */
struct range {
	const char *type, *version;
	unsigned int weight;
};

static struct range parse_range(char *text)
{
	struct range range = {.type = "", .version = "", .weight = 1000};
	char *save = NULL, *word = strtok_r(text, "; \t", &save);

	range.type = word ? word : "";
	while (word && (word = strtok_r(NULL, "; \t", &save))) {
		if (!strncasecmp(word, "q=", 2))
			range.weight = weight_of(word + 2);
		else if (!strncasecmp(word, "version=", 8))
			range.version = word + 8;
	}
	return range;
}

static void raise_to(unsigned int *weight, unsigned int by)
{
	if (by > *weight)
		*weight = by;
}

/* web_accept_metrics() - what a scraper prefers; the older format where it does not say */
enum tn_exposition_format web_accept_metrics(const char *accept)
{
	unsigned int open = 0, old = 0;

	while (accept && *accept) {
		size_t n = strcspn(accept, ",");
		char text[128];
		struct range range;

		snprintf(text, sizeof(text), "%.*s", (int)(n < sizeof(text) ? n : 0), accept);
		range = parse_range(text);
		/* Versions before 1.0.0 are other formats; 1.0.0 is what no version means. */
		if (!strcasecmp(range.type, "application/openmetrics-text") &&
		    (!*range.version || !strcmp(range.version, "1.0.0")))
			raise_to(&open, range.weight);
		else if (!strcasecmp(range.type, "text/plain") || !strcasecmp(range.type, "text/*"))
			raise_to(&old, range.weight);
		accept += n + (accept[n] == ',');
	}
	return open && open >= old ? TN_EXPOSITION_OPENMETRICS : TN_EXPOSITION_PROMETHEUS;
}
