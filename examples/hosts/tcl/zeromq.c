/*
 * ZeroMQ for Tcl 8.6: load ./zeromq.so; set pull [zeromq::ZMQPull new inproc://hello]
 *
 * ../README.md explains how to build it and what scripts see, and ../kit/adapter.h what the
 * functions that begin with vm_ and kit_ do.
 *
 * Tcl has no types, so the kinds that a parameter accepts decide what a word is. Where that is
 * not enough, scripts make a typed value: [zeromq::value list {a b}].
 */

#include <tcl.h>

#include "zeromq.h"

typedef Tcl_Obj *vm_value;
typedef struct vm { Tcl_Interp *interp; Tcl_Encoding utf8; Tcl_Obj *mark; unsigned long last; } vm;
#define VM_FAILED NULL

#include "../kit/adapter.h"

#define IS(kind) ((uint32_t)1 << (kind))

static Tcl_ObjCmdProc class_command, object_command;

static Tcl_Obj *vm_keep(kit_machine *m, Tcl_Obj *word) {
  return (void)m, Tcl_IncrRefCount(word), word;
}

static void vm_drop(kit_machine *m, Tcl_Obj *word) {
  Tcl_DecrRefCount(word);
  (void)m;
}

/* ---- Values for the library. A byte array that has never been text is bytes; everything else is
 * sent as UTF-8. ---- */

static bool lend_text(kit_loan *to, Tcl_Obj *word, bool bytes, zeromq_value *value) {
  int size;
  Tcl_DString text;
  if (bytes || (word->bytes == NULL && word->typePtr == Tcl_GetObjType("bytearray"))) {
    const unsigned char *data = Tcl_GetByteArrayFromObj(word, &size);
    return kit_text(to, ZEROMQ_BYTES, data, (size_t)size, value);
  }
  const char *data = Tcl_GetStringFromObj(word, &size);
  data = Tcl_UtfToExternalDString(to->m->vm.utf8, data, size, &text);
  kit_text(to, ZEROMQ_STRING, data, (size_t)Tcl_DStringLength(&text), value);
  Tcl_DStringFree(&text);
  return true;
}

/* Returns what the command that a word names has, if it is one of these, or NULL. */
static void *named(kit_machine *m, Tcl_Obj *word, Tcl_ObjCmdProc *command) {
  Tcl_CmdInfo info;
  if (word->bytes == NULL || !Tcl_GetCommandInfo(m->vm.interp, word->bytes, &info))
    return NULL;
  return info.objProc == command ? info.objClientData : NULL;
}

/* Makes a value of the first of the kinds that the word spells. Text that spells none of them
 * stays text, for which the library makes the error. */
static bool lend_word(kit_loan *to, Tcl_Obj *word, zeromq_value *value) {
  uint32_t kinds = to->kinds;
  int flag, count;
  double number;
  Tcl_WideInt integer;
  void *found;
  if (kinds & (IS(ZEROMQ_STRING) | IS(ZEROMQ_BYTES)))
    return lend_text(to, word, (kinds & IS(ZEROMQ_STRING)) == 0, value);
  if (kinds & IS(ZEROMQ_NIL) && word->bytes != NULL && word->length == 0)
    return kit_put(zeromq_value_nil(), value);
  if (kinds & IS(ZEROMQ_INT) && Tcl_GetWideIntFromObj(NULL, word, &integer) == TCL_OK &&
      (integer >= 0 || strchr(Tcl_GetString(word), '-') != NULL)) /* not one of 64 bits unsigned */
    return kit_put(zeromq_value_int(integer), value);
  if (kinds & IS(ZEROMQ_FLOAT) && Tcl_GetDoubleFromObj(NULL, word, &number) == TCL_OK)
    return kit_put(zeromq_value_float(number), value);
  if (kinds & IS(ZEROMQ_BOOL) && Tcl_GetBooleanFromObj(NULL, word, &flag) == TCL_OK)
    return kit_put(zeromq_value_bool(flag), value);
  if (kinds & IS(ZEROMQ_OBJECT) && (found = named(to->m, word, object_command)) != NULL)
    return kit_handle(found, value);
  if (kinds & IS(ZEROMQ_CLASS) && (found = named(to->m, word, class_command)) != NULL)
    return kit_class(found, value);
  if (Tcl_ListObjLength(NULL, word, &count) == TCL_OK &&
      kit_words_fit(to, word, (size_t)count, value))
    return true;
  return lend_text(to, word, false, value);
}

