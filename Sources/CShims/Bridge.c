#define _GNU_SOURCE
#include "Bridge.h"
#include "CPU.h"
#include "Plugin.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

nn_call_function nn_call;
void (*nn_release)(const void *object);

static const char magic;

nn_host *nn_host_of(lua_State *L) { return *(nn_host **)lua_getextraspace(L); }

// ---- memory ----

static void *allocate(void *context, void *block, size_t old, size_t size) {
  nn_host *host = context;
  size_t held = block ? old : 0;
  if (size == 0) {
    free(block);
    host->live -= held;
    return NULL;
  }
  if (size > held && host->limit && host->live - held + size + (size_t)nn_external_bytes > host->limit) {
    if (!host->inside_swift) return NULL;
    host->over_limit = 1;
  }
  void *result = realloc(block, size);
  if (result) {
    host->live += size - held;
    if (host->live > host->peak) host->peak = host->live;
  }
  return result;
}

static int at_panic(lua_State *L) {
  const char *message = lua_tostring(L, -1);
  static const char prefix[] = "nnlua: error outside any protected call: ";
  (void)!write(2, prefix, sizeof prefix - 1);
  if (message) (void)!write(2, message, strlen(message));
  (void)!write(2, "\n", 1);
  return 0;
}

static void on_warning(void *context, const char *text, int more) {
  static int fresh = 1;
  (void)context;
  if (fresh && !more && text[0] == '@') return;  // control messages
  fprintf(stderr, "%s%s%s", fresh ? "Lua warning: " : "", text, more ? "" : "\n");
  fresh = !more;
}

lua_State *nn_new_state(size_t limit) {
  nn_host *host = calloc(1, sizeof *host);
  if (!host) return NULL;
  host->limit = limit;
  host->inside_swift = 1;
  lua_State *L = lua_newstate(allocate, host);
  if (!L) {
    free(host);
    return NULL;
  }
  *(nn_host **)lua_getextraspace(L) = host;
  host->main = L;
  host->chain_capacity = 16;
  host->chain = malloc(16 * sizeof *host->chain);
  host->chain[0] = L;
  host->chain_count = 1;
  host->exit_status = -1;
  pthread_mutex_init(&host->run_lock, NULL);
  lua_atpanic(L, at_panic);
  lua_setwarnf(L, on_warning, NULL);
  return L;
}

void nn_close_state(lua_State *L) {
  nn_host *host = nn_host_of(L);
  lua_close(L);
  nn_forget_traps(host);
  pthread_mutex_destroy(&host->run_lock);
  free(host->raise_soon);
  free(host->traceback);
  free(host->chain);
  free(host);
}

// ---- bound calls ----

static int finish(lua_State *L, int code) {
  if (code >= 0) return code;
  if (code == NN_RAISE) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int call_box(lua_State *L, const void *box) {
  nn_host *host = nn_host_of(L);
  host->inside_swift++;
  int code = nn_call(L, box);
  host->inside_swift--;
  if (host->over_limit && !host->inside_swift) {
    host->over_limit = 0;
    lua_gc(L, LUA_GCCOLLECT, 0);
    if (host->limit && host->live > host->limit) return luaL_error(L, "not enough memory");
  }
  return finish(L, code);
}

static int trampoline(lua_State *L) { return call_box(L, lua_touserdata(L, lua_upvalueindex(1))); }

static int release_box(lua_State *L) {
  const void **owner = lua_touserdata(L, 1);
  if (owner && *owner) {
    nn_release(*owner);
    *owner = NULL;
  }
  return 0;
}

static void push_owner(lua_State *L, const void *box) {
  const void **owner = lua_newuserdatauv(L, sizeof *owner, 0);
  *owner = box;
  if (luaL_newmetatable(L, "nnlua.function")) {
    lua_pushcfunction(L, release_box);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
}

// upvalues: 1 the box, 2 its owner, 3 the name, for last words
void nn_push_function(lua_State *L, const void *box, const char *name) {
  lua_pushlightuserdata(L, (void *)box);
  push_owner(L, box);
  lua_pushstring(L, name);
  lua_pushcclosure(L, trampoline, 3);
}

// upvalues: 1 methods and getters by name, 2 the fallback's box, 3 its owner
static int index_field(lua_State *L) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    int type = lua_rawget(L, lua_upvalueindex(1));
    if (type == LUA_TLIGHTUSERDATA) {
      const void *getter = lua_touserdata(L, -1);
      lua_settop(L, 1);
      return call_box(L, getter);
    }
    if (type != LUA_TNIL) return 1;
    lua_settop(L, 2);
  }
  return call_box(L, lua_touserdata(L, lua_upvalueindex(2)));
}

