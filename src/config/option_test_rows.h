/* A small program's worth of options for the tests of this folder: rows that behave as their
 * namesakes in dnsmasq do, so that what was seen of dnsmasq can be table rows here. */
#ifndef LINNET_CONFIG_OPTION_TEST_ROWS_H
#define LINNET_CONFIG_OPTION_TEST_ROWS_H

#include <stdio.h>
#include <stdlib.h>

#include "config/option.h"

struct test_record {
    const char *texts[8];
    size_t count;
};

struct test_part {
    bool no_resolv, no_hosts, filter_a;
    uint32_t port, cache_size, local_ttl, port_limit, stale, query_port, threads;
    bool stale_given, resolv_given;
    const char *pid_file, *user;
    struct option_texts hosts_files, resolv_files, servers;
    struct test_record *records;
    size_t record_count, record_room;
    uint32_t lease;
    bool queries, queries_extra;
};

static inline enum status test_read_txt(struct option_context *context, struct value value)
{
    struct test_part *part = context->part;
    struct test_record *record = option_append(context, &part->records, &part->record_count,
                                               &part->record_room, sizeof *record);
    if (record == NULL)
        return STATUS_NO_MEMORY;

    /* As in dnsmasq only the first comma's field is trimmed; in the rest blanks count. */
    while (value.text.at != NULL && record->count < COUNT_OF(record->texts)) {
        size_t end = value_find(value, ',');
        record->texts[record->count] = option_string(context, text_part(value.text, 0, end));
        if (record->texts[record->count++] == NULL)
            return STATUS_NO_MEMORY;
        value = end == SIZE_MAX ? value_of(TEXT_NONE) : value_part(value, end + 1, SIZE_MAX);
    }
    return STATUS_OK;
}

static inline void test_print_txt(const void *from, struct option_printer *printer)
{
    const struct test_part *part = from;
    for (size_t i = 0; i < part->record_count; i++) {
        char buffer[200000];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        for (size_t j = 0; j < part->records[i].count; j++) {
            text_put_string(&out, j > 0 ? "," : "");
            option_put_quoted(&out, text_of(part->records[i].texts[j]));
        }
        option_print_value(printer, "%s", buffer);
    }
}

static inline enum status test_read_range(struct option_context *context, struct value value)
{
    struct test_part *part = context->part;
    struct value field;
    struct address start;
    size_t index = 0;

    while (value_next_field(&value, ',', &field)) {
        if (index++ < 2) {
            if (address_from_text(field.text, &start) != STATUS_OK)
                return option_fail(context, field.text, "bad dhcp-range",
                                   "\"%.*s\" is not an address", TEXT_ARG(field.text));
        } else if (text_to_duration(field.text, &part->lease) != STATUS_OK) {
            return option_fail(context, field.text, "bad dhcp-range",
                               "\"%.*s\" is not a time (try 12h, 45m, infinite)",
                               TEXT_ARG(field.text));
        }
    }
    if (index < 2)
        return option_fail(context, TEXT_NONE, "bad dhcp-range", "it needs two addresses");
    return STATUS_OK;
}

static inline void test_print_range(const void *from, struct option_printer *printer)
{
    (void)from;
    (void)printer;
}

static inline enum status test_read_queries(struct option_context *context, struct value value)
{
    struct test_part *part = context->part;
    part->queries = true;
    part->queries_extra = text_equal(value.text, TEXT("extra"));
    return STATUS_OK;
}

static inline void test_print_queries(const void *from, struct option_printer *printer)
{
    const struct test_part *part = from;
    if (part->queries && part->queries_extra)
        option_print_value(printer, "extra");
    else if (part->queries)
        option_print_flag(printer);
}

#define TEST_FIELD(name) .field = offsetof(struct test_part, name)

