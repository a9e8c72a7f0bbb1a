#define _GNU_SOURCE
#include "Plugin.h"
#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char build_id[2 * 64 + 1];

// The first object is the program itself.
static int find_build_id(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  (void)context;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    if (segment->p_type != PT_NOTE) continue;
    const char *at = (const char *)(info->dlpi_addr + segment->p_vaddr), *end = at + segment->p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      const ElfW(Nhdr) *note = (const void *)at;
      const char *name = at + sizeof *note;
      const unsigned char *bytes = (const void *)(name + ((note->n_namesz + 3) & ~3u));
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
        for (unsigned b = 0; b < note->n_descsz && b < 64; b++) snprintf(build_id + 2 * b, 3, "%02x", bytes[b]);
        return 1;
      }
      at = (const char *)bytes + ((note->n_descsz + 3) & ~3u);
    }
  }
  return 1;
}

const char *nn_build_id(void) {
  if (!build_id[0]) dl_iterate_phdr(find_build_id, NULL);
  return build_id;
}

static const int traps[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
enum { trap_count = sizeof traps / sizeof *traps };
static struct sigaction before[trap_count];
static char last_words[1024];

static void say_last_words(int signal) {
  (void)!write(2, last_words, strlen(last_words));
  (void)signal;  // SA_RESETHAND: the instruction traps again, and ends the process as it would have
}

void nn_watch_trap(const char *message) {
  strncpy(last_words, message, sizeof last_words - 1);
  struct sigaction action = {.sa_handler = say_last_words, .sa_flags = (int)SA_RESETHAND};
  for (int i = 0; i < trap_count; i++) sigaction(traps[i], &action, &before[i]);
}

void nn_end_trap_watch(void) {
  for (int i = 0; i < trap_count; i++) sigaction(traps[i], &before[i], NULL);
}

const void *nn_find_bytes(const void *bytes, size_t count, const void *wanted, size_t wanted_count) {
  return memmem(bytes, count, wanted, wanted_count);
}
