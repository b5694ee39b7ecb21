/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ENTRY_LOAD_H
#define ENTRY_LOAD_H

/* entry-load.c */
void work(unsigned int passes);

/* entry-calls.c */
void system_calls(void);
void touch_pages(unsigned int n);
void single_step_a_child(void);
void under_seccomp(void);
int churn(const char *ms);

#endif
