#include "model/domain_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"

static const struct siphash_key key = { 1, 2 };

static struct domain_tree *make_tree(void)
{
    struct domain_tree *tree = NULL;
    assert_int_equal(domain_tree_create(&key, &tree), STATUS_OK);
    return tree;
}

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static void add(struct domain_tree *tree, const char *text, enum domain_match_kind kind,
                uint32_t value)
{
    struct dname name = name_of(text);
    assert_int_equal(domain_tree_add(tree, &name, kind, value), STATUS_OK);
}

/* Values that match, most specific first, as text: "3 1". */
static const char *ask(const struct domain_tree *tree, const char *text, size_t room)
{
    static char answer[256];
    struct dname name = name_of(text);
    struct domain_match matches[DOMAIN_MATCHES_MAX];
    struct text_out out = text_out_on(answer, sizeof answer);
    size_t count = domain_tree_match(tree, &name, matches, room);
    for (size_t i = 0; i < count; i++)
        text_printf(&out, "%s%u", i > 0 ? " " : "", matches[i].value);
    return answer;
}

struct pattern {
    const char *text;
    enum domain_match_kind kind;
};

struct question {
    const char *claim;
    struct pattern patterns[6]; /* values are 1, 2, ... in this order */
    const char *name;
    const char *values;
};

#define SUBTREE(text)                                                                              \
    {                                                                                              \
        text, DOMAIN_MATCH_SUBTREE                                                                 \
    }
#define BELOW(text)                                                                                \
    {                                                                                              \
        text, DOMAIN_MATCH_BELOW                                                                   \
    }
#define TEXT_SUFFIX(text)                                                                          \
    {                                                                                              \
        text, DOMAIN_MATCH_TEXT_SUFFIX                                                             \
    }

static const struct question questions[] = {
    { "the name itself", { SUBTREE("a.b") }, "a.b", "1" },
    { "below it", { SUBTREE("a.b") }, "x.y.a.b", "1" },
    { "whole labels only", { SUBTREE("a.b") }, "xa.b", "" },
    { "not above it", { SUBTREE("a.b") }, "b", "" },
    { "not beside it", { SUBTREE("a.b") }, "c.b", "" },
    { "not the root", { SUBTREE("a.b") }, ".", "" },
    { "any case of the question", { SUBTREE("a.b") }, "X.A.B", "1" },
    { "any case of the pattern", { SUBTREE("A.B") }, "x.a.b", "1" },
    { "longer wins", { SUBTREE("b"), SUBTREE("x.a.b"), SUBTREE("a.b") }, "y.x.a.b", "2 3 1" },
    { "only what matches", { SUBTREE("b"), SUBTREE("x.a.b"), SUBTREE("a.b") }, "y.a.b", "3 1" },
    { "below: not itself", { BELOW("a.b") }, "a.b", "" },
    { "below: one label", { BELOW("a.b") }, "x.a.b", "1" },
    { "below: more labels", { BELOW("a.b") }, "y.x.a.b", "1" },
    { "below: whole labels", { BELOW("a.b") }, "xa.b", "" },
    { "text: itself", { TEXT_SUFFIX("a.b") }, "a.b", "1" },
    { "text: inside a label", { TEXT_SUFFIX("a.b") }, "xa.b", "1" },
    { "text: below that", { TEXT_SUFFIX("a.b") }, "y.xa.b", "1" },
    { "text: below", { TEXT_SUFFIX("a.b") }, "x.a.b", "1" },
    { "text: any case", { TEXT_SUFFIX("aB.c") }, "yXAb.C", "1" },
    { "text: not shorter", { TEXT_SUFFIX("xa.b") }, "a.b", "" },
    { "text: not with another rest", { TEXT_SUFFIX("a.b") }, "a.c.b", "" },
    { "text: one label", { TEXT_SUFFIX("ab") }, "x.yab", "1" },
    { "text: one label, not above", { TEXT_SUFFIX("ab") }, "ab.c", "" },
    { "plain before text at equal text", { TEXT_SUFFIX("w.t"), SUBTREE("w.t") }, "a.w.t", "2 1" },
    { "plain before text, the name", { TEXT_SUFFIX("w.t"), SUBTREE("w.t") }, "w.t", "2 1" },
    { "text where plain does not match", { TEXT_SUFFIX("w.t"), SUBTREE("w.t") }, "yw.t", "1" },
    { "longer text wins", { TEXT_SUFFIX("w.t"), TEXT_SUFFIX("xw.t") }, "yxw.t", "2 1" },
    { "longer plain beats text", { TEXT_SUFFIX("w.t"), SUBTREE("a.w.t") }, "a.w.t", "2 1" },
    { "longer text beats plain", { SUBTREE("t"), TEXT_SUFFIX("w.t") }, "a.w.t", "2 1" },
    { "text with a dot in it beats plain",
      { SUBTREE("w.t"), TEXT_SUFFIX("a.w.t") },
      "ya.w.t",
      "2 1" },
    { "*.a.b is longer than a.b",
      { SUBTREE("a.b"), BELOW("a.b"), TEXT_SUFFIX("a.b") },
      "x.a.b",
      "2 1 3" },
    { "all three for the name itself",
      { SUBTREE("a.b"), BELOW("a.b"), TEXT_SUFFIX("a.b") },
      "a.b",
      "1 3" },
    { "the root matches all", { SUBTREE("."), SUBTREE("a") }, "x.a", "2 1" },
    { "the root matches itself", { SUBTREE(".") }, ".", "1" },
    { "below the root", { BELOW(".") }, "a", "1" },
    { "below the root: not the root", { BELOW(".") }, ".", "" },
    { "text of nothing", { TEXT_SUFFIX("."), BELOW("."), SUBTREE(".") }, "a.b", "2 3 1" },
    { "text of nothing at the root", { TEXT_SUFFIX("."), SUBTREE(".") }, ".", "2 1" },
    { "a parent that came later",
      { SUBTREE("x.y.a.b"), SUBTREE("a.b"), SUBTREE("y.a.b") },
      "x.y.a.b",
      "1 3 2" },
    { "a parent made for others is no pattern",
      { SUBTREE("1.p.b"), SUBTREE("2.p.b"), SUBTREE("3.p.b"), SUBTREE("4.p.b"), SUBTREE("5.p.b") },
      "p.b",
      "" },
    { "children of such a parent",
      { SUBTREE("1.p.b"), SUBTREE("2.p.b"), SUBTREE("3.p.b"), SUBTREE("4.p.b"), SUBTREE("5.p.b") },
      "x.4.p.b",
      "4" },
    { "such a parent becomes a pattern",
      { SUBTREE("1.p.b"), SUBTREE("2.p.b"), SUBTREE("3.p.b"), SUBTREE("4.p.b"), SUBTREE("p.b") },
      "4.p.b",
      "4 5" },
    { "a text suffix's parent is no pattern", { TEXT_SUFFIX("a.p.b") }, "p.b", "" },
    { "odd bytes", { SUBTREE("\\000\\255.b") }, "x.\\000\\255.b", "1" },
};

