// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel describes each event's record in a format file, and fields move between releases.
 * libtraceevent reads these files once, when the session opens; what is kept is a list of offsets and
 * sizes per event, which decode.c goes by.
 */
#include <errno.h>
#include <string.h>
#include <traceevent/event-parse.h>

#include "trace/decode-private.h"

/**
 * tn_decoder_new() - make a decoder that knows no event yet
 * @symbols: receives names and stacks; must outlive the decoder
 * @ret: owned by the caller
 * @err: text on failure
 *
 * Return: 0 or -ENOMEM.
 */
int tn_decoder_new(struct tn_symbols *symbols, struct tn_decoder **ret, struct tn_error *err)
{
	struct tn_decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return tn_error_set(err, -ENOMEM, "out of memory for the decoder of kernel events");
	d->symbols = symbols;
	*ret = d;
	return 0;
}

/**
 * tn_decoder_free() - free a decoder
 * @d: decoder, or NULL
 */
void tn_decoder_free(struct tn_decoder *d)
{
	free(d);
}

static void tep_freep(struct tep_handle **tep)
{
	if (*tep)
		tep_free(*tep);
}

static const struct tn_kind *find_kind(const char *system, const char *event)
{
	for (size_t i = 0; i < tn_kinds_count; i++)
		if (!strcmp(tn_kinds[i].system, system) && !strcmp(tn_kinds[i].event, event))
			return &tn_kinds[i];
	return NULL;
}

/* Where @name lies in the record, as something that load_*() can read. */
static int find_field(struct tep_event *event, const char *name, struct tn_field *ret, struct tn_error *err)
{
	const struct tep_format_field *f = tep_find_any_field(event, name);
	struct tn_field out = {0};

	if (!f)
		return tn_error_set(err, -EPROTO, "event %s:%s of this kernel has no field '%s'", event->system,
				    event->name, name);
	if (f->offset < 0 || f->size < 0 || f->offset + f->size > UINT16_MAX)
		return tn_error_set(err, -EPROTO, "event %s:%s: field '%s' lies out of range", event->system,
				    event->name, name);
	if (f->flags & TEP_FIELD_IS_DYNAMIC)
		out.load = f->flags & TEP_FIELD_IS_RELATIVE ? TN_LOAD_REL_LOC : TN_LOAD_DATA_LOC;
	else if (f->flags & TEP_FIELD_IS_ARRAY)
		out.load = TN_LOAD_CHARS;
	if (out.load != TN_LOAD_CHARS && f->size != 1 && f->size != 2 && f->size != 4 && f->size != 8)
		return tn_error_set(err, -EPROTO, "event %s:%s: field '%s' has %d bytes, which no number has",
				    event->system, event->name, name, f->size);
	out.offset = (uint16_t)f->offset;
	out.size = f->size > UINT8_MAX ? UINT8_MAX : (uint8_t)f->size;
	*ret = out;
	return 0;
}

static void raise_to(uint16_t *need, const struct tn_field *f)
{
	if (*need < f->offset + f->size)
		*need = (uint16_t)(f->offset + f->size);
}

static int learn_head(struct tn_decoder *d, struct tep_event *event, struct tn_error *err)
{
	int rc;

	rc = find_field(event, "common_type", &d->id, err);
	if (!rc)
		rc = find_field(event, "common_flags", &d->flags, err);
	if (!rc)
		rc = find_field(event, "common_pid", &d->pid, err);
	if (rc)
		return rc;
	raise_to(&d->head_need, &d->id);
	raise_to(&d->head_need, &d->flags);
	raise_to(&d->head_need, &d->pid);
	return 0;
}

static int learn_kind(struct tn_decoder *d, const struct tn_kind *kind, struct tep_event *event, struct tn_error *err)
{
	struct tn_format f = {.type = kind->type, .arg = kind->arg, .need = d->head_need};
	int rc;

	for (uint8_t slot = 0; slot < TN_SLOTS; slot++) {
		if (!kind->field[slot])
			continue;
		rc = find_field(event, kind->field[slot], &f.field[f.n], err);
		if (rc)
			return rc;
		if ((slot == TN_SLOT_NAME) != (f.field[f.n].load != TN_LOAD_NUMBER))
			return tn_error_set(err, -EPROTO, "event %s:%s: field '%s' is not of the kind it was",
					    event->system, event->name, kind->field[slot]);
		f.field[f.n].slot = slot;
		raise_to(&f.need, &f.field[f.n++]);
	}
	if (d->n_formats == TN_FORMATS_MAX)
		return tn_error_set(err, -E2BIG, "more than %d kinds of kernel events", TN_FORMATS_MAX);
	d->format[d->n_formats++] = f;
	d->by_id[event->id] = d->n_formats;
	return 0;
}

static int learn_stack(struct tn_decoder *d, struct tep_event *event, struct tn_error *err)
{
	int rc;

	rc = find_field(event, "size", &d->stack_size, err);
	if (!rc)
		rc = find_field(event, "caller", &d->stack_frames, err);
	if (!rc)
		d->stack_id = (uint16_t)event->id;
	return rc;
}

/**
 * tn_decoder_learn() - take in the description of one event
 * @d: decoder
 * @system: such as "csd"
 * @format: text of events/SYSTEM/EVENT/format
 * @err: text on failure
 *
 * Besides the events of tn_kinds, ftrace:kernel_stack is known: its records carry the stacks.
 *
 * Return: 0; -ENOENT for an event we have no use for; -EPROTO for one that is not as we know it.
 */
int tn_decoder_learn(struct tn_decoder *d, const char *system, const char *format, struct tn_error *err)
{
	tn_cleanup(tep_freep) struct tep_handle *tep = tep_alloc();
	const char *print = strstr(format, "print fmt:");
	size_t length = print ? (size_t)(print - format) : strlen(format);
	const struct tn_kind *kind;
	tn_autofree char *text = NULL;
	struct tep_event *event;
	int rc;

	/* We never print a record as the kernel would, and some print formats are beyond the parser. */
	if (!tep || asprintf(&text, "%.*sprint fmt: \"\"\n", (int)length, format) < 0) {
		text = NULL;
		return tn_error_set(err, -ENOMEM, "out of memory for the format of a kernel event");
	}
	tep_set_loglevel(TEP_LOG_NONE);
	tep_set_long_size(tep, sizeof(long));
	if (tep_parse_format(tep, &event, text, strlen(text), system) || event->id <= 0 || event->id > UINT16_MAX)
		return tn_error_set(err, -EPROTO, "cannot read the format of an event of system '%s'", system);
	kind = find_kind(system, event->name);
	rc = learn_head(d, event, err);
	if (!rc && kind)
		rc = learn_kind(d, kind, event, err);
	else if (!rc && !strcmp(system, "ftrace") && !strcmp(event->name, "kernel_stack"))
		rc = learn_stack(d, event, err);
	else if (!rc)
		rc = tn_error_set(err, -ENOENT, "no use for event %s:%s", system, event->name);
	return rc;
}
