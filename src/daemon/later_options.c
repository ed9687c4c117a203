/* Options of services that this version does not have yet: DNSSEC. They are known, so that whoever
 * uses one is told what is the matter. */
#include <string.h>

#include "config/option.h"
#include "daemon/daemon_config.h"

#define BAD_ANCHOR "bad trust anchor"

/* ------------------------------------------------------------------ trust-anchor */

static bool is_class(struct text word)
{
    static const char *const classes[] = { "IN", "CH", "HS" };
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (text_equal_nocase(word, text_of(classes[i])))
            return true;
    return false;
}

/* Key tag, algorithm, digest type: RFC 4034 section 5.1. */
static enum status read_number(struct option_context *context, struct value *rest, const char *what,
                               uint64_t max, uint64_t *number)
{
    struct value field;
    if (!value_next_field(rest, ',', &field))
        return option_fail(context, TEXT_NONE, BAD_ANCHOR, "the %s is missing", what);
    if (text_to_u64(field.text, max, number) != STATUS_OK)
        return option_fail(context, field.text, BAD_ANCHOR, "\"%.*s\" is no %s (0 to %u)",
                           TEXT_ARG(field.text), what, (unsigned)max);
    return STATUS_OK;
}

/* dnsmasq minds neither pairs nor how many digits there are; as long as nobody uses the key, a
 * configuration that it starts with is not refused for that. */
static enum status read_digest(struct option_context *context, struct value *rest)
{
    static const char allowed[] = "0123456789abcdefABCDEF:- ";
    struct text text = text_trim(rest->text);
    if (text.at == NULL)
        return option_fail(context, TEXT_NONE, BAD_ANCHOR, "the digest is missing");
    for (size_t i = 0; i < text.count; i++)
        if (memchr(allowed, text.at[i], sizeof allowed - 1) == NULL)
            return option_fail(context, text, "bad HEX in trust anchor",
                               "\"%.*s\" is no digest: hexadecimal digits", TEXT_ARG(text));
    return STATUS_OK;
}

/* Kept as it is written; what is wrong with it is told now and not when it is first needed. */
static enum status read_trust_anchor(struct option_context *context, struct value value)
{
    struct daemon_config *config = context->part;
    struct value rest = value, field, ahead;
    struct dname name;
    uint64_t tag, algorithm, type;
    if (!value_next_field(&rest, ',', &field) || dname_from_text(field.text, &name) != STATUS_OK)
        return option_fail(context, field.text, BAD_ANCHOR, "\"%.*s\" is not a domain",
                           TEXT_ARG(field.text));
    ahead = rest;
    if (value_next_field(&ahead, ',', &field) && is_class(field.text))
        rest = ahead;
    enum status status = STATUS_OK;
    if (rest.text.at != NULL) { /* else the domain is unsigned */
        status = read_number(context, &rest, "key tag", UINT16_MAX, &tag);
        if (status == STATUS_OK)
            status = read_number(context, &rest, "algorithm", UINT8_MAX, &algorithm);
        if (status == STATUS_OK)
            status = read_number(context, &rest, "digest type", UINT8_MAX, &type);
        if (status == STATUS_OK)
            status = read_digest(context, &rest);
    }
    if (status != STATUS_OK)
        return status;
    const char **kept =
        option_append(context, &config->trust_anchors.at, &config->trust_anchors.count,
                      &config->trust_anchors.room, sizeof(*kept));
    if (kept == NULL || (*kept = option_string(context, value.text)) == NULL)
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

static void print_trust_anchors(const void *part, struct option_printer *printer)
{
    const struct daemon_config *config = part;
    for (size_t i = 0; i < config->trust_anchors.count; i++)
        option_print_value(printer, "%s", config->trust_anchors.at[i]);
}

/* ------------------------------------------------------------------ the rows */

/* clang-format off */
const struct option later_options[] = {
    /* DNSSEC. */
    {
        .name = "dnssec", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dnssec", .shape = "",
        .help = "Check the signatures of answers",
        .doc = DOC("Needs a trust-anchor for the root. Answers that fail are not passed on."),
        .examples = EXAMPLES("dnssec"),
    },
    {
        /* Debian's helper gives the root's to every server it starts: alone they mean nothing. */
        .name = "trust-anchor", .kind = OPTION_STRUCTURED, .area = "dnssec",
        .read = read_trust_anchor, .print = print_trust_anchors,
        .shape = "<domain>,[<class>,]<key tag>,<algorithm>,<digest type>,<hex digest>|<domain>[,<class>]",
        .help = "A key to trust, as a DS record",
        .doc = DOC("The root's come with the package. A domain alone is taken to be unsigned. What it says is checked; "
               "it is of use together with dnssec only."),
        .examples = EXAMPLES("trust-anchor=.,20326,8,2,"
                             "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
                             "trust-anchor=unsigned.example"),
    },
    {
        .name = "dnssec-check-unsigned", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .value_optional = true, .area = "dnssec", .shape = "[no]",
        .help = "Whether unsigned answers must be proved to be rightly so",
        .doc = DOC("They must unless \"no\" is given, which leaves them open to forgery."),
        .examples = EXAMPLES("dnssec-check-unsigned", "dnssec-check-unsigned=no"),
    },
    {
        .name = "dnssec-no-timecheck", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dnssec",
        .shape = "",
        .help = "Do not look at the dates of signatures until SIGINT",
        .doc = DOC("For machines whose clock is wrong until the network has told them the time."),
        .examples = EXAMPLES("dnssec-no-timecheck"),
    },
    {
        .name = "dnssec-timestamp", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "dnssec", .shape = "<path>",
        .help = "Do not look at the dates of signatures while the clock is behind this file's",
        .doc = DOC("The file is made and touched by the program itself."),
        .examples = EXAMPLES("dnssec-timestamp=/var/lib/linnet/timestamp"),
    },
    {
        .name = "dnssec-limits", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "dnssec", .shape = "<number>{,<number>}",
        .help = "How much work one answer may cause",
        .doc = DOC("Up to four numbers: failed signatures of a record set, signatures checked, further queries, "
               "rounds of NSEC3 hashing; 0 leaves one as it is."),
        .examples = EXAMPLES("dnssec-limits=0,100", "dnssec-limits=10,100,20,50"),
    },
    {
        .name = "dnssec-debug", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dnssec", .shape = "",
        .help = "Pass on answers that fail the check",
        .doc = DOC("For finding out why they do."),
        .examples = EXAMPLES("dnssec-debug"),
    },
};
/* clang-format on */

const size_t later_option_count = COUNT_OF(later_options);
