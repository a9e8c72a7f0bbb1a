#include "CResources.h"
#include <string.h>

// One line for each shipped file: an array, and an entry of the table.
static const unsigned char class_lua[] = {
#embed "Lua/class.lua"
};
static const unsigned char sandbox_lua[] = {
#embed "Lua/sandbox.lua"
};
static const unsigned char digits_images[] = {
#embed "Data/digits-images-idx3-ubyte.gz"
};
static const unsigned char digits_labels[] = {
#embed "Data/digits-labels-idx1-ubyte.gz"
};
static const unsigned char optim_lua[] = {
#embed "Lua/optim.lua"
};
static const unsigned char history_lua[] = {
#embed "Lua/history.lua"
};
static const unsigned char train_options_lua[] = {
#embed "Lua/train_options.lua"
};
static const unsigned char train_lua[] = {
#embed "Lua/train.lua"
};
static const unsigned char iris_csv[] = {
#embed "Data/iris.csv"
};
static const unsigned char data_lua[] = {
#embed "Lua/data.lua"
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
static const unsigned char report_css[] = {
#embed "Report/report.css"
};
static const unsigned char template_swift[] = {
#embed "Plugin/template.swift"
};
static const unsigned char template_lua[] = {
#embed "Plugin/template.lua"
};
static const unsigned char template_md[] = {
#embed "Plugin/template.md"
};
static const unsigned char plugin_check_lua[] = {
#embed "Plugin/plugin_check.lua"
};
static const unsigned char logo_svg[] = {
#embed "Jupyter/logo-svg.svg"
};
static const unsigned char logo_32[] = {
#embed "Jupyter/logo-32x32.png"
};
static const unsigned char logo_64[] = {
#embed "Jupyter/logo-64x64.png"
};

static const nn_resource resources[] = {
    {"report.css", report_css, sizeof report_css},
    {"logo-svg.svg", logo_svg, sizeof logo_svg},
    {"logo-32x32.png", logo_32, sizeof logo_32},
    {"logo-64x64.png", logo_64, sizeof logo_64},
    {"plugin_check.lua", plugin_check_lua, sizeof plugin_check_lua},
    {"template.md", template_md, sizeof template_md},
    {"template.lua", template_lua, sizeof template_lua},
    {"template.swift", template_swift, sizeof template_swift},
    {"digits-images-idx3-ubyte.gz", digits_images, sizeof digits_images},
    {"digits-labels-idx1-ubyte.gz", digits_labels, sizeof digits_labels},
    {"iris.csv", iris_csv, sizeof iris_csv},
    {"data.lua", data_lua, sizeof data_lua},
    {"sandbox.lua", sandbox_lua, sizeof sandbox_lua},
    {"class.lua", class_lua, sizeof class_lua},
    {"optim.lua", optim_lua, sizeof optim_lua},
    {"history.lua", history_lua, sizeof history_lua},
    {"train_options.lua", train_options_lua, sizeof train_options_lua},
    {"train.lua", train_lua, sizeof train_lua},
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
