#pragma once

// Single instructions for which Swift has no name.

/// Tells the core that this thread only waits for another one's write.
static inline __attribute__((always_inline)) void nn_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Asks for the cache line at `place`, which need not exist.
static inline __attribute__((always_inline)) void nn_prefetch(const void *place) { __builtin_prefetch(place, 0, 3); }

/// The same into the second-level cache, for what is needed some microseconds later.
static inline __attribute__((always_inline)) void nn_prefetch_second(const void *place) { __builtin_prefetch(place, 0, 2); }