void nn_push_index(lua_State *L, int methods, const void *fallback) {
  lua_pushvalue(L, methods);
  lua_pushlightuserdata(L, (void *)fallback);
  push_owner(L, fallback);
  lua_pushcclosure(L, index_field, 3);
}

// ---- userdata ----

static nn_userdata *ours(lua_State *L, int index) {
  nn_userdata *data = lua_touserdata(L, index);
  if (!data || lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof *data || data->magic != &magic) return NULL;
  return data;
}

const void *nn_object_at(lua_State *L, int index) {
  nn_userdata *data = ours(L, index);
  return data ? data->object : NULL;
}

int nn_is_closed(lua_State *L, int index) {
  nn_userdata *data = ours(L, index);
  return data && !data->object;
}

nn_userdata *nn_new_userdata(lua_State *L, const void *object, int metatable_ref, int user_values) {
  nn_userdata *data = lua_newuserdatauv(L, sizeof *data, user_values);
  data->magic = &magic;
  data->object = object;
  lua_rawgeti(L, LUA_REGISTRYINDEX, metatable_ref);
  lua_setmetatable(L, -2);
  return data;
}

const void *nn_take_object(lua_State *L, int index) {
  nn_userdata *data = ours(L, index);
  if (!data) return NULL;
  const void *object = data->object;
  data->object = NULL;
  return object;
}

static int release_object(lua_State *L) {
  const void *object = nn_take_object(L, 1);
  if (object) nn_release(object);
  return 0;
}

void nn_push_release(lua_State *L) { lua_pushcfunction(L, release_object); }

// ---- protected calls ----

static int add_traceback(lua_State *L) {
  const char *message = lua_tostring(L, 1);
  if (!message) {
    if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) return 1;
    if (!lua_isnoneornil(L, 1)) {
      if (luaL_getmetafield(L, 1, "__name") == LUA_TSTRING) message = lua_pushfstring(L, "(error object is a %s value)", lua_tostring(L, -1));
    }
    if (!message) message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  }
  luaL_traceback(L, L, message, 1);
  return 1;
}

int nn_pcall(lua_State *L, int arguments, int results, int traceback) {
  nn_host *host = nn_host_of(L);
  int inside = host->inside_swift, count = host->chain_count, handler = 0;
  host->inside_swift = 0;
  if (traceback) {
    handler = lua_gettop(L) - arguments;
    lua_pushcfunction(L, add_traceback);
    lua_insert(L, handler);
  }
  int status = lua_pcall(L, arguments, results, handler);
  if (traceback) lua_remove(L, handler);
  host->inside_swift = inside;
  host->chain_count = count;  // an error may have left coroutines behind
  return status;
}

static int keep_traceback(lua_State *L) {
  nn_host *host = nn_host_of(L);
  luaL_traceback(L, L, NULL, 1);
  free(host->traceback);
  host->traceback = strdup(lua_tostring(L, -1));
  lua_settop(L, 1);
  return 1;
}

int nn_pcall_traced(lua_State *L, int arguments, int results) {
  nn_host *host = nn_host_of(L);
  free(host->traceback);
  host->traceback = NULL;
  int handler = lua_gettop(L) - arguments;
  lua_pushcfunction(L, keep_traceback);
  lua_insert(L, handler);
  int inside = host->inside_swift, count = host->chain_count;
  host->inside_swift = 0;
  int status = lua_pcall(L, arguments, results, handler);
  lua_remove(L, handler);
  host->inside_swift = inside;
  host->chain_count = count;
  return status;
}

int nn_load_buffer(lua_State *L, const char *text, size_t size, const char *chunk) { return luaL_loadbufferx(L, text, size, chunk, "t"); }

int nn_load_file(lua_State *L, const char *path) { return luaL_loadfilex(L, path, NULL); }