static const struct option test_rows[] = {
    { .name = "port",
      .letter = 'p',
      .kind = OPTION_NUMBER,
      .once = true,
      .area = "dns",
      TEST_FIELD(port),
      .max = 65535,
      .shape = "<integer>",
      .help = "Specify the port to answer DNS requests on",
      .doc = "Zero turns DNS off.",
      .examples = EXAMPLES("port=53", "port=0") },
    { .name = "port-limit",
      .kind = OPTION_NUMBER,
      .once = true,
      .area = "upstream",
      TEST_FIELD(port_limit),
      .min = 1,
      .max = 1000,
      .shape = "<integer>",
      .help = "How many ports one query may use" },
    { .name = "cache-size",
      .letter = 'c',
      .kind = OPTION_NUMBER,
      .once = true,
      .area = "dns",
      TEST_FIELD(cache_size),
      .max = 1000000,
      .shape = "<integer>",
      .help = "Names in the cache" },
    { .name = "query-port",
      .letter = 'Q',
      .kind = OPTION_NUMBER,
      .once = true,
      .area = "upstream",
      TEST_FIELD(query_port),
      .max = 65535,
      .shape = "<integer>",
      .help = "Source port" },
    { .name = "local-ttl",
      .letter = 'T',
      .kind = OPTION_SECONDS,
      .once = true,
      .area = "dns",
      TEST_FIELD(local_ttl),
      .shape = "<seconds>",
      .help = "TTL of local names" },
    { .name = "use-stale-cache",
      .kind = OPTION_SECONDS,
      .once = true,
      .value_optional = true,
      .area = "dns",
      TEST_FIELD(stale),
      .present_field = offsetof(struct test_part, stale_given) + 1,
      .shape = "<seconds>",
      .help = "Use what has expired" },
    { .name = "no-resolv",
      .letter = 'R',
      .kind = OPTION_FLAG,
      .area = "upstream",
      TEST_FIELD(no_resolv),
      .shape = "",
      .help = "Do NOT read resolv.conf" },
    { .name = "no-hosts",
      .letter = 'h',
      .kind = OPTION_FLAG,
      .area = "dns",
      TEST_FIELD(no_hosts),
      .shape = "",
      .help = "Don't read \"/etc/hosts\" [at all]: never" },
    { .name = "filter-A",
      .kind = OPTION_FLAG,
      .area = "dns",
      TEST_FIELD(filter_a),
      .shape = "",
      .help = "No addresses" },
    { .name = "resolv-file",
      .letter = 'r',
      .kind = OPTION_TEXT_LIST,
      .value_optional = true,
      .area = "upstream",
      TEST_FIELD(resolv_files),
      .present_field = offsetof(struct test_part, resolv_given) + 1,
      .shape = "<path>",
      .help = "Where servers are listed" },
    { .name = "addn-hosts",
      .letter = 'H',
      .kind = OPTION_TEXT_LIST,
      .area = "dns",
      TEST_FIELD(hosts_files),
      .shape = "<path>",
      .help = "More hosts" },
    { .name = "server",
      .letter = 'S',
      .kind = OPTION_TEXT_LIST,
      .area = "upstream",
      TEST_FIELD(servers),
      .shape = "[/<domain>/...]<ipaddr>",
      .help = "An upstream server" },
    { .name = "local",
      .kind = OPTION_TEXT_LIST,
      .area = "upstream",
      TEST_FIELD(servers),
      .shape = "[/<domain>/...]<ipaddr>",
      .help = "The same" },
    { .name = "pid-file",
      .letter = 'x',
      .kind = OPTION_TEXT,
      .once = true,
      .value_optional = true,
      .area = "process",
      TEST_FIELD(pid_file),
      .shape = "<path>",
      .help = "Write the process id" },
    { .name = "user",
      .letter = 'u',
      .kind = OPTION_TEXT,
      .once = true,
      .value_optional = true,
      .area = "process",
      TEST_FIELD(user),
      .shape = "<username>",
      .help = "Become this user" },
    { .name = "log-queries",
      .letter = 'q',
      .kind = OPTION_STRUCTURED,
      .value_optional = true,
      .letter_value_optional = true,
      .area = "log",
      .read = test_read_queries,
      .print = test_print_queries,
      .shape = "extra",
      .help = "Log every query" },
    { .name = "txt-record",
      .letter = 'Y',
      .kind = OPTION_STRUCTURED,
      .area = "records",
      .read = test_read_txt,
      .print = test_print_txt,
      .shape = "<name>,<text>...",
      .help = "A TXT record",
      .examples = EXAMPLES("txt-record=a.example,\"b, c\"") },
    { .name = "dhcp-range",
      .letter = 'F',
      .kind = OPTION_STRUCTURED,
      .area = "dhcp4",
      .read = test_read_range,
      .print = test_print_range,
      .shape = "<ipaddr>,<ipaddr>[,<time>]",
      .help = "Addresses to give" },
    { .name = "dhcp-host",
      .letter = 'G',
      .kind = OPTION_TEXT_LIST,
      .area = "dhcp4",
      TEST_FIELD(servers),
      .shape = "<hostspec>",
      .help = "A known machine" },
    { .name = "dnssec",
      .kind = OPTION_FLAG,
      .state = OPTION_NO_FEATURE,
      .feature = "DNSSEC",
      .area = "dnssec",
      .shape = "",
      .help = "Validate" },
    { .name = "enable-ra",
      .kind = OPTION_FLAG,
      .state = OPTION_NOT_BUILT,
      .area = "ra",
      .shape = "",
      .help = "Send advertisements" },
    { .name = "port-threads",
      .kind = OPTION_NUMBER,
      .ours = true,
      .area = "dns",
      TEST_FIELD(threads),
      .max = 64,
      .shape = "<integer>",
      .help = "Ours alone" },
};

