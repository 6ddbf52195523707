/*
 * ZeroMQ for Lua 5.4: local zeromq = require "zeromq"
 *
 * The classes come from the library's descriptors. This file needs only zeromq.h, and no
 * change when a class or method is added. ../README.md explains how to build it and what
 * scripts see.
 *
 * Lua raises errors with longjmp, which must not unwind frames of the library: code that
 * can raise runs before or after zeromq_call, or in lua_pcall.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "zeromq.h"

enum { DEEPEST = 64, MOST = 1 << 22 };
enum { FAILURE = 1, RETURNED };         /* user values of a call: what a function raised,
                                           and the memory of what it returned */
enum { FUNCTION, METHOD, CONSTRUCTOR }; /* what is called */

/* One Lua state. It is never freed: its address tells it from every other. */
typedef struct machine {
  zeromq_host host;
  lua_State *main;
  struct call *innermost;
} machine;

/* A call, as a userdata, so that an error frees its result too. */
typedef struct call {
  lua_State *L; /* the coroutine that it is in */
  int at;       /* where it is on its stack; a table of memory that is lent follows */
  lua_Hook hook;
  size_t values; /* how many are lent in tables */
  const void *inside[DEEPEST];
  zeromq_value result;
} call;

/* The addresses of these are keys of the registry and of metatables, which no script has. */
static const char OBJECTS, CLASS, DICTIONARY;

/* Raises an error with the message on top of the stack. */
static int raise_error(lua_State *L, const char *tag) {
  const char *message = lua_tostring(L, -1);
  lua_createtable(L, 0, 3);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "message");
  lua_pushstring(L, tag);
  lua_setfield(L, -2, "tag");
  luaL_where(L, 1);
  lua_pushfstring(L, "%s%s: %s", lua_tostring(L, -1), tag, message);
  lua_setfield(L, -3, "text");
  lua_pop(L, 1);
  luaL_setmetatable(L, "zeromq.error");
  return lua_error(L);
}

static int error_text(lua_State *L) {
  lua_getfield(L, 1, "text");
  return 1;
}

/* The pointer that the metatable of a value has under a key, or NULL. */
static void *mark(lua_State *L, int index, const void *key) {
  void *found = NULL;
  if (lua_getmetatable(L, index)) {
    lua_rawgetp(L, -1, key);
    found = lua_touserdata(L, -1);
    lua_pop(L, 2);
  }
  return found;
}

static zeromq_object *to_object(lua_State *L, int index) {
  bool ours = lua_type(L, index) == LUA_TUSERDATA && mark(L, index, &CLASS) != NULL;
  return ours ? lua_touserdata(L, index) : NULL;
}

/* ---- Values for the library. ---- */

/* What is on top of the stack stays as long as a table of memory does. */
static void anchor(lua_State *L, int memory) {
  lua_rawseti(L, memory, (lua_Integer)lua_rawlen(L, memory) + 1);
}

static zeromq_value text(uint32_t kind, const char *data, size_t size) {
  return (zeromq_value){kind, {.bytes = {data, size}}, NULL};
}

/* The library knows it by its place in the registry, and says when it may go. */
static zeromq_value lend_function(lua_State *L, int index) {
  lua_pushvalue(L, index);
  zeromq_function place = (zeromq_function)luaL_ref(L, LUA_REGISTRYINDEX);
  return (zeromq_value){ZEROMQ_FUNCTION, {.function = place}, NULL};
}

/* Forgets those that the library has let go of. */
static void forget_functions(lua_State *L, const machine *m) {
  for (zeromq_function f; (f = zeromq_function_released(&m->host)) != 0;)
    luaL_unref(L, LUA_REGISTRYINDEX, (int)f);
}

static void lend(lua_State *L, call *c, int memory, int index, int depth, zeromq_value *value);

/* A table is a list if its keys are 1 to n, or if it is empty; zeromq.dictionary makes
 * it a dictionary in any case. Finalizers may change it meanwhile. */
