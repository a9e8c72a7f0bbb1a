#include "CResources.h"
#include <string.h>

// One line for each shipped file: an array, and an entry of the table.
static const unsigned char class_lua[] = {
#embed "Lua/class.lua"
};
static const unsigned char digits_images[] = {
#embed "Data/digits-images-idx3-ubyte.gz"
};
static const unsigned char digits_labels[] = {
#embed "Data/digits-labels-idx1-ubyte.gz"
};
static const unsigned char ordered_lua[] = {
#embed "Lua/ordered.lua"
};
static const unsigned char display_lua[] = {
#embed "Lua/display.lua"
};
static const unsigned char progress_lua[] = {
#embed "Lua/progress.lua"
};
static const unsigned char runtime_lua[] = {
#embed "Lua/runtime.lua"
};
static const unsigned char tensor_lua[] = {
#embed "Lua/tensor.lua"
};

static const nn_resource resources[] = {
    {"digits-images-idx3-ubyte.gz", digits_images, sizeof digits_images},
    {"digits-labels-idx1-ubyte.gz", digits_labels, sizeof digits_labels},
    {"class.lua", class_lua, sizeof class_lua},
    {"ordered.lua", ordered_lua, sizeof ordered_lua},
    {"display.lua", display_lua, sizeof display_lua},
    {"progress.lua", progress_lua, sizeof progress_lua},
    {"runtime.lua", runtime_lua, sizeof runtime_lua},
    {"tensor.lua", tensor_lua, sizeof tensor_lua},
};

nn_resource nn_find_resource(const char *name) {
  for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
    if (strcmp(resources[i].name, name) == 0) return resources[i];
  return (nn_resource){name, NULL, 0};
}
