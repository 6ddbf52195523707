/*
 * ZeroMQ for QuickJS: import { ZMQPull, ZMQPush } from "./zeromq.so"
 *
 * For QuickJS from 2025-04-26, and quickjs-ng. The classes come from the library's
 * descriptors, so this file needs no change when a class or method is added. ../README.md
 * explains how to build it and what scripts see.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include <quickjs.h>

#include "zeromq.h"

#include "../kit/adapter.h"

#ifdef QUICKJS_NG
#define JS_NewClassID(id) JS_NewClassID(JS_GetRuntime(js), id)
#define JS_IsArray(js, value) JS_IsArray(value)
#endif

enum { STATIC, METHOD, CONSTRUCTOR, ROWS = 4096 }; /* ways to call a row, and their number */

/* What is easier in JavaScript: an error; the keys and values of an object; the type and shape
 * of a typed array; what a received array is; what a worker tells of an error. */
static const char GLUE[] =
    "(class ZMQError extends Error {"
    "  static make(tag, text, code) {"
    "    return Object.assign(new ZMQError(text), { name: tag, code: code }); }"
    "  static entries(object) { return Object.entries(object).flat(); }"
    "  static described(array) {"
    "    return [array.dtype ?? array.constructor.name, ...(array.shape ?? [array.length])]; }"
    "  static received(array, dtype, ...shape) {"
    "    if (shape.length || dtype[0] == 'c') return Object.assign(array, { dtype, shape });"
    "    const one = array[0], number = Number(one);"
    "    return dtype == 'bool' ? !!one : Number.isSafeInteger(number) ? number : one; }"
    "  static told(error) {"
    "    return [`${error?.name ?? 'error'}`, `${error?.message ?? error}`]; } })";

/* A call, and what its function returned or raised. */
typedef struct call { kit_memory returned; JSValue failure; } call;

/* One context of QuickJS. It belongs to a value that the context has until its end. */
typedef struct machine {
  JSContext *js;
  zeromq_registration host;
  const zeromq_method *rows[ROWS]; /* the index is the magic of the function, with its way */
  void *classes[ROWS];             /* the constructors, by the index of the class */
  int row_count;
  JSValue kept;      /* the prototypes by the index of the class, ZMQError, classes by name */
  JSValue functions; /* those that the library has, by their number */
  uint32_t class_count, last_function;
  JSClassID plain;   /* the class of {} */
  call *innermost;
  kit_objects objects;
} machine;

static JSClassID OBJECT, MACHINE;

/* The typed arrays for the elements of arrays. */
static const struct { const char *name; int type; } TYPED[] = {
    {"", 0}, {"", JS_TYPED_ARRAY_UINT8}, {"Int8Array", JS_TYPED_ARRAY_INT8},
    {"Int16Array", JS_TYPED_ARRAY_INT16}, {"Int32Array", JS_TYPED_ARRAY_INT32},
    {"BigInt64Array", JS_TYPED_ARRAY_BIG_INT64}, {"Uint8Array", JS_TYPED_ARRAY_UINT8},
    {"Uint16Array", JS_TYPED_ARRAY_UINT16}, {"Uint32Array", JS_TYPED_ARRAY_UINT32},
    {"BigUint64Array", JS_TYPED_ARRAY_BIG_UINT64}, {"Float32Array", JS_TYPED_ARRAY_FLOAT32},
    {"Float64Array", JS_TYPED_ARRAY_FLOAT64}, {"", JS_TYPED_ARRAY_FLOAT32},
    {"", JS_TYPED_ARRAY_FLOAT64},
};

static machine *machine_of(JSContext *js) {
  JSValue kept = JS_GetClassProto(js, MACHINE);
  JS_FreeValue(js, kept);
  return JS_GetOpaque(kept, MACHINE);
}

