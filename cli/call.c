// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls to the daemon: a Varlink error becomes the one line that the user reads. */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "varlink/interface.h"

/* Errors of the protocol itself, which carry no message for the user. */
static const struct {
	const char *error, *key, *text;
} protocol_errors[] = {
	{"org.varlink.service.InterfaceNotFound", "interface", "does not know the interface"},
	{"org.varlink.service.MethodNotFound", "method", "does not know the method"},
	{"org.varlink.service.MethodNotImplemented", "method", "does not implement the method"},
	{"org.varlink.service.InvalidParameter", "parameter", "refused the parameter"},
	{"org.varlink.service.ExpectedMore", "method", "answers only a streaming call of the method"},
};

/**
 * cli_json_text() - a string of an object
 * @object: may be NULL
 * @key: its key
 *
 * Return: the text, "" when it is absent or no string.
 */
const char *cli_json_text(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	return text ? text : "";
}

/**
 * cli_json_number() - a number of an object
 * @object: may be NULL
 * @key: its key
 *
 * Return: the value, 0 when it is absent or no number.
 */
double cli_json_number(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/**
 * cli_json_freep() - for cli_autojson
 * @json: value to free, may be NULL
 */
void cli_json_freep(cJSON **json)
{
	cJSON_Delete(*json);
}

static int remote_error(const char *error, const cJSON *parameters, struct tn_error *err)
{
	const char *message = cli_json_text(parameters, "message");

	if (*message)
		return tn_error_set(err, -EREMOTEIO, "%s", message);
	for (size_t i = 0; i < TN_ARRAY_SIZE(protocol_errors); i++)
		if (!strcmp(error, protocol_errors[i].error))
			return tn_error_set(err, -EREMOTEIO,
					    "the daemon %s '%s'; tlbnoise and tlbnoised differ in version: "
					    "compare 'tlbnoise version' with 'tlbnoised --version'",
					    protocol_errors[i].text, cli_json_text(parameters, protocol_errors[i].key));
	return tn_error_set(err, -EREMOTEIO, "the daemon answered with the error %s; its log says more", error);
}

/**
 * cli_receive() - one reply
 * @c: connection
 * @ret: its parameters
 * @err: message; the daemon's own for an error that it sent
 *
 * Return: 1 more replies follow, 0 the last one, -EINTR on a signal, -EREMOTEIO for an error of the daemon,
 * another negative errno when the connection failed.
 */
int cli_receive(struct tn_varlink_client *c, cJSON **ret, struct tn_error *err)
{
	cli_autojson cJSON *reply = NULL;
	char error[128] = "";
	int r = tn_varlink_receive(c, &reply, error, err);

	if (r == -EREMOTEIO && error[0])
		return remote_error(error, reply, err);
	if (r >= 0)
		*ret = tn_steal_ptr(reply);
	return r;
}

/**
 * cli_call() - a call with one reply
 * @c: connection
 * @method: without the interface: "Status"
 * @parameters: or NULL
 * @ret: the reply's parameters
 * @err: message
 *
 * Return: 0 or a negative errno as cli_receive().
 */
int cli_call(struct tn_varlink_client *c, const char *method, const cJSON *parameters, cJSON **ret,
	     struct tn_error *err)
{
	char full[64];
	int r;

	snprintf(full, sizeof(full), "%s.%s", TN_INTERFACE, method);
	r = tn_varlink_send(c, full, parameters, false, err);
	return r < 0 ? r : cli_receive(c, ret, err);
}