/* A typed value is a list of the mark, the type and the word. The mark is one object of Tcl, which
 * no other word is, whatever its text. The types are those of the kinds. */
static const char VALUE[] =
    "namespace eval ::zeromq { proc value {type {word {}}} { list $::zeromq::mark $type $word } }";
static const char *const TYPES[] = {"nil", "bool", "int", "float", "string", "list", "tuple",
                                    "dict", "object", "other", "function", "class", "bytes", NULL};

/* The words in a typed list are text, unless they are typed. */
static bool vm_lend(kit_loan *to, Tcl_Obj *word, zeromq_value *value) {
  uint32_t kinds = to->kinds, inner = to->inner;
  int count, kind = ZEROMQ_OTHER;
  Tcl_Obj **typed;
  if (word->typePtr != Tcl_GetObjType("list") ||
      Tcl_ListObjGetElements(NULL, word, &count, &typed) != TCL_OK || count != 3 ||
      typed[0] != to->m->vm.mark)
    return lend_word(to, word, value);
  Tcl_GetIndexFromObj(NULL, typed[1], TYPES, "type", TCL_EXACT, &kind);
  to->kinds = IS(kind);
  to->inner = IS(ZEROMQ_STRING);
  lend_word(to, typed[2], value);
  if (value->kind != (uint32_t)kind && value->kind != ZEROMQ_OTHER)
    kit_other("a typed value whose word is not of its type", value);
  to->kinds = kinds;
  to->inner = inner;
  return true;
}

static Tcl_Obj *vm_item(kit_machine *m, Tcl_Obj *list, size_t index) {
  Tcl_Obj *item = NULL;
  Tcl_ListObjIndex(NULL, list, (int)index, &item);
  return vm_keep(m, item);
}

/* ---- Values of the library. Nil is an empty word, and a dict a list of keys and values. ---- */

static Tcl_Obj *vm_take(kit_machine *m, const zeromq_value *value) {
  const zeromq_bytes *bytes = &value->as.bytes;
  Tcl_DString text;
  Tcl_Obj *word = Tcl_NewObj();
  switch (value->kind) {
  case ZEROMQ_BOOL: Tcl_SetBooleanObj(word, value->as.integer != 0); break;
  case ZEROMQ_INT: Tcl_SetWideIntObj(word, value->as.integer); break;
  case ZEROMQ_FLOAT: Tcl_SetDoubleObj(word, value->as.number); break;
  case ZEROMQ_BYTES: Tcl_SetByteArrayObj(word, (const void *)bytes->data, (int)bytes->size); break;
  case ZEROMQ_STRING:
    Tcl_ExternalToUtfDString(m->vm.utf8, bytes->data, (int)bytes->size, &text);
    Tcl_SetStringObj(word, Tcl_DStringValue(&text), Tcl_DStringLength(&text));
    Tcl_DStringFree(&text);
  }
  return vm_keep(m, word);
}

static Tcl_Obj *vm_gather(kit_machine *m, uint32_t kind, Tcl_Obj **items, size_t count) {
  (void)kind;
  return vm_keep(m, Tcl_NewListObj((int)count, items));
}

/* ---- Functions are command prefixes. Errors are a tag, a text and the options of return. ---- */

static Tcl_Obj *vm_call(kit_machine *m, Tcl_Obj *prefix, Tcl_Obj **arguments, size_t count) {
  Tcl_Obj *command = vm_keep(m, Tcl_DuplicateObj(prefix));
  for (size_t at = 0; at < count; at++)
    Tcl_ListObjAppendElement(NULL, command, arguments[at]);
  int code = Tcl_EvalObjEx(m->vm.interp, command, TCL_EVAL_GLOBAL | TCL_EVAL_DIRECT);
  vm_drop(m, command);
  if (code != TCL_OK && code != TCL_RETURN)
    return NULL;
  Tcl_Obj *result = vm_keep(m, Tcl_GetObjResult(m->vm.interp));
  Tcl_ResetResult(m->vm.interp);
  return result;
}