/* Calls a function of the glue. */
static JSValue glue(machine *m, const char *name, int count, JSValueConst *given) {
  JSValue glue = JS_GetPropertyUint32(m->js, m->kept, m->class_count);
  JSValue function = JS_GetPropertyStr(m->js, glue, name);
  JSValue result = JS_Call(m->js, function, JS_UNDEFINED, count, given);
  JS_FreeValue(m->js, function);
  JS_FreeValue(m->js, glue);
  return result;
}

static void forget(void *context, zeromq_function function) {
  machine *m = context;
  JSAtom name = JS_NewAtomUInt32(m->js, (uint32_t)function);
  JS_DeleteProperty(m->js, m->functions, name, 0);
  JS_FreeAtom(m->js, name);
}

/* ---- Values for the library: copies, because a function may change what was passed. These
 * functions return false if an exception was thrown. ---- */

static bool lend(machine *m, JSValueConst given, int depth, kit_memory *memory,
                 zeromq_value *value);

static bool lend_text(machine *m, JSValueConst given, kit_memory *memory, zeromq_bytes *bytes) {
  const char *text = JS_ToCStringLen(m->js, &bytes->size, given);
  if (text != NULL)
    *bytes = kit_copy(memory, text, bytes->size);
  JS_FreeCString(m->js, text);
  return text != NULL;
}

/* Frees the list. */
static bool lend_list(machine *m, JSValue list, int depth, uint32_t kind, kit_memory *memory,
                      zeromq_value *value) {
  uint32_t count = 0;
  JSValue length = JS_IsException(list) ? list : JS_GetPropertyStr(m->js, list, "length");
  bool done = JS_ToUint32(m->js, &count, length) == 0;
  zeromq_value *items = done ? kit_list(memory, depth, count) : NULL;
  *value = items == NULL ? KIT_TOO_LARGE : KIT_VALUE(kind, items, {items, count});
  for (uint32_t at = 0; items != NULL && done && at < count; at++) {
    JSValue item = JS_GetPropertyUint32(m->js, list, at);
    done = !JS_IsException(item) && lend(m, item, depth, memory, &items[at]);
    JS_FreeValue(m->js, item);
  }
  JS_FreeValue(m->js, length);
  JS_FreeValue(m->js, list);
  return done;
}

/* A Uint8Array without a shape is bytes; other typed arrays are arrays of numbers. */
static bool lend_typed(machine *m, JSValueConst given, kit_memory *memory, zeromq_value *value) {
  size_t start, size, capacity;
  zeromq_value as;
  JSValue buffer = JS_GetTypedArrayBuffer(m->js, given, &start, &size, NULL);
  *value = KIT_OTHER("an object of another class");
  if (JS_IsException(buffer)) {
    JS_FreeValue(m->js, JS_GetException(m->js));
    return true;
  }
  bool done = lend_list(m, glue(m, "described", 1, &given), 0, ZEROMQ_LIST, memory, &as);
  const uint8_t *data = done ? JS_GetArrayBuffer(m->js, &capacity, buffer) : NULL;
  JS_FreeValue(m->js, buffer); /* the script has run code: it may be shorter now */
  *value = KIT_OTHER("a typed array whose dtype or shape does not go with its size");
  if (data == NULL || size > capacity || start > capacity - size || as.kind != ZEROMQ_LIST ||
      as.as.items.count == 0 || as.as.items.data->kind != ZEROMQ_STRING)
    return data != NULL;
  const zeromq_value *items = as.as.items.data;
  const char *name = items->as.bytes.data;
  zeromq_bytes bytes = kit_copy(memory, data + start, size);
  zeromq_array *array = kit_hold(memory, sizeof *array);
  size_t *shape = kit_hold(memory, as.as.items.count * sizeof *shape);
  *array = (zeromq_array){ZEROMQ_COMPLEX128, ZEROMQ_BY_ROWS, shape, as.as.items.count - 1,
                          bytes.data, size};
  while (array->element > 0 && strcmp(name, KIT_ELEMENTS[array->element].name) != 0 &&
         strcmp(name, TYPED[array->element].name) != 0)
    array->element--;
  size_t expected = KIT_ELEMENTS[array->element].size;
  for (size_t at = 0; at < array->dimensions && expected <= size; at++) {
    const zeromq_value *item = &items[at + 1];
    shape[at] = item->kind == ZEROMQ_INT ? (size_t)item->as.integer : SIZE_MAX;
    expected = shape[at] <= size ? expected * shape[at] : SIZE_MAX;
  }
  if (strcmp(name, "Uint8Array") == 0 && array->dimensions == 1 && expected == size)
    *value = KIT_VALUE(ZEROMQ_BYTES, bytes, bytes);
  else if (array->element > 0 && array->dimensions <= KIT_DEEPEST && expected == size)
    *value = KIT_VALUE(ZEROMQ_ARRAY, array, array);
  return true;
}

