#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/resolv_file.h"

/* expected: endpoints by blanks, "@name" behind one with an interface. */
static const struct {
    const char *claim;
    const char *text;
    const char *expected;
} servers[] = {
    { "one", "nameserver 192.0.2.1\n", "192.0.2.1#53" },
    { "no line end", "nameserver 192.0.2.1", "192.0.2.1#53" },
    { "CRLF", "nameserver 192.0.2.1\r\nnameserver 192.0.2.2\r\n", "192.0.2.1#53 192.0.2.2#53" },
    { "order kept, duplicates too",
      "nameserver 192.0.2.2\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n",
      "192.0.2.2#53 192.0.2.1#53 192.0.2.2#53" },
    { "tabs and blanks", " \tnameserver\t 192.0.2.1  \n", "192.0.2.1#53" },
    { "the other keyword", "server 192.0.2.1\n", "192.0.2.1#53" },
    { "IPv6", "nameserver 2001:db8::1\n", "2001:db8::1#53" },
    { "scope by name", "nameserver fe80::1%eth0\n", "fe80::1#53@eth0" },
    { "scope by number", "nameserver fe80::1%7\n", "fe80::1%7#53" },
    { "empty scope", "nameserver fe80::1%\n", "" },
    { "comments", "# nameserver 192.0.2.1\n; nameserver 192.0.2.2\nnameserver 192.0.2.3 # here\n",
      "192.0.2.3#53" },
    { "no comment without a blank", "nameserver 192.0.2.1#5353\nnameserver 192.0.2.2;x\n"
      "nameserver 192.0.2.3#zz\n", "" },
    { "comments behind blanks", "nameserver 192.0.2.1 #x\nnameserver 192.0.2.2\t;x\n",
      "192.0.2.1#53 192.0.2.2#53" },
    { "other lines", "options edns0\nsearch lan\nsortlist 1.2.3.4\nnameservers 192.0.2.1\n", "" },
    { "bad address", "nameserver 192.0.2.300\nnameserver\nnameserver x\n", "" },
    { "nobody", "nameserver 0.0.0.0\nnameserver ::\n", "" },
    { "empty", "", "" },
};

static void test_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(servers); i++) {
        struct arena arena;
        const struct dns_server *found;
        size_t count;
        char buffer[512];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        arena_init(&arena, 16384, 1 << 20);
        assert_int_equal(resolv_file_read(text_of(servers[i].text), &arena, &found, &count),
                         STATUS_OK);
        for (size_t s = 0; s < count; s++) {
            if (s > 0)
                text_put_char(&out, ' ');
            text_put_endpoint(&out, &found[s].endpoint);
            if (found[s].interface != NULL)
                text_printf(&out, "@%s", found[s].interface);
        }
        if (!text_equal(text_out_text(&out), text_of(servers[i].expected)))
            fail_msg("%s: %s", servers[i].claim, buffer);
        arena_free(&arena);
    }
}

static void test_bound(void **state)
{
    static char text[(RESOLV_SERVERS_MAX + 5) * 24];
    struct text_out out = text_out_on(text, sizeof text);
    struct arena arena;
    const struct dns_server *found;
    size_t count;
    (void)state;

    for (unsigned i = 0; i < RESOLV_SERVERS_MAX + 5; i++)
        text_printf(&out, "nameserver 192.0.2.%u\n", i + 1);
    arena_init(&arena, 16384, 1 << 20);
    assert_int_equal(resolv_file_read(text_out_text(&out), &arena, &found, &count), STATUS_OK);
    assert_int_equal(count, RESOLV_SERVERS_MAX);
    arena_free(&arena);

    arena_init(&arena, 16, 16);
    assert_int_equal(resolv_file_read(text_out_text(&out), &arena, &found, &count),
                     STATUS_NO_MEMORY);
    arena_free(&arena);
}

static void test_search(void **state)
{
    static const struct {
        const char *claim;
        const char *text;
        const char *expected; /* NULL: none */
    } rows[] = {
        { "search", "search lan.test other.test\n", "lan.test" },
        { "domain", "domain lan.test\n", "lan.test" },
        { "the last line counts", "search a.test\ndomain b.test\n", "b.test" },
        { "a bad one does not", "search a.test\nsearch -x\n", "a.test" },
        { "none", "nameserver 192.0.2.1\nsearch\n", NULL },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname domain;
        char buffer[DNAME_TEXT_MAX];
        enum status status = resolv_file_search(text_of(rows[i].text), &domain);
        if (rows[i].expected == NULL ? status != STATUS_NOT_FOUND
                                     : status != STATUS_OK
                                           || !text_equal(text_of(dname_text(&domain, buffer)),
                                                          text_of(rows[i].expected)))
            fail_msg("%s", rows[i].claim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
