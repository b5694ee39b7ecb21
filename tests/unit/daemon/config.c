// SPDX-License-Identifier: GPL-2.0-or-later
/* tlbnoised.conf: what each mistake is called, and which file wins where several say something. */
#include "../support/tree.h"

#include <syslog.h>

#include "base/cleanup.h"
#include "daemon/config.h"
#include "tn-config.h"

static int parse(const char *text, struct daemon_config *c, struct tn_error *err)
{
	assert_int_equal(config_defaults(c, err), 0);
	return config_parse(text, strlen(text), "t.conf", c, err);
}

static void test_defaults(void **state)
{
	struct tn_error err = {0};
	struct daemon_config c;

	(void)state;
	assert_int_equal(config_defaults(&c, &err), 0);
	assert_int_equal(c.cpus, CONFIG_HOUSEKEEPING);
	assert_int_equal(c.log_level, LOG_INFO);
	assert_int_equal(c.queue_length, 16);
	assert_true(c.limits.max_bytes == CONFIG_AUTO && c.limits.keep_free_bytes == CONFIG_AUTO);
	assert_int_equal(c.limits.max_age_s, 0);
	assert_string_equal(c.state_dir, "");
}

static void test_all_keys(void **state)
{
	struct tn_error err = {0};
	struct daemon_config c;
	int r;

	(void)state;
	r = parse("# a comment\n[access]\nread-group = root\nrun-group =\n"
		  "[daemon]\ncpus = 0-1,3\nstate-dir = /srv/noise\nlog-level = debug\nqueue = 0\n"
		  "[store]\nmax-size = 2G\nkeep-free = none\nmax-age = 90d ; days\n",
		  &c, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(r, 0);
	assert_true(c.readers.set);
	assert_int_equal(c.readers.gid, 0);
	assert_string_equal(c.readers.name, "root");
	assert_false(c.runners.set);
	assert_int_equal(c.cpus, CONFIG_CPU_LIST);
	assert_int_equal(tn_cpus_count(&c.cpu_list), 3);
	assert_string_equal(c.state_dir, "/srv/noise");
	assert_int_equal(c.log_level, LOG_DEBUG);
	assert_int_equal(c.queue_length, 0);
	assert_int_equal(c.limits.max_bytes, 2ull << 30);
	assert_int_equal(c.limits.keep_free_bytes, 0);
	assert_int_equal(c.limits.max_age_s, 90 * 86400);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *wanted;
	} mistakes[] = {
		{"[acess]\n", "t.conf:1: unknown section [acess]: did you mean [access]?"},
		{"[zzzzzzzz]\n", "t.conf:1: unknown section [zzzzzzzz]: there are [access], [daemon] and [store]"},
		{"[store]\n\n[store]\n",
		 "t.conf:3: section [store] again: line 1 opened it, put the keys together there"},
		{"queue = 1\n",
		 "t.conf:1: 'queue' stands before any section: begin with [access], [daemon] or [store]"},
		{"[daemon]\nqueu = 1\n", "t.conf:2: unknown key 'queu' in [daemon]: did you mean 'queue'?"},
		{"[daemon]\nmax-age = 1d\n", "t.conf:2: unknown key 'max-age' in [daemon]: it belongs in [store]"},
		{"[daemon]\nxxxxxxxxx = 1\n", "t.conf:2: unknown key 'xxxxxxxxx' in [daemon]: see tlbnoised.conf(5)"},
		{"[daemon]\nqueue = 1\nqueue = 2\n", "t.conf:3: queue again: line 2 has set it, remove one of them"},
		{"[daemon]\nqueue = 257\n", "t.conf:2: queue = '257': want a whole number from 0 to 256"},
		{"[daemon]\nqueue =\n", "t.conf:2: queue has no value: want a whole number from 0 to 256"},
		{"[daemon]\nqueue\n", "t.conf:2: 'queue' is no section, no 'key = value' and no comment"},
		{"[daemon]\ncpus = isolated\n",
		 "t.conf:2: cpus = 'isolated': want housekeeping, or a list of CPUs such as 0-1"},
		{"[daemon]\nstate-dir = noise\n",
		 "t.conf:2: state-dir = 'noise': want the absolute path of a folder, below 200 bytes"},
		{"[daemon]\nlog-level = loud\n",
		 "t.conf:2: log-level = 'loud': want error, warning, notice, info or debug"},
		{"[store]\nmax-size = 5\n",
		 "t.conf:2: max-size = '5': want auto, none, or a size from 1M on, such as 2G"},
		{"[store]\nmax-age = 1d2h\n",
		 "t.conf:2: max-age = '1d2h': want none, or an age from 1h to 36500d, such as 90d"},
		{"[store]\nmax-age = 99999999999999999999d\n",
		 "t.conf:2: max-age = '99999999999999999999d': want none, or an age from 1h to 36500d, such as 90d"},
		{"[access]\nrun-group = no-such-group\n",
		 "t.conf:2: run-group = 'no-such-group': there is no such group: make it with groupadd --system"},
		{"[daemon]\nlog-level = \x01\n", "t.conf:2: control character 0x01 in column 13: remove it"},
	};

	(void)state;
	for (size_t i = 0; i < TN_ARRAY_SIZE(mistakes); i++) {
		struct tn_error err = {0};
		struct daemon_config c, before;

		assert_int_equal(config_defaults(&before, &err), 0);
		assert_int_equal(parse(mistakes[i].text, &c, &err), -EINVAL);
		assert_string_equal(err.text, mistakes[i].wanted);
		assert_memory_equal(&c, &before, sizeof(c));
	}
}

