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
#include <stdint.h>
#include <string.h>

#include <lauxlib.h>
#include <lua.h>

#include "zeromq.h"

enum { DEEPEST = 64, FEW = 6 };
enum { FUNCTION, METHOD, CONSTRUCTOR }; /* what is called */

#define VALUE(kind, member, ...) ((zeromq_value){kind, {.member = __VA_ARGS__}})

/* A call of the library. */
typedef struct call {
  lua_State *L; /* the coroutine that it is in */
  int top;      /* of its stack; what a function raised or returned follows */
  lua_Hook hook;
} call;

/* One Lua state, as a userdata that the registry keeps. */
typedef struct machine {
  zeromq_registration host;
  lua_State *main;
  call *innermost;
  size_t functions; /* how many the library may have */
} machine;

typedef struct row { machine *m; const zeromq_method *method; int way; } row; /* an upvalue */

/* An object, as a userdata. No other userdata has the mark, which is &OBJECTS. */
typedef struct object { const void *mark; zeromq_object handle; } object;

/* Its address is the key of the objects in the registry. */
static const char OBJECTS;

/* An array of numbers, as a userdata with the mark &ARRAYS. Its elements follow the shape, or
 * are those of a larger array, which is its user value. */
typedef struct array { const void *mark; zeromq_array of; size_t shape[]; } array;

static const char ARRAYS;

/* The elements of arrays: boolean, signed, unsigned, floating-point or complex. */
static const struct { const char *name; char kind; size_t size; } DTYPES[] = {
    {NULL, 0, 0}, {"bool", 'b', 1}, {"int8", 'i', 1}, {"int16", 'i', 2}, {"int32", 'i', 4},
    {"int64", 'i', 8}, {"uint8", 'u', 1}, {"uint16", 'u', 2}, {"uint32", 'u', 4},
    {"uint64", 'u', 8}, {"float32", 'f', 4}, {"float64", 'f', 8}, {"complex64", 'c', 8},
    {"complex128", 'c', 16},
};

/* Raises an error with the message on top of the stack. */
static int raise_error(lua_State *L, const char *tag) {
  lua_createtable(L, 0, 3);
  lua_insert(L, -2);
  lua_setfield(L, -2, "message");
  lua_pushstring(L, tag);
  lua_setfield(L, -2, "tag");
  luaL_where(L, 1);
  lua_setfield(L, -2, "where");
  luaL_setmetatable(L, "zeromq.error");
  return lua_error(L);
}

static int error_text(lua_State *L) {
  lua_getfield(L, 1, "where");
  lua_getfield(L, 1, "tag");
  lua_pushliteral(L, ": ");
  lua_getfield(L, 1, "message");
  lua_concat(L, 4);
  return 1;
}

static object *to_object(lua_State *L, int index) {
  object *o = lua_touserdata(L, index);
  return o != NULL && lua_rawlen(L, index) == sizeof *o && o->mark == &OBJECTS ? o : NULL;
}

/* ---- Arrays of numbers. ---- */

static array *to_array(lua_State *L, int index) {
  array *a = lua_touserdata(L, index);
  return a != NULL && lua_rawlen(L, index) >= sizeof *a && a->mark == &ARRAYS ? a : NULL;
}

/* Pushes a new array, with room for its elements unless they are somewhere else. */
static array *push_array(lua_State *L, uint32_t element, const size_t *shape, size_t dimensions,
                         size_t size, void *data) {
  size_t shapes = dimensions * sizeof *shape;
  array *a = lua_newuserdatauv(L, sizeof *a + shapes + (data == NULL ? size : 0), 1);
  if (shapes > 0)
    memcpy(a->shape, shape, shapes);
  a->mark = &ARRAYS;
  a->of = (zeromq_array){element, ZEROMQ_BY_ROWS, a->shape, dimensions,
                         data == NULL ? &a->shape[dimensions] : data, size};
  luaL_setmetatable(L, "zeromq.array");
  return a;
}

