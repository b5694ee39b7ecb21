// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be run here: scenarios, sources, and what this machine and this user allow. The answers come
 * from the functions that the daemon asks too, and are kept as JSON, so that text and JSON say the same.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "churn/churn.h"
#include "cli/cli.h"
#include "scenario/scenario.h"
#include "scenario/set.h"
#include "system/features.h"
#include "system/paths.h"
#include "system/topology.h"

#define DIRS   16
#define SUFFIX ".ini"

static bool have_scenario(const cJSON *scenarios, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, scenarios) {
		if (!strcmp(cli_json_text(item, "name"), name))
			return true;
	}
	return false;
}

static int describe_set(cJSON *item, const struct tn_set *set, struct tn_error *err)
{
	cJSON *names = cJSON_AddArrayToObject(item, "set");

	for (size_t i = 0; i < set->n; i++)
		cJSON_AddItemToArray(names, cJSON_CreateString(set->scenario[i]));
	if (!cJSON_AddStringToObject(item, "description", set->description) || cJSON_GetArraySize(names) != (int)set->n)
		return tn_error_set(err, -ENOMEM, "no memory for the list");
	return 0;
}

static int describe(cJSON *item, const char *path, const char *text, struct tn_error *err)
{
	tn_autofree struct tn_scenario *scenario = NULL;
	struct tn_set set;
	int r;

	if (tn_set_is(text)) {
		r = tn_set_parse(text, strlen(text), path, &set, err);
		return r < 0 ? r : describe_set(item, &set, err);
	}
	r = cli_scenario_check(path, text, NULL, &scenario, err);
	if (r == 0 && !cJSON_AddStringToObject(item, "description", scenario->description))
		return tn_error_set(err, -ENOMEM, "no memory for the list");
	return r;
}

/* A scenario that does not parse is listed with its mistake: it shadows those of its name behind it. */
static int add_scenario(cJSON *scenarios, const char *dir, const char *file, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	size_t len = strlen(file) - strlen(SUFFIX);
	struct tn_error why = {0};
	tn_autofree char *path = NULL;
	char name[NAME_MAX + 1];
	cJSON *item;
	int r;

	snprintf(name, sizeof(name), "%.*s", (int)len, file);
	if (have_scenario(scenarios, name))
		return 0;
	if (asprintf(&path, "%s/%s", dir, file) < 0)
		path = NULL;
	item = cJSON_CreateObject();
	if (!path || !item || !cJSON_AddItemToArray(scenarios, item))
		return tn_error_set(err, -ENOMEM, "no memory for the list");
	if (!cJSON_AddStringToObject(item, "name", name) || !cJSON_AddStringToObject(item, "path", path))
		return tn_error_set(err, -ENOMEM, "no memory for the list");
	r = tn_scenario_load(path, &text, &why);
	if (r == 0)
		r = describe(item, path, text, &why);
	if (r < 0 && !cJSON_AddStringToObject(item, "error", why.text))
		return tn_error_set(err, -ENOMEM, "no memory for the list");
	return 0;
}

static int is_scenario(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(SUFFIX) && entry->d_name[0] != '.' && !strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX);
}

static int add_directory(cJSON *scenarios, const char *dir, struct tn_error *err)
{
	struct dirent **entry;
	int r = 0, n = scandir(dir, &entry, is_scenario, alphasort);

	if (n < 0)
		return 0; /* a directory of the search path need not exist */
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add_scenario(scenarios, dir, entry[i]->d_name, err);
		free(entry[i]);
	}
	free(entry);
	return r;
}

/**
 * cli_inventory_scenarios() - the scenarios found, in the order of the search path
 * @scenarios: array to fill with name, path, and description or error; of sets also with set, their scenarios
 * @err: message
 *
 * Return: 0 or -ENOMEM.
 */
int cli_inventory_scenarios(cJSON *scenarios, struct tn_error *err)
{
	char dirs[DIRS][512];
	int r = 0, n = tn_path_scenario_dirs(dirs, DIRS);

	for (int i = 0; i < n && r == 0; i++)
		r = add_directory(scenarios, dirs[i], err);
	return r;
}

/**
 * cli_inventory_sources() - the sources of churn
 * @sources: array to fill with name, summary, provokes, operation, runs_here and, when it does not, reason
 * @err: message
 *
 * Return: 0 or -ENOMEM.
 */
int cli_inventory_sources(cJSON *sources, struct tn_error *err)
{
	const struct tn_churn_source *s;

	for (size_t i = 0; (s = tn_churn_at(i)); i++) {
		struct tn_error why = {0};
		bool runs = s->check(&why) == 0;
		cJSON *item = cJSON_CreateObject();

		if (!cJSON_AddItemToArray(sources, item) || !cJSON_AddStringToObject(item, "name", s->name) ||
		    !cJSON_AddStringToObject(item, "summary", s->summary) ||
		    !cJSON_AddStringToObject(item, "provokes", s->provokes) ||
		    !cJSON_AddStringToObject(item, "operation", s->operation) ||
		    !cJSON_AddBoolToObject(item, "runs_here", runs) ||
		    (!runs && !cJSON_AddStringToObject(item, "reason", why.text)))
			return tn_error_set(err, -ENOMEM, "no memory for the list");
	}
	return 0;
}

