/* The Range field of an HTTP request (RFC 9110 section 14). */
#ifndef LINNET_TFTP_HTTP_RANGE_H
#define LINNET_TFTP_HTTP_RANGE_H

#include "base/status.h"
#include "base/text.h"

enum http_range_kind {
    HTTP_RANGE_WHOLE, /* none asked for, or what may be ignored: send everything, 200 */
    HTTP_RANGE_PART,  /* send first to first + count - 1, 206 */
    HTTP_RANGE_NONE,  /* nothing of it is in the file: 416 */
};

struct http_range {
    uint64_t first;
    uint64_t count; /* at least 1 for a part */
};

/* field: what follows "Range:", or none. bytes: size of the file. Several ranges at once, other
 * units and what is malformed are answered with the whole file, as section 14.2 allows.
 * *range is always within the file. */
enum http_range_kind http_range_read(struct text field, uint64_t bytes, struct http_range *range);

/* The strong validator of a file's content, quotes and all (section 8.8.3): as long as it is the
 * same, parts that were fetched one by one fit together. At most HTTP_TAG_MAX bytes with the zero
 * at the end. */
#define HTTP_TAG_MAX 64
const char *http_tag(uint64_t inode, int64_t modified_ns, uint64_t bytes, char text[HTTP_TAG_MAX]);
/* Does If-Range let Range count (section 13.1.5)? field: what follows "If-Range:", or none. A date
 * never does, for none is given out. */
bool http_range_counts(struct text field, const char *tag);

/* The path of a request's target: after scheme and host, when it names them (RFC 9112 section
 * 3.2.2). */
const char *http_target_path(const char *target);

/* "bytes 0-99/1234", for Content-Range of a part. */
void http_range_put(struct text_out *out, const struct http_range *range, uint64_t bytes);

#endif