static bool lend_object(machine *m, JSValueConst given, int depth, kit_memory *memory,
                        zeromq_value *value) {
  const kit_object *object = JS_GetOpaque(given, OBJECT);
  uint32_t class = 0;
  while (class < m->class_count && m->classes[class] != JS_VALUE_GET_PTR(given))
    class++;
  if (JS_IsArray(m->js, given) > 0)
    return lend_list(m, JS_DupValue(m->js, given), depth + 1, ZEROMQ_LIST, memory, value);
  if (JS_GetClassID(given) == m->plain)
    return lend_list(m, glue(m, "entries", 1, &given), depth + 1, ZEROMQ_DICTIONARY, memory, value);
  if (object != NULL) {
    *value = KIT_VALUE(ZEROMQ_OBJECT, object, object->handle);
  } else if (class < m->class_count) {
    *value = KIT_VALUE(ZEROMQ_CLASS, described, zeromq_classes()[class]);
  } else if (JS_IsFunction(m->js, given)) {
    *value = kit_function(memory, ++m->last_function);
    return JS_SetPropertyUint32(m->js, m->functions, m->last_function,
                                JS_DupValue(m->js, given)) >= 0;
  } else {
    return lend_typed(m, given, memory, value);
  }
  return true;
}

/* An argument has the depth 0. A number without a fraction is an integer. */
static bool lend(machine *m, JSValueConst given, int depth, kit_memory *memory,
                 zeromq_value *value) {
  double number = 0;
  *value = KIT_OTHER("a symbol");
  switch (JS_VALUE_GET_NORM_TAG(given)) {
  case JS_TAG_NULL: case JS_TAG_UNDEFINED: *value = KIT_VALUE(ZEROMQ_NIL, integer, 0); break;
  case JS_TAG_BOOL: *value = KIT_VALUE(ZEROMQ_BOOL, integer, JS_ToBool(m->js, given)); break;
  case JS_TAG_INT: case JS_TAG_FLOAT64:
    JS_ToFloat64(m->js, &number, given);
    *value = fabs(number) < 0x1p53 && trunc(number) == number
                 ? KIT_VALUE(ZEROMQ_INT, integer, (int64_t)number)
                 : KIT_VALUE(ZEROMQ_FLOAT, number, number);
    break;
  case JS_TAG_STRING: case JS_TAG_STRING_ROPE:
    value->kind = ZEROMQ_STRING;
    return lend_text(m, given, memory, &value->as.bytes);
  case JS_TAG_BIG_INT: case JS_TAG_SHORT_BIG_INT:
    if (!lend_text(m, given, memory, &value->as.bytes))
      return false;
    errno = 0;
    *value = KIT_VALUE(ZEROMQ_INT, integer, strtoll(value->as.bytes.data, NULL, 10));
    if (errno != 0)
      *value = KIT_OTHER("a BigInt of more than 64 bits");
    break;
  case JS_TAG_OBJECT: return lend_object(m, given, depth, memory, value);
  }
  return true;
}

/* ---- Values of the library. ---- */

static JSValue take(machine *m, const zeromq_value *value);

