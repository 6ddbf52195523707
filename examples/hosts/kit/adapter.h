/*
 * What adapters in C have in common, whatever their machine: it collects the arguments of calls
 * and the memory that they lend to the library, runs functions of scripts, keeps their errors,
 * and knows which object of the library is which value of the machine.
 *
 * Include it in the one file of an adapter, after zeromq.h and these definitions. Then define the
 * functions that begin with vm_, which are declared below.
 *
 *     typedef ... vm_value;          a value of the machine, or a reference to one
 *     typedef struct vm {...} vm;    what the adapter has to know about a machine
 *     #define VM_FAILED ...          the vm_value of what has failed, such as NULL
 *     #define vm_failed(value) ...   whether a vm_value is that one, if == does not tell
 */

#ifndef ZEROMQ_KIT_ADAPTER_H
#define ZEROMQ_KIT_ADAPTER_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How deep lists may be in each other, and how many values one call may pass. */
enum { KIT_DEEPEST = 64, KIT_MOST = 1 << 22, KIT_BUCKETS = 1024 };

/* An object. The table of objects does not keep its value, whose finalizer calls kit_free. */
typedef struct kit_object {
  zeromq_object handle;
  void *value; /* the adapter's, or NULL if it has none yet */
  struct kit_object *next, **at;
} kit_object;

/* A value that is kept: a function of the script that the library has, with the kinds that its
 * result may have, or one that is kept as long as the machine. */
typedef struct kit_kept {
  zeromq_function number;
  vm_value value;
  uint32_t kinds;
  struct kit_kept *next;
} kit_kept;

/* One machine. The library passes it to the functions that it calls back. */
typedef struct kit_machine {
  vm vm;
  zeromq_registration host;
  vm_value *classes; /* by their index in zeromq_classes */
  size_t class_count;
  struct kit_call *innermost;
  zeromq_function last_kept;
  kit_kept *kept[KIT_BUCKETS];
  kit_object *objects[KIT_BUCKETS];
} kit_machine;

/* Memory that the library borrows, or a number of a function that it gets. */
typedef struct kit_block {
  struct kit_block *next;
  zeromq_function function;
} kit_block;

/* What is lent together, for a call or as the result of a function. */
typedef struct kit_loan {
  kit_machine *m;
  kit_block *blocks;
  size_t values;
  int depth;
  uint32_t kinds, inner; /* what a value, and those in it, may be: languages without types ask */
} kit_loan;

/* ---- What an adapter defines. Values that these functions get are borrowed. Those that they
 * return belong to the caller, who drops them. A function that fails leaves an error where the
 * machine has it, and returns false or VM_FAILED. ---- */

#ifndef vm_failed
#define vm_failed(value) ((value) == VM_FAILED)
#endif

static vm_value vm_keep(kit_machine *m, vm_value value); /* returns one more reference */
static void vm_drop(kit_machine *m, vm_value value);

/* Makes a class, or the name of one. The classes of its parents are in m->classes. */
static vm_value vm_class(kit_machine *m, const zeromq_class *class);

/* Makes a value of one of the library that has no others in it. */
static vm_value vm_take(kit_machine *m, const zeromq_value *value);

/* Makes a list, or a dictionary of keys and values, which alternate. */
static vm_value vm_gather(kit_machine *m, uint32_t kind, vm_value *items, size_t count);

/* Returns the value of an object: the one that it has, or a new one. If it is the result of a
 * constructor, `as` is what kit_finish was told about it. */
static vm_value vm_wrap(kit_machine *m, kit_object *object, const void *as);

/* Makes a value for the library, in memory of the loan: the machine may change or move its own
 * while a function of the script runs. A value that no kind fits is kit_other. */
static bool vm_lend(kit_loan *to, vm_value given, zeromq_value *value);

/* Returns an item of what was passed to kit_list. */
static vm_value vm_item(kit_machine *m, vm_value list, size_t index);

static vm_value vm_call(kit_machine *m, vm_value function, vm_value *arguments, size_t count);

/* Takes the error from where the machine has it. Returns a list: the tag and the text that a
 * worker tells about it, then whatever vm_throw needs to put the error there again. */
static vm_value vm_catch(kit_machine *m);
static void vm_throw(kit_machine *m, vm_value caught);

/* Makes an error of the library that of the machine. */
static void vm_raise(kit_machine *m, const zeromq_error *error);

