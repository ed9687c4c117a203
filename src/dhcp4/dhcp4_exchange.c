#include "dhcp4/dhcp4_decide.h"
#include "dhcp4/dhcp4_leasequery.h"
#include "dhcp4/dhcp4_relay.h"
#include "dhcp4/dhcp4_state.h"

#define AGENT_LINK   5  /* RFC 3527 */
#define AGENT_SERVER 11 /* RFC 5107 */

/* ------------------------------------------------------------------ telling */

void dhcp4_exchange_tell(const struct dhcp4_exchange *exchange, const char *verb,
                         const struct address *address, const char *text)
{
    struct event event = {
        .kind = EVENT_DHCP_MESSAGE,
        .verb = verb,
        .interface = exchange->interface->name,
        .address = address,
        .hardware = &exchange->message.hardware,
        .xid = exchange->message.xid,
        .text = text,
        .lease = exchange->lease,
    };
    event_tell(exchange->server->setup.events, &event);
}

/* ------------------------------------------------------------------ may it be served */

/* A broadcast was sent to no address of ours, so any of the interface that may be served will do.
 */
static bool is_admitted(struct dhcp4_exchange *exchange)
{
    const struct dhcp4_server *server = exchange->server;
    const struct network *network = server->network;
    uint32_t index = exchange->in->interface;
    bool admitted = false;
    for (size_t i = 0; i < network->address_count && !admitted; i++) {
        const struct network_address *own = &network->addresses[i];
        admitted = own->interface == index && own->address.family == ADDRESS_IP4
                   && network_admits(network, server->setup.site, index, &own->address);
    }
    return admitted && !dhcp_config_excludes(server->setup.config, exchange->interface->name);
}

NODISCARD static bool arrive(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    exchange->interface = network_by_index(server->network, exchange->in->interface);
    if (exchange->interface == NULL) {
        server->counters.dropped_not_admitted++;
        return false;
    }
    const struct network_address *own =
        network_first(server->network, exchange->in->interface, ADDRESS_IP4);
    if (own != NULL)
        exchange->first_own = own->address;
    if (own != NULL && is_admitted(exchange))
        return true;
    server->counters.dropped_not_admitted++;
    return false;
}

/* ------------------------------------------------------------------ from where */

/* RFC 3046 section 2.0: a list that fills the option, with addresses where there should be some.
 * Some relays pad it. */
static bool is_sound_agent_info(struct bytes list)
{
    struct bytes_reader reader = bytes_reader_on(list);
    while (bytes_reader_left(&reader) > 0) {
        uint8_t code = bytes_read_u8(&reader);
        if (code == DHCP4_PAD || code == DHCP4_END)
            continue;
        struct bytes value = bytes_read_span(&reader, bytes_read_u8(&reader));
        if ((code == AGENT_LINK || code == AGENT_SERVER) && value.count != 4)
            return false;
    }
    return !reader.failed;
}

/* Option 82 and what it says about the network (RFC 3046, 3527, 5107), option 118 (RFC 3011). */
static struct address chosen_link(struct dhcp4_exchange *exchange)
{
    const struct dhcp4_message *message = &exchange->message;
    struct address link = message->giaddr;
    struct address chosen;
    struct bytes value;
    if (dhcp4_option_first(message, DHCP4_AGENT_INFO, &exchange->agent_info)) {
        if (dhcp4_suboption_find(exchange->agent_info, AGENT_SERVER, &value) && value.count == 4
            && address_from_bytes(value, &chosen) == STATUS_OK)
            exchange->server_override = chosen;
        if (dhcp4_suboption_find(exchange->agent_info, AGENT_LINK, &value) && value.count == 4
            && address_from_bytes(value, &chosen) == STATUS_OK)
            return chosen;
    }
    if (dhcp4_option_address(message, DHCP4_SUBNET_SELECT, &chosen))
        return chosen;
    return link;
}

/* A client that renews by unicast from behind a relay has no giaddr: its own address says where it
 * is (RFC 2131 section 4.3.2). One that broadcasts is on this very link, whatever it believes. */
static bool writes_from_afar(const struct dhcp4_exchange *exchange)
{
    const struct dhcp4_message *message = &exchange->message;
    return !address_is_any(&message->ciaddr)
           && network_own_address(exchange->server->network, &exchange->in->local) != NULL
           && network_on_link(exchange->server->network, exchange->in->interface, &message->ciaddr)
                  == NULL;
}

