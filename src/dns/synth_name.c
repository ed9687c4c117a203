#include "dns/synth_name.h"

#define NUMBER_DIGITS_MAX 20 /* of a 64-bit number */

/* ------------------------------------------------------------------ from a name */

/* `name` without `domain` behind it, as text; false when it does not end so, or cannot have been
 * made here. */
static bool text_before(const struct dname *name, const struct dname *domain,
                        char buffer[DNAME_TEXT_MAX], struct text *text)
{
    if (!dname_is_within(name, domain) || name->count <= domain->count)
        return false;
    struct dname first;
    first.count = (uint8_t)(name->count - domain->count + 1);
    memcpy(first.wire, name->wire, first.count - 1u);
    first.wire[first.count - 1] = 0;

    struct text_out out = text_out_on(buffer, DNAME_TEXT_MAX);
    text_put_dname(&out, &first);
    *text = text_out_text(&out);
    return !out.failed;
}

static bool read_numbered(const struct dns_synth *synth, struct text text, struct address *address)
{
    uint64_t number;
    if (text_is_empty(text) || text.count > NUMBER_DIGITS_MAX
        || text_to_u64(text, address_distance(&synth->range.first, &synth->range.last), &number)
               != STATUS_OK)
        return false;
    *address = address_add(synth->range.first, number);
    return true;
}

static bool read_dashed(const struct dns_synth *synth, struct text text, struct address *address)
{
    char buffer[ADDRESS_TEXT_MAX];
    char separator = synth->range.first.family == ADDRESS_IP4 ? '.' : ':';
    struct text_out out = text_out_on(buffer, sizeof buffer);

    for (size_t i = 0; i < text.count && !out.failed; i++) {
        if (text.at[i] == '.' || text.at[i] == ':')
            return false;
        text_put_char(&out, text.at[i] == '-' ? separator : text.at[i]);
    }
    return !out.failed && address_from_text(text_out_text(&out), address) == STATUS_OK;
}

static bool reads_as(const struct dns_synth *synth, const struct dname *name,
                     struct address *address)
{
    char buffer[DNAME_TEXT_MAX];
    struct text text;

    if (!text_before(name, &synth->domain, buffer, &text)
        || !text_starts_nocase(text, synth->prefix))
        return false;
    text = text_after(text, synth->prefix.count);
    bool read =
        synth->numbered ? read_numbered(synth, text, address) : read_dashed(synth, text, address);
    return read && address->family == synth->range.first.family
           && range_contains(&synth->range, address);
}

bool synth_name_address(const struct dns_records *records, const struct dname *name,
                        struct address *address)
{
    for (size_t i = 0; i < records->synth_count; i++) {
        if (reads_as(&records->synths[i], name, address))
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ to a name */

static void put_dashed(struct text_out *out, const struct address *address)
{
    bool is_ip4 = address->family == ADDRESS_IP4;
    size_t group = is_ip4 ? 1 : 2;

    for (size_t i = 0; i < address_size((enum address_family)address->family); i += group) {
        if (i > 0)
            text_put_char(out, '-');
        if (is_ip4)
            text_put_u64(out, address->bytes[i]);
        else
            text_put_hex(out, bytes_of(address->bytes + i, group), 0);
    }
}

static bool make_name(const struct dns_synth *synth, const struct address *address,
                      struct dname *name)
{
    char buffer[DNAME_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    struct dname first;

    text_put(&out, synth->prefix);
    if (synth->numbered)
        text_put_u64(&out, address_distance(&synth->range.first, address));
    else
        put_dashed(&out, address);
    return !out.failed && dname_from_text(text_out_text(&out), &first) == STATUS_OK
           && dname_join(&first, &synth->domain, name) == STATUS_OK;
}

bool synth_name_of(const struct dns_records *records, const struct address *address,
                   struct dname *name)
{
    for (size_t i = 0; i < records->synth_count; i++) {
        const struct dns_synth *synth = &records->synths[i];
        if (range_contains(&synth->range, address) && make_name(synth, address, name))
            return true;
    }
    return false;
}