/* ---- Values that are kept. Functions of the script are, until zeromq_function_released returns
 * their numbers. ---- */

static inline void *kit_allocate(size_t size) {
  void *made = calloc(1, size);
  if (made == NULL)
    abort();
  return made;
}

static inline kit_kept **kit_kept_at(kit_machine *m, zeromq_function number) {
  kit_kept **at = &m->kept[number % KIT_BUCKETS];
  while (*at != NULL && (*at)->number != number)
    at = &(*at)->next;
  return at;
}

/* Keeps a value, whose reference it takes over, and returns its number. */
static inline zeromq_function kit_keep(kit_machine *m, vm_value value, uint32_t kinds) {
  kit_kept *made = kit_allocate(sizeof *made);
  *made = (kit_kept){++m->last_kept, value, kinds, NULL};
  return (*kit_kept_at(m, made->number) = made)->number;
}

static inline void kit_forget(kit_machine *m, zeromq_function number) {
  kit_kept **at = kit_kept_at(m, number), *found = *at;
  if (found == NULL)
    return;
  *at = found->next;
  vm_drop(m, found->value);
  free(found);
}

/* ---- Values for the library. These return true, so that vm_lend can return what they do. ---- */

static inline bool kit_put(zeromq_value made, zeromq_value *value) {
  *value = made;
  return true;
}

static inline void *kit_hold(kit_loan *to, size_t size) {
  kit_block *made = kit_allocate(sizeof *made + size);
  made->next = to->blocks;
  to->blocks = made;
  return made + 1;
}

/* Copies a string, bytes, or the name of another kind, and adds a NUL. */
static inline bool kit_text(kit_loan *to, uint32_t kind, const void *data, size_t size,
                            zeromq_value *value) {
  char *copy = kit_hold(to, size + 1);
  if (size > 0)
    memcpy(copy, data, size);
  *value = (zeromq_value){kind, {.bytes = {copy, size}}};
  return true;
}

static inline bool kit_other(const char *name, zeromq_value *value) {
  *value = (zeromq_value){ZEROMQ_OTHER, {.bytes = {name, strlen(name)}}};
  return true;
}

static inline bool kit_handle(const kit_object *object, zeromq_value *value) {
  *value = (zeromq_value){ZEROMQ_OBJECT, {.object = object->handle}};
  return true;
}

static inline bool kit_class(const zeromq_class *class, zeromq_value *value) {
  *value = (zeromq_value){ZEROMQ_CLASS, {.described = class}};
  return true;
}

static inline bool kit_callable(kit_loan *to, vm_value function, zeromq_value *value) {
  zeromq_function number = kit_keep(to->m, vm_keep(to->m, function), to->inner);
  kit_hold(to, 0);
  to->blocks->function = number;
  *value = (zeromq_value){ZEROMQ_FUNCTION, {.function = number}};
  return true;
}

/* Lends a number of a language that has only doubles: a whole one is an integer. */
static inline bool kit_double(double number, zeromq_value *value) {
  bool whole = number > -0x1p53 && number < 0x1p53 && number == (double)(int64_t)number;
  return kit_put(whole ? zeromq_value_int((int64_t)number) : zeromq_value_float(number), value);
}

/* Replaces a text that is lent by the integer that it spells. */
static inline bool kit_integer(zeromq_value *value) {
  errno = 0;
  int64_t integer = strtoll(value->as.bytes.data, NULL, 10);
  if (errno != 0)
    return kit_other("an integer of more than 64 bits", value);
  return kit_put(zeromq_value_int(integer), value);
}

/* Lends each item of a list, or the keys and values of a dictionary. */
static inline bool kit_list(kit_loan *to, uint32_t kind, vm_value list, size_t count,
                            zeromq_value *value) {
  if (to->depth >= KIT_DEEPEST || count > KIT_MOST - to->values)
    return kit_other("a value that is too large or too deep, or in itself", value);
  zeromq_value *items = kit_hold(to, count * sizeof *items);
  uint32_t kinds = to->kinds;
  bool done = true;
  *value = (zeromq_value){kind, {.items = {items, count}}};
  to->values += count;
  to->kinds = to->inner;
  to->depth++;
  for (size_t at = 0; done && at < count; at++) {
    vm_value item = vm_item(to->m, list, at);
    done = !vm_failed(item);
    if (done) {
      done = vm_lend(to, item, &items[at]);
      vm_drop(to->m, item);
    }
  }
  to->depth--;
  to->kinds = kinds;
  return done;
}

