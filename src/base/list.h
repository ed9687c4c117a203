/* Intrusive doubly linked list. The head is a node; an empty list points at itself.
 *
 *     struct list flights;  list_init(&flights);
 *     list_push_back(&flights, &flight->node);
 *     LIST_EACH(node, &flights) { struct flight *f = CONTAINER_OF(node, struct flight, node); ... }
 *
 * Inside LIST_EACH the current node may be removed. */
#ifndef LINNET_BASE_LIST_H
#define LINNET_BASE_LIST_H

#include "base/compiler.h"

struct list {
    struct list *next;
    struct list *previous;
};

static inline void list_init(struct list *head)
{
    head->next = head;
    head->previous = head;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_insert_after(struct list *place, struct list *node)
{
    node->previous = place;
    node->next = place->next;
    place->next->previous = node;
    place->next = node;
}

static inline void list_push_front(struct list *head, struct list *node)
{
    list_insert_after(head, node);
}

static inline void list_push_back(struct list *head, struct list *node)
{
    list_insert_after(head->previous, node);
}

/* Leaves the node pointing at itself, so removing twice is harmless. */
static inline void list_remove(struct list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

/* First node, or NULL. */
static inline struct list *list_first(const struct list *head)
{
    return list_is_empty(head) ? NULL : head->next;
}

/* Takes the first node off, or NULL. */
static inline struct list *list_pop_front(struct list *head)
{
    struct list *node = list_first(head);
    if (node != NULL)
        list_remove(node);
    return node;
}

#define LIST_EACH(node, head)                                                              \
    for (struct list *node = (head)->next, *node##_next = node->next; node != (head);      \
         node = node##_next, node##_next = node->next)

#endif
