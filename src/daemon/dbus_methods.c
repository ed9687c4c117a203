#include "daemon/dbus_methods.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/build_words.h"
#include "daemon/daemon_state.h"
#include "dns/dns_loop.h"

#define METRICS_ASKED_MAX 8
#define ERROR_TEXT_MAX    512
#define TEXT_BYTES_MAX    (VIEWS_BUS_BYTES_MAX + VIEWS_BUS_LINE_BYTES_MAX)

/* One call and all it takes. */
struct call {
    struct dbus_service *service;
    const struct dbus_library *lib;
    sd_bus_message *message;
    const char *signature;
};

/* ------------------------------------------------------------------ replies */

static int refuse(const struct call *call, const char *text)
{
    return call->lib->reply_method_errorf(call->message, SD_BUS_ERROR_INVALID_ARGS, "%s", text);
}

static int refuse_size(const struct call *call)
{
    return call->lib->reply_method_errorf(call->message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                          "Too many servers, or too long");
}

static int refuse_memory(const struct call *call)
{
    return call->lib->reply_method_errorf(call->message, SD_BUS_ERROR_NO_MEMORY, "No memory");
}

static int no_arguments(const struct call *call)
{
    return refuse(call, "Failed to initialize dbus message iter");
}

static int send_reply(const struct call *call, sd_bus_message *reply, int code)
{
    if (code >= 0)
        code = call->lib->send(NULL, reply, NULL);
    call->lib->message_unref(reply);
    return code < 0 ? code : 1;
}

static int reply_empty(const struct call *call)
{
    sd_bus_message *reply = NULL;
    int code = call->lib->message_new_method_return(call->message, &reply);
    return send_reply(call, reply, code);
}

static int reply_basic(const struct call *call, char type, const void *value)
{
    sd_bus_message *reply = NULL;
    int code = call->lib->message_new_method_return(call->message, &reply);
    if (code >= 0)
        code = call->lib->message_append_basic(reply, type, value);
    return send_reply(call, reply, code);
}

/* ------------------------------------------------------------------ small ones */

static int get_version(struct call *call)
{
    return reply_basic(call, 's', call->service->daemon->compat ? DNSMASQ_VERSION : LINNET_VERSION);
}

static int clear_cache(struct call *call)
{
    commands_reread(call->service->daemon);
    return reply_empty(call);
}

static int get_loop_servers(struct call *call)
{
    const struct daemon *daemon = call->service->daemon;
    const struct dns_view *view = views_current(&daemon->views);
    sd_bus_message *reply = NULL;
    int code = call->lib->message_new_method_return(call->message, &reply);
    if (code >= 0)
        code = call->lib->message_open_container(reply, 'a', "s");
    for (size_t i = 0; code >= 0 && i < view->server_count; i++) {
        char text[ADDRESS_TEXT_MAX];
        if (dns_loops_has(&daemon->loops, view->generation, i))
            code = call->lib->message_append_basic(
                reply, 's', address_text(&view->servers[i].endpoint.address, text));
    }
    if (code >= 0)
        code = call->lib->message_close_container(reply);
    return send_reply(call, reply, code);
}

static int set_switch(struct call *call, enum commands_switch which, const char *option)
{
    int on = 0;
    if (call->signature[0] != 'b' || call->lib->message_read_basic(call->message, 'b', &on) < 0)
        return refuse(call, "Expected boolean argument");
    log_line(LOG_PART_MAIN, LOG_INFORM, "%s --%s option from D-Bus", on ? "Enabling" : "Disabling",
             option);
    commands_set_switch(call->service->daemon, which, on != 0);
    return reply_empty(call);
}

static int set_filter_win2k(struct call *call)
{
    return set_switch(call, COMMANDS_FILTER_WIN2K, "filterwin2k");
}

static int set_filter_a(struct call *call)
{
    return set_switch(call, COMMANDS_FILTER_A, "filter-A");
}

