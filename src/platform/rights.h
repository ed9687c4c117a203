/* What the system lets only privileged processes do, for one that has given its rights up: each
 * call is tried, and where it is refused for want of a right the process that kept it is asked
 * (daemon/broker.h), with the socket it is about. Without such a process these are the system's
 * calls and nothing more. Any thread may call; one request is under way at a time. */
#ifndef LINNET_PLATFORM_RIGHTS_H
#define LINNET_PLATFORM_RIGHTS_H

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/status.h"

#include <sys/socket.h>

#define RIGHTS_PAYLOAD_MAX 16384
#define RIGHTS_PORTS_MAX   16

enum rights_verb {
    RIGHTS_BIND,     /* the socket to the address that follows */
    RIGHTS_TIE,      /* the socket to the device whose name follows */
    RIGHTS_MARK,     /* the socket's packets: value */
    RIGHTS_SEND,     /* what follows, through the socket, to the kernel's end of it */
    RIGHTS_TELL,     /* the service manager: what follows. Not answered, as the next */
    RIGHTS_STARTED,  /* the asking process serves */
    RIGHTS_RELOADED, /* it has another configuration than at its start */
    RIGHTS_VERB_COUNT
};

/* Whom to ask from now on: one end of a SOCK_SEQPACKET pair; -1: nobody. */
void rights_ask(int channel);
bool rights_can_ask(void);

/* As bind(2), setsockopt(SO_BINDTODEVICE) and (SO_MARK), sendto(2): 0 or -1 with errno. */
int rights_bind(int fd, const struct sockaddr *address, socklen_t count);
int rights_tie(int fd, const char *device);
int rights_mark(int fd, uint32_t mark);
int rights_send(int fd, const struct sockaddr *to, socklen_t to_count, struct bytes message);
/* False when nobody can be asked. For RIGHTS_TELL and those after it, which nobody answers. */
bool rights_say(enum rights_verb verb, struct bytes payload);

/* ------------------------------------------------------------------ who grants */

/* What may be asked for. Ports of datagrams from 1024 on need no right and may always be bound. */
struct rights_policy {
    uint16_t ports[RIGHTS_PORTS_MAX];
    size_t port_count;
    uint16_t port_first, port_last; /* and these, for datagrams; 0: none */
    bool ties, marks;
    /* For RIGHTS_SEND: an errno, or 0; NULL: refused. */
    int (*pass_on)(const void *context, int fd, struct bytes message);
    const void *context;
};

struct rights_request {
    enum rights_verb verb;
    uint32_t value;
    int fd;          /* to be given back by rights_let_go; -1: none came */
    struct bytes payload;
};

/* The next request into `room` (RIGHTS_PAYLOAD_MAX bytes, aligned to 8). STATUS_AGAIN: none waits;
 * STATUS_CLOSED: the other end is gone; STATUS_MALFORMED: not one of ours, already refused. */
NODISCARD enum status rights_take(int channel, uint8_t *room, struct rights_request *request);
/* Closes a descriptor of a request at once, whatever its owner has left in it. */
void rights_let_go(int fd);
/* Does what the policy allows, and answers. For those before RIGHTS_TELL. */
void rights_grant(int channel, const struct rights_policy *policy,
                  const struct rights_request *request);

#endif