static Tcl_Obj *vm_catch(kit_machine *m) {
  Tcl_Obj *code = Tcl_GetVar2Ex(m->vm.interp, "errorCode", NULL, TCL_GLOBAL_ONLY);
  Tcl_Obj *error[] = {NULL, Tcl_GetObjResult(m->vm.interp), NULL};
  if (code != NULL && strncmp(Tcl_GetString(code), "ZEROMQ ", 7) == 0)
    Tcl_ListObjIndex(NULL, code, 1, &error[0]);
  if (error[0] == NULL)
    error[0] = Tcl_NewStringObj("error", -1);
  error[2] = Tcl_GetReturnOptions(m->vm.interp, TCL_ERROR);
  return vm_keep(m, Tcl_NewListObj(3, error));
}

static void vm_throw(kit_machine *m, Tcl_Obj *caught) {
  int count;
  Tcl_Obj **error;
  Tcl_ListObjGetElements(NULL, caught, &count, &error);
  Tcl_SetObjResult(m->vm.interp, error[1]);
  Tcl_SetReturnOptions(m->vm.interp, error[2]);
}

static void vm_raise(kit_machine *m, const zeromq_error *error) {
  if (Tcl_Canceled(m->vm.interp, TCL_LEAVE_ERR_MSG) != TCL_OK)
    return;
  Tcl_SetObjResult(m->vm.interp, Tcl_NewStringObj(error->message, -1));
  Tcl_SetErrorCode(m->vm.interp, "ZEROMQ", error->tag, zeromq_code_name(error->code), NULL);
}

/* A script is stopped by [interp cancel], and by signal handlers of extensions. */
static int32_t interrupted(void *machine) {
  return Tcl_Canceled(((kit_machine *)machine)->vm.interp, 0) == TCL_ERROR || Tcl_AsyncReady();
}

/* ---- Calls of classes and objects, which are commands. ---- */

/* Makes a value, which is NULL after an error, the result of the command. */
static int answer(Tcl_Interp *interp, Tcl_Obj *word) {
  if (word == NULL)
    return TCL_ERROR;
  Tcl_SetObjResult(interp, word);
  Tcl_DecrRefCount(word);
  return TCL_OK;
}

/* Options are words that have a text. Others would get one, and bytes would be text. */
static const char *text_of(Tcl_Obj *word) { return word->bytes != NULL ? word->bytes : ""; }

/* Calls a method with words, as the command of the script. The name is that of a new object. */
static int invoke(Tcl_Interp *interp, const zeromq_method *method, const kit_object *receiver,
                  int count, Tcl_Obj *const *words, const char *name) {
  kit_call call;
  kit_begin(&call, Tcl_GetAssocData(interp, "zeromq", NULL), method, (size_t)count);
  kit_words(&call, words, (size_t)count, text_of);
  Tcl_Preserve(interp); /* a function may delete it */
  int code = answer(interp, kit_finish(&call, receiver, name));
  Tcl_Release(interp);
  return code;
}

/* Returns the name of the command of an object, which is made if it has none. */
static Tcl_Obj *vm_wrap(kit_machine *m, kit_object *object, const void *as) {
  const char *in = Tcl_GetCurrentNamespace(m->vm.interp)->fullName, *name = as;
  Tcl_Obj *full = Tcl_NewObj();
  if (object->value == NULL) {
    if (name == NULL)
      Tcl_AppendPrintfToObj(full, "::zeromq::%s%lu", zeromq_object_class(object->handle)->name,
                            ++m->vm.last);
    else if (strncmp(name, "::", 2) == 0)
      Tcl_AppendToObj(full, name, -1);
    else
      Tcl_AppendPrintfToObj(full, "%s::%s", strcmp(in, "::") == 0 ? "" : in, name);
    object->value = Tcl_CreateObjCommand(m->vm.interp, Tcl_GetString(full), object_command, object,
                                         kit_free);
    Tcl_SetObjLength(full, 0);
  }
  Tcl_GetCommandFullName(m->vm.interp, object->value, full);
  return vm_keep(m, full);
}

