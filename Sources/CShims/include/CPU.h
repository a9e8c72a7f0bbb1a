#pragma once
#include <stddef.h>
#include <stdint.h>

/// The highest instruction level this processor runs: 0 base, 1 AVX2 with FMA (x86-64-v3), 2 AVX-512 (x86-64-v4).
int nn_cpu_level(void);

/// Bytes of the data cache at `level` (1, 2 or 3); 0 where the system does not say.
long nn_cache_size(int level);

/// Set from the handler of SIGINT and by time limits; long kernels poll it between tiles and return early.
extern volatile int nn_interrupt_flag __attribute__((swift_attr("nonisolated(unsafe)")));
/// What the interrupt is raised as: "interrupted!", or which limit was reached.
extern const char *volatile nn_interrupt_reason __attribute__((swift_attr("nonisolated(unsafe)")));
/// Bytes that Swift objects hold outside Lua: Lua's allocator counts them towards its limit.
extern ptrdiff_t nn_external_bytes __attribute__((swift_attr("nonisolated(unsafe)")));
