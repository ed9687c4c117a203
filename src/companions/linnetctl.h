/* What the files of linnetctl share. */
#ifndef LINNET_COMPANIONS_LINNETCTL_H
#define LINNET_COMPANIONS_LINNETCTL_H

#include "base/report.h"
#include "wire/control_request.h"

enum linnetctl_exit {
    LINNETCTL_OK = 0,
    LINNETCTL_FAILED = 1,      /* refused, failed, or doctor found a problem */
    LINNETCTL_USAGE = 2,
    LINNETCTL_UNREACHABLE = 3,
};

/* The daemon's facts (daemon/control_facts.c), or NONE when it does not answer: `why` says why, and
 * `hint` what to do about it ("": nothing comes to mind). The findings go to stdout. */
enum linnetctl_exit linnetctl_doctor(struct text facts, const char *why, const char *hint,
                                     enum report_form form);

#endif
