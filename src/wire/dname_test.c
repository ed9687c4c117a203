#include "wire/dname.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WIRE(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* A name that the test itself wrote down, so it must read. */
static struct dname given(const char *text)
{
    struct dname name;
    if (dname_from_text(text_of(text), &name) != STATUS_OK)
        fail_msg("%s is no name", text);
    return name;
}

static const char *text_now(const struct dname *name)
{
    static char buffer[DNAME_TEXT_MAX];
    return dname_text(name, buffer);
}

/* A copy with nothing behind it, so that the sanitizer sees every read past the end. */
static struct bytes tight(const uint8_t *at, size_t count)
{
    uint8_t *copy = malloc(count > 0 ? count : 1);
    assert_non_null(copy);
    memcpy(copy, at, count);
    return bytes_of(copy, count);
}

static void test_reads_wire(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const uint8_t *wire;
        size_t wire_count;
        size_t start;
        enum status status;
        size_t after;
        const char *text;
    } rows[] = {
        { "root", WIRE("\0"), 0, STATUS_OK, 1, "." },
        { "plain", WIRE("\1a\3lan\0"), 0, STATUS_OK, 7, "a.lan" },
        { "case stays", WIRE("\1A\3LaN\0"), 0, STATUS_OK, 7, "A.LaN" },
        { "bytes behind it", WIRE("\3lan\0\1x"), 0, STATUS_OK, 5, "lan" },
        { "pointer back", WIRE("\3lan\0\1a\xC0\0"), 5, STATUS_OK, 9, "a.lan" },
        { "pointer alone", WIRE("\3lan\0\xC0\0"), 5, STATUS_OK, 7, "lan" },
        { "pointer into a name", WIRE("\1a\3lan\0\1b\xC0\2"), 7, STATUS_OK, 11, "b.lan" },
        { "pointer to a pointer", WIRE("\3lan\0\1a\xC0\0\1b\xC0\5"), 9, STATUS_OK, 13, "b.a.lan" },
        { "pointer to the root", WIRE("\0\1a\xC0\0"), 1, STATUS_OK, 5, "a" },
        /* RFC 9267 section 2: compression pointers and offsets. */
        { "pointer to itself", WIRE("\xC0\0"), 0, STATUS_MALFORMED, 0, NULL },
        { "pointer forward", WIRE("\xC0\2\0"), 0, STATUS_MALFORMED, 0, NULL },
        { "pointer past the end", WIRE("\0\xC0\x80"), 1, STATUS_MALFORMED, 0, NULL },
        { "pointer to its own labels", WIRE("\0\1a\xC0\1"), 1, STATUS_MALFORMED, 0, NULL },
        { "two pointers in a loop", WIRE("\xC0\2\xC0\0"), 2, STATUS_MALFORMED, 0, NULL },
        { "pointer back, then forward", WIRE("\xC0\2\0\xC0\0"), 3, STATUS_MALFORMED, 0, NULL },
        { "loop through labels", WIRE("\1a\1b\xC0\0"), 2, STATUS_MALFORMED, 0, NULL },
        { "half a pointer", WIRE("\0\xC0"), 1, STATUS_TRUNCATED, 0, NULL },
        /* RFC 9267 section 3: label and name length. */
        { "reserved label kind 10", WIRE("\x80"), 0, STATUS_MALFORMED, 0, NULL },
        { "reserved label kind 01", WIRE("\x41"), 0, STATUS_MALFORMED, 0, NULL },
        { "label of 64",
          WIRE("\x40"
               "aaaaaaaa\0"),
          0, STATUS_MALFORMED, 0, NULL },
        { "label past the end", WIRE("\5lan"), 0, STATUS_TRUNCATED, 0, NULL },
        /* RFC 9267 section 4: no terminating root. */
        { "no root label", WIRE("\3lan"), 0, STATUS_TRUNCATED, 0, NULL },
        { "nothing", WIRE(""), 0, STATUS_TRUNCATED, 0, NULL },
        { "start past the end", WIRE("\0"), 5, STATUS_TRUNCATED, 0, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes message = tight(rows[i].wire, rows[i].wire_count);
        struct dname name = dname_root();
        size_t at = rows[i].start;
        enum status status = dname_read(message, &at, &name);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (at != (status == STATUS_OK ? rows[i].after : rows[i].start))
            fail_msg("%s: ends at %zu", rows[i].name, at);
        if (status == STATUS_OK && strcmp(text_now(&name), rows[i].text) != 0)
            fail_msg("%s: %s", rows[i].name, text_now(&name));

        /* Stepping over agrees, except about what only a pointer's target would show. */
        size_t skipped = rows[i].start;
        enum status skip = dname_skip(message, &skipped);
        if (status == STATUS_OK && (skip != STATUS_OK || skipped != at))
            fail_msg("%s: skip %s, %zu", rows[i].name, status_text(skip), skipped);
        if (status == STATUS_TRUNCATED && skip != STATUS_TRUNCATED)
            fail_msg("%s: skip %s", rows[i].name, status_text(skip));
        free((void *)(uintptr_t)message.at);
    }
}

