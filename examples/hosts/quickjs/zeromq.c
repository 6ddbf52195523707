/*
 * ZeroMQ for QuickJS: import { ZMQPull, ZMQPush } from "./zeromq.so"
 *
 * For QuickJS from 2025-04-26, and quickjs-ng. ../README.md explains how to build it and what
 * scripts see, and ../kit/adapter.h what the functions that begin with vm_ and kit_ do.
 */

#include <quickjs.h>

#include "zeromq.h"

typedef JSValue vm_value;
typedef struct vm { JSContext *js; JSRuntime *runtime; JSValue glue; } vm;
#define VM_FAILED JS_EXCEPTION
#define vm_failed JS_IsException

#include "../kit/adapter.h"

#ifdef QUICKJS_NG
#define JS_NewClassID(id) JS_NewClassID(JS_GetRuntime(js), id)
#define JS_IsArray(js, value) JS_IsArray(value)
#endif

/* What is easier in JavaScript. Arrays, classes and errors come as the lists that describe them.
 * `call` takes the number of a method, or -1 for the text of an object, `this` and arguments. */
static const char GLUE[] =
    "(call => {"
    "  const types = { bool: Uint8Array, int8: Int8Array, int16: Int16Array, int32: Int32Array,"
    "    int64: BigInt64Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array,"
    "    uint64: BigUint64Array, float32: Float32Array, float64: Float64Array,"
    "    complex64: Float32Array, complex128: Float64Array };"
    "  class ZMQError extends Error {}"
    "  class ZMQObject { toString() { return call(-1, this); } }"
    "  const classes = {}, define = (on, names, first) => names.forEach((name, at) => {"
    "    const value = { [name](...given) { return call(first + at, this, ...given); } }[name];"
    "    Object.defineProperty(on, name, { value, writable: true, configurable: true }); });"
    "  return { ZMQError,"
    "    raise([name, text, code]) { throw Object.assign(new ZMQError(text), { name, code }); },"
    "    caught: error => [`${error?.name ?? 'error'}`, `${error?.message ?? error}`, error],"
    "    rethrow: ([name, text, error]) => { throw error; },"
    "    entries: object => Object.entries(object).flat(),"
    "    dictionary: items => Object.fromEntries("
    "      items.flatMap((key, at) => at % 2 ? [] : [[key, items[at + 1]]])),"
    "    describe(array) {"
    "      if (!ArrayBuffer.isView(array)) return [];"
    "      const type = array.constructor.name.slice(0, -5).toLowerCase().replace('big', '');"
    "      const { dtype, shape, buffer, byteOffset: from, byteLength: size } = array;"
    "      const bytes = size < buffer.byteLength ? buffer.slice(from, from + size) : buffer;"
    "      if (type == 'uint8' && !dtype && !shape) return ['bytes', bytes];"
    "      return [dtype ?? type, bytes, ...(shape ?? [array.length])]; },"
    "    bytes: buffer => new Uint8Array(buffer),"
    "    array([dtype, bytes, ...shape]) {"
    "      const array = new types[dtype](bytes.buffer), one = array[0], number = Number(one);"
    "      if (shape.length || dtype[0] == 'c') return Object.assign(array, { dtype, shape });"
    "      return dtype == 'bool' ? !!one : Number.isSafeInteger(number) ? number : one; },"
    "    define([number, parent, name, methods, functions]) {"
    "      const made = { [name]: class extends (classes[parent] ?? ZMQObject) {"
    "        constructor(...given) {"
    "          const made = call(number, null, ...given);"
    "          return Object.setPrototypeOf(made, new.target.prototype); } } }[name];"
    "      define(made.prototype, methods, number + 1);"
    "      define(made, functions, number + 1 + methods.length);"
    "      return classes[number] = made; } }; })";

static JSClassID OBJECT, MACHINE;

/* A machine belongs to an object that the context has until its end. */
static kit_machine *machine_of(JSContext *js) {
  JSValue owner = JS_GetClassProto(js, MACHINE);
  JS_FreeValue(js, owner);
  return JS_GetOpaque(owner, MACHINE);
}

static JSValue vm_keep(kit_machine *m, JSValue value) { return JS_DupValue(m->vm.js, value); }

/* The context may have ended. */
static void vm_drop(kit_machine *m, JSValue value) { JS_FreeValueRT(m->vm.runtime, value); }

/* Calls a function of the glue, and drops the argument. */
static JSValue glue(kit_machine *m, const char *name, JSValue given) {
  if (JS_IsException(given))
    return given;
  JSValue function = JS_GetPropertyStr(m->vm.js, m->vm.glue, name);
  JSValue result = JS_Call(m->vm.js, function, JS_UNDEFINED, 1, &given);
  vm_drop(m, function);
  vm_drop(m, given);
  return result;
}

/* ---- Values for the library. ---- */

static JSValue vm_item(kit_machine *m, JSValue list, size_t index) {
  return JS_GetPropertyUint32(m->vm.js, list, (uint32_t)index);
}

