#include "tftp/file_allowed_io.h"

#include <sys/stat.h>
#include <unistd.h>

bool file_allowed(const struct tftp_config *config, const struct beneath_file *file)
{
    if (geteuid() == 0)
        return (file->mode & S_IROTH) != 0;
    return !config->secure || file->owner == geteuid();
}