/* `labels` labels of `size` bytes and the root. */
static size_t make_labels(uint8_t *wire, unsigned labels, uint8_t size)
{
    size_t at = 0;
    for (unsigned i = 0; i < labels; i++) {
        wire[at++] = size;
        memset(wire + at, 'x', size);
        at += size;
    }
    wire[at++] = 0;
    return at;
}

static void test_longest_names(void **test)
{
    (void)test;
    uint8_t wire[400];
    struct dname name;

    size_t count = make_labels(wire, 127, 1);
    size_t at = 0;
    assert_int_equal(count, 255);
    assert_int_equal(dname_read(bytes_of(wire, count), &at, &name), STATUS_OK);
    assert_int_equal(name.count, 255);
    assert_int_equal(dname_label_count(&name), 127);
    assert_int_equal(dname_from_wire(bytes_of(wire, count), &name), STATUS_OK);

    count = make_labels(wire, 4, 63);
    at = 0;
    assert_int_equal(dname_read(bytes_of(wire, count), &at, &name), STATUS_MALFORMED);
    assert_int_equal(dname_skip(bytes_of(wire, count), &at), STATUS_MALFORMED);
    assert_int_equal(dname_from_wire(bytes_of(wire, count), &name), STATUS_MALFORMED);

    /* 254 bytes and the root, and one byte more; the second reached only through a pointer. */
    count = make_labels(wire, 3, 63) - 1;
    count += make_labels(wire + count, 1, 61);
    at = 0;
    assert_int_equal(count, 255);
    assert_int_equal(dname_read(bytes_of(wire, count), &at, &name), STATUS_OK);
    size_t start = count;
    memcpy(wire + count, "\1y\xC0\0", 4);
    count += 4;
    assert_int_equal(dname_read(bytes_of(wire, count), &start, &name), STATUS_MALFORMED);
}

static void test_skip_checks_pointers(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const uint8_t *wire;
        size_t count;
        enum status status;
    } rows[] = {
        { "back", WIRE("\0\1a\xC0\0"), STATUS_OK },
        { "to the name itself", WIRE("\0\1a\xC0\1"), STATUS_MALFORMED },
        { "to itself", WIRE("\0\xC0\1"), STATUS_MALFORMED },
        { "forward", WIRE("\0\xC0\3\0"), STATUS_MALFORMED },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t at = 1;
        enum status status = dname_skip(bytes_of(rows[i].wire, rows[i].count), &at);
        if (status != rows[i].status || at != (status == STATUS_OK ? rows[i].count : 1))
            fail_msg("%s: %s, %zu", rows[i].name, status_text(status), at);
    }
}

static void test_bounds_pointer_chains(void **test)
{
    (void)test;
    uint8_t wire[600] = { 0 };
    struct dname name;

    /* The root, then pointers each to the one before. */
    for (size_t i = 0; i < 200; i++) {
        size_t target = i == 0 ? 0 : 2 * i - 1;
        wire[1 + 2 * i] = (uint8_t)(0xC0 | target >> 8);
        wire[2 + 2 * i] = (uint8_t)target;
    }
    size_t at = 1 + 2 * 126;
    assert_int_equal(dname_read(bytes_of(wire, sizeof wire), &at, &name), STATUS_OK);
    at = 1 + 2 * 127;
    assert_int_equal(dname_read(bytes_of(wire, sizeof wire), &at, &name), STATUS_MALFORMED);
}

