/* Putting actions into the shell's outbox, flushing it when it is full. */
#ifndef LINNET_DNS_OUTBOX_H
#define LINNET_DNS_OUTBOX_H

#include "dns/dns_worker.h"

/* Where up to `count` bytes of a message may be written, there being room for one more action too.
 * count <= DNS_OUTBOX_BYTES. May flush, so what was handed in before may be gone afterwards. The
 * next call below must be about this message, or about none. */
uint8_t *outbox_room(struct dns_outbox *out, size_t count);

/* The message written at outbox_room goes to a client. */
void outbox_reply(struct dns_outbox *out, const struct dns_client *client, struct bytes message);
/* The message written at outbox_room goes to a server. */
void outbox_send(struct dns_outbox *out, uint32_t flight, uint16_t index,
                 const struct dns_server *server, bool tcp, uint32_t mark,
                 struct bytes message);
void outbox_close(struct dns_outbox *out, uint32_t flight);

#endif
