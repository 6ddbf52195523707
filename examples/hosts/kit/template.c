/*
 * A template for adapters in C. It is complete, for the machine of toy.h, and passes the table
 * of calls. Copy it, replace what begins with toy_ by what your machine has, and fill in the
 * parts in this order. After each of them, the cases of calls.json that need no more pass.
 *
 *   1. the machine, calls and errors: ZMQ.version() returns a text, and ZMQ.has() raises ZMQArgs
 *   2. values of the library      5. values for the library: ZMQ.has("curve") returns true
 *   3. classes and objects        6. functions of the script
 *   4. the end of the machine
 */

#include "zeromq.h"

#include "adapter.h"
#include "toy.h"

/* ---- The machine. The library passes it to the functions that it calls back. ---- */

typedef struct machine {
  toy_vm *vm;
  zeromq_registration host;
  toy_value **classes;   /* by their index in zeromq_classes */
  toy_value *functions;  /* those that the library has, by their number - 1, or nil */
  kit_memory *returned;  /* what a function returned in the innermost call of this thread */
  kit_objects objects;
} machine;

/* What a function of a class has. */
typedef struct row { machine *m; const zeromq_method *method; } row;

static void end_object(void *object) { kit_free(object); }

/* ---- Values for the library. Copy what the machine may move or free during a call. ---- */

static zeromq_value lend(machine *m, toy_value *given, int depth, kit_memory *memory) {
  zeromq_value *items;
  switch (given->kind) {
  case TOY_NIL: return KIT_VALUE(ZEROMQ_NIL, integer, 0);
  case TOY_BOOL: return KIT_VALUE(ZEROMQ_BOOL, integer, given->integer);
  case TOY_INT: return KIT_VALUE(ZEROMQ_INT, integer, given->integer);
  case TOY_FLOAT: return KIT_VALUE(ZEROMQ_FLOAT, number, given->number);
  case TOY_TEXT:
    return KIT_VALUE(ZEROMQ_STRING, bytes, kit_copy(memory, given->text, given->size));
  case TOY_LIST: case TOY_DICT:
    if ((items = kit_list(memory, depth, given->count)) == NULL)
      return KIT_TOO_LARGE;
    for (size_t at = 0; at < given->count; at++)
      items[at] = lend(m, given->items[at], depth + 1, memory);
    return KIT_VALUE(given->kind == TOY_LIST ? ZEROMQ_LIST : ZEROMQ_DICTIONARY, items,
                     {items, given->count});
  case TOY_OBJECT: /* an object of another library would be KIT_OTHER("an object") */
    return KIT_VALUE(ZEROMQ_OBJECT, object, ((kit_object *)given->data)->handle);
  case TOY_CLASS:
    for (size_t at = 0; zeromq_classes()[at] != NULL; at++)
      if (m->classes[at] == given)
        return KIT_VALUE(ZEROMQ_CLASS, described, zeromq_classes()[at]);
    return KIT_OTHER("a class");
  case TOY_FUNCTION: /* kept until zeromq_function_released returns its number */
    toy_append(m->functions, toy_keep(given));
    return kit_function(memory, m->functions->count);
  default: return KIT_OTHER("a value of another kind");
  }
}

/* ---- Values of the library. ---- */

static toy_value *take_object(machine *m, zeromq_object handle) {
  kit_object *known = kit_find(&m->objects, handle);
  if (known != NULL)
    return toy_keep(known->value);
  toy_value *made = toy_new(TOY_OBJECT);
  made->class = toy_keep(m->classes[kit_class_of(handle)]);
  made->data = kit_add(&m->objects, handle, made);
  made->finalize = end_object;
  return made;
}

static toy_value *take(machine *m, const zeromq_value *value) {
  const zeromq_items *items = &value->as.items;
  toy_value *made;
  switch (value->kind) {
  case ZEROMQ_BOOL: (made = toy_int(value->as.integer))->kind = TOY_BOOL; return made;
  case ZEROMQ_INT: return toy_int(value->as.integer);
  case ZEROMQ_FLOAT: (made = toy_new(TOY_FLOAT))->number = value->as.number; return made;
  case ZEROMQ_STRING: case ZEROMQ_BYTES:
    return toy_text(value->as.bytes.data, value->as.bytes.size);
  case ZEROMQ_LIST: case ZEROMQ_TUPLE: case ZEROMQ_DICTIONARY:
    made = toy_new(value->kind == ZEROMQ_DICTIONARY ? TOY_DICT : TOY_LIST);
    for (size_t at = 0; at < items->count; at++)
      toy_append(made, take(m, &items->data[at]));
    return made;
  case ZEROMQ_OBJECT: return take_object(m, value->as.object);
  case ZEROMQ_FUNCTION: return toy_keep(m->functions->items[value->as.function - 1]);
  default: return toy_new(TOY_NIL);
  }
}

/* ---- What the library calls back, during a call of the machine and on its thread. ---- */