static void lend_table(lua_State *L, call *c, int memory, int index, int depth, zeromq_value *value) {
  static const char too_large[] = "a table that is too large or too deep, or in itself";
  size_t count = 0, length = lua_rawlen(L, index), at = 0;
  luaL_checkstack(L, 8, "a table of tables");
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    count++;
  bool list = count == length && mark(L, index, &DICTIONARY) == NULL;
  count = list ? count : 2 * count;
  bool again = false;
  for (int outer = 0; outer < depth; outer++)
    again |= c->inside[outer] == lua_topointer(L, index);
  if (again || depth == DEEPEST || (c->values += count) > MOST) {
    *value = text(ZEROMQ_OTHER, too_large, sizeof too_large - 1);
    return;
  }
  c->inside[depth] = lua_topointer(L, index);
  zeromq_value *items = lua_newuserdatauv(L, count * sizeof *items + 1, 0);
  anchor(L, memory);
  for (lua_pushnil(L); at < count; lua_pop(L, 1)) {
    if (list) {
      lua_rawgeti(L, index, (lua_Integer)at + 1);
    } else if (lua_next(L, index)) {
      lend(L, c, memory, lua_gettop(L) - 1, depth + 1, &items[at++]);
    } else {
      break;
    }
    lend(L, c, memory, lua_gettop(L), depth + 1, &items[at++]);
  }
  lua_settop(L, lua_gettop(L) - (list || at == count));
  *value = (zeromq_value){list ? ZEROMQ_LIST : ZEROMQ_DICTIONARY, {.items = {items, at}}, NULL};
}

static void lend(lua_State *L, call *c, int memory, int index, int depth, zeromq_value *value) {
  int type = lua_type(L, index);
  zeromq_object *object = to_object(L, index);
  const zeromq_class *class = type == LUA_TTABLE ? mark(L, index, &CLASS) : NULL;
  if (type == LUA_TBOOLEAN)
    *value = (zeromq_value){ZEROMQ_BOOL, {.integer = lua_toboolean(L, index)}, NULL};
  else if (type == LUA_TNUMBER && lua_isinteger(L, index))
    *value = (zeromq_value){ZEROMQ_INT, {.integer = lua_tointeger(L, index)}, NULL};
  else if (type == LUA_TNUMBER)
    *value = (zeromq_value){ZEROMQ_FLOAT, {.number = lua_tonumber(L, index)}, NULL};
  else if (type == LUA_TSTRING)
    *value = text(ZEROMQ_STRING, lua_tostring(L, index), lua_rawlen(L, index));
  else if (object != NULL)
    *value = (zeromq_value){ZEROMQ_OBJECT, {.object = *object}, NULL};
  else if (class != NULL)
    *value = (zeromq_value){ZEROMQ_CLASS, {.described = class}, NULL};
  else if (type == LUA_TTABLE)
    lend_table(L, c, memory, index, depth, value);
  else if (type == LUA_TNIL || (type == LUA_TLIGHTUSERDATA && !lua_touserdata(L, index)))
    *value = (zeromq_value){ZEROMQ_NIL, {0}, NULL}; /* zeromq.null is a NULL */
  else if (type == LUA_TFUNCTION)
    *value = lend_function(L, index);
  else
    *value = text(ZEROMQ_OTHER, luaL_typename(L, index), strlen(luaL_typename(L, index)));
  if (type == LUA_TSTRING && depth > 0) { /* a function may change the table that it is in */
    lua_pushvalue(L, index);
    anchor(L, memory);
  }
}

/* ---- Values of the library. ---- */

/* The same handle is the same userdata, which frees it once; what it was given more
 * often is freed here. */
static void push_object(lua_State *L, zeromq_object handle) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &OBJECTS);
  if (lua_rawgeti(L, -1, (lua_Integer)handle) == LUA_TUSERDATA) {
    zeromq_object_free(handle);
  } else {
    zeromq_object *object = lua_newuserdatauv(L, sizeof *object, 0);
    *object = handle;
    lua_rawgetp(L, LUA_REGISTRYINDEX, zeromq_object_class(handle));
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -4, (lua_Integer)handle);
    lua_remove(L, -2);
  }
  lua_remove(L, -2);
}