/* Lends words, in a language where they may be a function, a list or a dictionary. Returns false if
 * none of these is asked for. */
static inline bool kit_words_fit(kit_loan *to, vm_value words, size_t count, zeromq_value *value) {
  uint32_t kinds = to->kinds;
  if (kinds & 1 << ZEROMQ_FUNCTION && count > 0)
    return kit_callable(to, words, value);
  if (kinds & (1 << ZEROMQ_LIST | 1 << ZEROMQ_ARRAY))
    return kit_list(to, ZEROMQ_LIST, words, count, value);
  if (kinds & 1 << ZEROMQ_DICTIONARY && count % 2 == 0)
    return kit_list(to, ZEROMQ_DICTIONARY, words, count, value);
  return false;
}

/* The elements of arrays, by their numbers. A complex number is two numbers. */
static const struct { const char *name; size_t size; } KIT_ELEMENTS[] = {
    {"", 0}, {"bool", 1}, {"int8", 1}, {"int16", 2}, {"int32", 4}, {"int64", 8}, {"uint8", 1},
    {"uint16", 2}, {"uint32", 4}, {"uint64", 8}, {"float32", 4}, {"float64", 8},
    {"complex64", 8}, {"complex128", 16},
};

/* Lends an array of numbers, or bytes, that a list describes: the name of the type of its elements,
 * or "bytes"; its bytes; and the size of each dimension. */
static inline bool kit_array(kit_loan *to, const zeromq_value *described, zeromq_value *value) {
  const zeromq_items *items = &described->as.items;
  if (described->kind != ZEROMQ_LIST || items->count < 2)
    return kit_other("an object of another class", value);
  const char *name = items->data[0].kind == ZEROMQ_STRING ? items->data[0].as.bytes.data : "";
  zeromq_bytes bytes = {NULL, 0};
  if (items->data[1].kind == ZEROMQ_BYTES)
    bytes = items->data[1].as.bytes;
  if (strcmp(name, "bytes") == 0 && items->count == 2)
    return kit_put((zeromq_value){ZEROMQ_BYTES, {.bytes = bytes}}, value);
  uint32_t element = ZEROMQ_COMPLEX128;
  while (element > 0 && strcmp(name, KIT_ELEMENTS[element].name) != 0)
    element--;
  size_t *shape = kit_hold(to, items->count * sizeof *shape), dimensions = items->count - 2;
  size_t expected = KIT_ELEMENTS[element].size;
  for (size_t at = 0; at < dimensions && expected <= bytes.size; at++) {
    const zeromq_value *length = &items->data[at + 2];
    shape[at] = length->kind == ZEROMQ_INT ? (size_t)length->as.integer : SIZE_MAX;
    expected = shape[at] <= bytes.size ? expected * shape[at] : SIZE_MAX;
  }
  if (element == 0 || dimensions > KIT_DEEPEST || expected != bytes.size)
    return kit_other("an array whose type or shape does not go with its size", value);
  zeromq_array *array = kit_hold(to, sizeof *array);
  *array = (zeromq_array){element, ZEROMQ_BY_ROWS, shape, dimensions, bytes.data, bytes.size};
  return kit_put(zeromq_value_array(array), value);
}

/* Frees the memory of a loan. The functions in one that has not reached the library are
 * forgotten; the others come back with zeromq_function_released. */
static inline void kit_release(kit_loan *loan, bool forget) {
  for (kit_block *next; loan->blocks != NULL; loan->blocks = next) {
    next = loan->blocks->next;
    if (forget && loan->blocks->function != 0)
      kit_forget(loan->m, loan->blocks->function);
    free(loan->blocks);
  }
  loan->values = 0;
}

/* ---- Classes and objects: the same handle is the same value of the machine. ---- */

/* Returns the index of a class in zeromq_classes. */
static inline size_t kit_index(const zeromq_class *class) {
  size_t index = 0;
  while (zeromq_classes()[index] != class && zeromq_classes()[index + 1] != NULL)
    index++;
  return index;
}

/* Returns the method with a name, or NULL. */
static inline const zeromq_method *kit_method(const zeromq_method *const *methods, uint32_t count,
                                              const char *name) {
  for (uint32_t at = 0; at < count; at++)
    if (strcmp(methods[at]->name, name) == 0)
      return methods[at];
  return NULL;
}