static int protected_tostring(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

const char *nn_tolstring(lua_State *L, int index, size_t *size) {
  index = lua_absindex(L, index);
  lua_pushcfunction(L, protected_tostring);
  lua_pushvalue(L, index);
  if (nn_pcall(L, 1, 1, 0) != LUA_OK) return NULL;
  return lua_tolstring(L, -1, size);
}

static int protected_get(lua_State *L) {
  lua_gettable(L, 1);
  return 1;
}

int nn_get_table(lua_State *L, int index) {
  index = lua_absindex(L, index);
  lua_pushcfunction(L, protected_get);
  lua_insert(L, -2);
  lua_pushvalue(L, index);
  lua_insert(L, -2);
  return nn_pcall(L, 2, 1, 0);
}

// ---- macros as functions ----

void nn_pop(lua_State *L, int count) { lua_settop(L, -count - 1); }
int nn_absolute(lua_State *L, int index) { return lua_absindex(L, index); }
int nn_upvalue_index(int i) { return lua_upvalueindex(i); }
int nn_registry_index(void) { return LUA_REGISTRYINDEX; }
int nn_is_method_call(lua_State *L) {
  lua_Debug info;
  if (!lua_getstack(L, 0, &info)) return 0;
  lua_getinfo(L, "n", &info);
  return info.namewhat && strcmp(info.namewhat, "method") == 0;
}
int nn_is_called_by_c(lua_State *L) {
  lua_Debug info;
  if (!lua_getstack(L, 1, &info)) return 0;
  lua_getinfo(L, "S", &info);
  return *info.what == 'C';
}
void nn_where(lua_State *L, int level) { luaL_where(L, level); }
void nn_traceback(lua_State *L, const char *message, int level) { luaL_traceback(L, L, message, level); }
long long nn_live_bytes(lua_State *L) { return (long long)nn_host_of(L)->live; }
int nn_generational(lua_State *L) { return lua_gc(L, LUA_GCGEN, 0, 0); }
int nn_incremental(lua_State *L) { return lua_gc(L, LUA_GCINC, 0, 0, 0); }
int nn_step(lua_State *L) { return lua_gc(L, LUA_GCSTEP, 0); }
int nn_collect(lua_State *L) { return lua_gc(L, LUA_GCCOLLECT, 0); }
void nn_push_global_table(lua_State *L) { lua_pushglobaltable(L); }

// ---- coroutines that an interrupt can reach ----

static void interrupt_hook(lua_State *L, lua_Debug *info) {
  nn_host *host = nn_host_of(L);
  if (host->raise_soon) {
    lua_sethook(L, NULL, 0, 0);
    lua_pushstring(L, host->raise_soon);
    free(host->raise_soon);
    host->raise_soon = NULL;
    luaL_where(L, info->event == LUA_HOOKRET);  // a function of the library that is about to return: its caller's line
    lua_insert(L, -2);
    lua_concat(L, 2);
    lua_error(L);
  }
  if (!nn_interrupt_flag) {
    lua_sethook(L, NULL, 0, 0);
    return;
  }
  luaL_error(L, "%s", host->exit_status >= 0 ? "exit" : nn_interrupt_reason);
}

static void set_hook(lua_State *L) { lua_sethook(L, interrupt_hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1); }

/// Resumes `co` with `count` arguments from L: results moved to L, or -1 with the error moved there.
static int resume(lua_State *L, lua_State *co, int count) {
  nn_host *host = nn_host_of(L);
  if (!lua_checkstack(co, count)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  if (host->chain_count == host->chain_capacity) {
    int capacity = host->chain_capacity * 2;
    lua_State **bigger = malloc((size_t)capacity * sizeof *bigger);
    if (!bigger) return luaL_error(L, "not enough memory");
    memcpy(bigger, host->chain, (size_t)host->chain_count * sizeof *bigger);
    lua_State **old = host->chain;
    host->chain = bigger;  // the handler may read it at any instant: first the new block, then free the old
    host->chain_capacity = capacity;
    free(old);
  }
  lua_xmove(L, co, count);
  host->chain[host->chain_count++] = co;
  if (nn_interrupt_flag) set_hook(co);
  int results = 0, before = host->chain_count - 1, status = lua_resume(co, L, count, &results);
  host->chain_count = before;
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return -1;
  }
  if (!lua_checkstack(L, results + 1)) {
    lua_pop(co, results);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, results);
  return results;
}

static int coroutine_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  int results = resume(L, co, lua_gettop(L) - 1);
  if (results < 0) {
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
  }
  lua_pushboolean(L, 1);
  lua_insert(L, -(results + 1));
  return results + 1;
}

static int wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int results = resume(L, co, lua_gettop(L));
  if (results >= 0) return results;
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) {  // the error was inside: close what it left open
    status = lua_resetthread(co);
    lua_xmove(co, L, 1);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int coroutine_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, wrapped, 1);
  return 1;
}

// upvalue 1: Lua's own os.exit
static int os_exit(lua_State *L) {
  nn_host *host = nn_host_of(L);
  if (!host->runs) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 0);
    return 0;
  }
  int status = lua_isboolean(L, 1) ? !lua_toboolean(L, 1) : (int)luaL_optinteger(L, 1, 0);
  host->exit_status = status & 0xFF;  // what a process could tell
  nn_interrupt_flag = 1;              // no pcall keeps it from ending the run
  for (int i = 0; i < host->chain_count; i++) set_hook(host->chain[i]);
  return luaL_error(L, "exit");
}

