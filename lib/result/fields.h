/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_RESULT_FIELDS_H
#define TN_RESULT_FIELDS_H

/* Inside lib/result only: the notation of the field tables. S is the struct, m its member, k the key. */
#include "result/codec.h"

#define TN_MEMBER_SIZE(S, m) sizeof(((S *)0)->m)
#define FIELD(S, m, k, t, ...)                                                                               \
	{                                                                                                    \
		.key = (k), .type = (t), .offset = offsetof(S, m), .size = TN_MEMBER_SIZE(S, m), __VA_ARGS__ \
	}

/* Behind a field's other arguments: it came later than the schema, so older documents lack it. */
#define LATER                              .optional = true

#define TEXT(S, m, k, ...)                 FIELD(S, m, k, TN_FIELD_TEXT, __VA_ARGS__)
#define STRING(S, m, k)                    FIELD(S, m, k, TN_FIELD_STRING)
#define BOOL(S, m, k, ...)                 FIELD(S, m, k, TN_FIELD_BOOL, __VA_ARGS__)
#define INT(S, m, k, low, high)            FIELD(S, m, k, TN_FIELD_INT, .min = (low), .max = (high))
#define U32(S, m, k)                       FIELD(S, m, k, TN_FIELD_U32, .max = UINT32_MAX)
#define U64(S, m, k, ...)                  FIELD(S, m, k, TN_FIELD_U64, .max = (double)TN_JSON_INT_MAX, __VA_ARGS__)
#define U64_OR_NULL(S, m, k)               FIELD(S, m, k, TN_FIELD_U64_OR_NULL, .max = (double)TN_JSON_INT_MAX)
#define INDEX(S, m, k)                     FIELD(S, m, k, TN_FIELD_INDEX, .max = INT32_MAX)
#define STAMP(S, m, k)                     FIELD(S, m, k, TN_FIELD_STAMP)
#define DOUBLE(S, m, k, low, high, ...)    FIELD(S, m, k, TN_FIELD_DOUBLE, .min = (low), .max = (high), __VA_ARGS__)
#define DOUBLE_OR_NULL(S, m, k, low, high) FIELD(S, m, k, TN_FIELD_DOUBLE_OR_NULL, .min = (low), .max = (high))
#define ENUM(S, m, k, names)               FIELD(S, m, k, TN_FIELD_ENUM, .name = (names))
#define CPUS(S, m, k)                      FIELD(S, m, k, TN_FIELD_CPUS)
#define HIST(S, m, k)                      FIELD(S, m, k, TN_FIELD_HIST)
#define OBJECT(S, m, k, o)                 FIELD(S, m, k, TN_FIELD_OBJECT, .object = (o))
#define CLASSES(S, m, k, o)                                                                                      \
	{                                                                                                        \
		.key = (k), .type = TN_FIELD_CLASSES, .offset = offsetof(S, m), .size = TN_MEMBER_SIZE(S, m[0]), \
		.object = (o)                                                                                    \
	}
#define COUNTED(S, m, n) .count_offset = offsetof(S, n), .count_size = TN_MEMBER_SIZE(S, n)
#define ARRAY(S, m, n, k, most, o, ...)                                                                        \
	{                                                                                                      \
		.key = (k), .type = TN_FIELD_ARRAY, .offset = offsetof(S, m), .size = TN_MEMBER_SIZE(S, m[0]), \
		.max = (most), .object = (o), COUNTED(S, m, n), __VA_ARGS__                                    \
	}
#define STRINGS(S, m, n, k, most) FIELD(S, m, k, TN_FIELD_STRINGS, .max = (most), COUNTED(S, m, n))
#define TEXTS(S, m, n, k)                                                                                      \
	{                                                                                                      \
		.key = (k), .type = TN_FIELD_TEXTS, .offset = offsetof(S, m), .size = TN_MEMBER_SIZE(S, m[0]), \
		.max = TN_MEMBER_SIZE(S, m) / TN_MEMBER_SIZE(S, m[0]), COUNTED(S, m, n)                        \
	}
/* Some members of the struct itself, in an object of their own. */
#define PART(k, o, ...)                                                         \
	{                                                                       \
		.key = (k), .type = TN_FIELD_OBJECT, .object = (o), __VA_ARGS__ \
	}
#define OBJECT_OF(f)                                 \
	{                                            \
		.fields = (f), .n = TN_ARRAY_SIZE(f) \
	}

#endif