static void test_from_wire(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const uint8_t *wire;
        size_t count;
        enum status status;
    } rows[] = {
        { "root", WIRE("\0"), STATUS_OK },
        { "plain", WIRE("\1a\3lan\0"), STATUS_OK },
        { "not all of it", WIRE("\1a\0\0"), STATUS_MALFORMED },
        { "pointer", WIRE("\1a\xC0\0"), STATUS_MALFORMED },
        { "no root", WIRE("\1a"), STATUS_TRUNCATED },
        { "label past the end", WIRE("\4a\0"), STATUS_TRUNCATED },
        { "nothing", WIRE(""), STATUS_TRUNCATED },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name;
        struct bytes wire = bytes_of(rows[i].wire, rows[i].count);
        enum status status = dname_from_wire(wire, &name);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (status == STATUS_OK && !bytes_equal(dname_bytes(&name), wire))
            fail_msg("%s: other bytes", rows[i].name);
    }
}

#define TEN      "aaaaaaaaaa"
#define LABEL_63 TEN TEN TEN TEN TEN TEN "aaa"

static void test_text_and_back(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        enum status status;
        const char *printed;
    } rows[] = {
        { ".", STATUS_OK, "." },
        { "lan", STATUS_OK, "lan" },
        { "a.lan", STATUS_OK, "a.lan" },
        { "a.lan.", STATUS_OK, "a.lan" },
        { "A.Lan", STATUS_OK, "A.Lan" },
        { "*.lan", STATUS_OK, "*.lan" },
        { "a\\.b.lan", STATUS_OK, "a\\.b.lan" },
        { "a\\\\b", STATUS_OK, "a\\\\b" },
        { "a\\065", STATUS_OK, "aA" },
        { "a\\000b", STATUS_OK, "a\\000b" },
        { "a\\255b", STATUS_OK, "a\\255b" },
        { "a b", STATUS_OK, "a\\032b" },
        { "a\\032b", STATUS_OK, "a\\032b" },
        { "\xC3\xA9", STATUS_OK, "\\195\\169" },
        { "a\\\"b\\(c\\)\\;\\@\\$", STATUS_OK, "a\\\"b\\(c\\)\\;\\@\\$" },
        { "a\\.", STATUS_OK, "a\\." },
        { LABEL_63, STATUS_OK, LABEL_63 },
        { LABEL_63 "." LABEL_63 "." LABEL_63 "." TEN TEN TEN TEN TEN TEN "a", STATUS_OK,
          LABEL_63 "." LABEL_63 "." LABEL_63 "." TEN TEN TEN TEN TEN TEN "a" },
        { LABEL_63 "." LABEL_63 "." LABEL_63 "." TEN TEN TEN TEN TEN TEN "aa", STATUS_RANGE, NULL },
        { LABEL_63 "a", STATUS_RANGE, NULL },
        { LABEL_63 "\\097", STATUS_RANGE, NULL },
        { "", STATUS_MALFORMED, NULL },
        { "..", STATUS_MALFORMED, NULL },
        { ".lan", STATUS_MALFORMED, NULL },
        { "a..lan", STATUS_MALFORMED, NULL },
        { "a.lan..", STATUS_MALFORMED, NULL },
        { "a\\", STATUS_MALFORMED, NULL },
        { "a\\2", STATUS_MALFORMED, NULL },
        { "a\\25", STATUS_MALFORMED, NULL },
        { "a\\25x", STATUS_MALFORMED, NULL },
        { "a\\256", STATUS_MALFORMED, NULL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name;
        struct dname again;
        enum status status = dname_from_text(text_of(rows[i].text), &name);
        if (status != rows[i].status)
            fail_msg("\"%s\": %s", rows[i].text, status_text(status));
        if (status != STATUS_OK)
            continue;
        if (strcmp(text_now(&name), rows[i].printed) != 0)
            fail_msg("\"%s\": %s", rows[i].text, text_now(&name));
        if (dname_from_wire(dname_bytes(&name), &again) != STATUS_OK)
            fail_msg("\"%s\": not a sound name", rows[i].text);
        again = given(text_now(&name));
        if (!dname_equal_exact(&name, &again))
            fail_msg("\"%s\" changes when printed and read", rows[i].text);
    }
}