/* Pushes an element: a boolean, a number, or a table with both parts of a complex number. */
static void push_element(lua_State *L, uint32_t element, const char *data) {
  union { int8_t i1; int16_t i2; int32_t i4; int64_t i8; uint8_t u1; uint16_t u2; uint32_t u4;
          uint64_t u8; float f4[2]; double f8[2]; } n;
  memcpy(&n, data, DTYPES[element].size);
  switch (element) {
  case ZEROMQ_BOOL8: lua_pushboolean(L, n.u1 != 0); break;
  case ZEROMQ_INT8: lua_pushinteger(L, n.i1); break;
  case ZEROMQ_INT16: lua_pushinteger(L, n.i2); break;
  case ZEROMQ_INT32: lua_pushinteger(L, n.i4); break;
  case ZEROMQ_INT64: lua_pushinteger(L, n.i8); break;
  case ZEROMQ_UINT8: lua_pushinteger(L, n.u1); break;
  case ZEROMQ_UINT16: lua_pushinteger(L, n.u2); break;
  case ZEROMQ_UINT32: lua_pushinteger(L, n.u4); break;
  case ZEROMQ_UINT64:
    n.u8 > INT64_MAX ? lua_pushnumber(L, (lua_Number)n.u8) : lua_pushinteger(L, n.i8); break;
  case ZEROMQ_FLOAT32: lua_pushnumber(L, n.f4[0]); break;
  case ZEROMQ_FLOAT64: lua_pushnumber(L, n.f8[0]); break;
  default:
    lua_createtable(L, 2, 0);
    for (int part = 0; part < 2; part++) {
      lua_pushnumber(L, element == ZEROMQ_COMPLEX64 ? n.f4[part] : n.f8[part]);
      lua_rawseti(L, -2, part + 1);
    }
  }
}

static void refuse_element(lua_State *L, int index, uint32_t element) {
  const char *given = luaL_tolstring(L, index, NULL);
  lua_pushfstring(L, "an element of an array of %s cannot be %s", DTYPES[element].name, given);
  raise_error(L, "ZMQArgs");
}

/* Stores what push_element pushes; a complex number may be a number, too. */
static void store_element(lua_State *L, int index, uint32_t element, char *data) {
  char kind = DTYPES[element].kind;
  size_t size = DTYPES[element].size, bits = 8 * size - (kind == 'i');
  if (kind == 'b') {
    *data = (char)lua_toboolean(L, index);
  } else if (kind == 'i' || kind == 'u') {
    int is_integer;
    lua_Integer n = lua_tointegerx(L, index, &is_integer);
    lua_Integer end = bits < 63 ? (lua_Integer)1 << bits : INT64_MAX;
    bool small = n < (kind == 'i' ? -end - (bits == 63) : 0), large = bits < 63 && n >= end;
    if (!is_integer || small || large)
      refuse_element(L, index, element);
    uint8_t n1 = (uint8_t)n;
    uint16_t n2 = (uint16_t)n;
    uint32_t n4 = (uint32_t)n;
    memcpy(data, size == 1 ? (void *)&n1 : size == 2 ? (void *)&n2 : size == 4 ? (void *)&n4 : &n,
           size);
  } else {
    double parts[2] = {0, 0};
    bool pair = kind == 'c' && lua_istable(L, index);
    for (int part = 0; part < (pair ? 2 : 1); part++) {
      pair ? (void)lua_rawgeti(L, index, part + 1) : lua_pushvalue(L, index);
      int is_number;
      parts[part] = lua_tonumberx(L, -1, &is_number);
      if (!is_number)
        refuse_element(L, -1, element);
      lua_pop(L, 1);
    }
    float shorter[2] = {(float)parts[0], (float)parts[1]};
    bool is_short = element == ZEROMQ_FLOAT32 || element == ZEROMQ_COMPLEX64;
    memcpy(data, is_short ? (void *)shorter : parts, size);
  }
}

