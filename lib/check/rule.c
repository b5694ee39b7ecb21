// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks of one file that holds a number, a word or a mask of CPUs: the table says which value is good. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/internal.h"

static bool is_good(const struct tn_check_context *c, const struct tn_check *check, const char *value, bool *ret_known)
{
	struct tn_cpus mask, both;
	char *end;
	long v;

	*ret_known = true;
	switch (check->rule) {
	case TN_RULE_IS:
	case TN_RULE_AT_MOST:
		errno = 0;
		v = strtol(value, &end, 10);
		*ret_known = end != value && !*end && !errno;
		return check->rule == TN_RULE_IS ? v == check->limit : v <= check->limit;
	case TN_RULE_TEXT:
		return !strcmp(value, check->text);
	case TN_RULE_MASK_WITHOUT:
		*ret_known = check_mask(value, &mask) == 0;
		if (!*ret_known)
			return false;
		both = tn_cpus_and(&mask, &c->cpus);
		return tn_cpus_empty(&both);
	case TN_RULE_NONE:
		break;
	}
	*ret_known = false;
	return false;
}

/**
 * check_rule() - hold a file against the rule of the table
 * @c: context
 * @cpu: for {cpu} in the file's name; -1 none
 * @f: has the check; gets verdict and evidence. A file that holds something else is unknown
 */
void check_rule(const struct tn_check_context *c, int cpu, struct tn_check_finding *f)
{
	char file[TN_CHECK_FILE];
	bool good, known;
	int r;

	check_expand(c, cpu, f->check->file, file, sizeof(file));
	r = check_text(c, f, "%s", file);
	if (r < 0) {
		check_unread(f, r, f->check->missing);
		return;
	}
	good = is_good(c, f->check, f->value, &known);
	if (!known)
		f->verdict = TN_CHECK_UNKNOWN;
	else
		f->verdict = good ? TN_CHECK_OK : f->check->bad;
}