static int set_filter_aaaa(struct call *call)
{
    return set_switch(call, COMMANDS_FILTER_AAAA, "filter-AAAA");
}

static int set_bogus_priv(struct call *call)
{
    return set_switch(call, COMMANDS_BOGUS_PRIV, "bogus-priv");
}

static int set_localise_queries(struct call *call)
{
    return set_switch(call, COMMANDS_LOCALISE_QUERIES, "localise-queries");
}

/* ------------------------------------------------------------------ servers */

/* Lines in the making: each is "/domain/domain/address" or "address". */
struct lines {
    struct commands_server at[VIEWS_BUS_SERVERS_MAX];
    size_t count;
    bool full;
    struct text_out out; /* they stand one behind the other in `bytes` */
    char bytes[TEXT_BYTES_MAX];
};

static struct lines *lines_create(void)
{
    struct lines *lines = malloc(sizeof *lines);
    if (lines == NULL)
        return NULL;
    lines->count = 0;
    lines->full = false;
    lines->out = text_out_on(lines->bytes, sizeof lines->bytes);
    return lines;
}

/* domains: "/a/b", or empty. */
static void add_line(struct lines *lines, struct text domains, struct text target)
{
    size_t before = text_out_text(&lines->out).count;
    lines->full = lines->full || lines->count == VIEWS_BUS_SERVERS_MAX;
    if (lines->full)
        return;
    text_put(&lines->out, domains);
    if (!text_is_empty(domains))
        text_put_char(&lines->out, '/');
    text_put(&lines->out, target);
    lines->full = lines->out.failed;
    lines->at[lines->count++].value = text_after(text_out_text(&lines->out), before);
}

static int use_lines(const struct call *call, struct lines *lines)
{
    char text[ERROR_TEXT_MAX];
    struct text_out error = text_out_on(text, sizeof text);
    enum status status = STATUS_FULL;
    if (!lines->full)
        status = commands_set_servers(call->service->daemon, lines->at, lines->count, &error);
    free(lines);
    if (status == STATUS_MALFORMED)
        return refuse(call, text);
    if (status == STATUS_FULL)
        return refuse_size(call);
    return status == STATUS_OK ? reply_empty(call) : refuse_memory(call);
}

/* The domains that follow an address, as text; those of another type end them. */
static void read_domains(const struct call *call, struct text_out *domains)
{
    const char *domain, *contents;
    char type;
    while (call->lib->message_peek_type(call->message, &type, &contents) > 0 && type == 's'
           && call->lib->message_read_basic(call->message, 's', &domain) > 0) {
        if (domain[0] == '\0')
            continue; /* the server is for all */
        text_put_char(domains, '/');
        text_put_string(domains, domain);
    }
}

/* u: IPv4, the first byte in the highest bits. y: the first of 16 of IPv6. False at the end, and at
 * whatever else stands there. */
static bool read_binary_address(const struct call *call, struct address *address, bool *whole)
{
    const char *contents;
    char type;
    uint32_t number;
    uint8_t bytes[16];
    size_t count = 0;
    *whole = true;
    if (call->lib->message_peek_type(call->message, &type, &contents) <= 0)
        return false;
    if (type == 'u' && call->lib->message_read_basic(call->message, 'u', &number) > 0) {
        *address = address_ip4_from_u32(number);
        return true;
    }
    if (type != 'y')
        return false;
    while (count < sizeof bytes && call->lib->message_peek_type(call->message, &type, &contents) > 0
           && type == 'y' && call->lib->message_read_basic(call->message, 'y', &bytes[count]) > 0)
        count++;
    *whole = count == sizeof bytes
             && address_from_bytes(bytes_of(bytes, sizeof bytes), address) == STATUS_OK;
    return true;
}