static void find_scope(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    const struct dhcp_config *config = server->setup.config;
    struct address link = chosen_link(exchange);
    exchange->relayed = !address_is_any(&exchange->message.giaddr);
    if (address_is_none(&exchange->server_override)
        && dhcp_relay_is_proxied(&config->relay, &exchange->message.giaddr))
        exchange->server_override = exchange->message.giaddr;
    exchange->scope.ranges = server->scope_ranges;
    if (!address_is_any(&link))
        dhcp4_scope_of_address(&exchange->scope, config, server->network, &link);
    else if (writes_from_afar(exchange))
        dhcp4_scope_of_address(&exchange->scope, config, server->network,
                               &exchange->message.ciaddr);
    else
        exchange->scope = (struct dhcp4_scope){ .ranges = server->scope_ranges };
    /* One that believes itself in a network we do not serve is told so as a client of this link. */
    if (exchange->scope.count == 0 && !exchange->scope.has_proxy && address_is_any(&link))
        dhcp4_scope_of_interface(&exchange->scope, config, server->network,
                                 exchange->in->interface);
}

/* Rate limited: a stranger's network can be noisy. */
static void say_no_range(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    char text[ADDRESS_TEXT_MAX];
    server->counters.dropped_no_range++;
    if (!event_may_say(&server->no_range_said, exchange->now.mono))
        return;
    event_say(server->setup.events, EVENT_DHCP_WARNING,
              "no address range available for DHCP request via %s",
              exchange->relayed ? address_text(&exchange->message.giaddr, text)
                                : exchange->interface->name);
}

void dhcp4_exchange_malformed(struct dhcp4_exchange *exchange)
{
    exchange->server->counters.dropped_malformed++;
    struct event event = {
        .kind = EVENT_DHCP_DROPPED,
        .text = "malformed DHCP message",
        .peer = &exchange->in->from,
    };
    event_tell(exchange->server->setup.events, &event);
}

/* An INFORM need not say whose it is: dhcp_lease_time asks so for the time an address has left. */
static bool asks_about_an_address(const struct dhcp4_message *message)
{
    return message->is_dhcp && message->type == DHCP4_INFORM && !address_is_any(&message->ciaddr);
}

bool dhcp4_exchange_open(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    struct dhcp4_message *message = &exchange->message;
    struct bytes agent;
    if (!arrive(exchange))
        return false;
    if (dhcp4_message_read(exchange->in->message, message) != STATUS_OK
        || message->op != DHCP4_BOOTREQUEST || message->hops > DHCP4_HOPS_MAX
        || (dhcp4_option_first(message, DHCP4_AGENT_INFO, &agent) && !is_sound_agent_info(agent))) {
        dhcp4_exchange_malformed(exchange);
        return false;
    }
    if (message->is_dhcp && message->type == DHCP4_LEASEQUERY) {
        dhcp4_leasequery(exchange);
        return false;
    }
    bool ignore_id = server->setup.config->ignore_client_id
                     || host_match_ignores_id(server->hosts, &message->hardware);
    exchange->client = client_id_from_dhcp4(message, ignore_id, exchange->client_id_scratch);
    bool nobody = client_id_is_none(&exchange->client);
    if (nobody && !asks_about_an_address(message)) {
        dhcp4_exchange_malformed(exchange);
        return false;
    }
    exchange->client_hash = client_id_hash(&server->setup.key, &exchange->client) | 1;
    if (!exchange->replayed) {
        if (message->is_dhcp)
            server->counters.received[message->type & 15]++;
        else
            server->counters.bootp++;
    }
    find_scope(exchange);
    if (exchange->scope.count == 0 && !exchange->scope.has_proxy) {
        say_no_range(exchange);
        return false;
    }
    if (!nobody)
        exchange->lease = lease_table_by_client(server->setup.leases, &exchange->client.hardware,
                                                exchange->client.id);
    return true;
}

/* ------------------------------------------------------------------ who is it */

/* Option 81 in canonical wire form: labels, perhaps without the root at the end (RFC 4702
 * section 2.3). Dots stand between them; a label with a dot inside could pass for two, so it is no
 * name. */