static bool lend_text(kit_loan *to, JSValue given, zeromq_value *value) {
  size_t size;
  const char *text = JS_ToCStringLen(to->m->vm.js, &size, given);
  if (text != NULL)
    kit_text(to, ZEROMQ_STRING, text, size, value);
  JS_FreeCString(to->m->vm.js, text);
  return text != NULL;
}

/* Drops the list. */
static bool lend_list(kit_loan *to, uint32_t kind, JSValue list, zeromq_value *value) {
  uint32_t count = 0;
  JSValue length = JS_IsException(list) ? list : JS_GetPropertyStr(to->m->vm.js, list, "length");
  bool done = !JS_IsException(length) && JS_ToUint32(to->m->vm.js, &count, length) == 0 &&
              kit_list(to, kind, list, count, value);
  vm_drop(to->m, length);
  vm_drop(to->m, list);
  return done;
}

static bool lend_object(kit_loan *to, JSValue given, zeromq_value *value) {
  kit_machine *m = to->m;
  const kit_object *object = JS_GetOpaque(given, OBJECT);
  if (object != NULL)
    return kit_handle(object, value);
  for (size_t at = 0; at < m->class_count; at++)
    if (JS_VALUE_GET_PTR(m->classes[at]) == JS_VALUE_GET_PTR(given))
      return kit_class(zeromq_classes()[at], value);
  if (JS_IsFunction(m->vm.js, given))
    return kit_callable(to, given, value);
  if (JS_IsArray(m->vm.js, given) > 0)
    return lend_list(to, ZEROMQ_LIST, vm_keep(m, given), value);
  if (JS_GetClassID(given) == JS_GetClassID(m->vm.glue)) /* {} */
    return lend_list(to, ZEROMQ_DICTIONARY, glue(m, "entries", vm_keep(m, given)), value);
  size_t size;
  const uint8_t *bytes = JS_GetArrayBuffer(m->vm.js, &size, given);
  if (bytes != NULL)
    return kit_text(to, ZEROMQ_BYTES, bytes, size, value);
  JS_FreeValue(m->vm.js, JS_GetException(m->vm.js)); /* it is not an ArrayBuffer */
  zeromq_value described;
  return lend_list(to, ZEROMQ_LIST, glue(m, "describe", vm_keep(m, given)), &described) &&
         kit_array(to, &described, value);
}

static bool vm_lend(kit_loan *to, JSValue given, zeromq_value *value) {
  double number = 0;
  switch (JS_VALUE_GET_NORM_TAG(given)) {
  case JS_TAG_NULL: case JS_TAG_UNDEFINED: return kit_put(zeromq_value_nil(), value);
  case JS_TAG_BOOL: return kit_put(zeromq_value_bool(JS_ToBool(to->m->vm.js, given)), value);
  case JS_TAG_INT: case JS_TAG_FLOAT64:
    JS_ToFloat64(to->m->vm.js, &number, given);
    return kit_double(number, value);
  case JS_TAG_STRING: case JS_TAG_STRING_ROPE: return lend_text(to, given, value);
  case JS_TAG_BIG_INT: case JS_TAG_SHORT_BIG_INT:
    return lend_text(to, given, value) && kit_integer(value);
  case JS_TAG_OBJECT: return lend_object(to, given, value);
  default: return kit_other("a symbol", value);
  }
}

/* ---- Values of the library. An integer of more than 53 bits is a BigInt. ---- */

static JSValue vm_take(kit_machine *m, const zeromq_value *value) {
  const zeromq_payload *as = &value->as;
  JSContext *js = m->vm.js;
  switch (value->kind) {
  case ZEROMQ_BOOL: return JS_NewBool(js, as->integer != 0);
  case ZEROMQ_INT:
    return as->integer >> 53 == 0 || as->integer >> 53 == -1 ? JS_NewInt64(js, as->integer)
                                                             : JS_NewBigInt64(js, as->integer);
  case ZEROMQ_FLOAT: return JS_NewFloat64(js, as->number);
  case ZEROMQ_STRING: return JS_NewStringLen(js, as->bytes.data, as->bytes.size);
  case ZEROMQ_BYTES:
    return glue(m, "bytes", JS_NewArrayBufferCopy(js, (void *)as->bytes.data, as->bytes.size));
  case ZEROMQ_ARRAY: return glue(m, "array", kit_describe_array(m, as->array));
  default: return JS_NULL;
  }
}

static JSValue vm_gather(kit_machine *m, uint32_t kind, JSValue *items, size_t count) {
  JSValue list = JS_NewArray(m->vm.js);
  for (uint32_t at = 0; at < count; at++)
    if (JS_SetPropertyUint32(m->vm.js, list, at, vm_keep(m, items[at])) < 0) {
      vm_drop(m, list);
      return JS_EXCEPTION;
    }
  return kind == ZEROMQ_DICTIONARY ? glue(m, "dictionary", list) : list;
}

