#include "platform/port_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INODES_MAX 64

/* Kernel tables print an address as hex of 32-bit words in host order. */
static bool parse_kernel_address(const char *hex, struct address *address)
{
    uint32_t words[4] = { 0 };
    size_t digits = strlen(hex);
    if (digits != 8 && digits != 32)
        return false;
    for (size_t i = 0; i < digits / 8; i++) {
        char part[9] = { 0 };
        memcpy(part, hex + i * 8, 8);
        words[i] = (uint32_t)strtoul(part, NULL, 16);
    }
    return address_from_bytes(bytes_of(words, digits / 2), address) == STATUS_OK;
}

/* An IPv6 socket that also takes IPv4 is bound to :: or to ::ffff:a.b.c.d (RFC 4291
 * section 2.5.5.2). */
static void unmap_ip4(struct address *address)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    if (address->family == ADDRESS_IP6 && memcmp(address->bytes, mapped, sizeof mapped) == 0)
        *address = address_ip4(address->bytes[12], address->bytes[13], address->bytes[14],
                               address->bytes[15]);
}

static bool collides(const struct address *bound, const struct address *wanted)
{
    if (address_is_any(bound))
        return true;
    return bound->family == wanted->family
           && (address_is_any(wanted) || address_equal(bound, wanted));
}

/* Sockets of a kernel table in the way of this endpoint: their inodes, behind `count` others. */
static size_t find_inodes(const char *table, const struct endpoint *endpoint, unsigned long *inodes,
                          size_t count)
{
    FILE *file = fopen(table, "re");
    if (file == NULL)
        return count;
    char line[512];
    while (count < INODES_MAX && fgets(line, sizeof line, file) != NULL) {
        char hex[40];
        unsigned port;
        unsigned long inode;
        struct address bound;
        if (sscanf(line, "%*u: %39[0-9A-Fa-f]:%x %*s %*x %*s %*s %*s %*u %*u %lu", hex, &port,
                   &inode)
            != 3)
            continue;
        if (port != endpoint->port || inode == 0 || !parse_kernel_address(hex, &bound))
            continue;
        unmap_ip4(&bound);
        if (collides(&bound, &endpoint->address))
            inodes[count++] = inode;
    }
    fclose(file);
    return count;
}

static bool process_has_inode(const char *pid, const unsigned long *inodes, size_t count)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.16s/fd", pid);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) {
        char link[96];
        char target[64];
        snprintf(link, sizeof link, "%s/%.16s", path, entry->d_name);
        ssize_t length = readlink(link, target, sizeof target - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        unsigned long inode;
        if (sscanf(target, "socket:[%lu]", &inode) != 1)
            continue;
        for (size_t i = 0; i < count; i++)
            found = found || inodes[i] == inode;
    }
    closedir(folder);
    return found;
}

static void read_program(const char *pid, struct port_holder *holder)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%.16s/comm", pid);
    FILE *file = fopen(path, "re");
    snprintf(holder->program, sizeof holder->program, "?");
    if (file == NULL)
        return;
    if (fgets(holder->program, sizeof holder->program, file) != NULL)
        holder->program[strcspn(holder->program, "\n")] = '\0';
    fclose(file);
}

/* Of IPv4 or of IPv6; many programs hold both families with one IPv6 socket. */
static size_t find_in_table(const struct endpoint *endpoint, bool tcp, bool ip6,
                            unsigned long *inodes, size_t count)
{
    if (ip6)
        return find_inodes(tcp ? "/proc/net/tcp6" : "/proc/net/udp6", endpoint, inodes, count);
    return endpoint->address.family != ADDRESS_IP4
               ? count
               : find_inodes(tcp ? "/proc/net/tcp" : "/proc/net/udp", endpoint, inodes, count);
}

static size_t list_processes(const unsigned long *inodes, size_t inode_count,
                             struct port_holder *holders, size_t room)
{
    size_t count = 0;
    DIR *folder = inode_count > 0 ? opendir("/proc") : NULL;
    if (folder == NULL)
        return 0;
    for (struct dirent *entry; count < room && (entry = readdir(folder)) != NULL;) {
        if (!isdigit((unsigned char)entry->d_name[0])
            || !process_has_inode(entry->d_name, inodes, inode_count))
            continue;
        holders[count].pid = atoi(entry->d_name);
        read_program(entry->d_name, &holders[count++]);
    }
    closedir(folder);
    return count;
}

enum status port_holder_find(const struct endpoint *endpoint, bool tcp, struct port_holder *holder)
{
    unsigned long inodes[INODES_MAX];
    size_t count = find_in_table(endpoint, tcp, false, inodes, 0);
    if (count == 0)
        count = find_in_table(endpoint, tcp, true, inodes, 0);
    return list_processes(inodes, count, holder, 1) == 1 ? STATUS_OK : STATUS_NOT_FOUND;
}

size_t port_holder_list(const struct endpoint *endpoint, bool tcp, struct port_holder *holders,
                        size_t room)
{
    unsigned long inodes[INODES_MAX];
    size_t count = find_in_table(endpoint, tcp, false, inodes, 0);
    count = find_in_table(endpoint, tcp, true, inodes, count);
    return list_processes(inodes, count, holders, room);
}
