#define _GNU_SOURCE
#include "Plugin.h"
#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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
enum { trap_count = sizeof traps / sizeof *traps, frame_count = 64, plugin_count = 64 };
static struct sigaction before[trap_count];
static nn_host *volatile trap_host;
static char loading[1024];

static struct plugin {
  char *name, *path;
  const void *base;
  struct stat file;
} plugins[plugin_count];
static volatile int plugins_known;

static void say(const char *text) { (void)!write(2, text, strlen(text)); }

/// The plugin whose code runs: the innermost frame that lies in one.
static const struct plugin *plugin_at_fault(void) {
  void *frames[frame_count];
  int count = backtrace(frames, frame_count);
  for (int i = 0; i < count; i++) {
    Dl_info info;
    if (!dladdr(frames[i], &info)) continue;
    for (int p = 0; p < plugins_known; p++) {
      if (plugins[p].base == info.dli_fbase) return &plugins[p];
    }
  }
  return NULL;
}

/// " in 'pick', called at test.lua:3": which bound function Lua is in. Nothing is allocated, Lua's structures are only read.
static void say_place(void) {
  nn_host *host = trap_host;
  if (!host) return;
  lua_State *L = host->chain[host->chain_count - 1];
  lua_Debug info;
  char line[24];
  if (!lua_getstack(L, 0, &info)) return;
  lua_getinfo(L, "nf", &info);
  // A bound function knows its name; of what else is bound (fields), Lua knows how the script calls it.
  const char *name = lua_getupvalue(L, -1, 3) && lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : info.name;
  if (name) {
    say(" in '");
    say(name);
    say("'");
  }
  if (!lua_getstack(L, 1, &info)) return;
  lua_getinfo(L, "Sl", &info);
  if (info.currentline <= 0) return;
  say(", called at ");
  say(info.short_src);
  snprintf(line, sizeof line, ":%d", info.currentline);
  say(line);
}

static void say_last_words(int number, siginfo_t *info, void *context) {
  (void)context;
  // One thread speaks: others that trap meanwhile wait here for the end, else they would bring it before a word is said.
  static atomic_flag told = ATOMIC_FLAG_INIT;
  static volatile pthread_t speaker;
  if (atomic_flag_test_and_set(&told)) {
    while (!pthread_equal(speaker, pthread_self())) pause();
    for (int i = 0; i < trap_count; i++) sigaction(traps[i], &before[i], NULL);  // a trap in the last words themselves
    return;
  }
  speaker = pthread_self();
  const struct plugin *plugin = plugin_at_fault();
  const char *what = number == SIGSEGV || number == SIGBUS ? "reached for memory that is not its own (a wild pointer, or calls nested too deep)"
                     : number == SIGABRT                   ? "aborted"
                                                           : "trapped";
  const char *why = number == SIGILL || number == SIGTRAP
                      ? ": a precondition of its Swift code failed (a position outside an array, a number that overflows, a nil that was unwrapped)"
                      : "";
  if (*loading) {
    say("nnlua: plugin ");
    say(loading);
    say(" ");
    say(what);
    say(" while it was loaded");
    say(why);
  } else if (plugin) {
    struct stat now;
    say("nnlua: plugin '");
    say(plugin->name);
    say("' (");
    say(plugin->path);
    say(") ");
    say(what);
    say_place();
    say(why);
    if (stat(plugin->path, &now) == 0 && now.st_ino == plugin->file.st_ino && now.st_mtim.tv_sec != plugin->file.st_mtim.tv_sec) {
      say("; its file was overwritten while it ran: nnlua plugin build puts a new file in its place instead");
    }
  } else {
    say("nnlua: a bound function ");
    say(what);
    say_place();
    say(", outside the code of any plugin");
  }
  say("\n");
  // What stood before takes over: the instruction traps again when this returns, and ends the process as it would have.
  for (int i = 0; i < trap_count; i++) sigaction(traps[i], &before[i], NULL);
  // One that was sent (abort, kill) does not come again by itself.
  if (info->si_code <= 0) raise(number);
}

void nn_watch_traps(lua_State *L) {
  static int watching;
  trap_host = nn_host_of(L);
  if (watching) return;
  watching = 1;
  // The first call of backtrace loads a library, which a handler must not.
  void *frame;
  backtrace(&frame, 1);
  // Calls nested too deep leave no stack for the handler.
  static char stack[1 << 16];
  stack_t old, own = {.ss_sp = stack, .ss_size = sizeof stack};
  if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE)) sigaltstack(&own, NULL);
  struct sigaction action = {.sa_sigaction = say_last_words, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  for (int i = 0; i < trap_count; i++) sigaction(traps[i], &action, &before[i]);
}

void nn_forget_traps(const nn_host *host) {
  if (trap_host == host) trap_host = NULL;
}

void nn_begin_loading(const char *name, const char *path) { snprintf(loading, sizeof loading, "'%s' (%s)", name, path); }
void nn_end_loading(void) { loading[0] = 0; }

void nn_note_plugin(const char *name, const char *path, const void *symbol) {
  Dl_info info;
  if (plugins_known == plugin_count || !dladdr(symbol, &info)) return;
  struct plugin *plugin = &plugins[plugins_known];
  *plugin = (struct plugin){.name = strdup(name), .path = strdup(path), .base = info.dli_fbase};
  if (!plugin->name || !plugin->path || stat(path, &plugin->file) != 0) return;
  plugins_known++;
}

const void *nn_find_bytes(const void *bytes, size_t count, const void *wanted, size_t wanted_count) {
  return memmem(bytes, count, wanted, wanted_count);
}
