#pragma once
#include <stddef.h>

/// The linker's build id of the running program, in hex: the same for the same bytes, another one for every other build; "" where it has none.
const char *nn_build_id(void);

/// Until nn_end_trap_watch, a trap (a failed precondition of Swift) or a wrong access to memory writes `message` before it ends the process.
void nn_watch_trap(const char *message);
void nn_end_trap_watch(void);

/// memmem, which Swift's Glibc does not show.
const void *nn_find_bytes(const void *bytes, size_t count, const void *wanted, size_t wanted_count);
