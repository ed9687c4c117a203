/* Any text as resolv.conf: servers that are addresses, and never too many. */

#include "dns/resolv_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct text text = text_from_bytes(bytes_of(data, count));
    const struct dns_server *servers;
    struct dname domain;
    struct arena arena;
    size_t found;

    arena_init(&arena, 16384, (size_t)1 << 24);
    if (resolv_file_read(text, &arena, &servers, &found) == STATUS_OK) {
        assert(found <= RESOLV_SERVERS_MAX);
        for (size_t i = 0; i < found; i++) {
            assert(!address_is_none(&servers[i].endpoint.address));
            assert(!address_is_any(&servers[i].endpoint.address));
            assert(servers[i].endpoint.port == 53);
        }
    }
    if (resolv_file_search(text, &domain) == STATUS_OK)
        assert(domain.count >= 1);
    arena_free(&arena);
    return 0;
}
