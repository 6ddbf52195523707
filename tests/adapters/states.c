/*
 * A program with several Lua states: each has its own copy of the module, they talk to
 * each other, and closing one does not affect the others.
 */

#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

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

/* How many bytes the program has from malloc, or 0 where nobody knows. */
static size_t used(void) {
#ifdef __GLIBC__
  return mallinfo2().uordblks;
#else
  return 0;
#endif
}

/* A state that is closed leaves nothing but a few bytes behind. */
static void nothing_is_left(void) {
  size_t before = 0;
  for (int round = 0; round < 60; round++) {
    lua_State *L = start();
    run(L, "loop = require('zeromq').ZMQLoop()"
           "for i = 1, 1000 do loop:timer(1000, function() return i end) end");
    lua_close(L);
    if (round == 10)
      before = used();
  }
  size_t after = used();
  printf("%s is left\n", after > before + 50 * 2000 ? "much" : "nothing");
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
  nothing_is_left();
  puts("end");
  return 0;
}
