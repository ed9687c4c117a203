/* What it costs to keep and to ask a list of a million domains:
 *
 *     domain_tree_bench [COUNT]
 *
 * Nanoseconds a name to add and to freeze, bytes a name, and nanoseconds a question: of names that
 * no rule is about, of few that are on the list again and again, and of all that are, each once. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"
#include "model/domain_tree.h"

#define COUNT 1000000
#define FEW   1000
#define ASKED 2000000

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Two to four labels, 12 to 35 characters: "ads123456.tracker77.example-site4321.com". */
static void make_name(struct random *random, struct dname *name)
{
    static const char *const words[] = { "ads",   "track", "pixel", "cdn",     "static", "beacon",
                                         "count", "promo", "sync",  "metrics", "click",  "media" };
    static const char *const ends[] = { "com", "com", "net", "org", "info", "ru", "de", "co.uk" };
    char text[80];
    struct text_out out = text_out_on(text, sizeof text);
    unsigned below = random_below(random, 3);
    for (unsigned i = 0; i < below; i++)
        text_printf(&out, "%s%u.", words[random_below(random, COUNT_OF(words))],
                    random_below(random, 100000));
    text_printf(&out, "%s-%s%u.%s", words[random_below(random, COUNT_OF(words))],
                words[random_below(random, COUNT_OF(words))], random_below(random, 100000),
                ends[random_below(random, COUNT_OF(ends))]);
    if (dname_from_text(text_out_text(&out), name) != STATUS_OK)
        abort();
}

static void measure(const struct domain_tree *tree, const char *what, const struct dname *names,
                    size_t count, size_t questions)
{
    struct domain_match matches[DOMAIN_MATCHES_MAX];
    size_t found = 0;
    double begun = now_ns();
    for (size_t i = 0; i < questions; i++)
        found += domain_tree_match(tree, &names[i % count], matches, COUNT_OF(matches));
    printf("%-40s %6.0f ns a question, %.2f matches\n", what,
           (now_ns() - begun) / (double)questions, (double)found / (double)questions);
}

int main(int argc, char **argv)
{
    static const char *const others[] = { "www.example.com", "a.b.example.com", "mail.example.org",
                                          "www.api.some-site.co.uk" };
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : COUNT;
    struct dname *names = calloc(count > 0 ? count : 1, sizeof *names);
    struct siphash_key key = { 1, 2 };
    struct domain_tree *tree;
    struct random random;

    random_init_seeded(&random, 1);
    if (names == NULL || domain_tree_create(&key, &tree) != STATUS_OK)
        return 1;
    for (size_t i = 0; i < count; i++)
        make_name(&random, &names[i]);

    double begun = now_ns();
    for (size_t i = 0; i < count; i++)
        if (domain_tree_add(tree, &names[i], DOMAIN_MATCH_SUBTREE, 0) != STATUS_OK)
            return 1;
    double added = now_ns();
    if (domain_tree_freeze(tree, NULL, NULL) != STATUS_OK)
        return 1;
    double divisor = count > 0 ? (double)count : 1;
    printf("%zu names: add %.0f ns, freeze %.0f ns, %.1f bytes each\n", count,
           (added - begun) / divisor, (now_ns() - added) / divisor,
           (double)domain_tree_bytes(tree) / divisor);

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct dname other;
        if (dname_from_text(text_of(others[i]), &other) != STATUS_OK)
            return 1;
        measure(tree, others[i], &other, 1, ASKED);
    }
    if (count > 0) {
        measure(tree, "few of the list", names, count < FEW ? count : FEW, ASKED);
        measure(tree, "all of the list, each once", names, count, count);
    }
    domain_tree_free(tree);
    free(names);
    return 0;
}