static void warn(void *context, const char *tag, const char *message) {
  (void)context;
  fprintf(stderr, "Warning '%s': %s\n", tag, message);
}

/* Runs a function. Its error stays where it is, to come out of the call as it went in. */
static int32_t call_function(void *context, zeromq_function function, const zeromq_value *arguments,
                             size_t count, zeromq_value *result) {
  machine *m = context;
  zeromq_value all = KIT_VALUE(ZEROMQ_LIST, items, {arguments, count});
  toy_value *list = take(m, &all), *callee = toy_keep(m->functions->items[function - 1]);
  toy_value *returned = toy_call(m->vm, callee, NULL, list->items, list->count);
  toy_drop(callee);
  toy_drop(list);
  if (returned == NULL)
    return 1;
  kit_release(m->returned, NULL, NULL);
  *result = lend(m, returned, 0, m->returned); /* valid until the next call of a function */
  toy_drop(returned);
  return 0;
}

/* ---- Calls. ---- */

static void forget(machine *m, zeromq_function function) {
  toy_drop(m->functions->items[function - 1]);
  m->functions->items[function - 1] = toy_new(TOY_NIL);
}

static toy_value *invoke(toy_vm *vm, void *data, toy_value *self, toy_value **given, size_t count) {
  const row *r = data;
  machine *m = r->m;
  kit_memory memory = {NULL, 0}, returned = {NULL, 0}, *outer = m->returned;
  zeromq_value *arguments = kit_hold(&memory, count * sizeof *arguments);
  for (zeromq_function done; (done = zeromq_function_released(m->host)) != 0;)
    forget(m, done);
  for (size_t at = 0; at < count; at++)
    arguments[at] = lend(m, given[at], 0, &memory);
  zeromq_result result;
  m->returned = &returned;
  zeromq_code code =
      zeromq_call(m->host, r->method, self ? ((kit_object *)self->data)->handle : 0, arguments,
                  count, NULL, 0, &result);
  m->returned = outer;
  kit_release(&memory, NULL, NULL);
  kit_release(&returned, NULL, NULL);
  if (code == ZEROMQ_CODE_CALLBACK)
    return NULL;
  if (code != ZEROMQ_CODE_OK) {
    const zeromq_error *error = zeromq_last_error(); /* valid until it is asked again */
    return toy_raise(vm, error->tag, error->message);
  }
  toy_value *taken = take(m, &result.value);
  zeromq_result_free(&result);
  return taken;
}

/* ---- Classes. Their names, methods and documentation come from the descriptors. ---- */

static void define(machine *m, toy_value *class, const zeromq_method *const *methods,
                   uint32_t count) {
  for (uint32_t at = 0; at < count; at++) {
    row *r = malloc(sizeof *r);
    if (r == NULL)
      abort();
    *r = (row){m, methods[at]};
    toy_append(class, toy_function(methods[at]->name, invoke, r));
    class->items[class->count - 1]->finalize = free;
  }
}

static toy_value *make_class(machine *m, const zeromq_class *class) {
  toy_value *made = toy_text(class->name, strlen(class->name));
  made->kind = TOY_CLASS;
  for (size_t at = 0; class->parent != NULL && zeromq_classes()[at] != NULL; at++)
    if (zeromq_classes()[at] == class->parent)
      made->class = toy_keep(m->classes[at]);
  define(m, made, &class->constructor, class->constructor != NULL); /* has the class's name */
  define(m, made, class->methods, class->method_count);
  define(m, made, class->functions, class->function_count);
  return made;
}

/* ---- The beginning and the end. ---- */

static machine *open_zeromq(toy_vm *vm) {
  machine *m = calloc(1, sizeof *m);
  size_t count = 0;
  zeromq_host host = {
      .size = sizeof host, .abi = ZEROMQ_ABI, .context = m, .warn = warn, .call = call_function,
      .flags = ZEROMQ_HOST_BYTES | ZEROMQ_HOST_NAMED_LAST,
  };
  if (m == NULL || zeromq_host_register(&host, &m->host) != ZEROMQ_CODE_OK ||
      zeromq_shutdown_at_exit() != ZEROMQ_CODE_OK)
    abort(); /* raise zeromq_last_error */
  m->vm = vm;
  m->functions = toy_new(TOY_LIST);
  while (zeromq_classes()[count] != NULL)
    count++;
  m->classes = calloc(count, sizeof *m->classes);
  for (size_t at = 0; m->classes != NULL && at < count; at++) {
    m->classes[at] = make_class(m, zeromq_classes()[at]);
    toy_append(vm->globals, toy_text(m->classes[at]->text, m->classes[at]->size));
    toy_append(vm->globals, toy_keep(m->classes[at]));
  }
  return m;
}

/* Objects may end later than the machine. */
static void close_zeromq(machine *m) {
  zeromq_host_unregister(m->host);
  kit_end(&m->objects);
  for (size_t at = 0; zeromq_classes()[at] != NULL; at++)
    toy_drop(m->classes[at]);
  toy_drop(m->functions);
  free(m->classes);
  free(m);
}
