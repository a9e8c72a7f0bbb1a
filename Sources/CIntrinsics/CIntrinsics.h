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

#if defined(__AVX512F__)
typedef float nn_float16 __attribute__((ext_vector_type(16)));
typedef int nn_int16 __attribute__((ext_vector_type(16)));

/// x 2^⌊n⌋, rounded once where it is subnormal.
static inline __attribute__((always_inline)) nn_float16 nn_scale(nn_float16 x, nn_float16 n) {
  return __builtin_ia32_scalefps512_mask(x, n, x, (unsigned short)-1, 4);
}

/// The elements of `table` that the lowest four bits of each of `places` name.
static inline __attribute__((always_inline)) nn_float16 nn_pick(nn_float16 table, nn_int16 places) {
  return __builtin_ia32_permvarsf512(table, places);
}
#endif
