#define _GNU_SOURCE
#include "Input.h"
#include <errno.h>
#include <stdio.h>

char *nn_read_line(long *count) {
  char *line = NULL;
  size_t capacity = 0;
  errno = 0;
  *count = getline(&line, &capacity, stdin);
  if (*count < 0 && errno == EINTR) {
    clearerr(stdin);
    *count = NN_LINE_INTERRUPTED;
  }
  return line;
}
