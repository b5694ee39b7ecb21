/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_CLI_SCREEN_H
#define TN_CLI_SCREEN_H

#include <stdbool.h>

bool screen_possible(void);
void screen_open(void);
void screen_close(void);
bool screen_keyboard(void);
bool screen_changed(void);
bool screen_has_changed(void);

#endif
