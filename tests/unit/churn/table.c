// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of sources is whole, and a [churn] section that makes no sense is refused with one clear line. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "support.h"

static void table_is_whole(void **state)
{
	const struct tn_churn_source *s;
	size_t n = 0;

	(void)state;
	for (; (s = tn_churn_at(n)); n++) {
		assert_in_range(strlen(s->name), 1, sizeof(((struct tn_churn_spec *)0)->source) - 1);
		assert_ptr_equal(tn_churn_find(s->name), s);
		assert_true(s->summary[0] && s->provokes[0] && s->operation[0]);
		assert_null(strchr(s->summary, '\n'));
		assert_null(strchr(s->provokes, '\n'));
		assert_true(s->check && s->setup && s->operate && s->teardown);
		assert_int_equal(s->keys & ~(TN_CHURN_KEY_PAGES | TN_CHURN_KEY_BURST | TN_CHURN_KEY_GROUPS), 0);
	}
	assert_int_equal(n, 11);
	assert_null(tn_churn_at(n + 1));
	assert_null(tn_churn_find(""));
	assert_null(tn_churn_find("bpf"));
}

static void plain_sections_are_valid(void **state)
{
	struct tn_error err = {0};

	(void)state;
	for (size_t i = 0; tn_churn_at(i); i++) {
		struct tn_churn_spec spec = support_spec(tn_churn_at(i)->name);

		assert_int_equal(tn_churn_validate(&spec, &err), 0);
	}
}

static void refused(const struct tn_churn_spec *spec, int code, const char *text)
{
	struct tn_error err = {0};

	assert_int_equal(tn_churn_validate(spec, &err), code);
	assert_int_equal(err.code, code);
	assert_string_equal(err.text, text);
}

static void unknown_sources(void **state)
{
	struct tn_churn_spec spec = support_spec("thread");

	(void)state;
	refused(&spec, -EINVAL,
		"[churn thread] line 7: there is no source 'thread', did you mean 'threads': the sources are bpf-map, "
		"threads, module-junk, hackbench, vmalloc, vmap, vm-map-ram, unmap-aliases, set-memory, huge-vmap, "
		"mixed");
	spec = support_spec("bpfmap");
	refused(&spec, -EINVAL,
		"[churn bpfmap] line 7: there is no source 'bpfmap', did you mean 'bpf-map': the sources are bpf-map, "
		"threads, module-junk, hackbench, vmalloc, vmap, vm-map-ram, unmap-aliases, set-memory, huge-vmap, "
		"mixed");
	spec = support_spec("zswap");
	refused(&spec, -EINVAL,
		"[churn zswap] line 7: there is no source 'zswap': the sources are bpf-map, threads, module-junk, "
		"hackbench, vmalloc, vmap, vm-map-ram, unmap-aliases, set-memory, huge-vmap, mixed");
	spec = support_spec("");
	spec.line = 0;
	refused(&spec, -EINVAL,
		"[churn ]: there is no source '': the sources are bpf-map, threads, module-junk, hackbench, vmalloc, "
		"vmap, vm-map-ram, unmap-aliases, set-memory, huge-vmap, mixed");
	/* As long as the field allows: no row of the distance table is overrun. */
	memset(spec.source, 'x', sizeof(spec.source) - 1);
	assert_int_equal(tn_churn_validate(&spec, NULL), -EINVAL);
}

static void keys_without_use(void **state)
{
	struct tn_churn_spec spec = support_spec("threads");

	(void)state;
	spec.pages = (struct tn_range){1, 512};
	spec.pages_set = true;
	refused(&spec, -EINVAL, "[churn threads] line 7: source 'threads' has no use for pages=: remove it");
	spec = support_spec("bpf-map");
	spec.burst = 64;
	refused(&spec, -EINVAL, "[churn bpf-map] line 7: source 'bpf-map' has no use for burst=: remove it");
	spec = support_spec("module-junk");
	spec.groups = 1;
	refused(&spec, -EINVAL, "[churn module-junk] line 7: source 'module-junk' has no use for groups=: remove it");
	spec = support_spec("hackbench");
	spec.groups = 1;
	assert_int_equal(tn_churn_validate(&spec, NULL), 0);
}

static void values_out_of_range(void **state)
{
	struct tn_churn_spec spec = support_spec("bpf-map");

	(void)state;
	spec.pages_set = true;
	spec.pages = (struct tn_range){0, 4};
	refused(&spec, -ERANGE, "[churn bpf-map] line 7: pages=0-4: write a range within 1-65536");
	spec.pages = (struct tn_range){1, 65537};
	refused(&spec, -ERANGE, "[churn bpf-map] line 7: pages=1-65537: write a range within 1-65536");
	spec.pages = (struct tn_range){9, 8};
	refused(&spec, -ERANGE, "[churn bpf-map] line 7: pages=9-8: write a range within 1-65536");
	spec.pages = (struct tn_range){65536, 65536};
	assert_int_equal(tn_churn_validate(&spec, NULL), 0);
	spec.workers = 0;
	refused(&spec, -ERANGE, "[churn bpf-map] line 7: workers=0: write 1 to 256");
	spec.workers = 1;
	spec.rate_per_s = 2e7;
	refused(&spec, -ERANGE, "[churn bpf-map] line 7: rate=2e+07/s: at most 1e+07/s, or max for flat out");
	spec.rate_per_s = NAN;
	assert_int_equal(tn_churn_validate(&spec, NULL), -ERANGE);
	spec = support_spec("threads");
	spec.burst = 4097;
	refused(&spec, -ERANGE, "[churn threads] line 7: burst=4097: at most 4096 threads at once");
	spec = support_spec("hackbench");
	spec.groups = 65;
	refused(&spec, -ERANGE, "[churn hackbench] line 7: groups=65: at most 64 (of 40 processes each)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole),      cmocka_unit_test(plain_sections_are_valid),
		cmocka_unit_test(unknown_sources),     cmocka_unit_test(keys_without_use),
		cmocka_unit_test(values_out_of_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
