/* Readers and printers of the options that say where a question goes: server, local, rev-server and
 * address (dns.md section 2). Their rows stand in dns_options.c. */
#ifndef LINNET_DNS_DNS_RULE_OPTIONS_H
#define LINNET_DNS_DNS_RULE_OPTIONS_H

#include "config/option.h"
#include "dns/dns_config.h"

/* A server that is not an address is looked up while the configuration is read, with the system's
 * resolver, and may stand for several addresses. */
#define DNS_SERVER_ADDRESSES_MAX 16

enum status dns_read_server(struct option_context *context, struct value value);
enum status dns_read_rev_server(struct option_context *context, struct value value);
enum status dns_read_address(struct option_context *context, struct value value);

void dns_print_server(const void *part, struct option_printer *printer);
void dns_print_local(const void *part, struct option_printer *printer);
void dns_print_address(const void *part, struct option_printer *printer);

#endif
