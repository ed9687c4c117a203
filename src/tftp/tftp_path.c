#include "tftp/tftp_path.h"

const char *tftp_path_root(const struct tftp_config *config, const char *interface)
{
    const char *folder = "";
    for (size_t i = 0; i < config->root_count; i++) {
        const struct tftp_root *root = &config->roots[i];
        if (root->interface == NULL)
            folder = root->folder;
    }
    for (size_t i = 0; i < config->root_count; i++) {
        const struct tftp_root *root = &config->roots[i];
        if (root->interface != NULL && strcmp(root->interface, interface) == 0)
            folder = root->folder;
    }
    return folder;
}

static bool leads_up(struct text name)
{
    struct text rest = name;
    struct text part;
    while (text_next_field(&rest, '/', &part))
        if (text_equal(part, TEXT("..")))
            return true;
    return false;
}

/* An absolute name that begins with the folder means what follows it. */
static struct text without_folder(struct text name, struct text folder)
{
    if (folder.count <= 1 || !text_starts(name, folder))
        return name;
    if (text_ends(folder, TEXT("/")) || name.count == folder.count || name.at[folder.count] == '/')
        return text_after(name, folder.count);
    return name;
}

/* The client's own folder is its root: what it may be told to fetch begins with that. */
static struct text without_folders(struct text name, struct text root, const char *client_folder)
{
    struct text rest = without_folder(name, root);
    struct text own = text_of(client_folder);
    if (rest.at == name.at || own.count == 0)
        return rest;
    if (text_starts(rest, TEXT("/")))
        rest = text_after(rest, 1);
    return without_folder(rest, own);
}

static void put_within(struct text_out *out, const char *part)
{
    if (part[0] == '\0')
        return;
    text_put_string(out, part);
    text_put_char(out, '/');
}

enum status tftp_path_make(const struct tftp_config *config, const char *folder,
                           const char *client_folder, struct text name, struct tftp_path *path)
{
    char plain[TFTP_PATH_MAX];
    struct text_out out = text_out_on(plain, sizeof(plain));
    for (size_t i = 0; i < name.count && !out.failed; i++) {
        char c = name.at[i] == '\\' ? '/' : name.at[i];
        text_put_char(&out, config->lowercase ? text_fold(c) : c);
    }
    bool too_long = out.failed;
    struct text wanted = text_out_text(&out);
    struct text root = text_of(folder);
    wanted = without_folders(wanted, root, client_folder);
    if (text_starts(wanted, TEXT("/")))
        wanted = text_after(wanted, 1);

    path->folder = folder[0] != '\0' ? folder : "/";
    struct text_out whole = text_out_on(path->whole, sizeof(path->whole));
    text_put(&whole, root);
    if (!text_ends(root, TEXT("/")))
        text_put_char(&whole, '/');
    path->within = whole.count;
    put_within(&whole, client_folder);
    text_put(&whole, wanted);

    if (text_find(wanted, '\0') != SIZE_MAX)
        return STATUS_MALFORMED;
    if (too_long || whole.failed)
        return STATUS_NO_SPACE;
    return leads_up(wanted) ? STATUS_DENIED : STATUS_OK;
}

void tftp_path_client_folder(const struct address *address, const struct hardware *hardware,
                             char folder[TFTP_CLIENT_FOLDER_MAX])
{
    struct text_out out = text_out_on(folder, TFTP_CLIENT_FOLDER_MAX);
    if (hardware == NULL)
        text_put_address(&out, address);
    else
        text_put_hex(&out, bytes_of(hardware->bytes, hardware->count), '-');
}

void tftp_path_put_printable(struct text_out *out, struct text text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.at[i] >= ' ' && text.at[i] <= '~')
            text_put_char(out, text.at[i]);
}
