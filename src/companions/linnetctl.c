/* linnetctl: asks the running daemon over its control socket. Nothing but the C library. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "companions/linnetctl.h"
#include "platform/local_socket.h"

#define HELP_BYTES 8192
#define READ_BYTES 65536
#define FACTS_MAX  (4u << 20)

/* Seconds in which the daemon must take or give something. */
#define PATIENCE        30
#define PATIENCE_DOCTOR 5

struct wish {
    const char *socket;
    enum report_form form;
    char line[CONTROL_LINE_MAX];
    struct text_out out; /* on `line` */
    struct control_request request;
};

static void print_help(void)
{
    char buffer[HELP_BYTES];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    text_put_string(&out, "usage: linnetctl [--socket PATH] [--json] COMMAND [ARGUMENTS]\n\n"
                          "Asks the linnet that runs on this machine.\n\ncommands:\n");
    control_request_help(&out);
    text_put_string(
        &out,
        "\noptions:\n"
        "  -s, --socket PATH   the daemon's control-socket (" CONTROL_SOCKET " unless given)\n"
        "  -j, --json          answer in JSON\n"
        "  -h, --help          this text\n"
        "  -V, --version       the version\n\n"
        "exit codes: 0 done, 1 refused, failed, or a problem found by doctor, 2 wrong use,\n"
        "3 the daemon cannot be reached\n");
    fputs(buffer, stdout);
}

/* ------------------------------------------------------------------ the command line */

static int usage(const char *why)
{
    fprintf(stderr, "linnetctl: %s\nTry: linnetctl --help\n", why);
    return LINNETCTL_USAGE;
}

/* One of our own options; the words it took are in *at. -1: it is none. */
static int take_option(struct wish *wish, int count, char **words, int *at)
{
    const char *word = words[*at];
    if (strcmp(word, "--json") == 0 || strcmp(word, "-j") == 0) {
        wish->form = REPORT_JSON;
        return 0;
    }
    if (strncmp(word, "--socket=", 9) == 0) {
        wish->socket = word + 9;
        return 0;
    }
    if ((strcmp(word, "--socket") == 0 || strcmp(word, "-s") == 0) && *at + 1 < count) {
        wish->socket = words[++*at];
        return 0;
    }
    return -1;
}

/* A word with blanks in it would be read as two. */
static bool put_word(struct text_out *out, const char *word)
{
    text_put_char(out, ' ');
    text_put_string(out, word);
    return word[0] != '\0' && strcspn(word, " \t\r\n\v\f") == strlen(word);
}

static int read_words(struct wish *wish, int count, char **words)
{
    char words_line[CONTROL_LINE_MAX];
    struct text_out rest = text_out_on(words_line, sizeof words_line);
    for (int i = 1; i < count; i++) {
        if (take_option(wish, count, words, &i) == 0)
            continue;
        if (!put_word(&rest, words[i]))
            return usage("a word is empty or has blanks in it");
    }
    wish->out = text_out_on(wish->line, sizeof wish->line);
    text_put_string(&wish->out, wish->form == REPORT_JSON ? "json" : "text");
    text_put(&wish->out, text_out_text(&rest));
    if (rest.failed || wish->out.failed || wish->out.count + 1 >= sizeof wish->line)
        return usage("too many words");
    char why[512];
    struct text_out error = text_out_on(why, sizeof why);
    if (control_request_read(text_out_text(&wish->out), &wish->request, &error) != STATUS_OK)
        return usage(why);
    text_put_char(&wish->out, '\n');
    return LINNETCTL_OK;
}

/* ------------------------------------------------------------------ the daemon */

/* What to do about it, or "". */
static const char *explain_failure(const char *path, enum status status, char *why, size_t room)
{
    const char *hint = "";
    if (status == STATUS_RANGE)
        snprintf(why, room, "%s is too long for the path of a socket", path);
    else if (errno == ENOENT)
        hint = "is linnet running, and is this its control-socket? (--socket PATH)";
    else if (errno == ECONNREFUSED)
        hint = "nobody listens there any more: linnet has ended without removing it";
    else if (errno == EAGAIN)
        hint = "it runs, but does not answer";
    else if (errno == EACCES)
        hint = "only root and linnet's group may use it: try with sudo";
    if (status != STATUS_RANGE)
        snprintf(why, room, "cannot reach linnet at %s: %s", path, strerror(errno));
    return hint;
}

