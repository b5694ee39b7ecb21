// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scenario from its text: defaults, the file, the overrides, and then what only shows when all is known.
 * What needs the machine (does the CPU exist, can the source run) is checked where the run is planned.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scenario/internal.h"

static int on_section(void *userdata, char *head, const struct tn_origin *at, struct tn_error *err)
{
	return tn_scenario_open_section(userdata, head, at, err);
}

static int on_pair(void *userdata, const char *key, const char *value, const struct tn_origin *at, struct tn_error *err)
{
	return tn_scenario_assign(userdata, key, value, at, err);
}

/* The name is the file name without folders and ".ini". */
static void name_scenario(struct tn_scenario *sc, const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	size_t len = strlen(base);

	tn_scenario_clean(file, strlen(file), sc->file, sizeof(sc->file));
	if (len > 4 && strcmp(base + len - 4, ".ini") == 0)
		len -= 4;
	tn_scenario_clean(base, len, sc->name, sizeof(sc->name));
}

static int check_quantum(const struct tn_scenario_parser *p, struct tn_error *err)
{
	const struct tn_origin none = {NULL, 0, NULL}, *at = &none;
	const struct tn_scenario_key *key;

	if (p->sc.probe.quantum_ns <= p->sc.duration_ns)
		return 0;
	/* The default quantum fits into the shortest window: a longer one was set somewhere, and that is named. */
	for (size_t i = 0; (key = tn_scenario_key_at(i)); i++)
		if (strcmp(key->key, "quantum") == 0)
			at = &p->key_at[0][i];
	return tn_scenario_fail(at, err, "quantum is longer than duration: a window has to hold many of them");
}

static int check_churn_metrics(const struct tn_scenario_parser *p, struct tn_error *err)
{
	const struct tn_scenario *sc = &p->sc;

	for (size_t i = 0; i < sc->n_expect; i++) {
		const char *name = sc->expect[i].metric + strlen("churn.");
		struct tn_nearest n = {.text = NULL};
		char wanted[sizeof(sc->churn[0].name)];
		size_t k;

		if (strncmp(sc->expect[i].metric, "churn.", 6) != 0)
			continue;
		snprintf(wanted, sizeof(wanted), "%.*s", (int)strcspn(name, "."), name);
		n.text = wanted;
		for (k = 0; k < sc->n_churn && strcmp(sc->churn[k].name, wanted) != 0; k++)
			tn_nearest_try(&n, sc->churn[k].name);
		if (k < sc->n_churn)
			continue;
		if (n.word[0])
			return tn_scenario_fail(&p->expect_at[i], err,
						"%s: there is no section [churn %s]: did you mean churn.%s.rate?",
						sc->expect[i].metric, wanted, n.word);
		return tn_scenario_fail(&p->expect_at[i], err, "%s: there is no section [churn %s]: add it",
					sc->expect[i].metric, wanted);
	}
	return 0;
}

/* Windows whose length was not set are as long as those of the probe. */
static void inherit_duration(struct tn_scenario *sc)
{
	uint64_t *const own[] = {&sc->entry.duration_ns, &sc->timer.duration_ns, &sc->reference.duration_ns};

	for (size_t i = 0; i < TN_ARRAY_SIZE(own); i++)
		if (!*own[i])
			*own[i] = sc->duration_ns;
}

static int read_all(struct tn_scenario_parser *p, const char *text, size_t len, const char *const *overrides,
		    struct tn_error *err)
{
	const struct tn_scenario_sink sink = {.section = on_section, .pair = on_pair, .userdata = p};
	static const char *const sections[] = {"scenario", "probe", "entry", "timer", "reference", "trace", "isolate"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < TN_ARRAY_SIZE(sections); i++)
		rc = tn_scenario_defaults(sections[i], &p->sc, err);
	if (rc == 0)
		rc = tn_scenario_read(text, len, p->sc.file, &sink, err);
	for (; rc == 0 && overrides && *overrides; overrides++)
		rc = tn_scenario_override(p, *overrides, err);
	inherit_duration(&p->sc);
	if (rc == 0)
		rc = check_quantum(p, err);
	if (rc == 0)
		rc = check_churn_metrics(p, err);
	return rc;
}

/**
 * tn_scenario_parse() - read a scenario
 * @text: its text, UTF-8; need not end in NUL or a newline
 * @len: length in bytes, at most TN_SCENARIO_TEXT_MAX
 * @file: where it comes from, for messages; its last part without ".ini" becomes the name
 * @overrides: "section.key=value" texts up to NULL, applied behind the file, or NULL
 * @ret: the scenario, complete with defaults; untouched on failure
 * @err: one line that begins with "FILE:LINE: " or "-o TEXT: "
 *
 * Whether the CPUs exist and the sources can run here is not checked.
 *
 * Return: 0; -EINVAL when something is wrong with the text; -E2BIG when it is too long; -ENOMEM.
 */
int tn_scenario_parse(const char *text, size_t len, const char *file, const char *const *overrides,
		      struct tn_scenario *ret, struct tn_error *err)
{
	tn_autofree struct tn_scenario_parser *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return tn_error_set(err, -ENOMEM, "%s: no memory to read it", file);
	name_scenario(&p->sc, file);
	if (len > TN_SCENARIO_TEXT_MAX)
		return tn_error_set(err, -E2BIG, "%s: %zu bytes long, a scenario has at most %d", p->sc.file, len,
				    TN_SCENARIO_TEXT_MAX);
	rc = read_all(p, text, len, overrides, err);
	if (rc == 0)
		*ret = p->sc;
	return rc;
}

/**
 * tn_cpu_spec_format() - a choice of CPUs as one writes it
 * @spec: the choice
 * @buf: where to put it
 * @size: of @buf in bytes; TN_CPUS_TEXT holds every usual list
 *
 * What it gives is what a cpus key accepts.
 *
 * Return: @buf.
 */
const char *tn_cpu_spec_format(const struct tn_cpu_spec *spec, char *buf, size_t size)
{
	if (spec->choice == TN_CPUS_LIST)
		return tn_cpus_format(&spec->list, buf, size);
	snprintf(buf, size, "%s",
		 spec->choice == TN_CPUS_BOTH       ? "both"
		 : spec->choice == TN_CPUS_PROBED   ? "probed"
		 : spec->choice == TN_CPUS_ISOLATED ? "isolated"
						    : "housekeeping");
	return buf;
}

/**
 * tn_scenario_has_kind() - whether a scenario asks for a kind of probe
 * @sc: the scenario
 * @kind: which
 *
 * Return: true when probe.kind names it.
 */
bool tn_scenario_has_kind(const struct tn_scenario *sc, enum tn_probe_kind kind)
{
	for (uint32_t i = 0; i < sc->probe.n_kinds; i++)
		if (sc->probe.kind[i] == kind)
			return true;
	return false;
}
