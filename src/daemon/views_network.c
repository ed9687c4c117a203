#include "daemon/views.h"

#include <stdlib.h>
#include <string.h>

#include "platform/instant.h"
#include "platform/netwatch.h"

static void copy_interface(const struct netwatch_interface *from, struct network_interface *to)
{
    *to = (struct network_interface){
        .index = from->index,
        .up = from->up,
        .loopback = from->loopback,
        .multicast = from->multicast,
        .point_to_point = from->point_to_point,
        .mtu = from->mtu,
        .hardware = from->hardware,
    };
    memcpy(to->name, from->name, sizeof to->name);
}

static void copy_address(const struct netwatch_address *from, const struct netwatch_list *list,
                         struct network_address *to)
{
    *to = (struct network_address){
        .address = from->address,
        .prefix_length = from->prefix_length,
        .broadcast = from->broadcast,
        .preferred_s = from->preferred_s,
        .valid_s = from->valid_s,
        .temporary = from->temporary,
        .tentative = from->tentative,
        .deprecated = from->deprecated,
        .permanent = from->permanent,
        .autoconf = from->autoconf,
        .interface = from->interface,
    };
    memcpy(to->label, from->label, sizeof to->label);
    for (size_t i = 0; i < list->interface_count && to->label[0] == '\0'; i++)
        if (list->interfaces[i].index == from->interface)
            memcpy(to->label, list->interfaces[i].name, sizeof to->label);
}

static enum status build_network(const struct netwatch_list *list, struct network **network)
{
    struct network_interface *interfaces = calloc(list->interface_count + 1, sizeof *interfaces);
    struct network_address *addresses = calloc(list->address_count + 1, sizeof *addresses);
    enum status status = STATUS_NO_MEMORY;
    if (interfaces != NULL && addresses != NULL) {
        for (size_t i = 0; i < list->interface_count; i++)
            copy_interface(&list->interfaces[i], &interfaces[i]);
        for (size_t i = 0; i < list->address_count; i++)
            copy_address(&list->addresses[i], list, &addresses[i]);
        status = network_create(interfaces, list->interface_count, addresses, list->address_count,
                                network);
    }
    free(interfaces);
    free(addresses);
    return status;
}

enum status views_read_network(struct views *views)
{
    struct netwatch_list list;
    mono_ms read_at = instant_mono();
    enum status status = netwatch_list_now(&list);
    if (status != STATUS_OK)
        return status;
    struct shared_network *fresh = calloc(1, sizeof *fresh);
    status = fresh != NULL ? build_network(&list, &fresh->network) : STATUS_NO_MEMORY;
    netwatch_list_free(&list);
    if (status != STATUS_OK) {
        free(fresh);
        return status;
    }
    fresh->network->read_at = read_at;
    fresh->uses = 1;
    views_drop_network(views->network);
    views->network = fresh;
    return STATUS_OK;
}
