// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel addresses to function names: an array sorted by address and a binary search. Only functions
 * have names in it. Of everything else just the border is kept, so that an address behind the last
 * function of a section is unknown instead of being given that function's name.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "trace/symbols-private.h"

/* The kernel's own rule for aliases (kernel/kallsyms.c, get_symbol_pos()): the first in the file names the address. */
struct candidate {
	struct tn_function f;
	size_t order;
};

struct candidates {
	struct candidate *c;
	size_t n, max;
};

static void candidates_release(struct candidates *l)
{
	free(l->c);
}

static int by_address(const void *pa, const void *pb)
{
	const struct candidate *a = pa, *b = pb;

	if (a->f.address != b->f.address)
		return a->f.address < b->f.address ? -1 : 1;
	if (!a->f.name != !b->f.name)
		return a->f.name ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/*
 * One line is "ADDRESS TYPE NAME[\t[MODULE]]". Functions are of type t or w in either case; __pfx_NAME marks the
 * padding before a function and is not a place where anything runs.
 */
static int take_line(struct tn_symbols *s, struct candidates *l, char *line)
{
	struct candidate c = {.order = l->n};
	char *p, *name;

	c.f.address = strtoull(line, &p, 16);
	if (p == line || *p != ' ' || !p[1] || p[2] != ' ')
		return -EINVAL;
	name = p + 3;
	name[strcspn(name, " \t\n")] = '\0';
	if (!c.f.address || !strncmp(name, "__pfx_", 6))
		return 0;
	if (strchr("tTwW", p[1])) {
		c.f.name = tn_arena_text(&s->arena, name, strlen(name));
		if (!c.f.name)
			return -ENOMEM;
	} else if (strchr("aA", p[1])) {
		return 0; /* a number, not a place */
	}
	if (tn_grow(&l->c, &l->max, l->n + 1, sizeof(*l->c)))
		return -ENOMEM;
	l->c[l->n++] = c;
	return 0;
}

/* Into the table: one entry an address, one border a run of things that are no functions. */
static int take_sorted(struct tn_symbols *s, const struct candidates *l)
{
	struct tn_function *table = malloc((l->n + 1) * sizeof(*table));
	size_t n = 0;

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		const struct tn_function *f = &l->c[i].f;

		if (n && (table[n - 1].address == f->address || (!f->name && !table[n - 1].name)))
			continue;
		table[n++] = *f;
	}
	free(s->function);
	s->function = table;
	s->n_functions = s->functions_max = n;
	return 0;
}

/**
 * tn_symbols_load_kallsyms() - read the kernel's table of symbols
 * @s: tables; functions loaded or added before are replaced
 * @path: "/proc/kallsyms", or a recorded copy
 * @err: text on failure
 *
 * Where the kernel hides addresses (kernel.kptr_restrict, or a reader without privileges) the file has zeros only:
 * this is no failure, names are then unknown and addresses are printed as numbers.
 *
 * Return: 0, -EINVAL for a line that is not of kallsyms' form, -ENOMEM, or the errno of opening and reading.
 */
int tn_symbols_load_kallsyms(struct tn_symbols *s, const char *path, struct tn_error *err)
{
	tn_cleanup(candidates_release) struct candidates l = {0};
	tn_autofclose FILE *f = fopen(path, "re");
	tn_autofree char *line = NULL;
	size_t size = 0;
	unsigned int number = 0;
	int rc;

	if (!f)
		return tn_error_set(err, -errno, "cannot read kernel symbols from %s: %s", path, strerror(errno));
	errno = 0;
	while (getline(&line, &size, f) > 0) {
		number++;
		rc = take_line(s, &l, line);
		if (rc == -EINVAL)
			return tn_error_set(err, rc, "%s:%u: not a line of kallsyms (ADDRESS TYPE NAME)", path, number);
		if (rc)
			return tn_error_set(err, rc, "out of memory for the kernel symbols in %s", path);
	}
	if (ferror(f))
		return tn_error_set(err, -(errno ? errno : EIO), "cannot read kernel symbols from %s", path);
	if (l.n)
		qsort(l.c, l.n, sizeof(*l.c), by_address);
	if (take_sorted(s, &l))
		return tn_error_set(err, -ENOMEM, "out of memory for the kernel symbols in %s", path);
	return 0;
}

/* How many entries start at or below @address. */
static size_t rank(const struct tn_symbols *s, uint64_t address)
{
	size_t low = 0, high = s->n_functions;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->function[mid].address <= address)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/**
 * tn_symbols_add() - add one function by hand
 * @s: tables
 * @address: where it starts; an entry that starts there already is replaced
 * @name: its name; NULL or "": from here on lies something that is no function
 *
 * Return: 0, -EINVAL for address 0, -ENOMEM.
 */
int tn_symbols_add(struct tn_symbols *s, uint64_t address, const char *name)
{
	size_t at = rank(s, address);
	char *copy = NULL;

	if (!address)
		return -EINVAL;
	if (name && *name) {
		copy = tn_arena_text(&s->arena, name, strlen(name));
		if (!copy)
			return -ENOMEM;
	}
	if (at && s->function[at - 1].address == address) {
		s->function[at - 1].name = copy;
		return 0;
	}
	if (tn_grow(&s->function, &s->functions_max, s->n_functions + 1, sizeof(*s->function)))
		return -ENOMEM;
	memmove(&s->function[at + 1], &s->function[at], (s->n_functions - at) * sizeof(*s->function));
	s->function[at] = (struct tn_function){address, copy};
	s->n_functions++;
	return 0;
}

static const struct tn_function *find(const struct tn_symbols *s, uint64_t address)
{
	size_t at = rank(s, address);

	return at && s->function[at - 1].name ? &s->function[at - 1] : NULL;
}

/**
 * tn_symbols_name() - the function an address lies in
 * @s: tables
 * @address: of an instruction
 *
 * Return: its name without a module's, "" when unknown; valid as long as @s.
 */
const char *tn_symbols_name(const struct tn_symbols *s, uint64_t address)
{
	const struct tn_function *f = find(s, address);

	return f ? f->name : "";
}

/**
 * tn_symbols_start() - where the function starts that an address lies in
 * @s: tables
 * @address: of an instruction
 *
 * Return: the start, 0 when unknown.
 */
uint64_t tn_symbols_start(const struct tn_symbols *s, uint64_t address)
{
	const struct tn_function *f = find(s, address);

	return f ? f->address : 0;
}

/**
 * tn_symbols_format() - an address for people
 * @s: tables
 * @address: of an instruction
 * @buf: receives "name+0x1c", "name" for its first byte, or "0xffffffff81000000" when unknown
 * @size: of @buf
 *
 * Return: @buf.
 */
const char *tn_symbols_format(const struct tn_symbols *s, uint64_t address, char *buf, size_t size)
{
	const struct tn_function *f = find(s, address);

	if (!f)
		snprintf(buf, size, "0x%" PRIx64, address);
	else if (f->address == address)
		snprintf(buf, size, "%s", f->name);
	else
		snprintf(buf, size, "%s+0x%" PRIx64, f->name, address - f->address);
	return buf;
}
