/* A scenario: a text file played through the real cores on a fake network and clock. The format is
 * described in tests/scenarios/README.md.
 *
 * What a core does becomes an `output`: a head ("eth0 > dns answer"), names, data and attributes,
 * all of them words as the file would write them. So one matcher serves every `expect`, and a
 * failure can show what came in the file's own language.
 *
 * A tool for tests: the first problem is reported and ends the process. */
#ifndef LINNET_TESTS_SCENARIO_H
#define LINNET_TESTS_SCENARIO_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/text.h"
#include "fake_network.h"

#define SCENARIO_WORDS_MAX      96
#define SCENARIO_LINE_BYTES     4096
#define SCENARIO_OUTPUTS_MAX    512
#define SCENARIO_LOGS_MAX       512
#define SCENARIO_VARIABLES_MAX  32
#define SCENARIO_QUERIES_MAX    2048
#define SCENARIO_SENDS_MAX      2048
#define SCENARIO_CLIENTS_MAX    256
#define SCENARIO_XIDS_MAX       8
#define SCENARIO_ATTRIBUTES_MAX 96
#define SCENARIO_DATA_MAX       128

/* ------------------------------------------------------------------ words */

/* One word of a line: `key`, `key=value`, `!key` or `!key=value`. */
struct word {
    struct text key; /* the whole word when it has no value */
    struct text value;
    bool has_value;
    bool quoted; /* the value, or a whole word, stood in double quotes */
    bool negated;
    bool used;
};

struct line {
    unsigned number; /* 1-based */
    struct text raw; /* as written, blanks trimmed */
    struct word words[SCENARIO_WORDS_MAX];
    size_t count;
    size_t next; /* the next positional word */
    char buffer[SCENARIO_LINE_BYTES];
};

/* ------------------------------------------------------------------ outputs */

enum attribute_kind {
    ATTRIBUTE_TEXT,   /* the same characters */
    ATTRIBUTE_NUMBER, /* a number, or seconds written as 1h */
    ATTRIBUTE_OPTION, /* a DHCP option: the same bytes (`raw`) */
};

struct attribute {
    const char *key;
    const char *alias; /* another key for it, or NULL */
    const char *value; /* NULL: a bare word */
    uint8_t kind;      /* enum attribute_kind */
    uint8_t form;      /* ATTRIBUTE_OPTION: enum dhcp_form */
    bool loud;         /* an expectation that does not name it does not match */
    struct bytes raw;  /* ATTRIBUTE_OPTION */
};

struct output {
    mono_ms at;
    bool consumed;
    const char *head[6];  /* words, NULL at the end */
    const char *names[4]; /* positional words after the head, NULL at the end */
    bool has_data;        /* further positional words are data, all of which must be named */
    const char *type;     /* data of this type may be written with or without "TYPE:" */
    const char *data[SCENARIO_DATA_MAX];
    size_t data_count;
    struct attribute attributes[SCENARIO_ATTRIBUTES_MAX];
    size_t attribute_count;
};

struct variable {
    const char *name;
    const char *value;
};

/* A query a client asked, so that an answer nobody asked for is found out. */
struct scenario_query {
    struct dns_client client;
    uint16_t id;
    bool bare; /* raw bytes: an answer need not repeat the question */
    bool answered;
    size_t room; /* most bytes its answer may have */
    struct dname name;
    uint16_t type;
};

/* A message that went to an upstream server. */
struct scenario_send {
    struct dns_server to;
    uint16_t server;
    uint32_t flight;
    bool tcp;
    bool open;
    struct bytes message;
    struct dname name;
    uint16_t type;
};

/* A DHCP client by its hardware address, and the transactions it began last. */
struct scenario_client {
    struct hardware hardware;
    uint32_t xids[SCENARIO_XIDS_MAX];
    size_t xid_count; /* ever */
};

struct scenario {
    const char *path;
    struct text content;
    size_t offset; /* of the next line in content */
    unsigned next_number;
    struct line line;
    struct arena arena;    /* all strings */
    const char *must_fail; /* `fails "..."`: the report has to contain this */
    bool started;

    struct fake_network network;
    struct output outputs[SCENARIO_OUTPUTS_MAX];
    size_t output_count;
    const char *logs[SCENARIO_LOGS_MAX]; /* since the last `at` */
    size_t log_count;
    size_t logs_lost;
    struct variable variables[SCENARIO_VARIABLES_MAX];
    size_t variable_count;

    struct scenario_query queries[SCENARIO_QUERIES_MAX];
    size_t query_count;
    uint64_t connections;
    struct scenario_send sends[SCENARIO_SENDS_MAX];
    size_t send_count;
    struct scenario_client clients[SCENARIO_CLIENTS_MAX];
    size_t client_count;
    uint32_t xids;
};

/* ------------------------------------------------------------------ scenario_parse.c */

