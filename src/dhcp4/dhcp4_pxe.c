#include "dhcp4/dhcp4_pxe.h"

#include "dhcp4/dhcp4_boot.h"
#include "dhcp4/dhcp4_detail.h"
#include "dhcp4/dhcp4_reply.h"

/* Items of option 43 (PXE 2.1 table 2-1). */
#define ITEM_DISCOVERY_CONTROL 6
#define ITEM_BOOT_SERVERS      8
#define ITEM_MENU              9
#define ITEM_PROMPT            10
#define ITEM_CHOICE            71
#define ITEM_BYTES_MAX         255

/* Discovery control. */
#define NO_BROADCAST 1
#define NO_MULTICAST 2
#define JUST_BOOT    8

#define LAYER_CREDENTIALS 0x8000 /* asks for a signature (Boot Integrity Services) */
#define VENDOR_BYTES      1024
#define CHOICE_BYTES      1024
#define FILE_BYTES        1024
#define HTTP_CLASS        "HTTPClient"

static const struct dhcp_boot_config *boot_config(const struct dhcp4_server *server)
{
    return &server->setup.config->boot;
}

/* ------------------------------------------------------------------ who asks */

static const char *vendor_of(const struct dhcp_boot_config *config, struct text class)
{
    static const char *const usual[] = { "PXEClient" };
    const char *const *vendors = config->vendor_count > 0 ? config->vendors : usual;
    size_t count = config->vendor_count > 0 ? config->vendor_count : COUNT_OF(usual);
    for (size_t i = 0; i < count; i++) {
        if (text_starts(class, text_of(vendors[i])))
            return vendors[i];
    }
    return NULL;
}

void dhcp4_pxe_read(const struct dhcp4_exchange *exchange, struct dhcp4_pxe *pxe)
{
    const struct dhcp_boot_config *config = boot_config(exchange->server);
    const struct dhcp4_message *message = &exchange->message;
    uint8_t scratch[VENDOR_BYTES];
    struct bytes value;
    *pxe = (struct dhcp4_pxe){ .vendor = NULL };
    if (!message->is_dhcp
        || !dhcp4_option_find(message, DHCP4_VENDOR_CLASS, scratch, sizeof(scratch), &value))
        return;
    pxe->vendor = vendor_of(config, text_from_bytes(value));
    if (pxe->vendor == NULL && config->netboot
        && text_starts(text_from_bytes(value), text_of(HTTP_CLASS))) {
        pxe->vendor = HTTP_CLASS;
        pxe->is_http = true;
    }
    /* A list of systems (RFC 4578 section 2.1): the first is what is running now. */
    if (pxe->vendor == NULL || !dhcp4_option_first(message, DHCP4_CLIENT_ARCH, &value)
        || value.count < 2)
        return;
    struct bytes_reader reader = bytes_reader_on(value);
    pxe->has_system = true;
    pxe->system = bytes_read_u16(&reader);
    pxe->is_told = dhcp_boot_has_pxe(config) && !pxe->is_http;
}

/* ------------------------------------------------------------------ the menu */

static bool is_for(const struct dhcp4_server *server, const struct dhcp_pxe_service *service,
                   const struct dhcp4_pxe *pxe, const struct tag_set *tags)
{
    return service->system == pxe->system
           && tag_set_matches(tags, &server->tags.names, &service->conditions);
}

const struct dhcp_pxe_service *dhcp4_pxe_single(const struct dhcp4_server *server,
                                                const struct dhcp4_pxe *pxe,
                                                const struct tag_set *tags)
{
    const struct dhcp_boot_config *config = boot_config(server);
    const struct dhcp_pxe_service *only = NULL;
    if (!pxe->is_told || pxe->system < DHCP4_PXE_FIRST_EFI)
        return NULL;
    for (size_t i = 0; i < config->service_count; i++) {
        const struct dhcp_pxe_service *service = &config->services[i];
        if (!is_for(server, service, pxe, tags))
            continue;
        if (only != NULL)
            return NULL;
        only = service;
    }
    return only != NULL && only->file != NULL ? only : NULL;
}