/* Returns a method of an object, or NULL. */
static inline const zeromq_method *kit_method_of(const kit_object *object, const char *name) {
  const zeromq_method *found = NULL;
  const zeromq_class *class = zeromq_object_class(object->handle);
  for (; class != NULL && found == NULL; class = class->parent)
    found = kit_method(class->methods, class->method_count, name);
  return found;
}

/* Returns the object of a handle that the library returned. Each time that a handle is returned
 * it must be freed, so this frees one that is known. */
static inline kit_object *kit_object_of(kit_machine *m, zeromq_object handle) {
  kit_object **bucket = &m->objects[handle % KIT_BUCKETS], *found = *bucket;
  while (found != NULL && found->handle != handle)
    found = found->next;
  if (found != NULL) {
    zeromq_object_free(handle);
    return found;
  }
  found = kit_allocate(sizeof *found);
  *found = (kit_object){handle, NULL, *bucket, bucket};
  if (found->next != NULL)
    found->next->at = &found->next;
  return *bucket = found;
}

/* Returns the text that is printed for an object. */
static inline vm_value kit_show(kit_machine *m, const kit_object *object) {
  zeromq_result text;
  if (zeromq_object_text(object->handle, &text) != ZEROMQ_CODE_OK) {
    vm_raise(m, zeromq_last_error());
    return VM_FAILED;
  }
  vm_value shown = vm_take(m, &text.value);
  zeromq_result_free(&text);
  return shown;
}

/* Frees an object whose value the machine has freed. It may do so after kit_close. */
static inline void kit_free(void *given) {
  kit_object *object = given;
  if (object == NULL)
    return;
  if (object->next != NULL)
    object->next->at = object->at;
  *object->at = object->next;
  zeromq_object_free(object->handle);
  free(object);
}

/* ---- Values of the library. ---- */

static inline vm_value kit_take(kit_machine *m, const zeromq_value *value);

static inline void kit_drop_all(kit_machine *m, vm_value *values, size_t count) {
  while (count > 0)
    vm_drop(m, values[--count]);
}

/* Takes values. If one of them fails, it is the only one that is left, and the first. */
static inline bool kit_take_all(kit_machine *m, const zeromq_value *from, size_t count,
                                vm_value *to) {
  for (size_t at = 0; at < count; at++) {
    to[at] = kit_take(m, &from[at]);
    if (vm_failed(to[at])) {
      kit_drop_all(m, to, at);
      to[0] = to[at];
      return false;
    }
  }
  return true;
}

static inline vm_value kit_take_items(kit_machine *m, uint32_t kind, const zeromq_items *from) {
  vm_value *items = kit_allocate((from->count + 1) * sizeof *items), made;
  if (kit_take_all(m, from->data, from->count, items)) {
    made = vm_gather(m, kind, items, from->count);
    kit_drop_all(m, items, from->count);
  } else {
    made = items[0];
  }
  free(items);
  return made;
}

static inline vm_value kit_take(kit_machine *m, const zeromq_value *value) {
  switch (value->kind) {
  case ZEROMQ_LIST: case ZEROMQ_TUPLE: return kit_take_items(m, ZEROMQ_LIST, &value->as.items);
  case ZEROMQ_DICTIONARY: return kit_take_items(m, ZEROMQ_DICTIONARY, &value->as.items);
  case ZEROMQ_OBJECT: return vm_wrap(m, kit_object_of(m, value->as.object), NULL);
  case ZEROMQ_FUNCTION: return vm_keep(m, (*kit_kept_at(m, value->as.function))->value);
  default: return vm_take(m, value);
  }
}

/* ---- Lists that describe arrays and classes, for languages that do the rest themselves. ---- */

/* Returns what kit_array takes. */
static inline vm_value kit_describe_array(kit_machine *m, const zeromq_array *array) {
  kit_loan memory = {.m = m};
  zeromq_value *items = kit_hold(&memory, (array->dimensions + 2) * sizeof *items);
  items[0] = zeromq_value_string(KIT_ELEMENTS[array->element].name);
  items[1] = zeromq_value_bytes(array->data, array->size);
  for (size_t at = 0; at < array->dimensions; at++)
    items[at + 2] = zeromq_value_int((int64_t)array->shape[at]);
  zeromq_value list = zeromq_value_list(items, array->dimensions + 2);
  vm_value made = kit_take(m, &list);
  kit_release(&memory, false);
  return made;
}