static int set_servers(struct call *call)
{
    struct address address;
    bool whole;
    if (call->signature[0] == '\0')
        return no_arguments(call);
    struct lines *lines = lines_create();
    char *domains = malloc(VIEWS_BUS_LINE_BYTES_MAX);
    if (lines == NULL || domains == NULL) {
        free(domains);
        free(lines);
        return refuse_memory(call);
    }
    while (!lines->full && read_binary_address(call, &address, &whole)) {
        char text[ADDRESS_TEXT_MAX];
        struct text_out out = text_out_on(domains, VIEWS_BUS_LINE_BYTES_MAX);
        read_domains(call, &out);
        lines->full = out.failed;
        if (!whole)
            continue;
        if (address_equal(&address, &(struct address){ .family = ADDRESS_IP4 })) {
            if (!text_is_empty(text_out_text(&out)))
                add_line(lines, text_out_text(&out), TEXT("")); /* known here or not at all */
            continue;
        }
        add_line(lines, text_out_text(&out), text_of(address_text(&address, text)));
    }
    free(domains);
    return use_lines(call, lines);
}

/* One array of SetServersEx: an address as server= has it, then domains. NULL, or what is wrong. */
static const char *read_server(const struct call *call, char *domains, struct lines *lines)
{
    const char *target;
    if (call->lib->message_read_basic(call->message, 's', &target) <= 0)
        return "Expected IP address";
    if (target[0] == '\0')
        return "Empty IP address";
    struct text_out out = text_out_on(domains, VIEWS_BUS_LINE_BYTES_MAX);
    read_domains(call, &out);
    lines->full = lines->full || out.failed;
    bool local = strcmp(target, "0.0.0.0") == 0;
    if (local && text_is_empty(text_out_text(&out)))
        return NULL;
    add_line(lines, text_out_text(&out), local ? TEXT("") : text_of(target));
    return NULL;
}

static int set_servers_ex(struct call *call)
{
    const char *wrong = NULL;
    if (call->signature[0] == '\0')
        return no_arguments(call);
    if (strncmp(call->signature, "aas", 3) != 0
        || call->lib->message_enter_container(call->message, 'a', "as") < 0)
        return refuse(call, "Expected array of string arrays");
    struct lines *lines = lines_create();
    char *domains = malloc(VIEWS_BUS_LINE_BYTES_MAX);
    while (lines != NULL && domains != NULL && wrong == NULL && !lines->full
           && call->lib->message_enter_container(call->message, 'a', "s") > 0) {
        wrong = read_server(call, domains, lines);
        if (call->lib->message_exit_container(call->message) < 0)
            break;
    }
    bool has_memory = lines != NULL && domains != NULL;
    free(domains);
    if (has_memory && wrong == NULL)
        return use_lines(call, lines);
    free(lines);
    return has_memory ? refuse(call, wrong) : refuse_memory(call);
}

static int set_domain_servers(struct call *call)
{
    const char *line;
    if (call->signature[0] == '\0')
        return no_arguments(call);
    if (strncmp(call->signature, "as", 2) != 0
        || call->lib->message_enter_container(call->message, 'a', "s") < 0)
        return refuse(call, "Expected array of string");
    struct lines *lines = lines_create();
    if (lines == NULL)
        return refuse_memory(call);
    while (!lines->full && call->lib->message_read_basic(call->message, 's', &line) > 0)
        add_line(lines, TEXT_NONE, text_of(line));
    return use_lines(call, lines);
}

/* ------------------------------------------------------------------ leases */

static int refuse_value(const struct call *call, const char *what, const char *value)
{
    char safe[ERROR_TEXT_MAX];
    struct text_out out = text_out_on(safe, sizeof safe);
    text_put_safe(&out, text_bytes(text_of(value)));
    return call->lib->reply_method_errorf(call->message, SD_BUS_ERROR_INVALID_ARGS, "%s '%s'", what,
                                          safe);
}