static void test_questions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        struct domain_tree *tree = make_tree();
        uint32_t count = 0;
        for (; count < COUNT_OF(questions[i].patterns) && questions[i].patterns[count].text != NULL;
             count++)
            add(tree, questions[i].patterns[count].text, questions[i].patterns[count].kind,
                count + 1);
        assert_int_equal(domain_tree_count(tree), count);
        assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
        const char *values = ask(tree, questions[i].name, DOMAIN_MATCHES_MAX);
        if (strcmp(values, questions[i].values) != 0)
            fail_msg("%s: \"%s\"", questions[i].claim, values);
        domain_tree_free(tree);
    }
}

/* The digits of both in their order. */
static uint32_t join_digits(void *context, uint32_t have, uint32_t more)
{
    ++*(unsigned *)context;
    return have * 10 + more;
}

static void test_same_pattern_again(void **state)
{
    (void)state;
    static const uint8_t kinds[] = { DOMAIN_MATCH_SUBTREE, DOMAIN_MATCH_BELOW,
                                     DOMAIN_MATCH_TEXT_SUFFIX };
    struct domain_tree *tree = make_tree();
    unsigned merged = 0;
    for (uint32_t i = 0; i < COUNT_OF(kinds); i++) {
        add(tree, "a.b", kinds[i], i + 1);
        add(tree, "other", kinds[i], 9);
    }
    for (uint32_t i = 0; i < COUNT_OF(kinds); i++)
        add(tree, "A.b", kinds[i], i + 4);
    add(tree, "a.b", DOMAIN_MATCH_SUBTREE, 70000); /* does not fit into a record's head */
    assert_int_equal(domain_tree_count(tree), 10);
    assert_int_equal(domain_tree_freeze(tree, join_digits, &merged), STATUS_OK);
    assert_int_equal(merged, 4);
    assert_int_equal(domain_tree_count(tree), 6);
    assert_string_equal(ask(tree, "x.a.b", 16), "25 70140 36");
    assert_string_equal(ask(tree, "other", 16), "9 9");
    domain_tree_free(tree);

    tree = make_tree();
    for (uint32_t i = 0; i < 3; i++)
        add(tree, "a.b", DOMAIN_MATCH_SUBTREE, i + 20);
    assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
    assert_string_equal(ask(tree, "a.b", 16), "20");
    domain_tree_free(tree);
}

