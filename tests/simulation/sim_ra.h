/* The third act: hosts that solicit routers, and the router advertisement core of src/ra. sim_ra.c
 * is the world, sim_ra_hosts.c who asks, sim_checks_ra.c what must hold of the answers.
 *
 * A link has places for prefixes, the same for its whole life: 2001:db8:LINK:PLACE::/64 with our
 * address ::1 in it. Prefixes come and go there. */
#ifndef LINNET_TESTS_SIM_RA_H
#define LINNET_TESTS_SIM_RA_H

#include "ra/ra_memory.h"
#include "ra/ra_server.h"
#include "simulation.h"

#define SIM_RA_LINKS     3
#define SIM_RA_PLACES    60 /* more prefixes than one advertisement has room for */
#define SIM_RA_HOSTS_MAX 120
#define SIM_RA_OWED_MAX  1024
#define SIM_RA_VARIANTS  2 /* configurations; a reload goes to the other */
#define SIM_RA_FILE      (SIM_RA_LINKS * SIM_RA_PLACES * RA_STATE_LINE_MAX + 1)
#define SIM_RA_FIRST     2 /* the interface index of the first link */

/* The line that is for one link. */
enum sim_ra_kind {
    SIM_RA_NONE,     /* there is none */
    SIM_RA_TEMPLATE, /* constructed for whatever prefixes it has */
    SIM_RA_LITERAL,  /* of its first place, spelled out */
};
struct sim_ra_line {
    enum sim_ra_kind kind;
    bool router, deprecated, lease_given; /* router: ra-advrouter */
    uint32_t lease_s;
    uint16_t interval_s;
};

/* What the kernel said of one of our addresses when it was asked. */
struct sim_ra_row {
    bool there, tentative, autoconf, deprecated;
    mono_ms preferred_until, valid_until; /* MONO_NEVER: for ever */
};

struct sim_ra_place {
    struct sim_ra_row now, given; /* in the kernel; when the core was given it */
    /* Advertised, as far as that is known. */
    bool present;
    uint32_t cap_s;      /* UINT32_MAX: none */
    mono_ms valid_until; /* what the core knows of it, even after a restart */
    /* Was advertised and is gone. It has to be taken back until the first time if hosts were told
     * of it, and may be until the second. */
    bool gone, told;
    mono_ms back_least, back_most;
};

struct sim_ra_link {
    bool up, flushed, tentative; /* the last: its link-local address is not usable yet */
    uint32_t mtu;
    struct sim_ra_place places[SIM_RA_PLACES];
    unsigned place_count;

    bool given_up, given_usable; /* when the core was given it: is up, has a link-local address */
    /* When advertisements to all have to come, and may. */
    bool ready;   /* to send */
    mono_ms sent; /* the last; 0: none since it is up */
    mono_ms due;  /* the next at the latest; MONO_NEVER */
    enum sim_invariant why_due;
    unsigned fast_surely, fast_maybe; /* so many follow each other fast */
    bool reason;                      /* something has happened since the last */
};

struct sim_ra_host {
    unsigned link, tries;
    bool silent;   /* it has heard an advertisement */
    unsigned from; /* enum of sim_ra_hosts.c: what address it asks with */
    uint32_t timer;
};

/* An answer that is on its way to one host. */
struct sim_ra_owed {
    uint32_t interface;
    struct address to;
    mono_ms due;
    bool surely; /* else the core may or may not have believed it was asked */
};

struct sim_ra {
    struct config *configs[SIM_RA_VARIANTS];
    struct sim_ra_line lines[SIM_RA_VARIANTS][SIM_RA_LINKS];
    unsigned variant;
    struct ra_server *server;
    struct network *network;
    struct random random;
    struct event_sink sink;
    struct ra_outbox out;

    unsigned link_count, host_count;
    struct sim_ra_link links[SIM_RA_LINKS];
    struct sim_ra_host hosts[SIM_RA_HOSTS_MAX];
    mono_ms end, stalled_until;
    wall_s ahead;    /* how far the wall clock was set */
    unsigned change; /* in a thousand: prefixes come and go */
    bool draining, notice_under_way;

    char file[SIM_RA_FILE];
    size_t file_count;
    bool disk_fails, stale; /* stale: what is in the file is not the latest */
    wall_s set_since;       /* by how much the clock was set since it was written */

    struct sim_ra_owed owed[SIM_RA_OWED_MAX];
    size_t owed_count;
    /* The advertisement that is being sent, in one message or several. */
    bool open;
    uint32_t interface;
    struct address to;
    bool shown[SIM_RA_PLACES];
    uint32_t longest_s, dns_s; /* lifetimes: of its prefixes, of what it says of DNS */
    uint64_t heard, sent;      /* messages since the core was started */
};

extern struct sim_ra sim_ra;

/* ------------------------------------------------------------------ sim_ra.c */

/* Of the wall and of the monotonic clock. */
struct instant sim_ra_now(const struct sim *sim);
/* After each call into the core: what it wants to send is sent, what it wants to keep is kept. */
void sim_ra_finish(struct sim *sim);
struct address sim_ra_address(unsigned link, unsigned place, unsigned last);
struct address sim_ra_link_local(unsigned link);
/* An event for the core while it stalls comes when that is over; false: it is now. */
bool sim_ra_postpone(struct sim *sim, const struct sim_event *event);

/* ------------------------------------------------------------------ sim_ra_hosts.c */

void sim_ra_begin_hosts(struct sim *sim);
/* An advertisement leaves for one, or for all. */
void sim_ra_tell_hosts(struct sim *sim, uint32_t interface, const struct address *to);

/* ------------------------------------------------------------------ sim_checks_ra.c */

/* The kernel is asked what there is. */
void sim_ra_read(struct sim *sim);
/* The core was given what was read last, or a configuration. */
void sim_ra_given(struct sim *sim);
/* It was started anew with what the file says; before sim_ra_given. */
void sim_ra_restarted(struct sim *sim);
/* A solicitation was handed over. */
enum sim_ra_worth { SIM_RA_GOOD, SIM_RA_BAD, SIM_RA_UNCLEAR };
void sim_ra_heard(struct sim *sim, uint32_t interface, const struct address *from,
                  enum sim_ra_worth worth, bool full);
void sim_ra_sent(struct sim *sim, const struct ra_action *action);
/* No more messages of the advertisement that was sent last. */
void sim_ra_sent_all(struct sim *sim);
/* What is overdue, when the core has done what was to be done until now. */
void sim_ra_judge(struct sim *sim);
void sim_ra_check_end(struct sim *sim);

/* ------------------------------------------------------------------ the act */

void sim_play_solicitations(struct sim *sim);

#endif
