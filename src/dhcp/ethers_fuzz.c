#include <stddef.h>
#include <stdint.h>

#include "dhcp/ethers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct text rest = { (const char *)data, count };
    struct ethers_line line = { 0 };
    unsigned before = 0;
    while (ethers_next(&rest, &line)) {
        assert(line.number > before);
        before = line.number;
        if (line.kind != ETHERS_HOST)
            continue;
        assert(line.hardware.hardware.count > 1);
        assert(line.hardware.wildcards >> line.hardware.hardware.count == 0);
        assert((line.name.count > 0) == (line.address.family == ADDRESS_NONE));
    }
    return 0;
}
