#pragma once
#include <stddef.h>
#include "Bridge.h"

/// The linker's build id of the running program, in hex: the same for the same bytes, another one for every other build; "" where it has none.
const char *nn_build_id(void);

/// From now on a trap (a failed precondition of Swift), a wrong access to memory or an abort writes which plugin and which bound function it was in,
/// then the process ends as it would have. L's coroutines say where in the script.
void nn_watch_traps(lua_State *L);
/// The state is closed: last words no longer look at it.
void nn_forget_traps(const nn_host *host);
/// Between the two, last words say that the plugin was being loaded.
void nn_begin_loading(const char *name, const char *path);
void nn_end_loading(void);
/// A plugin that is loaded; `symbol` is any address in it.
void nn_note_plugin(const char *name, const char *path, const void *symbol);

/// memmem, which Swift's Glibc does not show.
const void *nn_find_bytes(const void *bytes, size_t count, const void *wanted, size_t wanted_count);