static void test_longest_text_fits(void **test)
{
    (void)test;
    uint8_t wire[DNAME_WIRE_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t size = i < 3 ? 63 : 61;
        wire[count++] = size;
        memset(wire + count, 0xFF, size);
        count += size;
    }
    wire[count++] = 0;

    struct dname name;
    assert_int_equal(dname_from_wire(bytes_of(wire, count), &name), STATUS_OK);
    struct dname again = given(text_now(&name));
    assert_true(dname_equal_exact(&name, &again));
}

static void test_host_names(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        bool wildcard;
        const char *printed; /* NULL: malformed */
    } rows[] = {
        { "my-host.lan", false, "my-host.lan" },
        { "my-host.lan.", false, "my-host.lan" },
        { "_ldap._tcp.lan", false, "_ldap._tcp.lan" },
        { "0/25.2.0.192.in-addr.arpa", false, "0/25.2.0.192.in-addr.arpa" },
        { "7.lan", false, "7.lan" },
        { "*.lan", true, "*.lan" },
        { "*", true, "*" },
        { "*.lan", false, NULL },
        { "a.*.lan", true, NULL },
        { "*a.lan", true, NULL },
        { "**.lan", true, NULL },
        { "*.-a", true, NULL },
        { "*..lan", true, NULL },
        { "-a.lan", false, NULL },
        { "a.-b.lan", false, NULL },
        { "a b.lan", false, NULL },
        { "a\\.b", false, NULL },
        { "\xC3\xA9.lan", false, NULL },
        { "a;b", false, NULL },
        { ".", false, NULL },
        { ".lan", false, NULL },
        { "a..lan", false, NULL },
        { "", false, NULL },
        { "", true, NULL },
        { LABEL_63 "a.lan", false, NULL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name;
        enum status status = dname_from_host(text_of(rows[i].text), rows[i].wildcard, &name);
        if (status != (rows[i].printed != NULL ? STATUS_OK : STATUS_MALFORMED))
            fail_msg("\"%s\": %s", rows[i].text, status_text(status));
        if (status == STATUS_OK && strcmp(text_now(&name), rows[i].printed) != 0)
            fail_msg("\"%s\": %s", rows[i].text, text_now(&name));
    }
}

/* Every byte folds as ASCII says, at every place within and behind the words of eight. */
static void test_folds_every_byte(void **test)
{
    (void)test;
    for (unsigned length = 1; length <= 20; length++) {
        for (unsigned value = 0; value < 256; value++) {
            struct dname name;
            name.wire[0] = (uint8_t)length;
            memset(name.wire + 1, (int)value, length);
            name.wire[1 + length] = 0;
            name.count = (uint8_t)(length + 2);
            struct dname lower = name;
            dname_lower(&lower);
            uint8_t wanted = value >= 'A' && value <= 'Z' ? (uint8_t)(value + 32) : (uint8_t)value;
            for (unsigned i = 1; i <= length; i++) {
                if (lower.wire[i] != wanted)
                    fail_msg("byte %u at %u of %u: %u", value, i, length, lower.wire[i]);
            }
            if (lower.wire[0] != length || lower.wire[1 + length] != 0)
                fail_msg("length bytes changed at %u", length);
            if (!dname_equal(&name, &lower))
                fail_msg("byte %u times %u is not equal to its lower case", value, length);
        }
    }
}

