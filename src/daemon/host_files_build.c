#include "daemon/host_files_build.h"

#include <stdlib.h>
#include <string.h>

#include "config/config_file.h"
#include "dhcp/ethers.h"

#define ARENA_CHUNK_BYTES ((size_t)256 * 1024)
#define ARENA_LIMIT_BYTES ((size_t)1 << 30)

/* A configuration being made. */
struct building {
    struct host_files *files;
    struct host_files_config *made;
    struct option_reader *reader;
    struct option_errors errors;
    struct hashmap by_address; /* of struct known_host: IPv4 addresses given so far */
    struct hashmap by_name;
    const struct host_file *file; /* being read */
    const char *path;             /* its, in the arena */
    size_t wrong;                 /* its bad lines */
};

/* A host of the configuration that is being made: its array grows, so by its place. */
struct known_host {
    size_t index;
    const struct dhcp_config *dhcp;
    bool has_ethers; /* a line of that file speaks of it */
};

/* ------------------------------------------------------------------ complaints */

PRINTF_LIKE(2, 3) static void complain(struct building *building, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    building->wrong++;
    if (!building->file->fresh || building->wrong > HOST_FILES_COMPLAINTS_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    host_files_say(building->files, LOG_ERROR, "%s", line);
}

static void complain_of_error(struct building *building, unsigned line)
{
    const struct option_error *error = &building->errors.errors[0];
    const char *path = building->file->path;
    if (building->errors.count == 0)
        complain(building, "error at line %u of %s", line, path);
    else if (error->compat == NULL || strcmp(error->compat, error->message) == 0)
        complain(building, "%s at line %u of %s", error->message, line, path);
    else
        complain(building, "%s at line %u of %s: %s", error->compat, line, path, error->message);
    building->errors.count = 0;
}

static void complain_of_rest(struct building *building)
{
    if (building->file->fresh && building->wrong > HOST_FILES_COMPLAINTS_MAX)
        host_files_say(building->files, LOG_ERROR, "%zu more bad lines in %s",
                       building->wrong - HOST_FILES_COMPLAINTS_MAX, building->file->path);
}

/* ------------------------------------------------------------------ hosts that are known */

static const struct dhcp_host *host_of(const void *value)
{
    const struct known_host *known = value;
    return &known->dhcp->hosts[known->index];
}

static bool match_address(const void *value, const void *key)
{
    return address_equal(&host_of(value)->address, key);
}

static bool match_name(const void *value, const void *key)
{
    return dname_equal(&host_of(value)->name, key);
}

static uint64_t hash_address(const struct building *building, const struct address *address)
{
    struct bytes bytes = address_bytes(address);
    return siphash13(&building->files->key, bytes.at, bytes.count);
}

static struct known_host *find_address(const struct building *building,
                                       const struct address *address)
{
    return hashmap_find(&building->by_address, hash_address(building, address), match_address,
                        address);
}

/* Host `index` can be found by its address and its name. Of equal names the first is. */
NODISCARD static enum status know_host(struct building *building, size_t index,
                                       struct known_host **out)
{
    const struct dhcp_config *dhcp = &building->made->dhcp;
    const struct dhcp_host *host = &dhcp->hosts[index];
    struct known_host *known = arena_take(&building->made->arena, sizeof *known);
    if (known == NULL)
        return STATUS_NO_MEMORY;
    *known = (struct known_host){ index, dhcp, false };
    *out = known;
    enum status status = STATUS_OK;
    if (!address_is_none(&host->address) && find_address(building, &host->address) == NULL)
        status =
            hashmap_insert(&building->by_address, hash_address(building, &host->address), known);
    uint64_t hash = dname_hash(&building->files->key, &host->name);
    if (status == STATUS_OK && host->name.count > 0
        && hashmap_find(&building->by_name, hash, match_name, &host->name) == NULL)
        status = hashmap_insert(&building->by_name, hash, known);
    return status;
}

/* ------------------------------------------------------------------ files of lines */

/* The last host read has an address of its own. False: it is taken back. */
NODISCARD static enum status admit_host(struct building *building, size_t count, unsigned line)
{
    struct dhcp_config *dhcp = &building->made->dhcp;
    struct known_host *known;
    char text[ADDRESS_TEXT_MAX];
    if (dhcp->host_count == count)
        return STATUS_OK;
    const struct address *address = &dhcp->hosts[count].address;
    if (!address_is_none(address) && find_address(building, address) != NULL) {
        complain(building, "duplicate dhcp-host IP address %s at line %u of %s",
                 address_text(address, text), line, building->file->path);
        dhcp->host_count = count;
        return STATUS_OK;
    }
    return know_host(building, count, &known);
}

/* The whole line is the value: what stands before a '=' belongs to it. */
static struct value whole_line(const struct config_line *line)
{
    struct value whole = line->name;
    if (line->value.text.at != NULL && whole.text.at != NULL)
        whole.text.count = (size_t)(line->value.text.at + line->value.text.count - whole.text.at);
    return whole;
}

NODISCARD static enum status read_line(struct building *building, const struct config_line *line,
                                       const char *option)
{
    struct dhcp_config *dhcp = &building->made->dhcp;
    struct place place = { .source = building->path, .line = line->number };
    struct value value = whole_line(line);
    size_t host_count = dhcp->host_count;
    if (value.text.count > 0
        && option_read_value(building->reader, option, value, place) == STATUS_OK)
        return admit_host(building, host_count, line->number);
    complain_of_error(building, line->number);
    return STATUS_OK;
}

/* Begins with a file. */
NODISCARD static enum status open_file(struct building *building, const struct host_file *file)
{
    building->file = file;
    building->wrong = 0;
    building->path = arena_string(&building->made->arena, text_of(file->path));
    return building->path != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

NODISCARD static enum status read_file(struct building *building, const struct host_file *file)
{
    const struct dhcp_source *source = &building->files->config->dhcp.sources[file->source];
    bool hosts = source->kind == DHCP_SOURCE_HOSTS || source->kind == DHCP_SOURCE_HOSTS_FOLDER;
    const char *option = hosts ? "dhcp-host" : "dhcp-option";
    struct config_lines lines;
    struct config_line line;
    enum status next;
    if (file->content.at == NULL)
        return STATUS_OK;
    enum status status = open_file(building, file);
    if (status == STATUS_OK)
        status = config_lines_init(&lines, file->content);
    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK && (next = config_lines_next(&lines, &line)) != STATUS_NOT_FOUND) {
        if (next == STATUS_OK)
            status = read_line(building, &line, option);
        else
            complain(building, "%s at line %u of %s",
                     next == STATUS_TRUNCATED ? "missing \"" : "error", line.number, file->path);
    }
    config_lines_free(&lines);
    complain_of_rest(building);
    if (file->fresh)
        host_files_say(building->files, LOG_INFORM, "read %s", file->path);
    return status;
}

static int compare_turns(const void *a, const void *b)
{
    const struct host_file *first = *(const struct host_file *const *)a;
    const struct host_file *second = *(const struct host_file *const *)b;
    if (first->turn != second->turn)
        return first->turn < second->turn ? -1 : 1;
    return first < second ? -1 : first > second;
}

/* Those of watched folders last, in the order in which they were read. */
NODISCARD static enum status read_files(struct building *building)
{
    const struct host_files *files = building->files;
    const struct host_file **order = calloc(files->file_count + 1, sizeof *order);
    if (order == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < files->file_count; i++)
        order[i] = &files->files[i];
    qsort(order, files->file_count, sizeof(const struct host_file *), compare_turns);
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < files->file_count; i++)
        status = read_file(building, order[i]);
    free(order);
    return status;
}

