#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tftp/tftp_path.h"

static const struct {
    const char *claim;
    const char *folder, *client_folder, *name;
    bool lowercase;
    enum status status;
    const char *whole, *within;
} rows[] = {
    { "a name", "/srv", "", "f", false, STATUS_OK, "/srv/f", "f" },
    { "a slash at the folder's end", "/srv/", "", "f", false, STATUS_OK, "/srv/f", "f" },
    { "an absolute name", "/srv", "", "/etc/passwd", false, STATUS_OK, "/srv/etc/passwd",
      "etc/passwd" },
    { "an absolute name with the folder", "/srv", "", "/srv/a/f", false, STATUS_OK, "/srv/a/f",
      "a/f" },
    { "an absolute name that only begins so", "/srv", "", "/srvx/f", false, STATUS_OK,
      "/srv/srvx/f", "srvx/f" },
    { "the folder alone", "/srv", "", "/srv", false, STATUS_OK, "/srv/", "" },
    { "two slashes", "/srv", "", "//f", false, STATUS_OK, "/srv//f", "/f" },
    { "backslashes", "/srv", "", "\\a\\f", false, STATUS_OK, "/srv/a/f", "a/f" },
    { "capitals stay", "/srv", "", "A/F", false, STATUS_OK, "/srv/A/F", "A/F" },
    { "capitals fold", "/srv", "", "A/F", true, STATUS_OK, "/srv/a/f", "a/f" },
    { "the folder does not fold", "/Srv", "", "F", true, STATUS_OK, "/Srv/f", "f" },
    { "no folder", "", "", "/srv/f", false, STATUS_OK, "/srv/f", "srv/f" },
    { "no folder, a relative name", "", "", "f", false, STATUS_OK, "/f", "f" },
    { "a folder for each client", "/srv", "192.0.2.1", "f", false, STATUS_OK, "/srv/192.0.2.1/f",
      "192.0.2.1/f" },
    { "and an absolute name", "/srv", "192.0.2.1", "/srv/f", false, STATUS_OK, "/srv/192.0.2.1/f",
      "192.0.2.1/f" },
    { "dots in a name", "/srv", "", "a..b/..c/d..", false, STATUS_OK, "/srv/a..b/..c/d..",
      "a..b/..c/d.." },
    { "..", "/srv", "", "..", false, STATUS_DENIED, "/srv/..", ".." },
    { "up at the start", "/srv", "", "../f", false, STATUS_DENIED, "/srv/../f", "../f" },
    { "up in the middle", "/srv", "", "a/../f", false, STATUS_DENIED, "/srv/a/../f", "a/../f" },
    { "up by backslashes", "/srv", "", "a\\..\\f", false, STATUS_DENIED, "/srv/a/../f", "a/../f" },
    { "an absolute name with the client's folder", "/srv", "192.0.2.1", "/srv/192.0.2.1/f", false,
      STATUS_OK, "/srv/192.0.2.1/f", "192.0.2.1/f" },
    { "a name that only begins like it", "/srv", "192.0.2.1", "/srv/192.0.2.11/f", false, STATUS_OK,
      "/srv/192.0.2.1/192.0.2.11/f", "192.0.2.1/192.0.2.11/f" },
    { "no other name loses it", "/srv", "192.0.2.1", "192.0.2.1/f", false, STATUS_OK,
      "/srv/192.0.2.1/192.0.2.1/f", "192.0.2.1/192.0.2.1/f" },
    { "up out of the client's folder", "/srv", "c", "../f", false, STATUS_DENIED, "/srv/c/../f",
      "c/../f" },
    { "up behind the folder", "/srv", "", "/srv/../f", false, STATUS_DENIED, "/srv/../f", "../f" },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tftp_config config = { .lowercase = rows[i].lowercase };
        struct tftp_path path;
        enum status status = tftp_path_make(&config, rows[i].folder, rows[i].client_folder,
                                            text_of(rows[i].name), &path);
        if (status != rows[i].status || strcmp(path.whole, rows[i].whole) != 0
            || strcmp(tftp_path_within(&path), rows[i].within) != 0)
            fail_msg("%s: %s, %s, %s", rows[i].claim, status_text(status), path.whole,
                     tftp_path_within(&path));
    }
}

static void test_bounds(void **state)
{
    (void)state;
    static char name[2 * TFTP_PATH_MAX];
    struct tftp_config config = { .lowercase = false };
    struct tftp_path path;
    memset(name, 'a', sizeof name);
    for (size_t count = TFTP_PATH_MAX - 8; count < sizeof name; count++) {
        enum status status =
            tftp_path_make(&config, "/srv", "", (struct text){ name, count }, &path);
        assert_int_equal(status, count + 5 < TFTP_PATH_MAX ? STATUS_OK : STATUS_NO_SPACE);
        assert_true(strlen(path.whole) < TFTP_PATH_MAX);
    }
    assert_int_equal(tftp_path_make(&config, "/srv", "", (struct text){ "a\0b", 3 }, &path),
                     STATUS_MALFORMED);
}

static void test_roots(void **state)
{
    (void)state;
    struct tftp_root roots[] = {
        { .folder = "/first" },
        { .folder = "/lab", .interface = "eth1" },
        { .folder = "/last" },
        { .folder = "", .interface = "eth2" },
    };
    struct tftp_config config = { .roots = roots, .root_count = 4 };
    assert_string_equal(tftp_path_root(&config, "eth0"), "/last");
    assert_string_equal(tftp_path_root(&config, "eth1"), "/lab");
    assert_string_equal(tftp_path_root(&config, "eth2"), "");
    assert_string_equal(tftp_path_root(&config, ""), "/last");
    config.root_count = 0;
    assert_string_equal(tftp_path_root(&config, "eth0"), "");
}

static void test_client_folder(void **state)
{
    (void)state;
    char folder[TFTP_CLIENT_FOLDER_MAX];
    struct address address = address_ip4(192, 0, 2, 7);
    struct hardware hardware = { .type = 1, .count = 6, .bytes = { 2, 0, 0, 0, 0, 0xc0 } };
    tftp_path_client_folder(&address, NULL, folder);
    assert_string_equal(folder, "192.0.2.7");
    tftp_path_client_folder(&address, &hardware, folder);
    assert_string_equal(folder, "02-00-00-00-00-c0");
}

static void test_printable(void **state)
{
    (void)state;
    char text[32];
    struct text_out out = text_out_on(text, sizeof text);
    tftp_path_put_printable(&out, TEXT("a\n\033[31mb\xff\x7f"));
    assert_string_equal(text, "a[31mb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_roots),     cmocka_unit_test(test_client_folder),
        cmocka_unit_test(test_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
