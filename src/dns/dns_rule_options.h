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

/* "/a/b/target": the domains before the last slash and what follows it. Without a slash in front
 * `domains` has at == NULL. */
void dns_split_domains(struct value value, struct text *domains, struct value *target);
/* One domain of a line: which names it is about, into rule->match and rule->domain. `never`: an
 * empty label inside, which no question can have. */
enum status dns_read_pattern(struct option_context *context, struct text text,
                             struct dns_rule *rule, bool *never);

void dns_put_pattern(struct text_out *out, const struct dns_rule *rule);

void dns_print_server(const void *part, struct option_printer *printer);
void dns_print_local(const void *part, struct option_printer *printer);
void dns_print_address(const void *part, struct option_printer *printer);

#endif