bool dhcp4_pxe_has_entry(const struct dhcp4_server *server, const struct dhcp4_pxe *pxe,
                         const struct tag_set *tags)
{
    const struct dhcp_boot_config *config = boot_config(server);
    for (size_t i = 0; pxe->is_told && i < config->service_count; i++) {
        if (is_for(server, &config->services[i], pxe, tags))
            return true;
    }
    return false;
}

static void put_item(struct bytes_writer *writer, uint8_t item, struct bytes value)
{
    bytes_write_u8(writer, item);
    bytes_write_u8(writer, (uint8_t)value.count);
    bytes_write_span(writer, value);
}

/* Type, how many, addresses. Nothing for one that is looked for on the network: false. */
static bool write_server(struct dhcp4_server *server, const struct dhcp_pxe_service *service,
                         const struct address *own, struct bytes_writer *writer)
{
    const struct address nobody = address_any(ADDRESS_IP4);
    struct address address = *own;
    if (service->file == NULL)
        address = dhcp4_boot_server(server, &service->server, &nobody);
    if (address_is_any(&address))
        return false;
    bytes_write_u16(writer, service->type);
    bytes_write_u8(writer, 1);
    bytes_write_span(writer, address_bytes(&address));
    return true;
}

static void write_entry(const struct dhcp_pxe_service *service, struct bytes_writer *writer)
{
    struct bytes text = text_bytes(text_of(service->text));
    bytes_write_u16(writer, service->type);
    bytes_write_u8(writer, (uint8_t)text.count);
    bytes_write_span(writer, text);
}

/* Both lists of the menu while they are gathered. */
struct menu {
    uint8_t server_bytes[ITEM_BYTES_MAX], entry_bytes[ITEM_BYTES_MAX];
    struct bytes_writer servers, entries;
    unsigned count;
    bool searches; /* some boot servers are looked for on the network */
};

/* False when it does not fit: then nothing of it is there. */
NODISCARD static bool add_entry(struct dhcp4_server *server, const struct dhcp_pxe_service *service,
                                const struct address *own, struct menu *menu)
{
    size_t servers = bytes_writer_count(&menu->servers);
    size_t entries = bytes_writer_count(&menu->entries);
    bool searches = false;
    write_entry(service, &menu->entries);
    if (service->type != DHCP_PXE_LOCAL_BOOT)
        searches = !write_server(server, service, own, &menu->servers);
    if (menu->servers.failed || menu->entries.failed) {
        bytes_writer_rewind(&menu->servers, servers);
        bytes_writer_rewind(&menu->entries, entries);
        return false;
    }
    menu->searches = menu->searches || searches;
    menu->count++;
    return true;
}

static uint8_t discovery_control(const struct menu *menu)
{
    if (menu->count == 0)
        return JUST_BOOT;
    return menu->searches ? NO_MULTICAST : NO_BROADCAST | NO_MULTICAST;
}

