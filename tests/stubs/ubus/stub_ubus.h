/* The stub's own side: what it was told, and what the bus does. */
#ifndef STUB_UBUS_H
#define STUB_UBUS_H

#include <stdbool.h>

/* Lines of all that was called, since it was last cleared. */
extern char stub_ubus_said[8192];
/* The bus is there. */
extern bool stub_ubus_up;
/* Descriptors that the library has open. */
extern int stub_ubus_open;
/* The bus sends: 'm' a call of the method, 's' that somebody listens, 'u' nobody, 'x' its end. */
void stub_ubus_send(char what);

#endif
