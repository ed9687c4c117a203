#include "dhcp4/dhcp4_encapsulation.h"

#include "dhcp/client_match.h"

#define PXE_PROMPT 10 /* item of option 43 */

/* The class of the client, or the one that this reply says it is of. */
static bool is_for_vendor(const struct dhcp4_writing *writing, const struct dhcp_option_rule *rule)
{
    const struct dhcp_option_rule *ours = dhcp4_writing_rule(writing, DHCP4_VENDOR_CLASS);
    struct bytes wanted = text_bytes(text_of(rule->vendor_class));
    if (writing->has_vendor && client_match_contains(writing->vendor, wanted))
        return true;
    return ours != NULL && dhcp4_builder_has(&writing->builder, DHCP4_VENDOR_CLASS)
           && client_match_contains(ours->value, wanted);
}

/* Applies to this client and belongs to the same outer option as `like`. */
static bool is_inner(const struct dhcp4_writing *writing, const struct dhcp_option_rule *rule,
                     const struct dhcp_option_rule *like)
{
    return rule->scope == like->scope && rule->code < 255
           && (rule->scope == DHCP_SCOPE_VENDOR ? is_for_vendor(writing, rule)
                                                : rule->encap == like->encap);
}

/* code, length, value; too long a value is left out. */
static void write_inner(const struct dhcp4_writing *writing, const struct dhcp_option_rule *rule,
                        struct bytes_writer *writer)
{
    uint8_t buffer[DHCP4_VALUE_MAX];
    struct bytes_writer value = bytes_writer_on(buffer, sizeof(buffer));
    size_t before = bytes_writer_count(writer);
    if (!dhcp4_writing_fill(writing, rule, &value) || bytes_writer_count(&value) > 255)
        return;
    bytes_write_u8(writer, (uint8_t)rule->code);
    bytes_write_u8(writer, (uint8_t)bytes_writer_count(&value));
    bytes_write_span(writer, bytes_writer_written(&value));
    if (writer->failed) {
        bytes_writer_rewind(writer, before);
        dhcp4_writing_left_out(writing, rule->code);
    }
}

/* The outer option that `like` is the first inner one of. RFC 2132 section 8.4 for 43, RFC 3925 for
 * 125; encap: has the shape of 43. False when it is left out. */