/* Pushes a value; nil is zeromq.null in tables, which cannot hold it. */
static void push(lua_State *L, const zeromq_value *value, bool inside) {
  size_t count = value->as.items.count;
  const zeromq_value *items = value->as.items.data;
  luaL_checkstack(L, 8, "a list of lists");
  switch (value->kind) {
  case ZEROMQ_BOOL: lua_pushboolean(L, value->as.integer != 0); break;
  case ZEROMQ_INT: lua_pushinteger(L, value->as.integer); break;
  case ZEROMQ_FLOAT: lua_pushnumber(L, value->as.number); break;
  case ZEROMQ_STRING: case ZEROMQ_BYTES:
    lua_pushlstring(L, value->as.bytes.data, value->as.bytes.size);
    break;
  case ZEROMQ_LIST: case ZEROMQ_TUPLE:
    lua_createtable(L, count < MOST ? (int)count : MOST, 0);
    for (size_t at = 0; at < count; at++) {
      push(L, &items[at], true);
      lua_rawseti(L, -2, (lua_Integer)at + 1);
    }
    break;
  case ZEROMQ_DICTIONARY:
    lua_newtable(L);
    for (size_t at = 0; at + 1 < count; at += 2) {
      push(L, &items[at], true);
      push(L, &items[at + 1], true);
      lua_rawset(L, -3);
    }
    if (count == 0) /* not to be taken for a list */
      luaL_setmetatable(L, "zeromq.dictionary");
    break;
  case ZEROMQ_OBJECT: push_object(L, value->as.object); break;
  case ZEROMQ_FUNCTION:
    lua_rawgeti(L, LUA_REGISTRYINDEX, (lua_Integer)value->as.function);
    break;
  default: inside ? lua_pushlightuserdata(L, NULL) : lua_pushnil(L);
  }
}

/* ---- What the library calls back. ---- */

static void warn(void *context, const char *tag, const char *message) {
  lua_State *L = ((machine *)context)->innermost->L;
  lua_warning(L, tag, 1);
  lua_warning(L, ": ", 1);
  lua_warning(L, message, 0);
}

/* What stops a script of Lua, also on Ctrl-C, sets a hook, and may do so from a signal
 * handler or another thread. */
static int32_t interrupted(void *context) {
  machine *m = context;
  return lua_gethook(m->main) != m->innermost->hook;
}

typedef struct request {
  call *caller;
  zeromq_function function;
  const zeromq_value *arguments;
  size_t count;
  zeromq_value *result;
} request;

/* Runs a function in lua_pcall. Gives the memory of what it returned. */
static int run(lua_State *L) {
  request *r = lua_touserdata(L, 1);
  luaL_checkstack(L, (int)r->count + 8, "arguments of a function");
  lua_newtable(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, (lua_Integer)r->function);
  for (size_t at = 0; at < r->count; at++)
    push(L, &r->arguments[at], false);
  lua_call(L, (int)r->count, 1);
  r->caller->values = 0;
  lend(L, r->caller, 2, 3, 0, r->result);
  anchor(L, 2);
  return 1;
}

static int32_t call_function(void *context, zeromq_function function,
                             const zeromq_value *arguments, size_t count, zeromq_value *result) {
  call *c = ((machine *)context)->innermost;
  request r = {c, function, arguments, count, result};
  if (!lua_checkstack(c->L, 8))
    return 1;
  lua_pushcfunction(c->L, run);
  lua_pushlightuserdata(c->L, &r);
  int failed = lua_pcall(c->L, 1, 1, 0) != LUA_OK;
  lua_setiuservalue(c->L, c->at, failed ? FAILURE : RETURNED);
  return failed;
}

/* ---- Calls. ---- */

static int end_call(lua_State *L) {
  zeromq_value_free(&((call *)lua_touserdata(L, 1))->result);
  return 0;
}

static int fail(lua_State *L, call *c, zeromq_code code) {
  if (code == ZEROMQ_CODE_CALLBACK) {
    lua_getiuservalue(L, c->at, FAILURE);
    return lua_error(L);
  }
  if (code == ZEROMQ_CODE_INTERRUPTED && lua_gethook(L) != c->hook)
    return 0; /* the hook runs next, and raises what it likes */
  const zeromq_error *error = zeromq_last_error();
  const char *tag = error->tag; /* which stays, unlike the message */
  lua_pushstring(L, error->message);
  return raise_error(L, tag);
}

