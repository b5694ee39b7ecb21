// SPDX-License-Identifier: GPL-2.0-or-later
/* The readiness of the machine in the run document: the findings of tlbnoise-check(1), shortened to what they saw. */
#include <errno.h>
#include <stdlib.h>

#include "result/fields.h"

static const char *verdict_name(unsigned int v)
{
	return tn_check_verdict_name((enum tn_check_verdict)v);
}

#define S struct tn_run_readiness
static const struct tn_field readiness_fields[] = {
	TEXT(S, id, "id"),
	CPUS(S, cpus, "cpus"),
	ENUM(S, verdict, "verdict", verdict_name),
	TEXT(S, evidence, "evidence"),
};
const struct tn_object tn_run_readiness_object = OBJECT_OF(readiness_fields);
#undef S

/**
 * tn_run_add_readiness() - keep the findings of the checks in a run
 * @run: the run; its readiness is replaced
 * @report: from tn_check_run()
 * @err: no memory
 *
 * Of a machine with so many CPUs that TN_RUN_READINESS_MAX rows do not do, the last checks are left out.
 *
 * Return: 0 or -ENOMEM.
 */
int tn_run_add_readiness(struct tn_run *run, const struct tn_check_report *report, struct tn_error *err)
{
	tn_autofree struct tn_check_row *rows = NULL;
	struct tn_run_readiness *to;
	size_t n;
	int r = tn_check_rows(report, &rows, &n, err);

	if (r < 0)
		return r;
	n = n < TN_RUN_READINESS_MAX ? n : TN_RUN_READINESS_MAX;
	to = calloc(n + 1, sizeof(*to));
	if (!to)
		return tn_error_set(err, -ENOMEM, "no memory for the readiness of the machine");
	for (size_t i = 0; i < n; i++) {
		const struct tn_check_finding *f = rows[i].finding;

		snprintf(to[i].id, sizeof(to[i].id), "%s", f->check->id);
		to[i].cpus = rows[i].cpus;
		to[i].verdict = f->verdict;
		snprintf(to[i].evidence, sizeof(to[i].evidence), "%s%s%s", f->file, *f->file ? ": " : "", f->value);
	}
	free(run->readiness);
	run->readiness = to;
	run->n_readiness = n;
	return 0;
}
