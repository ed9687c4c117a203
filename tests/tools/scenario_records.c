/* Resource records as scenarios write them, to wire form. The way back is wire/rdata.h's. */
#include "scenario.h"

#include "wire/rdata.h"
#include "wire/rrtype.h"

static void write_name(struct scenario *scenario, struct bytes_writer *writer, struct text text)
{
    struct dname name;
    if (dname_from_text(text, &name) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not a name", TEXT_ARG(text));
    bytes_write_span(writer, dname_bytes(&name));
}

static struct text take_field(struct scenario *scenario, struct text *rest, const char *what)
{
    struct text word;
    if (!text_next_word(rest, &word))
        scenario_fail(scenario, "rdata without %s", what);
    return word;
}

static uint32_t take_number(struct scenario *scenario, struct text *rest, const char *what)
{
    uint32_t value;
    struct text word = take_field(scenario, rest, what);
    if (text_to_u32(word, &value) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not a number", TEXT_ARG(word));
    return value;
}

static void write_soa(struct scenario *scenario, struct bytes_writer *writer, struct text text)
{
    write_name(scenario, writer, take_field(scenario, &text, "mname"));
    write_name(scenario, writer, take_field(scenario, &text, "rname"));
    static const char *const numbers[] = { "serial", "refresh", "retry", "expire", "minimum" };
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        bytes_write_u32(writer, take_number(scenario, &text, numbers[i]));
}

static void write_srv(struct scenario *scenario, struct bytes_writer *writer, struct text text)
{
    static const char *const numbers[] = { "priority", "weight", "port" };
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        bytes_write_u16(writer, (uint16_t)take_number(scenario, &text, numbers[i]));
    write_name(scenario, writer, take_field(scenario, &text, "target"));
}

/* Any other type, as hex digits. */
static void write_hex(struct scenario *scenario, struct bytes_writer *writer, struct text text)
{
    uint8_t bytes[SCENARIO_LINE_BYTES / 2];
    size_t count;
    if (text_to_hex_bytes(text, bytes, sizeof bytes, &count) != STATUS_OK)
        scenario_fail(scenario, "rdata of this type has to be hex digits");
    bytes_write_copy(writer, bytes, count);
}

void scenario_write_rdata(struct scenario *scenario, struct bytes_writer *writer, uint16_t type,
                          struct text text)
{
    struct address address;
    switch (type) {
    case RRTYPE_A:
    case RRTYPE_AAAA:
        address = scenario_address(scenario, text);
        bytes_write_span(writer, address_bytes(&address));
        break;
    case RRTYPE_CNAME:
    case RRTYPE_NS:
    case RRTYPE_PTR:
    case RRTYPE_DNAME:
        write_name(scenario, writer, text);
        break;
    case RRTYPE_MX:
        bytes_write_u16(writer, (uint16_t)take_number(scenario, &text, "preference"));
        write_name(scenario, writer, take_field(scenario, &text, "exchange"));
        break;
    case RRTYPE_TXT:
        bytes_write_strings(writer, text_bytes(text));
        break;
    case RRTYPE_SRV:
        write_srv(scenario, writer, text);
        break;
    case RRTYPE_SOA:
        write_soa(scenario, writer, text);
        break;
    default:
        write_hex(scenario, writer, text);
    }
    if (writer->failed)
        scenario_fail(scenario, "the rdata is too long");
}

struct text scenario_split_record(struct scenario *scenario, struct text word, uint16_t without,
                                  uint16_t *type)
{
    size_t colon = text_find(word, ':');
    (void)scenario;
    *type = without;
    /* "2001:db8::1" is no type; "A:..." is. Types are letters first, and numbers only as TYPE65. */
    if (colon == SIZE_MAX || colon == 0 || (word.at[0] >= '0' && word.at[0] <= '9')
        || rrtype_from_text(text_part(word, 0, colon), type) != STATUS_OK) {
        *type = without;
        return word;
    }
    return text_after(word, colon + 1);
}
