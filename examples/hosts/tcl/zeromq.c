/*
 * ZeroMQ for Tcl 8.6: load ./zeromq.so; set pull [zeromq::ZMQPull new inproc://hello]
 *
 * The classes come from the library's descriptors, so this file needs no change when a class
 * or method is added. ../README.md explains how to build it and what scripts see.
 *
 * Tcl has no types, so the kinds that a parameter accepts decide what a word is. Where that is
 * not enough, scripts make a typed value: [zeromq::value list {a b}].
 */

#include <stdio.h>

#include <tcl.h>

#include "zeromq.h"

#include "../kit/adapter.h"

#define IS(kind) ((uint32_t)1 << (kind))
#define ANY IS(ZEROMQ_STRING) /* what a word inside a typed value is */

/* A function of the script: a command prefix, and the kinds that its result may have. */
typedef struct function { Tcl_Obj *prefix; uint32_t kinds; } function;

/* A call, and the error of its function. */
typedef struct call { kit_memory returned; Tcl_InterpState failure; Tcl_Obj *tag, *text; } call;

/* One interpreter. */
typedef struct machine {
  Tcl_Interp *interp;
  Tcl_Encoding utf8;
  zeromq_registration host;
  Tcl_HashTable functions; /* those that the library has, by their numbers */
  zeromq_function last_function;
  unsigned long last_object;
  call *innermost;
  kit_objects objects;
} machine;

static Tcl_ObjCmdProc object_command;

/* ---- Typed values: the kind, and the word, whose text is that of the value. ---- */

static void free_typed(Tcl_Obj *typed) {
  Tcl_Obj *word = typed->internalRep.twoPtrValue.ptr1;
  Tcl_DecrRefCount(word);
}

static void copy_typed(Tcl_Obj *typed, Tcl_Obj *copy) {
  copy->typePtr = typed->typePtr;
  copy->internalRep = typed->internalRep;
  Tcl_IncrRefCount((Tcl_Obj *)copy->internalRep.twoPtrValue.ptr1);
}

static void write_typed(Tcl_Obj *typed) {
  int size;
  const char *text = Tcl_GetStringFromObj(typed->internalRep.twoPtrValue.ptr1, &size);
  typed->bytes = memcpy(Tcl_Alloc((unsigned)size + 1), text, (size_t)size + 1);
  typed->length = size;
}

static const Tcl_ObjType TYPED = {"zeromq", free_typed, copy_typed, write_typed, NULL};

static const char *const KINDS[] = {"nil",    "bool",  "int",      "float", "string",
                                    "list",   "tuple", "dict",     "object", "other",
                                    "function", "class", "bytes",  "array", NULL};

/* ---- Values for the library: copies, because a function may change what a word holds. ---- */

static kit_object *object_of(machine *m, Tcl_Obj *word) {
  Tcl_CmdInfo info;
  bool found = Tcl_GetCommandInfo(m->interp, Tcl_GetString(word), &info) != 0;
  return found && info.objProc == object_command ? info.objClientData : NULL;
}

static const zeromq_class *class_of(Tcl_Obj *word) {
  const char *name = Tcl_GetString(word);
  const zeromq_class *const *class = zeromq_classes();
  name += strncmp(name, "::", 2) == 0 ? 2 : 0;
  name += strncmp(name, "zeromq::", 8) == 0 ? 8 : 0;
  while (*class != NULL && strcmp((*class)->name, name) != 0)
    class++;
  return *class;
}

/* A byte array that has never been text is bytes; everything else is sent as UTF-8. */
static zeromq_value lend_text(machine *m, Tcl_Obj *word, bool bytes, kit_memory *memory) {
  int size;
  bool pure = word->bytes == NULL && word->typePtr == Tcl_GetObjType("bytearray");
  if (pure || bytes) {
    const unsigned char *data = Tcl_GetByteArrayFromObj(word, &size);
    return KIT_VALUE(ZEROMQ_BYTES, bytes, kit_copy(memory, data, (size_t)size));
  }
  Tcl_DString text;
  const char *data = Tcl_GetStringFromObj(word, &size);
  Tcl_UtfToExternalDString(m->utf8, data, size, &text);
  zeromq_bytes copy = kit_copy(memory, Tcl_DStringValue(&text), (size_t)Tcl_DStringLength(&text));
  Tcl_DStringFree(&text);
  return KIT_VALUE(ZEROMQ_STRING, bytes, copy);
}

