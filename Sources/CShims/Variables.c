#include "Variables.h"
#include <lauxlib.h>

enum { ROOTS = 1, FROM, FROM_POSITION, TO, TO_POSITION, SEEN, WAITING };
enum { MOST_VALUES = 1000000 };  // a second's work at most

/// Puts the value on top, which it pops, on the list of those to be looked into, once.
static void visit(lua_State *L, lua_Integer *count) {
  int type = lua_type(L, -1);
  if (type != LUA_TTABLE && type != LUA_TFUNCTION && type != LUA_TUSERDATA) {
    lua_pop(L, 1);
    return;
  }
  lua_pushvalue(L, -1);
  int seen = lua_rawget(L, SEEN) != LUA_TNIL;
  lua_pop(L, 1);
  if (seen) {
    lua_pop(L, 1);
    return;
  }
  lua_pushvalue(L, -1);
  lua_pushboolean(L, 1);
  lua_rawset(L, SEEN);
  lua_rawseti(L, WAITING, ++*count);
}

static int rejoin(lua_State *L) {
  int from = (int)lua_tointeger(L, FROM_POSITION), to = (int)lua_tointeger(L, TO_POSITION), joined = 0;
  void *id = lua_upvalueid(L, FROM, from);
  lua_Integer count = 0, looked = 0;
  lua_newtable(L);
  lua_newtable(L);
  lua_pushvalue(L, FROM);  // the old variable stays what it was in the closure that names it
  lua_pushboolean(L, 1);
  lua_rawset(L, SEEN);
  lua_pushvalue(L, ROOTS);
  visit(L, &count);
  while (count > 0 && looked++ < MOST_VALUES) {
    lua_rawgeti(L, WAITING, count);
    lua_pushnil(L);
    lua_rawseti(L, WAITING, count--);
    int value = lua_gettop(L);
    if (lua_getmetatable(L, value)) visit(L, &count);
    switch (lua_type(L, value)) {
      case LUA_TFUNCTION:
        for (int i = 1; lua_getupvalue(L, value, i); i++) {
          visit(L, &count);
          if (!lua_iscfunction(L, value) && lua_upvalueid(L, value, i) == id) {
            lua_upvaluejoin(L, value, i, TO, to);
            joined++;
          }
        }
        break;
      case LUA_TUSERDATA:
        for (int i = 1; lua_getiuservalue(L, value, i) != LUA_TNONE; i++) visit(L, &count);
        lua_settop(L, value);
        break;
      case LUA_TTABLE:
        lua_pushnil(L);
        while (lua_next(L, value)) {
          visit(L, &count);
          lua_pushvalue(L, -1);
          visit(L, &count);
        }
        break;
    }
    lua_settop(L, value - 1);
  }
  lua_pushinteger(L, joined);
  return 1;
}

void nn_push_rejoin(lua_State *L) { lua_pushcfunction(L, rejoin); }
