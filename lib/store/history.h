/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_STORE_HISTORY_H
#define TN_STORE_HISTORY_H

/* The store as a history: what many runs say of one metric, without reading any document. */
#include "store/store.h"

/* A run that has ended and has a result. */
struct tn_store_point {
	int64_t seq; /* within this store */
	char id[40], started_at[40], state[16];
	char scenario[64], host[128], kernel[128];
	uint64_t ruler; /* a hash of what must be alike for runs to be compared, as far as columns have it */
	unsigned int met, failed, undecided, not_judged; /* expectations */
};

/* A metric of one CPU in one round. */
struct tn_store_value {
	int64_t seq;
	size_t metric; /* index of its name among those asked for */
	int cpu;       /* -1: not of a CPU */
	uint32_t round;
	double value; /* NaN: none */
};

typedef int tn_store_take(void *context, const struct tn_store_value *value);

int tn_store_points(struct tn_store *s, const char *host, const char *scenario, struct tn_store_point **ret,
		    size_t *ret_n, struct tn_error *err);
int tn_store_metric_names(struct tn_store *s, char ***ret, size_t *ret_n, struct tn_error *err);
void tn_store_metric_names_free(char **name, size_t n);
int tn_store_values(struct tn_store *s, const char *host, const char *scenario, char *const *name, size_t n,
		    tn_store_take *take, void *context, struct tn_error *err);

#endif
