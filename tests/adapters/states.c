/*
 * A program with several states of Lua: each has the module for itself, they talk to
 * each other, and one that is closed does not disturb the others.
 */

#include <stdio.h>
#include <stdlib.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static lua_State *start(void) {
  lua_State *L = luaL_newstate();
  if (L == NULL) {
    exit(2);
  }
  luaL_openlibs(L);
  return L;
}

static void run(lua_State *L, const char *code) {
  if (luaL_dostring(L, code) != LUA_OK) {
    fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
    exit(1);
  }
}

int main(void) {
  lua_State *one = start(), *other = start();
  run(one, "zeromq = require 'zeromq' pull = zeromq.ZMQPull('inproc://states')");
  run(other, "zeromq = require 'zeromq' push = zeromq.ZMQPush('inproc://states')");
  run(other, "push:send('Hello')");
  run(one, "print(pull:receive { timeout = 5000 })");

  /* A function and an object of a state that is closed are no matter later. */
  run(other, "zeromq.ZMQAuth():decide(function() return true end)");
  run(other, "push:setlinger(-1) push:send('the last one')");
  lua_close(other);
  run(one, "print(pull:receive { timeout = 5000 }, pull:closed())");

  /* Nor is it the last state, nor loading the module once more. */
  lua_close(one);
  lua_State *again = start();
  run(again, "zeromq = require 'zeromq' pull = zeromq.ZMQPull('inproc://states')");
  run(again, "zeromq.ZMQPush('inproc://states'):send('again')");
  run(again, "print(pull:receive { timeout = 5000 })");
  run(again, "package.loaded.zeromq = nil print(require 'zeromq' == zeromq)");
  lua_close(again);
  puts("end");
  return 0;
}
