#include "daemon/explain.h"

#include <stdlib.h>

#include "daemon/daemon_state.h"
#include "dhcp/dhcp_explain.h"
#include "dhcp4/dhcp4_explain.h"
#include "dhcp6/dhcp6_explain.h"
#include "dns/dns_explain.h"
#include "model/hosts_file.h"
#include "platform/file.h"
#include "platform/instant.h"
#include "wire/rrtype.h"

/* ------------------------------------------------------------------ DNS */

/* What a person writes; NULL, or what is wrong with which of them. An address stands for its
 * reverse name. */
static const char *read_question(struct text name, struct text type,
                                 struct dns_explain_question *question, struct text *given)
{
    struct address address;
    bool is_address = address_from_text(name, &address) == STATUS_OK;

    *given = name;
    question->type = is_address ? RRTYPE_PTR : RRTYPE_A;
    if (is_address)
        question->name = dname_reverse(&address);
    else if (dname_from_text(name, &question->name) != STATUS_OK)
        return "not a name";
    *given = type;
    if (type.count > 0 && rrtype_from_text(type, &question->type) != STATUS_OK)
        return "no such type of record";
    return NULL;
}

static enum status refuse(struct report *report, const char *why, struct text what)
{
    report_begin(report, NULL);
    report_string(report, "error", text_of(why));
    report_string(report, "given", what);
    report_end(report);
    return STATUS_MALFORMED;
}

/* A hosts file as it is now; one that is longer is not searched while questions wait. */
#define FILE_SEARCHED (1u << 20)

static unsigned line_of(void *context, const char *path, const struct dname *name)
{
    struct text content;
    (void)context;
    if (file_read(path, FILE_SEARCHED, &content) != STATUS_OK)
        return 0;
    unsigned line = hosts_file_line_of(content, name);
    free((char *)(uintptr_t)content.at);
    return line;
}

static bool speaks_of(const struct dhcp_host *host, const struct dname *name)
{
    struct dname reverse;
    if (host->name.count > 0
        && text_equal_nocase(text_from_bytes(dname_first_label(&host->name)),
                             text_from_bytes(dname_first_label(name))))
        return dname_label_count(&host->name) == 1 || dname_equal(&host->name, name);
    if (host->address.family != ADDRESS_IP4)
        return false;
    reverse = dname_reverse(&host->address);
    return dname_equal(&reverse, name);
}

/* DHCP and DNS know nothing of each other: the dhcp-host lines are looked up here. Their names are
 * in the DNS while their clients have leases. */
#define HOST_LINES_SHOWN 8

static void put_dhcp_hosts(const struct daemon *daemon, const struct dname *name,
                           struct report *report)
{
    const struct dhcp_config *config = dhcp_services_config(&daemon->dhcp);
    size_t shown = 0;
    for (size_t i = 0; config != NULL && i < config->host_count && shown < HOST_LINES_SHOWN; i++) {
        if (!speaks_of(&config->hosts[i], name))
            continue;
        if (shown++ == 0)
            report_begin_list(report, "dhcp_hosts");
        report_begin(report, NULL);
        report_place(report, "line", &config->hosts[i].place);
        report_end(report);
    }
    if (shown > 0)
        report_end(report);
}

enum status explain_dns(struct daemon *daemon, struct text name, struct text type,
                        struct text client, struct report *report)
{
    struct dns_explain_question question = { .line_of = line_of };
    struct address from = { .family = ADDRESS_NONE };
    struct text given;
    const char *wrong = read_question(name, type, &question, &given);

    if (wrong != NULL)
        return refuse(report, wrong, given);
    if (client.count > 0 && address_from_text(client, &from) != STATUS_OK)
        return refuse(report, "not an address", client);
    if (daemon->workers == NULL)
        return refuse(report, "DNS is not served (port=0)", name);
    dns_explain_client(views_current(&daemon->views)->network, &from, &question.client);
    report_begin(report, NULL);
    enum status status =
        dns_explain(workers_first(daemon->workers), &question, instant_now(), report);
    if (daemon->dhcp.active)
        put_dhcp_hosts(daemon, &question.name, report);
    report_end(report);
    return status;
}

/* ------------------------------------------------------------------ DHCP */

/* A DUID begins with its type (RFC 9915 section 11), of which there are four; a hardware address of
 * two bytes more than Ethernet's does not happen to look so. */
#define HARDWARE_USUAL 6
#define DUID_BYTES_MIN 3
#define DUID_TYPES     4

/* Whom it is about. NULL, or what is wrong with it. */
static const char *read_client(struct text who, uint8_t duid[DHCP6_DUID_MAX],
                               struct dhcp6_explain_client *client)
{
    const struct text prefix = TEXT("id:");
    bool is_id = text_starts(who, prefix);
    size_t count;

    *client = (struct dhcp6_explain_client){ .duid = BYTES_NONE };
    if (address_from_text(who, &client->address) == STATUS_OK)
        return client->address.family == ADDRESS_IP6 ? NULL : "not an IPv6 address";
    client->address = (struct address){ .family = ADDRESS_NONE };
    if (is_id)
        who = text_after(who, prefix.count);
    if (text_to_hex_bytes(who, duid, DHCP6_DUID_MAX, &count) == STATUS_OK && count >= DUID_BYTES_MIN
        && (is_id || (count > HARDWARE_USUAL && duid[0] == 0 && duid[1] <= DUID_TYPES))) {
        client->duid = bytes_of(duid, count);
        return NULL;
    }
    if (!is_id && hardware_from_text(who, &client->hardware) == STATUS_OK
        && client->hardware.count > 0)
        return NULL;
    return "not a hardware address, a DUID or an IPv6 address";
}

enum status explain_dhcp(struct daemon *daemon, struct text who, struct report *report)
{
    const struct dhcp_services *dhcp = &daemon->dhcp;
    bool serves4 = dhcp->ip4.active && dhcp->ip4.server != NULL;
    bool serves6 = dhcp->ip6.active && dhcp->ip6.server != NULL;
    uint8_t duid[DHCP6_DUID_MAX];
    struct dhcp6_explain_client client;
    enum status status = STATUS_OK;
    const char *wrong = read_client(who, duid, &client);

    if (wrong != NULL)
        return refuse(report, wrong, who);
    if (!serves4 && !serves6)
        return refuse(report, "DHCP is not served (no dhcp-range)", who);
    if (!serves6 && client.hardware.count == 0)
        return refuse(report, "DHCPv6 is not served (no dhcp-range for it)", who);
    report_begin(report, NULL);
    if (serves4 && client.hardware.count > 0)
        status = dhcp4_explain(dhcp->ip4.server, &client.hardware, instant_now(), report);
    if (serves6 && status == STATUS_OK) {
        report_begin(report, "dhcp6");
        status = dhcp6_explain(dhcp->ip6.server, &client, instant_now(), report);
        report_end(report);
    }
    report_end(report);
    return status;
}
