// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a message to the method that answers it, and org.varlink.service, which every Varlink service has.
 * A message that is a JSON object keeps the framing intact, so whatever is wrong in it is answered with a
 * standard error and the connection lives on. Keys that the protocol does not name are ignored.
 *
 * The protocol: https://varlink.org/Method-Call, the service interface: https://varlink.org/Service.
 */
#include <errno.h>
#include <string.h>

#include "varlink/server.h"

static const char service_description[] =
	"# What every Varlink service tells of itself\n"
	"interface org.varlink.service\n"
	"\n"
	"# Who made the service, and the interfaces that it has.\n"
	"method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)\n"
	"\n"
	"# The text of an interface, such as this one.\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"# There is no such interface here.\n"
	"error InterfaceNotFound (interface: string)\n"
	"# The interface has no such method.\n"
	"error MethodNotFound (method: string)\n"
	"# The interface has the method, this service does not.\n"
	"error MethodNotImplemented (method: string)\n"
	"# A parameter is missing, of the wrong type or out of range.\n"
	"error InvalidParameter (parameter: string)\n"
	"# The method has to be called with more.\n"
	"error ExpectedMore ()\n";

static void get_info(struct tn_varlink_call *call)
{
	const struct tn_varlink_options *opt = &call->connection->server->opt;
	const char *interfaces[] = {TN_VARLINK_SERVICE, opt->interface};
	cJSON *info = cJSON_CreateObject();

	cJSON_AddStringToObject(info, "vendor", opt->vendor);
	cJSON_AddStringToObject(info, "product", opt->product);
	cJSON_AddStringToObject(info, "version", opt->version);
	cJSON_AddStringToObject(info, "url", opt->url);
	cJSON_AddItemToObject(info, "interfaces", cJSON_CreateStringArray(interfaces, TN_ARRAY_SIZE(interfaces)));
	tn_varlink_reply(call, info);
}

static void get_interface_description(struct tn_varlink_call *call, const cJSON *parameters)
{
	const struct tn_varlink_options *opt = &call->connection->server->opt;
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parameters, "interface"));
	const char *text = NULL;
	cJSON *reply;

	if (!name) {
		tn_varlink_invalid_parameter(call, "interface");
		return;
	}
	if (strcmp(name, TN_VARLINK_SERVICE) == 0)
		text = service_description;
	else if (strcmp(name, opt->interface) == 0)
		text = opt->description;
	if (!text) {
		tn_varlink_error_about(call, TN_VARLINK_SERVICE ".InterfaceNotFound", "interface", name);
		return;
	}
	reply = cJSON_CreateObject();
	cJSON_AddStringToObject(reply, "description", text);
	tn_varlink_reply(call, reply);
}

/* Whether an interface's text has a line "method NAME(". */
static bool is_described(const char *text, const char *name)
{
	static const char keyword[] = "method ";
	size_t length = strlen(name);

	while (text) {
		if (strncmp(text, keyword, strlen(keyword)) == 0) {
			text += strlen(keyword);
			if (strncmp(text, name, length) == 0 && (text[length] == '(' || text[length] == ' '))
				return true;
		}
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return false;
}

static void call_own(struct tn_varlink_call *call, const char *name, const char *member, const cJSON *parameters)
{
	const struct tn_varlink_options *opt = &call->connection->server->opt;
	const struct tn_varlink_method *m;

	for (m = opt->methods; m->name && strcmp(m->name, name) != 0; m++)
		;
	if (m->name && m->needs_more && !call->more)
		tn_varlink_error(call, TN_VARLINK_SERVICE ".ExpectedMore", NULL);
	else if (m->name)
		m->fn(call, parameters, opt->userdata);
	else if (is_described(opt->description, member))
		tn_varlink_error_about(call, TN_VARLINK_SERVICE ".MethodNotImplemented", "method", name);
	else
		tn_varlink_error_about(call, TN_VARLINK_SERVICE ".MethodNotFound", "method", name);
}

static void call_service(struct tn_varlink_call *call, const char *name, const char *member, const cJSON *parameters)
{
	if (strcmp(member, "GetInfo") == 0)
		get_info(call);
	else if (strcmp(member, "GetInterfaceDescription") == 0)
		get_interface_description(call, parameters);
	else
		tn_varlink_error_about(call, TN_VARLINK_SERVICE ".MethodNotFound", "method", name);
}

static bool has_prefix(const char *name, const char *interface, size_t length)
{
	return strlen(interface) == length && memcmp(name, interface, length) == 0;
}

static void call_method(struct tn_varlink_call *call, const char *name, const cJSON *parameters)
{
	const char *dot = strrchr(name, '.');
	tn_autofree char *interface = NULL;
	size_t length;

	if (!dot || dot == name || !dot[1]) {
		tn_varlink_invalid_parameter(call, "method");
		return;
	}
	length = (size_t)(dot - name);
	if (has_prefix(name, TN_VARLINK_SERVICE, length)) {
		call_service(call, name, dot + 1, parameters);
	} else if (has_prefix(name, call->connection->server->opt.interface, length)) {
		call_own(call, name, dot + 1, parameters);
	} else {
		interface = strndup(name, length);
		tn_varlink_error_about(call, TN_VARLINK_SERVICE ".InterfaceNotFound", "interface", interface);
	}
}

/* A flag may be absent, null, true or false. */
static bool read_flag(const cJSON *message, const char *name, bool *ret)
{
	const cJSON *flag = cJSON_GetObjectItemCaseSensitive(message, name);

	*ret = cJSON_IsTrue(flag);
	return !flag || cJSON_IsNull(flag) || cJSON_IsBool(flag);
}

/* Dispatches one message to its method. */
void tn_varlink_dispatch(struct tn_varlink_call *call, const cJSON *message)
{
	const struct tn_varlink_options *opt = &call->connection->server->opt;
	const char *method = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, "method"));
	const cJSON *parameters = cJSON_GetObjectItemCaseSensitive(message, "parameters");
	const cJSON none = {.type = cJSON_Object};
	bool oneway_fine, more_fine, upgrade_fine, upgrade;

	call->active = true;
	call->userdata = NULL;
	oneway_fine = read_flag(message, "oneway", &call->oneway);
	more_fine = read_flag(message, "more", &call->more);
	upgrade_fine = read_flag(message, "upgrade", &upgrade);
	if (opt->allow && !opt->allow(call, method ? method : "", opt->userdata))
		return;
	if (!method)
		tn_varlink_invalid_parameter(call, "method");
	else if (!oneway_fine)
		tn_varlink_invalid_parameter(call, "oneway");
	else if (!more_fine)
		tn_varlink_invalid_parameter(call, "more");
	else if (!upgrade_fine || upgrade)
		tn_varlink_invalid_parameter(call, "upgrade");
	else if (!parameters || cJSON_IsNull(parameters))
		call_method(call, method, &none);
	else if (!cJSON_IsObject(parameters))
		tn_varlink_invalid_parameter(call, "parameters");
	else
		call_method(call, method, parameters);
}
