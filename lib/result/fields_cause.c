// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The part of the run document that says who interrupted: the table of causes and the longest interruptions.
 */
#include "result/fields.h"

#include <errno.h>
#include <inttypes.h>

static const char *class_name(unsigned int v)
{
	return v < TN_CLASS_COUNT || v == TN_CLASS_NONE ? tn_class_name((enum tn_class)v) : NULL;
}

#define S struct tn_run_cause
static int check_cause(const void *what, struct tn_error *err)
{
	const S *c = what;

	return tn_run_check_conservation(c->entries, c->matched, c->too_short, err);
}

static const struct tn_field cause_fields[] = {
	ENUM(S, class, "class", class_name),
	TEXT(S, function, "function"),
	TEXT(S, detail, "detail"),
	TEXT(S, culprit, "culprit"),
	TEXT(S, callsite, "callsite"),
	TEXT(S, sender_comm, "sender_comm"),
	CPUS(S, sender_cpus, "sender_cpus"),
	BOOL(S, local, "local", LATER),
	TEXTS(S, stack, n_stack, "stack"),
	U64(S, entries, "entries"),
	U64(S, matched, "matched"),
	U64(S, too_short, "too_short"),
	U64(S, interruptions, "interruptions"),
	U64(S, stolen_ticks, "stolen_ticks"),
	U64(S, max_ticks, "max_ticks"),
};
const struct tn_object tn_run_cause_object = {
	.fields = cause_fields, .n = TN_ARRAY_SIZE(cause_fields), .derive = tn_derive_cause, .check = check_cause};
#undef S

#define S struct tn_run_entry
static const struct tn_field entry_fields[] = {
	ENUM(S, class, "class", class_name),
	STAMP(S, ticks, "at_ticks"),
	TEXT(S, function, "function"),
	TEXT(S, detail, "detail"),
	TEXT(S, culprit, "culprit"),
	INT(S, sender_cpu, "sender_cpu", -1, TN_CPUS_MAX - 1),
	INT(S, sender_pid, "sender_pid", -1, INT32_MAX),
	TEXT(S, sender_comm, "sender_comm"),
	U64(S, delivery_ticks, "delivery_ticks", LATER),
};
static const struct tn_object entry_object = OBJECT_OF(entry_fields);
#undef S

#define S struct tn_run_worst
static int check_worst(const void *what, struct tn_error *err)
{
	const S *w = what;

	if (w->start_ticks > w->end_ticks)
		return tn_error_set(err, -EBADMSG, "end_ticks %" PRIu64 " lies before start_ticks %" PRIu64,
				    w->end_ticks, w->start_ticks);
	if (w->n_kept > w->n_entries)
		return tn_error_set(err, -EBADMSG, "n_entries is %u, but %u are listed", w->n_entries, w->n_kept);
	return 0;
}

static const struct tn_field worst_fields[] = {
	STAMP(S, start_ticks, "start_ticks"),   STAMP(S, end_ticks, "end_ticks"),
	INT(S, cpu, "cpu", 0, TN_CPUS_MAX - 1), U32(S, round, "round"),
	ENUM(S, class, "class", class_name),    INDEX(S, cause, "cause"),
	U32(S, n_entries, "n_entries"),         ARRAY(S, entry, n_kept, "entries", 64, &entry_object),
};
const struct tn_object tn_run_worst_object = {
	.fields = worst_fields, .n = TN_ARRAY_SIZE(worst_fields), .derive = tn_derive_worst, .check = check_worst};
#undef S
