// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What checks are written with: files below the root, and the finding's evidence. Nothing outside the root is
 * read, so that a made tree is as good as a machine. Some files must never be read, because the kernel answers
 * from another CPU's registers and interrupts it for that: cpuN/power/energy_perf_bias (intel_epb.c),
 * cpufreq/energy_performance_preference (intel_pstate.c), cpufreq/scaling_cur_freq before Linux 5.18, acpi_cppc/.
 */
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "check/internal.h"
#include "system/files.h"

static int read_file(const struct tn_check_context *c, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s%s", c->root, file) >= sizeof(path))
		return -ENAMETOOLONG;
	return tn_file_read(path, buf, size);
}

/**
 * check_read() - a file below the root, without blanks at its end
 * @c: context
 * @buf: receives the text, "" on failure
 * @size: of @buf; what does not fit is cut
 * @fmt: the file, such as "/proc/swaps"
 *
 * Return: length of the text; negative errno.
 */
int check_read(const struct tn_check_context *c, char *buf, size_t size, const char *fmt, ...)
{
	char file[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(file, sizeof(file), fmt, ap);
	va_end(ap);
	return read_file(c, file, buf, size);
}

/**
 * check_line() - what follows a word at the beginning of a line of a file below the root
 * @c: context
 * @key: the word, such as "Cpus_allowed_list:"
 * @buf: receives the rest of the line without blanks around it
 * @size: of @buf
 * @fmt: the file
 *
 * Return: 0; negative errno as of tn_file_line().
 */
int check_line(const struct tn_check_context *c, const char *key, char *buf, size_t size, const char *fmt, ...)
{
	char file[PATH_MAX / 2], path[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(file, sizeof(file), fmt, ap);
	va_end(ap);
	if ((size_t)snprintf(path, sizeof(path), "%s%s", c->root, file) >= sizeof(path))
		return -ENAMETOOLONG;
	return tn_file_line(path, key, buf, size);
}

/**
 * check_text() - read a small file as the finding's evidence
 * @c: context
 * @f: gets file and value
 * @fmt: the file
 *
 * Return: length of the value; negative errno.
 */
int check_text(const struct tn_check_context *c, struct tn_check_finding *f, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(f->file, sizeof(f->file), fmt, ap);
	va_end(ap);
	r = read_file(c, f->file, f->value, sizeof(f->value));
	for (char *p = f->value; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = ' ';
	return r;
}

/** check_file() - name the file that the evidence is from */
void check_file(struct tn_check_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->file, sizeof(f->file), fmt, ap);
	va_end(ap);
}

/** check_value() - set the evidence's value */
void check_value(struct tn_check_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->value, sizeof(f->value), fmt, ap);
	va_end(ap);
}

/** check_add() - one more item of the evidence's value, with a comma in front; "..." where there is no room */
void check_add(struct tn_check_finding *f, const char *fmt, ...)
{
	size_t len = strlen(f->value), room = sizeof(f->value) - len;
	char item[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(item, sizeof(item), fmt, ap);
	va_end(ap);
	if (len >= 3 && !strcmp(f->value + len - 3, "..."))
		return;
	if (strlen(item) + 2 + 5 < room)
		snprintf(f->value + len, room, "%s%s", len ? ", " : "", item);
	else
		snprintf(f->value + len, room, " ...");
}

/**
 * check_unread() - the verdict when a file could not be read
 * @f: has file; gets value and verdict
 * @error: negative errno
 * @missing: the verdict when the file does not exist; whatever else keeps it from being read makes it unknown
 */
void check_unread(struct tn_check_finding *f, int error, enum tn_check_verdict missing)
{
	bool absent = error == -ENOENT || error == -ENOTDIR || error == -ENODEV;

	f->verdict = absent ? missing : TN_CHECK_UNKNOWN;
	check_value(f, "%s", absent ? "not there" : strerror(-error));
}

/**
 * check_option() - an option of the kernel's command line
 * @c: context
 * @name: such as "isolcpus"
 * @value: receives what stands behind "=", of the last one; "" for an option without a value
 * @size: of @value
 *
 * Return: whether it is there.
 */
bool check_option(const struct tn_check_context *c, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);
	bool found = false;

	for (const char *p = c->env.cmdline; *p; p += strcspn(p, " ")) {
		p += strspn(p, " ");
		if (strncmp(p, name, n) || (p[n] && p[n] != '=' && p[n] != ' '))
			continue;
		found = true;
		snprintf(value, size, "%.*s", p[n] == '=' ? (int)strcspn(p + n + 1, " ") : 0, p + n + 1);
	}
	return found;
}

/** check_kernel_since() - whether the kernel's release is this one or later */
bool check_kernel_since(const struct tn_check_context *c, unsigned int major, unsigned int minor)
{
	unsigned int a = 0, b = 0;

	return sscanf(c->env.kernel_release, "%u.%u", &a, &b) == 2 && (a > major || (a == major && b >= minor));
}

/**
 * check_mask() - a hexadecimal mask of CPUs, groups of 32 bits with commas between
 * @text: such as "ff,ffffffff"
 * @ret: the set; untouched on failure
 *
 * Return: 0; -EINVAL.
 */
int check_mask(const char *text, struct tn_cpus *ret)
{
	struct tn_cpus set = {0};
	unsigned int cpu = 0;

	if (!*text)
		return -EINVAL;
	for (const char *p = text + strlen(text); p-- > text;) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, tolower((unsigned char)*p));

		if (*p == ',')
			continue;
		if (!at)
			return -EINVAL;
		for (unsigned int bit = 0; bit < 4; bit++, cpu++)
			if ((unsigned long)(at - digits) & (1ul << bit))
				tn_cpus_add(&set, cpu);
	}
	*ret = set;
	return 0;
}

