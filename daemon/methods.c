// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The methods of io.tlbnoise: parameters in, jobs and answers out. A call of Run is held until the run is over; with
 * "more" it gets progress in between, which is skipped rather than queued for a client that does not read.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "system/paths.h"
#include "tn-config.h"

/**
 * daemon_fail() - answer a call with an error of our interface
 * @call: the call
 * @error: its name below io.tlbnoise
 * @text: the message for the user
 */
void daemon_fail(struct tn_varlink_call *call, const char *error, const char *text)
{
	cJSON *parameters = cJSON_CreateObject();
	char name[64];

	cJSON_AddStringToObject(parameters, "message", text);
	snprintf(name, sizeof(name), "io.tlbnoise.%s", error);
	tn_varlink_error(call, name, parameters);
}

static struct tn_run *new_document(struct daemon *d, const char *text, const char *const *overrides)
{
	struct tn_run *doc = NULL;
	size_t n = 0;

	if (tn_run_new(&doc, NULL) < 0)
		return NULL;
	while (overrides[n])
		n++;
	doc->scenario_text = strdup(text);
	doc->override = calloc(n + 1, sizeof(*doc->override));
	for (size_t i = 0; doc->override && i < n; i++) {
		doc->override[i] = strdup(overrides[i]);
		doc->n_overrides++;
	}
	for (size_t i = 0; i < d->n_recovered; i++)
		tn_run_add_finding(doc, TN_FINDING_INFO, -1, "recovered", "%s", d->recovered[i]);
	return doc;
}

/* What Run may be given; pointers into the message. */
struct request {
	const char *name, *text; /* no text: a scenario of ours by its name */
	const char **overrides;
	int priority;
	bool detach, attached, no_wait;
};

static void request_free(const struct request *q)
{
	free(q->overrides);
}

static bool read_flag(const cJSON *parameters, const char *name, bool *ret)
{
	const cJSON *flag = cJSON_GetObjectItemCaseSensitive(parameters, name);

	*ret = cJSON_IsTrue(flag);
	return !flag || cJSON_IsNull(flag) || cJSON_IsBool(flag);
}

static bool read_priority(const cJSON *parameters, int *ret)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(parameters, "priority");

	*ret = JOB_PRIORITY_DEFAULT;
	if (!item || cJSON_IsNull(item))
		return true;
	if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > JOB_PRIORITY_MAX)
		return false;
	*ret = (int)item->valuedouble;
	return true;
}

/* Takes what it finds into @q->overrides, the caller's to free. */
static bool read_overrides(const cJSON *parameters, struct request *q)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(parameters, "overrides"), *item;
	size_t n = 0;

	if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list))
		return false;
	q->overrides = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*q->overrides));
	if (!q->overrides)
		return false;
	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item))
			return false;
		q->overrides[n++] = item->valuestring;
	}
	return true;
}

/* Returns the parameter that is wrong, NULL when all is well. */
static const char *read_request(const cJSON *parameters, struct request *q)
{
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(parameters, "text");

	q->name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parameters, "name"));
	q->text = cJSON_GetStringValue(text);
	if (!q->name || !*q->name)
		return "name";
	if (text && !cJSON_IsNull(text) && !cJSON_IsString(text))
		return "text";
	if (!read_overrides(parameters, q))
		return "overrides";
	if (!read_priority(parameters, &q->priority))
		return "priority";
	if (!read_flag(parameters, "detach", &q->detach))
		return "detach";
	if (!read_flag(parameters, "attached", &q->attached) || (q->attached && q->detach))
		return "attached";
	return read_flag(parameters, "no_wait", &q->no_wait) ? NULL : "no_wait";
}

/* A name is a name: what could lead out of the folders of scenarios is none. */
static bool is_scenario_name(const char *name)
{
	size_t len = strlen(name),
	       valid = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	return len && len < 64 && valid == len && name[0] != '.' && !(len >= 4 && !strcmp(name + len - 4, ".ini"));
}

static int load_scenario(const char *name, char **ret, char path[512], struct tn_error *err)
{
	int r;

	if (!is_scenario_name(name))
		return tn_error_set(
			err, -EINVAL,
			"without a text, name is that of a scenario: up to 63 letters, digits, '.', '_' and '-'");
	r = tn_path_scenario(name, path, 512, err);
	return r < 0 ? r : tn_scenario_load(path, ret, err);
}

static struct job *new_job(struct daemon *d, const struct request *q, struct tn_error *err)
{
	tn_cleanup(job_freep) struct job *job = calloc(1, sizeof(*job));
	tn_autofree char *loaded = NULL;
	const char *text = q->text, *name = q->name;
	char path[512];

