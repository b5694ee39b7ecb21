// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One change at a time: into the journal, then onto the machine, then to who wants to hear of it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "system/files.h"
#include "system/isolate-internal.h"
#include "system/undo-internal.h"

/**
 * isolate_effect() - tell of a change that was made
 * @opt: options
 * @what: kind of change
 * @target: what was changed
 * @before: its value before
 * @during: its value now
 * @err: message
 *
 * Return: 0 or what the listener returned.
 */
int isolate_effect(const struct tn_isolate_options *opt, const char *what, const char *target, const char *before,
		   const char *during, struct tn_error *err)
{
	int r = opt->on_effect ? opt->on_effect(opt->userdata, what, target, before, during) : 0;

	return r < 0 ? tn_error_set(err, r, "%s %s: cannot be recorded: %s", what, target, strerror(-r)) : 0;
}

/**
 * isolate_note() - tell of what could not be moved
 * @opt: options
 * @warning: it bears on the result
 * @id: of the finding
 * @text: one line
 * @err: message
 *
 * Return: 0 or what the listener returned.
 */
int isolate_note(const struct tn_isolate_options *opt, bool warning, const char *id, const char *text,
		 struct tn_error *err)
{
	int r = opt->on_note ? opt->on_note(opt->userdata, warning, id, text) : 0;

	return r < 0 ? tn_error_set(err, r, "%s cannot be recorded: %s", id, strerror(-r)) : 0;
}

/**
 * isolate_change() - give a file another value
 * @opt: options
 * @what: kind of change, for the document
 * @path: the file
 * @during: the value
 * @err: why it could not be journalled
 *
 * The kernel may show the value in another way than it was written. Then this is what it has to be found as, and it
 * gets an entry of its own; that of before then finds the file as it was, and does nothing.
 *
 * Return: 0; 1 when the kernel refuses the value; a negative errno of the journal, or when the file cannot be read.
 */
int isolate_change(const struct tn_isolate_options *opt, const char *what, const char *path, const char *during,
		   struct tn_error *err)
{
	char before[TN_UNDO_TEXT], now[TN_UNDO_TEXT];
	int r = tn_file_read(path, before, sizeof(before));

	if (r < 0)
		return tn_error_set(err, r, "%s: %s", path, strerror(-r));
	r = tn_undo_add_change(opt->undo, TN_UNDO_WRITE, path, before, during, err);
	if (r < 0)
		return r;
	r = tn_file_write(path, during);
	if (r < 0) {
		tn_error_set(err, r, "%s: cannot write '%s': %s", path, during, strerror(-r));
		return 1;
	}
	r = tn_file_read(path, now, sizeof(now)) < 0 || !strcmp(now, during)
		    ? 0
		    : tn_undo_add_change(opt->undo, TN_UNDO_WRITE, path, before, now, err);
	return r < 0 ? r : isolate_effect(opt, what, path, before, during, err);
}

/**
 * isolate_make_cpuset() - make a cgroup
 * @opt: options
 * @what: kind of change, for the document
 * @path: its directory, which must not be there yet
 * @during: what it is, for the document
 * @err: message
 *
 * Return: 0 or a negative errno.
 */
int isolate_make_cpuset(const struct tn_isolate_options *opt, const char *what, const char *path, const char *during,
			struct tn_error *err)
{
	int r;

	if (!access(path, F_OK))
		return tn_error_set(err, -EEXIST, "%s is there already: remove it, as nobody's run of now", path);
	r = tn_undo_add(opt->undo, TN_UNDO_CPUSET, path, NULL, err);
	if (r < 0)
		return r;
	if (mkdir(path, 0755) < 0) {
		r = -errno;
		return tn_error_set(err, r, "cannot make %s: %s", path, strerror(-r));
	}
	return isolate_effect(opt, what, path, "absent", during, err);
}

/**
 * isolate_without() - a set of CPUs without those that are isolated
 * @opt: options
 * @set: the set
 * @ret: the rest, or, if there is none, the housekeeping CPUs
 *
 * Return: 1 when @ret differs from @set, otherwise 0.
 */
int isolate_without(const struct tn_isolate_options *opt, const struct tn_cpus *set, struct tn_cpus *ret)
{
	*ret = tn_cpus_minus(set, &opt->cpus);
	if (tn_cpus_empty(ret))
		*ret = opt->housekeeping;
	return tn_cpus_intersect(set, &opt->cpus);
}

/**
 * isolate_name() - add a name to a list
 * @names: the list
 * @name: the name; counted only, once the text is full
 */
void isolate_name(struct isolate_names *names, const char *name)
{
	size_t len = strlen(names->text);

	names->n++;
	if (names->more || len + strlen(name) + 3 > sizeof(names->text))
		names->more++;
	else
		snprintf(names->text + len, sizeof(names->text) - len, "%s%s", len ? ", " : "", name);
}

/**
 * isolate_names_text() - a list as text
 * @names: the list
 * @buf: receives it
 * @size: of @buf
 *
 * Return: @buf, such as "migration/1, cpuhp/1 and 3 more".
 */
const char *isolate_names_text(const struct isolate_names *names, char *buf, size_t size)
{
	if (names->more)
		snprintf(buf, size, "%s and %u more", names->text, names->more);
	else
		snprintf(buf, size, "%s", names->text);
	return buf;
}
