#include <stdlib.h>
#include <unistd.h>

#include "dns/dns_record_options.h"

#define OWN_NAME_MAX 256

/* ------------------------------------------------------------------ cname */

static const char bad_cname[] = "bad CNAME";

static enum status append_cname(struct option_context *context, struct value field,
                                const struct dns_cname *like)
{
    struct dns_records *records = &((struct dns_config *)context->part)->records;
    struct dns_cname cname = *like;

    enum status status = dns_record_name(context, field, bad_cname, &cname.alias);
    if (status != STATUS_OK)
        return status;
    struct dns_cname *kept = option_append(context, &records->cnames, &records->cname_count,
                                           &records->cname_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = cname;
    return STATUS_OK;
}

enum status dns_read_cname(struct option_context *context, struct value value)
{
    struct dns_cname cname = { .place = context->place };
    struct value rest = value;
    struct value field = value;
    struct value target = value_part(value, value.text.count, 0);
    size_t count = value_count_fields(value, ',');
    size_t aliases;

    /* The last field is the target, or its time to live when it is a number and not needed. */
    for (size_t i = 0; i < count && value_next_field(&rest, ',', &field); i++) {
        if (i + 2 == count)
            target = field;
    }
    cname.has_ttl = count >= 3 && dns_record_is_digits(field.text);
    if (!cname.has_ttl)
        target = field;
    aliases = cname.has_ttl ? count - 2 : count - 1;
    if (count < 2)
        return option_fail(context, value.text, bad_cname,
                           "the target is missing (try www.lan,server.lan)");
    enum status status = dns_record_name(context, target, bad_cname, &cname.target);
    if (status == STATUS_OK && cname.has_ttl)
        status = dns_record_ttl(context, field.text, bad_cname, &cname.ttl);

    rest = value;
    for (size_t i = 0; i < aliases && status == STATUS_OK; i++) {
        value_next_field(&rest, ',', &field);
        if (field.text.count > 0 || aliases == 1)
            status = append_cname(context, field, &cname);
    }
    return status;
}

void dns_print_cname(const void *part, struct option_printer *printer)
{
    const struct dns_records *records = &((const struct dns_config *)part)->records;

    for (size_t i = 0; i < records->cname_count; i++) {
        const struct dns_cname *cname = &records->cnames[i];
        char line[4 * DNAME_TEXT_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        dns_record_put_name(&out, &cname->alias);
        text_put_char(&out, ',');
        dns_record_put_name(&out, &cname->target);
        if (cname->has_ttl)
            text_printf(&out, ",%u", cname->ttl);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ the whole configuration */

/* By alias, and lines with the same one in their order. */
static int compare_cnames(const void *a, const void *b)
{
    const struct dns_cname *left = *(const struct dns_cname *const *)a;
    const struct dns_cname *right = *(const struct dns_cname *const *)b;
    int order = dname_compare(&left->alias, &right->alias);
    return order != 0 ? order : (left > right) - (left < right);
}

static int compare_name(const void *key, const void *element)
{
    const struct dns_cname *cname = *(const struct dns_cname *const *)element;
    return dname_compare(key, &cname->alias);
}

/* The lines after the first that give an alias again. */
static bool check_doubled(const struct dns_cname **sorted, size_t count,
                          struct option_errors *errors, struct arena *arena)
{
    bool sound = true;
    for (size_t i = 1; i < count; i++) {
        char alias[DNAME_TEXT_MAX];
        if (!dname_equal(&sorted[i - 1]->alias, &sorted[i]->alias))
            continue;
        sound = false;
        (void)option_fail_at(errors, arena, sorted[i]->place, "duplicate CNAME",
                             "cname: %s is an alias already; a name can stand for one other only",
                             dname_text(&sorted[i]->alias, alias));
    }
    return sound;
}

/* `state` of each line, by its place in the list: 0 not looked at, 1 its chain ends, otherwise 2
 * plus the number of the walk that came by. Every line is walked over once. */
static bool leads_back(const struct dns_records *records, const struct dns_cname **sorted,
                       size_t *state, size_t start)
{
    size_t walk = 2 + start;
    size_t at = start;

    for (;;) {
        if (state[at] != 0)
            break;
        state[at] = walk;
        const struct dns_cname **next =
            bsearch(&records->cnames[at].target, sorted, records->cname_count,
                    sizeof(const struct dns_cname *), compare_name);
        if (next == NULL)
            return false;
        at = (size_t)(*next - records->cnames);
    }
    return state[at] == walk;
}

static void check_loops(const struct dns_records *records, const struct dns_cname **sorted,
                        size_t *state, struct option_errors *errors, struct arena *arena)
{
    /* From the last line on, as dnsmasq does, whose words name the alias it began with. */
    for (size_t i = records->cname_count; COUNT_DOWN(i);) {
        char alias[DNAME_TEXT_MAX];
        char compat[DNAME_TEXT_MAX + 32];
        struct text_out out = text_out_on(compat, sizeof compat);
        if (state[i] != 0 || !leads_back(records, sorted, state, i))
            continue;
        text_printf(&out, "CNAME loop involving %s", dname_text(&records->cnames[i].alias, alias));
        (void)option_fail_whole(errors, arena, records->cnames[i].place, 1, compat,
                                "cname: from %s one comes back to where one was: nobody could "
                                "ever follow the aliases to an end",
                                alias);
    }
}

static void check_cnames(const struct dns_records *records, struct option_errors *errors,
                         struct arena *arena)
{
    size_t count = records->cname_count;
    if (count == 0)
        return;
    const struct dns_cname **sorted = calloc(count, sizeof(const struct dns_cname *));
    size_t *state = calloc(count, sizeof *state);
    if (sorted == NULL || state == NULL) {
        (void)option_fail_whole(errors, arena, (struct place){ 0 }, 4, "could not get memory",
                                "out of memory");
    } else {
        for (size_t i = 0; i < count; i++)
            sorted[i] = &records->cnames[i];
        qsort(sorted, count, sizeof(const struct dns_cname *), compare_cnames);
        if (check_doubled(sorted, count, errors, arena))
            check_loops(records, sorted, state, errors, arena);
    }
    free(sorted);
    free(state);
}

void dns_record_options_finish(struct dns_config *config, const struct site *site,
                               struct option_errors *errors, struct arena *arena)
{
    char own_name[OWN_NAME_MAX] = "";

    check_cnames(&config->records, errors, arena);
    if (gethostname(own_name, sizeof own_name - 1) != 0)
        own_name[0] = '\0';
    enum status status = dns_records_finish(config, site, own_name, arena);
    if (status == STATUS_RANGE)
        (void)option_fail_whole(errors, arena, (struct place){ 0 }, 1, "bad srv-host",
                                "srv-host: a service's name is too long for the domain of domain=");
    else if (status != STATUS_OK)
        (void)option_fail_whole(errors, arena, (struct place){ 0 }, 4, "could not get memory",
                                "out of memory");
}
