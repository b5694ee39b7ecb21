// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel records to struct tn_event: plain loads from the offsets that format.c found. Nothing is looked
 * up by name here, and a record is never read beyond its end.
 */
#include <limits.h>
#include <string.h>

#include "trace/decode-private.h"

/* Bits of common_flags (include/linux/trace_events.h, enum trace_flag_type). */
#define FLAG_HARDIRQ   0x08
#define FLAG_SOFTIRQ   0x10
#define FLAG_NMI       0x40

#define NAME_MAX_BYTES 64

static inline uint64_t load_number(const uint8_t *record, const struct tn_field *f)
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
static uint32_t load_name(struct tn_decoder *d, const uint8_t *record, size_t size, const struct tn_field *f)
{
	size_t offset = f->offset, length = f->size;
	char text[NAME_MAX_BYTES];

	if (f->load != TN_LOAD_CHARS) {
		uint64_t where = load_number(record, f);

		offset = (where & 0xffff) + (f->load == TN_LOAD_REL_LOC ? f->offset + f->size : 0);
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
	const struct tn_format *f;

	if (!d->by_id[head->id])
		return false;
	f = &d->format[d->by_id[head->id] - 1];
	if (size < f->need)
		return false;
	*ret = (struct tn_event){.type = f->type, .arg = f->arg, .pid = head->pid};
	for (uint8_t i = 0; i < f->n; i++) {
		const struct tn_field *from = &f->field[i];
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