/* Methods have numbers: for each class one for the constructor, then those of its methods, then
 * those of its functions. Returns the number of a constructor. */
static inline int kit_number(const zeromq_class *class) {
  int number = 0;
  for (size_t at = 0; zeromq_classes()[at] != class; at++)
    number += 1 + (int)(zeromq_classes()[at]->method_count + zeromq_classes()[at]->function_count);
  return number;
}

/* Returns the method with a number, or NULL: not each class has a constructor. */
static inline const zeromq_method *kit_numbered(int number) {
  for (size_t at = 0; zeromq_classes()[at] != NULL && number >= 0; at++) {
    const zeromq_class *class = zeromq_classes()[at];
    int methods = (int)class->method_count, functions = (int)class->function_count;
    if (number == 0)
      return class->constructor;
    if (number <= methods)
      return class->methods[number - 1];
    if (number <= methods + functions)
      return class->functions[number - methods - 1];
    number -= 1 + methods + functions;
  }
  return NULL;
}

static inline zeromq_value kit_names(kit_loan *to, const zeromq_method *const *methods,
                                     uint32_t count) {
  zeromq_value *names = kit_hold(to, count * sizeof *names);
  for (uint32_t at = 0; at < count; at++)
    names[at] = zeromq_value_string(methods[at]->name);
  return zeromq_value_list(names, count);
}

/* Returns a list: the number of the constructor of a class, that of its parent or nil, its name,
 * and the names of its methods and functions. */
static inline vm_value kit_describe_class(kit_machine *m, const zeromq_class *class) {
  kit_loan memory = {.m = m};
  zeromq_value description[] = {
      zeromq_value_int(kit_number(class)),
      class->parent ? zeromq_value_int(kit_number(class->parent)) : zeromq_value_nil(),
      zeromq_value_string(class->name),
      kit_names(&memory, class->methods, class->method_count),
      kit_names(&memory, class->functions, class->function_count),
  };
  zeromq_value list = zeromq_value_list(description, 5);
  vm_value made = kit_take(m, &list);
  kit_release(&memory, false);
  return made;
}

/* Returns a list: the tag of an error, its message, and the name of its code. */
static inline vm_value kit_describe_error(kit_machine *m, const zeromq_error *error) {
  zeromq_value description[] = {
      zeromq_value_string(error->tag), zeromq_value_string(error->message),
      zeromq_value_string(zeromq_code_name(error->code)),
  };
  zeromq_value list = zeromq_value_list(description, 3);
  return kit_take(m, &list);
}

/* ---- Calls: kit_begin, then kit_named and kit_argument for each value, then kit_finish. ---- */

typedef struct kit_call {
  const zeromq_method *method;
  zeromq_value *arguments;
  zeromq_named *named;
  size_t count, named_count;
  uint32_t position; /* of the parameter for the next argument */
  bool failed;       /* the machine has an error, so the call is not made */
  kit_loan given, returned;
  bool thrown; /* a function failed with this error */
  vm_value error;
} kit_call;

static inline void kit_begin(kit_call *c, kit_machine *m, const zeromq_method *method,
                             size_t count) {
  memset(c, 0, sizeof *c);
  c->method = method;
  c->given.m = c->returned.m = m;
  c->arguments = kit_hold(&c->given, count * sizeof *c->arguments);
  c->named = kit_hold(&c->given, count * sizeof *c->named);
  for (zeromq_function done; (done = zeromq_function_released(m->host)) != 0;)
    kit_forget(m, done);
}

/* Returns the named parameter of a method, or NULL. */
static inline const zeromq_parameter *kit_parameter(const zeromq_method *method,
                                                    const char *name) {
  for (uint32_t at = 0; at < method->parameter_count; at++)
    if (method->parameters[at]->role == ZEROMQ_NAMED &&
        strcmp(method->parameters[at]->name, name) == 0)
      return method->parameters[at];
  return NULL;
}

static inline void kit_named(kit_call *c, const zeromq_parameter *parameter, vm_value given) {
  zeromq_named *named = &c->named[c->named_count++];
  named->name = parameter->name;
  c->given.kinds = parameter->kinds;
  c->given.inner = parameter->inner;
  c->failed = c->failed || !vm_lend(&c->given, given, &named->value);
}

