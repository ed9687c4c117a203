#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void open_memory(enum log_level level)
{
    static char rest[65536];
    struct log_setup setup = { .target = LOG_TO_MEMORY, .name = "linnet", .level = level };

    assert_int_equal(log_open(&setup), STATUS_OK);
    (void)log_take_memory(rest, sizeof rest);
}

static const char *taken(void)
{
    static char buffer[8192];
    (void)log_take_memory(buffer, sizeof buffer);
    return buffer;
}

/* ------------------------------------------------------------------ what a line looks like */

static void test_parts_and_levels(void **test)
{
    (void)test;
    open_memory(LOG_WARN);
    log_line(LOG_PART_MAIN, LOG_CRITICAL, "number %d", 5);
    log_line(LOG_PART_DHCP, LOG_WARN, "%s", "two");
    log_line(LOG_PART_TFTP, LOG_NOTE, "not this");
    log_line(LOG_PART_SCRIPT, LOG_ERROR, "three");
    log_line(LOG_PART_TFTP, LOG_ERROR, "four");
    assert_string_equal(taken(), "linnet: number 5\n"
                                 "linnet-dhcp: two\n"
                                 "linnet-script: three\n"
                                 "linnet-tftp: four\n");
    assert_string_equal(taken(), "");

    open_memory(LOG_DETAIL);
    log_line(LOG_PART_MAIN, LOG_DETAIL, "detail");
    assert_string_equal(taken(), "linnet: detail\n");
    log_close();
}

static void test_strangers_cannot_forge_lines(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const char *text;
        const char *line;
    } rows[] = {
        { "newline", "a\nlinnet: b", "linnet: a\\012linnet: b\n" },
        { "return", "a\rb", "linnet: a\\015b\n" },
        { "escape", "\033[2Ja", "linnet: \\033[2Ja\n" },
        { "delete", "a\177", "linnet: a\\177\n" },
        { "tab", "a\tb", "linnet: a\\011b\n" },
        { "backslash stays", "a\\b", "linnet: a\\b\n" },
        { "UTF-8 stays", "caf\303\251", "linnet: caf\303\251\n" },
        { "format of strangers", "%s%n", "linnet: %s%n\n" },
        { "nothing", "", "linnet: \n" },
    };

    open_memory(LOG_INFORM);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        log_line(LOG_PART_MAIN, LOG_INFORM, "%s", rows[i].text);
        const char *line = taken();
        if (strcmp(line, rows[i].line) != 0)
            fail_msg("%s: %s", rows[i].name, line);
    }
    log_close();
}

static void test_long_lines_are_cut_and_ended(void **test)
{
    (void)test;
    /* Plain characters, and some that grow fourfold. */
    static const char fillings[] = { 'x', '\n' };

    open_memory(LOG_INFORM);
    for (size_t i = 0; i < COUNT_OF(fillings); i++) {
        char text[LOG_LINE_MAX * 2];
        memset(text, fillings[i], sizeof text);
        log_line(LOG_PART_MAIN, LOG_INFORM, "%.*s", (int)sizeof text, text);
        const char *line = taken();
        assert_int_equal(strlen(line), LOG_LINE_MAX);
        assert_ptr_equal(strchr(line, '\n'), line + LOG_LINE_MAX - 1);
    }
    log_close();
}

static void test_errno_is_kept(void **test)
{
    (void)test;
    int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);

    log_close();
    close(STDERR_FILENO);
    errno = ENOENT;
    log_line(LOG_PART_MAIN, LOG_ERROR, "the write of this fails");
    int after = errno;
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_int_equal(after, ENOENT);
}

static void test_memory_is_bounded(void **test)
{
    (void)test;
    char part[4];
    size_t total = 0;

    open_memory(LOG_INFORM);
    log_line(LOG_PART_MAIN, LOG_INFORM, "ab");
    assert_int_equal(log_take_memory(part, sizeof part), 3);
    assert_string_equal(part, "lin");
    assert_string_equal(taken(), "net: ab\n");
    for (unsigned i = 0; i < 10000; i++)
        log_line(LOG_PART_MAIN, LOG_INFORM, "line %u", i);
    for (const char *some = taken(); some[0] != '\0'; some = taken())
        total += strlen(some);
    assert_true(total > 30000 && total <= 65536);
    log_close();
}