/* Stores the numbers in a table of tables. Its size in each dimension is the shape. */
static char *store_table(lua_State *L, int index, array *a, size_t depth, char *data) {
  luaL_checkstack(L, 8, "a table of tables");
  if (depth == a->of.dimensions) {
    store_element(L, index, a->of.element, data);
    return data + DTYPES[a->of.element].size;
  }
  if (!lua_istable(L, index) || lua_rawlen(L, index) != a->shape[depth]) {
    lua_pushliteral(L, "zeromq.array: expected tables that are evenly nested");
    raise_error(L, "ZMQArgs");
  }
  for (size_t at = 0; at < a->shape[depth]; at++) {
    lua_rawgeti(L, index, (lua_Integer)at + 1);
    data = store_table(L, lua_gettop(L), a, depth + 1, data);
    lua_pop(L, 1);
  }
  return data;
}

/* zeromq.array(tables, dtype): makes an array of a table of numbers, or of tables of them.
 * The dtype is "float64" if it is left out. */
static int make_array(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  const char *dtype = luaL_optstring(L, 2, "float64");
  uint32_t element = ZEROMQ_COMPLEX128;
  while (element > 0 && strcmp(DTYPES[element].name, dtype) != 0)
    element--;
  if (element == 0) {
    lua_pushfstring(L, "zeromq.array: the dtype %s is not known", dtype);
    return raise_error(L, "ZMQArgs");
  }
  size_t shape[DEEPEST], dimensions = 0, size = DTYPES[element].size;
  lua_settop(L, 1);
  luaL_checkstack(L, DEEPEST + 8, "a table of tables");
  /* A pair of numbers is one complex number. */
  for (bool inner = true; inner && lua_istable(L, -1) && dimensions < DEEPEST;) {
    size_t count = shape[dimensions++] = lua_rawlen(L, -1);
    luaL_argcheck(L, count == 0 || size < (size_t)PTRDIFF_MAX / count, 1, "too many numbers");
    size *= count;
    lua_rawgeti(L, -1, 1);
    if (DTYPES[element].kind == 'c' && lua_istable(L, -1)) {
      inner = lua_rawgeti(L, -1, 1) == LUA_TTABLE;
      lua_pop(L, 1);
    }
  }
  lua_settop(L, 1);
  array *a = push_array(L, element, shape, dimensions, size, NULL);
  store_table(L, 1, a, 0, (char *)a->of.data);
  return 1;
}

/* The place of the element or the row with the index in the argument, or NULL. */
static char *place(lua_State *L, const array *a) {
  lua_Integer at = lua_tointeger(L, 2);
  if (a->of.dimensions == 0 || at < 1 || (size_t)at > a->shape[0])
    return NULL;
  return (char *)a->of.data + a->of.size / a->shape[0] * ((size_t)at - 1);
}

/* Pushes an element, or a row of an array, which shares its elements. */
static void push_part(lua_State *L, int index, const array *a, char *data) {
  if (a->of.dimensions == 1) {
    push_element(L, a->of.element, data);
    return;
  }
  push_array(L, a->of.element, a->shape + 1, a->of.dimensions - 1, a->of.size / a->shape[0], data);
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, 1);
}

static char *push_tables(lua_State *L, const array *a, size_t depth, char *data) {
  luaL_checkstack(L, 8, "an array of many dimensions");
  if (depth == a->of.dimensions) {
    push_element(L, a->of.element, data);
    return data + DTYPES[a->of.element].size;
  }
  lua_createtable(L, (int)a->shape[depth], 0);
  for (size_t at = 0; at < a->shape[depth]; at++) {
    data = push_tables(L, a, depth + 1, data);
    lua_rawseti(L, -2, (lua_Integer)at + 1);
  }
  return data;
}