static int answer_lease(const struct call *call, enum status status, const char *address)
{
    switch ((int)status) {
    case STATUS_OK:
        return reply_empty(call);
    case STATUS_NOT_FOUND:
        return refuse_value(call, "No DHCP for IP address", address);
    case STATUS_MALFORMED:
        return refuse_value(call, "Invalid name or client of the lease for", address);
    case STATUS_FULL:
        return call->lib->reply_method_errorf(call->message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                              "Too many leases");
    default:
        return call->lib->reply_method_errorf(call->message, SD_BUS_ERROR_FAILED,
                                              "The lease cannot be kept: %s", status_text(status));
    }
}

static int read_lease_rest(const struct call *call, struct commands_lease *lease,
                           const char **wrong)
{
    const void *bytes;
    size_t count;
    int temporary = 0;
    *wrong = "Expected byte array as third argument";
    if (call->lib->message_read_array(call->message, 'y', &bytes, &count) < 0)
        return -1;
    const char *name = bytes;
    while (count > 0 && name[count - 1] == '\0')
        count--; /* C programs send the end of the string too */
    lease->name = (struct text){ name, count };
    *wrong = "Expected byte array as fourth argument";
    if (call->lib->message_read_array(call->message, 'y', &bytes, &count) < 0)
        return -1;
    lease->identity = bytes_of(bytes, count);
    *wrong = "Expected integer as fifth argument";
    if (call->lib->message_read_basic(call->message, 'u', &lease->seconds) <= 0)
        return -1;
    *wrong = "Expected integer as sixth argument";
    if (call->lib->message_read_basic(call->message, 'u', &lease->iaid) <= 0)
        return -1;
    *wrong = "Expected uint32 as seventh argument";
    if (call->lib->message_read_basic(call->message, 'b', &temporary) <= 0)
        return -1;
    lease->temporary = temporary != 0;
    return 0;
}

static int add_dhcp_lease(struct call *call)
{
    struct commands_lease lease = { .seconds = 0 };
    struct hardware hardware;
    const char *address, *wrong;
    if (call->signature[0] == '\0')
        return no_arguments(call);
    if (call->signature[0] != 's'
        || call->lib->message_read_basic(call->message, 's', &address) <= 0)
        return refuse(call, "Expected string as first argument");
    if (call->signature[1] != 's'
        || call->lib->message_read_basic(call->message, 's', &lease.hardware) <= 0)
        return refuse(call, "Expected string as second argument");
    if (read_lease_rest(call, &lease, &wrong) < 0)
        return refuse(call, wrong);
    if (address_from_text(text_of(address), &lease.address) != STATUS_OK)
        return refuse_value(call, "Invalid IP address", address);
    if (lease.hardware[0] != '\0'
        && hardware_from_text(text_of(lease.hardware), &hardware) != STATUS_OK)
        return refuse_value(call, "Invalid HW address", lease.hardware);
    return answer_lease(call, commands_add_lease(call->service->daemon, &lease), address);
}

static int delete_dhcp_lease(struct call *call)
{
    struct address address;
    const char *text;
    if (call->signature[0] == '\0')
        return no_arguments(call);
    if (call->signature[0] != 's' || call->lib->message_read_basic(call->message, 's', &text) <= 0)
        return refuse(call, "Expected string as first argument");
    if (address_from_text(text_of(text), &address) != STATUS_OK)
        return refuse_value(call, "Invalid IP address", text);
    int found = commands_delete_lease(call->service->daemon, &address);
    return reply_basic(call, 'b', &found);
}

/* ------------------------------------------------------------------ metrics */

/* A caller that waits for the numbers of all threads. */
struct question {
    struct dbus_service *service;
    sd_bus_message *message;
};

/* An answer that is an array of `contents`. */
static int begin_answer(const struct question *question, const char *contents,
                        sd_bus_message **reply)
{
    const struct dbus_library *lib = question->service->library;
    int code = lib->message_new_method_return(question->message, reply);
    return code >= 0 ? lib->message_open_container(*reply, 'a', contents) : code;
}

