#include "daemon/netboot_service.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/beneath.h"
#include "platform/instant.h"
#include "tftp/file_allowed_io.h"

#define LOOK_EVERY_MS 1000

/* ------------------------------------------------------------------ the folder */

static void check_folder(const struct netboot_service *service, struct startup *startup)
{
    const char *path = service->config->netboot.folder;
    int folder;
    if (beneath_folder(path, &folder) == STATUS_OK) {
        close(folder);
        return;
    }
    if (!service->config->tftp.no_fail)
        startup_fail(startup, EXIT_FILE, "netboot: folder %s inaccessible: %s", path,
                     strerror(errno));
    log_line(LOG_PART_TFTP, LOG_WARN, "warning: %s inaccessible", path);
}

/* Is there a file that TFTP and HTTP would give out? */
static bool is_offered(const struct config *config, int folder, const char *name)
{
    struct beneath_file file;
    int fd;
    if (beneath_open(folder, config->netboot.folder, name, &fd, &file) != STATUS_OK)
        return false;
    close(fd);
    return file_allowed(&config->tftp, &file);
}

/* A fixed list of names, so that a folder with a million files costs no more than an empty one.
 * The folder is opened anew each time: its name may be another folder's by now. */
static uint64_t look(const struct netboot_service *service)
{
    uint64_t present = 0;
    int folder;
    if (service->config->netboot.folder == NULL) /* not any more */
        return 0;
    if (beneath_folder(service->config->netboot.folder, &folder) != STATUS_OK)
        return 0;
    for (size_t i = 0; i < netboot_name_count; i++)
        if (is_offered(service->config, folder, netboot_name(i)))
            present |= (uint64_t)1 << i;
    close(folder);
    return present;
}

const struct netboot_listing *netboot_service_listing(struct netboot_service *service)
{
    mono_ms now = instant_now().mono;
    if (service->looked && now - service->looked_at < LOOK_EVERY_MS)
        return &service->listing;
    uint64_t present = look(service);
    if (!service->looked || present != service->listing.present)
        service->listing.changes++;
    service->listing.present = present;
    service->looked = true;
    service->looked_at = now;
    return &service->listing;
}

/* ------------------------------------------------------------------ its life */

static void open_http(struct netboot_service *service, struct startup *startup)
{
    const struct netboot_config *config = &service->config->netboot;
    struct endpoint what;
    char text[128];
    struct text_out out = text_out_on(text, sizeof(text));
    if (config->http_off || !netboot_http_is_there())
        return;
    enum status status = netboot_http_open(service->config, &service->http, &what);
    if (status != STATUS_OK) {
        text_put_endpoint(&out, &what);
        startup_fail(startup, status == STATUS_NO_MEMORY ? EXIT_MEMORY : EXIT_NETWORK,
                     "netboot: cannot listen for HTTP on %s: %s (netboot-http=<port> takes "
                     "another, netboot-http=off none)",
                     text, strerror(errno));
    }
    service->listing.http_port = config->http_port;
    service->listing.http_address = config->http_address;
}

void netboot_service_open(struct netboot_service *service, struct startup *startup,
                          const struct config *config)
{
    *service = (struct netboot_service){ .config = config, .active = true };
    check_folder(service, startup);
    open_http(service, startup);
}

void netboot_service_start(struct netboot_service *service, struct startup *startup,
                           uv_loop_t *loop, const struct views *views)
{
    const struct netboot_listing *listing = netboot_service_listing(service);
    const char *folder = service->config->netboot.folder;
    if (service->http != NULL && netboot_http_start(service->http, loop, views) != STATUS_OK)
        startup_fail(startup, EXIT_OTHER, "netboot: cannot start HTTP: %s", strerror(errno));
    if (service->http != NULL)
        log_line(LOG_PART_TFTP, LOG_INFORM, "netboot from %s by TFTP and HTTP, port %u", folder,
                 (unsigned)listing->http_port);
    else
        log_line(LOG_PART_TFTP, LOG_INFORM, "netboot from %s by TFTP%s", folder,
                 netboot_http_is_there() ? "" : "; there is no HTTP here (libmicrohttpd)");
    if (listing->present == 0)
        log_line(LOG_PART_TFTP, LOG_WARN,
                 "netboot: there is no boot file in %s yet that I know by name", folder);
    if (service->config->tftp.unique_root != TFTP_UNIQUE_NONE)
        log_line(LOG_PART_TFTP, LOG_WARN,
                 "netboot: with tftp-unique-root TFTP gives a client that has a folder of its own "
                 "nothing from %s, though DHCP names files there",
                 folder);
}

void netboot_service_config_changed(struct netboot_service *service, const struct config *config)
{
    service->config = config;
    service->looked_at = instant_now().mono - LOOK_EVERY_MS;
    if (service->active)
        netboot_http_config_changed(service->http, config);
}

void netboot_service_log(const struct netboot_service *service)
{
    const struct netboot_http_counters *counters =
        service->active ? netboot_http_counters(service->http) : NULL;
    if (counters == NULL)
        return;
    log_line(LOG_PART_TFTP, LOG_INFORM,
             "HTTP: %llu connections (%llu not admitted, %llu refused, %llu ended), %llu requests, "
             "%llu files and %llu parts sent, %llu not found, %llu denied, %llu unsupported, %llu "
             "failed",
             (unsigned long long)counters->connections, (unsigned long long)counters->not_admitted,
             (unsigned long long)counters->refused, (unsigned long long)counters->ended,
             (unsigned long long)counters->requests, (unsigned long long)counters->sent,
             (unsigned long long)counters->parts, (unsigned long long)counters->not_found,
             (unsigned long long)counters->denied, (unsigned long long)counters->unsupported,
             (unsigned long long)counters->failed);
}

void netboot_service_stop(struct netboot_service *service)
{
    if (service->active)
        netboot_http_stop(service->http);
}

void netboot_service_free(struct netboot_service *service)
{
    if (!service->active)
        return;
    netboot_http_free(service->http);
}
