/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_TEST_VARLINK_HARNESS_H
#define TN_TEST_VARLINK_HARNESS_H

/*
 * A server with a few methods on a thread of its own and a real socket, and a client made of nothing but
 * send() and recv(), so that the bytes on the wire are what is tested.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "varlink/varlink.h"

#define TEST_INTERFACE "org.example.test"
#define WAIT_MS        20000 /* a condition that is not met by then never will be */

struct harness;

struct harness *harness_start(unsigned int max_connections);
void harness_stop(struct harness *h);
int harness_setup(void **state); /* one for the whole group of tests, for 16 clients */
int harness_teardown(void **state);
const char *harness_path(const struct harness *h);
void harness_open_to_all(const struct harness *h);
int harness_pair(struct harness *h);                        /* our end of a socket pair that is served */
bool harness_logged(struct harness *h, const char *text);   /* whether some line has it */
void harness_wait_log(struct harness *h, const char *text); /* fails the test when it never comes */
unsigned int harness_log_lines(struct harness *h);
int harness_number(struct harness *h, const char *key); /* one of what the method Counters tells */
void harness_wait_number(struct harness *h, const char *key, int at_least);

int raw_connect(const struct harness *h);
void raw_send(int fd, const char *data, size_t size);
void raw_call(int fd, const char *json);   /* with its NUL */
char *raw_receive(int fd);                 /* up to the NUL; NULL at the end of the connection; free() it */
void raw_expect(int fd, const char *json); /* the next message is exactly this text */
void raw_expect_end(int fd);               /* the server closed, and sent nothing before */

#endif
