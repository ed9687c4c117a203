#include "dns/outbox.h"

static void flush(struct dns_outbox *out)
{
    out->flush(out->context, out);
    assert(out->count == 0 && out->used == 0);
}

uint8_t *outbox_room(struct dns_outbox *out, size_t count)
{
    assert(count <= DNS_OUTBOX_BYTES);
    if (out->count == DNS_OUTBOX_ACTIONS || count > DNS_OUTBOX_BYTES - out->used)
        flush(out);
    return out->buffer + out->used;
}

static struct dns_action *add_message(struct dns_outbox *out, enum dns_action_kind kind,
                                      struct bytes message)
{
    assert(message.at == out->buffer + out->used && message.count <= DNS_OUTBOX_BYTES - out->used
           && out->count < DNS_OUTBOX_ACTIONS);
    struct dns_action *action = &out->actions[out->count++];
    out->used += message.count;
    action->kind = kind;
    action->bytes = message;
    return action;
}

void outbox_reply(struct dns_outbox *out, const struct dns_client *client, struct bytes message)
{
    struct dns_action *action = add_message(out, DNS_ACTION_REPLY, message);
    action->client = *client;
    action->bulk = false;
}

void outbox_send(struct dns_outbox *out, uint32_t flight, uint16_t index,
                 const struct dns_server *server, bool tcp, uint32_t mark, struct bytes message)
{
    struct dns_action *action = add_message(out, DNS_ACTION_SEND, message);
    action->flight = flight;
    action->server = index;
    action->to = *server;
    action->tcp = tcp;
    action->mark = mark;
}

void outbox_close(struct dns_outbox *out, uint32_t flight)
{
    if (out->count == DNS_OUTBOX_ACTIONS)
        flush(out);
    struct dns_action *action = &out->actions[out->count++];
    action->kind = DNS_ACTION_CLOSE;
    action->bytes = BYTES_NONE;
    action->flight = flight;
}