static inline void kit_argument(kit_call *c, vm_value given) {
  const zeromq_parameter *parameter = NULL;
  if (c->position < c->method->parameter_count &&
      c->method->parameters[c->position]->role != ZEROMQ_NAMED)
    parameter = c->method->parameters[c->position];
  c->position += parameter != NULL && parameter->role != ZEROMQ_VARIADIC;
  c->given.kinds = parameter != NULL ? parameter->kinds : 1 << ZEROMQ_STRING;
  c->given.inner = parameter != NULL ? parameter->inner : 0;
  c->failed = c->failed || !vm_lend(&c->given, given, &c->arguments[c->count++]);
}

/* Adds the words of a language that has nothing else: options such as -timeout 100, which the word
 * -- ends, and arguments. The text of a word that is not text is empty. */
static inline void kit_words(kit_call *c, vm_value const *words, size_t count,
                             const char *(*text)(vm_value)) {
  const zeromq_parameter *option = NULL;
  size_t at = 0;
  for (; at < count && text(words[at])[0] == '-'; at += 2) {
    option = kit_parameter(c->method, text(words[at]) + 1);
    if (option == NULL || at + 1 == count)
      break;
    kit_named(c, option, words[at + 1]);
    option = NULL;
  }
  if (option != NULL) {
    zeromq_error error = {.code = ZEROMQ_CODE_ARGUMENT, .tag = "ZMQArgs",
                          .message = "the last word is an option without a value"};
    vm_raise(c->given.m, &error);
    c->failed = true;
  }
  if (at < count && strcmp(text(words[at]), "--") == 0)
    at++;
  for (; at < count; at++)
    kit_argument(c, words[at]);
}

/* Makes the call, unless an argument has failed, and returns its result. The receiver is NULL for
 * a constructor and for a function of a class. vm_wrap gets `as` with what a constructor makes. */
static inline vm_value kit_finish(kit_call *c, const kit_object *receiver, const void *as) {
  kit_machine *m = c->given.m;
  zeromq_result result;
  vm_value made = VM_FAILED;
  if (!c->failed) {
    struct kit_call *outer = m->innermost;
    m->innermost = c;
    zeromq_code code = zeromq_call(m->host, c->method, receiver != NULL ? receiver->handle : 0,
                                   c->arguments, c->count, c->named, c->named_count, &result);
    m->innermost = outer;
    if (code == ZEROMQ_CODE_OK) {
      made = as == NULL ? kit_take(m, &result.value)
                        : vm_wrap(m, kit_object_of(m, result.value.as.object), as);
      zeromq_result_free(&result);
    } else if (code == ZEROMQ_CODE_CALLBACK && c->thrown) {
      vm_throw(m, c->error);
    } else {
      vm_raise(m, zeromq_last_error());
    }
  }
  if (c->thrown)
    vm_drop(m, c->error);
  kit_release(&c->given, c->failed);
  kit_release(&c->returned, false);
  return made;
}

/* Makes a call whose arguments are values, the last of which may be a dictionary of named ones.
 * The method is NULL for the constructor of a class that has none. */
static inline vm_value kit_invoke(kit_machine *m, const zeromq_method *method,
                                  const kit_object *receiver, vm_value const *given, size_t count) {
  kit_call c;
  if (method == NULL) {
    zeromq_error error = {.code = ZEROMQ_CODE_ARGUMENT, .tag = "ZMQArgs",
                          .message = "this class has no objects of its own"};
    vm_raise(m, &error);
    return VM_FAILED;
  }
  kit_begin(&c, m, method, count);
  for (size_t at = 0; at < count; at++)
    kit_argument(&c, given[at]);
  return kit_finish(&c, receiver, NULL);
}

/* ---- What the library calls back, during a call and on its thread. ---- */

static inline void kit_warn(void *context, const char *tag, const char *message) {
  (void)context;
  fprintf(stderr, "Warning '%s': %s\n", tag, message);
}

