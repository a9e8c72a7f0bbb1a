#include "CPU.h"
#include <unistd.h>

volatile int nn_interrupt_flag = 0;
const char *volatile nn_interrupt_reason = "interrupted!";
ptrdiff_t nn_external_bytes = 0;

int nn_cpu_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return 2;
  if (__builtin_cpu_supports("x86-64-v3")) return 1;
#endif
  return 0;
}

long nn_cache_size(int level) {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  long size = sysconf(level == 1 ? _SC_LEVEL1_DCACHE_SIZE : level == 2 ? _SC_LEVEL2_CACHE_SIZE : _SC_LEVEL3_CACHE_SIZE);
  return size > 0 ? size : 0;
#else
  return 0;
#endif
}