/* Makes a value of one of these kinds; words in a list have one of the inner kinds. Text that
 * spells none of them stays text, for which the library makes the error. */
static zeromq_value lend(machine *m, Tcl_Obj *word, uint32_t kinds, uint32_t inner, int depth,
                         kit_memory *memory) {
  int flag, count;
  double number;
  Tcl_WideInt integer;
  Tcl_Obj **words;
  const kit_object *object;
  if (word->typePtr == &TYPED) {
    kinds = IS((uintptr_t)word->internalRep.twoPtrValue.ptr2);
    inner = kinds & IS(ZEROMQ_ARRAY) ? IS(ZEROMQ_LIST) | IS(ZEROMQ_FLOAT) : ANY;
    word = word->internalRep.twoPtrValue.ptr1;
  }
  if (kinds & (IS(ZEROMQ_STRING) | IS(ZEROMQ_BYTES)))
    return lend_text(m, word, (kinds & IS(ZEROMQ_STRING)) == 0, memory);
  if (kinds & IS(ZEROMQ_NIL) && Tcl_GetCharLength(word) == 0)
    return KIT_VALUE(ZEROMQ_NIL, integer, 0);
  if (kinds & IS(ZEROMQ_INT) && Tcl_GetWideIntFromObj(NULL, word, &integer) == TCL_OK &&
      (integer >= 0 || strchr(Tcl_GetString(word), '-') != NULL)) /* not one of 64 bits unsigned */
    return KIT_VALUE(ZEROMQ_INT, integer, integer);
  if (kinds & IS(ZEROMQ_FLOAT) && Tcl_GetDoubleFromObj(NULL, word, &number) == TCL_OK)
    return KIT_VALUE(ZEROMQ_FLOAT, number, number);
  if (kinds & IS(ZEROMQ_BOOL) && Tcl_GetBooleanFromObj(NULL, word, &flag) == TCL_OK)
    return KIT_VALUE(ZEROMQ_BOOL, integer, flag);
  if (kinds & IS(ZEROMQ_OBJECT) && (object = object_of(m, word)) != NULL)
    return KIT_VALUE(ZEROMQ_OBJECT, object, object->handle);
  if (kinds & IS(ZEROMQ_CLASS) && class_of(word) != NULL)
    return KIT_VALUE(ZEROMQ_CLASS, described, class_of(word));
  bool list = Tcl_ListObjGetElements(NULL, word, &count, &words) == TCL_OK;
  if (kinds & IS(ZEROMQ_FUNCTION) && list && count > 0) {
    function *f = malloc(sizeof *f);
    if (f == NULL)
      abort();
    *f = (function){word, inner};
    Tcl_IncrRefCount(word);
    Tcl_HashEntry *entry = Tcl_CreateHashEntry(
        &m->functions, (char *)(uintptr_t)++m->last_function, &flag);
    Tcl_SetHashValue(entry, f);
    return kit_function(memory, m->last_function);
  }
  bool items_only = kinds & (IS(ZEROMQ_LIST) | IS(ZEROMQ_ARRAY));
  bool pairs = !items_only && kinds & IS(ZEROMQ_DICTIONARY) && count % 2 == 0;
  if (list && (items_only || pairs)) {
    zeromq_value *items = kit_list(memory, depth, (size_t)count);
    if (items == NULL)
      return KIT_TOO_LARGE;
    for (int at = 0; at < count; at++)
      items[at] = lend(m, words[at], inner, inner, depth + 1, memory);
    return KIT_VALUE(pairs ? ZEROMQ_DICTIONARY : ZEROMQ_LIST, items, {items, (size_t)count});
  }
  return lend_text(m, word, false, memory);
}