static bool send_line(int fd, const struct wish *wish)
{
    size_t sent = 0;
    while (sent < wish->out.count) {
        ssize_t count = send(fd, wish->line + sent, wish->out.count - sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        sent += (size_t)count;
    }
    return true;
}

/* What is told of an answer while it comes in. */
struct reading {
    char head[32];
    size_t head_count;
    bool head_done;
    bool begun; /* what is behind the head */
    enum control_verdict verdict;
    bool complete; /* its NUL came */
    bool late;     /* nothing came for too long */
    FILE *to;      /* NULL: into `facts` */
    char *facts;
    size_t fact_count;
};

static bool keep(struct reading *reading, const char *at, size_t count)
{
    if (reading->to != NULL)
        return fwrite(at, 1, count, reading->to) == count;
    if (reading->fact_count + count > FACTS_MAX)
        return false;
    char *more = realloc(reading->facts, reading->fact_count + count + 1);
    if (more == NULL)
        return false;
    reading->facts = more;
    memcpy(more + reading->fact_count, at, count);
    reading->fact_count += count;
    return true;
}

static bool take_head(struct reading *reading, const char **at, size_t *count, bool json)
{
    while (*count > 0 && !reading->head_done) {
        char c = *(*at)++;
        --*count;
        if (c == '\n') {
            struct text head = { reading->head, reading->head_count };
            if (control_verdict_read(head, &reading->verdict) != STATUS_OK)
                return false;
            reading->head_done = true;
            /* Why it failed is an error message, unless a program is to read it. */
            if (reading->verdict != CONTROL_OK && !json)
                reading->to = stderr;
            else if (reading->verdict != CONTROL_OK)
                reading->to = stdout;
        } else if (reading->head_count == sizeof reading->head) {
            return false;
        } else {
            reading->head[reading->head_count++] = c;
        }
    }
    return true;
}

/* False: the answer is not one, or cannot be kept. */
static bool read_answer(int fd, struct reading *reading, bool json)
{
    static char buffer[READ_BYTES];
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            reading->late = got < 0 && errno == EAGAIN;
            return reading->complete;
        }
        const char *at = buffer;
        size_t count = (size_t)got;
        if (!take_head(reading, &at, &count, json))
            return false;
        /* A daemon that had no place for us did not hear that we want JSON. */
        if (reading->to == stdout && count > 0 && reading->verdict != CONTROL_OK && at[0] != '{'
            && !reading->begun)
            reading->to = stderr;
        reading->begun = reading->begun || count > 0;
        if (count > 0 && at[count - 1] == '\0') {
            reading->complete = true;
            count--;
        }
        if (count > 0 && !keep(reading, at, count))
            return false;
    }
}

static int exit_code(const struct reading *reading)
{
    switch (reading->verdict) {
    case CONTROL_OK:
        return LINNETCTL_OK;
    case CONTROL_USAGE:
        return LINNETCTL_USAGE;
    case CONTROL_REFUSED:
        break;
    }
    return LINNETCTL_FAILED;
}

static int doctor(const struct wish *wish, struct reading *reading, const char *why,
                  const char *hint)
{
    struct text facts = { reading->facts, reading->fact_count };
    int code =
        reading->complete && reading->verdict != CONTROL_OK
            ? exit_code(reading)
            : (int)linnetctl_doctor(reading->complete ? facts : TEXT_NONE, why, hint, wish->form);
    free(reading->facts);
    return code;
}

/* What to say of an answer that did not come to its end. */
static const char *broken_off(const struct reading *reading)
{
    if (reading->late)
        return "linnet does not answer";
    return reading->head_done ? "the answer was cut off"
                              : "linnet is busy with other clients, try again";
}

static int ask(const struct wish *wish)
{
    char why[512] = "";
    int fd;
    bool is_doctor = wish->request.command->id == CONTROL_DOCTOR;
    struct reading reading = { .to = is_doctor ? NULL : stdout };
    enum status status =
        local_socket_connect(wish->socket, is_doctor ? PATIENCE_DOCTOR : PATIENCE, &fd);
    if (status != STATUS_OK) {
        const char *hint = explain_failure(wish->socket, status, why, sizeof why);
        if (is_doctor)
            return doctor(wish, &reading, why, hint);
        fprintf(stderr, "linnetctl: %s%s%s\n", why, hint[0] != '\0' ? "\n" : "", hint);
        return LINNETCTL_UNREACHABLE;
    }
    /* Who closes at once may have said why. */
    bool sent = send_line(fd, wish);
    reading.late = !sent && errno == EAGAIN;
    bool good = !reading.late && read_answer(fd, &reading, wish->form == REPORT_JSON);
    close(fd);
    if (is_doctor)
        return doctor(wish, &reading, broken_off(&reading), "");
    if (fflush(stdout) != 0)
        return LINNETCTL_FAILED;
    if (good)
        return exit_code(&reading);
    fprintf(stderr, "linnetctl: %s\n", broken_off(&reading));
    return LINNETCTL_FAILED;
}

int main(int count, char **words)
{
    static struct wish wish = { .socket = CONTROL_SOCKET };
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) {
            print_help();
            return LINNETCTL_OK;
        }
        if (strcmp(words[i], "--version") == 0 || strcmp(words[i], "-V") == 0) {
            puts("linnetctl " LINNET_VERSION);
            return LINNETCTL_OK;
        }
    }
    int code = read_words(&wish, count, words);
    return code == LINNETCTL_OK ? ask(&wish) : code;
}