static void end_question(struct question *question, sd_bus_message *reply, int code)
{
    const struct dbus_library *lib = question->service->library;
    const struct call call = { question->service, lib, question->message, "" };
    if (code >= 0)
        code = lib->message_close_container(reply);
    (void)send_reply(&call, reply, code);
    lib->message_unref(question->message);
    question->service->metrics_asked--;
    free(question);
}

static int put_pair(const struct dbus_library *lib, sd_bus_message *reply, const char *name,
                    char type, const void *value)
{
    const char contents[] = { 's', type, '\0' };
    int code = lib->message_open_container(reply, 'e', contents);
    if (code >= 0)
        code = lib->message_append_basic(reply, 's', name);
    if (code >= 0)
        code = lib->message_append_basic(reply, type, value);
    return code >= 0 ? lib->message_close_container(reply) : code;
}

static void tell_metrics(void *context, const struct commands_metric *metrics, size_t count,
                         const struct worker_report *report)
{
    (void)report;
    struct question *question = context;
    const struct dbus_library *lib = question->service->library;
    sd_bus_message *reply = NULL;
    int code = begin_answer(question, "{su}", &reply);
    for (size_t i = 0; code >= 0 && i < count; i++) {
        uint32_t value = (uint32_t)metrics[i].value;
        code = put_pair(lib, reply, metrics[i].name, 'u', &value);
    }
    end_question(question, reply, code);
}

static int put_number(const struct dbus_library *lib, sd_bus_message *reply, const char *name,
                      uint64_t number)
{
    char text[24];
    struct text_out out = text_out_on(text, sizeof text);
    text_put_u64(&out, number);
    return put_pair(lib, reply, name, 's', text);
}

static int put_server(const struct dbus_library *lib, sd_bus_message *reply,
                      const struct endpoint *endpoint, const struct dns_server_counters *numbers)
{
    char text[ADDRESS_TEXT_MAX];
    int code = lib->message_open_container(reply, 'a', "{ss}");
    if (code >= 0)
        code = put_pair(lib, reply, "address", 's', address_text(&endpoint->address, text));
    if (code >= 0)
        code = put_number(lib, reply, "port", endpoint->port);
    if (code >= 0)
        code = put_number(lib, reply, "queries", numbers->sent);
    if (code >= 0)
        code = put_number(lib, reply, "failed_queries", numbers->failed);
    if (code >= 0)
        code = put_number(lib, reply, "nxdomain", numbers->nxdomain);
    if (code >= 0)
        code = put_number(lib, reply, "retries", numbers->retried);
    if (code >= 0)
        code = put_number(lib, reply, "latency", numbers->latency_ms);
    return code >= 0 ? lib->message_close_container(reply) : code;
}

/* One for each address, however many domains it is asked for. */
static int put_servers(const struct dbus_library *lib, sd_bus_message *reply,
                       const struct dns_view *view, const struct worker_report *report)
{
    int code = 0;
    size_t count =
        report->server_count < view->server_count ? report->server_count : view->server_count;
    for (size_t i = 0; i < count && code >= 0; i++) {
        const struct endpoint *endpoint = &view->servers[i].endpoint;
        struct dns_server_counters sum = { .sent = 0 };
        bool is_first = true;
        for (size_t j = 0; j < count; j++) {
            if (!endpoint_equal(&view->servers[j].endpoint, endpoint))
                continue;
            is_first = is_first && j >= i;
            workers_add_server(&sum, &report->servers[j]);
        }
        if (is_first)
            code = put_server(lib, reply, endpoint, &sum);
    }
    return code;
}

static void tell_server_metrics(void *context, const struct commands_metric *metrics, size_t count,
                                const struct worker_report *report)
{
    (void)metrics;
    (void)count;
    struct question *question = context;
    const struct dbus_library *lib = question->service->library;
    sd_bus_message *reply = NULL;
    int code = begin_answer(question, "a{ss}", &reply);
    if (code >= 0)
        code = put_servers(lib, reply, views_current(&question->service->daemon->views), report);
    end_question(question, reply, code);
}