/* ---- Values of the library. Nil is an empty word. ---- */

static Tcl_Obj *take_object(machine *m, zeromq_object handle, const char *name);

static Tcl_Obj *take_text(machine *m, const char *data, size_t size) {
  Tcl_DString text;
  Tcl_ExternalToUtfDString(m->utf8, size > 0 ? data : "", (int)size, &text);
  Tcl_Obj *word = Tcl_NewStringObj(Tcl_DStringValue(&text), Tcl_DStringLength(&text));
  Tcl_DStringFree(&text);
  return word;
}

/* Takes an element, or the lists of a dimension. */
static Tcl_Obj *take_numbers(const zeromq_array *a, size_t depth, const char **data) {
  union { int8_t i1; int16_t i2; int32_t i4; int64_t i8; uint8_t u1; uint16_t u2; uint32_t u4;
          uint64_t u8; float f4[2]; double f8[2]; } n;
  Tcl_Obj *list = Tcl_NewListObj(0, NULL);
  if (depth < a->dimensions) {
    for (size_t at = 0; at < a->shape[depth]; at++)
      Tcl_ListObjAppendElement(NULL, list, take_numbers(a, depth + 1, data));
    return list;
  }
  memcpy(&n, *data, KIT_ELEMENTS[a->element].size);
  *data += KIT_ELEMENTS[a->element].size;
  for (int part = 0; a->element >= ZEROMQ_COMPLEX64 && part < 2; part++)
    Tcl_ListObjAppendElement(NULL, list, Tcl_NewDoubleObj(
        a->element == ZEROMQ_COMPLEX64 ? n.f4[part] : n.f8[part]));
  switch (a->element) {
  case ZEROMQ_BOOL8: Tcl_SetBooleanObj(list, n.u1 != 0); break;
  case ZEROMQ_INT8: Tcl_SetWideIntObj(list, n.i1); break;
  case ZEROMQ_INT16: Tcl_SetWideIntObj(list, n.i2); break;
  case ZEROMQ_INT32: Tcl_SetWideIntObj(list, n.i4); break;
  case ZEROMQ_INT64: Tcl_SetWideIntObj(list, n.i8); break;
  case ZEROMQ_UINT8: Tcl_SetWideIntObj(list, n.u1); break;
  case ZEROMQ_UINT16: Tcl_SetWideIntObj(list, n.u2); break;
  case ZEROMQ_UINT32: Tcl_SetWideIntObj(list, n.u4); break;
  case ZEROMQ_UINT64: Tcl_AppendPrintfToObj(list, "%llu", (unsigned long long)n.u8); break;
  case ZEROMQ_FLOAT32: Tcl_SetDoubleObj(list, n.f4[0]); break;
  case ZEROMQ_FLOAT64: Tcl_SetDoubleObj(list, n.f8[0]); break;
  }
  return list;
}

static Tcl_Obj *take(machine *m, const zeromq_value *value) {
  const zeromq_payload *as = &value->as;
  const char *data;
  Tcl_Obj *list;
  switch (value->kind) {
  case ZEROMQ_BOOL: return Tcl_NewBooleanObj(as->integer != 0);
  case ZEROMQ_INT: return Tcl_NewWideIntObj(as->integer);
  case ZEROMQ_FLOAT: return Tcl_NewDoubleObj(as->number);
  case ZEROMQ_STRING: return take_text(m, as->bytes.data, as->bytes.size);
  case ZEROMQ_BYTES:
    return Tcl_NewByteArrayObj((const unsigned char *)as->bytes.data, (int)as->bytes.size);
  case ZEROMQ_LIST: case ZEROMQ_TUPLE: case ZEROMQ_DICTIONARY: /* a dict is a list of pairs */
    list = Tcl_NewListObj(0, NULL);
    for (size_t at = 0; at < as->items.count; at++)
      Tcl_ListObjAppendElement(NULL, list, take(m, &as->items.data[at]));
    return list;
  case ZEROMQ_ARRAY: data = as->array->data; return take_numbers(as->array, 0, &data);
  case ZEROMQ_OBJECT: return take_object(m, as->object, NULL);
  default: return Tcl_NewObj();
  }
}

