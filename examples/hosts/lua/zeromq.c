/*
 * ZeroMQ for Lua 5.4: local zeromq = require "zeromq"
 *
 * All that Lua knows of ZeroMQ it is told by the library when it registers its
 * classes; this file needs zeromq.h and no change when a class or method is added.
 * README.md beside it says how it is built and what scripts see.
 *
 * Lua raises errors with longjmp, which must not cross the library: whatever may
 * raise runs before or after zeromq_call, or in lua_pcall. What the library calls
 * back at any time, retain and release, leaves Lua alone.
 */

#define _GNU_SOURCE /* for dladdr */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "zeromq.h"

enum { DEEPEST = 64, MOST = 1 << 22 };

/* A function that the library was given. It stays in the registry of Lua until it
 * was released as many times as retained, and some call after that. */
typedef struct function {
  int reference;
  atomic_size_t times;
  struct function *next;
} function;

/* One Lua state. It is never freed: the library may release a function later. */
typedef struct machine {
  zeromq_host host;
  lua_State *main;
  lua_State *calling;     /* the coroutine of the innermost call */
  struct call *innermost; /* what that passes */
  lua_Hook hook;          /* what was set when it began */
  _Atomic(function *) released;
  const zeromq_class **classes;
  size_t count;
} machine;

/* What a call passes and is given, a userdata, so that an error frees it too. */
typedef struct call {
  machine *machine;
  zeromq_value result;
  function *functions; /* those that are lent */
  size_t values;       /* how many, in tables */
  const void *inside[DEEPEST];
} call;

/* Where they are on the stack of a call, above its arguments: the call itself, a
 * table of memory that is lent, the error of a function, and what it returned last
 * with the memory of that. */
enum { CALLED = 1, MEMORY, FAILURE, RETURNED, RETURNED_MEMORY, SLOTS = RETURNED_MEMORY };

typedef struct object {
  zeromq_object handle;
} object;

/* The addresses of these are keys of the registry and of metatables. */
static const char MODULE, OBJECTS, CLASS, CALL, ERROR, DICTIONARY;

static int raise_error(lua_State *L, const char *tag, const char *message) {
  lua_createtable(L, 0, 3);
  lua_pushstring(L, tag);
  lua_setfield(L, -2, "tag");
  lua_pushstring(L, message);
  lua_setfield(L, -2, "message");
  luaL_where(L, 1);
  lua_setfield(L, -2, "where");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &ERROR);
  lua_setmetatable(L, -2);
  return lua_error(L);
}