static void fqdn_labels(struct bytes wire, struct text_out *out)
{
    struct bytes_reader reader = bytes_reader_on(wire);
    while (bytes_reader_left(&reader) > 0) {
        struct bytes label = bytes_read_span(&reader, bytes_read_u8(&reader));
        if (reader.failed || text_find(text_from_bytes(label), '.') != SIZE_MAX) {
            text_out_rewind(out, 0);
            text_put_char(out, '?');
            return;
        }
        if (label.count == 0)
            return;
        if (out->count > 0)
            text_put_char(out, '.');
        text_put(out, text_from_bytes(label));
    }
}

/* What the client calls itself. An option 81 that is no name hides option 12, as it does in
 * dnsmasq. */
static void read_name(struct dhcp4_exchange *exchange)
{
    struct text_out out = text_out_on(exchange->said_name, sizeof(exchange->said_name));
    uint8_t scratch[DHCP4_NAME_MAX];
    struct bytes value;
    if (dhcp4_option_find(&exchange->message, DHCP4_FQDN, scratch, sizeof(scratch), &value)
        && dhcp4_fqdn_read(value, &exchange->fqdn) == STATUS_OK) {
        exchange->has_fqdn = true;
        if (exchange->fqdn.is_wire)
            fqdn_labels(exchange->fqdn.name, &out);
        else
            text_put(&out, text_from_bytes(exchange->fqdn.name));
        exchange->fqdn.name = BYTES_NONE; /* it may have lain in the scratch */
    }
    if (out.count == 0 && !out.failed
        && dhcp4_option_find(&exchange->message, DHCP4_HOSTNAME, scratch, sizeof(scratch), &value))
        text_put(&out, text_from_bytes(value));
    struct text name = text_out_text(&out);
    while (name.count > 0 && (name.at[name.count - 1] == '.' || name.at[name.count - 1] == '\0'))
        name.count--;
    text_out_rewind(&out, name.count);
    if (text_find(name, '\0') != SIZE_MAX)
        text_out_rewind(&out, 0);
}

static bool is_served(void *context, const struct address *address)
{
    const struct dhcp4_exchange *exchange = context;
    return address->family == ADDRESS_IP4
           && dhcp4_scope_network(&exchange->scope, address, &exchange->tags,
                                  &exchange->server->tags.names)
                  != NULL;
}

static void find_host(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    struct dname whole, name = { 0 };
    if (dname_from_host(text_of(exchange->said_name), false, &whole) == STATUS_OK) {
        struct dname root = dname_root();
        if (dname_prepend(dname_first_label(&whole), &root, &name) != STATUS_OK)
            name.count = 0;
    }
    struct host_question question = {
        .client = &exchange->client,
        .name = name.count > 0 ? &name : NULL,
        .tags = &exchange->tags,
        .tag_names = &server->tags.names,
        .is_served = is_served,
        .context = exchange,
    };
    host_match_find(server->hosts, &question, &exchange->host);
}

struct tag_facts dhcp4_exchange_tag_facts(const struct dhcp4_exchange *exchange,
                                          const struct dhcp_range *range)
{
    return (struct tag_facts){
        .interface = exchange->interface->name,
        .host = exchange->host.host,
        .known_elsewhere = exchange->host.known_elsewhere,
        .bootp = !exchange->message.is_dhcp,
        .client = &exchange->said,
        .range = range,
    };
}

const char *dhcp4_exchange_claimed_name(const struct dhcp4_exchange *exchange)
{
    return exchange->name_ignored ? "" : exchange->said_name;
}

/* Twice: the tags that hold without a dhcp-host line help to find it. */
static void find_tags(struct dhcp4_exchange *exchange)
{
    const struct tag_rules *rules = &exchange->server->tags;
    exchange->said = (struct client_match_facts){
        .message = &exchange->message,
        .agent_info = exchange->agent_info,
        .name = text_of(exchange->said_name),
    };
    struct tag_facts facts = dhcp4_exchange_tag_facts(exchange, NULL);
    tag_rules_apply(rules, &facts, &exchange->tags);
    find_host(exchange);
    facts = dhcp4_exchange_tag_facts(exchange, NULL);
    tag_rules_apply(rules, &facts, &exchange->tags);
}

bool dhcp4_exchange_identify(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    const struct dhcp_config *config = server->setup.config;
    read_name(exchange);
    find_tags(exchange);
    exchange->name_ignored = tag_rules_any(&server->tags, config->ignore_names,
                                           config->ignore_name_count, &exchange->tags);
    bool ignored =
        (exchange->host.host != NULL && exchange->host.host->ignore)
        || tag_rules_any(&server->tags, config->ignores, config->ignore_count, &exchange->tags);
    if (ignored)
        server->counters.dropped_ignored++;
    return !ignored;
}