/* ---- What the library calls back. ---- */

static void warn(void *context, const char *tag, const char *message) {
  (void)context;
  fprintf(stderr, "Warning '%s': %s\n", tag, message);
}

/* A script is stopped by [interp cancel], and by signal handlers of extensions. */
static int32_t interrupted(void *context) {
  return Tcl_Canceled(((machine *)context)->interp, 0) == TCL_ERROR || Tcl_AsyncReady();
}

static function *function_of(machine *m, zeromq_function number, bool forget) {
  Tcl_HashEntry *entry = Tcl_FindHashEntry(&m->functions, (char *)(uintptr_t)number);
  function *f = entry != NULL ? Tcl_GetHashValue(entry) : NULL;
  if (entry != NULL && forget)
    Tcl_DeleteHashEntry(entry);
  return f;
}

static void forget(void *context, zeromq_function number) {
  function *f = function_of(context, number, true);
  if (f != NULL)
    Tcl_DecrRefCount(f->prefix);
  free(f);
}

static void drop_failure(call *c) {
  if (c->failure != NULL) {
    Tcl_DiscardInterpState(c->failure);
    Tcl_DecrRefCount(c->tag);
    Tcl_DecrRefCount(c->text);
  }
  c->failure = NULL;
}

/* Keeps the error of a function, and what a worker tells of it. */
static void keep_failure(Tcl_Interp *interp, call *c, int code) {
  Tcl_Obj *options = Tcl_GetReturnOptions(interp, code), *key = Tcl_NewStringObj("-errorcode", -1);
  Tcl_Obj *found = NULL, *first = NULL, *second = NULL;
  drop_failure(c);
  Tcl_IncrRefCount(options);
  Tcl_IncrRefCount(key);
  if (Tcl_DictObjGet(NULL, options, key, &found) == TCL_OK && found != NULL) {
    Tcl_ListObjIndex(NULL, found, 0, &first);
    Tcl_ListObjIndex(NULL, found, 1, &second);
  }
  bool ours = second != NULL && strcmp(Tcl_GetString(first), "ZEROMQ") == 0;
  c->tag = ours ? second : Tcl_NewStringObj("error", -1);
  c->text = Tcl_GetObjResult(interp);
  Tcl_IncrRefCount(c->tag);
  Tcl_IncrRefCount(c->text);
  Tcl_DecrRefCount(key);
  Tcl_DecrRefCount(options);
  c->failure = Tcl_SaveInterpState(interp, TCL_ERROR);
}