static int ask_metrics(struct call *call, commands_metrics_fn *tell)
{
    struct question *question = NULL;
    if (call->service->metrics_asked < METRICS_ASKED_MAX)
        question = malloc(sizeof *question);
    if (question == NULL)
        return call->lib->reply_method_errorf(call->message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                              "Too many ask for metrics");
    *question = (struct question){ call->service, call->lib->message_ref(call->message) };
    call->service->metrics_asked++;
    if (commands_metrics(call->service->daemon, tell, question))
        return 1;
    call->lib->message_unref(question->message);
    call->service->metrics_asked--;
    free(question);
    return call->lib->reply_method_errorf(call->message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                          "Too many ask for metrics");
}

static int get_metrics(struct call *call)
{
    return ask_metrics(call, tell_metrics);
}

static int get_server_metrics(struct call *call)
{
    return ask_metrics(call, tell_server_metrics);
}

static int clear_metrics(struct call *call)
{
    commands_clear_metrics(call->service->daemon);
    return reply_empty(call);
}

/* ------------------------------------------------------------------ introspection */

#define XML_HEAD                                                                                   \
    "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"           \
    "\"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"

/* Names of the interface's methods and signals are looked for by others with text tools: openresolv
 * greps for a whole line. "in" and "out" of an argument as name:type. */
static const struct {
    const char *name;
    const char *in;
    const char *out;
} members[] = {
    { "ClearCache", "", "" },
    { "GetVersion", "", "version:s" },
    { "GetLoopServers", "", "server:as" },
    { "SetServers", "servers:av", "" },
    { "SetDomainServers", "servers:as", "" },
    { "SetServersEx", "servers:aas", "" },
    { "SetFilterWin2KOption", "filterwin2k:b", "" },
    { "SetFilterA", "filter-a:b", "" },
    { "SetFilterAAAA", "filter-aaaa:b", "" },
    { "SetLocaliseQueriesOption", "localise-queries:b", "" },
    { "SetBogusPrivOption", "boguspriv:b", "" },
    { "DhcpLeaseAdded", NULL, "ipaddr:s hwaddr:s hostname:s" },
    { "DhcpLeaseDeleted", NULL, "ipaddr:s hwaddr:s hostname:s" },
    { "DhcpLeaseUpdated", NULL, "ipaddr:s hwaddr:s hostname:s" },
    { "Up", NULL, "" },
    { "AddDhcpLease",
      "ipaddr:s hwaddr:s hostname:ay clid:ay lease_duration:u ia_id:u is_temporary:b", "" },
    { "DeleteDhcpLease", "ipaddr:s", "success:b" },
    { "RemoveDhcpLease", "ipaddr:s", "success:b" },
    { "GetMetrics", "", "metrics:a{su}" },
    { "GetServerMetrics", "", "metrics:aa{ss}" },
    { "ClearMetrics", "", "" },
};

static void put_arguments(struct text_out *xml, const char *arguments, const char *direction)
{
    struct text rest = text_of(arguments);
    struct text word;
    while (text_next_word(&rest, &word)) {
        size_t colon = text_find(word, ':');
        struct text name = text_part(word, 0, colon);
        struct text type = text_after(word, colon + 1);
        text_printf(xml, "      <arg name=\"%.*s\"%s type=\"%.*s\"/>\n", TEXT_ARG(name), direction,
                    TEXT_ARG(type));
    }
}

static void put_object(struct text_out *xml, const char *interface)
{
    text_printf(xml,
                XML_HEAD "<node name=\"%s\">\n"
                         "  <interface name=\"org.freedesktop.DBus.Introspectable\">\n"
                         "    <method name=\"Introspect\">\n"
                         "      <arg name=\"data\" direction=\"out\" type=\"s\"/>\n"
                         "    </method>\n"
                         "  </interface>\n"
                         "  <interface name=\"%s\">\n",
                DBUS_OBJECT_PATH, interface);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        bool is_method = members[i].in != NULL;
        const char *kind = is_method ? "method" : "signal";
        text_printf(xml, "    <%s name=\"%s\">\n", kind, members[i].name);
        if (is_method)
            put_arguments(xml, members[i].in, " direction=\"in\"");
        put_arguments(xml, members[i].out, is_method ? " direction=\"out\"" : "");
        text_printf(xml, "    </%s>\n", kind);
    }
    text_put_string(xml, "  </interface>\n</node>\n");
}

