/* Lines of a servers-file: the right ones are servers and rules behind those of the configuration,
 * the wrong ones are complained of, and not without end. */
#include <stdlib.h>

#include "daemon/no_lookup_test_world.h"
#include "daemon/servers_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static void count_line(void *context, const char *line)
{
    size_t *complaints = context;
    assert(line[0] != '\0');
    (*complaints)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct config *config = config_create();
    struct loaded_servers *servers = NULL;
    size_t complaints = 0;
    assert(config != NULL);
    size_t server_count = config->dns.server_count, rule_count = config->dns.rule_count;
    struct servers_file_setup setup = {
        .config = config, .path = "fuzz", .log = count_line, .context = &complaints
    };
    enum status status =
        servers_file_load(&setup, text_from_bytes(bytes_of(data, count)), &servers);
    assert(status == STATUS_OK && complaints <= VIEWS_LOAD_COMPLAINTS_MAX + 1);
    if (servers == NULL) {
        assert(complaints > 0);
    } else {
        assert(servers->config.server_count >= server_count);
        assert(servers->config.rule_count >= rule_count);
        for (size_t i = 0; i < servers->config.server_count; i++)
            assert(servers->config.servers[i].endpoint.address.family != ADDRESS_NONE);
        loaded_servers_free(servers);
    }
    config_free(config);
    return 0;
}