/* ------------------------------------------------------------------ where lines go */

/* Standard error as a datagram socket: each write arrives as one message. */
static int catch_stderr(int *saved)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
    *saved = dup(STDERR_FILENO);
    assert_true(*saved >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    close(ends[1]);
    return ends[0];
}

static void release_stderr(int caught, int saved)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(caught);
}

static void test_stderr_gets_one_write_a_line(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        enum log_target target;
        bool also_stderr;
        const char *format; /* with the pid */
    } rows[] = {
        { "stderr", LOG_TO_STDERR, false, "dnsmasq-dhcp: hello\n" },
        { "plain", LOG_TO_STDERR_PLAIN, false, "dnsmasq-dhcp[%ld]: hello\n" },
        { "a file and stderr", LOG_TO_FILE, true, "dnsmasq-dhcp: hello\n" },
        { "a file alone", LOG_TO_FILE, false, NULL },
        { "syslog and stderr", LOG_TO_SYSLOG, true, "dnsmasq-dhcp: hello\n" },
        { "syslog alone", LOG_TO_SYSLOG, false, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct log_setup setup = { .target = rows[i].target,
                                   .name = "dnsmasq",
                                   .path = rows[i].target == LOG_TO_FILE ? "/dev/null" : NULL,
                                   .facility = 3 << 3,
                                   .level = LOG_INFORM,
                                   .also_stderr = rows[i].also_stderr };
        char got[256] = "";
        char expected[256] = "";
        int saved;
        int caught = catch_stderr(&saved);

        enum status status = log_open(&setup);
        bool on_stderr = log_is_on_stderr();
        log_line(LOG_PART_DHCP, LOG_INFORM, "hello");
        log_close();
        ssize_t count = recv(caught, got, sizeof got - 1, MSG_DONTWAIT);
        got[count > 0 ? count : 0] = '\0';
        release_stderr(caught, saved);

        if (rows[i].format != NULL) {
            struct text_out out = text_out_on(expected, sizeof expected);
            text_put_string(&out, "dnsmasq-dhcp");
            if (rows[i].target == LOG_TO_STDERR_PLAIN)
                text_printf(&out, "[%ld]", (long)getpid());
            text_put_string(&out, ": hello\n");
        }
        if (status != STATUS_OK || strcmp(got, expected) != 0
            || on_stderr != (rows[i].format != NULL))
            fail_msg("%s: \"%s\"", rows[i].name, got);
    }
}

static char folder[] = "/tmp/log_test.XXXXXX";
static char path[64];
static char old_path[64];

static int make_folder(void **test)
{
    (void)test;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(old_path, sizeof old_path, "%s/log.old", folder);
    return 0;
}

static int remove_folder(void **test)
{
    (void)test;
    log_close();
    unlink(path);
    unlink(old_path);
    return rmdir(folder);
}

static const char *file_text(const char *name)
{
    static char buffer[1 << 20];
    int descriptor = open(name, O_RDONLY);
    assert_true(descriptor >= 0);
    ssize_t count = read(descriptor, buffer, sizeof buffer - 1);
    assert_true(count >= 0);
    buffer[count] = '\0';
    close(descriptor);
    return buffer;
}

static const struct log_setup file_setup = {
    .target = LOG_TO_FILE, .name = "linnet", .path = path, .level = LOG_INFORM
};

static void test_file_lines_have_local_time(void **test)
{
    (void)test;
    /* Half past everything, so that universal time cannot pass for it. */
    assert_int_equal(setenv("TZ", "XST-05:30", 1), 0);
    tzset();
    assert_int_equal(log_open(&file_setup), STATUS_OK);
    assert_true(log_descriptor() >= 0);
    time_t before = time(NULL);
    log_line(LOG_PART_TFTP, LOG_INFORM, "hello");
    time_t after = time(NULL);

    const char *line = file_text(path);
    bool found = false;
    for (time_t at = before; at <= after; at++) {
        char expected[128];
        char stamp[32];
        time_t shifted = at + 5 * 3600 + 30 * 60;
        strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", gmtime(&shifted));
        snprintf(expected, sizeof expected, "%s linnet-tftp[%ld]: hello\n", stamp, (long)getpid());
        found |= strcmp(line, expected) == 0;
    }
    if (!found)
        fail_msg("%s", line);

    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07137, 0);
    log_close();
    assert_int_equal(log_descriptor(), -1);
    unlink(path);
}

