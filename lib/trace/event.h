/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TRACE_EVENT_H
#define TN_TRACE_EVENT_H

#include <stdint.h>

/* Typed kernel events: what attribution works on. Nothing above trace/ knows of tracefs or formats. */
enum tn_event_type {
	/* on the probed CPU */
	TN_EV_VECTOR_ENTRY = 1, /* arg: enum tn_vector */
	TN_EV_VECTOR_EXIT,
	TN_EV_CSD_ENTRY, /* a: function, b: csd (0: called locally, by the task @pid itself), stack if local */
	TN_EV_CSD_EXIT,  /* a: function, b: csd */
	TN_EV_IRQ_ENTRY, /* arg: IRQ number, name: its handler */
	TN_EV_IRQ_EXIT,
	TN_EV_SOFTIRQ_ENTRY, /* arg: softirq number as in the kernel (1 TIMER, 9 RCU) */
	TN_EV_SOFTIRQ_EXIT,
	TN_EV_SWITCH,  /* pid: leaves, other: pid that comes, name: its comm */
	TN_EV_FAULT,   /* arg: 1 user, 0 kernel; a: address, b: instruction */
	TN_EV_NMI,     /* a: handler */
	TN_EV_HRTIMER, /* a: function */
	/* on the sender's CPU; the target is a probed CPU */
	TN_EV_CSD_QUEUE,      /* a: function, b: csd, callsite, target, stack */
	TN_EV_IPI_RESCHEDULE, /* callsite, target, stack */
	TN_EV_TYPES,
};

enum tn_vector {
	TN_VEC_LOCAL_TIMER,
	TN_VEC_RESCHEDULE,
	TN_VEC_CALL_FUNCTION,
	TN_VEC_CALL_FUNCTION_SINGLE,
	TN_VEC_IRQ_WORK,
	TN_VEC_PLATFORM_IPI,
	TN_VEC_THERMAL,
	TN_VEC_ERROR,
	TN_VEC_SPURIOUS,
	TN_VEC_COUNT,
};

struct tn_event {
	uint64_t ticks;
	uint64_t a, b;
	uint64_t callsite;
	uint16_t type;   /* enum tn_event_type */
	uint16_t cpu;    /* where it was recorded */
	uint16_t target; /* sender events: the CPU it goes to */
	uint16_t arg;
	int32_t pid; /* the task that was current */
	int32_t other;
	uint32_t stack; /* id, 0: none */
	uint32_t name;  /* id of an interned string, 0: none */
	uint32_t comm;  /* the same for the name that @pid had; sender events and local calls only, 0: not known */
};

#endif
