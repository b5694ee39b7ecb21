/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
#ifndef TLBNOISE_CHURN_H
#define TLBNOISE_CHURN_H

/*
 * The interface of the module tlbnoise_churn: what programs and the module share.
 *
 * Opening the device needs CAP_SYS_ADMIN and makes a session. All that a session has started
 * ends, and all that it has allocated is freed, when the last descriptor of the open file is
 * closed, however that comes about. Threads that it has started do not even wait for that: they
 * end, with EOWNERDEAD in TLBNOISE_CHURN_STATS, as soon as the process that started them is
 * killed or exits, whoever else has the file open.
 *
 * Each request has a structure of fixed size, the same for 32-bit programs. Fields called
 * reserved, and flags, must be 0. A request that changes its structure fills it in on success
 * only. Errors that any request may give:
 *	EINVAL	a field out of range, or a reserved one that is not 0
 *	E2BIG	more pages, memory, CPUs or records than TLBNOISE_CHURN_INFO allows
 *	ENOMEM	no memory, or other sessions have set aside too much of what they share
 *	EBUSY	started already: stop it first
 *	ENOENT	not started
 *	EOPNOTSUPP	this kernel lacks what the pattern needs
 *	ENOTTY	no such request: program and module are of different versions
 */
#include <linux/ioctl.h>
#include <linux/types.h>

#define TLBNOISE_CHURN_DEVICE  "/dev/tlbnoise-churn"
#define TLBNOISE_CHURN_VERSION 1

#define TLBNOISE_CHURN_CPUS    8192 /* in a set: CPU n is bit n % 64 of word n / 64 */

enum tlbnoise_churn_pattern {
	TLBNOISE_CHURN_VMALLOC,	      /* vmalloc(), vfree(): flushes once in fls(CPUs) * 32 MiB */
	TLBNOISE_CHURN_VMAP,	      /* vmap(), vunmap() of one page many times: the same */
	TLBNOISE_CHURN_VM_MAP_RAM,    /* vm_map_ram(), vm_unmap_ram(): the same */
	TLBNOISE_CHURN_UNMAP_ALIASES, /* vmalloc(), vfree(), vm_unmap_aliases(): flushes now */
	TLBNOISE_CHURN_SET_MEMORY,    /* set_memory_uc(), set_memory_wb(): flushes now, twice */
	TLBNOISE_CHURN_HUGE_VMAP,     /* huge mapping where a small one was: frees a page table */
	TLBNOISE_CHURN_MIXED,	      /* one of the above, at random, each time */
	TLBNOISE_CHURN_PATTERNS
};

struct tlbnoise_churn_info {
	__u32 version;	       /* TLBNOISE_CHURN_VERSION of the module */
	__u32 patterns;	       /* bit n: pattern n works on this kernel */
	__u32 pages_max[8];    /* of one operation, by pattern; 0 where it does not work */
	__u64 memory_max;      /* bytes, of all sessions together */
	__u64 duration_max_ns; /* of one injected interruption */
	__u64 spacing_min_ns;  /* from the end of one to the next */
	__u32 records_max;     /* of the injector's log */
	__u32 tick_khz;	       /* rate of the ticks in the log; 0 if unknown */
	__u64 operations;      /* of all sessions, since the module was loaded; also failed ones */
	__u64 last_ns;	       /* CLOCK_MONOTONIC at the end of the latest of them; 0: none yet */
	__u64 reserved[2];
};

/*
 * Starts threads, one a CPU of the set; each does one operation a period, or as many as it can.
 * With no CPU in the set nothing runs by itself, and operations are done by
 * TLBNOISE_CHURN_OPERATE in the calling thread.
 *
 * All CPUs have to be online. A thread whose CPU goes offline later finishes its operation on
 * another one and ends: threads counts it no more, and error says EXDEV. The others go on.
 */
struct tlbnoise_churn_start {
	__u32 pattern; /* enum tlbnoise_churn_pattern */
	__u32 flags;
	__u32 pages_min, pages_max; /* of one operation, uniform at random; at least 1 */
	__u64 period_ns;	    /* of each thread; 0: flat out; at most an hour */
	__u64 memory_max;	    /* bytes; 0: what TLBNOISE_CHURN_INFO says */
	__u64 seed;		    /* of the sizes drawn; the same seed gives the same sizes */
	__u64 reserved[3];
	__u64 cpus[TLBNOISE_CHURN_CPUS / 64];
};

/*
 * Pages done are those asked for or drawn, but huge-vmap does whole huge pages, one for each
 * possible NUMA node, and mixed does no more than the pattern that it has drawn can.
 */
struct tlbnoise_churn_operate {
	__u32 pages;	    /* in: 0 to draw one of the range; out: those done, see below */
	__u32 tables_freed; /* out: see struct tlbnoise_churn_stats */
	__u64 busy_ns;	    /* out: how long it took */
	__u64 reserved[2];
};