/* array:totable() */
static int array_table(lua_State *L) {
  const array *a = to_array(L, 1);
  luaL_argcheck(L, a != NULL, 1, "an array is expected; call it with a colon");
  push_tables(L, a, 0, (char *)a->of.data);
  return 1;
}

/* array[i], array.dtype, array.shape and array.totable */
static int array_index(lua_State *L) {
  const array *a = to_array(L, 1);
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  char *data = lua_isinteger(L, 2) ? place(L, a) : NULL;
  if (data != NULL) {
    push_part(L, 1, a, data);
  } else if (strcmp(name, "dtype") == 0) {
    lua_pushstring(L, DTYPES[a->of.element].name);
  } else if (strcmp(name, "shape") == 0) {
    lua_createtable(L, (int)a->of.dimensions, 0);
    for (size_t at = 0; at < a->of.dimensions; at++) {
      lua_pushinteger(L, (lua_Integer)a->shape[at]);
      lua_rawseti(L, -2, (lua_Integer)at + 1);
    }
  } else if (strcmp(name, "totable") == 0) {
    lua_pushcfunction(L, array_table);
  } else {
    lua_pushnil(L);
  }
  return 1;
}

/* array[i] = number; a row is assigned number by number. */
static int array_set(lua_State *L) {
  const array *a = to_array(L, 1);
  char *data = lua_isinteger(L, 2) && a->of.dimensions == 1 ? place(L, a) : NULL;
  luaL_argcheck(L, data != NULL, 2, "the index of a number in the array is expected");
  store_element(L, 3, a->of.element, data);
  return 0;
}

static int array_length(lua_State *L) {
  const array *a = to_array(L, 1);
  lua_pushinteger(L, a->of.dimensions > 0 ? (lua_Integer)a->shape[0] : 0);
  return 1;
}

static int array_text(lua_State *L) {
  const array *a = to_array(L, 1);
  lua_pushfstring(L, "<array: %s", DTYPES[a->of.element].name);
  for (size_t at = 0; at < a->of.dimensions; at++)
    lua_pushfstring(L, at > 0 ? " x %I" : " %I", (LUAI_UACINT)a->shape[at]);
  lua_pushliteral(L, ">");
  lua_concat(L, (int)a->of.dimensions + 2);
  return 1;
}

static const luaL_Reg ARRAY[] = {
    {"__index", array_index}, {"__newindex", array_set}, {"__len", array_length},
    {"__tostring", array_text}, {NULL, NULL},
};

/* ---- Values for the library. What they point to stays on the stack. ---- */

static void lend(lua_State *L, machine *m, int index, int depth, zeromq_value *value);

/* Makes room on the stack for all that one step pushes. */
static void make_room(lua_State *L) { luaL_checkstack(L, 10, "a table that is too large"); }

/* A table is a list if its keys are 1 to n, or if it is empty; zeromq.dictionary makes
 * it a dictionary in any case. Finalizers may change it meanwhile. */
static void lend_table(lua_State *L, machine *m, int index, int depth, zeromq_value *value) {
  size_t count = 0, at = 0;
  *value = VALUE(ZEROMQ_OTHER, bytes, {"tables too deep in each other", 29});
  if (depth > DEEPEST)
    return;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    count++;
  luaL_getmetatable(L, "zeromq.dictionary");
  bool marked = lua_getmetatable(L, index) && lua_rawequal(L, -1, -2);
  bool list = count == lua_rawlen(L, index) && !marked;
  count = list ? count : 2 * count;
  zeromq_value *items = lua_newuserdatauv(L, count * sizeof *items + 1, 0);
  for (; list && at < count; at++) {
    make_room(L);
    lua_rawgeti(L, index, (lua_Integer)at + 1);
    lend(L, m, lua_gettop(L), depth, &items[at]);
  }
  lua_pushnil(L);
  for (int key; at < count && lua_next(L, index); lua_pushvalue(L, key)) {
    make_room(L);
    key = lua_gettop(L) - 1;
    lend(L, m, key, depth, &items[at++]);
    lend(L, m, key + 1, depth, &items[at++]);
  }
  *value = VALUE(list ? ZEROMQ_LIST : ZEROMQ_DICTIONARY, items, {items, at});
}