static int32_t call_function(void *context, zeromq_function number, const zeromq_value *arguments,
                             size_t count, zeromq_value *result) {
  machine *m = context;
  call *c = m->innermost;
  function f = *function_of(m, number, false);
  Tcl_Obj *command = Tcl_DuplicateObj(f.prefix);
  Tcl_IncrRefCount(command);
  for (size_t at = 0; at < count; at++)
    Tcl_ListObjAppendElement(NULL, command, take(m, &arguments[at]));
  int code = Tcl_EvalObjEx(m->interp, command, TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
  Tcl_DecrRefCount(command);
  if (code != TCL_OK && code != TCL_RETURN) {
    keep_failure(m->interp, c, code);
    return 1;
  }
  kit_release(&c->returned, NULL, NULL);
  *result = lend(m, Tcl_GetObjResult(m->interp), f.kinds, ANY, 0, &c->returned);
  Tcl_ResetResult(m->interp);
  return 0;
}

static void failure(void *context, const char **tag, const char **text) {
  call *c = ((machine *)context)->innermost;
  *tag = Tcl_GetString(c->tag);
  *text = Tcl_GetString(c->text);
}

/* ---- Calls. ---- */

static int raise_error(Tcl_Interp *interp) {
  const zeromq_error *error = zeromq_last_error();
  Tcl_SetObjResult(interp, Tcl_NewStringObj(error->message, -1));
  Tcl_SetErrorCode(interp, "ZEROMQ", error->tag, zeromq_code_name(error->code), NULL);
  return TCL_ERROR;
}

static const zeromq_parameter *option_of(const zeromq_method *method, const char *word) {
  for (uint32_t at = 0; word[0] == '-' && at < method->parameter_count; at++)
    if (method->parameters[at]->role == ZEROMQ_NAMED &&
        strcmp(method->parameters[at]->name, word + 1) == 0)
      return method->parameters[at];
  return NULL;
}

/* Calls a method with options such as -timeout 100, which -- ends, and arguments. The name is
 * that of the object that a constructor makes. */
static int invoke(machine *m, const zeromq_method *method, zeromq_object receiver, int count,
                  Tcl_Obj *const *words, const char *name) {
  Tcl_Interp *interp = m->interp;
  const zeromq_parameter *parameter;
  kit_memory memory = {NULL, 0};
  zeromq_named *named = kit_hold(&memory, (size_t)count * sizeof *named);
  zeromq_value *arguments = kit_hold(&memory, (size_t)count * sizeof *arguments);
  size_t named_count = 0, given = 0;
  while (count > 0 && (parameter = option_of(method, Tcl_GetString(*words))) != NULL) {
    if (count == 1) {
      Tcl_SetObjResult(interp, Tcl_ObjPrintf("value for \"%s\" missing", Tcl_GetString(*words)));
      kit_release(&memory, forget, m);
      return TCL_ERROR;
    }
    zeromq_value value = lend(m, words[1], parameter->kinds, parameter->inner, 0, &memory);
    named[named_count++] = (zeromq_named){parameter->name, value};
    words += 2, count -= 2;
  }
  if (count > 0 && strcmp(Tcl_GetString(*words), "--") == 0)
    words++, count--;
  for (uint32_t at = 0; count > 0; words++, count--) {
    parameter = at < method->parameter_count ? method->parameters[at] : NULL;
    at += parameter != NULL && parameter->role != ZEROMQ_VARIADIC;
    bool positional = parameter != NULL && parameter->role != ZEROMQ_NAMED;
    arguments[given++] = lend(m, *words, positional ? parameter->kinds : ANY,
                              positional ? parameter->inner : 0, 0, &memory);
  }
  for (zeromq_function done; (done = zeromq_function_released(m->host)) != 0;)
    forget(m, done);
  call c = {{NULL, 0}, NULL, NULL, NULL}, *outer = m->innermost;
  zeromq_result result;
  Tcl_Preserve(interp);
  m->innermost = &c;
  zeromq_code code = zeromq_call(m->host, method, receiver, arguments, given, named, named_count,
                                 &result);
  m->innermost = outer;
  kit_release(&memory, NULL, NULL);
  int status = TCL_ERROR;
  if (code == ZEROMQ_CODE_OK) {
    const zeromq_value *value = &result.value;
    Tcl_SetObjResult(interp, name ? take_object(m, value->as.object, name) : take(m, value));
    zeromq_result_free(&result);
    status = TCL_OK;
  } else if (code == ZEROMQ_CODE_CALLBACK && c.failure != NULL) {
    status = Tcl_RestoreInterpState(interp, c.failure);
    c.failure = Tcl_SaveInterpState(interp, TCL_OK);
  } else if (Tcl_Canceled(interp, TCL_LEAVE_ERR_MSG) == TCL_OK) {
    raise_error(interp);
  }
  drop_failure(&c);
  kit_release(&c.returned, NULL, NULL);
  Tcl_Release(interp);
  return status;
}

static const zeromq_method *method_of(const zeromq_method *const *methods, uint32_t count,
                                      const char *name) {
  for (uint32_t at = 0; at < count; at++)
    if (strcmp(methods[at]->name, name) == 0)
      return methods[at];
  return NULL;
}

/* ---- Objects, which are commands. ---- */

static void end_object(ClientData object) { kit_free(object); }

static int object_command(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[]) {
  kit_object *object = data;
  machine *m = Tcl_GetAssocData(interp, "zeromq", NULL);
  if (count < 2) {
    Tcl_WrongNumArgs(interp, 1, words, "method ?-option value ...? ?--? ?arg ...?");
    return TCL_ERROR;
  }
  const char *name = Tcl_GetString(words[1]);
  const zeromq_method *method = NULL;
  zeromq_result text;
  for (const zeromq_class *class = zeromq_object_class(object->handle); class && !method;
       class = class->parent)
    method = method_of(class->methods, class->method_count, name);
  if (method != NULL)
    return invoke(m, method, object->handle, count - 2, words + 2, NULL);
  if (strcmp(name, "destroy") == 0)
    return Tcl_DeleteCommandFromToken(interp, object->value) == 0 ? TCL_OK : TCL_ERROR;
  if (strcmp(name, "text") != 0) {
    Tcl_SetObjResult(interp, Tcl_ObjPrintf("%s has no method \"%s\"",
                                           zeromq_object_class(object->handle)->name, name));
    return TCL_ERROR;
  }
  if (zeromq_object_text(object->handle, &text) != ZEROMQ_CODE_OK)
    return raise_error(interp);
  Tcl_SetObjResult(interp, take(m, &text.value));
  zeromq_result_free(&text);
  return TCL_OK;
}

/* Returns the name of the command of an object, which is made if it has none. */
static Tcl_Obj *take_object(machine *m, zeromq_object handle, const char *name) {
  kit_object *object = kit_find(&m->objects, handle);
  Tcl_Obj *word = Tcl_NewObj();
  if (object == NULL) {
    Tcl_Namespace *here = Tcl_GetCurrentNamespace(m->interp);
    Tcl_Obj *full;
    if (name == NULL)
      full = Tcl_ObjPrintf("::zeromq::%s%lu", zeromq_object_class(handle)->name, ++m->last_object);
    else if (strncmp(name, "::", 2) == 0 || here->parentPtr == NULL)
      full = Tcl_NewStringObj(name, -1);
    else
      full = Tcl_ObjPrintf("%s::%s", here->fullName, name);
    Tcl_IncrRefCount(full);
    object = kit_add(&m->objects, handle, NULL);
    object->value = Tcl_CreateObjCommand(m->interp, Tcl_GetString(full), object_command, object,
                                         end_object);
    Tcl_DecrRefCount(full);
  }
  Tcl_GetCommandFullName(m->interp, object->value, word);
  return word;
}

/* zeromq::ZMQPull new ?args?, zeromq::ZMQPull create name ?args?, zeromq::ZMQ version */
static int class_command(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[]) {
  const zeromq_class *class = data;
  machine *m = Tcl_GetAssocData(interp, "zeromq", NULL);
  const char *name = count > 1 ? Tcl_GetString(words[1]) : "";
  const zeromq_method *method = method_of(class->functions, class->function_count, name);
  if (method != NULL)
    return invoke(m, method, 0, count - 2, words + 2, NULL);
  if (class->constructor != NULL && strcmp(name, "new") == 0)
    return invoke(m, class->constructor, 0, count - 2, words + 2, NULL);
  if (class->constructor != NULL && strcmp(name, "create") == 0 && count > 2)
    return invoke(m, class->constructor, 0, count - 3, words + 3, Tcl_GetString(words[2]));
  Tcl_WrongNumArgs(interp, 1, words, class->constructor != NULL
                                         ? "new|create name|function ?-option value ...? ?arg ...?"
                                         : "function ?-option value ...? ?arg ...?");
  return TCL_ERROR;
}

/* ---- The package. ---- */

/* zeromq::value type ?value?: makes a typed value. */
static int value_command(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[]) {
  machine *m = data;
  int kind;
  kit_memory memory = {NULL, 0};
  if (count < 2 || count > 3) {
    Tcl_WrongNumArgs(interp, 1, words, "type ?value?");
    return TCL_ERROR;
  }
  if (Tcl_GetIndexFromObj(interp, words[1], KINDS, "type", TCL_EXACT, &kind) != TCL_OK)
    return TCL_ERROR;
  Tcl_Obj *word = count == 3 ? words[2] : Tcl_NewObj(), *typed = Tcl_NewObj();
  Tcl_InvalidateStringRep(typed);
  typed->typePtr = &TYPED;
  typed->internalRep.twoPtrValue.ptr1 = word;
  typed->internalRep.twoPtrValue.ptr2 = (void *)(uintptr_t)kind;
  Tcl_IncrRefCount(word);
  Tcl_IncrRefCount(typed);
  uint32_t made = lend(m, typed, 0, 0, 0, &memory).kind;
  kit_release(&memory, forget, m);
  bool fits = made == (uint32_t)kind || (kind == ZEROMQ_ARRAY && made == ZEROMQ_LIST);
  Tcl_SetObjResult(interp, fits ? typed : Tcl_ObjPrintf("expected %s but got \"%s\"", KINDS[kind],
                                                        Tcl_GetString(word)));
  Tcl_DecrRefCount(typed);
  return fits ? TCL_OK : TCL_ERROR;
}

static void end_machine(ClientData data, Tcl_Interp *interp) {
  machine *m = data;
  (void)interp;
  Tcl_HashSearch search;
  zeromq_host_unregister(m->host);
  kit_end(&m->objects);
  for (Tcl_HashEntry *entry; (entry = Tcl_FirstHashEntry(&m->functions, &search)) != NULL;)
    forget(m, (zeromq_function)(uintptr_t)Tcl_GetHashKey(&m->functions, entry));
  Tcl_DeleteHashTable(&m->functions);
  Tcl_FreeEncoding(m->utf8);
  free(m);
}

int Zeromq_Init(Tcl_Interp *interp);

int Zeromq_Init(Tcl_Interp *interp) {
  machine *m = calloc(1, sizeof *m);
  zeromq_host host = {
      .size = sizeof host, .abi = ZEROMQ_ABI, .context = m,
      .flags = ZEROMQ_HOST_BYTES | ZEROMQ_HOST_ARRAYS, .warn = warn,
      .interrupted = interrupted, .call = call_function, .failure = failure,
  };
  if (m == NULL || Tcl_InitStubs(interp, "8.6", 0) == NULL)
    return TCL_ERROR;
  if (zeromq_host_register(&host, &m->host) != ZEROMQ_CODE_OK ||
      zeromq_shutdown_at_exit() != ZEROMQ_CODE_OK)
    return raise_error(interp);
  m->interp = interp;
  m->utf8 = Tcl_GetEncoding(interp, "utf-8");
  Tcl_InitHashTable(&m->functions, TCL_ONE_WORD_KEYS);
  Tcl_SetAssocData(interp, "zeromq", end_machine, m);
  Tcl_CreateNamespace(interp, "::zeromq", NULL, NULL);
  Tcl_CreateObjCommand(interp, "::zeromq::value", value_command, m, NULL);
  for (const zeromq_class *const *class = zeromq_classes(); *class != NULL; class++)
    for (int alias = 0; alias < ((*class)->alias != NULL ? 2 : 1); alias++) {
      Tcl_Obj *name = Tcl_ObjPrintf("::zeromq::%s", alias ? (*class)->alias : (*class)->name);
      Tcl_CreateObjCommand(interp, Tcl_GetString(name), class_command, (void *)*class, NULL);
      Tcl_DecrRefCount(name);
    }
  return Tcl_PkgProvide(interp, "zeromq", zeromq_version());
}
