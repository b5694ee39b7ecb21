// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The methods of io.tlbnoise. A call of Run is held until the run is over; with "more" it gets progress
 * in between, and notifications are skipped rather than queued for a client that does not read.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "daemon.h"
#include "tn-config.h"

#define PROGRESS_US     250000u
#define QUEUE_MAX_BYTES (256u * 1024)

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

static uint64_t lost_so_far(const struct run *run)
{
	struct tn_trace_stats stats = {0};
	uint64_t lost = run->doc->lost.ring;

	for (size_t i = 0; i < run->n_probes; i++)
		if (run->probe[i].handle.shm && probe_state(&run->probe[i]) >= TN_PROBE_RUNNING)
			lost += run->probe[i].handle.shm->result.lost; /* before, calibration uses the same counters */
	if (run->trace)
		tn_trace_counts(run->trace, &stats);
	return lost + stats.missed + stats.undecoded;
}

static void add_worst(cJSON *j, const struct run *run)
{
	uint64_t interruptions = 0, worst = 0;
	int worst_cpu = -1;

	for (size_t i = 0; i < run->doc->n_cpus; i++)
		interruptions += run->doc->cpu[i].interruptions.count;
	tn_cpus_for_each(cpu, &run->plan.probed) {
		const struct tn_cpu_tally *t = run->attribution ? tn_attribution_tally(run->attribution, cpu) : NULL;

		if (!t)
			continue;
		/* What the window of this round has so far; the document has those that are over. */
		interruptions += run_spins(run) && t->round == run->doc->rounds_done ? t->interruptions : 0;
		if (t->max_ticks > worst) {
			worst = t->max_ticks;
			worst_cpu = t->cpu;
		}
	}
	cJSON_AddNumberToObject(j, "interruptions", (double)interruptions);
	cJSON_AddNumberToObject(j, "worst_ns", tn_ticks_to_ns(&run->plan.clock, (double)worst));
	cJSON_AddNumberToObject(j, "worst_cpu", worst_cpu);
}

/**
 * daemon_progress() - where a run is
 * @run: the run
 *
 * Return: a Progress object; the caller's.
 */
cJSON *daemon_progress(const struct run *run)
{
	const struct tn_scenario *s = &run->plan.scenario;
	uint64_t now = tn_now_ns(CLOCK_MONOTONIC), elapsed = now - run->started_ns, window = 0;
	const struct plan_step *step = run_step(run);
	uint64_t left = (uint64_t)(s->rounds - run->round) * plan_round_ns(&run->plan, run->plan.n_steps);
	cJSON *j = cJSON_CreateObject();

	if (run->round < s->rounds)
		left -= plan_round_ns(&run->plan, run->step);
	if (run->phase == RUN_MEASURING && now > run->window_ns)
		window = now - run->window_ns < step->duration_ns ? now - run->window_ns : step->duration_ns;
	if (run->phase == RUN_MEASURING)
		left -= step->warmup_ns + window;
	if (run->phase == RUN_COLLECTING)
		left -= step->warmup_ns + step->duration_ns;
	if (run->phase == RUN_DONE)
		left = 0;
	cJSON_AddStringToObject(j, "run", run->doc->id);
	cJSON_AddStringToObject(j, "scenario", s->name);
	cJSON_AddStringToObject(j, "state", run_phase_name(run->phase));
	cJSON_AddNumberToObject(j, "round", run->round < s->rounds ? run->round + 1 : s->rounds);
	cJSON_AddNumberToObject(j, "rounds", s->rounds);
	cJSON_AddNumberToObject(j, "window_elapsed_ms", (double)(window / 1000000));
	cJSON_AddNumberToObject(j, "window_total_ms", (double)(step->duration_ns / 1000000));
	cJSON_AddNumberToObject(j, "elapsed_ms", (double)(elapsed / 1000000));
	cJSON_AddNumberToObject(j, "estimated_total_ms", (double)((elapsed + left) / 1000000));
	add_worst(j, run);
	cJSON_AddNumberToObject(j, "lost", (double)lost_so_far(run));
	cJSON_AddStringToObject(j, "kind", tn_probe_kind_name(step->kind));
	return j;
}

/* Only what is new: each message wakes the service manager, and one that does not read would hold us up. */
static void tell_manager(struct daemon *d, const char *status)
{
	if (!strcmp(d->told, status))
		return;
	snprintf(d->told, sizeof(d->told), "%s", status);
	sd_notifyf(0, "STATUS=%s", status);
}