/* What a scenario with cpus = isolated would probe, and what it would say of it. */
static void probe_choice(const struct tn_topology *t, struct tn_cpus *ret, char *why, size_t size)
{
	struct tn_cpus apart = tn_cpus_or(&t->isolated, &t->nohz_full);

	*ret = tn_cpus_and(&apart, &t->online);
	if (!tn_cpus_empty(ret)) {
		snprintf(why, size, "isolated or nohz_full");
		return;
	}
	if (tn_cpus_last(&t->online) >= 0)
		tn_cpus_add(ret, (unsigned int)tn_cpus_last(&t->online));
	snprintf(why, size, "no CPU is isolated: a run takes the highest one and says so");
}

/**
 * cli_inventory_machine() - CPUs and trace level
 * @machine: object to fill
 * @err: message
 *
 * Return: 0 or a negative errno.
 */
int cli_inventory_machine(cJSON *machine, struct tn_error *err)
{
	char probe[TN_CPUS_TEXT], why_cpus[128], why_level[256] = "";
	struct tn_topology topology;
	struct tn_features features;
	enum tn_trace_level level;
	struct tn_cpus cpus;
	int r = tn_topology_read("", &topology, err);

	if (r < 0)
		return r;
	tn_features_read(&features);
	level = tn_features_best_level(&features, why_level, sizeof(why_level));
	probe_choice(&topology, &cpus, why_cpus, sizeof(why_cpus));
	tn_cpus_format(&cpus, probe, sizeof(probe));
	if (!cJSON_AddStringToObject(machine, "trace_level", tn_trace_level_name(level)) ||
	    !cJSON_AddStringToObject(machine, "trace_reason", why_level) ||
	    !cJSON_AddStringToObject(machine, "probe_cpus", probe) ||
	    !cJSON_AddStringToObject(machine, "probe_reason", why_cpus) ||
	    !cJSON_AddStringToObject(machine, "online_cpus", tn_cpus_format(&topology.online, probe, sizeof(probe))) ||
	    !cJSON_AddStringToObject(machine, "isolated_cpus",
				     tn_cpus_format(&topology.isolated, probe, sizeof(probe))) ||
	    !cJSON_AddStringToObject(machine, "nohz_full_cpus",
				     tn_cpus_format(&topology.nohz_full, probe, sizeof(probe))) ||
	    !cJSON_AddStringToObject(machine, "housekeeping_cpus",
				     tn_cpus_format(&topology.housekeeping, probe, sizeof(probe))) ||
	    !cJSON_AddBoolToObject(machine, "root", features.root))
		return tn_error_set(err, -ENOMEM, "no memory for the list");
	return 0;
}

/**
 * cli_scenario_check() - what the text of a scenario says
 * @path: where it lies, for messages
 * @text: of the file
 * @overrides: SECTION.KEY=VALUE, ends with NULL; or NULL
 * @ret: what it says, to be freed by the caller
 * @err: message with file:line
 *
 * Return: 0 or a negative errno.
 */
int cli_scenario_check(const char *path, const char *text, const char *const *overrides, struct tn_scenario **ret,
		       struct tn_error *err)
{
	tn_autofree struct tn_scenario *scenario = calloc(1, sizeof(*scenario));
	int r;

	if (!scenario)
		return tn_error_set(err, -ENOMEM, "no memory for the scenario");
	r = tn_scenario_parse(text, strlen(text), path, overrides, scenario, err);
	for (size_t i = 0; r == 0 && i < scenario->n_churn; i++)
		r = tn_churn_validate(&scenario->churn[i], err);
	if (r < 0)
		return r;
	*ret = tn_steal_ptr(scenario);
	return 0;
}

/**
 * cli_scenario_load() - find a scenario, read and check it
 * @name: name or path
 * @overrides: SECTION.KEY=VALUE, ends with NULL; or NULL
 * @path: where it lies
 * @size: of @path
 * @ret_text: the file's text, to be freed by the caller
 * @ret: what it says, likewise
 * @err: message with file:line
 *
 * Return: 0 or a negative errno.
 */
int cli_scenario_load(const char *name, const char *const *overrides, char *path, size_t size, char **ret_text,
		      struct tn_scenario **ret, struct tn_error *err)
{
	tn_autofree char *text = NULL;
	int r = tn_path_scenario(name, path, size, err);

	if (r == 0)
		r = tn_scenario_load(path, &text, err);
	if (r == 0)
		r = cli_scenario_check(path, text, overrides, ret, err);
	if (r < 0)
		return r;
	*ret_text = tn_steal_ptr(text);
	return 0;
}
