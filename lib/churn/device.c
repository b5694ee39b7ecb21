// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A worker's session with the kernel module. The module could pace and count by itself, in kernel threads; a worker
 * asks it for one operation after the other instead, so that pace, counts and stopping are those of every other
 * source, exact at both ends of a window. What an operation costs beyond its work is one system call on the worker's
 * own CPU. The session is the open file: it ends with the worker, however that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "churn/device.h"

static int open_refusal(const char *path, int error, struct tn_error *err)
{
	switch (error) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return tn_error_set(err, error,
				    "needs the kernel module tlbnoise_churn, which is not loaded (no %s): build it in "
				    "kernel/churn, then insmod tlbnoise_churn.ko",
				    path);
	case -EPERM:
	case -EACCES:
		return tn_error_set(err, error, "needs CAP_SYS_ADMIN to open %s (run as root)", path);
	default:
		return tn_error_set(err, error, "cannot open %s: %s", path, strerror(-error));
	}
}

/**
 * tn_churn_device_open() - begin a session for a pattern
 * @path: TLBNOISE_CHURN_DEVICE, or another file in a test
 * @pattern: enum tlbnoise_churn_pattern
 * @ret_fd: the session, close-on-exec
 * @ret: what the module can do
 *
 * Return: 0; -EPROTO if the module is not of this version; -EOPNOTSUPP if the running kernel lacks what the pattern
 * needs; or what open() said.
 */
int tn_churn_device_open(const char *path, uint32_t pattern, int *ret_fd, struct tlbnoise_churn_info *ret,
			 struct tn_error *err)
{
	tn_autoclose int fd = open(path, O_RDWR | O_CLOEXEC);
	struct tlbnoise_churn_info info;

	if (fd < 0)
		return open_refusal(path, -errno, err);
	if (ioctl(fd, TLBNOISE_CHURN_INFO, &info) < 0)
		return tn_error_set(err, -EPROTO, "%s is not of this version of tlbnoise (%s): build the module anew",
				    path, strerror(errno));
	if (info.version != TLBNOISE_CHURN_VERSION)
		return tn_error_set(err, -EPROTO, "%s speaks version %u and tlbnoise %u: build the module anew", path,
				    info.version, TLBNOISE_CHURN_VERSION);
	if (!(info.patterns & 1u << pattern))
		return tn_error_set(err, -EOPNOTSUPP, "the module tlbnoise_churn cannot do this on the running kernel");
	*ret = info;
	*ret_fd = tn_steal_fd(&fd);
	return 0;
}

/** tn_churn_device_refusal() - say why the module refused TLBNOISE_CHURN_START; returns @error */
int tn_churn_device_refusal(int error, const struct tlbnoise_churn_start *start, const struct tlbnoise_churn_info *info,
			    struct tn_error *err)
{
	uint32_t pages_max = info->pages_max[start->pattern];

	if (error == -E2BIG && start->pages_max > pages_max)
		return tn_error_set(err, error, "pages=%u-%u: this kernel does at most %u in one operation",
				    start->pages_min, start->pages_max, pages_max);
	if (error == -E2BIG)
		return tn_error_set(err, error,
				    "pages=%u-%u: more than the %llu MiB that the module sets aside: lower pages= or "
				    "load it with memory_max_mb=",
				    start->pages_min, start->pages_max, (unsigned long long)info->memory_max >> 20);
	if (error == -ENOMEM)
		return tn_error_set(
			err, error,
			"no memory: all workers together may use %llu MiB: lower pages= or workers=, or load "
			"the module with memory_max_mb=",
			(unsigned long long)info->memory_max >> 20);
	return tn_error_set(err, error, "the module tlbnoise_churn refuses to start: %s", strerror(-error));
}

/** tn_churn_device_check() - whether the module is there and can do @pattern; @err says what to do if not */
int tn_churn_device_check(uint32_t pattern, struct tn_error *err)
{
	struct tlbnoise_churn_info info;
	tn_autoclose int fd = -1;

	return tn_churn_device_open(TLBNOISE_CHURN_DEVICE, pattern, &fd, &info, err);
}

/** tn_churn_device_setup() - open a session in which the worker does @pattern; pages as tn_churn_pages() has them */
int tn_churn_device_setup(struct tn_churn_worker *w, uint32_t pattern, struct tn_error *err)
{
	struct tlbnoise_churn_start start = {.pattern = pattern, .seed = w->index};
	struct tlbnoise_churn_info info;
	tn_autoclose int fd = -1;
	int *session, r;

	r = tn_churn_device_open(TLBNOISE_CHURN_DEVICE, pattern, &fd, &info, err);
	if (r < 0)
		return r;
	start.pages_min = w->spec->pages.max ? (uint32_t)w->spec->pages.min : 1;
	start.pages_max = w->spec->pages.max ? (uint32_t)w->spec->pages.max : 512;
	if (ioctl(fd, TLBNOISE_CHURN_START, &start) < 0)
		return tn_churn_device_refusal(-errno, &start, &info, err);
	session = malloc(sizeof(*session));
	if (!session)
		return tn_error_set(err, -ENOMEM, "no memory for a worker's own state");
	*session = tn_steal_fd(&fd);
	w->data = session;
	w->mechanism = "module";
	return 0;
}

/** tn_churn_device_operate() - one operation, of a size drawn by the worker */
int tn_churn_device_operate(struct tn_churn_worker *w, struct tn_error *err)
{
	struct tlbnoise_churn_operate op = {.pages = (uint32_t)tn_churn_pages(w)};
	const int *session = w->data;

	if (ioctl(*session, TLBNOISE_CHURN_OPERATE, &op) == 0)
		return 0;
	return tn_error_set(err, -errno, "the module tlbnoise_churn failed an operation of %u pages: %s", op.pages,
			    strerror(errno));
}

void tn_churn_device_teardown(struct tn_churn_worker *w)
{
	int *session = w->data;

	close(*session);
	free(session);
	w->data = NULL;
}