/* Many patterns that are merged: their table grows. */
static void test_many_merged(void **state)
{
    (void)state;
    struct domain_tree *tree = make_tree();
    unsigned merged = 0;
    char text[32];
    for (uint32_t i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "n%u.test", i % 1000);
        add(tree, text, DOMAIN_MATCH_SUBTREE, i % 1000);
    }
    assert_int_equal(domain_tree_freeze(tree, join_digits, &merged), STATUS_OK);
    assert_int_equal(merged, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        char value[16];
        snprintf(text, sizeof text, "n%u.test", i);
        snprintf(value, sizeof value, "%u", i * 11);
        assert_string_equal(ask(tree, text, 16), value);
    }
    domain_tree_free(tree);
}

/* What was added comes back in its order, whatever form it is kept in. */
static void test_walk(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t kind;
        uint32_t value;
    } added[] = {
        { "ads.example.com", DOMAIN_MATCH_SUBTREE, 0 },
        { "com", DOMAIN_MATCH_SUBTREE, 14 },
        { ".", DOMAIN_MATCH_BELOW, 15 },
        { "a.b.c.d", DOMAIN_MATCH_TEXT_SUFFIX, UINT32_MAX },
        { "x_y-z.0123456789.example.com", DOMAIN_MATCH_BELOW, 70000 },
        { "odd\\000\\255\\..example.com", DOMAIN_MATCH_SUBTREE, 1 },
        { "www.a-last-label-too-long-for-a-code", DOMAIN_MATCH_SUBTREE, 2 },
        { "ads.example.com", DOMAIN_MATCH_SUBTREE, 3 },
        { "ab", DOMAIN_MATCH_SUBTREE, 4 },
        { "abc.ab", DOMAIN_MATCH_SUBTREE, 5 },
        { "*.abcd.ab", DOMAIN_MATCH_SUBTREE, 6 },
    };
    struct domain_tree *tree = make_tree();
    for (size_t i = 0; i < COUNT_OF(added); i++)
        add(tree, added[i].name, added[i].kind, added[i].value);

    for (unsigned round = 0; round < 2; round++) {
        struct domain_pattern pattern;
        struct dname name;
        uint32_t place = 0;
        uint32_t first = 0;
        for (size_t i = 0; i < COUNT_OF(added); i++) {
            struct dname wanted = name_of(added[i].name);
            assert_true(domain_tree_next(tree, &place, &pattern));
            domain_tree_name(tree, pattern.id, &name);
            if (!dname_equal_exact(&name, &wanted))
                fail_msg("%s", added[i].name);
            assert_int_equal(pattern.kind, added[i].kind);
            assert_int_equal(pattern.value, added[i].value);
            first = i == 0 ? pattern.id : first;
            assert_int_equal(domain_tree_distance(tree, first, pattern.id), i);
        }
        assert_false(domain_tree_next(tree, &place, &pattern));
        if (round == 0)
            assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
    }

    for (size_t i = 0; i < COUNT_OF(added); i++) {
        struct dname name = name_of(added[i].name);
        struct domain_match match;
        assert_true(domain_tree_find(tree, &name, added[i].kind, &match));
        assert_int_equal(match.kind, added[i].kind);
        assert_int_equal(match.text_count, name.count);
    }
    struct dname absent = name_of("d.ab");
    struct domain_match match;
    assert_false(domain_tree_find(tree, &absent, DOMAIN_MATCH_SUBTREE, &match));
    domain_tree_free(tree);
}

/* More last labels than there are codes, all names found, and none that only looks alike. */
static void test_many_endings(void **state)
{
    (void)state;
    struct domain_tree *tree = make_tree();
    char text[64];
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "a%u.t%u", i % 10, i);
        add(tree, text, DOMAIN_MATCH_SUBTREE, i);
    }
    assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        char value[16];
        snprintf(value, sizeof value, "%u", i);
        snprintf(text, sizeof text, "x.a%u.t%u", i % 10, i);
        assert_string_equal(ask(tree, text, 16), value);
        snprintf(text, sizeof text, "a%u.t%u", (i + 1) % 10, i);
        assert_string_equal(ask(tree, text, 16), "");
    }
    domain_tree_free(tree);
}