static JSValue take_typed(machine *m, int type, const void *data, size_t size) {
  JSValue given[] = {JS_NewArrayBufferCopy(m->js, data, size), JS_UNDEFINED, JS_UNDEFINED};
  JSValue made = JS_IsException(*given) ? *given : JS_NewTypedArray(m->js, 3, given, type);
  JS_FreeValue(m->js, *given);
  return made;
}

static JSValue take_array(machine *m, const zeromq_array *a) {
  JSValue given[KIT_DEEPEST + 2] = {take_typed(m, TYPED[a->element].type, a->data, a->size),
                                    JS_NewString(m->js, KIT_ELEMENTS[a->element].name)};
  for (size_t at = 0; at < a->dimensions; at++)
    given[at + 2] = JS_NewInt64(m->js, (int64_t)a->shape[at]);
  JSValue made = JS_IsException(given[0]) ? given[0]
                                          : glue(m, "received", (int)a->dimensions + 2, given);
  JS_FreeValue(m->js, given[0]);
  JS_FreeValue(m->js, given[1]);
  return made;
}

static JSValue take_object(machine *m, zeromq_object handle, JSValueConst prototype) {
  kit_object *known = kit_find(&m->objects, handle);
  if (known != NULL)
    return JS_DupValue(m->js, JS_MKPTR(JS_TAG_OBJECT, known->value));
  JSValue made = JS_NewObjectProtoClass(m->js, prototype, OBJECT);
  if (JS_IsException(made))
    zeromq_object_free(handle);
  else
    JS_SetOpaque(made, kit_add(&m->objects, handle, JS_VALUE_GET_PTR(made)));
  return made;
}

static JSValue take_items(machine *m, const zeromq_items *items, size_t step) {
  JSValue made = step == 2 ? JS_NewObject(m->js) : JS_NewArray(m->js);
  for (size_t at = 0; at < items->count && !JS_IsException(made); at += step) {
    JSValue key = step == 2 ? take(m, &items->data[at]) : JS_NewInt64(m->js, (int64_t)at);
    JSValue item = take(m, &items->data[at + step - 1]);
    JSAtom name = JS_ValueToAtom(m->js, key);
    if (JS_IsException(item) || JS_IsException(key) || name == JS_ATOM_NULL ||
        JS_DefinePropertyValue(m->js, made, name, JS_DupValue(m->js, item), JS_PROP_C_W_E) < 0) {
      JS_FreeValue(m->js, made);
      made = JS_EXCEPTION;
    }
    JS_FreeAtom(m->js, name);
    JS_FreeValue(m->js, item);
    JS_FreeValue(m->js, key);
  }
  return made;
}

/* An integer of more than 53 bits is a BigInt. */
static JSValue take(machine *m, const zeromq_value *value) {
  const zeromq_payload *as = &value->as;
  JSValue prototype, made;
  switch (value->kind) {
  case ZEROMQ_BOOL: return JS_NewBool(m->js, as->integer != 0);
  case ZEROMQ_INT:
    return as->integer >> 53 == 0 || as->integer >> 53 == -1
               ? JS_NewInt64(m->js, as->integer)
               : JS_NewBigInt64(m->js, as->integer);
  case ZEROMQ_FLOAT: return JS_NewFloat64(m->js, as->number);
  case ZEROMQ_STRING: return JS_NewStringLen(m->js, as->bytes.data, as->bytes.size);
  case ZEROMQ_BYTES: return take_typed(m, JS_TYPED_ARRAY_UINT8, as->bytes.data, as->bytes.size);
  case ZEROMQ_LIST: case ZEROMQ_TUPLE: return take_items(m, &as->items, 1);
  case ZEROMQ_DICTIONARY: return take_items(m, &as->items, 2);
  case ZEROMQ_ARRAY: return take_array(m, as->array);
  case ZEROMQ_FUNCTION: return JS_GetPropertyUint32(m->js, m->functions, (uint32_t)as->function);
  case ZEROMQ_OBJECT:
    prototype = JS_GetPropertyUint32(m->js, m->kept, (uint32_t)kit_class_of(as->object));
    made = take_object(m, as->object, prototype);
    JS_FreeValue(m->js, prototype);
    return made;
  default: return JS_NULL;
  }
}

