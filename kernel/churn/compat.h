/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TLBNOISE_COMPAT_H
#define TLBNOISE_COMPAT_H

/*
 * What differs between kernels 6.1 and 6.18, and between architectures. All mapping functions
 * that the patterns use are exported by each of these releases; vmalloc_huge() became an inline
 * function around an exported one in 6.16. Where something is missing, the pattern says that it
 * does not work here and TLBNOISE_CHURN_INFO shows it.
 */
#include <linux/errno.h>
#include <linux/timex.h>
#include <linux/types.h>

#ifndef CONFIG_64BIT
#error tlbnoise_churn counts in 64-bit words without locks: 64-bit kernels only
#endif

#ifdef CONFIG_X86_64

#include <linux/cpufeature.h>
#include <linux/pgtable.h>

#include <asm/msr.h>
#include <asm/set_memory.h>
#include <asm/tsc.h>

#define TNC_HAS_SET_MEMORY true
#define TNC_HAS_HUGE_VMAP \
	(IS_ENABLED(CONFIG_HAVE_ARCH_HUGE_VMALLOC) && boot_cpu_has(X86_FEATURE_PSE))

static inline u64 tnc_ticks(void)
{
	return rdtsc_ordered();
}

static inline u32 tnc_tick_khz(void)
{
	return tsc_khz;
}

/* Whether the kernel maps @addr by a table of small pages, be they present or not. */
static inline bool tnc_maps_small(unsigned long addr)
{
	unsigned int level;

	return lookup_address(addr, &level) && level == PG_LEVEL_4K;
}

static inline bool tnc_maps_huge(unsigned long addr)
{
	unsigned int level;

	return lookup_address(addr, &level) && level == PG_LEVEL_2M;
}

#else

#define TNC_HAS_SET_MEMORY false
#define TNC_HAS_HUGE_VMAP  false

static inline u64 tnc_ticks(void)
{
	return get_cycles();
}

static inline u32 tnc_tick_khz(void)
{
	return 0;
}

static inline bool tnc_maps_small(unsigned long addr)
{
	return false;
}

static inline bool tnc_maps_huge(unsigned long addr)
{
	return false;
}

static inline int set_memory_uc(unsigned long addr, int pages)
{
	return -EOPNOTSUPP;
}

static inline int set_memory_wb(unsigned long addr, int pages)
{
	return -EOPNOTSUPP;
}

#endif
#endif
