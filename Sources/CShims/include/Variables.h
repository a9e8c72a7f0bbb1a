#pragma once
#include <lua.h>

/// Pushes a function (roots, from, i, to, j): every Lua function that is reached from the table `roots` and shares upvalue i of the function
/// `from` shares upvalue j of the function `to` instead. It returns how many did.
void nn_push_rejoin(lua_State *L);