/* A constructor in the glue sets the prototype of the class that `new` was used with. */
static JSValue vm_wrap(kit_machine *m, kit_object *object, const void *as) {
  (void)as;
  if (object->value != NULL)
    return vm_keep(m, JS_MKPTR(JS_TAG_OBJECT, object->value));
  JSValue class = m->classes[kit_index(zeromq_object_class(object->handle))];
  JSValue prototype = JS_GetPropertyStr(m->vm.js, class, "prototype");
  JSValue made = JS_NewObjectProtoClass(m->vm.js, prototype, OBJECT);
  vm_drop(m, prototype);
  if (JS_IsException(made)) {
    kit_free(object);
    return made;
  }
  JS_SetOpaque(made, object);
  object->value = JS_VALUE_GET_PTR(made);
  return made;
}

/* ---- Functions, errors, and calls from the classes that the glue makes. ---- */

static JSValue vm_call(kit_machine *m, JSValue function, JSValue *arguments, size_t count) {
  return JS_Call(m->vm.js, function, JS_UNDEFINED, (int)count, arguments);
}

static JSValue vm_catch(kit_machine *m) { return glue(m, "caught", JS_GetException(m->vm.js)); }

static void vm_throw(kit_machine *m, JSValue caught) { glue(m, "rethrow", vm_keep(m, caught)); }

static void vm_raise(kit_machine *m, const zeromq_error *error) {
  glue(m, "raise", kit_describe_error(m, error));
}

static JSValue vm_class(kit_machine *m, const zeromq_class *class) {
  return glue(m, "define", kit_describe_class(m, class));
}

static JSValue call(JSContext *js, JSValue this, int count, JSValue *given) {
  const kit_object *self = JS_GetOpaque(given[1], OBJECT);
  int number;
  (void)this;
  if (JS_ToInt32(js, &number, given[0]) != 0)
    return JS_EXCEPTION;
  if (number == -1 && self != NULL)
    return kit_show(machine_of(js), self);
  size_t arguments = count > 2 ? (size_t)count - 2 : 0;
  return kit_invoke(machine_of(js), kit_numbered(number), self, given + 2, arguments);
}

static void end_object(JSRuntime *runtime, JSValue value) {
  (void)runtime;
  kit_free(JS_GetOpaque(value, OBJECT));
}

static void mark_machine(JSRuntime *runtime, JSValue value, JS_MarkFunc *mark) {
  kit_kept *kept = NULL;
  while ((kept = kit_next(JS_GetOpaque(value, MACHINE), kept)) != NULL)
    JS_MarkValue(runtime, kept->value, mark);
}

static void end_machine(JSRuntime *runtime, JSValue value) {
  (void)runtime;
  kit_close(JS_GetOpaque(value, MACHINE));
}

/* ---- The module. ---- */

static kit_machine *make_machine(JSContext *js) {
  JSValue native = JS_NewCFunction(js, call, "call", 2);
  JSValue code = JS_Eval(js, GLUE, sizeof GLUE - 1, "zeromq.c", JS_EVAL_TYPE_GLOBAL);
  vm vm = {js, JS_GetRuntime(js), JS_Call(js, code, JS_UNDEFINED, 1, &native)};
  kit_machine *m = kit_open(vm, ZEROMQ_HOST_BYTES | ZEROMQ_HOST_NAMED_LAST | ZEROMQ_HOST_ARRAYS,
                            NULL);
  JS_FreeValue(js, native);
  JS_FreeValue(js, code);
  if (m == NULL) {
    JS_FreeValue(js, vm.glue);
    JS_ThrowInternalError(js, "zeromq: %s", zeromq_last_error()->message);
    return NULL;
  }
  kit_keep(m, vm.glue, 0);
  JSValue owner = JS_NewObjectClass(js, MACHINE);
  JS_SetOpaque(owner, m);
  JS_SetClassProto(js, MACHINE, owner);
  return m;
}

/* A module of another name in the same context has the same classes. */
static int start(JSContext *js, JSModuleDef *module) {
  const JSClassDef object = {"ZMQObject", .finalizer = end_object};
  const JSClassDef owner = {"ZMQMachine", .finalizer = end_machine, .gc_mark = mark_machine};
  size_t class;
  JS_NewClassID(&OBJECT);
  JS_NewClassID(&MACHINE);
  JS_NewClass(JS_GetRuntime(js), OBJECT, &object); /* does nothing if it was done before */
  JS_NewClass(JS_GetRuntime(js), MACHINE, &owner);
  kit_machine *m = machine_of(js) != NULL ? machine_of(js) : make_machine(js);
  if (m == NULL)
    return -1;
  for (size_t at = 0; kit_name(at, &class) != NULL; at++)
    JS_SetModuleExport(js, module, kit_name(at, &class), vm_keep(m, m->classes[class]));
  JS_SetModuleExport(js, module, "ZMQError", JS_GetPropertyStr(js, m->vm.glue, "ZMQError"));
  return JS_SetModuleExport(js, module, "version", JS_NewString(js, zeromq_version()));
}

JSModuleDef *js_init_module(JSContext *js, const char *name) {
  JSModuleDef *module = JS_NewCModule(js, name, start);
  size_t class;
  if (module == NULL)
    return NULL;
  for (size_t at = 0; kit_name(at, &class) != NULL; at++)
    JS_AddModuleExport(js, module, kit_name(at, &class));
  JS_AddModuleExport(js, module, "ZMQError");
  JS_AddModuleExport(js, module, "version");
  return module;
}
