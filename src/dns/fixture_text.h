/* Records and messages as text, for worker_fixture.c: "a.test 60 A 192.0.2.1" and back. */
#ifndef LINNET_DNS_FIXTURE_TEXT_H
#define LINNET_DNS_FIXTURE_TEXT_H

#include "base/text.h"
#include "wire/dns_builder.h"
#include "wire/dns_message.h"

#define FIXTURE_RDATA_MAX 1024

/* The data of a record: addresses, names, "10 mx.test", "0 0 80 srv.test", a word of TXT, the
 * minimum of a SOA, hexadecimal digits for anything else. False when it cannot be read. */
bool fixture_read_rdata(struct text *words, uint16_t type, struct bytes_writer *rdata);

/* Records by commas, in one section. "*N name ..." makes N records whose address or number counts
 * up. */
bool fixture_put_records(struct dns_builder *builder, enum dns_section section,
                         struct text records);

/* "NOERROR aa rd ra: a.test 60 A 192.0.2.1; authority ...; additional ...; opt 1232 do ede=22" */
void text_put_fixture_message(struct text_out *out, struct bytes bytes);
/* name, TTL, type, data */
void text_put_fixture_record(struct text_out *out, const struct dname *owner, uint32_t ttl,
                             uint16_t type, struct bytes rdata);
void text_put_fixture_rdata(struct text_out *out, uint16_t type, struct bytes rdata);

#endif
