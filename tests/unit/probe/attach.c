// SPDX-License-Identifier: GPL-2.0-or-later
/* The shared memory: what is refused, on either side, and with which words. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe/shm.h"

static const struct tn_probe_config good = {.cpu = 1,
					    .ring_records = 2048,
					    .policy = SCHED_FIFO,
					    .priority = 1,
					    .quantum_ticks = 1000,
					    .duration_ticks = 1};

static void test_round_trip(void **state)
{
	struct tn_probe_handle a, b;
	struct tn_error err;

	(void)state;
	assert_int_equal(tn_probe_shm_create(&good, &a, &err), 0);
	assert_int_equal(tn_probe_shm_attach(a.fd, &b, &err), 0);
	assert_int_equal(b.size, tn_probe_shm_size(2048));
	assert_ptr_not_equal(a.shm, b.shm);
	assert_int_equal(b.shm->config.collector, getpid());
	atomic_store(&b.shm->progress, 42);
	assert_int_equal(atomic_load(&a.shm->progress), 42);
	/* The size is fixed for good, and the descriptor is not inherited by chance. */
	assert_int_equal(ftruncate(a.fd, 4096), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(fcntl(a.fd, F_GETFD), FD_CLOEXEC);
	b.fd = -1;
	tn_probe_shm_close(&b);
	tn_probe_shm_close(&a);
	tn_probe_shm_close(&a);
}

static void refuse(int fd, int code, const char *text)
{
	struct tn_probe_handle h = {.fd = -7};
	struct tn_error err = {0};

	assert_int_equal(tn_probe_shm_attach(fd, &h, &err), code);
	if (!strstr(err.text, text))
		fail_msg("'%s' does not say '%s'", err.text, text);
	assert_int_equal(h.fd, -7);
}

static void test_refuses_foreign_descriptors(void **state)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	(void)state;
	refuse(null, -EINVAL, "is no memory from tlbnoised");
	close(null);
	refuse(null, -EBADF, "is no memory from tlbnoised");
	fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	refuse(fd, -EINVAL, "its size is not sealed");
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	refuse(fd, -EINVAL, "4096 bytes are too few");
	close(fd);
}

static void test_refuses_bad_headers(void **state)
{
	struct tn_probe_handle h;
	struct tn_error err;

	(void)state;
	assert_int_equal(tn_probe_shm_create(&good, &h, &err), 0);
	h.shm->config.magic++;
	refuse(h.fd, -EINVAL, "magic is 0x746e7073 instead of 0x746e7072");
	h.shm->config.magic--;
	h.shm->config.abi++;
	refuse(h.fd, -EPROTO, "version is 3 instead of 2");
	h.shm->config.abi--;
	h.shm->config.ring_records = 2047;
	refuse(h.fd, -EINVAL, "2047 ring records are not a power of two");
	h.shm->config.ring_records = 0;
	refuse(h.fd, -EINVAL, "0 ring records are not a power of two");
	h.shm->config.ring_records = 4096;
	refuse(h.fd, -EINVAL, "do not fit a ring of 4096 records");
	h.shm->config.ring_records = 2048;
	atomic_store(&h.shm->state, TN_PROBE_DONE);
	refuse(h.fd, -EBUSY, "another probe has used it, its state is 3");
	atomic_store(&h.shm->state, TN_PROBE_START);
	tn_probe_shm_close(&h);
}

static void refuse_config(struct tn_probe_config c, const char *text)
{
	struct tn_probe_handle h = {.fd = -7};
	struct tn_error err = {0};

	assert_int_equal(tn_probe_shm_create(&c, &h, &err), -EINVAL);
	if (!strstr(err.text, text))
		fail_msg("'%s' does not say '%s'", err.text, text);
	assert_int_equal(h.fd, -7);
}

#define BAD(member, value, text)                  \
	do {                                      \
		struct tn_probe_config c_ = good; \
		c_.member = (value);              \
		refuse_config(c_, text);          \
	} while (0)

static void test_refuses_bad_configurations(void **state)
{
	(void)state;
	BAD(cpu, -1, "probe CPU -1 is out of range");
	BAD(cpu, 4096, "probe CPU 4096 is out of range: 0 to 4095");
	BAD(ring_records, 512, "a ring of 512 records cannot be");
	BAD(ring_records, 3000, "a ring of 3000 records cannot be");
	BAD(ring_records, 1u << 23, "a ring of 8388608 records cannot be");
	BAD(policy, SCHED_RR, "scheduling policy 2 is unknown");
	BAD(priority, 0, "SCHED_FIFO priority 0 is out of range");
	BAD(priority, 100, "SCHED_FIFO priority 100 is out of range");
	BAD(quantum_ticks, 0, "a quantum of 0 ticks is out of range");
	BAD(quantum_ticks, TN_PROBE_QUANTUM_MAX + 1, "a quantum of 1099511627777 ticks is out of range");
	BAD(duration_ticks, 0, "a window of 0 ticks is out of range");
	BAD(duration_ticks, UINT64_MAX, "a window of 18446744073709551615 ticks is out of range");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refuses_foreign_descriptors),
		cmocka_unit_test(test_refuses_bad_headers),
		cmocka_unit_test(test_refuses_bad_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
