/* No server's name is looked up: for fuzz targets that read lines of a configuration. Not part of
 * the program. */
#ifndef LINNET_DAEMON_NO_LOOKUP_TEST_WORLD_H
#define LINNET_DAEMON_NO_LOOKUP_TEST_WORLD_H

#include <netdb.h>

/* In place of the system's. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    (void)name;
    (void)service;
    (void)hints;
    (void)list;
    return EAI_NONAME;
}

#endif
