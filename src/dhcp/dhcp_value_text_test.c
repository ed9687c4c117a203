#include "dhcp/dhcp_value_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define VALUE(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

static const struct {
    const char *name;
    enum dhcp_value kind;
    size_t address_bytes;
    struct bytes value;
    const char *text;
} rows[] = {
    { "addresses", DHCP_VALUE_ADDRESSES, 4, VALUE("\x0a\0\0\1\x0a\0\0\2"), "10.0.0.1, 10.0.0.2" },
    { "part of an address", DHCP_VALUE_ADDRESSES, 4, VALUE("\x0a\0\0\1\x0a"), "10.0.0.1, " },
    { "IPv6 address", DHCP_VALUE_ADDRESSES, 16, VALUE("\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
      "2001:db8::1" },
    { "time", DHCP_VALUE_TIME, 4, VALUE("\0\0\x0e\x10"), "1h" },
    { "time that is none", DHCP_VALUE_TIME, 4, VALUE("\0\x0e\x10"), "00:0e:10" },
    { "number", DHCP_VALUE_NUMBER, 4, VALUE("\1\2"), "258" },
    { "no number at all", DHCP_VALUE_NUMBER, 4, VALUE(""), "0" },
    { "largest number", DHCP_VALUE_NUMBER, 4, VALUE("\xff\xff\xff\xff\xff\xff\xff\xff"),
      "18446744073709551615" },
    { "too large a number", DHCP_VALUE_NUMBER, 4, VALUE("123456789"),
      "31:32:33:34:35:36:37:38:39" },
    { "text", DHCP_VALUE_STRING, 4, VALUE("box"), "box" },
    { "name", DHCP_VALUE_NAME, 4, VALUE("box.lan"), "box.lan" },
    { "as long as it is shown", DHCP_VALUE_UNKNOWN, 4, VALUE("abcdefghijklmn"),
      "61:62:63:64:65:66:67:68:69:6a:6b:6c:6d:6e" },
    { "longer", DHCP_VALUE_ROUTES, 4, VALUE("abcdefghijklmno"),
      "61:62:63:64:65:66:67:68:69:6a:6b:6c:6d:6e..." },
};

static void test_put(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char buffer[128] = "";
        struct text_out out = text_out_on(buffer, sizeof buffer);
        dhcp_value_text_put(&out, rows[i].kind, rows[i].address_bytes, rows[i].value);
        if (!text_equal(text_out_text(&out), text_of(rows[i].text)))
            fail_msg("%s: \"%s\"", rows[i].name, buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_put) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
