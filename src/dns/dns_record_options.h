/* Readers and printers of the options that put records into DNS (dns.md section 7). Their rows
 * stand in dns_record_options.c; names and addresses are read in dns_host_options.c, aliases in
 * dns_cname_options.c, other records in dns_rr_options.c. */
#ifndef LINNET_DNS_DNS_RECORD_OPTIONS_H
#define LINNET_DNS_DNS_RECORD_OPTIONS_H

#include "config/option.h"
#include "dns/dns_config.h"

#define DNS_HOST_NAMES_MAX 1024 /* of one host-record line */

enum status dns_read_host_record(struct option_context *context, struct value value);
enum status dns_read_dynamic_host(struct option_context *context, struct value value);
enum status dns_read_interface_name(struct option_context *context, struct value value);
enum status dns_read_synth_domain(struct option_context *context, struct value value);
enum status dns_read_cname(struct option_context *context, struct value value);
enum status dns_read_txt_record(struct option_context *context, struct value value);
enum status dns_read_ptr_record(struct option_context *context, struct value value);
enum status dns_read_srv_host(struct option_context *context, struct value value);
enum status dns_read_mx_host(struct option_context *context, struct value value);
enum status dns_read_mx_target(struct option_context *context, struct value value);
enum status dns_read_naptr_record(struct option_context *context, struct value value);
enum status dns_read_caa_record(struct option_context *context, struct value value);
enum status dns_read_rr(struct option_context *context, struct value value);

void dns_print_host_record(const void *part, struct option_printer *printer);
void dns_print_dynamic_host(const void *part, struct option_printer *printer);
void dns_print_interface_name(const void *part, struct option_printer *printer);
void dns_print_synth_domain(const void *part, struct option_printer *printer);
void dns_print_cname(const void *part, struct option_printer *printer);
void dns_print_txt_record(const void *part, struct option_printer *printer);
void dns_print_ptr_record(const void *part, struct option_printer *printer);
void dns_print_srv_host(const void *part, struct option_printer *printer);
void dns_print_mx_host(const void *part, struct option_printer *printer);
void dns_print_mx_target(const void *part, struct option_printer *printer);
void dns_print_naptr_record(const void *part, struct option_printer *printer);
void dns_print_caa_record(const void *part, struct option_printer *printer);
void dns_print_rr(const void *part, struct option_printer *printer);

/* The name a field holds; an empty one or one that cannot be a name is reported with `compat`,
 * dnsmasq's word for a bad line of this option. */
enum status dns_record_name(struct option_context *context, struct value field, const char *compat,
                            struct dname *name);
/* A time to live in seconds, reported likewise. */
enum status dns_record_ttl(struct option_context *context, struct text text, const char *compat,
                           uint32_t *ttl);
/* One digit or more and nothing else: a time to live, if it is the last field. */
bool dns_record_is_digits(struct text text);
/* As it may stand in a line. */
void dns_record_put_name(struct text_out *out, const struct dname *name);

/* After all lines have been read: an alias twice, aliases that lead back to themselves, and what
 * dns_records_finish completes. Errors are recorded. */
void dns_record_options_finish(struct dns_config *config, const struct site *site,
                               struct option_errors *errors, struct arena *arena);

#endif