static int error_text(lua_State *L) {
  lua_getfield(L, 1, "where");
  lua_getfield(L, 1, "tag");
  lua_getfield(L, 1, "message");
  const char *where = lua_tostring(L, -3), *tag = lua_tostring(L, -2), *message = lua_tostring(L, -1);
  lua_pushfstring(L, "%s%s: %s", where ? where : "", tag ? tag : "?", message ? message : "?");
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

static object *to_object(lua_State *L, int index) {
  bool ours = lua_type(L, index) == LUA_TUSERDATA && mark(L, index, &CLASS) != NULL;
  return ours ? lua_touserdata(L, index) : NULL;
}

/* ---- Functions of the script. ---- */

static void retain(void *context, zeromq_function number) {
  (void)context;
  atomic_fetch_add(&((function *)(uintptr_t)number)->times, 1);
}

static void release(void *context, zeromq_function number) {
  machine *m = context;
  function *f = (function *)(uintptr_t)number;
  if (atomic_fetch_sub(&f->times, 1) == 1) {
    f->next = atomic_load(&m->released);
    while (!atomic_compare_exchange_weak(&m->released, &f->next, f)) {
    }
  }
}

/* Lua forgets the functions that were released meanwhile. */
static void forget(lua_State *L, machine *m) {
  function *f = atomic_exchange(&m->released, NULL);
  while (f != NULL) {
    function *next = f->next;
    luaL_unref(L, LUA_REGISTRYINDEX, f->reference);
    free(f);
    f = next;
  }
}

/* ---- Values for the library. ---- */

/* Memory that stays as long as the call; what is on top of the stack stays too. */
static void anchor(lua_State *L, int memory) {
  lua_rawseti(L, memory, (lua_Integer)lua_rawlen(L, memory) + 1);
}

static zeromq_value plain(uint32_t kind) {
  zeromq_value value;
  memset(&value, 0, sizeof value);
  value.kind = kind;
  return value;
}

static zeromq_value text(uint32_t kind, const char *data, size_t size) {
  zeromq_value value = plain(kind);
  value.as.bytes.data = data;
  value.as.bytes.size = size;
  return value;
}

static zeromq_value lend(lua_State *L, call *c, int memory, int index, int depth);

static zeromq_value lend_function(lua_State *L, call *c, int index) {
  zeromq_value value = plain(ZEROMQ_FUNCTION);
  function *f = malloc(sizeof *f);
  if (f == NULL) {
    luaL_error(L, "not enough memory");
  }
  f->reference = LUA_NOREF;
  atomic_init(&f->times, 1);
  f->next = c->functions;
  c->functions = f;
  lua_pushvalue(L, index);
  f->reference = luaL_ref(L, LUA_REGISTRYINDEX);
  value.as.function = (uintptr_t)f;
  return value;
}

/* A table is a list if its keys are 1 to n, or if it is empty; zeromq.dictionary
 * makes it a dictionary in any case. */
static zeromq_value lend_table(lua_State *L, call *c, int memory, int index, int depth) {
  size_t count = 0, length = lua_rawlen(L, index);
  luaL_checkstack(L, 8, "a table of tables");
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    count++;
  }
  bool list = count == length && mark(L, index, &DICTIONARY) == NULL;
  size_t needed = list ? count : 2 * count;
  bool again = false;
  for (int at = 0; at < depth; at++) {
    again |= c->inside[at] == lua_topointer(L, index);
  }
  if (again || depth == DEEPEST || (c->values += needed) > MOST) {
    static const char what[] = "a table that is too large or too deep, or in itself";
    return text(ZEROMQ_OTHER, what, sizeof what - 1);
  }
  c->inside[depth] = lua_topointer(L, index);
  zeromq_value value = plain(list ? ZEROMQ_LIST : ZEROMQ_DICTIONARY);
  zeromq_value *items = lua_newuserdatauv(L, needed * sizeof *items + 1, 0);
  anchor(L, memory);
  size_t filled = 0;
  if (list) {
    for (; filled < needed; filled++, lua_pop(L, 1)) {
      lua_rawgeti(L, index, (lua_Integer)filled + 1);
      items[filled] = lend(L, c, memory, lua_gettop(L), depth + 1);
    }
  } else {
    for (lua_pushnil(L); lua_next(L, index) && filled + 1 < needed; lua_pop(L, 1)) {
      items[filled++] = lend(L, c, memory, lua_gettop(L) - 1, depth + 1);
      items[filled++] = lend(L, c, memory, lua_gettop(L), depth + 1);
    }
  }
  value.as.items.data = items;
  value.as.items.count = filled;
  return value;
}

static zeromq_value lend(lua_State *L, call *c, int memory, int index, int depth) {
  zeromq_value value = plain(ZEROMQ_NIL);
  size_t size;
  switch (lua_type(L, index)) {
  case LUA_TNIL:
    return value;
  case LUA_TBOOLEAN:
    value.kind = ZEROMQ_BOOL;
    value.as.integer = lua_toboolean(L, index);
    return value;
  case LUA_TNUMBER:
    if (lua_isinteger(L, index)) {
      value.kind = ZEROMQ_INT;
      value.as.integer = lua_tointeger(L, index);
    } else {
      value.kind = ZEROMQ_FLOAT;
      value.as.number = lua_tonumber(L, index);
    }
    return value;
  case LUA_TSTRING:
    value = text(ZEROMQ_STRING, lua_tolstring(L, index, &size), 0);
    value.as.bytes.size = size;
    if (depth > 0) { /* a function may change the table that it is in */
      lua_pushvalue(L, index);
      anchor(L, memory);
    }
    return value;
  case LUA_TFUNCTION:
    return lend_function(L, c, index);
  case LUA_TTABLE:
    value.as.described = mark(L, index, &CLASS);
    value.kind = ZEROMQ_CLASS;
    return value.as.described ? value : lend_table(L, c, memory, index, depth);
  case LUA_TUSERDATA: {
    object *o = to_object(L, index);
    value.kind = ZEROMQ_OBJECT;
    value.as.object = o ? o->handle : 0;
    if (o != NULL) {
      return value;
    }
    break;
  }
  case LUA_TLIGHTUSERDATA:
    if (lua_touserdata(L, index) == NULL) { /* zeromq.null */
      return value;
    }
  }
  const char *what = luaL_typename(L, index);
  return text(ZEROMQ_OTHER, what, strlen(what));
}

