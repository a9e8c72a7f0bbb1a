#pragma once
#include <stdint.h>

/// The highest instruction level this processor runs: 0 base, 1 AVX2 with FMA (x86-64-v3), 2 AVX-512 (x86-64-v4).
int nn_cpu_level(void);

/// Bytes of the data cache at `level` (1, 2 or 3); 0 where the system does not say.
long nn_cache_size(int level);

/// Set from the handler of SIGINT and by time limits; long kernels poll it between tiles and return early.
extern volatile int nn_interrupt_flag __attribute__((swift_attr("nonisolated(unsafe)")));

/// Tells the core that this thread only waits for another one's write.
static inline void nn_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
