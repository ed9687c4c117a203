/* From the name in a request to the file that is meant. Pure: nothing is looked at on disk. */
#ifndef LINNET_TFTP_TFTP_PATH_H
#define LINNET_TFTP_TFTP_PATH_H

#include "base/address.h"
#include "base/status.h"
#include "base/text.h"
#include "tftp/tftp_config.h"

#define TFTP_PATH_MAX 2048 /* with the folder and the NUL */

/* Where a request's file lies: `whole` for logs, scripts and error packets; its end, from `within`
 * on, is the path inside the folder. */
struct tftp_path {
    const char *folder; /* "/" without tftp-root; lives as long as the configuration */
    char whole[TFTP_PATH_MAX];
    size_t within;
};

/* The folder of requests that come in on this interface: tftp-root of the interface, else the last
 * one of all, else "". */
const char *tftp_path_root(const struct tftp_config *config, const char *interface);

/* Backslashes become slashes; tftp-lowercase folds; a name that begins with the folder's own path
 * means what follows it, any other is looked for inside the folder. client_folder: of
 * tftp-unique-root, "" for none; it comes between folder and name, unless the name begins with
 * both.
 *
 * The path is written in every case, as far as it fits, for whoever says what was refused.
 * STATUS_DENIED      there is a ".." in the name
 * STATUS_NO_SPACE    it is too long
 * STATUS_MALFORMED   a NUL in it (no packet has one; a caller might) */
NODISCARD enum status tftp_path_make(const struct tftp_config *config, const char *folder,
                                     const char *client_folder, struct text name,
                                     struct tftp_path *path);

/* The name of a client's own folder: its address as text, or its hardware address as
 * 02-00-00-00-00-01. */
#define TFTP_CLIENT_FOLDER_MAX 64
void tftp_path_client_folder(const struct address *address, const struct hardware *hardware,
                             char folder[TFTP_CLIENT_FOLDER_MAX]);

/* Inside the folder, as beneath_open wants it. */
static inline const char *tftp_path_within(const struct tftp_path *path)
{
    return path->whole + path->within;
}

/* What people are told: control characters and what is not ASCII left out, at most room - 1. */
void tftp_path_put_printable(struct text_out *out, struct text text);

#endif
