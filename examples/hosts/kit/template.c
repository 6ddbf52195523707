/*
 * A template for adapters in C. It is complete, for the machine of toy.h, and passes the table
 * of calls. Copy it with adapter.h, which says what each function that begins with vm_ has to do
 * and does the rest. Replace what begins with toy_ by what your machine has, in this order. After
 * each part, the cases of calls.json that need no more pass. kit_open begins the use of the library
 * by a machine, and kit_close ends it.
 *
 *   1. calls, classes and errors: ZMQ.version() returns a text, and ZMQ.has() raises ZMQArgs
 *   2. values of the library      4. values for the library: ZMQ.has("curve") returns true
 *   3. objects                    5. functions of the script
 */

#include "zeromq.h"

#include "toy.h"

typedef toy_value *vm_value;
typedef toy_vm *vm;
#define VM_FAILED NULL

#include "adapter.h"

static toy_value *vm_keep(kit_machine *m, toy_value *value) { return (void)m, toy_keep(value); }
static void vm_drop(kit_machine *m, toy_value *value) { (void)m, toy_drop(value); }

/* ---- 1. Errors, calls, and classes, whose names and methods come from the descriptors. ---- */

static void vm_raise(kit_machine *m, const zeromq_error *error) {
  toy_raise(m->vm, error->tag, error->message);
}

/* What a function of a class has. */
typedef struct row { kit_machine *m; const zeromq_method *method; } row;

static toy_value *invoke(toy_vm *vm, void *data, toy_value *self, toy_value **given, size_t count) {
  const row *r = data;
  (void)vm;
  return kit_invoke(r->m, r->method, self != NULL ? self->data : NULL, given, count);
}

static void define(kit_machine *m, toy_value *class, const zeromq_method *const *methods,
                   uint32_t count) {
  for (uint32_t at = 0; at < count; at++) {
    row *r = kit_allocate(sizeof *r);
    *r = (row){m, methods[at]};
    toy_append(class, toy_function(methods[at]->name, invoke, r));
    class->items[class->count - 1]->finalize = free;
  }
}

static toy_value *vm_class(kit_machine *m, const zeromq_class *class) {
  toy_value *made = toy_text(class->name, strlen(class->name));
  made->kind = TOY_CLASS;
  if (class->parent != NULL)
    made->class = toy_keep(m->classes[kit_index(class->parent)]);
  define(m, made, &class->constructor, class->constructor != NULL); /* has the class's name */
  define(m, made, class->methods, class->method_count);
  define(m, made, class->functions, class->function_count);
  toy_append(m->vm->globals, toy_text(class->name, strlen(class->name)));
  toy_append(m->vm->globals, toy_keep(made));
  return made;
}

/* ---- 2. Values of the library. ---- */

static toy_value *vm_take(kit_machine *m, const zeromq_value *value) {
  toy_value *made = toy_new(TOY_NIL);
  (void)m;
  switch (value->kind) {
  case ZEROMQ_BOOL: made->kind = TOY_BOOL, made->integer = value->as.integer; break;
  case ZEROMQ_INT: made->kind = TOY_INT, made->integer = value->as.integer; break;
  case ZEROMQ_FLOAT: made->kind = TOY_FLOAT, made->number = value->as.number; break;
  case ZEROMQ_STRING: case ZEROMQ_BYTES:
    toy_drop(made);
    return toy_text(value->as.bytes.data, value->as.bytes.size);
  }
  return made;
}

static toy_value *vm_gather(kit_machine *m, uint32_t kind, toy_value **items, size_t count) {
  toy_value *made = toy_new(kind == ZEROMQ_DICTIONARY ? TOY_DICT : TOY_LIST);
  for (size_t at = 0; at < count; at++)
    toy_append(made, vm_keep(m, items[at]));
  return made;
}

/* ---- 3. Objects. ---- */

static toy_value *vm_wrap(kit_machine *m, kit_object *object, const void *as) {
  (void)as;
  if (object->value != NULL)
    return toy_keep(object->value);
  toy_value *made = object->value = toy_new(TOY_OBJECT);
  made->class = toy_keep(m->classes[kit_index(zeromq_object_class(object->handle))]);
  made->data = object;
  made->finalize = kit_free;
  return made;
}

/* ---- 4. Values for the library. An object of another library would be kit_other. ---- */

static bool vm_lend(kit_loan *to, toy_value *given, zeromq_value *value) {
  size_t index = 0;
  switch (given->kind) {
  case TOY_NIL: return kit_put(zeromq_value_nil(), value);
  case TOY_BOOL: return kit_put(zeromq_value_bool(given->integer != 0), value);
  case TOY_INT: return kit_put(zeromq_value_int(given->integer), value);
  case TOY_FLOAT: return kit_put(zeromq_value_float(given->number), value);
  case TOY_TEXT: return kit_text(to, ZEROMQ_STRING, given->text, given->size, value);
  case TOY_LIST: return kit_list(to, ZEROMQ_LIST, given, given->count, value);
  case TOY_DICT: return kit_list(to, ZEROMQ_DICTIONARY, given, given->count, value);
  case TOY_OBJECT: return kit_handle(given->data, value);
  case TOY_FUNCTION: return kit_callable(to, given, value);
  case TOY_CLASS:
    while (index < to->m->class_count && to->m->classes[index] != given)
      index++;
    if (index < to->m->class_count)
      return kit_class(zeromq_classes()[index], value);
  }
  return kit_other("a value of another kind", value);
}

static toy_value *vm_item(kit_machine *m, toy_value *list, size_t index) {
  return vm_keep(m, list->items[index]);
}

/* ---- 5. Functions of the script, and their errors. ---- */

static toy_value *vm_call(kit_machine *m, toy_value *function, toy_value **given, size_t count) {
  return toy_call(m->vm, function, NULL, given, count);
}

static toy_value *vm_catch(kit_machine *m) { return toy_keep(m->vm->error); }
static void vm_throw(kit_machine *m, toy_value *error) {
  toy_raise(m->vm, error->items[0]->text, error->items[1]->text);
}
