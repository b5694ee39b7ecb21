// SPDX-License-Identifier: GPL-2.0-or-later
/* Verb version: what a report of a bug should start with. */
#include <errno.h>

#include "base/ticks.h"
#include "cli/cli.h"
#include "tn-config.h"
#include "varlink/interface.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#elif defined(__GNUC__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/**
 * cli_version() - verb version
 * @cli: --json
 * @err: message
 *
 * Return: exit status or -ENOMEM.
 */
int cli_version(const struct cli *cli, struct tn_error *err)
{
	cli_autojson cJSON *json = NULL;
	int r;

	if (!cli->args.json) {
		printf("tlbnoise %s\n", TN_VERSION);
		printf("architecture  %s, trace clock %s\n", TN_ARCH, TN_TRACE_CLOCK[0] ? TN_TRACE_CLOCK : "none");
		printf("document      %s\n", TN_RUN_SCHEMA);
		printf("interface     %s\n", TN_INTERFACE);
		printf("compiler      %s%s\n", COMPILER, SANITIZED ? ", AddressSanitizer" : "");
		return CLI_FINE;
	}
	json = cJSON_CreateObject();
	if (!cJSON_AddStringToObject(json, "version", TN_VERSION) ||
	    !cJSON_AddStringToObject(json, "architecture", TN_ARCH) ||
	    !cJSON_AddStringToObject(json, "trace_clock", TN_TRACE_CLOCK) ||
	    !cJSON_AddStringToObject(json, "schema", TN_RUN_SCHEMA) ||
	    !cJSON_AddStringToObject(json, "interface", TN_INTERFACE) ||
	    !cJSON_AddStringToObject(json, "compiler", COMPILER) ||
	    !cJSON_AddBoolToObject(json, "address_sanitizer", SANITIZED))
		return tn_error_set(err, -ENOMEM, "no memory for the JSON");
	r = cli_print_json(json, false, err);
	return r < 0 ? r : CLI_FINE;
}
