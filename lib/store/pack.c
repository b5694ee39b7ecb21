// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents and histograms take a tenth of their size with zlib, whose check sum tells a damaged one. */
#include <errno.h>
#include <zlib.h>

#include "store/internal.h"

/* store_pack() - compress; 0 or -ENOMEM. @quickly: three times as fast and a third larger */
int store_pack(const void *data, size_t n, bool quickly, unsigned char **ret, size_t *ret_n)
{
	uLongf size = compressBound(n);
	tn_autofree unsigned char *packed = malloc(size);

	if (!packed || compress2(packed, &size, data, n, quickly ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION) != Z_OK)
		return -ENOMEM;
	*ret = tn_steal_ptr(packed);
	*ret_n = size;
	return 0;
}

/* store_unpack() - the @size bytes that were packed; -EBADMSG when it is not those, or -ENOMEM */
int store_unpack(const void *data, size_t n, size_t size, char **ret)
{
	tn_autofree char *text = size <= TN_RUN_FILE_MAX ? malloc(size + 1) : NULL;
	uLongf got = size;

	if (!text)
		return size > TN_RUN_FILE_MAX ? -EBADMSG : -ENOMEM;
	if (!data || uncompress((unsigned char *)text, &got, data, n) != Z_OK || got != size)
		return -EBADMSG;
	text[size] = '\0';
	*ret = tn_steal_ptr(text);
	return 0;
}