static void put_queue(const struct tree *t, const char *file, const char *value)
{
	char text[64];

	snprintf(text, sizeof(text), "[daemon]\nqueue = %s\n", value);
	tree_write(t, file, text);
}

static uint32_t loaded(const struct tree *t)
{
	struct tn_error err = {0};
	struct daemon_config c;
	int r = config_load(t->root, &c, &err);

	assert_string_equal(err.text, "");
	assert_int_equal(r, 0);
	return c.queue_length;
}

#define ETC TN_SYSCONFDIR "/tlbnoised.conf"
#define RUN "/run/tlbnoise/tlbnoised.conf"
#define LIB TN_VENDORDIR "/tlbnoised.conf"

static void test_precedence(void **state)
{
	const struct tree *t = *state;
	char path[512];

	assert_int_equal(loaded(t), 16);
	put_queue(t, LIB, "1");
	assert_int_equal(loaded(t), 1);
	put_queue(t, RUN, "2");
	assert_int_equal(loaded(t), 2);
	put_queue(t, ETC, "3");
	assert_int_equal(loaded(t), 3);
	/* A drop-in of the vendor's comes behind the administrator's main file, and the last name counts. */
	put_queue(t, LIB ".d/50-a.conf", "4");
	assert_int_equal(loaded(t), 4);
	put_queue(t, ETC ".d/40-b.conf", "5");
	assert_int_equal(loaded(t), 4);
	put_queue(t, RUN ".d/60-c.conf", "6");
	assert_int_equal(loaded(t), 6);
	/* Of one name, the more important folder's. */
	put_queue(t, ETC ".d/60-c.conf", "7");
	assert_int_equal(loaded(t), 7);
	/* Others are no drop-ins. */
	put_queue(t, ETC ".d/99-d.conf~", "8");
	put_queue(t, ETC ".d/.99-e.conf", "8");
	assert_int_equal(loaded(t), 7);
	/* Nothing in place of a vendor's or the runtime's. */
	snprintf(path, sizeof(path), "%s%s.d/60-c.conf", t->root, ETC);
	assert_int_equal(remove(path), 0);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(loaded(t), 4);
}

static void test_bad_dropin(void **state)
{
	const struct tree *t = *state;
	struct tn_error err = {0};
	struct daemon_config c = {.queue_length = 99};
	char wanted[512];

	put_queue(t, RUN ".d/bad.conf", "many");
	assert_int_equal(config_load(t->root, &c, &err), -EINVAL);
	snprintf(wanted, sizeof(wanted), "%s%s.d/bad.conf:2: queue = 'many': want a whole number from 0 to 256",
		 t->root, RUN);
	assert_string_equal(err.text, wanted);
	assert_int_equal(c.queue_length, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test_setup_teardown(test_precedence, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_bad_dropin, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