/* ---- Values of the library. ---- */

/* Pushes the value of an object. The same handle is the same userdata, which frees
 * it once; what it was given more often is freed here. */
static void push_object(lua_State *L, zeromq_object handle, bool frame) {
  zeromq_value bytes;
  if (!frame && zeromq_object_bytes(handle, &bytes) == ZEROMQ_CODE_OK) {
    lua_pushlstring(L, bytes.as.bytes.data, bytes.as.bytes.size);
    zeromq_value_free(&bytes);
    zeromq_object_free(handle);
    return;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &OBJECTS);
  if (lua_rawgeti(L, -1, (lua_Integer)handle) == LUA_TUSERDATA) {
    zeromq_object_free(handle);
  } else {
    lua_pop(L, 1);
    object *o = lua_newuserdatauv(L, sizeof *o, 0);
    o->handle = handle;
    lua_rawgetp(L, LUA_REGISTRYINDEX, zeromq_object_class(handle));
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (lua_Integer)handle);
  }
  lua_remove(L, -2);
}

/* Pushes a value; nil is zeromq.null in tables, which cannot hold it. */
static void push(lua_State *L, const zeromq_value *value, bool frame, bool inside) {
  size_t count = value->as.items.count;
  const zeromq_value *items = value->as.items.data;
  luaL_checkstack(L, 8, "a list of lists");
  switch (value->kind) {
  case ZEROMQ_BOOL:
    lua_pushboolean(L, value->as.integer != 0);
    return;
  case ZEROMQ_INT:
    lua_pushinteger(L, value->as.integer);
    return;
  case ZEROMQ_FLOAT:
    lua_pushnumber(L, value->as.number);
    return;
  case ZEROMQ_STRING:
    lua_pushlstring(L, value->as.bytes.data, value->as.bytes.size);
    return;
  case ZEROMQ_LIST:
  case ZEROMQ_TUPLE:
    lua_createtable(L, count < MOST ? (int)count : MOST, 0);
    for (size_t at = 0; at < count; at++) {
      push(L, &items[at], frame, true);
      lua_rawseti(L, -2, (lua_Integer)at + 1);
    }
    return;
  case ZEROMQ_DICTIONARY:
    lua_createtable(L, 0, count / 2 < MOST ? (int)(count / 2) : MOST);
    for (size_t at = 0; at + 1 < count; at += 2) {
      push(L, &items[at], frame, true);
      push(L, &items[at + 1], frame, true);
      lua_rawset(L, -3);
    }
    if (count == 0) { /* not to be taken for a list */
      lua_rawgetp(L, LUA_REGISTRYINDEX, &DICTIONARY);
      lua_setmetatable(L, -2);
    }
    return;
  case ZEROMQ_OBJECT:
    push_object(L, value->as.object, frame);
    return;
  case ZEROMQ_FUNCTION:
    lua_rawgeti(L, LUA_REGISTRYINDEX, ((function *)(uintptr_t)value->as.function)->reference);
    return;
  default:
    inside ? lua_pushlightuserdata(L, NULL) : lua_pushnil(L);
  }
}

/* ---- What the library calls back. ---- */

static int32_t define_class(void *context, const zeromq_class *description) {
  machine *m = context;
  const zeromq_class **more = realloc(m->classes, (m->count + 1) * sizeof *more);
  if (more == NULL || description->size < sizeof *description) {
    return 1;
  }
  m->classes = more;
  m->classes[m->count++] = description;
  return 0;
}

static void warn(void *context, const char *tag, const char *message) {
  lua_State *L = ((machine *)context)->calling;
  if (L != NULL) {
    lua_warning(L, tag, 1);
    lua_warning(L, ": ", 1);
    lua_warning(L, message, 0);
  }
}

/* What stops a script of Lua, also on Ctrl-C, sets a hook, and may do so from a
 * signal handler or another thread. */
static int32_t interrupted(void *context) {
  machine *m = context;
  return lua_gethook(m->main) != m->hook;
}

typedef struct request {
  machine *machine;
  int reference;
  const zeromq_value *arguments;
  size_t count;
  zeromq_value *result;
} request;

