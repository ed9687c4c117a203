#include "daemon/host_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "dhcp/host_match.h"

static const struct siphash_key key = { 1, 2 };
static char folder[64];
static struct config *config;
static struct host_files files;
static struct host_files_config *made;
static char said[65536];
static char ethers_path[80];

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Written anew beside it, as editors do, so that a change is one at once. */
static void write_file(const char *name, const char *text)
{
    char beside[320];
    snprintf(beside, sizeof beside, "%s/.new", folder);
    FILE *file = fopen(beside, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(beside, path_of(name)), 0);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/host_files_XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(mkdir(path_of("watched"), 0700), 0);
    assert_int_equal(mkdir(path_of("plain"), 0700), 0);
    struct log_setup setup = { .target = LOG_TO_MEMORY, .name = "test", .level = LOG_DETAIL };
    assert_int_equal(log_open(&setup), STATUS_OK);
    snprintf(ethers_path, sizeof ethers_path, "%s/ethers", folder);
    made = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    host_files_config_free(made);
    host_files_free(&files);
    config_free(config);
    log_close();
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* %s in the lines is the folder. */
static void configure(const char *lines)
{
    char text[2048] = "";
    struct text_out out = text_out_on(text, sizeof text);
    for (; *lines != '\0'; lines++) {
        if (*lines == '%')
            text_put_string(&out, folder);
        else
            text_put_char(&out, *lines);
    }
    config = config_create();
    assert_non_null(config);
    struct option_reader *reader =
        option_reader_create(&config->set, &config->arena, &config->errors);
    assert_non_null(reader);
    (void)option_read_text(reader, "test.conf", text_of(text));
    option_reader_free(reader);
    if (config->errors.count > 0)
        fail_msg("%s", config->errors.errors[0].message);
    host_files_init(&files, config, &key);
    files.ethers_path = ethers_path;
}

static void load(bool all)
{
    struct host_files_config *fresh;
    said[0] = '\0';
    assert_int_equal(host_files_load(&files, all, &fresh), STATUS_OK);
    host_files_tell(&files);
    log_take_memory(said, sizeof said);
    if (fresh == NULL)
        return;
    host_files_config_free(made);
    made = fresh;
}

static void must_say(const char *text)
{
    char wanted[512];
    struct text_out out = text_out_on(wanted, sizeof wanted);
    for (; *text != '\0'; text++) {
        if (*text == '%')
            text_put_string(&out, folder);
        else
            text_put_char(&out, *text);
    }
    if (strstr(said, wanted) == NULL)
        fail_msg("\"%s\" is not in:\n%s", wanted, said);
}

/* Of the last line for this card. */
static const char *address_for(uint8_t last)
{
    static char text[ADDRESS_TEXT_MAX];
    struct hardware card = { 1, 6, { 2, 0, 0, 0, 0, last } };
    for (size_t i = made->dhcp.host_count; i-- > 0;) {
        const struct dhcp_host *host = &made->dhcp.hosts[i];
        for (size_t j = 0; j < host->hardware_count; j++)
            if (host_match_hardware(&host->hardware[j], &card))
                return address_text(&host->address, text);
    }
    return "none";
}

static void test_lines(void **state)
{
    (void)state;
    write_file("hosts", "# hosts\n\n02:00:00:00:00:01,192.0.2.1,set:new # one\n"
                        "02:00:00:00:00:0z,192.0.2.2\n02:00:00:00:00:03,192.0.2.9\n\"open\n"
                        "02:00:00:00:00:04,192.0.2.1\n02:00:00:00:00:05,192.0.2.5\n");
    write_file("options", "42,192.0.2.42\nnonsense\n200,a=b\ntag:new,201,x\n");
    configure("dhcp-host=02:00:00:00:00:09,192.0.2.9,set:old\ndhcp-option=tag:old,200,first\n"
              "dhcp-hostsfile=%/hosts\ndhcp-optsfile=%/options\n");
    assert_true(host_files_wanted(config));
    load(true);
    must_say("bad hex constant at line 4 of %/hosts");
    must_say("duplicate dhcp-host IP address 192.0.2.9 at line 5 of %/hosts");
    must_say("missing \" at line 6 of %/hosts");
    must_say("duplicate dhcp-host IP address 192.0.2.1 at line 7 of %/hosts");
    must_say("read %/hosts\n");
    must_say("bad dhcp-option at line 2 of %/options");
    must_say("read %/options\n");
    assert_int_equal(made->dhcp.host_count, 3);
    assert_int_equal(made->dhcp.option_count, 4);
    assert_int_equal(config->dhcp.host_count, 1);
    assert_int_equal(config->dhcp.option_count, 1);
    assert_string_equal(address_for(1), "192.0.2.1");
    assert_string_equal(address_for(5), "192.0.2.5");
    assert_true(text_equal(text_from_bytes(made->dhcp.options[2].value), TEXT("a=b")));
    uint16_t before, after;
    assert_int_equal(tag_names_find(&config->dhcp.tags, TEXT("old"), &before), STATUS_OK);
    assert_int_equal(tag_names_find(&made->dhcp.tags, TEXT("old"), &after), STATUS_OK);
    assert_int_equal(before, after);
    assert_int_equal(tag_names_find(&config->dhcp.tags, TEXT("new"), &before), STATUS_NOT_FOUND);
}

static void test_last_good(void **state)
{
    (void)state;
    write_file("hosts", "02:00:00:00:00:01,192.0.2.1\n");
    write_file("plain/a", "02:00:00:00:00:02,192.0.2.2\n");
    write_file("plain/b~", "02:00:00:00:00:03,192.0.2.3\n");
    configure("dhcp-hostsfile=%/hosts\ndhcp-hostsfile=%/plain\ndhcp-optsfile=%/missing\n");
    load(true);
    must_say("cannot read %/missing: No such file or directory");
    assert_string_equal(address_for(1), "192.0.2.1");
    assert_string_equal(address_for(2), "192.0.2.2");
    assert_string_equal(address_for(3), "none");
    assert_int_equal(unlink(path_of("hosts")), 0);
    assert_int_equal(unlink(path_of("plain/a")), 0);
    write_file("plain/c", "02:00:00:00:00:04,192.0.2.4\n");
    load(true);
    must_say("cannot read %/hosts: No such file or directory");
    assert_string_equal(address_for(1), "192.0.2.1"); /* the last good content */
    assert_string_equal(address_for(2), "none");      /* it left its folder */
    assert_string_equal(address_for(4), "192.0.2.4");
    load(false);
    assert_string_equal(said, ""); /* nothing of this is watched */
}

static void test_watched(void **state)
{
    (void)state;
    write_file("watched/a", "02:00:00:00:00:01,192.0.2.1\n02:00:00:00:00:02,192.0.2.2\n");
    write_file("watched/b", "02:00:00:00:00:03,192.0.2.3\nbad hex:1\n");
    configure("dhcp-hostsdir=%/watched\ndhcp-optsdir=%/nowhere\n");
    load(true);
    must_say("bad dynamic directory %/nowhere: No such file or directory");
    must_say("read %/watched/b\n");
    load(false);
    assert_string_equal(said, "");
    write_file("watched/a", "02:00:00:00:00:01,192.0.2.11\n02:00:00:00:00:03,192.0.2.33\n");
    load(false);
    must_say("inotify: %/watched/a new or modified");
    must_say("read %/watched/a\n");
    assert_null(strstr(said, "watched/b"));
    assert_string_equal(address_for(1), "192.0.2.11");
    assert_string_equal(address_for(2), "none");       /* a changed file replaces what it said */
    assert_string_equal(address_for(3), "192.0.2.33"); /* the file read last goes last */
    assert_int_equal(unlink(path_of("watched/a")), 0);
    load(false);
    assert_string_equal(said, "");
    assert_string_equal(address_for(1), "192.0.2.11");
    load(true);
    assert_string_equal(address_for(1), "none");
    assert_string_equal(address_for(3), "192.0.2.3");
}

static void test_ethers(void **state)
{
    (void)state;
    configure("read-ethers\ndhcp-host=printer,192.0.2.5,set:p\ndhcp-host=id:aa:bb,192.0.2.6\n");
    load(true);
    must_say("failed to read %/ethers: No such file or directory");
    write_file("ethers", "02:00:00:00:00:01 192.0.2.1\n02:00:00:00:00:02 printer\n"
                         "02:00:00:00:00:03 192.0.2.6\nbad 192.0.2.3\n02:00:00:00:00:04 192.0.2.1\n"
                         "02:00:00:00:00:05 -x\n02:00:00:00:00:06 other\n");
    load(true);
    must_say("bad line at %/ethers line 4");
    must_say("ignoring %/ethers line 5, duplicate name or IP address");
    must_say("bad name at %/ethers line 6");
    must_say("read %/ethers - 4 addresses");
    assert_string_equal(address_for(1), "192.0.2.1");
    assert_string_equal(address_for(2), "192.0.2.5");
    assert_string_equal(address_for(3), "192.0.2.6");
    assert_int_equal(made->dhcp.host_count, 4);
    assert_true(made->dhcp.hosts[0].client_id_any);
    assert_false(config->dhcp.hosts[0].client_id_any);
    assert_int_equal(config->dhcp.hosts[0].hardware_count, 0);
}

static void test_many_bad_lines(void **state)
{
    (void)state;
    char text[8192] = "";
    struct text_out out = text_out_on(text, sizeof text);
    for (int i = 0; i < HOST_FILES_COMPLAINTS_MAX + 50; i++)
        text_put_string(&out, "zz:00:00:00:00:00\n");
    text_put_string(&out, "02:00:00:00:00:01,192.0.2.1\n");
    write_file("hosts", text);
    configure("dhcp-hostsfile=%/hosts\n");
    load(true);
    must_say("50 more bad lines in %/hosts");
    assert_string_equal(address_for(1), "192.0.2.1");
}

/* Large files are read quickly: a test of the shape of the cost, not of the machine. */
static void test_many_lines(void **state)
{
    (void)state;
    FILE *file = fopen(path_of("hosts"), "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 20000; i++)
        fprintf(file, "02:00:00:%02x:%02x:%02x,10.%u.%u.%u,host%u,set:t%u,2h\n", i >> 16,
                i >> 8 & 255, i & 255, i >> 16, i >> 8 & 255, i & 255, i, i % 100);
    assert_int_equal(fclose(file), 0);
    configure("dhcp-hostsfile=%/hosts\n");
    clock_t start = clock();
    load(true);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("20000 lines: %.3f s of processor time\n", seconds);
    assert_int_equal(made->dhcp.host_count, 20000);
    assert_true(seconds < 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_last_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ethers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_bad_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_lines, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("host_files", tests, NULL, NULL);
}
