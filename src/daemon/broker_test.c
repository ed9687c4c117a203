#include "daemon/broker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 5000

/* What a server does: ends by its exit code, or never comes back. */
typedef int server_fn(struct broker_server server, int words);

static struct broker_plan plan = { .name = "test-server" };

/* Starts a broker with such servers in a process of its own; *words reads what they say. */
static pid_t start(server_fn *server, int *words)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t broker = fork();
    if (broker == 0) {
        struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        close(ends[0]);
        struct broker_server made = broker_split(&startup, &plan);
        broker_bind_life();
        _exit(server(made, ends[1]));
    }
    close(ends[1]);
    *words = ends[0];
    return broker;
}

static int end_of(pid_t broker)
{
    int status;
    assert_int_equal(waitpid(broker, &status, 0), broker);
    return status;
}

/* All that was said until nobody is left to say more. */
static size_t read_words(int words, char *text, size_t room)
{
    size_t count = 0;
    struct pollfd look = { .fd = words, .events = POLLIN };
    while (count + 1 < room && poll(&look, 1, WAIT_MS) > 0) {
        ssize_t got = read(words, text + count, room - 1 - count);
        if (got <= 0)
            break;
        count += (size_t)got;
    }
    text[count] = '\0';
    return count;
}

static char read_word(int words)
{
    char word = '?';
    struct pollfd look = { .fd = words, .events = POLLIN };
    if (poll(&look, 1, WAIT_MS) > 0 && read(words, &word, 1) != 1)
        word = '.';
    return word;
}

static void say(int words, char word)
{
    if (write(words, &word, 1) != 1)
        _exit(99);
}

static void die_of_a_fault(void)
{
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

/* ------------------------------------------------------------------ servers */

static int end_with_7(struct broker_server server, int words)
{
    say(words, (char)('0' + server.before));
    return 7;
}

static void test_exit_code(void **state)
{
    (void)state;
    int words;
    char text[8];
    pid_t broker = start(end_with_7, &words);
    read_words(words, text, sizeof text);
    assert_string_equal(text, "0");
    int status = end_of(broker);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    close(words);
}

static int die_twice(struct broker_server server, int words)
{
    say(words, (char)('0' + server.before));
    rights_say(RIGHTS_STARTED, BYTES_NONE);
    if (server.before < 2)
        die_of_a_fault();
    return 0;
}

static void test_another_server(void **state)
{
    (void)state;
    int words;
    char text[8];
    pid_t broker = start(die_twice, &words);
    read_words(words, text, sizeof text);
    assert_string_equal(text, "012");
    assert_int_equal(end_of(broker), 0);
    close(words);
}

static int die_always(struct broker_server server, int words)
{
    say(words, (char)('0' + server.before));
    rights_say(RIGHTS_STARTED, BYTES_NONE);
    die_of_a_fault();
    return 0;
}

static void test_gives_up(void **state)
{
    (void)state;
    int words;
    char text[16];
    pid_t broker = start(die_always, &words);
    read_words(words, text, sizeof text);
    assert_string_equal(text, "0123");
    int status = end_of(broker);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_OTHER);
    close(words);
}

/* Before it has said that it serves there is nothing to be kept up. */
static int die_at_start(struct broker_server server, int words)
{
    say(words, (char)('0' + server.before));
    die_of_a_fault();
    return 0;
}

static void test_not_before_it_serves(void **state)
{
    (void)state;
    int words;
    char text[16];
    pid_t broker = start(die_at_start, &words);
    read_words(words, text, sizeof text);
    assert_string_equal(text, "0");
    assert_int_equal(WEXITSTATUS(end_of(broker)), EXIT_OTHER);
    close(words);
}

static void test_once(void **state)
{
    (void)state;
    int words;
    char text[16];
    plan.once = true;
    pid_t broker = start(die_twice, &words);
    plan.once = false;
    read_words(words, text, sizeof text);
    assert_string_equal(text, "0");
    assert_int_equal(WEXITSTATUS(end_of(broker)), EXIT_OTHER);
    close(words);
}

static int die_after_reload(struct broker_server server, int words)
{
    say(words, server.reloaded ? 'R' : '-');
    rights_say(RIGHTS_STARTED, BYTES_NONE);
    rights_say(RIGHTS_RELOADED, BYTES_NONE);
    if (server.before == 0)
        die_of_a_fault();
    return 0;
}

static void test_reload_is_remembered(void **state)
{
    (void)state;
    int words;
    char text[16];
    pid_t broker = start(die_after_reload, &words);
    read_words(words, text, sizeof text);
    assert_string_equal(text, "-R");
    assert_int_equal(end_of(broker), 0);
    close(words);
}

/* ------------------------------------------------------------------ signals */

static char word_of(uint8_t number)
{
    return number == SIGHUP ? 'H' : number == SIGUSR1 ? '1' : number == SIGUSR2 ? '2' : 'T';
}

/* Its own signals are held: what all processes of a name are sent comes once. */
static int tell_signals(struct broker_server server, int words)
{
    struct pollfd look = { .fd = server.orders, .events = POLLIN };
    uint8_t number = 0;
    say(words, 'r');
    kill(getpid(), SIGUSR1);
    while (number != SIGTERM && poll(&look, 1, WAIT_MS) > 0
           && recv(server.orders, &number, 1, 0) == 1)
        say(words, word_of(number));
    return 5;
}

static void test_passes_signals_on(void **state)
{
    (void)state;
    int words;
    pid_t broker = start(tell_signals, &words);
    assert_int_equal(read_word(words), 'r');
    const struct {
        int number;
        char word;
    } rows[] = { { SIGHUP, 'H' }, { SIGUSR1, '1' }, { SIGUSR2, '2' }, { SIGTERM, 'T' } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kill(broker, rows[i].number);
        assert_int_equal(read_word(words), rows[i].word);
    }
    int status = end_of(broker);
    assert_int_equal(WEXITSTATUS(status), 5);
    close(words);
}

static void test_server_ends_with_its_broker(void **state)
{
    (void)state;
    int words;
    pid_t broker = start(tell_signals, &words);
    assert_int_equal(read_word(words), 'r');
    kill(broker, SIGKILL);
    assert_true(WIFSIGNALED(end_of(broker)));
    /* The last end of the pipe is closed: nobody is left. */
    assert_int_equal(read_word(words), '.');
    close(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_code),
        cmocka_unit_test(test_another_server),
        cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_not_before_it_serves),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_reload_is_remembered),
        cmocka_unit_test(test_passes_signals_on),
        cmocka_unit_test(test_server_ends_with_its_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
