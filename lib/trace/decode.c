// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel records to struct tn_event. The kernel describes each event's record in a format file, and
 * fields move between releases. libtraceevent reads these files once, when the session opens; what is
 * kept is a list of offsets and sizes per event id, and decoding is plain loads from the record.
 */
#include "trace/decode.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <traceevent/event-parse.h>

/* Bits of common_flags (include/linux/trace_events.h, enum trace_flag_type). */
#define FLAG_HARDIRQ   0x08
#define FLAG_SOFTIRQ   0x10
#define FLAG_NMI       0x40

#define NAME_MAX_BYTES 64
#define FORMATS_MAX    64

enum load { LOAD_NUMBER, LOAD_CHARS, LOAD_DATA_LOC, LOAD_REL_LOC };

struct field {
	uint16_t offset;
	uint8_t size;
	uint8_t slot; /* enum tn_slot */
	uint8_t load; /* enum load */
};

struct format {
	uint8_t type, arg, n;
	uint16_t need; /* a shorter record is not of this format */
	struct field field[TN_SLOTS];
};

struct tn_decoder {
	struct tn_symbols *symbols;
	uint8_t n_formats;
	struct field id, flags, pid; /* the common fields */
	uint16_t head_need;
	uint16_t stack_id; /* 0: no such event */
	struct field stack_size, stack_frames;
	struct format format[FORMATS_MAX];
	uint8_t by_id[UINT16_MAX + 1]; /* index into format + 1 */
};

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
static int find_field(struct tep_event *event, const char *name, struct field *ret, struct tn_error *err)
{
	const struct tep_format_field *f = tep_find_any_field(event, name);
	struct field out = {0};

	if (!f)
		return tn_error_set(err, -EPROTO, "event %s:%s of this kernel has no field '%s'", event->system,
				    event->name, name);
	if (f->offset < 0 || f->size <= 0 || f->offset + f->size > UINT16_MAX)
		return tn_error_set(err, -EPROTO, "event %s:%s: field '%s' lies out of range", event->system,
				    event->name, name);
	if (f->flags & TEP_FIELD_IS_DYNAMIC)
		out.load = f->flags & TEP_FIELD_IS_RELATIVE ? LOAD_REL_LOC : LOAD_DATA_LOC;
	else if (f->flags & TEP_FIELD_IS_ARRAY)
		out.load = LOAD_CHARS;
	if (out.load != LOAD_CHARS && f->size != 1 && f->size != 2 && f->size != 4 && f->size != 8)
		return tn_error_set(err, -EPROTO, "event %s:%s: field '%s' has %d bytes, which no number has",
				    event->system, event->name, name, f->size);
	out.offset = (uint16_t)f->offset;
	out.size = f->size > UINT8_MAX ? UINT8_MAX : (uint8_t)f->size;
	*ret = out;
	return 0;
}

static void raise_to(uint16_t *need, const struct field *f)
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
	struct format f = {.type = kind->type, .arg = kind->arg, .need = d->head_need};
	int rc;

	for (uint8_t slot = 0; slot < TN_SLOTS; slot++) {
		if (!kind->field[slot])
			continue;
		rc = find_field(event, kind->field[slot], &f.field[f.n], err);
		if (rc)
			return rc;
		if ((slot == TN_SLOT_NAME) != (f.field[f.n].load != LOAD_NUMBER))
			return tn_error_set(err, -EPROTO, "event %s:%s: field '%s' is not of the kind it was",
					    event->system, event->name, kind->field[slot]);
		f.field[f.n].slot = slot;
		raise_to(&f.need, &f.field[f.n++]);
	}
	if (d->n_formats == FORMATS_MAX)
		return tn_error_set(err, -E2BIG, "more than %d kinds of kernel events", FORMATS_MAX);
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

static inline uint64_t load_number(const uint8_t *record, const struct field *f)
{
	union {
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} v;

	switch (f->size) {
	case 1:
		return record[f->offset];
	case 2:
		memcpy(&v.u16, record + f->offset, 2);
		return v.u16;
	case 4:
		memcpy(&v.u32, record + f->offset, 4);
		return v.u32;
	default:
		memcpy(&v.u64, record + f->offset, 8);
		return v.u64;
	}
}

/* A fixed array of characters, or a 32-bit word "length << 16 | offset" that says where the text lies. */
static uint32_t load_name(struct tn_decoder *d, const uint8_t *record, size_t size, const struct field *f)
{
	size_t offset = f->offset, length = f->size;
	char text[NAME_MAX_BYTES];

	if (f->load != LOAD_CHARS) {
		uint64_t where = load_number(record, f);

		offset = (where & 0xffff) + (f->load == LOAD_REL_LOC ? f->offset + f->size : 0);
		length = where >> 16 & 0xffff;
		if (offset + length > size)
			return 0;
	}
	if (length > sizeof(text) - 1)
		length = sizeof(text) - 1;
	length = strnlen((const char *)record + offset, length);
	memcpy(text, record + offset, length);
	text[length] = '\0';
	return tn_symbols_intern(d->symbols, text);
}

