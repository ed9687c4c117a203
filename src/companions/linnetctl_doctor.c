/* linnetctl doctor: what is wrong with this machine's DNS and DHCP, from the daemon's facts and
 * from what can be seen beside it, each finding with what to do about it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "companions/linnetctl.h"
#include "companions/linnetctl_others.h"
#include "companions/linnetctl_probe.h"
#include "platform/port_holder.h"

#define REPORT_BYTES (1u << 20)
#define FIELDS_MAX   8
#define OURS_MAX     4  /* processes of linnet's */
#define HOLDERS_MAX  16 /* of one port, that are told */
#define CLOCK_STEP_S 5
#define CLOCK_LEAST  ((time_t)1735689600) /* 2025 */
#define DISK_LEAST   (1u << 20)           /* bytes free beside the lease file */

struct doctor {
    struct report report;
    unsigned problems;
    bool serves[4];          /* by the ports below, */
    uint16_t serves_port[4]; /* or another one that is configured */
    bool deaf[4];            /* on no interface that is there */
    uint64_t ours[OURS_MAX]; /* process ids */
    size_t our_count;
    struct linnetctl_others others;
    struct linnetctl_probe probes[LINNETCTL_PROBES_MAX];
    size_t probe_count, upstreams;
};

static const struct port {
    const char *name;
    uint16_t port;
    bool tcp; /* as well */
    enum address_family family;
} ports[] = {
    { "DNS", 53, true, ADDRESS_IP4 },
    { "DHCP", 67, false, ADDRESS_IP4 },
    { "DHCPv6", 547, false, ADDRESS_IP6 },
    { "TFTP", 69, false, ADDRESS_IP4 },
};

/* ------------------------------------------------------------------ findings */

enum severity { FINE, NOTE, PROBLEM };

PRINTF_LIKE(5, 6)
static void find(struct doctor *doctor, enum severity severity, const char *about, const char *hint,
                 const char *format, ...)
{
    static const char *const names[] = { "ok", "note", "problem" };
    char text[1024];
    struct text_out out = text_out_on(text, sizeof text);
    struct report *report = &doctor->report;
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    doctor->problems += severity == PROBLEM;
    if (report->form == REPORT_TEXT) {
        report_say(report, "%-8s %s: %s", names[severity], about, text);
        if (hint[0] != '\0')
            report_say(report, "         -> %s", hint);
        return;
    }
    report_begin(report, NULL);
    report_string(report, "severity", text_of(names[severity]));
    report_string(report, "about", text_of(about));
    report_string(report, "finding", text_out_text(&out));
    if (hint[0] != '\0')
        report_string(report, "hint", text_of(hint));
    else
        report_none(report, "hint");
    report_end(report);
}

/* ------------------------------------------------------------------ the daemon's facts */

static size_t split(struct text line, struct text *fields)
{
    size_t count = 0;
    while (count < FIELDS_MAX && text_next_field(&line, '\t', &fields[count]))
        count++;
    for (size_t i = count; i < FIELDS_MAX; i++)
        fields[i] = TEXT_NONE;
    return count;
}

static uint64_t number(struct text field)
{
    uint64_t value = 0;
    return text_to_u64(field, INT64_MAX, &value) == STATUS_OK ? value : 0;
}

static int64_t signed_number(struct text field)
{
    if (!text_starts(field, TEXT("-")))
        return (int64_t)number(field);
    return -(int64_t)number(text_after(field, 1));
}

static void hear_serves(struct doctor *doctor, const struct text *fields)
{
    for (size_t i = 0; i < COUNT_OF(ports); i++)
        if (text_equal(fields[1], text_of(ports[i].name))) {
            doctor->serves[i] = true;
            doctor->serves_port[i] = (uint16_t)number(fields[2]);
            doctor->deaf[i] = fields[3].count > 0 && number(fields[3]) == 0;
        }
}

static void hear_serves_on(struct doctor *doctor, const struct text *fields)
{
    linnetctl_others_add(&doctor->others, fields[2],
                         text_equal(fields[1], TEXT("RA")) ? LINNETCTL_ROUTER : LINNETCTL_DHCP6);
}

static void hear_process(struct doctor *doctor, const struct text *fields)
{
    if (doctor->our_count < OURS_MAX)
        doctor->ours[doctor->our_count++] = number(fields[1]);
}