static const char *format_mask(const struct tn_cpus *set, char *buf, size_t size)
{
	int last = tn_cpus_last(set);
	size_t len = 0;

	for (int word = (last < 0 ? 0 : last) / 32; word >= 0 && len + 10 < size; word--) {
		unsigned int bits = 0;

		for (unsigned int bit = 0; bit < 32; bit++)
			if (tn_cpus_has(set, (unsigned int)word * 32 + bit))
				bits |= 1u << bit;
		len += (size_t)snprintf(buf + len, size - len, len ? ",%08x" : "%x", bits);
	}
	return buf;
}

/**
 * check_expand() - fill in {cpu}, {cpus}, {housekeeping} and {mask}
 * @c: context
 * @cpu: of {cpu}
 * @template: text of the table
 * @buf: receives the text
 * @size: of @buf
 */
void check_expand(const struct tn_check_context *c, int cpu, const char *template, char *buf, size_t size)
{
	char one[16], cpus[TN_CPUS_TEXT], housekeeping[TN_CPUS_TEXT], mask[TN_CPUS_TEXT];
	const char *const words[][2] = {
		{"{cpu}", one}, {"{cpus}", cpus}, {"{housekeeping}", housekeeping}, {"{mask}", mask}};
	size_t len = 0;

	snprintf(one, sizeof(one), "%d", cpu);
	tn_cpus_format(&c->cpus, cpus, sizeof(cpus));
	tn_cpus_format(&c->housekeeping, housekeeping, sizeof(housekeeping));
	format_mask(&c->housekeeping, mask, sizeof(mask));
	buf[0] = '\0';
	for (const char *p = template; *p && len + 1 < size;) {
		size_t i = 0;

		while (i < TN_ARRAY_SIZE(words) && strncmp(p, words[i][0], strlen(words[i][0])) != 0)
			i++;
		if (i < TN_ARRAY_SIZE(words)) {
			snprintf(buf + len, size - len, "%s", words[i][1]);
			p += strlen(words[i][0]);
		} else {
			snprintf(buf + len, size - len, "%c", *p++);
		}
		len += strlen(buf + len);
	}
}

/**
 * check_glob() - visit the files that match a pattern
 * @c: context
 * @pattern: below the root
 * @visit: called for each in order, with its path below the root
 * @userdata: for @visit
 *
 * Return: how many there were.
 */
int check_glob(const struct tn_check_context *c, const char *pattern, check_visit visit, void *userdata)
{
	char path[PATH_MAX];
	glob_t found = {0};
	int n = 0;

	snprintf(path, sizeof(path), "%s%s", c->root, pattern);
	if (!glob(path, 0, NULL, &found))
		for (; (size_t)n < found.gl_pathc; n++)
			visit(c, found.gl_pathv[n] + strlen(c->root), userdata);
	globfree(&found);
	return n;
}