/* ------------------------------------------------------------------ ethers */

/* The dhcp-host line it speaks of, or a new one. */
NODISCARD static enum status ethers_host(struct building *building, const struct ethers_line *line,
                                         struct known_host **known)
{
    struct dhcp_config *dhcp = &building->made->dhcp;
    *known = line->name.count > 0
                 ? hashmap_find(&building->by_name, dname_hash(&building->files->key, &line->name),
                                match_name, &line->name)
                 : find_address(building, &line->address);
    if (*known != NULL)
        return STATUS_OK;
    if (dhcp->host_count == dhcp->host_room) {
        size_t room = dhcp->host_room > 0 ? dhcp->host_room * 2 : 16;
        struct dhcp_host *larger = arena_take_array(&building->made->arena, room, sizeof *larger);
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        if (dhcp->host_count > 0)
            memcpy(larger, dhcp->hosts, dhcp->host_count * sizeof *larger);
        dhcp->hosts = larger;
        dhcp->host_room = room;
    }
    dhcp->hosts[dhcp->host_count++] = (struct dhcp_host){
        .lease_s = DHCP_LEASE_DEFAULT_S,
        .address = line->address,
        .name = line->name,
        .place = { building->path, line->number },
    };
    return know_host(building, dhcp->host_count - 1, known);
}

NODISCARD static enum status add_hardware(struct building *building, struct dhcp_host *host,
                                          const struct dhcp_hardware_pattern *pattern)
{
    struct dhcp_hardware_pattern *larger =
        arena_take_array(&building->made->arena, host->hardware_count + 1, sizeof *larger);
    if (larger == NULL)
        return STATUS_NO_MEMORY;
    if (host->hardware_count > 0)
        memcpy(larger, host->hardware, host->hardware_count * sizeof *larger);
    larger[host->hardware_count] = *pattern;
    host->hardware = larger;
    host->hardware_room = ++host->hardware_count;
    host->client_id_any = true;
    return STATUS_OK;
}