/* The next part of our path below `path`; none: it does not lead to us. */
static struct text child_of(const char *path)
{
    struct text own = TEXT(DBUS_OBJECT_PATH);
    struct text above = text_of(path);
    if (text_equal(above, TEXT("/")))
        above = TEXT("");
    if (!text_starts(own, above) || own.count <= above.count || own.at[above.count] != '/')
        return TEXT_NONE;
    struct text rest = text_after(own, above.count + 1);
    size_t end = text_find(rest, '/');
    return end == SIZE_MAX ? rest : text_part(rest, 0, end);
}

static int introspect(struct call *call, const char *path)
{
    char text[8192];
    struct text_out xml = text_out_on(text, sizeof text);
    struct text child = child_of(path);
    if (strcmp(path, DBUS_OBJECT_PATH) == 0) {
        put_object(&xml, call->service->name);
    } else {
        text_put_string(&xml, XML_HEAD "<node>\n");
        if (!text_is_empty(child))
            text_printf(&xml, "  <node name=\"%.*s\"/>\n", TEXT_ARG(child));
        text_put_string(&xml, "</node>\n");
    }
    return reply_basic(call, 's', text);
}

/* ------------------------------------------------------------------ calls */

static const struct {
    const char *name;
    int (*handle)(struct call *call);
} methods[] = {
    { "GetVersion", get_version },
    { "ClearCache", clear_cache },
    { "GetLoopServers", get_loop_servers },
    { "SetServers", set_servers },
    { "SetServersEx", set_servers_ex },
    { "SetDomainServers", set_domain_servers },
    { "SetFilterWin2KOption", set_filter_win2k },
    { "SetFilterA", set_filter_a },
    { "SetFilterAAAA", set_filter_aaaa },
    { "SetBogusPrivOption", set_bogus_priv },
    { "SetLocaliseQueriesOption", set_localise_queries },
    { "AddDhcpLease", add_dhcp_lease },
    { "DeleteDhcpLease", delete_dhcp_lease },
    { "RemoveDhcpLease", delete_dhcp_lease },
    { "GetMetrics", get_metrics },
    { "GetServerMetrics", get_server_metrics },
    { "ClearMetrics", clear_metrics },
};

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* The interface of a call says nothing: dnsmasq takes any, and callers differ. */
int dbus_methods_handle(sd_bus_message *message, void *context, sd_bus_error *unused)
{
    (void)unused;
    struct dbus_service *service = context;
    const struct dbus_library *lib = service->library;
    const char *path = or_empty(lib->message_get_path(message));
    const char *member = or_empty(lib->message_get_member(message));
    const char *interface = or_empty(lib->message_get_interface(message));
    struct call call = { service, lib, message, or_empty(lib->message_get_signature(message, 1)) };
    if (strcmp(interface, "org.freedesktop.DBus.Introspectable") == 0
        && strcmp(member, "Introspect") == 0)
        return introspect(&call, path);
    bool is_ours =
        strcmp(path, DBUS_OBJECT_PATH) == 0 && strncmp(interface, "org.freedesktop.DBus.", 21) != 0;
    for (size_t i = 0; is_ours && i < COUNT_OF(methods); i++) {
        if (strcmp(methods[i].name, member) == 0)
            return methods[i].handle(&call);
    }
    return lib->reply_method_errorf(message, SD_BUS_ERROR_UNKNOWN_METHOD,
                                    "Method \"%s\" with signature \"%s\" on interface \"%s\" "
                                    "doesn't exist\n",
                                    member, call.signature, interface);
}
