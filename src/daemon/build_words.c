#include "daemon/build_words.h"

/* clang-format off */
static const struct {
    const char *word;   /* dnsmasq's */
    const char *option; /* the row that asks for it */
} features[] = {
    { "DBus", "enable-dbus" },
    { "UBus", "enable-ubus" },
    { "i18n", NULL },
    { "IDN2", NULL },
    { "DHCP", "dhcp-range" },
    { "DHCPv6", "enable-ra" },
    { "Lua", "dhcp-luascript" },
    { "TFTP", "enable-tftp" },
    { "conntrack", "conntrack" },
    { "ipset", "ipset" },
    { "nftset", "nftset" },
    { "auth", "auth-zone" },
    { "DNSSEC", "dnssec" },
    { "loop-detect", "dns-loop-detect" },
    { "inotify", "hostsdir" },
    { "dumpfile", "dumpfile" },
    /* Ours alone: not among dnsmasq's words. As many as OWN_WORDS. */
    { "HTTP-boot", "netboot-http" },
    { "control", "control-socket" },
    { "reload", "reload-config" },
};
/* clang-format on */

#define OWN_WORDS     3
#define DNSMASQ_WORDS (COUNT_OF(features) - OWN_WORDS)

static bool is_built(const struct option_set *set, const char *name)
{
    const struct option_table *table;
    const struct option *option = name == NULL ? NULL : option_find(set, text_of(name), &table);
    return option != NULL && option->state == OPTION_BUILT && option->feature == NULL;
}

void build_words_put(const struct option_set *set, struct text_out *out)
{
    text_put_string(out, "IPv6 GNU-getopt");
    for (size_t i = 0; i < DNSMASQ_WORDS; i++)
        text_printf(out, " %s%s", is_built(set, features[i].option) ? "" : "no-", features[i].word);
}

static void put_those(const struct option_set *set, bool built, const char *title,
                      struct text_out *out)
{
    text_put_string(out, title);
    for (size_t i = 0; i < COUNT_OF(features); i++)
        if (is_built(set, features[i].option) == built)
            text_printf(out, " %s", features[i].word);
    text_put_string(out, "\n");
}

void build_words_put_version(const struct option_set *set, bool compat, struct text_out *out)
{
    if (!compat) {
        text_put_string(out, "linnet " LINNET_VERSION "\n"
                             "DNS forwarder and cache, DHCPv4, DHCPv6, router advertisements and "
                             "TFTP. ISC licence.\n");
        put_those(set, true, "with:", out);
        put_those(set, false, "without:", out);
        return;
    }
    text_put_string(out, "Dnsmasq version " DNSMASQ_VERSION
                         "  Copyright (c) 2026 the linnet authors (linnet " LINNET_VERSION ")\n"
                         "Compile time options: ");
    build_words_put(set, out);
    text_put_string(out, "\n\nThis software comes with ABSOLUTELY NO WARRANTY.\n");
}