/* A pattern may wait for what comes and goes. */
static void hear_absent(struct doctor *doctor, const struct text *fields)
{
    find(doctor, number(fields[3]) != 0 ? NOTE : PROBLEM, "interface",
         "is the name right (ip link), and the device there? nothing is served on it until then",
         "there is no interface %.*s now (interface= in %.*s)", TEXT_ARG(fields[1]),
         TEXT_ARG(fields[2]));
}

static void hear_upstream(struct doctor *doctor, const struct text *fields)
{
    doctor->upstreams++;
    if (number(fields[6]) != 0)
        find(doctor, PROBLEM, "upstream",
             "remove it, or configure it not to send these names back to us",
             "%.*s sends our questions back to us", TEXT_ARG(fields[1]));
    size_t before = doctor->probe_count;
    if (before == LINNETCTL_PROBES_MAX)
        return;
    linnetctl_probe_add(doctor->probes, &doctor->probe_count, fields[1], fields[2], fields[3],
                        fields[4]);
    if (doctor->probe_count > before)
        doctor->probes[before].works = number(fields[5]) != 0;
}

static void hear_clock(struct doctor *doctor, const struct text *fields)
{
    int64_t jump = signed_number(fields[1]) - signed_number(fields[2]);
    if (jump > CLOCK_STEP_S || jump < -CLOCK_STEP_S)
        find(doctor, NOTE, "clock", "leases are kept by a clock that does not jump; look at NTP",
             "the clock was set by about %lld s since linnet started", (long long)jump);
}

