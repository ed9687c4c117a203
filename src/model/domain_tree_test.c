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
    uint32_t *slot = domain_tree_add(tree, &name, kind);
    assert_non_null(slot);
    assert_int_equal(*slot, DOMAIN_VALUE_NONE);
    *slot = value;
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
        assert_int_equal(domain_tree_freeze(tree), STATUS_OK);
        const char *values = ask(tree, questions[i].name, DOMAIN_MATCHES_MAX);
        if (strcmp(values, questions[i].values) != 0)
            fail_msg("%s: \"%s\"", questions[i].claim, values);
        domain_tree_free(tree);
    }
}

static void test_same_pattern_same_slot(void **state)
{
    (void)state;
    struct domain_tree *tree = make_tree();
    static const uint8_t kinds[] = { DOMAIN_MATCH_SUBTREE, DOMAIN_MATCH_BELOW,
                                     DOMAIN_MATCH_TEXT_SUFFIX };
    for (uint32_t i = 0; i < COUNT_OF(kinds); i++)
        add(tree, "a.b", kinds[i], i);
    struct dname again = name_of("A.b");
    for (uint32_t i = 0; i < COUNT_OF(kinds); i++)
        assert_int_equal(*domain_tree_add(tree, &again, kinds[i]), i);
    assert_int_equal(domain_tree_count(tree), 3);
    domain_tree_free(tree);
}

static void test_empty(void **state)
{
    (void)state;
    struct domain_tree *tree = make_tree();
    assert_int_equal(domain_tree_freeze(tree), STATUS_OK);
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
    assert_int_equal(domain_tree_freeze(tree), STATUS_OK);
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
            *domain_tree_add(tree, &name, (enum domain_match_kind)kind) = value++;
    } while (dname_parent(&name, &name));
    *domain_tree_add(tree, &wide, DOMAIN_MATCH_TEXT_SUFFIX) = 1000;
    assert_int_equal(domain_tree_freeze(tree), STATUS_OK);
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
            uint32_t *slot = domain_tree_add(tree, &name, patterns[i].kind);
            assert_non_null(slot);
            if (*slot == DOMAIN_VALUE_NONE)
                *slot = i++;
            else
                assert_string_equal(patterns[*slot].text, patterns[i].text);
        }
        if (round % 2 == 0)
            assert_int_equal(domain_tree_freeze(tree), STATUS_OK);
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
    assert_int_equal(domain_tree_freeze(tree), STATUS_OK);
    assert_int_equal(domain_tree_count(tree), 50000);
    /* A blocklist of a million names is meant to take less than 30 MiB. */
    assert_true(domain_tree_bytes(tree) < 30 * 50000);
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
        cmocka_unit_test(test_questions),     cmocka_unit_test(test_same_pattern_same_slot),
        cmocka_unit_test(test_empty),         cmocka_unit_test(test_room),
        cmocka_unit_test(test_longest_names), cmocka_unit_test(test_model),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