static void test_opens_anew_after_rotation(void **test)
{
    (void)test;
    assert_int_equal(log_open(&file_setup), STATUS_OK);
    log_line(LOG_PART_MAIN, LOG_INFORM, "first");
    assert_int_equal(rename(path, old_path), 0);
    log_line(LOG_PART_MAIN, LOG_INFORM, "second");
    assert_int_equal(log_open(&file_setup), STATUS_OK);
    log_line(LOG_PART_MAIN, LOG_INFORM, "third");
    assert_non_null(strstr(file_text(old_path), "second"));
    assert_null(strstr(file_text(old_path), "third"));
    assert_non_null(strstr(file_text(path), "third"));

    struct log_setup bad = file_setup;
    bad.path = "/nonexistent/log";
    assert_int_equal(log_open(&bad), STATUS_SYSTEM);
    assert_int_equal(errno, ENOENT);
    log_line(LOG_PART_MAIN, LOG_INFORM, "fourth");
    assert_non_null(strstr(file_text(path), "fourth"));
    log_close();
    unlink(path);
}

#define THREADS 4
#define LINES   400

static void *write_lines(void *context)
{
    const unsigned *index = context;
    for (unsigned i = 0; i < LINES; i++)
        log_line(LOG_PART_MAIN, LOG_INFORM, "thread %u line %u end", *index, i);
    return NULL;
}

static void test_threads_do_not_mix_lines(void **test)
{
    (void)test;
    pthread_t threads[THREADS];
    unsigned indexes[THREADS];
    unsigned next[THREADS] = { 0 };

    assert_int_equal(log_open(&file_setup), STATUS_OK);
    for (unsigned i = 0; i < THREADS; i++) {
        indexes[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, &indexes[i]), 0);
    }
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(log_open(&file_setup), STATUS_OK);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);

    struct text rest = text_of(file_text(path));
    struct text line;
    while (text_next_line(&rest, &line)) {
        unsigned thread = THREADS;
        unsigned number = 0;
        char end[4] = "";
        size_t colon = text_find(line, ']');
        assert_true(colon != SIZE_MAX);
        int fields = sscanf(line.at + colon, "]: thread %u line %u %3s", &thread, &number, end);
        if (fields != 3 || thread >= THREADS || number != next[thread]++ || strcmp(end, "end") != 0)
            fail_msg("%.*s", TEXT_ARG(line));
    }
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(next[i], LINES);
    log_close();
}

/* ------------------------------------------------------------------ never waiting */

#define STUCK_LINES 5000

/* Reads what is there until nothing has come for a while. */
static size_t read_all(int fd, char *buffer, size_t room)
{
    size_t count = 0;
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    while (poll(&ready, 1, 400) == 1) {
        ssize_t got = read(fd, buffer + count, room - 1 - count);
        if (got <= 0)
            break;
        count += (size_t)got;
    }
    buffer[count] = '\0';
    return count;
}

/* Lines "n 0", "n 1", ... in their order, some left out; what was left out was told. */
static void check_numbers(const char *text, unsigned sent, unsigned least_lost)
{
    unsigned seen = 0;
    unsigned long lost = 0;
    long last = -1;
    for (const char *line = text; (line = strstr(line, ": ")) != NULL;) {
        long number;
        unsigned long entries;
        line += 2;
        if (sscanf(line, "n %ld", &number) == 1) {
            assert_true(number > last);
            last = number;
            seen++;
        } else if (sscanf(line, "overflow: %lu log entries lost", &entries) == 1) {
            lost += entries;
        }
    }
    if (seen + lost != sent || lost < least_lost)
        fail_msg("%u seen, %lu lost, %u sent", seen, lost, sent);
}

