// SPDX-License-Identifier: GPL-2.0-or-later
/* That churn does what it is for: bpf-map makes the kernel purge vmalloc addresses, as the kernel itself says. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

#define INSTANCES "/sys/kernel/tracing/instances"
#define EVENT     "vmalloc/purge_vmap_area_lazy"

static char instance[128];

static bool write_file(const char *name, const char *text)
{
	char path[256];
	tn_autoclose int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", instance, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* How many events the instance holds. */
static unsigned int count_events(void)
{
	char path[256], line[1024];
	tn_autofclose FILE *f = NULL;
	unsigned int n = 0;

	snprintf(path, sizeof(path), "%s/trace", instance);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += line[0] != '#' && strstr(line, "purge_vmap_area_lazy:") != NULL;
	return n;
}

static int make_instance(void **state)
{
	(void)state;
	snprintf(instance, sizeof(instance), "%s/tlbnoise-test-%d", INSTANCES, (int)getpid());
	if (mkdir(instance, 0700) < 0)
		instance[0] = '\0';
	return 0;
}

static int remove_instance(void **state)
{
	(void)state;
	if (!instance[0])
		return 0;
	write_file("events/" EVENT "/enable", "0");
	return rmdir(instance);
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
	if (!instance[0] || !write_file("events/" EVENT "/enable", "1")) {
		print_message("no instance in " INSTANCES " (needs root), or no event " EVENT " (Linux 6.3)\n");
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