void nn_raise_soon(lua_State *L, const char *message) {
  nn_host *host = nn_host_of(L);
  free(host->raise_soon);
  host->raise_soon = strdup(message);
  set_hook(host->chain[host->chain_count - 1]);
}

void nn_open_standard(lua_State *L) {
  luaL_openlibs(L);
  nn_host *host = nn_host_of(L);
  lua_getglobal(L, "io");
  static const char *const names[] = {"stdin", "stdout", "stderr"};
  for (int i = 0; i < 3; i++) {
    lua_getfield(L, -1, names[i]);
    host->standard_streams[i] = lua_touserdata(L, -1);
    luaL_ref(L, LUA_REGISTRYINDEX);  // kept, whatever a script does to the table
  }
  lua_getglobal(L, "os");
  lua_getfield(L, -1, "exit");
  lua_pushcclosure(L, os_exit, 1);
  lua_setfield(L, -2, "exit");
  lua_pop(L, 2);
  lua_getglobal(L, "coroutine");
  lua_pushcfunction(L, coroutine_resume);
  lua_setfield(L, -2, "resume");
  lua_pushcfunction(L, coroutine_wrap);
  lua_setfield(L, -2, "wrap");
  lua_pop(L, 1);
}

// ---- interrupts ----

static nn_host *watched;
static pthread_t watched_thread;

void nn_interrupt(lua_State *L) {
  nn_host *host = nn_host_of(L);
  if (host->holding && !host->held) {
    host->held = 1;
    return;
  }
  nn_interrupt_flag = 1;
  for (int i = 0; i < host->chain_count; i++) set_hook(host->chain[i]);
}

static lua_State *limited;
static pthread_t limited_thread;
static struct timespec limit;
static char limit_reason[64];

static void on_limit(int number) {
  (void)number;
  nn_interrupt_reason = limit_reason;
  nn_interrupt_flag = 1;
  nn_host *host = nn_host_of(limited);
  for (int i = 0; i < host->chain_count; i++) set_hook(host->chain[i]);
}

static void *await_limit(void *unused) {
  (void)unused;
  while (nanosleep(&limit, &limit)) {}
  struct timespec grace = {2, 500000000};
  for (int i = 0; i < 2; i++) {  // once more for what began to run after the first time
    pthread_kill(limited_thread, SIGALRM);
    nanosleep(&grace, NULL);
  }
  static const char last[] = "nnlua: the time limit is over and the script does not end\n";
  (void)!write(2, last, sizeof last - 1);
  _exit(1);
}

int nn_limit_time(lua_State *L, double seconds, const char *shown) {
  limited = nn_host_of(L)->main;
  limited_thread = pthread_self();
  snprintf(limit_reason, sizeof limit_reason, "the time limit of %s is over", shown);
  limit.tv_sec = (time_t)seconds;
  limit.tv_nsec = (long)((seconds - (double)limit.tv_sec) * 1e9);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_limit;  // no SA_RESTART: a script waiting in io.read is woken
  sigaction(SIGALRM, &action, NULL);
  sigset_t alarm;  // a parent may have blocked it
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
  pthread_t thread;
  int failure = pthread_create(&thread, NULL, await_limit, NULL);
  if (!failure) pthread_detach(thread);
  return failure;
}

int nn_time_is_over(void) { return nn_interrupt_reason == limit_reason; }

void nn_end_interrupt(lua_State *L) {
  nn_host *host = nn_host_of(L);
  if (nn_time_is_over()) return;  // for good
  nn_interrupt_flag = 0;
  for (int i = 0; i < host->chain_count; i++) lua_sethook(host->chain[i], NULL, 0, 0);
}

void nn_hold_interrupts(lua_State *L) { nn_host_of(L)->holding++; }

int nn_interrupt_held(lua_State *L) { return nn_host_of(L)->held; }

void nn_release_interrupts(lua_State *L) {
  nn_host *host = nn_host_of(L);
  if (--host->holding == 0) host->held = 0;
}

void nn_die_of_interrupt(void) {
  signal(SIGINT, SIG_DFL);
  raise(SIGINT);
}

static void on_sigint(int number) {
  if (!pthread_equal(pthread_self(), watched_thread)) {
    pthread_kill(watched_thread, number);
    return;
  }
  if (nn_interrupt_flag) {  // the second time: end
    signal(number, SIG_DFL);
    raise(number);
    return;
  }
  nn_interrupt(watched->main);
}

void nn_watch_interrupts(lua_State *L) {
  watched = nn_host_of(L);
  watched_thread = pthread_self();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_sigint;  // no SA_RESTART: a script waiting in io.read is woken
  sigaction(SIGINT, &action, NULL);
}
