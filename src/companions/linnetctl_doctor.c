/* linnetctl doctor: what is wrong with this machine's DNS and DHCP, from the daemon's facts and
 * from what can be seen beside it, each finding with what to do about it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "companions/linnetctl.h"
#include "companions/linnetctl_probe.h"
#include "platform/port_holder.h"

#define REPORT_BYTES (1u << 20)
#define FIELDS_MAX   8
#define CLOCK_STEP_S 5
#define CLOCK_LEAST  ((time_t)1735689600) /* 2025 */
#define DISK_LEAST   (1u << 20)           /* bytes free beside the lease file */

struct doctor {
    struct report report;
    unsigned problems;
    bool serves[4];          /* by the ports below, */
    uint16_t serves_port[4]; /* or another one that is configured */
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
        }
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

static void look_at_port(struct doctor *doctor, size_t index, bool running)
{
    const struct port *port = &ports[index];
    struct port_holder holder = { .pid = 0 };
    struct endpoint any = { .address = address_any(port->family), .port = port->port };
    bool held = port_holder_find(&any, false, &holder) == STATUS_OK
                || (port->tcp && port_holder_find(&any, true, &holder) == STATUS_OK);
    bool ours = running && doctor->serves[index];
    bool elsewhere = ours && doctor->serves_port[index] != port->port;
    if (held && !running && strcmp(holder.program, "linnet") != 0)
        find(doctor, index < 2 ? PROBLEM : NOTE, port->name,
             "if linnet is to serve it: stop it, or give linnet other interfaces or another port",
             "port %u: %s (process %d) has it", port->port, holder.program, holder.pid);
    else if (held)
        find(doctor, FINE, port->name, "", "port %u: %s (process %d)%s", port->port, holder.program,
             holder.pid, ours && !elsewhere ? ", and linnet serves it" : "");
    else if (!ours || elsewhere)
        find(doctor, NOTE, port->name,
             index == 0 && running && !ours ? "is there a port=0 in the configuration?" : "",
             "port %u: nobody that we can see", port->port);
    else
        find(doctor, FINE, port->name, "", "linnet serves port %u", port->port);
    if (elsewhere)
        find(doctor, NOTE, port->name, "", "linnet serves port %u", doctor->serves_port[index]);
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

enum linnetctl_exit linnetctl_doctor(struct text facts, const char *why, enum report_form form)
{
    static struct doctor doctor;
    char *memory = malloc(REPORT_BYTES);
    bool running = facts.count > 0;
    struct text line;
    if (memory == NULL) {
        fprintf(stderr, "linnetctl: no memory\n");
        return LINNETCTL_FAILED;
    }
    struct text_out out = text_out_on(memory, REPORT_BYTES);
    doctor.report = report_on(&out, form);
    report_begin(&doctor.report, NULL);
    if (form == REPORT_JSON)
        report_begin_list(&doctor.report, "findings");
    if (running)
        find(&doctor, FINE, "linnet", "", "runs and answers");
    else
        find(&doctor, PROBLEM, "linnet",
             "start it, end one that hangs, or say where its socket is (--socket PATH)", "%s", why);
    look_at_clock(&doctor);
    while (text_next_line(&facts, &line))
        hear(&doctor, line);
    for (size_t i = 0; i < COUNT_OF(ports); i++)
        look_at_port(&doctor, i, running);
    look_at_upstreams(&doctor);
    if (form == REPORT_JSON)
        report_end(&doctor.report);
    report_number(&doctor.report, "problems", doctor.problems);
    report_end(&doctor.report);
    fputs(memory, stdout);
    free(memory);
    if (!running)
        return LINNETCTL_UNREACHABLE;
    return doctor.problems > 0 || out.failed ? LINNETCTL_FAILED : LINNETCTL_OK;
}