static int no_method(Tcl_Interp *interp, const zeromq_class *class, const char *name) {
  Tcl_SetObjResult(interp, Tcl_ObjPrintf("%s has no method \"%s\"", class->name, name));
  return TCL_ERROR;
}

static int object_command(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[]) {
  const kit_object *object = data;
  const char *name = count > 1 ? Tcl_GetString(words[1]) : "";
  const zeromq_method *method = kit_method_of(object, name);
  if (method != NULL)
    return invoke(interp, method, object, count - 2, words + 2, NULL);
  if (strcmp(name, "destroy") == 0)
    return Tcl_DeleteCommandFromToken(interp, object->value) == 0 ? TCL_OK : TCL_ERROR;
  if (strcmp(name, "text") == 0)
    return answer(interp, kit_show(Tcl_GetAssocData(interp, "zeromq", NULL), object));
  return no_method(interp, zeromq_object_class(object->handle), name);
}

/* zeromq::ZMQPull new ?args?, zeromq::ZMQPull create name ?args?, zeromq::ZMQ version */
static int class_command(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[]) {
  const zeromq_class *class = data;
  const char *name = count > 1 ? Tcl_GetString(words[1]) : "";
  const zeromq_method *method = kit_method(class->functions, class->function_count, name);
  if (method != NULL)
    return invoke(interp, method, NULL, count - 2, words + 2, NULL);
  if (class->constructor != NULL && strcmp(name, "new") == 0)
    return invoke(interp, class->constructor, NULL, count - 2, words + 2, NULL);
  if (class->constructor != NULL && strcmp(name, "create") == 0 && count > 2)
    return invoke(interp, class->constructor, NULL, count - 3, words + 3, Tcl_GetString(words[2]));
  return no_method(interp, class, name);
}

static Tcl_Obj *vm_class(kit_machine *m, const zeromq_class *class) {
  Tcl_Obj *name = Tcl_ObjPrintf("::zeromq::%s", class->name);
  Tcl_Obj *alias = Tcl_ObjPrintf("::zeromq::%s", class->alias != NULL ? class->alias : class->name);
  Tcl_CreateObjCommand(m->vm.interp, Tcl_GetString(alias), class_command, (void *)class, NULL);
  Tcl_CreateObjCommand(m->vm.interp, Tcl_GetString(name), class_command, (void *)class, NULL);
  Tcl_DecrRefCount(alias);
  return vm_keep(m, name);
}

static void end_machine(ClientData data, Tcl_Interp *interp) {
  (void)interp;
  vm vm = ((kit_machine *)data)->vm;
  kit_close(data);
  Tcl_FreeEncoding(vm.utf8);
  Tcl_DecrRefCount(vm.mark);
}

int Zeromq_Init(Tcl_Interp *interp) {
  if (Tcl_InitStubs(interp, "8.6", 0) == NULL || Tcl_Eval(interp, VALUE) != TCL_OK)
    return TCL_ERROR;
  vm vm = {interp, Tcl_GetEncoding(interp, "utf-8"), Tcl_NewStringObj("zeromq::value", -1), 0};
  Tcl_SetVar2Ex(interp, "::zeromq::mark", NULL, vm_keep(NULL, vm.mark), 0);
  kit_machine *m = kit_open(vm, ZEROMQ_HOST_BYTES, interrupted);
  if (m == NULL) {
    Tcl_SetObjResult(interp, Tcl_NewStringObj(zeromq_last_error()->message, -1));
    return TCL_ERROR;
  }
  Tcl_SetAssocData(interp, "zeromq", end_machine, m);
  return Tcl_PkgProvide(interp, "zeromq", zeromq_version());
}