/* Runs a function in lua_pcall. Gives what it returned, and the memory of that. */
static int run(lua_State *L) {
  request *r = lua_touserdata(L, 1);
  call *c = r->machine->innermost;
  luaL_checkstack(L, (int)r->count + 8, "arguments of a function");
  lua_newtable(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, r->reference);
  for (size_t at = 0; at < r->count; at++) {
    push(L, &r->arguments[at], false, false);
  }
  lua_call(L, (int)r->count, 1);
  c->values = 0;
  *r->result = lend(L, c, 2, 3, 0);
  return 2;
}

static int32_t call_function(void *context, zeromq_function number,
                             const zeromq_value *arguments, size_t count, zeromq_value *result) {
  machine *m = context;
  lua_State *L = m->calling;
  if (L == NULL || !lua_checkstack(L, 8)) {
    return 1;
  }
  int base = lua_gettop(L) - SLOTS;
  int reference = ((function *)(uintptr_t)number)->reference;
  request r = {m, reference, arguments, count, result};
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &r);
  if (lua_pcall(L, 1, 2, 0) != LUA_OK) {
    lua_replace(L, base + FAILURE);
    return 1;
  }
  lua_replace(L, base + RETURNED);
  lua_replace(L, base + RETURNED_MEMORY);
  return 0;
}

/* ---- Calls. ---- */

static void end_call(call *c) {
  zeromq_value_free(&c->result);
  for (function *f = c->functions, *next; f != NULL; f = next) {
    next = f->next;
    release(c->machine, (uintptr_t)f);
  }
  c->functions = NULL;
}

static int collect_call(lua_State *L) {
  end_call(lua_touserdata(L, 1));
  return 0;
}

/* Whether the last argument is the table of named ones: not if the method needs it
 * itself or takes a dictionary there. */
static bool is_named(lua_State *L, int index, const zeromq_method *method, uint32_t place) {
  uint32_t required = 0, named = 0, kinds = 0;
  for (uint32_t at = 0; at < method->parameter_count; at++) {
    const zeromq_parameter *parameter = method->parameters[at];
    required += parameter->role == ZEROMQ_REQUIRED;
    named += parameter->role == ZEROMQ_NAMED;
    if (parameter->role != ZEROMQ_NAMED && (at == place || parameter->role == ZEROMQ_VARIADIC)) {
      kinds = parameter->kinds;
    }
  }
  if (named == 0 || place < required || !lua_istable(L, index) || lua_getmetatable(L, index)) {
    return false;
  }
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), count++) {
    if (lua_type(L, -2) != LUA_TSTRING) {
      return false;
    }
  }
  return (kinds & (1u << ZEROMQ_DICTIONARY | (count == 0 ? 1u << ZEROMQ_LIST : 0u))) == 0;
}

/* Whether a result is kept as an object of the class ZMQFrame: if no text is
 * promised instead. */
static bool gives_frame(const zeromq_method *method) {
  const char *result = strstr(method->signature, "->");
  return result != NULL && strstr(result, "ZMQFrame") != NULL && strstr(result, "String") == NULL;
}

static int fail(lua_State *L, lua_Hook hook, zeromq_code code, int base) {
  if (code == ZEROMQ_CODE_CALLBACK && !lua_isnil(L, base + FAILURE)) {
    lua_pushvalue(L, base + FAILURE);
    return lua_error(L);
  }
  if (code == ZEROMQ_CODE_INTERRUPTED && lua_gethook(L) != hook) {
    return 0; /* the hook runs next, and raises what it likes */
  }
  const zeromq_error *error = zeromq_last_error();
  return raise_error(L, error ? error->tag : "ZMQErr", error ? error->message : "unknown");
}

enum { FUNCTION, METHOD, CONSTRUCTOR };