NODISCARD static enum status read_ethers_line(struct building *building,
                                              const struct ethers_line *line, size_t *count)
{
    const char *path = building->file->path;
    struct known_host *known;
    if (line->kind != ETHERS_HOST) {
        complain(building, "bad %s at %s line %u", line->kind == ETHERS_BAD_LINE ? "line" : "name",
                 path, line->number);
        return STATUS_OK;
    }
    enum status status = ethers_host(building, line, &known);
    if (status != STATUS_OK)
        return status;
    if (known->has_ethers) {
        complain(building, "ignoring %s line %u, duplicate name or IP address", path, line->number);
        return STATUS_OK;
    }
    ++*count;
    known->has_ethers = true;
    return add_hardware(building, &building->made->dhcp.hosts[known->index], &line->hardware);
}

NODISCARD static enum status read_ethers(struct building *building)
{
    struct text rest = building->files->ethers.content;
    struct ethers_line line = { 0 };
    size_t count = 0;
    if (rest.at == NULL)
        return STATUS_OK;
    enum status status = open_file(building, &building->files->ethers);
    while (status == STATUS_OK && ethers_next(&rest, &line))
        status = read_ethers_line(building, &line, &count);
    complain_of_rest(building);
    if (building->file->fresh)
        host_files_say(building->files, LOG_INFORM, "read %s - %zu addresses", building->file->path,
                       count);
    return status;
}

/* ------------------------------------------------------------------ the whole */

NODISCARD static enum status copy_array(struct arena *arena, void *items, size_t count,
                                        size_t *room, size_t size)
{
    void *from;
    memcpy(&from, items, sizeof from);
    void *copy = arena_take_array(arena, count, size);
    if (copy == NULL)
        return STATUS_NO_MEMORY;
    if (count > 0)
        memcpy(copy, from, count * size);
    memcpy(items, &copy, sizeof copy);
    *room = count;
    return STATUS_OK;
}

/* Readers append to the arrays of the struct they fill, and number new tags, so a copy of ours is
 * what they get. Tags keep their numbers. */
NODISCARD static enum status copy_config(struct host_files_config *made,
                                         const struct dhcp_config *config)
{
    struct dhcp_config *dhcp = &made->dhcp;
    *dhcp = *config;
    dhcp->tags = (struct tag_names){ 0 };
    enum status status = copy_array(&made->arena, &dhcp->hosts, dhcp->host_count, &dhcp->host_room,
                                    sizeof *dhcp->hosts);
    if (status == STATUS_OK)
        status = copy_array(&made->arena, &dhcp->options, dhcp->option_count, &dhcp->option_room,
                            sizeof *dhcp->options);
    for (size_t i = 0; status == STATUS_OK && i < config->tags.count; i++) {
        uint16_t tag;
        status = tag_names_intern(&dhcp->tags, &made->arena, text_of(config->tags.names[i]), &tag);
    }
    return status;
}

NODISCARD static enum status read_all(struct building *building)
{
    const struct option_table *table;
    const struct option_set *set = &building->files->config->set;
    const struct option *host = option_find(set, TEXT("dhcp-host"), &table);
    const struct option *option = option_find(set, TEXT("dhcp-option"), &table);
    assert(host != NULL && option != NULL);
    const struct option_table tables[] = {
        { .rows = host, .count = 1, .part = &building->made->dhcp },
        { .rows = option, .count = 1, .part = &building->made->dhcp },
    };
    const struct option_set few = { tables, COUNT_OF(tables) };
    building->reader = option_reader_create(&few, &building->made->arena, &building->errors);
    if (building->reader == NULL)
        return STATUS_NO_MEMORY;
    enum status status = STATUS_OK;
    struct known_host *known;
    for (size_t i = 0; status == STATUS_OK && i < building->made->dhcp.host_count; i++)
        status = know_host(building, i, &known);
    if (status == STATUS_OK)
        status = read_files(building);
    if (status == STATUS_OK)
        status = read_ethers(building);
    option_reader_free(building->reader);
    return status;
}

enum status host_files_build(struct host_files *files, struct host_files_config **out)
{
    struct host_files_config *made = calloc(1, sizeof *made);
    struct building *building = calloc(1, sizeof *building);
    enum status status = STATUS_NO_MEMORY;
    if (made != NULL && building != NULL) {
        building->files = files;
        building->made = made;
        arena_init(&made->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
        status = hashmap_init(&building->by_address, 0);
        if (status == STATUS_OK)
            status = hashmap_init(&building->by_name, 0);
        if (status == STATUS_OK)
            status = copy_config(made, &files->config->dhcp);
        if (status == STATUS_OK)
            status = read_all(building);
        hashmap_free(&building->by_address);
        hashmap_free(&building->by_name);
    }
    free(building);
    if (status != STATUS_OK) {
        host_files_config_free(made);
        return status;
    }
    *out = made;
    return STATUS_OK;
}

void host_files_config_free(struct host_files_config *made)
{
    if (made == NULL)
        return;
    arena_free(&made->arena);
    free(made);
}