static bool put_outer(struct dhcp4_writing *writing, const struct dhcp_option_rule *like,
                      size_t from)
{
    uint8_t buffer[DHCP4_VALUE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    bool is_enterprise = like->scope == DHCP_SCOPE_VI_ENCAP;
    bool force = false;
    unsigned outer = like->scope == DHCP_SCOPE_ENCAP ? like->encap
                     : is_enterprise                 ? (unsigned)DHCP4_VENDOR_IDENT_OPT
                                                     : (unsigned)DHCP4_VENDOR_ENCAP;
    if (is_enterprise) {
        bytes_write_u32(&writer, like->encap);
        bytes_write_u8(&writer, 0);
    }
    for (size_t i = from; i < writing->options->count; i++) {
        const struct dhcp_option_rule *rule = writing->options->rules[i];
        if (!is_inner(writing, rule, like))
            continue;
        force = force || rule->force;
        write_inner(writing, rule, &writer);
    }
    if (!force && !dhcp4_writing_wants(writing, outer))
        return false;
    if (is_enterprise) {
        size_t count = bytes_writer_count(&writer) - 5;
        if (count > 255) {
            dhcp4_writing_left_out(writing, outer);
            return false;
        }
        bytes_patch_u8(&writer, 4, (uint8_t)count);
    } else {
        bytes_write_u8(&writer, DHCP4_END);
    }
    if (writer.failed) {
        dhcp4_writing_left_out(writing, outer);
        return false;
    }
    dhcp4_writing_put(writing, outer, bytes_writer_written(&writer));
    return true;
}

static bool is_first_inner(const struct dhcp4_writing *writing, size_t at)
{
    const struct dhcp_option_rule *rule = writing->options->rules[at];
    if (rule->scope == DHCP_SCOPE_TOP || !is_inner(writing, rule, rule))
        return false;
    for (size_t i = 0; i < at; i++) {
        if (is_inner(writing, writing->options->rules[i], rule))
            return false;
    }
    return true;
}

/* The options of `vendor:` lines for this client. *force: one of them is sent to all. */
static void write_vendor_rules(const struct dhcp4_writing *writing, struct bytes_writer *writer,
                               bool *force)
{
    for (size_t i = 0; i < writing->options->count; i++) {
        const struct dhcp_option_rule *rule = writing->options->rules[i];
        if (rule->scope != DHCP_SCOPE_VENDOR || !is_for_vendor(writing, rule) || rule->code > 254)
            continue;
        *force = *force || rule->force;
        write_inner(writing, rule, writer);
    }
}

static bool has_prompt_rule(const struct dhcp4_writing *writing)
{
    for (size_t i = 0; i < writing->options->count; i++) {
        const struct dhcp_option_rule *rule = writing->options->rules[i];
        if (rule->scope == DHCP_SCOPE_VENDOR && rule->code == PXE_PROMPT
            && is_for_vendor(writing, rule))
            return true;
    }
    return false;
}

/* Option 43 of a PXE client: the menu, or what it has chosen from it, and what is configured for
 * it. EFI finds its file in the header, and is confused by a menu in the offer of a proxy. */
static void put_pxe_vendor(struct dhcp4_writing *writing)
{
    const struct dhcp4_reply *reply = writing->reply;
    struct dhcp4_server *server = writing->exchange->server;
    const struct dhcp_pxe_prompt *prompt = dhcp4_pxe_prompt(server, writing->tags);
    bool is_choice = reply->pxe_answer == DHCP4_PXE_CHOICE;
    bool is_ordinary = reply->pxe_answer == DHCP4_PXE_ORDINARY;
    bool force = false;
    uint8_t buffer[DHCP4_VALUE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    if (reply->pxe_answer == DHCP4_PXE_PROXY && reply->type == DHCP4_OFFER
        && writing->pxe.system >= DHCP4_PXE_FIRST_EFI)
        return;
    if (has_prompt_rule(writing))
        prompt = NULL;
    if (is_choice)
        dhcp4_pxe_put_choice(reply->pxe_service, reply->pxe_layer, &writer);
    else if (writing->pxe_single == NULL
             && !dhcp4_pxe_put_menu(server, &writing->pxe, writing->tags, &writing->own,
                                    prompt != NULL || has_prompt_rule(writing), &writer))
        event_say(server->setup.events, EVENT_DHCP_WARNING, "the PXE menu is too long");
    write_vendor_rules(writing, &writer, &force);
    if (prompt != NULL)
        dhcp4_pxe_put_prompt(prompt, &writer);
    if (bytes_writer_count(&writer) == 0
        || (is_ordinary && !force && !dhcp4_writing_wants(writing, DHCP4_VENDOR_ENCAP)))
        return;
    bytes_write_u8(&writer, DHCP4_END);
    if (writer.failed)
        dhcp4_writing_left_out(writing, DHCP4_VENDOR_ENCAP);
    else
        dhcp4_writing_put(writing, DHCP4_VENDOR_ENCAP, bytes_writer_written(&writer));
}

void dhcp4_encapsulation_put_pxe(struct dhcp4_writing *writing)
{
    uint8_t scratch[DHCP4_ASKED_BYTES];
    struct bytes id;
    if (!dhcp4_builder_has(&writing->builder, DHCP4_VENDOR_CLASS))
        dhcp4_writing_put(writing, DHCP4_VENDOR_CLASS, text_bytes(text_of(writing->pxe.vendor)));
    if (!dhcp4_builder_has(&writing->builder, DHCP4_UUID)
        && dhcp4_option_find(&writing->exchange->message, DHCP4_UUID, scratch, sizeof(scratch),
                             &id))
        dhcp4_writing_put(writing, DHCP4_UUID, id);
    put_pxe_vendor(writing);
}

void dhcp4_encapsulation_put(struct dhcp4_writing *writing)
{
    bool vendor = false;
    for (size_t i = 0; i < writing->options->count; i++) {
        if (!is_first_inner(writing, i)
            || (writing->pxe.is_told && writing->options->rules[i]->scope == DHCP_SCOPE_VENDOR))
            continue;
        const struct dhcp_option_rule *rule = writing->options->rules[i];
        if (put_outer(writing, rule, i) && rule->scope == DHCP_SCOPE_VENDOR)
            vendor = true;
    }
    /* The client must know that the vendor's options are meant for it. */
    if (vendor && writing->vendor.count > 0
        && !dhcp4_builder_has(&writing->builder, DHCP4_VENDOR_CLASS))
        dhcp4_writing_put(writing, DHCP4_VENDOR_CLASS, writing->vendor);
}