static void test_equal_and_hash(void **test)
{
    (void)test;
    static const struct {
        const char *a;
        const char *b;
        bool equal;
        bool exact;
    } rows[] = {
        { "a.lan", "a.lan", true, true },
        { "a.lan", "A.LAN", true, false },
        { "www.example-domain.test", "WWW.eXample-Domain.tesT", true, false },
        { "a.lan", "b.lan", false, false },
        { "a.lan", "a.lam", false, false },
        { "a.lan", "lan", false, false },
        { "a.lan", "a\\.lan", false, false },
        { "@", "`", false, false },
        { "[.lan", "{.lan", false, false },
        { "\\193", "\\225", false, false },
        { ".", ".", true, true },
    };
    struct siphash_key key = { 1, 2 };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname a = given(rows[i].a);
        struct dname b = given(rows[i].b);
        if (dname_equal(&a, &b) != rows[i].equal)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        if (dname_equal_exact(&a, &b) != rows[i].exact)
            fail_msg("%s and %s exactly", rows[i].a, rows[i].b);
        if ((dname_hash(&key, &a) == dname_hash(&key, &b)) != rows[i].equal)
            fail_msg("hashes of %s and %s", rows[i].a, rows[i].b);
        if ((dname_compare(&a, &b) == 0) != rows[i].equal)
            fail_msg("order of %s and %s", rows[i].a, rows[i].b);
    }
    struct dname name = given("a.lan");
    struct siphash_key other = { 1, 3 };
    assert_true(dname_hash(&key, &name) != dname_hash(&other, &name));
}

static void test_within(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const char *ancestor;
        bool within;
    } rows[] = {
        { "a.lan", "lan", true },
        { "a.b.LAN", "lan", true },
        { "lan", "lan", true },
        { "lan", ".", true },
        { ".", ".", true },
        { ".", "lan", false },
        { "xlan", "lan", false },
        { "a.lan", "b.lan", false },
        { "lan", "a.lan", false },
        /* The ancestor's bytes are there, but not where a label begins. */
        { "x\\003lan", "lan", false },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = given(rows[i].name);
        struct dname ancestor = given(rows[i].ancestor);
        if (dname_is_within(&name, &ancestor) != rows[i].within)
            fail_msg("%s within %s", rows[i].name, rows[i].ancestor);
    }
}

static void test_labels(void **test)
{
    (void)test;
    struct dname name = given("www.a.lan");
    assert_int_equal(dname_label_count(&name), 3);
    assert_true(bytes_equal(dname_first_label(&name), bytes_of("www", 3)));
    assert_true(dname_parent(&name, &name));
    assert_string_equal(text_now(&name), "a.lan");
    assert_true(dname_parent(&name, &name));
    assert_true(dname_parent(&name, &name));
    assert_true(dname_is_root(&name));
    assert_false(dname_parent(&name, &name));
    assert_int_equal(dname_label_count(&name), 0);
    assert_int_equal(dname_first_label(&name).count, 0);
}

static void test_join_and_prepend(void **test)
{
    (void)test;
    struct dname host = given("host");
    struct dname domain = given("a.lan");
    struct dname joined;

    assert_int_equal(dname_join(&host, &domain, &joined), STATUS_OK);
    assert_string_equal(text_now(&joined), "host.a.lan");
    joined = host;
    assert_int_equal(dname_join(&joined, &domain, &joined), STATUS_OK);
    assert_string_equal(text_now(&joined), "host.a.lan");
    joined = domain;
    assert_int_equal(dname_join(&host, &joined, &joined), STATUS_OK);
    assert_string_equal(text_now(&joined), "host.a.lan");
    struct dname root = dname_root();
    assert_int_equal(dname_join(&root, &domain, &joined), STATUS_OK);
    assert_true(dname_equal_exact(&joined, &domain));

    assert_int_equal(dname_prepend(bytes_of("x", 1), &domain, &joined), STATUS_OK);
    assert_string_equal(text_now(&joined), "x.a.lan");
    assert_int_equal(dname_prepend(dname_first_label(&joined), &joined, &joined), STATUS_OK);
    assert_string_equal(text_now(&joined), "x.x.a.lan");
    assert_int_equal(dname_prepend(BYTES_NONE, &domain, &joined), STATUS_RANGE);
    assert_int_equal(dname_prepend(bytes_of(LABEL_63 "a", 64), &domain, &joined), STATUS_RANGE);

    struct dname longest =
        given(LABEL_63 "." LABEL_63 "." LABEL_63 "." TEN TEN TEN TEN TEN "aaaaaaaaa");
    assert_int_equal(longest.count, 253);
    assert_int_equal(dname_prepend(bytes_of("x", 1), &longest, &joined), STATUS_OK);
    assert_int_equal(joined.count, 255);
    assert_int_equal(dname_prepend(bytes_of("xx", 2), &longest, &joined), STATUS_RANGE);
    assert_int_equal(dname_join(&host, &longest, &joined), STATUS_RANGE);
}