/* ------------------------------------------------------------------ addresses */

/* Several hardware addresses on one line: the address goes to whichever of them asks. */
static bool host_has_hardware(const struct dhcp_host *host, const struct hardware *hardware)
{
    for (size_t i = 0; host != NULL && i < host->hardware_count; i++) {
        if (host->hardware[i].wildcards == 0 && host_match_hardware(&host->hardware[i], hardware))
            return true;
    }
    return false;
}

static enum dhcp4_holder lease_holder(const struct dhcp4_exchange *exchange,
                                      const struct lease *lease)
{
    if (lease == exchange->lease || client_id_has_lease(&exchange->client, lease))
        return DHCP4_OWN;
    const struct host_found *host = &exchange->host;
    if (host->host != NULL && host->host->hardware_count > 1
        && address_equal(&host->address, &lease->address)
        && host_has_hardware(host->host, &lease->hardware))
        return DHCP4_FREE;
    return DHCP4_LEASED;
}

static enum dhcp4_holder holder_of(const struct dhcp4_exchange *exchange,
                                   const struct address *address)
{
    const struct dhcp4_server *server = exchange->server;
    if (network_own_address(server->network, address) != NULL
        || address_equal(address, &exchange->message.giaddr))
        return DHCP4_SERVER;
    const struct dhcp_host *owner = host_match_owner(server->hosts, address);
    if (owner != NULL && owner != exchange->host.host)
        return DHCP4_RESERVED;
    /* Also while the store will not let go of the lease. */
    if (dhcp4_address_is_declined(server, address))
        return DHCP4_DECLINED;
    const struct lease *lease = lease_table_by_address(server->setup.leases, address);
    if (lease != NULL)
        return lease_holder(exchange, lease);
    uint64_t client;
    enum dhcp4_probe_state state = dhcp4_probe_of_address(server->probes, address, &client);
    if (state == DHCP4_PROBE_BUSY)
        return DHCP4_BUSY;
    if (state != DHCP4_PROBE_NONE && client != exchange->client_hash)
        return DHCP4_OFFERED;
    return DHCP4_FREE;
}

static enum dhcp4_place place_of(const struct dhcp4_exchange *exchange,
                                 const struct address *address)
{
    const struct tag_names *names = &exchange->server->tags.names;
    if (address_equal(&exchange->host.address, address))
        return DHCP4_AT_HOME;
    if (dhcp4_scope_pool(&exchange->scope, address, &exchange->tags, names) != NULL)
        return DHCP4_IN_POOL;
    if (dhcp4_scope_network(&exchange->scope, address, &exchange->tags, names) != NULL)
        return DHCP4_ON_NET;
    return DHCP4_OFF_NET;
}

struct dhcp4_candidate dhcp4_exchange_candidate(const struct dhcp4_exchange *exchange,
                                                const struct address *address)
{
    if (address->family != ADDRESS_IP4 || address_is_any(address))
        return (struct dhcp4_candidate){ 0 };
    return (struct dhcp4_candidate){ *address, place_of(exchange, address),
                                     holder_of(exchange, address) };
}

struct address dhcp4_exchange_own(const struct dhcp4_exchange *exchange,
                                  const struct dhcp4_scope_range *range)
{
    if (range != NULL && !address_is_none(&range->own))
        return range->own;
    if (network_own_address(exchange->server->network, &exchange->in->local) != NULL)
        return exchange->in->local;
    return exchange->first_own;
}

struct address dhcp4_exchange_server_id(const struct dhcp4_exchange *exchange,
                                        const struct dhcp4_scope_range *range)
{
    if (!address_is_none(&exchange->server_override))
        return exchange->server_override;
    return dhcp4_exchange_own(exchange, range);
}

bool dhcp4_exchange_by_unicast(const struct dhcp4_exchange *exchange)
{
    return address_is_any(&exchange->message.giaddr)
           && network_own_address(exchange->server->network, &exchange->in->local) != NULL;
}

bool dhcp4_exchange_names_us(const struct dhcp4_exchange *exchange)
{
    struct address id;
    if (!dhcp4_option_address(&exchange->message, DHCP4_SERVER_ID, &id))
        return false;
    return network_own_address(exchange->server->network, &id) != NULL
           || address_equal(&id, &exchange->server_override);
}