static int on_progress(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct daemon *d = userdata;
	char status[sizeof(d->told)];
	cJSON *reply;

	(void)usec;
	if (!d->run || d->run->phase == RUN_DONE)
		return 0;
	snprintf(status, sizeof(status), "%s: round %u of %u, %s", d->run->plan.scenario.name, d->run->round + 1,
		 d->run->plan.scenario.rounds, run_phase_name(d->run->phase));
	tell_manager(d, status);
	if (d->runner && tn_varlink_wants_more(d->runner) && tn_varlink_queued(d->runner) < QUEUE_MAX_BYTES) {
		reply = cJSON_CreateObject();
		cJSON_AddItemToObject(reply, "progress", daemon_progress(d->run));
		tn_varlink_notify(d->runner, reply);
	}
	sd_event_source_set_time_relative(source, PROGRESS_US);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_reap(sd_event_source *source, void *userdata)
{
	struct daemon *d = userdata;

	(void)source;
	d->reaper = sd_event_source_disable_unref(d->reaper);
	run_free(d->run);
	d->run = NULL;
	tell_manager(d, "idle");
	if (d->leaving)
		sd_event_exit(d->event, 0);
	return 0;
}

static void on_done(struct run *run, struct tn_run *doc, struct tn_error *err, void *userdata)
{
	struct daemon *d = userdata;
	struct tn_error json_err = {0};
	cJSON *document = NULL, *reply;

	(void)run;
	d->progress = sd_event_source_disable_unref(d->progress);
	sd_event_add_defer(d->event, &d->reaper, on_reap, d);
	if (!d->runner)
		return;
	if (doc && tn_run_to_json(doc, &document, &json_err) < 0)
		err = &json_err;
	if (!document) {
		daemon_fail(d->runner, "Failed", err->text);
	} else {
		reply = cJSON_CreateObject();
		cJSON_AddItemToObject(reply, "document", document);
		tn_varlink_reply(d->runner, reply);
	}
	d->runner = NULL;
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

static void start_run(struct daemon *d, struct tn_varlink_call *call, const char *name, const char *text,
		      const char *const *overrides)
{
	tn_autofree struct tn_scenario *scenario = calloc(1, sizeof(*scenario));
	struct tn_error err = {0};
	struct tn_run *doc;
	int r;

	if (!scenario)
		return daemon_fail(call, "Failed", "out of memory for a scenario");
	r = tn_scenario_parse(text, strlen(text), name, overrides, scenario, &err);
	if (r < 0)
		return daemon_fail(call, "BadScenario", err.text);
	doc = new_document(d, text, overrides);
	if (!doc)
		return daemon_fail(call, "Failed", "out of memory for a run document");
	r = run_start(d->event, &d->log, &d->config, doc, scenario, on_done, d, &d->run, &err);
	if (r < 0)
		return daemon_fail(call, r == -EBUSY ? "Busy" : "NotPossible", err.text);
	d->runner = call;
	tn_log(&d->log, LOG_INFO, "run %s: scenario %s for pid %d, uid %u", d->run->doc->id, scenario->name,
	       tn_varlink_peer_pid(call), tn_varlink_peer_uid(call));
	sd_event_add_time_relative(d->event, &d->progress, CLOCK_MONOTONIC, 0, 10000, on_progress, d);
}

static void method_run(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct daemon *d = userdata;
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(parameters, "name");
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(parameters, "text");
	const cJSON *overrides = cJSON_GetObjectItemCaseSensitive(parameters, "overrides");
	tn_autofree const char **list = NULL;
	const cJSON *item;
	size_t n = 0;

	if (!cJSON_IsString(name) || !*name->valuestring)
		return (void)tn_varlink_invalid_parameter(call, "name");
	if (!cJSON_IsString(text))
		return (void)tn_varlink_invalid_parameter(call, "text");
	if (overrides && !cJSON_IsArray(overrides))
		return (void)tn_varlink_invalid_parameter(call, "overrides");
	list = calloc((size_t)cJSON_GetArraySize(overrides) + 1, sizeof(*list));
	if (!list)
		return daemon_fail(call, "Failed", "out of memory for overrides");
	cJSON_ArrayForEach(item, overrides) {
		if (!cJSON_IsString(item))
			return (void)tn_varlink_invalid_parameter(call, "overrides");
		list[n++] = item->valuestring;
	}
	if (d->leaving)
		return daemon_fail(call, "Busy", "the daemon is about to end: try again in a moment");
	if (d->run)
		return daemon_fail(call, "Busy",
				   "another run is in progress: see tlbnoise status; tlbnoise stop ends it");
	start_run(d, call, name->valuestring, text->valuestring, list);
}

static void method_status(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct daemon *d = userdata;
	cJSON *reply = cJSON_CreateObject(), *runs, *recovered;

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
	tn_varlink_reply(call, reply);
}

static void method_stop(struct tn_varlink_call *call, const cJSON *parameters, void *userdata)
{
	struct daemon *d = userdata;
	const cJSON *run = cJSON_GetObjectItemCaseSensitive(parameters, "run");
	cJSON *reply;

	if (run && !cJSON_IsString(run))
		return (void)tn_varlink_invalid_parameter(call, "run");
	if (!d->run || d->run->phase == RUN_DONE)
		return daemon_fail(call, "NoSuchRun", "no run is in progress");
	if (run && *run->valuestring && strcmp(run->valuestring, d->run->doc->id))
		return daemon_fail(call, "NoSuchRun", "no such run is in progress: see tlbnoise status");
	run_stop(d->run);
	reply = cJSON_CreateObject();
	cJSON_AddStringToObject(reply, "run", d->run->doc->id);
	tn_varlink_reply(call, reply);
}

/**
 * daemon_disconnected() - a client has gone
 * @c: its connection
 * @userdata: the daemon
 *
 * A run of the service goes on. A private daemon belongs to its client: when the last connection is gone
 * it withdraws and ends.
 */
void daemon_disconnected(struct tn_varlink_connection *c, void *userdata)
{
	struct daemon *d = userdata;
	bool was_runner = d->runner && tn_varlink_connection_of(d->runner) == c;

	daemon_unwatch(d, c);
	if (was_runner)
		d->runner = NULL;
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