/* Makes a value for the library. An argument has the depth 0. */
static void lend(lua_State *L, machine *m, int index, int depth, zeromq_value *value) {
  int type = lua_type(L, index);
  const void *found = NULL;
  size_t size;
  *value = VALUE(ZEROMQ_NIL, integer, 0);
  switch (type) {
  case LUA_TNIL: return;
  case LUA_TBOOLEAN: *value = VALUE(ZEROMQ_BOOL, integer, lua_toboolean(L, index)); return;
  case LUA_TNUMBER:
    *value = lua_isinteger(L, index) ? VALUE(ZEROMQ_INT, integer, lua_tointeger(L, index))
                                     : VALUE(ZEROMQ_FLOAT, number, lua_tonumber(L, index));
    return;
  case LUA_TSTRING:
    found = lua_tolstring(L, index, &size);
    *value = VALUE(ZEROMQ_STRING, bytes, {found, size});
    return;
  case LUA_TFUNCTION: /* the library knows it by its place in the registry */
    lua_pushvalue(L, index);
    *value = VALUE(ZEROMQ_FUNCTION, function, (zeromq_function)luaL_ref(L, LUA_REGISTRYINDEX));
    m->functions++;
    return;
  case LUA_TTABLE:
    lua_rawgetp(L, LUA_REGISTRYINDEX, lua_topointer(L, index));
    if ((found = lua_touserdata(L, -1)) != NULL)
      *value = VALUE(ZEROMQ_CLASS, described, found);
    else
      lend_table(L, m, index, depth + 1, value);
    make_room(L);
    return;
  }
  if ((found = to_object(L, index)) != NULL)
    *value = VALUE(ZEROMQ_OBJECT, object, ((const object *)found)->handle);
  else if ((found = to_array(L, index)) != NULL)
    *value = VALUE(ZEROMQ_ARRAY, array, &((const array *)found)->of);
  else if (type != LUA_TLIGHTUSERDATA || lua_touserdata(L, index) != NULL) /* zeromq.null is NULL */
    *value = VALUE(ZEROMQ_OTHER, bytes, {lua_typename(L, type), strlen(lua_typename(L, type))});
}

/* ---- Values of the library. ---- */

/* The same handle is the same userdata, which frees it once; what it was given more
 * often is freed here. */
static void push_object(lua_State *L, zeromq_object handle) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &OBJECTS);
  if (lua_rawgeti(L, -1, (lua_Integer)handle) == LUA_TUSERDATA) {
    zeromq_object_free(handle);
  } else {
    object *o = lua_newuserdatauv(L, sizeof *o, 0);
    *o = (object){&OBJECTS, handle};
    lua_rawgetp(L, LUA_REGISTRYINDEX, zeromq_object_class(handle));
    lua_setmetatable(L, -2);
    lua_replace(L, -2);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (lua_Integer)handle);
  }
  lua_remove(L, -2);
}

/* Copies an array; one without dimensions is a number. */
static void push_received(lua_State *L, const zeromq_array *a) {
  if (a->dimensions == 0) {
    push_element(L, a->element, a->data);
    return;
  }
  array *copy = push_array(L, a->element, a->shape, a->dimensions, a->size, NULL);
  if (a->size > 0)
    memcpy((void *)copy->of.data, a->data, a->size);
}

