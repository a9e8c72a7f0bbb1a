#pragma once
#include <stddef.h>

/// A file that ships inside the program.
typedef struct nn_resource {
  const char *name;
  const unsigned char *bytes;
  size_t size;
} nn_resource;

/// The shipped file of that name ("class.lua"); bytes NULL where there is none.
nn_resource nn_find_resource(const char *name);
