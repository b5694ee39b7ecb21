// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tlbnoise-probe --shm-fd N: measures one CPU. All it is told, and all it tells, is in the memory behind the
 * inherited descriptor N (probe/probe.h); tlbnoised starts it and no user should.
 *
 * Linked dynamically on purpose: the mappings of the libraries are locked, never used and never changed
 * inside the window, so a static program would measure the same and need static packages to build.
 *
 * Exit status: 0 done, 1 failed and said so in the shared memory, 2 the memory itself cannot be used.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "probe/probe.h"

static int parse_args(int argc, char **argv, int *ret_fd, struct tn_error *err)
{
	uint64_t fd;
	int r;

	if (argc != 3 || strcmp(argv[1], "--shm-fd") != 0)
		return tn_error_set(err, -EINVAL, "usage: tlbnoise-probe --shm-fd N (tlbnoised starts it)");
	r = tn_parse_u64(argv[2], 3, 1 << 20, &fd, err);
	if (r < 0)
		return tn_error_prefix(err, r, "--shm-fd");
	*ret_fd = (int)fd;
	return 0;
}

int main(int argc, char **argv)
{
	struct tn_probe_handle handle;
	struct tn_error err = {0};
	int fd = -1;

	if (parse_args(argc, argv, &fd, &err) < 0 || tn_probe_shm_attach(fd, &handle, &err) < 0) {
		fprintf(stderr, "tlbnoise-probe: %s\n", err.text);
		return 2;
	}
	/* The mapping is enough. Whatever else was inherited must not stay open for as long as a run. */
	close_range(3, ~0u, 0);
	return tn_probe_main(handle.shm) < 0 ? 1 : 0;
}