bool dhcp4_pxe_put_menu(struct dhcp4_server *server, const struct dhcp4_pxe *pxe,
                        const struct tag_set *tags, const struct address *own, bool has_prompt,
                        struct bytes_writer *writer)
{
    const struct dhcp_boot_config *config = boot_config(server);
    struct menu menu = { .count = 0 };
    bool whole = true;
    menu.servers = bytes_writer_on(menu.server_bytes, sizeof(menu.server_bytes));
    menu.entries = bytes_writer_on(menu.entry_bytes, sizeof(menu.entry_bytes));
    for (size_t i = 0; i < config->service_count; i++) {
        if (is_for(server, &config->services[i], pxe, tags)
            && !add_entry(server, &config->services[i], own, &menu))
            whole = false;
    }
    uint8_t control = discovery_control(&menu);
    put_item(writer, ITEM_DISCOVERY_CONTROL, bytes_of(&control, 1));
    if (!has_prompt) {
        /* A client shows no menu without a prompt: the only entry is taken at once. */
        const struct dhcp_pxe_prompt usual = { .text = "PXE",
                                               .seconds =
                                                   menu.count > 1 ? DHCP_PXE_WAIT_FOR_EVER : 0 };
        dhcp4_pxe_put_prompt(&usual, writer);
    }
    if (bytes_writer_count(&menu.servers) > 0)
        put_item(writer, ITEM_BOOT_SERVERS, bytes_writer_written(&menu.servers));
    if (menu.count > 0)
        put_item(writer, ITEM_MENU, bytes_writer_written(&menu.entries));
    return whole;
}

const struct dhcp_pxe_prompt *dhcp4_pxe_prompt(const struct dhcp4_server *server,
                                               const struct tag_set *tags)
{
    const struct dhcp_boot_config *config = boot_config(server);
    const struct dhcp_pxe_prompt *found = NULL;
    for (size_t i = config->prompt_count; COUNT_DOWN(i);) {
        const struct dhcp_pxe_prompt *prompt = &config->prompts[i];
        if (!tag_set_matches(tags, &server->tags.names, &prompt->conditions))
            continue;
        if (prompt->conditions.count > 0)
            return prompt;
        if (found == NULL)
            found = prompt;
    }
    return found;
}

void dhcp4_pxe_put_prompt(const struct dhcp_pxe_prompt *prompt, struct bytes_writer *writer)
{
    struct bytes text = text_bytes(text_of(prompt->text));
    bytes_write_u8(writer, ITEM_PROMPT);
    bytes_write_u8(writer, (uint8_t)(1 + text.count));
    bytes_write_u8(writer, prompt->seconds);
    bytes_write_span(writer, text);
}

/* ------------------------------------------------------------------ what was chosen */

void dhcp4_pxe_put_choice(const struct dhcp_pxe_service *service, uint16_t layer,
                          struct bytes_writer *writer)
{
    bytes_write_u8(writer, ITEM_CHOICE);
    bytes_write_u8(writer, 4);
    bytes_write_u16(writer, service->type);
    bytes_write_u16(writer, layer);
}

void dhcp4_pxe_put_file(const struct dhcp_pxe_service *service, uint16_t layer,
                        struct text_out *out)
{
    text_put_string(out, service->file);
    if (text_find(text_of(service->file), '.') == SIZE_MAX)
        text_printf(out, ".%u", (unsigned)layer);
}

/* The entry does not depend on the client's tags: they may have changed since it saw the menu. */
static const struct dhcp_pxe_service *service_of_type(const struct dhcp_boot_config *config,
                                                      uint16_t type)
{
    for (size_t i = 0; i < config->service_count; i++) {
        if (config->services[i].file != NULL && config->services[i].type == type)
            return &config->services[i];
    }
    return NULL;
}

/* Option 43 with the item that names an entry of the menu. */
static bool find_choice(const struct dhcp4_message *message, uint16_t *type, uint16_t *layer)
{
    uint8_t scratch[CHOICE_BYTES];
    struct bytes list, item;
    if (!dhcp4_option_find(message, DHCP4_VENDOR_ENCAP, scratch, sizeof(scratch), &list)
        || !dhcp4_suboption_find(list, ITEM_CHOICE, &item) || item.count != 4)
        return false;
    struct bytes_reader reader = bytes_reader_on(item);
    *type = bytes_read_u16(&reader);
    *layer = bytes_read_u16(&reader);
    return true;
}

/* ------------------------------------------------------------------ answers */

