// SPDX-License-Identifier: GPL-2.0-or-later
/* That churn does what it is for: bpf-map makes the kernel purge vmalloc addresses, as the kernel itself says. */
#include <string.h>
#include <unistd.h>

#include "support.h"

#include "../support/instance.h"

#define EVENT "vmalloc/purge_vmap_area_lazy"

static struct instance instance;

/* How many events the instance holds. */
static unsigned int count_events(void)
{
	tn_autofclose FILE *f = instance_trace(&instance);
	char line[1024];
	unsigned int n = 0;

	while (fgets(line, sizeof(line), f))
		n += line[0] != '#' && strstr(line, "purge_vmap_area_lazy:") != NULL;
	return n;
}

static int make_instance(void **state)
{
	(void)state;
	instance_open(&instance);
	return 0;
}

static int remove_instance(void **state)
{
	(void)state;
	return instance_close(&instance);
}

/* Maps of @pages pages for one purge: lazy_max_pages() in mm/vmalloc.c, fls(online CPUs) * 32 MiB. */
static uint64_t maps_per_purge(uint64_t pages)
{
	uint64_t cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN), page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (uint64_t)(64 - __builtin_clzll(cpus)) * (32u << 20) / (pages * page);
}

static void bpf_map_purges(void **state)
{
	uint64_t operations = 0, purges = 0;
	struct tn_churn_spec spec = support_spec("bpf-map");
	struct tn_cpus cpus = support_cpus();
	struct tn_churn_process p;
	struct tn_error err;

	(void)state;
	if (!instance.dir[0] || !instance_write(&instance, "events/" EVENT "/enable", "1")) {
		print_message("no trace instance (needs root), or no event " EVENT " (Linux 6.3)\n");
		skip();
	}
	if (tn_churn_find("bpf-map")->check(&err) < 0) {
		print_message("%s\n", err.text);
		skip();
	}
	spec.pages_set = true;
	spec.pages = (struct tn_range){512, 512};
	support_start(&spec, &cpus, 0, &p);
	tn_churn_go(&p);
	/* In this order: what has been counted first has caused at most the purges counted later. */
	wait_until((operations = support_operations(&p), purges = count_events()) >= 10);
	tn_churn_stop(&p);
	assert_int_equal(tn_churn_reap(&p, CAP_NS, &err), 0);
	tn_churn_close(&p);
	/* Twice and again twice as many: the purge runs later than it is asked for, and so does the freeing. */
	assert_in_range(operations, 1, 4 * purges * maps_per_purge(512));
	print_message("%llu maps of 512 pages, %llu purges\n", (unsigned long long)operations,
		      (unsigned long long)purges);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bpf_map_purges, make_instance, remove_instance),
	};

	if (support_main(argc, argv) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