static void hear_file(struct doctor *doctor, const struct text *fields)
{
    if (text_equal(fields[0], TEXT("unreadable"))) {
        find(doctor, PROBLEM, "file",
             "linnet reads it as the user it runs as: check that it is there, and its mode",
             "%.*s cannot be read: %.*s", TEXT_ARG(fields[1]), TEXT_ARG(fields[2]));
        return;
    }
    if (fields[2].count > 0)
        find(doctor, PROBLEM, "lease file", "new leases would not be given: check owner and mode",
             "%.*s cannot be written: %.*s", TEXT_ARG(fields[1]), TEXT_ARG(fields[2]));
    char path[1024];
    struct statvfs disk;
    snprintf(path, sizeof path, "%.*s", TEXT_ARG(fields[1]));
    if (statvfs(path, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize < DISK_LEAST)
        find(doctor, PROBLEM, "lease file", "make room: a lease is given only once it is on disk",
             "there are less than %u bytes free on the disk of %s", DISK_LEAST, path);
}

static void hear_limit(struct doctor *doctor, const struct text *fields)
{
    if (number(fields[3]) == 0)
        return;
    bool is_cache = text_equal(fields[1], TEXT("cached records"));
    find(doctor, NOTE, "limit",
         is_cache ? "a larger cache-size would remember more"
                  : "see what uses it up (linnetctl status), or raise it",
         "%.*s: the limit of %.*s was reached %.*s times", TEXT_ARG(fields[1]), TEXT_ARG(fields[2]),
         TEXT_ARG(fields[3]));
}

static void hear(struct doctor *doctor, struct text line)
{
    struct text fields[FIELDS_MAX];
    (void)split(line, fields);
    if (text_equal(fields[0], TEXT("serves")))
        hear_serves(doctor, fields);
    else if (text_equal(fields[0], TEXT("serves_on")))
        hear_serves_on(doctor, fields);
    else if (text_equal(fields[0], TEXT("process")))
        hear_process(doctor, fields);
    else if (text_equal(fields[0], TEXT("absent")))
        hear_absent(doctor, fields);
    else if (text_equal(fields[0], TEXT("upstream")))
        hear_upstream(doctor, fields);
    else if (text_equal(fields[0], TEXT("other_dhcp")))
        find(doctor, PROBLEM, "other DHCP server",
             "two servers on one network give away the same addresses: turn one of them off",
             "%.*s on %.*s, noticed %.*s s ago", TEXT_ARG(fields[1]), TEXT_ARG(fields[2]),
             TEXT_ARG(fields[3]));
    else if (text_equal(fields[0], TEXT("limit")))
        hear_limit(doctor, fields);
    else if (text_equal(fields[0], TEXT("clock")))
        hear_clock(doctor, fields);
    else
        hear_file(doctor, fields);
}

/* ------------------------------------------------------------------ this machine */

static void look_at_clock(struct doctor *doctor)
{
    time_t now = time(NULL);
    if (now < CLOCK_LEAST)
        find(doctor, PROBLEM, "clock", "set it, by NTP or by hand: signatures and leases need it",
             "it is before 2025");
    else
        find(doctor, FINE, "clock", "", "looks right");
}

struct holders {
    struct port_holder at[HOLDERS_MAX];
    size_t count;
};

/* Each process once. */
static void add_holders(struct holders *holders, const struct port *port, bool tcp,
                        enum address_family family)
{
    struct port_holder found[HOLDERS_MAX];
    struct endpoint any = { .address = address_any(family), .port = port->port };
    size_t count = port_holder_list(&any, tcp, found, COUNT_OF(found));
    for (size_t i = 0; i < count && holders->count < HOLDERS_MAX; i++) {
        size_t j = 0;
        while (j < holders->count && holders->at[j].pid != found[i].pid)
            j++;
        if (j == holders->count)
            holders->at[holders->count++] = found[i];
    }
}

static void find_holders(struct holders *holders, const struct port *port)
{
    for (unsigned tcp = 0; tcp <= port->tcp; tcp++) {
        if (port->family == ADDRESS_IP4)
            add_holders(holders, port, tcp != 0, ADDRESS_IP4);
        add_holders(holders, port, tcp != 0, ADDRESS_IP6);
    }
}

/* Of the daemon that answers; of any, when none does. */
static bool is_linnet(const struct doctor *doctor, const struct port_holder *holder)
{
    for (size_t i = 0; i < doctor->our_count; i++) {
        if (doctor->ours[i] == (uint64_t)holder->pid)
            return true;
    }
    return doctor->our_count == 0
           && (strcmp(holder->program, "linnet") == 0
               || strcmp(holder->program, "linnet-server") == 0);
}

/* "dnsmasq (process 12), named (process 40)": linnet's, or the others. */
static size_t put_holders(struct text_out *out, const struct doctor *doctor,
                          const struct holders *holders, bool linnet)
{
    size_t count = 0;
    for (size_t i = 0; i < holders->count; i++) {
        const struct port_holder *holder = &holders->at[i];
        if (is_linnet(doctor, holder) != linnet)
            continue;
        text_printf(out, "%s%s (process %d)", count++ > 0 ? ", " : "", holder->program,
                    holder->pid);
    }
    return count;
}

/* A port that linnet serves. */
static void tell_served(struct doctor *doctor, size_t index, size_t others, const char *ours,
                        const char *other_names)
{
    const struct port *port = &ports[index];
    if (doctor->deaf[index])
        find(doctor, PROBLEM, port->name,
             "look at interface=, except-interface= and no-dhcp-interface=, and at ip address",
             "port %u: linnet serves no interface that is there", port->port);
    else
        find(doctor, FINE, port->name, "", "port %u: served by %s", port->port,
             ours[0] != '\0' ? ours : "linnet");
    if (others > 0)
        find(doctor, NOTE, port->name, "fine as long as they serve other addresses or interfaces",
             "port %u: also held by %s", port->port, other_names);
}

static void look_at_port(struct doctor *doctor, size_t index, bool running)
{
    const struct port *port = &ports[index];
    struct holders holders = { .count = 0 };
    char ours[256], names[1024];
    struct text_out our_out = text_out_on(ours, sizeof ours);
    struct text_out out = text_out_on(names, sizeof names);
    bool elsewhere = doctor->serves[index] && doctor->serves_port[index] != port->port;
    find_holders(&holders, port);
    (void)put_holders(&our_out, doctor, &holders, true);
    size_t others = put_holders(&out, doctor, &holders, false);
    if (running && doctor->serves[index] && !elsewhere)
        tell_served(doctor, index, others, ours, names);
    else if (others > 0)
        find(doctor,
             running     ? FINE
             : index < 2 ? PROBLEM
                         : NOTE,
             port->name,
             running ? ""
                     : "if linnet is to serve it: stop them, or give linnet other interfaces or "
                       "another port",
             "port %u: held by %s", port->port, names);
    else if (ours[0] != '\0')
        find(doctor, FINE, port->name, "", "port %u: held by %s", port->port, ours);
    else
        find(doctor, NOTE, port->name,
             index == 0 && running && !elsewhere ? "is there a port=0 in the configuration?" : "",
             "port %u: nobody that we can see", port->port);
    if (elsewhere)
        find(doctor, NOTE, port->name, "", "linnet serves port %u", doctor->serves_port[index]);
}

static void look_at_others(struct doctor *doctor)
{
    const struct linnetctl_others *others = &doctor->others;
    char text[ADDRESS_TEXT_MAX];
    linnetctl_others_hear(&doctor->others);
    for (size_t i = 0; i < others->found_count; i++) {
        const struct linnetctl_other *other = &others->found[i];
        (void)address_text(&other->address, text);
        if (other->kind == LINNETCTL_DHCP6)
            find(doctor, PROBLEM, "other DHCPv6 server",
                 "hosts take whichever answers first: turn one of them off",
                 "%s on %s has answered", text, other->link->name);
        else
            find(doctor, PROBLEM, "other router",
                 "hosts believe both: turn one of them off, unless you want two routers",
                 "%s on %s advertises itself: %s", text, other->link->name, other->what);
    }
    if (others->failed != NULL)
        find(doctor, NOTE, "other servers",
             others->error == EPERM || others->error == EACCES ? "try with sudo" : "",
             "other %s could not be asked for: %s", others->failed, strerror(others->error));
    else if (others->link_count > 0 && others->found_count == 0)
        find(doctor, FINE, "other servers", "",
             "no other DHCPv6 server or router has answered where linnet is one");
}

static void tell_upstream(struct doctor *doctor, const struct linnetctl_probe *probe)
{
    char hint[128] = "";
    if (!probe->udp && !probe->tcp) {
        find(doctor, probe->works ? NOTE : PROBLEM, "upstream",
             "is the address right, and the way there open?",
             "%s does not answer, by UDP or by TCP (%s)", probe->name, probe->place);
        return;
    }
    if (!probe->udp)
        snprintf(hint, sizeof hint,
                 "UDP to port %u is shut on the way: every question takes longer", probe->to.port);
    else if (!probe->tcp)
        snprintf(hint, sizeof hint, "TCP to port %u is shut: long answers do not come through",
                 probe->to.port);
    find(doctor, probe->udp && probe->tcp ? FINE : PROBLEM, "upstream", hint,
         "%s: UDP %s, TCP %s, EDNS %s, DNSSEC OK %s, keeps the case of names %s, %u ms (%s)",
         probe->name, probe->udp ? "yes" : "NO", probe->tcp ? "yes" : "NO",
         probe->edns ? "yes" : "no", probe->dnssec ? "yes" : "no", probe->keeps_case ? "yes" : "no",
         probe->latency_ms, probe->place);
}

static void look_at_upstreams(struct doctor *doctor)
{
    linnetctl_probe_all(doctor->probes, doctor->probe_count);
    for (size_t i = 0; i < doctor->probe_count; i++)
        tell_upstream(doctor, &doctor->probes[i]);
    if (doctor->serves[0] && doctor->upstreams == 0)
        find(doctor, NOTE, "upstream", "give it a server=, or a resolv.conf that names one",
             "there is none: only names that are known here are answered");
    if (doctor->upstreams > doctor->probe_count)
        find(doctor, NOTE, "upstream", "", "only the first %zu of %zu were asked",
             doctor->probe_count, doctor->upstreams);
}

static void look_at_all(struct doctor *doctor, struct text facts, const char *why, const char *hint)
{
    bool running = facts.count > 0;
    struct text line;
    if (running)
        find(doctor, FINE, "linnet", "", "runs and answers");
    else
        find(doctor, PROBLEM, "linnet",
             hint[0] != '\0'
                 ? hint
                 : "start it, end one that hangs, or say where its socket is (--socket PATH)",
             "%s", why);
    look_at_clock(doctor);
    while (text_next_line(&facts, &line))
        hear(doctor, line);
    linnetctl_others_ask(&doctor->others);
    for (size_t i = 0; i < COUNT_OF(ports); i++)
        look_at_port(doctor, i, running);
    look_at_upstreams(doctor);
    look_at_others(doctor);
}

enum linnetctl_exit linnetctl_doctor(struct text facts, const char *why, const char *hint,
                                     enum report_form form)
{
    static struct doctor doctor;
    char *memory = malloc(REPORT_BYTES);
    if (memory == NULL) {
        fprintf(stderr, "linnetctl: no memory\n");
        return LINNETCTL_FAILED;
    }
    struct text_out out = text_out_on(memory, REPORT_BYTES);
    doctor.report = report_on(&out, form);
    report_begin(&doctor.report, NULL);
    if (form == REPORT_JSON)
        report_begin_list(&doctor.report, "findings");
    look_at_all(&doctor, facts, why, hint);
    if (form == REPORT_JSON)
        report_end(&doctor.report);
    report_number(&doctor.report, "problems", doctor.problems);
    report_end(&doctor.report);
    fputs(memory, stdout);
    free(memory);
    if (facts.count == 0)
        return LINNETCTL_UNREACHABLE;
    return doctor.problems > 0 || out.failed ? LINNETCTL_FAILED : LINNETCTL_OK;
}
