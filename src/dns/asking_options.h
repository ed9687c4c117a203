/* EDNS options of a question on its way upstream: which of the client's go along, and what the
 * configuration adds about the client and about us (dns.md section 10).
 *
 * A hardware address or a network is added only when the client has told none itself, or that was
 * taken out; who we are replaces what the client may have said of that. What
 * differs from client to client - hardware address, part of the address - makes questions differ
 * too: they do not share a flight, and their answers are not cached. */
#ifndef LINNET_DNS_ASKING_OPTIONS_H
#define LINNET_DNS_ASKING_OPTIONS_H

#include "dns/query.h"
#include "wire/edns.h"

/* A client's options passed on; more are left out. */
#define ASKING_CLIENT_MAX 128
/* All that may be added: three forms of a hardware address, a subnet, who we are. */
#define ASKING_ADDED_MAX 320
#define ASKING_BYTES_MAX (ASKING_CLIENT_MAX + ASKING_ADDED_MAX)

/* What additions tell of a client. Empty when nothing is told of it. */
struct asking_who {
    struct address address;
    struct hardware hardware;
};

/* Encodes the client's options that a server should see into `to` (ASKING_CLIENT_MAX bytes): all
 * but those about one hop and those to be stripped. Returns how many bytes they take; has_subnet:
 * the client's own choice of a network (RFC 7871) is among them. */
size_t asking_client_options(const struct dns_asking *asking, const struct edns *edns, uint8_t *to,
                             bool *has_subnet);

/* Looks up what will be told of this client. */
void asking_who_asks(const struct dns_worker *worker, const struct dns_asker *asker,
                     struct asking_who *who);

/* A keyed hash of all that is told of the client, its own options of these kinds included; 0 when
 * nothing is, so its answers are good for anybody. */
uint64_t asking_key(const struct dns_worker *worker, const struct asking_who *who,
                    struct bytes client_options);

/* Writes what goes upstream: the client's options, then the additions. */
void asking_write(const struct dns_asking *asking, const struct asking_who *who,
                  struct bytes client_options, struct bytes_writer *writer);

#endif
