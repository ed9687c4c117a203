/* Readers and printers of the structured DHCP options, and what they share. Their rows stand in
 * dhcp_options.c; the struct they fill is dhcp/dhcp_config.h, the part of every context here. */
#ifndef LINNET_DHCP_DHCP_OPTIONS_H
#define LINNET_DHCP_DHCP_OPTIONS_H

#include "config/option.h"
#include "dhcp/dhcp_config.h"

#define DHCP_LINE_MAX_BYTES 4096 /* of a printed value */

/* Goes through the fields of a value, from `rest` on; at the end `left` is false and the field
 * empty. */
struct dhcp_fields {
    struct value rest;
    struct value field;
    bool left;
};

static inline void dhcp_next_field(struct dhcp_fields *fields)
{
    fields->left = value_next_field(&fields->rest, ',', &fields->field);
    if (!fields->left)
        fields->field = value_of(TEXT_NONE);
}

/* ------------------------------------------------------------------ dhcp_tag_options.c */

enum dhcp_tag_word {
    DHCP_TAG_NONE,      /* not about tags by its look; a bare word may still be one */
    DHCP_TAG_SET,       /* set:name */
    DHCP_TAG_CONDITION, /* tag:name, tag:!name, and the old net:name, net:#name, #name */
};

/* What a field is; *name is what stands after the prefix, '!' or '#' included. */
enum dhcp_tag_word dhcp_tag_word(struct value field, struct text *name);
/* The number of a tag. Records an error when there are too many. */
NODISCARD enum status dhcp_intern_tag(struct option_context *context, struct text name,
                                      uint16_t *tag);
/* Adds "name", "!name" or "#name". */
NODISCARD enum status dhcp_add_condition(struct option_context *context, struct text name,
                                         struct tag_conditions *conditions);
/* "tag:a,tag:!b" and a comma after each. */
void dhcp_put_conditions(struct text_out *out, const struct tag_conditions *conditions,
                         const struct tag_names *names);
/* A comma when something is there already, so that parts of a list may come in any order. */
void dhcp_put_comma(struct text_out *out);
/* "3600s" and its like: the largest unit that divides it, so that it reads back to the same. */
void dhcp_put_lease_time(struct text_out *out, uint32_t seconds);

/* True when it is a lease time at all ("90", "12h", "infinite"), and nothing is written when it is
 * not. Then *status says whether it is one that fits, and *seconds is at least DHCP_LEASE_MIN_S.
 * The error of one that does not fit is recorded. */
bool dhcp_lease_time(struct option_context *context, struct text text, const char *compat,
                     uint32_t *seconds, enum status *status);

enum status dhcp_read_ignore(struct option_context *context, struct value value);
void dhcp_print_ignore(const void *part, struct option_printer *printer);
/* Conditions in any spelling, without the value's blanks. `for_all`: a line without any counts, and
 * holds for everyone. */
NODISCARD enum status dhcp_read_condition_line(struct option_context *context, struct value value,
                                               bool for_all, struct dhcp_conditions **lines,
                                               size_t *count, size_t *room);
void dhcp_print_condition_lines(struct option_printer *printer, const struct dhcp_config *dhcp,
                                const struct dhcp_conditions *lines, size_t count);
enum status dhcp_read_ignore_names(struct option_context *context, struct value value);
void dhcp_print_ignore_names(const void *part, struct option_printer *printer);
enum status dhcp_read_generate_names(struct option_context *context, struct value value);
void dhcp_print_generate_names(const void *part, struct option_printer *printer);
enum status dhcp_read_tag_if(struct option_context *context, struct value value);
void dhcp_print_tag_if(const void *part, struct option_printer *printer);
enum status dhcp_read_no_interface(struct option_context *context, struct value value);
void dhcp_print_no_interface(const void *part, struct option_printer *printer);
enum status dhcp_read_lease_file(struct option_context *context, struct value value);
void dhcp_print_lease_file(const void *part, struct option_printer *printer);

/* ------------------------------------------------------------------ the others */

/* dhcp_range_options.c */
enum status dhcp_read_range(struct option_context *context, struct value value);
void dhcp_print_range(const void *part, struct option_printer *printer);

/* dhcp_range6_options.c */
/* The rest of a line whose first address is IPv6, with what its tags said. */
NODISCARD enum status dhcp_read_range6(struct option_context *context, struct value first,
                                       struct value rest, const struct dhcp_range *tags);
void dhcp_print_ranges6(const struct dhcp_config *dhcp, struct option_printer *printer);

/* dhcp_host_options.c */
/* "aa:bb:*:dd", perhaps with "TT-" in front; dashes do for colons when there are none. */
NODISCARD enum status dhcp_read_hardware(struct option_context *context, struct text text,
                                         const char *compat, struct dhcp_hardware_pattern *pattern);
void dhcp_put_hardware(struct text_out *out, const struct dhcp_hardware_pattern *pattern);
enum status dhcp_read_host(struct option_context *context, struct value value);
void dhcp_print_host(const void *part, struct option_printer *printer);

/* client_match_options.c */
enum status dhcp_read_vendor_class(struct option_context *context, struct value value);
enum status dhcp_read_user_class(struct option_context *context, struct value value);
enum status dhcp_read_mac(struct option_context *context, struct value value);
enum status dhcp_read_match(struct option_context *context, struct value value);
enum status dhcp_read_name_match(struct option_context *context, struct value value);
enum status dhcp_read_circuit_id(struct option_context *context, struct value value);
enum status dhcp_read_remote_id(struct option_context *context, struct value value);
enum status dhcp_read_subscriber_id(struct option_context *context, struct value value);
void dhcp_print_matches(const void *part, struct option_printer *printer);

/* dhcp_value_options.c */
#define DHCP_OPTION_SHAPE                                                                          \
    "{tag:<tag>,}[encap:<number>,|vi-encap:<enterprise>,|vendor:[<class>],]"                       \
    "<number>|option:<name>|option6:<number>|option6:<name>{,<value>}"
enum status dhcp_read_option(struct option_context *context, struct value value);
enum status dhcp_read_option_force(struct option_context *context, struct value value);
enum status dhcp_read_option_pxe(struct option_context *context, struct value value);
void dhcp_print_option(const void *part, struct option_printer *printer);
void dhcp_print_option_force(const void *part, struct option_printer *printer);
void dhcp_print_option_pxe(const void *part, struct option_printer *printer);

#endif