/* Calls the method in the upvalues. */
static int invoke(lua_State *L) {
  machine *m = lua_touserdata(L, lua_upvalueindex(1));
  const zeromq_method *method = lua_touserdata(L, lua_upvalueindex(2));
  lua_Integer way = lua_tointeger(L, lua_upvalueindex(3));
  int first = way == FUNCTION ? 1 : 2, last = lua_gettop(L), given = 1;
  zeromq_object *receiver = way == METHOD ? to_object(L, 1) : NULL;
  if (way == METHOD && receiver == NULL) {
    lua_pushfstring(L, "%s: call it on an object, with a colon", method->name);
    return raise_error(L, "ZMQArgs");
  }
  forget_functions(L, m);
  luaL_checkstack(L, 32, NULL);
  call *c = lua_newuserdatauv(L, sizeof *c, RETURNED);
  *c = (call){.L = L, .at = lua_gettop(L), .hook = lua_gethook(m->main)};
  luaL_setmetatable(L, "zeromq.call");
  lua_newtable(L);
  size_t count = last < first ? 0 : (size_t)(last - first + 1);
  zeromq_value *arguments = lua_newuserdatauv(L, count * sizeof *arguments + 1, 0);
  for (size_t at = 0; at < count; at++)
    lend(L, c, c->at + 1, first + (int)at, 0, &arguments[at]);

  zeromq_invocation invocation = {
      .size = sizeof invocation, .abi = ZEROMQ_ABI, .host = &m->host, .method = method,
      .receiver = receiver ? *receiver : 0, .arguments = arguments, .argument_count = count,
  };
  call *outer = m->innermost;
  m->innermost = c;
  zeromq_code code = zeromq_call(&invocation, &c->result);
  m->innermost = outer;
  if (code != ZEROMQ_CODE_OK)
    return fail(L, c, code);
  if (c->result.kind == ZEROMQ_TUPLE) { /* several results of a function */
    given = (int)c->result.as.items.count;
    luaL_checkstack(L, given + 8, "results");
    for (int at = 0; at < given; at++)
      push(L, &c->result.as.items.data[at], false);
  } else {
    push(L, &c->result, false);
  }
  zeromq_value_free(&c->result);
  return given;
}

/* ---- Objects. ---- */

static int free_object(lua_State *L) {
  zeromq_object *object = lua_touserdata(L, 1), handle = *object;
  *object = 0;
  zeromq_object_free(handle);
  return 0;
}

static int object_text(lua_State *L) {
  zeromq_object *object = to_object(L, 1);
  zeromq_value value;
  if (object == NULL || zeromq_object_text(*object, &value) != ZEROMQ_CODE_OK) {
    lua_pushliteral(L, "<closed>");
    return 1;
  }
  lua_pushlstring(L, value.as.bytes.data, value.as.bytes.size);
  zeromq_value_free(&value);
  return 1;
}

static int object_equals(lua_State *L) {
  zeromq_object *one = to_object(L, 1), *other = to_object(L, 2);
  lua_pushboolean(L, one && other && zeromq_object_equals(*one, *other));
  return 1;
}

/* At the end of the block of local socket <close>: closes or stops it. */
static int close_object(lua_State *L) {
  if (lua_getfield(L, 1, "close") != LUA_TNIL || lua_getfield(L, 1, "stop") != LUA_TNIL) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 0);
  }
  return 0;
}

static const luaL_Reg OBJECT[] = {
    {"__gc", free_object}, {"__tostring", object_text}, {"__eq", object_equals},
    {"__close", close_object}, {NULL, NULL},
};

/* ---- The module. ---- */

/* The state is closed, and all of its objects are freed already. */
static int end_machine(lua_State *L) {
  forget_functions(L, *(machine **)lua_touserdata(L, 1));
  return 0;
}

static void push_method(lua_State *L, machine *m, const zeromq_method *method, int way) {
  lua_pushlightuserdata(L, m);
  lua_pushlightuserdata(L, (void *)method);
  lua_pushinteger(L, way);
  lua_pushcclosure(L, invoke, 3);
}

