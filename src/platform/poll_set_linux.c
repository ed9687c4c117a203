#include "platform/poll_set.h"

#include <sys/epoll.h>

enum status poll_set_open(int *set)
{
    int opened = epoll_create1(EPOLL_CLOEXEC);
    if (opened < 0)
        return STATUS_SYSTEM;
    *set = opened;
    return STATUS_OK;
}

static enum status control(int set, int operation, int fd, bool read, bool write, void *owner)
{
    struct epoll_event event = {
        .events = (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u),
        .data.ptr = owner,
    };
    return epoll_ctl(set, operation, fd, &event) == 0 ? STATUS_OK : STATUS_SYSTEM;
}

enum status poll_set_add(int set, int fd, bool read, bool write, void *owner)
{
    return control(set, EPOLL_CTL_ADD, fd, read, write, owner);
}

enum status poll_set_change(int set, int fd, bool read, bool write, void *owner)
{
    return control(set, EPOLL_CTL_MOD, fd, read, write, owner);
}

void poll_set_remove(int set, int fd)
{
    (void)epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL);
}

unsigned poll_set_take(int set, struct poll_event events[POLL_SET_EVENTS_MAX])
{
    struct epoll_event ready[POLL_SET_EVENTS_MAX];
    int count = epoll_wait(set, ready, POLL_SET_EVENTS_MAX, 0);
    for (int i = 0; i < count; i++)
        /* An error or a hang-up is reported whether wished for or not; who reads finds it so. */
        events[i] = (struct poll_event){
            .owner = ready[i].data.ptr,
            .readable = (ready[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0,
            .writable = (ready[i].events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0,
            .broken = (ready[i].events & (EPOLLERR | EPOLLHUP)) != 0,
        };
    return count > 0 ? (unsigned)count : 0;
}
