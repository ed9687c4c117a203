#include "wire/dname.h"

/* Whatever is read is a sound name, printing and reading it gives it back, and its kin agree. */

static void check_name(const struct dname *name)
{
    char buffer[DNAME_TEXT_MAX];
    struct dname again;
    struct siphash_key key = { 1, 2 };

    enum status status = dname_from_wire(dname_bytes(name), &again);
    assert(status == STATUS_OK && dname_equal_exact(name, &again));
    status = dname_from_text(text_of(dname_text(name, buffer)), &again);
    assert(status == STATUS_OK && dname_equal_exact(name, &again));

    dname_lower(&again);
    assert(dname_equal(name, &again) && dname_compare(name, &again) == 0);
    assert(dname_hash(&key, name) == dname_hash(&key, &again));
    unsigned labels = dname_label_count(name);
    assert(labels <= DNAME_LABELS_MAX);
    while (dname_parent(&again, &again)) {
        labels--;
        assert(dname_is_within(name, &again) && dname_compare(name, &again) > 0);
    }
    assert(labels == 0);

    struct prefix prefix;
    struct prefix prefix_again;
    if (dname_reverse_parse(name, &prefix) == STATUS_OK
        && prefix.length == 8 * address_size(prefix.address.family)) {
        again = dname_reverse(&prefix.address);
        status = dname_reverse_parse(&again, &prefix_again);
        assert(status == STATUS_OK && prefix_equal(&prefix, &prefix_again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes message = { data, count };
    struct text text = { (const char *)data, count };
    struct dname name;

    for (size_t start = 0; start < count; start++) {
        size_t after = start;
        size_t skipped = start;
        enum status skip = dname_skip(message, &skipped);
        if (dname_read(message, &after, &name) != STATUS_OK) {
            assert(after == start);
            continue;
        }
        assert(after > start && after <= count);
        assert(skip == STATUS_OK && skipped == after);
        check_name(&name);
    }
    if (dname_from_text(text, &name) == STATUS_OK)
        check_name(&name);
    if (dname_from_host(text, true, &name) == STATUS_OK)
        check_name(&name);
    return 0;
}
