/* What ubus_service.c uses of libubox's messages, declared by us for its test: no more than the
 * documented names and shapes. */
#ifndef STUB_LIBUBOX_BLOBMSG_H
#define STUB_LIBUBOX_BLOBMSG_H

#include <stdbool.h>

struct blob_attr;

struct blob_buf {
    struct blob_attr *head;
    bool (*grow)(struct blob_buf *buffer, int least);
    int buflen;
    void *buf;
};

enum blobmsg_type {
    BLOBMSG_TYPE_STRING = 3,
    BLOBMSG_TYPE_INT32 = 5,
};

int blob_buf_init(struct blob_buf *buffer, int id);
void blob_buf_free(struct blob_buf *buffer);
int blobmsg_add_field(struct blob_buf *buffer, int type, const char *name, const void *data,
                      unsigned int count);

#endif