/* Pushes a value; nil is zeromq.null in tables, which cannot hold it. */
static void push(lua_State *L, const zeromq_value *value, bool inside) {
  const zeromq_value *items = value->as.items.data;
  size_t count = value->as.items.count;
  switch (value->kind) {
  case ZEROMQ_BOOL: lua_pushboolean(L, value->as.integer != 0); break;
  case ZEROMQ_INT: lua_pushinteger(L, value->as.integer); break;
  case ZEROMQ_FLOAT: lua_pushnumber(L, value->as.number); break;
  case ZEROMQ_STRING: case ZEROMQ_BYTES:
    lua_pushlstring(L, value->as.bytes.data, value->as.bytes.size); break;
  case ZEROMQ_LIST: case ZEROMQ_TUPLE:
    luaL_checkstack(L, 8, "a list of lists");
    lua_createtable(L, (int)count, 0);
    for (size_t at = 0; at < count; at++) {
      push(L, &items[at], true);
      lua_rawseti(L, -2, (lua_Integer)at + 1);
    }
    break;
  case ZEROMQ_DICTIONARY:
    luaL_checkstack(L, 8, "a dictionary of dictionaries");
    lua_newtable(L);
    for (size_t at = 0; at + 1 < count; at += 2) {
      push(L, &items[at], true);
      push(L, &items[at + 1], true);
      lua_rawset(L, -3);
    }
    if (count == 0) /* not to be taken for a list */
      luaL_setmetatable(L, "zeromq.dictionary");
    break;
  case ZEROMQ_ARRAY: push_received(L, value->as.array); break;
  case ZEROMQ_OBJECT: push_object(L, value->as.object); break;
  case ZEROMQ_FUNCTION: lua_rawgeti(L, LUA_REGISTRYINDEX, (lua_Integer)value->as.function); break;
  default: inside ? lua_pushlightuserdata(L, NULL) : lua_pushnil(L);
  }
}

/* Pushes what is passed or returned: a tuple is several values. */
static int push_all(lua_State *L, const zeromq_value *value) {
  bool tuple = value->kind == ZEROMQ_TUPLE;
  int count = tuple ? (int)value->as.items.count : 1;
  if (tuple)
    luaL_checkstack(L, count + 8, "values");
  for (int at = 0; at < count; at++)
    push(L, tuple ? &value->as.items.data[at] : value, false);
  return count;
}

static int push_owned(lua_State *L) { return push_all(L, lua_touserdata(L, 1)); }