static void test_canonical_order(void **test)
{
    (void)test;
    /* RFC 4034 section 6.1 gives this order. */
    static const char *const rows[] = {
        ".",           "example",         "a.example", "yljkjljk.a.example",
        "Z.a.example", "zABC.a.EXAMPLE",  "z.example", "\\001.z.example",
        "*.z.example", "\\200.z.example",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t j = 0; j < COUNT_OF(rows); j++) {
            struct dname a = given(rows[i]);
            struct dname b = given(rows[j]);
            int order = dname_compare(&a, &b);
            if ((order < 0) != (i < j) || (order > 0) != (i > j))
                fail_msg("%s and %s: %d", rows[i], rows[j], order);
        }
    }
}

static void test_reverse_names(void **test)
{
    (void)test;
    static const struct {
        const char *address;
        const char *name;
    } rows[] = {
        { "192.0.2.1", "1.2.0.192.in-addr.arpa" },
        { "255.100.10.9", "9.10.100.255.in-addr.arpa" },
        { "0.0.0.0", "0.0.0.0.in-addr.arpa" },
        { "2001:db8::567:89ab",
          "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address;
        struct prefix prefix;
        assert_int_equal(address_from_text(text_of(rows[i].address), &address), STATUS_OK);
        struct dname name = dname_reverse(&address);
        if (strcmp(text_now(&name), rows[i].name) != 0)
            fail_msg("%s: %s", rows[i].address, text_now(&name));
        if (dname_reverse_parse(&name, &prefix) != STATUS_OK
            || !address_equal(&prefix.address, &address)
            || prefix.length != 8 * address_size(address.family))
            fail_msg("%s does not come back", rows[i].name);
    }
}

static void test_reverse_parse(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const char *prefix; /* NULL: not a reverse name */
    } rows[] = {
        { "168.192.in-addr.arpa", "192.168.0.0/16" },
        { "10.IN-ADDR.ARPA", "10.0.0.0/8" },
        { "in-addr.arpa", "0.0.0.0/0" },
        { "2.0.192.in-addr.arpa", "192.0.2.0/24" },
        { "8.b.d.0.1.0.0.2.ip6.arpa", "2001:db8::/32" },
        { "f.IP6.INT", "f000::/4" },
        { "D.F.ip6.arpa", "fd00::/8" },
        { "ip6.arpa", "::/0" },
        { "1.1.2.0.192.in-addr.arpa", NULL },
        { "256.in-addr.arpa", NULL },
        { "01.in-addr.arpa", NULL },
        { "1000.in-addr.arpa", NULL },
        { "a.in-addr.arpa", NULL },
        { "0/25.2.0.192.in-addr.arpa", NULL },
        { "b._dns-sd._udp.0.0.10.in-addr.arpa", NULL },
        { "g.ip6.arpa", NULL },
        { "10.ip6.arpa", NULL },
        { "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", NULL },
        { "arpa", NULL },
        { "xin-addr.arpa", NULL },
        { "1.lan", NULL },
        { ".", NULL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = given(rows[i].name);
        struct prefix prefix;
        enum status status = dname_reverse_parse(&name, &prefix);
        if (status != (rows[i].prefix != NULL ? STATUS_OK : STATUS_NOT_FOUND))
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (status != STATUS_OK)
            continue;
        char buffer[64];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        text_put_prefix(&out, &prefix);
        if (strcmp(buffer, rows[i].prefix) != 0)
            fail_msg("%s: %s", rows[i].name, buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_wire),
        cmocka_unit_test(test_longest_names),
        cmocka_unit_test(test_skip_checks_pointers),
        cmocka_unit_test(test_bounds_pointer_chains),
        cmocka_unit_test(test_from_wire),
        cmocka_unit_test(test_text_and_back),
        cmocka_unit_test(test_longest_text_fits),
        cmocka_unit_test(test_host_names),
        cmocka_unit_test(test_folds_every_byte),
        cmocka_unit_test(test_equal_and_hash),
        cmocka_unit_test(test_within),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_join_and_prepend),
        cmocka_unit_test(test_canonical_order),
        cmocka_unit_test(test_reverse_names),
        cmocka_unit_test(test_reverse_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
