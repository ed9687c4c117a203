#include "tftp/tftp_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

/* Whatever the name, what is left of it lies inside the folder and leads nowhere up. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static const char *const folders[] = { "", "/srv/tftp", "/srv/tftp/", "/" };
    for (size_t i = 0; i < COUNT_OF(folders) * 2; i++) {
        struct tftp_config config = { .lowercase = i % 2 == 0 };
        struct tftp_path path;
        enum status status = tftp_path_make(&config, folders[i / 2], i % 2 == 0 ? "" : "client",
                                            text_from_bytes(bytes_of(data, count)), &path);
        assert(strlen(path.whole) < TFTP_PATH_MAX && path.within <= strlen(path.whole));
        if (status != STATUS_OK)
            continue;
        struct text rest = text_of(tftp_path_within(&path)), part;
        while (text_next_field(&rest, '/', &part))
            assert(!text_equal(part, TEXT("..")));
        assert(strchr(path.whole, '\\') == NULL);
    }
    return 0;
}