/* Reads the file; the content ends in NUL. Says what is wrong and returns false when it cannot. */
NODISCARD bool scenario_open(struct scenario *scenario, const char *path);
/* The next line that says something, taken apart; false at the end. */
bool scenario_next_line(struct scenario *scenario);
/* The lines up to `end`, as they are, with as many newlines before them as the file has lines
 * before the block, so that line numbers in messages are the file's. */
struct text scenario_take_block(struct scenario *scenario, bool keep_numbers);

/* Takes the next positional word; the line is in error when there is none. */
struct text line_take(struct scenario *scenario, const char *what);
/* Takes it only when it is this one. */
bool line_take_if(struct scenario *scenario, const char *word);
/* Takes key=value wherever it stands; NULL when it is not there. */
const struct word *line_key(struct scenario *scenario, const char *key);
/* Takes the bare word wherever it stands. */
bool line_flag(struct scenario *scenario, const char *key);
/* The value of key=value as a number or address, or what to use without it. */
uint64_t line_number(struct scenario *scenario, const char *key, uint64_t without);
struct address line_address(struct scenario *scenario, const char *key, struct address without);
/* address or address#port */
struct endpoint line_endpoint(struct scenario *scenario, const char *key, struct endpoint without);
/* Every word must have been taken: a misspelt one would otherwise mean nothing. */
void line_done(struct scenario *scenario);

struct address scenario_address(struct scenario *scenario, struct text text);
struct endpoint scenario_endpoint(struct scenario *scenario, struct text text, uint16_t port);
/* 10s, 1.5s, 250ms, 2m, 1h, 3d */
uint64_t scenario_time_ms(struct scenario *scenario, struct text text);

/* ------------------------------------------------------------------ scenario_output.c */

/* Reports and exits. Pending outputs and log lines are shown with it. */
NORETURN PRINTF_LIKE(2, 3) void scenario_fail(struct scenario *scenario, const char *format, ...);
/* A string in the scenario's memory. */
PRINTF_LIKE(2, 3) const char *scenario_string(struct scenario *scenario, const char *format, ...);
struct bytes scenario_bytes(struct scenario *scenario, struct bytes bytes);

struct output *output_new(struct scenario *scenario);
struct attribute *output_flag(struct scenario *scenario, struct output *output, const char *key);
PRINTF_LIKE(4, 5)
struct attribute *output_attribute(struct scenario *scenario, struct output *output,
                                   const char *key, const char *format, ...);
/* A pending output has to match the rest of the line, and is consumed. */
void output_expect(struct scenario *scenario);
/* This one, which nobody sent, has to match the rest of the line but for its head. */
void output_check(struct scenario *scenario, const struct output *output);
/* Nothing may be pending. */
void output_none_pending(struct scenario *scenario, const char *when);

/* ------------------------------------------------------------------ scenario_dns.c */

void scenario_on_dns_action(void *context, const struct dns_action *action);
/* `eth0 < dns query ...`, `eth0 < dns raw ...`, `eth0 < dns close ...`: after "dns". */
void scenario_dns_input(struct scenario *scenario, const struct network_interface *interface);
/* `upstream A < answer ...`, `upstream A fails ...`: after "upstream". */
void scenario_upstream_input(struct scenario *scenario);
/* No flight was forgotten: what was sent has been closed. */
void scenario_dns_finish(struct scenario *scenario);

/* ------------------------------------------------------------------ scenario_records.c */

/* Writes the presentation form of rdata in wire form. */
void scenario_write_rdata(struct scenario *scenario, struct bytes_writer *writer, uint16_t type,
                          struct text text);
/* "TYPE:rdata" or "rdata" of type `without`. */
struct text scenario_split_record(struct scenario *scenario, struct text word, uint16_t without,
                                  uint16_t *type);

/* ------------------------------------------------------------------ scenario_dhcp.c */

/* How the value of a DHCP option is written. */
enum dhcp_form {
    DHCP_FORM_AUTO, /* by its look: addresses, number with b s i, hex, else text */
    DHCP_FORM_ADDRESSES,
    DHCP_FORM_SECONDS,
    DHCP_FORM_U16,
    DHCP_FORM_TEXT,
    DHCP_FORM_HEX,
    DHCP_FORM_CODES, /* 1,3,6 */
    DHCP_FORM_FQDN,  /* flags in hex, comma, name */
    DHCP_FORM_EMPTY, /* a bare word */
};

void scenario_on_dhcp4_action(void *context, const struct dhcp4_action *action);
/* `eth0 < dhcp4 TYPE ...`: after "dhcp4". */
void scenario_dhcp4_input(struct scenario *scenario, const struct network_interface *interface);
/* Whether an option's bytes are what this text stands for. */
bool scenario_dhcp4_equal(struct scenario *scenario, const struct attribute *attribute,
                          struct text text, bool quoted, bool generic);

#endif