/* ---- What the library calls back. ---- */

static void warn(void *context, const char *tag, const char *message) {
  (void)context;
  fprintf(stderr, "Warning '%s': %s\n", tag, message);
}

static int32_t call_function(void *context, zeromq_function function,
                             const zeromq_value *arguments, size_t count, zeromq_value *result) {
  machine *m = context;
  call *c = m->innermost;
  zeromq_items items = {arguments, count};
  JSValue callee = JS_GetPropertyUint32(m->js, m->functions, (uint32_t)function);
  JSValue list = take_items(m, &items, 1), got = JS_EXCEPTION, given[8];
  for (uint32_t at = 0; at < 8; at++)
    given[at] = JS_IsException(list) ? JS_NULL : JS_GetPropertyUint32(m->js, list, at);
  if (!JS_IsException(list))
    got = JS_Call(m->js, callee, JS_UNDEFINED, count < 8 ? (int)count : 8, given);
  kit_release(&c->returned, NULL, NULL);
  bool done = !JS_IsException(got) && lend(m, got, 0, &c->returned, result);
  if (!done) {
    kit_release(&c->returned, forget, m);
    JS_FreeValue(m->js, c->failure);
    c->failure = JS_GetException(m->js);
  }
  for (int at = 0; at < 8; at++)
    JS_FreeValue(m->js, given[at]);
  JS_FreeValue(m->js, list);
  JS_FreeValue(m->js, got);
  JS_FreeValue(m->js, callee);
  return !done;
}

/* Tells a worker why a function failed; the texts stay until the call returns. */
static void failure(void *context, const char **tag, const char **text) {
  machine *m = context;
  call *c = m->innermost;
  zeromq_value told;
  if (lend_list(m, glue(m, "told", 1, &c->failure), 0, ZEROMQ_LIST, &c->returned, &told)) {
    *tag = told.as.items.data[0].as.bytes.data;
    *text = told.as.items.data[1].as.bytes.data;
  }
  JS_FreeValue(m->js, JS_GetException(m->js));
}

/* ---- Calls. ---- */

static JSValue raise_error(machine *m) {
  const zeromq_error *error = zeromq_last_error();
  JSValue given[] = {JS_NewString(m->js, error->tag), JS_NewString(m->js, error->message),
                     JS_NewString(m->js, zeromq_code_name(error->code))};
  JSValue made = glue(m, "make", 3, given);
  for (int at = 0; at < 3; at++)
    JS_FreeValue(m->js, given[at]);
  return JS_IsException(made) ? made : JS_Throw(m->js, made);
}

/* Calls the method of a row. For a constructor, `this` is the class that new is used with. */
static JSValue invoke(JSContext *js, JSValueConst this, int count, JSValueConst *given, int magic) {
  machine *m = machine_of(js);
  int way = magic % 3;
  const kit_object *receiver = way == METHOD ? JS_GetOpaque2(js, this, OBJECT) : NULL;
  JSValue prototype = JS_NULL, made = JS_EXCEPTION;
  if (way == METHOD && receiver == NULL)
    return JS_EXCEPTION;
  if (m->rows[magic] == NULL)
    return JS_ThrowTypeError(js, "this class has no objects of its own");
  if (way == CONSTRUCTOR && JS_IsException(prototype = JS_GetPropertyStr(js, this, "prototype")))
    return JS_EXCEPTION;
  for (zeromq_function done; (done = zeromq_function_released(m->host)) != 0;)
    forget(m, done);
  kit_memory memory = {NULL, 0};
  zeromq_value *arguments = kit_hold(&memory, (size_t)count * sizeof *arguments);
  bool done = true;
  for (int at = 0; done && at < count; at++)
    done = lend(m, given[at], 0, &memory, &arguments[at]);
  zeromq_result result;
  if (done) {
    call c = {{NULL, 0}, JS_UNDEFINED}, *outer = m->innermost;
    m->innermost = &c;
    zeromq_code code = zeromq_call(m->host, m->rows[magic], receiver ? receiver->handle : 0,
                                   arguments, (size_t)count, NULL, 0, &result);
    m->innermost = outer;
    if (code == ZEROMQ_CODE_OK) {
      made = way == CONSTRUCTOR ? take_object(m, result.value.as.object, prototype)
                                : take(m, &result.value);
      zeromq_result_free(&result);
    } else if (code == ZEROMQ_CODE_CALLBACK) {
      JS_Throw(js, JS_DupValue(js, c.failure));
    } else {
      raise_error(m);
    }
    JS_FreeValue(js, c.failure);
    kit_release(&c.returned, NULL, NULL);
  }
  kit_release(&memory, done ? NULL : forget, m);
  JS_FreeValue(js, prototype);
  return made;
}