static void test_empty(void **state)
{
    (void)state;
    struct domain_tree *tree = make_tree();
    assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
    assert_string_equal(ask(tree, "a.b", DOMAIN_MATCHES_MAX), "");
    assert_int_equal(domain_tree_count(tree), 0);
    domain_tree_free(tree);
    domain_tree_free(NULL);
}

static void test_room(void **state)
{
    (void)state;
    struct domain_tree *tree = make_tree();
    static const char *const names[] = { ".", "a", "b.a", "c.b.a", "d.c.b.a" };
    for (uint32_t i = 0; i < COUNT_OF(names); i++)
        add(tree, names[i], DOMAIN_MATCH_SUBTREE, i);
    assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
    assert_string_equal(ask(tree, "x.d.c.b.a", 2), "4 3");
    assert_string_equal(ask(tree, "x.d.c.b.a", 0), "");

    struct dname name = name_of("x.c.b.a");
    struct domain_match match;
    assert_int_equal(domain_tree_match(tree, &name, &match, 1), 1);
    assert_int_equal(match.kind, DOMAIN_MATCH_SUBTREE);
    assert_int_equal(match.text_count, 7);
    domain_tree_free(tree);
}

static void test_longest_names(void **state)
{
    (void)state;
    struct domain_tree *tree = make_tree();
    struct dname deep = { .count = DNAME_WIRE_MAX };
    struct dname wide = { .count = DNAME_WIRE_MAX };
    struct domain_match matches[DOMAIN_MATCHES_MAX];

    for (size_t i = 0; i < DNAME_LABELS_MAX; i++) {
        deep.wire[2 * i] = 1;
        deep.wire[2 * i + 1] = 'a';
    }
    for (size_t at = 0; at + 1 < DNAME_WIRE_MAX; at += 1 + (size_t)wide.wire[at]) {
        wide.wire[at] = at < 192 ? 63 : 61;
        memset(wide.wire + at + 1, 'w', wide.wire[at]);
    }
    assert_int_equal(dname_label_count(&deep), DNAME_LABELS_MAX);
    assert_int_equal(dname_label_count(&wide), 4);

    /* All suffixes of the deepest name, so that more match than there is room for. */
    uint32_t value = 0;
    struct dname name = deep;
    do {
        for (uint32_t kind = 0; kind < 3; kind++)
            assert_int_equal(domain_tree_add(tree, &name, (enum domain_match_kind)kind, value++),
                             STATUS_OK);
    } while (dname_parent(&name, &name));
    assert_int_equal(domain_tree_add(tree, &wide, DOMAIN_MATCH_TEXT_SUFFIX, 1000), STATUS_OK);
    assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
    assert_int_equal(domain_tree_count(tree), 3 * (DNAME_LABELS_MAX + 1) + 1);

    assert_int_equal(domain_tree_match(tree, &deep, matches, COUNT_OF(matches)), COUNT_OF(matches));
    assert_int_equal(matches[0].value, 0);
    assert_int_equal(matches[1].value, 2);
    assert_int_equal(matches[2].value, 4);
    assert_int_equal(matches[2].kind, DOMAIN_MATCH_BELOW);
    /* Below and the text of the root stand in between; the root's subtree too. */
    assert_true(domain_tree_match(tree, &wide, matches, COUNT_OF(matches)) == 4);
    assert_int_equal(matches[0].value, 1000);
    assert_int_equal(matches[0].text_count, DNAME_WIRE_MAX);
    domain_tree_free(tree);
}

/* ------------------------------------------------------------------ against a simple model */

#define MODEL_PATTERNS 400

struct model_pattern {
    char text[64];
    uint8_t kind;
};

/* Few letters and labels, so that names meet often. */
static void random_name(struct random *random, char text[64])
{
    struct text_out out = text_out_on(text, 64);
    unsigned labels = 1 + random_below(random, 5);
    for (unsigned i = 0; i < labels; i++) {
        if (i > 0)
            text_put_char(&out, '.');
        for (unsigned letters = 1 + random_below(random, 3); letters > 0; letters--)
            text_put_char(&out, (char)('a' + random_below(random, 2)));
    }
}