/* The network the client is in, for our address there. */
static const struct dhcp4_scope_range *network_of(const struct dhcp4_exchange *exchange)
{
    const struct dhcp4_scope_range *range = NULL;
    if (exchange->scope.count > 0)
        range = dhcp4_scope_network(&exchange->scope, &exchange->message.ciaddr, &exchange->tags,
                                    &exchange->server->tags.names);
    if (range != NULL)
        return range;
    return exchange->scope.has_proxy ? &exchange->scope.proxy : &exchange->scope.ranges[0];
}

/* There is a proxy range for a client with these tags. */
static bool has_proxy(const struct dhcp4_exchange *exchange)
{
    return exchange->scope.has_proxy
           && tag_set_matches(&exchange->tags, &exchange->server->tags.names,
                              &exchange->scope.proxy.range->conditions);
}

static void answer_proxy(struct dhcp4_exchange *exchange, uint8_t type)
{
    struct dhcp4_reply reply = {
        .type = type,
        .range = &exchange->scope.proxy,
        .pxe_answer = DHCP4_PXE_PROXY,
    };
    dhcp4_exchange_tell(exchange, "PXE", NULL, "proxy");
    dhcp4_detail_tags(exchange, reply.range);
    dhcp4_reply_send(exchange, &reply);
}

static void answer_choice(struct dhcp4_exchange *exchange, uint16_t type, uint16_t layer)
{
    const struct dhcp4_server *server = exchange->server;
    char file[FILE_BYTES];
    struct text_out out = text_out_on(file, sizeof(file));
    struct dhcp4_reply reply = {
        .type = DHCP4_ACK,
        .range = network_of(exchange),
        .address = exchange->message.ciaddr,
        .pxe_answer = DHCP4_PXE_CHOICE,
        .pxe_service = service_of_type(boot_config(server), type),
        .pxe_layer = layer,
    };
    if (reply.pxe_service == NULL)
        return;
    if ((layer & LAYER_CREDENTIALS) != 0) {
        event_say(server->setup.events, EVENT_DHCP_WARNING, "PXE BIS not supported");
        return;
    }
    dhcp4_pxe_put_file(reply.pxe_service, layer, &out);
    dhcp4_exchange_tell(exchange, "PXE", &exchange->message.ciaddr, file);
    dhcp4_detail_tags(exchange, reply.range);
    dhcp4_reply_send(exchange, &reply);
}

/* On port 4011: the client has an address from somebody, and asks for the menu or for what it has
 * chosen there. */
static void on_boot_port(struct dhcp4_exchange *exchange, const struct dhcp4_pxe *pxe)
{
    const struct dhcp4_message *message = &exchange->message;
    uint16_t type, layer;
    if ((message->type != DHCP4_REQUEST && message->type != DHCP4_INFORM)
        || address_is_any(&message->ciaddr))
        return;
    if (find_choice(message, &type, &layer))
        answer_choice(exchange, type, layer);
    else if (message->type == DHCP4_REQUEST && pxe->has_system && has_proxy(exchange))
        answer_proxy(exchange, DHCP4_ACK);
}

bool dhcp4_pxe_handle(struct dhcp4_exchange *exchange, bool ignored)
{
    const struct dhcp4_message *message = &exchange->message;
    bool boot_port = exchange->in->boot_port;
    bool is_done = boot_port || exchange->scope.count == 0; /* nobody else could deal with it */
    struct dhcp4_pxe pxe;
    if (!dhcp_boot_answers_pxe(boot_config(exchange->server)))
        return is_done;
    dhcp4_pxe_read(exchange, &pxe);
    if (pxe.vendor == NULL)
        return is_done;
    if (boot_port) {
        if (!ignored)
            on_boot_port(exchange, &pxe);
        return true;
    }
    if (message->type != DHCP4_DISCOVER || !pxe.has_system || !has_proxy(exchange))
        return is_done;
    if (ignored)
        dhcp4_exchange_tell(exchange, "PXE", NULL, "proxy-ignored");
    else
        answer_proxy(exchange, DHCP4_OFFER);
    return true;
}