/* Sums over the session so far. */
struct tlbnoise_churn_stats {
	__u64 operations;
	__u64 missed;	    /* periods that went by whole without an operation */
	__u64 errors;	    /* operations that failed: they count as no operation */
	__u64 pages;	    /* sum of those done by all operations */
	__u64 busy_ns;	    /* inside operations */
	__u64 tables_freed; /* page tables seen there before and gone after huge-vmap */
	__u64 memory;	    /* bytes set aside now: what the threads use at most */
	__u64 shots;	    /* interruptions injected */
	__u64 shots_failed; /* not injected: the CPU to interrupt was offline */
	__u64 records_lost; /* for which the log had no room */
	__u32 threads;	    /* that run now, the injector's not among them */
	__s32 error;	    /* -errno of an operation or a thread that failed, 0 if none */
	__u64 reserved[5];
};

/*
 * Interrupts @cpu from a thread on @sender; durations and spacings are uniform in their ranges.
 * The same seed gives the same sequence of both, whatever happens to the interruptions.
 *
 * Each interruption is one IPI of class call-function-single and nothing else: no thread is woken
 * on @cpu, and nothing there faults or is allocated. Tracepoints (csd, ipi) name the function as
 * below. Beyond the duration, the CPU is away from its task for the entry into the kernel, the
 * handler of the IPI around the function, and the way back.
 *
 * No record is lost as long as no more than @records of them wait for read(): make room for
 * all of a short series, or read while a long one runs, on another CPU than @cpu. Should it
 * happen all the same, TLBNOISE_CHURN_STATS counts the lost.
 *
 * While @cpu is offline, shots fail and are counted, and @count goes on. When @sender goes
 * offline the injector ends, and TLBNOISE_CHURN_STATS says EXDEV.
 */
#define TLBNOISE_CHURN_INJECT_FUNCTION "tlbnoise_churn_interrupt"

struct tlbnoise_churn_inject {
	__u32 cpu;
	__u32 sender;			      /* another CPU */
	__u64 duration_min, duration_max;     /* ns, or ticks with TLBNOISE_CHURN_TICKS */
	__u64 spacing_min_ns, spacing_max_ns; /* from one's end to the next; >= duration_max */
	__u64 count;			      /* 0: until stopped */
	__u64 seed;
	__u32 records; /* room in the log, of 48 bytes each; 0: records_max of INFO */
	__u32 flags;   /* TLBNOISE_CHURN_TICKS or 0 */
	__u64 reserved[3];
};

#define TLBNOISE_CHURN_TICKS 1

/*
 * What read() on the device gives, whole records only, oldest first. It waits for one; 0 says
 * that the injector has ended and the log is empty. Entry and exit are the first and the last
 * thing that the handler does, so the CPU was away from its task a little longer: by the entry
 * into the kernel and the way back.
 */
struct tlbnoise_churn_record {
	__u64 sequence;	   /* from 0 in each INJECT; a gap is a record lost */
	__u64 sent;	   /* ticks: on the sender, before the interrupt is sent */
	__u64 entry, exit; /* ticks: on the CPU interrupted */
	__u64 asked;	   /* ticks */
	__u32 cpu, sender;
};

/*
 * The test for stale TLB entries. REMAP unmaps an area, flushes as vm_unmap_aliases() does, and
 * maps another page at the same address; PEEK reads the area on the calling CPU, and what it
 * reads must be the page mapped last. Pin the threads: REMAP on one CPU, PEEK on another, in
 * turns, with the peeking CPU in userspace in between.
 */
struct tlbnoise_churn_remap {
	__u32 pages;	  /* 1 to 512 at first; later the same, or 0 */
	__u32 moved;	  /* out: 1 if at another address: proves nothing */
	__u64 generation; /* out: counts from 1 */
	__u32 cpu;	  /* out: that did it */
	__u32 reserved[3];
};

struct tlbnoise_churn_peek {
	__u64 generation; /* out: of the page that is mapped */
	__u64 seen;	  /* out: generation read, the oldest of several */
	__u32 pages;	  /* out: read */
	__u32 stale;	  /* out: pages that were not the one mapped */
	__u32 cpu;	  /* out: that did it */
	__u32 reserved[3];
};

#define TLBNOISE_CHURN_MAGIC   0xbe

#define TLBNOISE_CHURN_INFO    _IOR(TLBNOISE_CHURN_MAGIC, 0, struct tlbnoise_churn_info)
#define TLBNOISE_CHURN_START   _IOW(TLBNOISE_CHURN_MAGIC, 1, struct tlbnoise_churn_start)
#define TLBNOISE_CHURN_STOP    _IO(TLBNOISE_CHURN_MAGIC, 2)
#define TLBNOISE_CHURN_OPERATE _IOWR(TLBNOISE_CHURN_MAGIC, 3, struct tlbnoise_churn_operate)
#define TLBNOISE_CHURN_STATS   _IOR(TLBNOISE_CHURN_MAGIC, 4, struct tlbnoise_churn_stats)
#define TLBNOISE_CHURN_INJECT  _IOW(TLBNOISE_CHURN_MAGIC, 5, struct tlbnoise_churn_inject)
#define TLBNOISE_CHURN_CEASE   _IO(TLBNOISE_CHURN_MAGIC, 6) /* end the injector, keep the log */
#define TLBNOISE_CHURN_REMAP   _IOWR(TLBNOISE_CHURN_MAGIC, 7, struct tlbnoise_churn_remap)
#define TLBNOISE_CHURN_PEEK    _IOWR(TLBNOISE_CHURN_MAGIC, 8, struct tlbnoise_churn_peek)

#endif
