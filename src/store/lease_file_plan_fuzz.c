#include "store/lease_file_plan.h"

/* A whole lease file of nobody's bytes: what was taken from it is in the image that is made of it,
 * which loads again without a complaint, to the same. */
static struct lease_table *table, *table6;
static unsigned complaints;

static bool on_line(void *context, const struct lease_line *line)
{
    static const struct instant now = { 1000, 1700000000 };
    struct lease *lease;
    (void)context;
    struct bytes id = bytes_of(line->client_id, line->client_id_count);
    bool ip4 = line->address.family != ADDRESS_IP6;
    lease = lease_table_by_address(ip4 ? table : table6, &line->address);
    if (line->kind == LEASE_LINE_AGENT_INFO || line->kind == LEASE_LINE_VENDOR_CLASS) {
        bool agent = line->kind == LEASE_LINE_AGENT_INFO;
        enum status status =
            lease_table_set_origin(lease, agent ? id : lease_table_agent_info(lease),
                                   agent ? lease_table_vendor_class(lease) : id);
        assert(status == STATUS_OK);
    }
    if (line->kind != LEASE_LINE_LEASE)
        return true;
    if (!ip4) {
        if (lease == NULL
            && lease_table_add6(table6, &line->address, line->prefix_length, line->lease_kind, id,
                                line->iaid, &lease)
                   == STATUS_OK)
            lease_table_set_expiry_wall(table6, lease, now, line->expires);
        return true;
    }
    if (lease == NULL
        && lease_table_add(table, &line->address, LEASE_IP4, &line->hardware, id, &lease)
               != STATUS_OK)
        return true;
    if (lease_table_set_client(table, lease, &line->hardware, id) != STATUS_OK
        || lease_table_set_name(table, lease, line->name, TEXT_NONE) != STATUS_OK)
        return true;
    lease_table_set_expiry_wall(table, lease, now, line->expires);
    return true;
}

static void on_complaint(void *context, unsigned line, const char *why)
{
    (void)context;
    (void)line;
    (void)why;
    complaints++;
}

static struct lease_plan *load(struct text all)
{
    static const struct siphash_key key = { 1, 2 };
    static struct lease_plan plan;
    complaints = 0;
    enum status status = lease_table_create(&key, 64, &table);
    if (status == STATUS_OK)
        status = lease_table_create(&key, 64, &table6);
    if (status == STATUS_OK)
        status = lease_plan_init(&plan, table, table6);
    assert(status == STATUS_OK);
    lease_plan_load(&plan, all, on_line, on_complaint, NULL);
    return &plan;
}

/* Lines that are marked as dead are not kept. */
static uint32_t alive(const struct lease_table *leases)
{
    uint32_t count = 0;
    struct lease *lease = lease_table_first(leases);
    for (; lease != NULL; lease = lease_table_next(leases, lease))
        count += lease->expires_wall != LEASE_LINE_DEAD_WALL;
    return count;
}

static struct bytes image_of(struct lease_plan *plan)
{
    struct lease_work work;
    plan->force_rewrite = true;
    lease_plan_start(plan, NULL, 0, &work);
    assert(work.rewrite);
    work.new_fd = 3;
    if (!lease_plan_settle(plan, &work, 0))
        assert(false);
    lease_plan_done(plan);
    return work.image;
}

static void unload(struct lease_plan *plan)
{
    lease_plan_free(plan);
    lease_table_free(table);
    lease_table_free(table6);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static uint8_t first[1 << 20], who[LEASE_CLIENT_ID_MAX];
    struct lease_plan *plan = load(text_from_bytes(bytes_of(data, count)));
    struct bytes_writer writer = bytes_writer_on(first, sizeof(first));
    bytes_write_span(&writer, image_of(plan));
    uint32_t leases = alive(table) + alive(table6);
    struct bytes duid = bytes_of(who, plan->duid_count);
    memcpy(who, plan->duid, plan->duid_count);
    unload(plan);
    if (writer.failed)
        return 0;

    plan = load(text_from_bytes(bytes_writer_written(&writer)));
    assert(complaints == 0);
    assert(lease_table_count(table) + lease_table_count(table6) == leases);
    assert(bytes_equal(duid, bytes_of(plan->duid, plan->duid_count)));
    assert(image_of(plan).count == bytes_writer_count(&writer));
    unload(plan);
    return 0;
}