/* One configuration being read. */
struct test_run {
    struct arena arena;
    struct option_errors errors;
    struct test_part part;
    struct option_table tables[2];
    struct option_set set;
    struct option_reader *reader;
    char text[65536]; /* what was printed last */
};

static inline struct test_run *test_run_start(void)
{
    struct test_run *run = calloc(1, sizeof *run);
    assert(run != NULL);
    arena_init(&run->arena, 65536, 64u << 20);
    run->part.port = 53;
    run->part.cache_size = 150;
    run->part.port_limit = 1;
    run->tables[0] = option_own_table();
    run->tables[1] = (struct option_table){ test_rows, COUNT_OF(test_rows), &run->part };
    run->set = (struct option_set){ run->tables, 2 };
    run->reader = option_reader_create(&run->set, &run->arena, &run->errors);
    assert(run->reader != NULL);
    return run;
}

static inline void test_run_end(struct test_run *run)
{
    option_reader_free(run->reader);
    arena_free(&run->arena);
    free(run);
}

/* Only the lines of dnsmasq's form, joined: "bad option at line 1 of x.conf". "" without errors. */
static inline const char *test_run_compat(struct test_run *run)
{
    char all[65536];
    struct text_out out = text_out_on(all, sizeof all);
    struct text_out kept = text_out_on(run->text, sizeof run->text);
    struct text rest;
    struct text line;

    (void)option_print_errors(&run->errors, "linnet", "dnsmasq", &out);
    rest = text_out_text(&out);
    while (text_next_line(&rest, &line)) {
        if (text_starts(line, TEXT("dnsmasq: ")))
            text_printf(&kept, "%s%.*s", kept.count > 0 ? "; " : "", TEXT_ARG(text_after(line, 9)));
    }
    return run->text;
}

/* Our own form of all errors. */
static inline const char *test_run_errors(struct test_run *run)
{
    struct text_out out = text_out_on(run->text, sizeof run->text);
    (void)option_print_errors(&run->errors, "linnet", NULL, &out);
    return run->text;
}

static inline const char *test_run_config(struct test_run *run)
{
    struct text_out out = text_out_on(run->text, sizeof run->text);
    option_print_config(&run->set, &out);
    return run->text;
}

#endif