/* Pushes a result, and frees what it owns even if an error is raised. */
static int push_result(lua_State *L, zeromq_result *result) {
  if (!result->owned)
    return push_all(L, &result->value);
  int top = lua_gettop(L);
  lua_pushcfunction(L, push_owned);
  lua_pushlightuserdata(L, &result->value);
  int failed = lua_pcall(L, 1, LUA_MULTRET, 0);
  zeromq_result_free(result);
  return failed ? lua_error(L) : lua_gettop(L) - top;
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

/* Calls a function, in lua_pcall. Returns what its result points to. */
static int run(lua_State *L) {
  zeromq_value *result = lua_touserdata(L, 2);
  lua_call(L, push_all(L, lua_touserdata(L, 3)), 1);
  lend(L, lua_touserdata(L, 1), 4, 0, result);
  return lua_gettop(L) - 3;
}

static int32_t call_function(void *context, zeromq_function function,
                             const zeromq_value *arguments, size_t count, zeromq_value *result) {
  call *c = ((machine *)context)->innermost;
  zeromq_value passed = VALUE(ZEROMQ_TUPLE, items, {arguments, count});
  lua_settop(c->L, c->top);
  if (!lua_checkstack(c->L, LUA_MINSTACK))
    return 1;
  lua_pushcfunction(c->L, run);
  lua_pushlightuserdata(c->L, context);
  lua_pushlightuserdata(c->L, result);
  lua_pushlightuserdata(c->L, &passed);
  lua_rawgeti(c->L, LUA_REGISTRYINDEX, (lua_Integer)function);
  int failed = lua_pcall(c->L, 4, LUA_MULTRET, 0);
  return failed || !lua_checkstack(c->L, LUA_MINSTACK);
}

/* Returns the tag and the text of an error: those of the library's errors, or else those
 * that lua.c would show. It ends a script with "interrupted!". */
static int describe(lua_State *L) {
  if (lua_type(L, 1) == LUA_TTABLE && lua_getfield(L, 1, "tag") == LUA_TSTRING &&
      lua_getfield(L, 1, "message") == LUA_TSTRING)
    return 2;
  lua_settop(L, 1);
  const char *text = luaL_tolstring(L, 1, NULL);
  lua_pushstring(L, strstr(text, "interrupted!") != NULL ? "ZMQInterrupted" : "error");
  lua_insert(L, -2);
  return 2;
}

/* Tells a worker why a function failed. The error is on top of the stack, where its texts
 * stay until the call returns. */
static void failure(void *context, const char **tag, const char **text) {
  call *c = ((machine *)context)->innermost;
  lua_settop(c->L, c->top + 1);
  lua_pushcfunction(c->L, describe);
  lua_pushvalue(c->L, c->top + 1);
  if (lua_pcall(c->L, 1, 2, 0) == LUA_OK) {
    *tag = lua_tostring(c->L, -2);
    *text = lua_tostring(c->L, -1);
  }
}

/* ---- Calls. ---- */

static int fail(lua_State *L, const call *c, zeromq_code code) {
  if (code == ZEROMQ_CODE_CALLBACK) {
    lua_settop(L, c->top + 1);
    return lua_error(L);
  }
  if (code == ZEROMQ_CODE_INTERRUPTED && lua_gethook(L) != c->hook)
    return 0; /* the hook runs next, and raises what it likes */
  const zeromq_error *error = zeromq_last_error();
  const char *tag = error->tag; /* which stays, unlike the message */
  lua_pushstring(L, error->message);
  return raise_error(L, tag);
}

/* Calls the method in the upvalue. */
static int invoke(lua_State *L) {
  const row *r = lua_touserdata(L, lua_upvalueindex(1));
  machine *m = r->m;
  const object *receiver = r->way == METHOD ? to_object(L, 1) : NULL;
  if (r->way == METHOD && receiver == NULL) {
    lua_pushfstring(L, "%s: call it on an object, with a colon", r->method->name);
    return raise_error(L, "ZMQArgs");
  }
  zeromq_function done; /* one that the library has let go of */
  for (; m->functions > 0 && (done = zeromq_function_released(m->host)) != 0; m->functions--)
    luaL_unref(L, LUA_REGISTRYINDEX, (int)done);
  int first = r->way == FUNCTION ? 1 : 2;
  size_t count = (size_t)(lua_gettop(L) - first + 1);
  zeromq_value few[FEW];
  zeromq_value *arguments = count <= FEW ? few : lua_newuserdatauv(L, count * sizeof *few, 0);
  for (size_t at = 0; at < count; at++)
    lend(L, m, first + (int)at, 0, &arguments[at]);
  call c = {.L = L, .top = lua_gettop(L), .hook = lua_gethook(m->main)}, *outer = m->innermost;

  zeromq_result result;
  m->innermost = &c;
  zeromq_code code = zeromq_call(m->host, r->method, receiver ? receiver->handle : 0, arguments,
                                 count, NULL, 0, &result);
  m->innermost = outer;
  return code == ZEROMQ_CODE_OK ? push_result(L, &result) : fail(L, &c, code);
}

/* ---- Objects. ---- */

static int free_object(lua_State *L) {
  object *o = lua_touserdata(L, 1);
  zeromq_object_free(o->handle);
  o->handle = 0;
  return 0;
}

static int object_text(lua_State *L) {
  object *o = to_object(L, 1);
  zeromq_result result;
  if (o != NULL && zeromq_object_text(o->handle, &result) == ZEROMQ_CODE_OK)
    return push_result(L, &result);
  lua_pushliteral(L, "<closed>");
  return 1;
}

static int object_equals(lua_State *L) {
  object *one = to_object(L, 1), *other = to_object(L, 2);
  lua_pushboolean(L, one && other && zeromq_object_equals(one->handle, other->handle));
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
  zeromq_host_unregister(((machine *)lua_touserdata(L, 1))->host);
  return 0;
}

/* Adds methods to the table on top of the stack; a constructor is its __call. */
static void set_methods(lua_State *L, machine *m, const zeromq_method *const *methods,
                        uint32_t count, int way) {
  for (uint32_t at = 0; at < count; at++) {
    *(row *)lua_newuserdatauv(L, sizeof(row), 0) = (row){m, methods[at], way};
    lua_pushcclosure(L, invoke, 1);
    lua_setfield(L, -2, way == CONSTRUCTOR ? "__call" : methods[at]->name);
  }
}

/* Pushes the metatable of a class or of its objects, which scripts do not see. */
static void push_metatable(lua_State *L, const zeromq_class *class) {
  lua_newtable(L);
  lua_pushstring(L, class->name);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
}

/* Makes the table of a class, and puts it into the module on top of the stack. It has
 * the methods and functions; those of the parent it finds there. */
static void make_class(lua_State *L, machine *m, const zeromq_class *class) {
  lua_newtable(L);
  lua_pushlightuserdata(L, (void *)class);
  lua_rawsetp(L, LUA_REGISTRYINDEX, lua_topointer(L, -2)); /* by which it is an argument */
  set_methods(L, m, class->methods, class->method_count, METHOD);
  set_methods(L, m, class->functions, class->function_count, FUNCTION);
  push_metatable(L, class);
  set_methods(L, m, &class->constructor, class->constructor != NULL, CONSTRUCTOR);
  if (class->parent != NULL) {
    lua_getfield(L, -3, class->parent->name);
    lua_setfield(L, -2, "__index");
  }
  lua_setmetatable(L, -2);
  push_metatable(L, class); /* that of its objects */
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "__index");
  luaL_setfuncs(L, OBJECT, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, class);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, class->alias != NULL ? class->alias : class->name);
  lua_setfield(L, -2, class->name);
}