	if (job)
		job->scenario = calloc(1, sizeof(*job->scenario));
	if (!job || !job->scenario) {
		tn_error_set(err, -ENOMEM, "out of memory for a scenario");
		return NULL;
	}
	if (!text) {
		if (load_scenario(q->name, &loaded, path, err) < 0)
			return NULL;
		text = loaded;
		name = path;
	}
	if (tn_scenario_parse(text, strlen(text), name, q->overrides, job->scenario, err) < 0)
		return NULL;
	job->doc = new_document(d, text, q->overrides);
	if (!job->doc) {
		tn_error_set(err, -ENOMEM, "out of memory for a run document");
		return NULL;
	}
	run_name(job->doc);
	memcpy(job->id, job->doc->id, sizeof(job->id));
	job->priority = q->priority;
	job->detach = q->detach;
	job->attached = q->attached;
	job->asked_ns = tn_now_ns(CLOCK_MONOTONIC);
	return tn_steal_ptr(job);
}

static void method_run(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	tn_cleanup(request_free) struct request q = {0};
	const char *wrong = read_request(parameters, &q);
	struct daemon *d = userdata;
	struct tn_error err = {0};
	struct job *job;

	if (wrong)
		return (void)tn_varlink_invalid_parameter(call, wrong);
	job = new_job(d, &q, &err);
	if (!job)
		return daemon_fail(call, err.code == -ENOMEM ? "Failed" : "BadScenario", err.text);
	job->uid = tn_varlink_peer_uid(call);
	job->pid = tn_varlink_peer_pid(call);
	job->call = call;
	jobs_add(d, job, !q.no_wait);
}

static void method_status(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct daemon *d = userdata;
	cJSON *reply = cJSON_CreateObject(), *runs, *waiting, *recovered;
	const struct job *job;

	(void)parameters;
	cJSON_AddStringToObject(reply, "version", TN_VERSION);
	cJSON_AddNumberToObject(reply, "pid", getpid());
	cJSON_AddBoolToObject(reply, "service", !d->private);
	recovered = cJSON_AddArrayToObject(reply, "recovered");
	for (size_t i = 0; i < d->n_recovered; i++)
		cJSON_AddItemToArray(recovered, cJSON_CreateString(d->recovered[i]));
	runs = cJSON_AddArrayToObject(reply, "runs");
	if (d->run && d->run->phase != RUN_DONE)
		cJSON_AddItemToArray(runs, daemon_progress(d->run));
	waiting = cJSON_AddArrayToObject(reply, "queue");
	TAILQ_FOREACH(job, &d->queue.jobs, link)
	cJSON_AddItemToArray(waiting, daemon_waiting(d, job));
	tn_varlink_reply(call, reply);
}

static void method_stop(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct daemon *d = userdata;
	const cJSON *run = cJSON_GetObjectItemCaseSensitive(parameters, "run");
	const char *id;
	cJSON *reply;

	if (run && !cJSON_IsString(run))
		return (void)tn_varlink_invalid_parameter(call, "run");
	if (run && *run->valuestring)
		id = run->valuestring;
	else if (d->run && d->run->phase != RUN_DONE)
		id = d->job->id;
	else
		return daemon_fail(call, "NoSuchRun", "no run is in progress");
	reply = cJSON_CreateObject();
	cJSON_AddStringToObject(reply, "run", id);
	if (jobs_stop(d, id))
		return (void)tn_varlink_reply(call, reply);
	cJSON_Delete(reply);
	daemon_fail(call, "NoSuchRun", "no such run is in progress or waits: see tlbnoise status");
}

/**
 * daemon_disconnected() - a client has gone
 * @c: its connection
 * @userdata: the daemon
 *
 * A run of the service goes on unless its client asked otherwise. A private daemon belongs to its client: when the last
 * connection is gone it withdraws and ends.
 */
void daemon_disconnected(struct tn_varlink_connection *c, void *userdata)
{
	struct daemon *d = userdata;
	bool was_runner = d->job && d->job->call && tn_varlink_connection_of(d->job->call) == c;

	daemon_unwatch(d, c);
	jobs_client_gone(d, c);
	if (!d->private)
		return;
	if (--d->n_private == 0 || was_runner)
		sd_event_exit(d->event, 0);
}

const struct tn_varlink_method daemon_methods[] = {
	{"io.tlbnoise.Run", method_run, false},
	{"io.tlbnoise.Status", method_status, false},
	{"io.tlbnoise.Watch", daemon_watch, true},
	{"io.tlbnoise.Stop", method_stop, false},
	{NULL, NULL, false},
};
