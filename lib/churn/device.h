/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CHURN_DEVICE_H
#define TN_CHURN_DEVICE_H

/* The kernel module tlbnoise_churn as sources see it. Shared between the files of this folder and its tests only. */
#include "churn/worker.h"
#include "kernel/churn/tlbnoise_churn.h"

int tn_churn_device_open(const char *path, uint32_t pattern, int *ret_fd, struct tlbnoise_churn_info *ret,
			 struct tn_error *err);
int tn_churn_device_refusal(int error, const struct tlbnoise_churn_start *start, const struct tlbnoise_churn_info *info,
			    struct tn_error *err);
int tn_churn_device_check(uint32_t pattern, struct tn_error *err);
int tn_churn_device_setup(struct tn_churn_worker *w, uint32_t pattern, struct tn_error *err);
int tn_churn_device_operate(struct tn_churn_worker *w, struct tn_error *err);
void tn_churn_device_teardown(struct tn_churn_worker *w);

#endif