/* ---- Objects. ---- */

static JSValue object_text(JSContext *js, JSValueConst this, int count, JSValueConst *given) {
  (void)count, (void)given;
  const kit_object *object = JS_GetOpaque2(js, this, OBJECT);
  zeromq_result result;
  if (object == NULL)
    return JS_EXCEPTION;
  if (zeromq_object_text(object->handle, &result) != ZEROMQ_CODE_OK)
    return raise_error(machine_of(js));
  JSValue text = take(machine_of(js), &result.value);
  zeromq_result_free(&result);
  return text;
}

static void end_object(JSRuntime *runtime, JSValue value) {
  (void)runtime;
  if (JS_GetOpaque(value, OBJECT) != NULL)
    kit_free(JS_GetOpaque(value, OBJECT));
}

static void mark_machine(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark) {
  machine *m = JS_GetOpaque(value, MACHINE);
  JS_MarkValue(runtime, m->kept, mark);
  JS_MarkValue(runtime, m->functions, mark);
}

/* The context ends; objects may end later. */
static void end_machine(JSRuntime *runtime, JSValue value) {
  machine *m = JS_GetOpaque(value, MACHINE);
  zeromq_host_unregister(m->host);
  kit_end(&m->objects);
  JS_FreeValueRT(runtime, m->kept);
  JS_FreeValueRT(runtime, m->functions);
  free(m);
}

/* ---- The module. ---- */

static const JSClassDef OBJECT_CLASS = {"ZMQObject", .finalizer = end_object};
static const JSClassDef MACHINE_CLASS = {"ZMQMachine", .finalizer = end_machine,
                                         .gc_mark = mark_machine};

