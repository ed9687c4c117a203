#include "model/lease_facts.h"

#define HEAD_BYTES 3

void lease_facts_put(struct bytes_writer *facts, enum lease_fact fact, struct bytes value)
{
    size_t count = value.count < LEASE_FACT_VALUE_MAX ? value.count : LEASE_FACT_VALUE_MAX;
    if (bytes_writer_room(facts) < HEAD_BYTES + count)
        return;
    bytes_write_u8(facts, (uint8_t)fact);
    bytes_write_u16(facts, (uint16_t)count);
    bytes_write_span(facts, bytes_of(value.at, count));
}

bool lease_facts_next(struct bytes_reader *facts, enum lease_fact *fact, struct bytes *value)
{
    if (bytes_reader_left(facts) == 0)
        return false;
    unsigned code = bytes_read_u8(facts);
    size_t count = bytes_read_u16(facts);
    *value = bytes_read_span(facts, count);
    if (code == 0 || code >= LEASE_FACT_COUNT || count > LEASE_FACT_VALUE_MAX)
        facts->failed = true;
    *fact = (enum lease_fact)code;
    return !facts->failed;
}