static inline uint16_t saturate(uint64_t v)
{
	return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

/**
 * tn_decode_head() - read what every record begins with
 * @d: decoder that has learned at least one event
 * @record: first byte
 * @size: bytes
 * @ret: result
 *
 * Return: false for a record that is too short to be one.
 */
bool tn_decode_head(const struct tn_decoder *d, const void *record, size_t size, struct tn_record *ret)
{
	uint64_t flags;

	if (!d->head_need || size < d->head_need)
		return false;
	flags = load_number(record, &d->flags);
	ret->id = (uint16_t)load_number(record, &d->id);
	ret->pid = (int32_t)load_number(record, &d->pid);
	ret->context = flags & FLAG_NMI ? 3 : flags & FLAG_HARDIRQ ? 2 : flags & FLAG_SOFTIRQ ? 1 : 0;
	return true;
}

/**
 * tn_decode() - one record to one event
 * @d: decoder
 * @record: first byte, as the ring buffer holds it
 * @size: bytes, padding included
 * @head: of the record
 * @ret: result, but for ticks, cpu and stack, which are not in the record
 *
 * Numbers that do not fit their place (an IRQ above 65534) become its largest value.
 *
 * Return: false when the event is none of ours or its record is too short.
 */
bool tn_decode(struct tn_decoder *d, const void *record, size_t size, const struct tn_record *head,
	       struct tn_event *ret)
{
	const struct format *f;

	if (!d->by_id[head->id])
		return false;
	f = &d->format[d->by_id[head->id] - 1];
	if (size < f->need)
		return false;
	*ret = (struct tn_event){.type = f->type, .arg = f->arg, .pid = head->pid};
	for (uint8_t i = 0; i < f->n; i++) {
		const struct field *from = &f->field[i];
		uint64_t v = from->slot == TN_SLOT_NAME ? load_name(d, record, size, from) : load_number(record, from);

		switch (from->slot) {
		case TN_SLOT_A:
			ret->a = v;
			break;
		case TN_SLOT_B:
			ret->b = v;
			break;
		case TN_SLOT_CALLSITE:
			ret->callsite = v;
			break;
		case TN_SLOT_TARGET:
			ret->target = saturate(v);
			break;
		case TN_SLOT_ARG:
			ret->arg = saturate(v);
			break;
		case TN_SLOT_OTHER:
			ret->other = (int32_t)v;
			break;
		case TN_SLOT_NAME:
			ret->name = (uint32_t)v;
			break;
		}
	}
	return true;
}

/**
 * tn_decode_is_stack() - whether a record is the stack that belongs to the event before it
 * @d: decoder
 * @head: of the record
 */
bool tn_decode_is_stack(const struct tn_decoder *d, const struct tn_record *head)
{
	return d->stack_id && head->id == d->stack_id;
}

/* The tracer's own functions, which lie on top of every stack: none of them is who sent an IPI. */
static bool is_tracer(const struct tn_symbols *s, uint64_t address)
{
	static const char *const prefix[] = {"trace_event_",  "__traceiter_",  "__ftrace_trace_stack", "ftrace_",
					     "__trace_stack", "event_trigger", "stacktrace_trigger",   "trace_buffer_"};
	const char *name = tn_symbols_name(s, address);

	for (size_t i = 0; i < TN_ARRAY_SIZE(prefix); i++)
		if (!strncmp(name, prefix[i], strlen(prefix[i])))
			return true;
	return false;
}

/**
 * tn_decode_stack() - number the stack in a record of ftrace:kernel_stack
 * @d: decoder
 * @record: first byte
 * @size: bytes
 *
 * The tracer's own frames are left out, so that the first one is the function with the tracepoint.
 *
 * Return: id for tn_symbols_stack(), 0 when the record holds no frame.
 */
uint32_t tn_decode_stack(struct tn_decoder *d, const void *record, size_t size)
{
	const uint8_t *p = record;
	uint64_t frame[TN_STACK_DEPTH * 2];
	size_t n, room, skip = 0;

	if (size < d->stack_frames.offset || size < (size_t)d->stack_size.offset + d->stack_size.size)
		return 0;
	n = load_number(p, &d->stack_size);
	room = (size - d->stack_frames.offset) / sizeof(unsigned long);
	n = n < room ? n : room;
	n = n < TN_ARRAY_SIZE(frame) ? n : TN_ARRAY_SIZE(frame);
	for (size_t i = 0; i < n; i++) {
		unsigned long address;

		memcpy(&address, p + d->stack_frames.offset + i * sizeof(address), sizeof(address));
		if (!address || address == ULONG_MAX)
			n = i;
		else
			frame[i] = address;
	}
	while (skip < n && is_tracer(d->symbols, frame[skip]))
		skip++;
	return tn_symbols_intern_stack(d->symbols, frame + skip, (uint32_t)(n - skip));
}
