#pragma once

enum { NN_LINE_INTERRUPTED = -2 };
/// A line of standard input with its end, to be freed by the caller (always); `count` is its length,
/// -1 at the end of input, NN_LINE_INTERRUPTED where a signal came first. (Swift 6 refuses C's `stdin`.)
char *nn_read_line(long *count);