static void set_methods(lua_State *L, machine *m, const zeromq_method *const *methods, uint32_t count,
                        int way) {
  for (uint32_t at = 0; at < count; at++) {
    push_method(L, m, methods[at], way);
    lua_setfield(L, -2, methods[at]->name);
  }
}

/* Pushes the metatable of a class or of its objects, which scripts do not see. */
static void push_metatable(lua_State *L, const zeromq_class *class) {
  lua_newtable(L);
  lua_pushlightuserdata(L, (void *)class);
  lua_rawsetp(L, -2, &CLASS);
  lua_pushstring(L, class->name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
}

/* Makes the table of a class, and puts it into the module on top of the stack. It has
 * the methods and functions; those of the parent it finds there. */
static void make_class(lua_State *L, machine *m, const zeromq_class *class) {
  lua_newtable(L);
  set_methods(L, m, class->methods, class->method_count, METHOD);
  set_methods(L, m, class->functions, class->function_count, FUNCTION);
  push_metatable(L, class);
  if (class->parent != NULL) {
    lua_getfield(L, -3, class->parent->name);
    lua_setfield(L, -2, "__index");
  }
  if (class->constructor != NULL) {
    push_method(L, m, class->constructor, CONSTRUCTOR);
    lua_setfield(L, -2, "__call");
  }
  lua_setmetatable(L, -2);
  push_metatable(L, class); /* that of its objects */
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "__index");
  luaL_setfuncs(L, OBJECT, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, class);
  if (class->alias != NULL) {
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, class->alias);
  }
  lua_setfield(L, -2, class->name);
}

/* zeromq.dictionary(table): has it sent as a dictionary, also when it is empty. */
static int dictionary(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_setmetatable(L, "zeromq.dictionary");
  return 1;
}

/* Leaves a new metatable on the stack that the registry has by its name. */
static void make_metatable(lua_State *L, const char *name, const char *key, lua_CFunction function) {
  luaL_newmetatable(L, name);
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, key);
}

int luaopen_zeromq(lua_State *L);

int luaopen_zeromq(lua_State *L) {
  machine *m;
  if (lua_getfield(L, LUA_REGISTRYINDEX, "zeromq") == LUA_TTABLE)
    return 1;
  if ((m = calloc(1, sizeof *m)) == NULL || zeromq_shutdown_at_exit() != ZEROMQ_CODE_OK)
    return luaL_error(L, "not enough memory");
  m->host = (zeromq_host){
      .size = sizeof m->host, .abi = ZEROMQ_ABI, .context = m,
      .warn = warn, .interrupted = interrupted, .call = call_function,
      .flags = ZEROMQ_HOST_BYTES | ZEROMQ_HOST_NAMED_LAST | ZEROMQ_HOST_ASKS,
  };
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  m->main = lua_tothread(L, -1);
  *(machine **)lua_newuserdatauv(L, sizeof m, 0) = m;
  make_metatable(L, "zeromq.machine", "__gc", end_machine);
  lua_setmetatable(L, -2); /* before all others, for which it is the last to be finalized */
  lua_rawsetp(L, LUA_REGISTRYINDEX, m);
  make_metatable(L, "zeromq.error", "__tostring", error_text);
  make_metatable(L, "zeromq.call", "__gc", end_call);
  make_metatable(L, "zeromq.dictionary", "dictionary", dictionary);
  lua_pushlightuserdata(L, (void *)&DICTIONARY);
  lua_rawsetp(L, -2, &DICTIONARY);
  lua_newtable(L); /* the objects that the script has, which is weak and its own metatable */
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_pushvalue(L, -1);
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &OBJECTS);
  lua_newtable(L);
  for (const zeromq_class *const *class = zeromq_classes(); *class != NULL; class++)
    make_class(L, m, *class);
  lua_pushcfunction(L, dictionary);
  lua_setfield(L, -2, "dictionary");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_pushstring(L, zeromq_version());
  lua_setfield(L, -2, "_VERSION");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, "zeromq");
  return 1;
}
