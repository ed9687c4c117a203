#include "config/option_line_test.h"
#include "dhcp/dhcp_config.h"

extern const struct option dhcp_client_options[];
extern const size_t dhcp_client_option_count;

static struct dhcp_config dhcp;

static void reset(void *part)
{
    dhcp_config_init(part);
}

static const char error[] = "error";
static const char bad_match[] = "illegal dhcp-match";
static const char bad_option[] = "bad dhcp-option";
static const char bad_tag_if[] = "bad tag-if";

static const struct line_row rows[] = {
    { "a class", "dhcp-vendorclass=a,SIP", "dhcp-vendorclass=set:a,SIP", NULL, NULL },
    { "a class with a comma", "dhcp-vendorclass=set:a,\"x,y\"", "dhcp-vendorclass=set:a,\"x,y\"",
      NULL, NULL },
    { "an enterprise", "dhcp-vendorclass=set:a,enterprise:343",
      "dhcp-vendorclass=set:a,enterprise:343", NULL, NULL },
    { "an enterprise's class", "dhcp-vendorclass=set:a,enterprise:343,x",
      "dhcp-vendorclass=set:a,enterprise:343,x", NULL, NULL },
    { "a class without a tag", "dhcp-userclass=lab", NULL, error, "the tag comes first" },
    { "two classes", "dhcp-userclass=set:a,x,y", NULL, error, "needs double quotes" },
    { "no enterprise", "dhcp-vendorclass=set:a,enterprise:x,y", NULL, error, "\"x\"" },
    { "a card", "dhcp-mac=set:a,2:0:*:0:0:a", "dhcp-mac=set:a,02:00:*:00:00:0a", NULL, NULL },
    { "a card with a type", "dhcp-mac=a,6-02:00", "dhcp-mac=set:a,06-02:00", NULL, NULL },
    { "no card", "dhcp-mac=set:a,foo", NULL, error, "\"foo\" is not a hardware address" },
    { "an option", "dhcp-match=set:a,93", "dhcp-match=set:a,93", NULL, NULL },
    { "an option by name", "dhcp-match=a,option:client-arch,7",
      "dhcp-match=set:a,option:client-arch,7", NULL, NULL },
    { "bytes", "dhcp-match=set:a,200,1:*:ff", "dhcp-match=set:a,200,1:*:ff", NULL, NULL },
    { "text in quotes", "dhcp-match=set:a,200,\"5\"", "dhcp-match=set:a,200,\"5\"", NULL, NULL },
    { "a DHCPv6 option", "dhcp-match=set:a,option6:23,[2001:db8::1]",
      "dhcp-match=set:a,option6:23,[2001:db8::1]", NULL, NULL },
    { "an enterprise's option", "dhcp-match=set:a,vi-encap:9,x", "dhcp-match=set:a,vi-encap:9,x",
      NULL, NULL },
    { "no option", "dhcp-match=set:a", NULL, bad_option, "the tag comes first" },
    { "no tag", "dhcp-match=93", NULL, bad_match, "the tag comes first" },
    { "two tags", "dhcp-match=set:a,set:b,93", NULL, bad_match, "only one tag" },
    { "an unknown option", "dhcp-match=set:a,option:foo", NULL, bad_option, "\"foo\"" },
    { "a large number", "dhcp-match=set:a,300", NULL, bad_option, "1 to 254" },
    { "inside another", "dhcp-match=set:a,encap:1,1", NULL, "inappropriate encap:", "vi-encap:" },
    { "a vendor's", "dhcp-match=set:a,vendor:x,1", NULL, "inappropriate vendor:", "vi-encap:" },
    { "a wrong address", "dhcp-match=set:a,6,x", NULL, "bad IP address", "\"x\"" },
    { "a name", "dhcp-name-match=a,Tab-*", "dhcp-name-match=set:a,Tab-*", NULL, NULL },
    { "any name", "dhcp-name-match=set:a,*", "dhcp-name-match=set:a,*", NULL, NULL },
    { "no name", "dhcp-name-match=set:a,", NULL, error, "the name is missing" },
    { "a circuit", "dhcp-circuitid=set:a,1:2", "dhcp-circuitid=set:a,1:2", NULL, NULL },
    { "a circuit as text", "dhcp-circuitid=set:a,\"1:2\"", "dhcp-circuitid=set:a,\"1:2\"", NULL,
      NULL },
    { "the relay's others", "dhcp-remoteid=a,x\ndhcp-subscrid=a,y",
      "dhcp-remoteid=set:a,x\ndhcp-subscrid=set:a,y", NULL, NULL },
    { "tag-if", "tag-if=set:a,tag:b,set:c,tag:!d,tag:e*", "tag-if=set:a,set:c,tag:b,tag:!d,tag:e*",
      NULL, NULL },
    { "tag-if for all", "tag-if=set:a", "tag-if=set:a", NULL, NULL },
    { "tag-if with old tags", "tag-if=set:a,net:b", NULL, bad_tag_if, "\"net:b\"" },
    { "tag-if that sets nothing", "tag-if=tag:a", NULL, bad_tag_if, "no tag to set" },
    { "tag-if with nothing", "tag-if=set:a,", NULL, bad_tag_if, "neither" },
    { "names ignored", "dhcp-ignore-names\ndhcp-ignore-names=a,net:#b",
      "dhcp-ignore-names\ndhcp-ignore-names=tag:a,tag:!b", NULL, NULL },
    { "names generated", "dhcp-generate-names=tag:a", "dhcp-generate-names=tag:a", NULL, NULL },
    { "files", "dhcp-hostsfile=/a\ndhcp-hostsdir=/b c\ndhcp-optsfile=/d,e\ndhcp-optsdir=/f",
      "dhcp-hostsfile=/a\ndhcp-hostsdir=/b c\ndhcp-optsfile=/d,e\ndhcp-optsdir=/f", NULL, NULL },
    { "no file", "dhcp-hostsfile=", "", NULL, NULL },
    { "flags", "read-ethers\ndhcp-fqdn\ndhcp-client-update",
      "read-ethers\ndhcp-fqdn\ndhcp-client-update", NULL, NULL },
};

static void test_rows(void **state)
{
    (void)state;
    const struct option_table table = { dhcp_client_options, dhcp_client_option_count, &dhcp };
    const struct option_set set = { &table, 1 };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &dhcp, &rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests_name("dhcp_client_options", tests, NULL, NULL);
}
