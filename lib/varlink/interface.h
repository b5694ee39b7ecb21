/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TN_VARLINK_INTERFACE_H
#define TN_VARLINK_INTERFACE_H

#define TN_INTERFACE "io.tlbnoise"

/* The text of the interface in Varlink's own language, as org.varlink.service.GetInterfaceDescription gives it. */
extern const char tn_interface_description[];

#endif