/* Calls the method in the upvalues. */
static int invoke(lua_State *L) {
  machine *m = lua_touserdata(L, lua_upvalueindex(1));
  const zeromq_method *method = lua_touserdata(L, lua_upvalueindex(2));
  lua_Integer way = lua_tointeger(L, lua_upvalueindex(3));
  int first = way == FUNCTION ? 1 : 2, last = lua_gettop(L);
  object *receiver = way == METHOD ? to_object(L, 1) : NULL;
  if (way == METHOD && receiver == NULL) {
    lua_pushfstring(L, "%s: call it on an object, with a colon", method->name);
    return raise_error(L, "ZMQArgs", lua_tostring(L, -1));
  }
  luaL_checkstack(L, 32, NULL);
  forget(L, m);

  size_t named_count = 0, count = last < first ? 0 : (size_t)(last - first + 1);
  bool named_last = count > 0 && is_named(L, last, method, (uint32_t)count - 1);
  lua_settop(L, last);
  call *c = lua_newuserdatauv(L, sizeof *c, 0);
  *c = (call){.machine = m, .result = plain(ZEROMQ_NIL)};
  lua_rawgetp(L, LUA_REGISTRYINDEX, &CALL);
  lua_setmetatable(L, -2);
  lua_newtable(L);
  int memory = last + MEMORY;

  zeromq_value *arguments = lua_newuserdatauv(L, count * sizeof *arguments + 1, 0);
  anchor(L, memory);
  count -= named_last;
  for (size_t at = 0; at < count; at++) {
    arguments[at] = lend(L, c, memory, first + (int)at, 0);
  }
  zeromq_named *named = NULL;
  if (named_last) {
    for (lua_pushnil(L); lua_next(L, last); lua_pop(L, 1)) {
      named_count++;
    }
    named = lua_newuserdatauv(L, named_count * sizeof *named + 1, 0);
    anchor(L, memory);
    named_count = 0;
    for (lua_pushnil(L); lua_next(L, last); lua_pop(L, 1), named_count++) {
      named[named_count].name = lua_tostring(L, -2);
      named[named_count].value = lend(L, c, memory, lua_gettop(L), 0);
      lua_pushvalue(L, -2);
      anchor(L, memory);
      lua_pushvalue(L, -1);
      anchor(L, memory);
    }
  }
  lua_settop(L, last + SLOTS);

  zeromq_invocation invocation = {
      .size = sizeof invocation, .abi = ZEROMQ_ABI, .host = &m->host, .method = method,
      .receiver = receiver ? receiver->handle : 0, .arguments = arguments,
      .argument_count = count, .named = named, .named_count = named_count,
  };
  machine outer = {.calling = m->calling, .innermost = m->innermost, .hook = m->hook};
  m->calling = L;
  m->innermost = c;
  m->hook = lua_gethook(m->main);
  lua_Hook hook = m->hook;
  zeromq_code code = zeromq_call(&invocation, &c->result);
  m->calling = outer.calling;
  m->innermost = outer.innermost;
  m->hook = outer.hook;

  if (code != ZEROMQ_CODE_OK) {
    end_call(c);
    return fail(L, hook, code, last);
  }
  int given = 1;
  luaL_checkstack(L, 32, NULL);
  if (c->result.kind == ZEROMQ_TUPLE) { /* several results of a function */
    given = (int)c->result.as.items.count;
    luaL_checkstack(L, given + 8, "results");
    for (int at = 0; at < given; at++) {
      push(L, &c->result.as.items.data[at], false, false);
    }
  } else {
    push(L, &c->result, gives_frame(method), false);
  }
  end_call(c);
  return given;
}

/* ---- Objects. ---- */

static int free_object(lua_State *L) {
  object *o = lua_touserdata(L, 1);
  zeromq_object handle = o->handle;
  o->handle = 0;
  zeromq_object_free(handle);
  return 0;
}

static int object_text(lua_State *L) {
  object *o = to_object(L, 1);
  zeromq_value value;
  if (o == NULL || zeromq_object_text(o->handle, &value) != ZEROMQ_CODE_OK) {
    lua_pushliteral(L, "<closed>");
    return 1;
  }
  lua_pushlstring(L, value.as.bytes.data, value.as.bytes.size);
  zeromq_value_free(&value);
  return 1;
}

static int object_equals(lua_State *L) {
  object *one = to_object(L, 1), *other = to_object(L, 2);
  lua_pushboolean(L, one && other && zeromq_object_equals(one->handle, other->handle));
  return 1;
}

/* At the end of the block of local socket <close>: closes or stops it. */
static int close_object(lua_State *L) {
  if (lua_getfield(L, 1, "close") == LUA_TNIL) {
    lua_pop(L, 1);
    lua_getfield(L, 1, "stop");
  }
  lua_pushvalue(L, 1);
  lua_call(L, 1, 0);
  return 0;
}

/* ---- The module. ---- */