/* Defines functions for methods. */
static void define(machine *m, JSValueConst on, const zeromq_method *const *methods,
                   uint32_t count, int way) {
  for (uint32_t at = 0; at < count && m->row_count < ROWS / 3; at++, m->row_count++) {
    int magic = 3 * m->row_count + way;
    m->rows[magic] = methods[at];
    JSValue made = JS_NewCFunctionMagic(m->js, invoke, methods[at]->name, 0, JS_CFUNC_generic_magic,
                                        magic);
    JS_DefinePropertyValueStr(m->js, on, methods[at]->name, made,
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  }
}

static void make_class(machine *m, const zeromq_class *class) {
  JSContext *js = m->js;
  uint32_t parent = 0;
  while (class->parent != NULL && zeromq_classes()[parent] != class->parent)
    parent++;
  JSValue above = class->parent ? JS_GetPropertyUint32(js, m->kept, parent) : JS_NewObject(js);
  JSValue prototype = class->parent ? JS_NewObjectProto(js, above) : JS_DupValue(js, above);
  int magic = 3 * m->row_count++ + CONSTRUCTOR;
  m->rows[magic] = class->constructor;
  JSValue made = JS_NewCFunctionMagic(js, invoke, class->name, 0, JS_CFUNC_constructor_magic,
                                      magic);
  JS_SetConstructor(js, made, prototype);
  if (class->parent != NULL)
    JS_SetPrototype(js, made, JS_MKPTR(JS_TAG_OBJECT, m->classes[parent]));
  else
    JS_DefinePropertyValueStr(js, prototype, "toString",
                              JS_NewCFunction(js, object_text, "toString", 0), JS_PROP_WRITABLE);
  define(m, prototype, class->methods, class->method_count, METHOD);
  define(m, made, class->functions, class->function_count, STATIC);
  m->classes[m->class_count] = JS_VALUE_GET_PTR(made);
  JS_SetPropertyUint32(js, m->kept, m->class_count++, prototype);
  JS_SetPropertyStr(js, m->kept, class->name, made);
  JS_FreeValue(js, above);
}

static machine *make_machine(JSContext *js) {
  machine *m = calloc(1, sizeof *m);
  zeromq_host host = {
      .size = sizeof host, .abi = ZEROMQ_ABI, .context = m, .warn = warn, .call = call_function,
      .failure = failure,
      .flags = ZEROMQ_HOST_BYTES | ZEROMQ_HOST_NAMED_LAST | ZEROMQ_HOST_ARRAYS,
  };
  if (m == NULL || zeromq_host_register(&host, &m->host) != ZEROMQ_CODE_OK ||
      zeromq_shutdown_at_exit() != ZEROMQ_CODE_OK) {
    JS_ThrowInternalError(js, "zeromq: %s", zeromq_last_error()->message);
    free(m);
    return NULL;
  }
  m->js = js;
  m->kept = JS_NewArray(js);
  m->functions = JS_NewObject(js);
  m->plain = JS_GetClassID(m->functions);
  JSValue owner = JS_NewObjectClass(js, MACHINE);
  JS_SetOpaque(owner, m);
  JS_SetClassProto(js, MACHINE, owner);
  for (size_t at = 0; zeromq_classes()[at] != NULL; at++)
    make_class(m, zeromq_classes()[at]);
  JS_SetPropertyUint32(js, m->kept, m->class_count,
                       JS_Eval(js, GLUE, sizeof GLUE - 1, "zeromq.c", JS_EVAL_TYPE_GLOBAL));
  return m;
}

/* A module of another name in the same context has the same classes. */
static int start(JSContext *js, JSModuleDef *module) {
  JSRuntime *runtime = JS_GetRuntime(js);
  JS_NewClassID(&OBJECT);
  JS_NewClassID(&MACHINE);
  if (!JS_IsRegisteredClass(runtime, MACHINE)) {
    JS_NewClass(runtime, OBJECT, &OBJECT_CLASS);
    JS_NewClass(runtime, MACHINE, &MACHINE_CLASS);
  }
  machine *known = machine_of(js), *m = known != NULL ? known : make_machine(js);
  for (const zeromq_class *const *class = zeromq_classes(); m != NULL && *class != NULL; class++) {
    JSValue made = JS_GetPropertyStr(js, m->kept, (*class)->name);
    if ((*class)->alias != NULL)
      JS_SetModuleExport(js, module, (*class)->alias, JS_DupValue(js, made));
    JS_SetModuleExport(js, module, (*class)->name, made);
  }
  if (m == NULL)
    return -1;
  JS_SetModuleExport(js, module, "ZMQError", JS_GetPropertyUint32(js, m->kept, m->class_count));
  return JS_SetModuleExport(js, module, "version", JS_NewString(js, zeromq_version()));
}

JSModuleDef *js_init_module(JSContext *js, const char *name);

JSModuleDef *js_init_module(JSContext *js, const char *name) {
  JSModuleDef *module = JS_NewCModule(js, name, start);
  for (const zeromq_class *const *class = zeromq_classes(); module && *class != NULL; class++) {
    JS_AddModuleExport(js, module, (*class)->name);
    if ((*class)->alias != NULL)
      JS_AddModuleExport(js, module, (*class)->alias);
  }
  if (module != NULL) {
    JS_AddModuleExport(js, module, "ZMQError");
    JS_AddModuleExport(js, module, "version");
  }
  return module;
}
