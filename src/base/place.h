/* Where something in the configuration came from, kept by entries that want to say so later
 * (cross-checks, explain). */
#ifndef LINNET_BASE_PLACE_H
#define LINNET_BASE_PLACE_H

struct place {
    const char *source;  /* file name, or NULL for the command line; lives as long as the config */
    unsigned line;       /* 1-based; 0 on the command line */
};

#endif
