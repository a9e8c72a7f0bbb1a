#pragma once
#include <stddef.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

// What Swift cannot say of Lua: macros, protected calls, the one C function that Lua sees, interrupts.
// Nothing here lets a Lua error (a longjmp) cross a Swift frame.

/// One per Lua state; every coroutine reaches it through Lua's extra space.
typedef struct nn_host {
  size_t live, peak, limit;    ///< bytes held by Lua's own allocator; limit 0 is none, else for them and nn_external_bytes together
  int inside_swift;            ///< > 0 while a Swift frame is alive: the allocator then refuses nothing, for a refusal would be a longjmp
  int over_limit;              ///< the limit was passed inside Swift: raised when the call returns
  void *owner;                 ///< the Swift LuaState, unretained
  lua_State *main;
  lua_State **chain;           ///< the main state and the coroutines now being resumed, innermost last
  int chain_count, chain_capacity;
  volatile int holding, held;  ///< > 0 while the first interrupt waits; one has come meanwhile
  luaL_Stream *standard_streams[3];  ///< io.stdin, io.stdout, io.stderr
  FILE *streams_before[3];           ///< the process's own, while a front end has taken their place
  int is_redirected;
  int runs;                          ///< > 0 between nn_begin_run and nn_end_run
  int exit_status;                   ///< of os.exit in this run, or -1
  pthread_mutex_t run_lock;          ///< guards the next two
  int is_running;
  pthread_t thread;
  char *raise_soon;                  ///< a message that the hook raises once
  char *traceback;                   ///< of the last error in nn_pcall_traced
} nn_host;

/// Swift's end of a bound call: >= 0 results on the stack; NN_RAISE raises the string on top with the script's position;
/// NN_RERAISE raises the value on top as it is.
typedef int (*nn_call_function)(lua_State *L, const void *box);
enum { NN_RAISE = -2, NN_RERAISE = -3 };
extern nn_call_function nn_call __attribute__((swift_attr("nonisolated(unsafe)")));
extern void (*nn_release)(const void *object) __attribute__((swift_attr("nonisolated(unsafe)")));

lua_State *nn_new_state(size_t limit);
void nn_close_state(lua_State *L);
nn_host *nn_host_of(lua_State *L);

/// Pushes a function that calls `box`; the function owns one reference to it, given back through nn_release.
void nn_push_function(lua_State *L, const void *box, const char *name);
/// Pushes an `__index` that looks a string key up in the table at `methods` (functions are returned, light userdata are getters to call)
/// and asks `fallback` for everything else.
void nn_push_index(lua_State *L, int methods, const void *fallback);

/// A userdata that holds a Swift object. `magic` tells it from every other library's userdata.
typedef struct nn_userdata { const void *magic; const void *object; } nn_userdata;
const void *nn_object_at(lua_State *L, int index);        ///< the object, or NULL where the value is no userdata of ours or was closed
int nn_is_closed(lua_State *L, int index);                ///< ours, but freed by <close> or T.scope
nn_userdata *nn_new_userdata(lua_State *L, const void *object, int metatable_ref, int user_values);
const void *nn_take_object(lua_State *L, int index);      ///< empties the userdata and returns what it held
void nn_push_release(lua_State *L);                       ///< what `__gc` does: what the object holds goes, the userdata stays behind empty

/// lua_pcall with the allocator's guard lifted; `traceback` adds one to string errors.
int nn_pcall(lua_State *L, int arguments, int results, int traceback);
int nn_pcall_traced(lua_State *L, int arguments, int results);  ///< keeps the error as it is, its traceback in the host
int nn_load_buffer(lua_State *L, const char *text, size_t size, const char *chunk);
int nn_load_file(lua_State *L, const char *path);
const char *nn_tolstring(lua_State *L, int index, size_t *size);  ///< as tostring(v), pushed; NULL (error on top) if a metamethod raised
int nn_get_table(lua_State *L, int index);                ///< key on top -> value, by metamethods; 0 ok, else error on top
void nn_open_standard(lua_State *L);                      ///< standard libraries, and `coroutine` that can be interrupted

void nn_pop(lua_State *L, int count);
int nn_absolute(lua_State *L, int index);
int nn_upvalue_index(int i);
int nn_registry_index(void);
int nn_is_method_call(lua_State *L);                      ///< was the running function called as object:name(…)?
int nn_is_called_by_c(lua_State *L);                      ///< did a C function call the running one, not a line of a script?
void nn_where(lua_State *L, int level);
void nn_traceback(lua_State *L, const char *message, int level);
long long nn_live_bytes(lua_State *L);
int nn_generational(lua_State *L);
int nn_incremental(lua_State *L);
int nn_step(lua_State *L);
int nn_collect(lua_State *L);
void nn_push_global_table(lua_State *L);

/// Ctrl-C: raises "interrupted!" in whatever Lua code runs on this thread, coroutines and nested pcalls too, until nn_end_interrupt.
void nn_watch_interrupts(lua_State *L);
void nn_interrupt(lua_State *L);                          ///< async-signal-safe; on Lua's own thread only
void nn_end_interrupt(lua_State *L);
/// After so many seconds everything that runs on this thread is interrupted for good, and the process ends 5 seconds later if it has not by itself.
/// `shown` names the time in the message. Once in a process; 0, or the error of making a thread.
int nn_limit_time(lua_State *L, double seconds, const char *shown);
int nn_time_is_over(void);
void nn_hold_interrupts(lua_State *L);                    ///< the first interrupt from now on is only noted, the second breaks; may be nested
int nn_interrupt_held(lua_State *L);                      ///< whether one was noted
void nn_release_interrupts(lua_State *L);                 ///< ends the innermost hold; the outermost forgets what was noted
void nn_die_of_interrupt(void);                           ///< ends the process as SIGINT does, so that the shell sees 130