static void log_numbers(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        log_line(LOG_PART_MAIN, LOG_INFORM, "n %u", i);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_a_stuck_pipe_stops_nobody(void **test)
{
    (void)test;
    static char text[1 << 20];
    char place[64];
    snprintf(place, sizeof place, "%s/pipe", folder);
    assert_int_equal(mkfifo(place, 0600), 0);
    int reader = open(place, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct log_setup setup = {
        .target = LOG_TO_FILE, .name = "linnet", .path = place, .level = LOG_INFORM
    };
    assert_int_equal(log_open(&setup), STATUS_OK);
    assert_int_equal(log_start_queue(5), STATUS_OK);
    double start = seconds_now();
    log_numbers(0, STUCK_LINES);
    assert_true(seconds_now() - start < 2);
    read_all(reader, text, sizeof text);
    /* It goes on where it can. */
    log_numbers(STUCK_LINES, STUCK_LINES + 10);
    log_close();
    size_t count = strlen(text);
    read_all(reader, text + count, sizeof text - count);
    check_numbers(text, STUCK_LINES + 10, 100);
    close(reader);
    unlink(place);
}

/* A syslog socket of our own, with nobody reading from it for a while. */
static int open_syslog(const char *place)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(name.sun_path, sizeof name.sun_path, "%s", place);
    unlink(place);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void test_a_stuck_syslog_stops_nobody(void **test)
{
    (void)test;
    static char text[1 << 20];
    char place[64];
    snprintf(place, sizeof place, "%s/syslog", folder);
    int syslog = open_syslog(place);
    struct log_setup setup = { .target = LOG_TO_SYSLOG,
                               .name = "linnet",
                               .path = place,
                               .level = LOG_INFORM,
                               .facility = 24 };
    assert_int_equal(log_open(&setup), STATUS_OK);
    assert_int_equal(log_start_queue(LOG_QUEUE_MAX), STATUS_OK);
    double start = seconds_now();
    log_numbers(0, STUCK_LINES);
    assert_true(seconds_now() - start < 2);
    read_all(syslog, text, sizeof text);
    assert_true(strncmp(text, "<30>", 4) == 0); /* facility daemon, level informational */
    check_numbers(text, STUCK_LINES, 100);

    /* A new receiver at the same place is found. */
    close(syslog);
    syslog = open_syslog(place);
    log_numbers(7, 8);
    read_all(syslog, text, sizeof text);
    assert_non_null(strstr(text, "]: n 7"));

    /* And one that stays stuck does not hold up the end for long. */
    log_numbers(0, STUCK_LINES);
    start = seconds_now();
    log_close();
    assert_true(seconds_now() - start < 3);
    close(syslog);
    unlink(place);
}

/* A burst is no slowness. */
static void test_a_burst_loses_nothing(void **test)
{
    (void)test;
    static char text[1 << 20];
    char place[64];
    snprintf(place, sizeof place, "%s/burst", folder);
    struct log_setup setup = {
        .target = LOG_TO_FILE, .name = "linnet", .path = place, .level = LOG_INFORM
    };
    assert_int_equal(log_open(&setup), STATUS_OK);
    assert_int_equal(log_start_queue(1), STATUS_OK);
    log_numbers(0, STUCK_LINES);
    assert_int_equal(log_open(&setup), STATUS_OK); /* anew, as SIGUSR2 does */
    log_numbers(STUCK_LINES, STUCK_LINES + 10);
    log_close();
    int fd = open(place, O_RDONLY | O_CLOEXEC);
    read_all(fd, text, sizeof text);
    check_numbers(text, STUCK_LINES + 10, 0);
    assert_null(strstr(text, "overflow"));
    close(fd);
    unlink(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_and_levels),
        cmocka_unit_test(test_strangers_cannot_forge_lines),
        cmocka_unit_test(test_long_lines_are_cut_and_ended),
        cmocka_unit_test(test_errno_is_kept),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_stderr_gets_one_write_a_line),
        cmocka_unit_test(test_file_lines_have_local_time),
        cmocka_unit_test(test_opens_anew_after_rotation),
        cmocka_unit_test(test_threads_do_not_mix_lines),
        cmocka_unit_test(test_a_stuck_pipe_stops_nobody),
        cmocka_unit_test(test_a_stuck_syslog_stops_nobody),
        cmocka_unit_test(test_a_burst_loses_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
