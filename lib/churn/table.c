// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The sources there are, and whether a [churn] section makes sense for the source that it names. A new
 * source is one file and one row here.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "churn/worker.h"

static const struct tn_churn_source *const sources[] = {
	&tn_churn_bpf_map,    &tn_churn_threads,   &tn_churn_module_junk, &tn_churn_hackbench,
	&tn_churn_vmalloc,    &tn_churn_vmap,      &tn_churn_vm_map_ram,  &tn_churn_unmap_aliases,
	&tn_churn_set_memory, &tn_churn_huge_vmap, &tn_churn_mixed,
};

/** tn_churn_at() - source number @index of the table, NULL behind the last */
const struct tn_churn_source *tn_churn_at(size_t index)
{
	return index < TN_ARRAY_SIZE(sources) ? sources[index] : NULL;
}

/** tn_churn_find() - the source called @name, NULL if there is none */
const struct tn_churn_source *tn_churn_find(const char *name)
{
	for (size_t i = 0; i < TN_ARRAY_SIZE(sources); i++)
		if (strcmp(sources[i]->name, name) == 0)
			return sources[i];
	return NULL;
}

static int unknown_source(const struct tn_churn_spec *spec, struct tn_error *err)
{
	struct tn_nearest near = {.text = spec->source};
	char list[256];
	size_t len = 0;

	for (size_t i = 0; i < TN_ARRAY_SIZE(sources) && len < sizeof(list); i++) {
		near.limit = (unsigned int)(strlen(sources[i]->name) - 1) / 2; /* less than half of its letters */
		tn_nearest_try(&near, sources[i]->name);
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i ? ", " : "", sources[i]->name);
	}
	return tn_error_set(err, -EINVAL, "there is no source '%s'%s%s%s: the sources are %s", spec->source,
			    near.word[0] ? ", did you mean '" : "", near.word, near.word[0] ? "'" : "", list);
}

static int no_use(const struct tn_churn_spec *spec, const char *key, struct tn_error *err)
{
	return tn_error_set(err, -EINVAL, "source '%s' has no use for %s=: remove it", spec->source, key);
}

static int check_keys(const struct tn_churn_spec *spec, unsigned int keys, struct tn_error *err)
{
	if (spec->pages_set && !(keys & TN_CHURN_KEY_PAGES))
		return no_use(spec, "pages", err);
	if (spec->burst && !(keys & TN_CHURN_KEY_BURST))
		return no_use(spec, "burst", err);
	if (spec->groups && !(keys & TN_CHURN_KEY_GROUPS))
		return no_use(spec, "groups", err);
	return 0;
}

static int check_ranges(const struct tn_churn_spec *spec, struct tn_error *err)
{
	if (spec->pages_set &&
	    (spec->pages.min < 1 || spec->pages.max > TN_CHURN_PAGES_MAX || spec->pages.min > spec->pages.max))
		return tn_error_set(err, -ERANGE, "pages=%llu-%llu: write a range within 1-%d",
				    (unsigned long long)spec->pages.min, (unsigned long long)spec->pages.max,
				    TN_CHURN_PAGES_MAX);
	if (spec->burst > TN_CHURN_BURST_MAX)
		return tn_error_set(err, -ERANGE, "burst=%u: at most %d threads at once", spec->burst,
				    TN_CHURN_BURST_MAX);
	if (spec->groups > TN_CHURN_GROUPS_MAX)
		return tn_error_set(err, -ERANGE, "groups=%u: at most %d (of 40 processes each)", spec->groups,
				    TN_CHURN_GROUPS_MAX);
	if (spec->workers < 1 || spec->workers > TN_CHURN_WORKERS_MAX)
		return tn_error_set(err, -ERANGE, "workers=%u: write 1 to %d", spec->workers, TN_CHURN_WORKERS_MAX);
	if (!isfinite(spec->rate_per_s) || spec->rate_per_s < 0 || spec->rate_per_s > TN_CHURN_RATE_MAX)
		return tn_error_set(err, -ERANGE, "rate=%g/s: at most %g/s, or max for flat out", spec->rate_per_s,
				    TN_CHURN_RATE_MAX);
	return 0;
}

/**
 * tn_churn_validate() - check a [churn] section against the source that it names
 * @spec: as parsed: each key alone is known to be well-formed
 * @err: begins with "[churn NAME] line N: "; the caller adds the file
 *
 * Return: 0, -EINVAL for an unknown source or a key that the source has no use for, -ERANGE for a value
 * out of range.
 */
int tn_churn_validate(const struct tn_churn_spec *spec, struct tn_error *err)
{
	const struct tn_churn_source *source = tn_churn_find(spec->source);
	int r;

	r = source ? check_keys(spec, source->keys, err) : unknown_source(spec, err);
	if (r == 0)
		r = check_ranges(spec, err);
	if (r < 0)
		return spec->line ? tn_error_prefix(err, r, "[churn %s] line %d", spec->name, spec->line)
				  : tn_error_prefix(err, r, "[churn %s]", spec->name);
	return 0;
}
