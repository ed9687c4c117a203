#include "interposer.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DESCRIPTORS 4096

struct fault_control *fault_control;
static bool files[DESCRIPTORS];
static bool matching[DESCRIPTORS]; /* descriptors of files whose path matched when it was opened */
static uintptr_t program_from, program_to, library_from, library_to, linker_from, linker_to;

/* ------------------------------------------------------------------ start */

static void take_code(const struct dl_phdr_info *info, uintptr_t *from, uintptr_t *to)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            *from = info->dlpi_addr + part->p_vaddr;
            *to = *from + part->p_memsz;
        }
    }
}

static int take_object(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (program_to == 0) { /* the first is the program itself */
        take_code(info, &program_from, &program_to);
        fault_control->base = info->dlpi_addr;
    } else if (strstr(info->dlpi_name, "/libc.so") != NULL) {
        take_code(info, &library_from, &library_to);
    } else if (strstr(info->dlpi_name, "/ld-") != NULL) {
        take_code(info, &linker_from, &linker_to);
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("LINNET_FAULTS");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *memory =
        mmap(NULL, sizeof(struct fault_control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (memory == MAP_FAILED)
        return;
    struct fault_control *control = memory;
    if (control->magic != FAULT_MAGIC)
        return;
    fault_control = control;
    dl_iterate_phdr(take_object, NULL);
}

/* ------------------------------------------------------------------ paths */

bool fault_path_matches(const char *path)
{
    return fault_control != NULL && fault_control->with_path != 0
           && strstr(path, fault_control->path) != NULL;
}

bool fault_descriptor_matches(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS && matching[fd];
}

void fault_descriptor_opened(int fd, bool matches)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        files[fd] = true, matching[fd] = matches;
}

bool fault_is_file(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS && files[fd];
}

void fault_descriptor_closed(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        files[fd] = matching[fd] = false;
}

/* ------------------------------------------------------------------ what falls */

/* xorshift: good enough to spread faults, and the same with the same seed. */
static bool by_chance(struct fault_control *control)
{
    uint64_t x = __atomic_load_n(&control->random, __ATOMIC_RELAXED);
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    __atomic_store_n(&control->random, x, __ATOMIC_RELAXED);
    return (x & 0xffffffff) < control->chance;
}

bool fault_is_program(const void *site)
{
    return (uintptr_t)site >= program_from && (uintptr_t)site < program_to;
}

/* Many places of a library call through one function: the size that is asked for tells them apart.
 */
static uint64_t key_of(const void *site, size_t size)
{
    uintptr_t at = (uintptr_t)site;
    return fault_is_program(site) ? at : at ^ (uint64_t)size << 48;
}

/* The row of a place; NULL when the table is full. */
static struct fault_site *site_of(struct fault_control *control, uint64_t key, enum call_kind kind,
                                  uint64_t index)
{
    uint64_t at = (key ^ key >> 48) * 0x9e3779b97f4a7c15u >> 32;
    for (size_t i = 0; i < FAULT_SITES; i++) {
        struct fault_site *site = &control->sites[(at + i) % FAULT_SITES];
        uint64_t there = 0;
        if (__atomic_compare_exchange_n(&site->key, &there, key, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
            site->kind = kind;
            site->first = index;
            return site;
        }
        if (there == key && site->kind == kind)
            return site;
    }
    return NULL;
}

static bool is_next(struct fault_control *control, struct fault_site *site, uint64_t index)
{
    switch (control->mode) {
    case FAULT_NTH:
        return index >= control->nth && index < control->nth + control->times;
    case FAULT_CHANCE:
        return by_chance(control);
    default:
        break;
    }
    if (site == NULL || __atomic_exchange_n(&site->failed, 1, __ATOMIC_RELAXED) != 0)
        return false;
    /* One fault, then the test arms it again. Another thread may have been first. */
    if (__atomic_exchange_n(&control->armed, 0, __ATOMIC_RELAXED) != 0)
        return true;
    site->failed = 0;
    return false;
}

/* The C library asserts that it has memory for its own (users, threads): no program can mend that.
 */
static bool is_c_library(const void *site)
{
    uintptr_t at = (uintptr_t)site;
    return (at >= library_from && at < library_to) || (at >= linker_from && at < linker_to);
}

/* Frees twice what it could not finish for want of memory, and is loaded by name, later. */
static bool is_seccomp_library(const void *site)
{
    Dl_info info;
    return !fault_is_program(site) && dladdr(site, &info) != 0 && info.dli_fname != NULL
           && strstr(info.dli_fname, "/libseccomp.so") != NULL;
}

bool fault_falls(enum call_kind kind, const void *site, size_t size, bool matches)
{
    struct fault_control *control = fault_control;
    if (control == NULL || (kind == CALL_ALLOC && is_c_library(site)))
        return false;
    __atomic_add_fetch(&control->calls[kind], 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(&control->armed, __ATOMIC_RELAXED) == 0 || (control->kinds >> kind & 1) == 0
        || (control->with_path != 0 && !matches)
        || (kind == CALL_ALLOC && is_seccomp_library(site)))
        return false;
    uint64_t index = __atomic_fetch_add(&control->seen, 1, __ATOMIC_RELAXED);
    uint64_t key = key_of(site, size);
    if (!is_next(control, site_of(control, key, kind, index), index))
        return false;
    __atomic_add_fetch(&control->failed, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&control->failures[kind], 1, __ATOMIC_RELAXED);
    control->last_kind = kind;
    control->last_site = (uintptr_t)site;
    return true;
}