static void push_method(lua_State *L, machine *m, const zeromq_method *method, int way) {
  lua_pushlightuserdata(L, m);
  lua_pushlightuserdata(L, (void *)method);
  lua_pushinteger(L, way);
  lua_pushcclosure(L, invoke, 3);
}

static void set_function(lua_State *L, const char *name, lua_CFunction function) {
  lua_pushcfunction(L, function);
  lua_setfield(L, -2, name);
}

static void hide(lua_State *L, const zeromq_class *class) {
  lua_pushlightuserdata(L, (void *)class);
  lua_rawsetp(L, -2, &CLASS);
  lua_pushstring(L, class->name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
}

/* Makes the table of a class, and puts it into the module on top of the stack. It
 * has the methods and functions; those of the parent it finds there. */
static void make_class(lua_State *L, machine *m, const zeromq_class *class) {
  lua_newtable(L);
  for (uint32_t at = 0; at < class->method_count; at++) {
    push_method(L, m, class->methods[at], METHOD);
    lua_setfield(L, -2, class->methods[at]->name);
  }
  for (uint32_t at = 0; at < class->function_count; at++) {
    push_method(L, m, class->functions[at], FUNCTION);
    lua_setfield(L, -2, class->functions[at]->name);
  }
  lua_newtable(L); /* the metatable of the class */
  hide(L, class);
  if (class->parent != NULL) {
    lua_getfield(L, -3, class->parent->name);
    lua_setfield(L, -2, "__index");
  }
  if (class->constructor != NULL) {
    push_method(L, m, class->constructor, CONSTRUCTOR);
    lua_setfield(L, -2, "__call");
  }
  lua_setmetatable(L, -2);
  lua_newtable(L); /* that of its objects */
  hide(L, class);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "__index");
  set_function(L, "__gc", free_object);
  set_function(L, "__tostring", object_text);
  set_function(L, "__eq", object_equals);
  bool closes = lua_getfield(L, -2, "close") != LUA_TNIL;
  closes |= lua_getfield(L, -3, "stop") != LUA_TNIL;
  lua_pop(L, 2);
  if (closes) {
    set_function(L, "__close", close_object);
  }
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
  lua_rawgetp(L, LUA_REGISTRYINDEX, &DICTIONARY);
  lua_setmetatable(L, 1);
  return 1;
}

/* A metatable in the registry, with one function. */
static void make_metatable(lua_State *L, const void *key, const char *name, lua_CFunction function) {
  lua_newtable(L);
  set_function(L, name, function);
  lua_pushlightuserdata(L, (void *)key);
  lua_rawsetp(L, -2, key);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* Lua unloads this file when a state is closed. It stays, for the function end, which
 * other states and hosts need later, and which cannot run while a file is unloaded. */
static void stay(void) {
  Dl_info info;
  if (dladdr(&MODULE, &info) != 0) {
    dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE);
  }
}

int luaopen_zeromq(lua_State *L);

int luaopen_zeromq(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &MODULE) == LUA_TTABLE) {
    return 1;
  }
  stay();
  machine *m = calloc(1, sizeof *m);
  if (m == NULL) {
    return luaL_error(L, "not enough memory");
  }
  m->host = (zeromq_host){
      .size = sizeof m->host, .abi = ZEROMQ_ABI, .context = m, .define_class = define_class,
      .warn = warn, .interrupted = interrupted, .call = call_function,
      .retain = retain, .release = release,
  };
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  m->main = lua_tothread(L, -1);
  make_metatable(L, &ERROR, "__tostring", error_text);
  make_metatable(L, &CALL, "__gc", collect_call);
  make_metatable(L, &DICTIONARY, "dictionary", dictionary);
  lua_newtable(L); /* objects that the script has, by their handles */
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &OBJECTS);
  if (zeromq_register(&m->host) != ZEROMQ_CODE_OK) {
    return luaL_error(L, "the library could not register: %s", zeromq_last_error()->message);
  }
  lua_newtable(L);
  for (size_t at = 0; at < m->count; at++) {
    make_class(L, m, m->classes[at]);
  }
  set_function(L, "dictionary", dictionary);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_pushstring(L, zeromq_version());
  lua_setfield(L, -2, "_VERSION");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &MODULE);
  return 1;
}

/* At the end of the process what was sent leaves. */
__attribute__((destructor)) static void end(void) { zeromq_shutdown(); }
