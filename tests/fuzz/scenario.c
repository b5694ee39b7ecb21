// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a scenario, and the same bytes, line by line, as overrides. What is refused leaves one
 * line of printable UTF-8 and touches nothing; what is accepted lies within the limits that others rely on.
 */
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario.h"

#define OVERRIDES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_error(int rc, const struct tn_error *err)
{
	size_t len = strnlen(err->text, sizeof(err->text));

	require(rc < 0 && err->code == rc);
	require(len > 0 && len < sizeof(err->text));
	for (size_t i = 0; i < len; i++)
		require((unsigned char)err->text[i] >= ' ' && err->text[i] != 0x7f);
}

static void check_churn(const struct tn_churn_spec *c)
{
	require(c->name[0] && memchr(c->name, '\0', sizeof(c->name)));
	require(c->source[0] && memchr(c->source, '\0', sizeof(c->source)));
	require(c->rate_per_s >= 0 && c->rate_per_s <= 1e7);
	require(!c->pages_set || (c->pages.min >= 1 && c->pages.min <= c->pages.max && c->pages.max <= 65536));
	require(c->workers >= 1 && c->workers <= 256 && c->burst <= 4096 && c->groups <= 64);
	require(c->cpus.choice != TN_CPUS_LIST || !tn_cpus_empty(&c->cpus.list));
}

static void check_scenario(const struct tn_scenario *sc)
{
	require(sc->duration_ns >= 100000000 && sc->duration_ns <= 168 * 3600000000000ull);
	require(sc->warmup_ns <= 3600000000000ull && sc->rounds >= 1 && sc->rounds <= 1000);
	require(sc->probe.quantum_ns >= 10000 && sc->probe.quantum_ns <= sc->duration_ns);
	require(sc->probe.ring_records >= 1024 && (sc->probe.ring_records & (sc->probe.ring_records - 1)) == 0);
	require(sc->probe.threshold_auto || sc->probe.threshold_ns >= 10);
	require((sc->probe.policy == TN_SCHED_FIFO) == (sc->probe.priority >= 1 && sc->probe.priority <= 99));
	require(sc->trace.buffer_bytes >= 65536 && sc->trace.buffer_bytes <= 1u << 30);
	require(sc->n_churn <= TN_SCENARIO_CHURN_MAX && sc->n_expect <= TN_SCENARIO_EXPECT_MAX);
	for (size_t i = 0; i < sc->n_churn; i++)
		check_churn(&sc->churn[i]);
	for (size_t i = 0; i < sc->n_expect; i++)
		require(sc->expect[i].metric[0] && sc->expect[i].value >= 0);
}

static void parse(const char *text, size_t len, const char *const *overrides)
{
	static const struct tn_scenario zero;
	struct tn_scenario sc = zero;
	struct tn_error err = {0};
	int rc = tn_scenario_parse(text, len, "fuzz.ini", overrides, &sc, &err);

	if (rc == 0) {
		check_scenario(&sc);
		return;
	}
	check_error(rc, &err);
	require(memcmp(&sc, &zero, sizeof(sc)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly @size bytes for the text, so that reading behind them is seen; a string for the overrides. */
	tn_autofree char *text = malloc(size ? size : 1), *lines = malloc(size + 1);
	const char *overrides[OVERRIDES + 1] = {NULL};
	char *save = NULL, *line;
	size_t n = 0;

	require(text && lines);
	if (size > 0)
		memcpy(text, data, size);
	memcpy(lines, text, size);
	lines[size] = '\0';
	parse(text, size, NULL);
	for (line = strtok_r(lines, "\n", &save); line && n < OVERRIDES; line = strtok_r(NULL, "\n", &save))
		overrides[n++] = line;
	parse("[churn bpf-map]\n", strlen("[churn bpf-map]\n"), overrides);
	return 0;
}