/* Runs a function. Its error comes out of the call as it is. */
static inline int32_t kit_run(void *context, zeromq_function function,
                              const zeromq_value *arguments, size_t count, zeromq_value *result) {
  kit_machine *m = context;
  kit_call *c = m->innermost;
  const kit_kept *found = *kit_kept_at(m, function);
  vm_value callee = vm_keep(m, found->value), got;
  vm_value *given = kit_allocate((count + 1) * sizeof *given);
  kit_release(&c->returned, false);
  c->returned.kinds = found->kinds;
  c->returned.inner = 1 << ZEROMQ_STRING;
  if (kit_take_all(m, arguments, count, given)) {
    got = vm_call(m, callee, given, count);
    kit_drop_all(m, given, count);
  } else {
    got = given[0];
  }
  free(given);
  vm_drop(m, callee);
  bool done = !vm_failed(got);
  if (done) {
    done = vm_lend(&c->returned, got, result);
    vm_drop(m, got);
  }
  if (!done) {
    kit_release(&c->returned, true);
    vm_value error = vm_catch(m);
    if (c->thrown)
      vm_drop(m, c->error);
    c->error = error;
    c->thrown = true;
  }
  return !done;
}

/* Tells a worker why a function failed. */
static inline void kit_tell(void *context, const char **tag, const char **text) {
  kit_machine *m = context;
  kit_call *c = m->innermost;
  zeromq_value told;
  c->returned.kinds = 1 << ZEROMQ_LIST;
  if (!kit_list(&c->returned, ZEROMQ_LIST, c->error, 2, &told)) {
    vm_drop(m, vm_catch(m));
    return;
  }
  const zeromq_value *texts = told.kind == ZEROMQ_LIST ? told.as.items.data : NULL;
  if (texts && texts[0].kind == ZEROMQ_STRING && texts[1].kind == ZEROMQ_STRING) {
    *tag = texts[0].as.bytes.data;
    *text = texts[1].as.bytes.data;
  }
}

/* ---- The beginning and the end of a machine. ---- */

/* Registers a machine and makes its classes. Returns NULL if zeromq_last_error tells why not. */
static inline kit_machine *kit_open(vm vm, uint32_t flags, int32_t (*interrupted)(void *)) {
  kit_machine *m = kit_allocate(sizeof *m);
  zeromq_host host = {
      .size = sizeof host, .abi = ZEROMQ_ABI, .context = m, .flags = flags, .warn = kit_warn,
      .interrupted = interrupted, .call = kit_run, .failure = kit_tell,
  };
  m->vm = vm;
  if (zeromq_host_register(&host, &m->host) != ZEROMQ_CODE_OK ||
      zeromq_shutdown_at_exit() != ZEROMQ_CODE_OK) {
    if (m->host != 0)
      zeromq_host_unregister(m->host);
    free(m);
    return NULL;
  }
  size_t count = 0;
  while (zeromq_classes()[count] != NULL)
    count++;
  m->classes = kit_allocate(count * sizeof *m->classes);
  for (; m->class_count < count; m->class_count++) {
    m->classes[m->class_count] = vm_class(m, zeromq_classes()[m->class_count]);
    kit_keep(m, m->classes[m->class_count], 0);
  }
  return m;
}

/* Returns the name of a class, or the other one that it may have, in the order of zeromq_classes:
 * the class has the index *class. Returns NULL if there are not so many. */
static inline const char *kit_name(size_t number, size_t *class) {
  for (*class = 0; zeromq_classes()[*class] != NULL; ++*class) {
    const zeromq_class *found = zeromq_classes()[*class];
    if (number < (found->alias != NULL ? 2 : 1))
      return number == 0 ? found->name : found->alias;
    number -= found->alias != NULL ? 2 : 1;
  }
  return NULL;
}

/* Returns what is kept after something, or first after NULL, or NULL at the end. A garbage
 * collector sees all that the machine keeps. */
static inline kit_kept *kit_next(kit_machine *m, const kit_kept *previous) {
  kit_kept *next = previous != NULL ? previous->next : NULL;
  size_t at = previous != NULL ? previous->number % KIT_BUCKETS + 1 : 0;
  for (; next == NULL && at < KIT_BUCKETS; at++)
    next = m->kept[at];
  return next;
}

/* Frees a machine. Its objects may end later, so they leave the table. */
static inline void kit_close(kit_machine *m) {
  zeromq_host_unregister(m->host);
  for (size_t at = 0; at < KIT_BUCKETS; at++) {
    while (m->kept[at] != NULL)
      kit_forget(m, m->kept[at]->number);
    for (kit_object *object = m->objects[at], *next; object != NULL; object = next) {
      next = object->next;
      object->next = NULL;
      object->at = &object->next;
    }
  }
  free(m->classes);
  free(m);
}

#endif
