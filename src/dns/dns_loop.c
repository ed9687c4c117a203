#include "dns/dns_loop.h"

#include "dns/flight_send.h"
#include "dns/forward.h"
#include "dns/worker_state.h"

#define PROBE_DIGITS 8
#define PROBE_SUFFIX "\4test"

bool dns_loop_has(const struct dns_worker *worker, uint16_t server)
{
    return dns_loops_has(worker->setup.loops, worker->view->generation, server);
}

/* "0a51987f.test" for this server and this list. */
static struct dname probe_name(const struct dns_worker *worker, size_t server)
{
    static const char digits[] = "0123456789abcdef";
    const struct endpoint *endpoint = &worker->view->servers[server].endpoint;
    uint8_t buffer[64];
    struct bytes_writer about = bytes_writer_on(buffer, sizeof buffer);
    struct dname name = { .count = 0 };

    bytes_write_u64(&about, worker->view->generation);
    bytes_write_u16(&about, (uint16_t)server);
    bytes_write_u16(&about, endpoint->port);
    bytes_write_span(&about, address_bytes(&endpoint->address));
    struct bytes told = bytes_writer_written(&about);
    uint64_t hash = siphash24(&worker->setup.key, told.at, told.count);

    struct bytes_writer wire = bytes_writer_on(name.wire, sizeof name.wire);
    bytes_write_u8(&wire, PROBE_DIGITS);
    for (unsigned i = 0; i < PROBE_DIGITS; i++)
        bytes_write_u8(&wire, (uint8_t)digits[hash >> (4 * i) & 15]);
    bytes_write_span(&wire, bytes_of(PROBE_SUFFIX, sizeof PROBE_SUFFIX)); /* with the root's byte */
    name.count = (uint8_t)bytes_writer_count(&wire);
    return name;
}

void dns_loop_send_probes(struct dns_worker *worker)
{
    for (size_t i = 0; i < worker->view->server_count; i++) {
        struct dname name = probe_name(worker, i);
        forward_probe(worker, (uint16_t)i, &name);
    }
}

bool dns_loop_recognise(struct dns_worker *worker, const struct dns_asker *asker)
{
    struct dns_loops *loops = worker->setup.loops;

    if (asker->qtype != RRTYPE_TXT || asker->qclass != RRCLASS_IN
        || asker->qname->count != 1 + PROBE_DIGITS + sizeof PROBE_SUFFIX)
        return false;
    for (size_t i = 0; i < worker->view->server_count; i++) {
        struct dname name = probe_name(worker, i);
        if (!dname_equal(&name, asker->qname))
            continue;
        if (worker->rehearses)
            return true;
        uint64_t before = atomic_exchange(&loops->found_in[i], worker->view->generation + 1);
        if (before != worker->view->generation + 1 && loops->on_found != NULL)
            loops->on_found(loops->context);
        return true;
    }
    return false;
}