static bool model_matches(const struct model_pattern *pattern, const char *name)
{
    size_t count = strlen(name);
    size_t tail = strlen(pattern->text);
    if (tail > count || strcmp(name + count - tail, pattern->text) != 0)
        return false;
    bool whole = tail == count;
    bool at_dot = !whole && name[count - tail - 1] == '.';
    return pattern->kind == DOMAIN_MATCH_TEXT_SUFFIX || at_dot
           || (whole && pattern->kind == DOMAIN_MATCH_SUBTREE);
}

static unsigned model_rank(const struct model_pattern *pattern)
{
    static const uint8_t ranks[] = {
        [DOMAIN_MATCH_BELOW] = 2, [DOMAIN_MATCH_SUBTREE] = 1, [DOMAIN_MATCH_TEXT_SUFFIX] = 0
    };
    return 4 * (unsigned)strlen(pattern->text) + ranks[pattern->kind];
}

static void check_against_model(const struct domain_tree *tree,
                                const struct model_pattern *patterns, const char *text)
{
    struct domain_match matches[64];
    struct dname name = name_of(text);
    size_t expected = 0;
    for (size_t i = 0; i < MODEL_PATTERNS; i++)
        expected += model_matches(&patterns[i], text);
    size_t count = domain_tree_match(tree, &name, matches, COUNT_OF(matches));
    if (count != expected)
        fail_msg("%s: %zu matches, not %zu", text, count, expected);
    for (size_t i = 0; i < count; i++) {
        const struct model_pattern *pattern = &patterns[matches[i].value];
        if (!model_matches(pattern, text) || matches[i].kind != pattern->kind
            || matches[i].text_count != strlen(pattern->text) + 2)
            fail_msg("%s: not %s", text, pattern->text);
        if (i > 0 && model_rank(pattern) >= model_rank(&patterns[matches[i - 1].value]))
            fail_msg("%s: %s too late", text, pattern->text);
    }
}

static void test_model(void **state)
{
    (void)state;
    static struct model_pattern patterns[MODEL_PATTERNS];
    struct random random;
    random_init_seeded(&random, 1);

    for (unsigned round = 0; round < 20; round++) {
        struct domain_tree *tree = make_tree();
        for (uint32_t i = 0; i < MODEL_PATTERNS;) {
            random_name(&random, patterns[i].text);
            patterns[i].kind = (uint8_t)random_below(&random, 3);
            struct dname name = name_of(patterns[i].text);
            bool again = false;
            for (uint32_t j = 0; j < i && !again; j++)
                again = patterns[j].kind == patterns[i].kind
                        && strcmp(patterns[j].text, patterns[i].text) == 0;
            assert_int_equal(domain_tree_add(tree, &name, patterns[i].kind, i), STATUS_OK);
            i += !again; /* what came first stays */
        }
        assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
        assert_int_equal(domain_tree_count(tree), MODEL_PATTERNS);
        for (unsigned i = 0; i < 1000; i++) {
            char text[64];
            random_name(&random, text);
            check_against_model(tree, patterns, text);
        }
        domain_tree_free(tree);
    }
}

static void test_many(void **state)
{
    (void)state;
    struct domain_tree *tree = make_tree();
    char text[64];
    for (uint32_t i = 0; i < 50000; i++) {
        snprintf(text, sizeof text, i % 2 == 0 ? "n%u.block.test" : "n%u.test", i);
        add(tree, text, DOMAIN_MATCH_SUBTREE, i);
    }
    assert_int_equal(domain_tree_freeze(tree, NULL, NULL), STATUS_OK);
    assert_int_equal(domain_tree_count(tree), 50000);
    /* A blocklist of a million names is meant to take less than 30 MiB. */
    assert_true(domain_tree_bytes(tree) < 25 * 50000);
    for (uint32_t i = 0; i < 50000; i++) {
        char value[16];
        snprintf(value, sizeof value, "%u", i);
        snprintf(text, sizeof text, i % 2 == 0 ? "x.n%u.block.test" : "x.n%u.test", i);
        assert_string_equal(ask(tree, text, DOMAIN_MATCHES_MAX), value);
        snprintf(text, sizeof text, i % 2 == 0 ? "n%u.test" : "n%u.block.test", i);
        assert_string_equal(ask(tree, text, DOMAIN_MATCHES_MAX), "");
    }
    domain_tree_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions),    cmocka_unit_test(test_same_pattern_again),
        cmocka_unit_test(test_many_merged),  cmocka_unit_test(test_walk),
        cmocka_unit_test(test_many_endings), cmocka_unit_test(test_empty),
        cmocka_unit_test(test_room),         cmocka_unit_test(test_longest_names),
        cmocka_unit_test(test_model),        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