/* zeromq.dictionary(table): has it sent as a dictionary, also when it is empty. */
static int dictionary(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_setmetatable(L, "zeromq.dictionary");
  return 1;
}

int luaopen_zeromq(lua_State *L);

int luaopen_zeromq(lua_State *L) {
  if (lua_getfield(L, LUA_REGISTRYINDEX, "zeromq") == LUA_TTABLE)
    return 1;
  machine *m = lua_newuserdatauv(L, sizeof *m, 0);
  *m = (machine){0};
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  m->main = lua_tothread(L, -1);
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushcfunction(L, end_machine);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2); /* before all others, for which it is the last to be finalized */
  lua_rawsetp(L, LUA_REGISTRYINDEX, m);
  zeromq_host host = {
      .size = sizeof host, .abi = ZEROMQ_ABI, .context = m,
      .flags = ZEROMQ_HOST_BYTES | ZEROMQ_HOST_NAMED_LAST | ZEROMQ_HOST_ARRAYS,
      .warn = warn, .interrupted = interrupted, .call = call_function, .failure = failure,
  };
  if (zeromq_host_register(&host, &m->host) != ZEROMQ_CODE_OK ||
      zeromq_shutdown_at_exit() != ZEROMQ_CODE_OK)
    return luaL_error(L, "%s", zeromq_last_error()->message);
  luaL_newmetatable(L, "zeromq.error");
  lua_pushcfunction(L, error_text);
  lua_setfield(L, -2, "__tostring");
  luaL_newmetatable(L, "zeromq.dictionary");
  luaL_newmetatable(L, "zeromq.array");
  luaL_setfuncs(L, ARRAY, 0);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_newtable(L); /* the objects that the script has: weak, and its own metatable */
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
  lua_pushcfunction(L, make_array);
  lua_setfield(L, -2, "array");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  lua_pushstring(L, zeromq_version());
  lua_setfield(L, -2, "_VERSION");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, "zeromq");
  return 1;
}
