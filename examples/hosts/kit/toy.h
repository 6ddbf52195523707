/*
 * Toy: a virtual machine that does not exist, with just what template.c needs to be complete.
 * Yours has all of this under other names.
 *
 * Values are counted references. A function returns NULL if it has raised an error.
 */

#ifndef TOY_H
#define TOY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct toy_value toy_value;

/* A machine: the error that was raised last, as a list of a tag and a message. */
typedef struct toy_vm { toy_value *error, *globals; } toy_vm;

/* Native code: `self` is the receiver, or NULL. */
typedef toy_value *toy_code(toy_vm *vm, void *data, toy_value *self, toy_value **arguments,
                            size_t count);

enum { TOY_NIL, TOY_BOOL, TOY_INT, TOY_FLOAT, TOY_TEXT, TOY_LIST, TOY_DICT, TOY_OBJECT,
       TOY_FUNCTION, TOY_CLASS };

struct toy_value {
  int kind, references;
  int64_t integer;
  double number;
  char *text; /* any bytes; the name of a class or function */
  size_t size;
  toy_value **items; /* those of a list; keys and values of a dict; the functions of a class */
  size_t count;
  toy_value *class; /* the class of an object; the parent of a class */
  toy_code *code;
  void *data;                  /* of native code, or of an object */
  void (*finalize)(void *data); /* when an object is freed */
};

static inline toy_value *toy_new(int kind) {
  toy_value *made = calloc(1, sizeof *made);
  if (made == NULL)
    abort();
  made->kind = kind;
  made->references = 1;
  return made;
}

static inline toy_value *toy_keep(toy_value *value) {
  value->references++;
  return value;
}

static inline void toy_drop(toy_value *value) {
  if (value == NULL || --value->references > 0)
    return;
  if (value->finalize != NULL)
    value->finalize(value->data);
  for (size_t at = 0; at < value->count; at++)
    toy_drop(value->items[at]);
  toy_drop(value->class);
  free(value->items);
  free(value->text);
  free(value);
}

static inline toy_value *toy_int(int64_t integer) {
  toy_value *made = toy_new(TOY_INT);
  made->integer = integer;
  return made;
}

static inline toy_value *toy_text(const void *bytes, size_t size) {
  toy_value *made = toy_new(TOY_TEXT);
  made->text = calloc(1, size + 1);
  if (made->text == NULL)
    abort();
  if (size > 0 && bytes != NULL)
    memcpy(made->text, bytes, size);
  made->size = size;
  return made;
}

/* Appends a value, whose reference it takes over. */
static inline void toy_append(toy_value *list, toy_value *item) {
  list->items = realloc(list->items, (list->count + 1) * sizeof item);
  if (list->items == NULL)
    abort();
  list->items[list->count++] = item;
}

static inline toy_value *toy_function(const char *name, toy_code *code, void *data) {
  toy_value *made = toy_text(name, strlen(name));
  made->kind = TOY_FUNCTION;
  made->code = code;
  made->data = data;
  return made;
}

/* Returns the value of a key of a dict, or the function of a class, or NULL. It is borrowed. */
static inline toy_value *toy_get(const toy_value *in, const char *name) {
  for (size_t at = 0; in->kind == TOY_DICT && at + 1 < in->count; at += 2)
    if (strcmp(in->items[at]->text, name) == 0)
      return in->items[at + 1];
  for (const toy_value *class = in; class != NULL && class->kind == TOY_CLASS; class = class->class)
    for (size_t at = 0; at < class->count; at++)
      if (strcmp(class->items[at]->text, name) == 0)
        return class->items[at];
  return NULL;
}

static inline toy_value *toy_raise(toy_vm *vm, const char *tag, const char *message) {
  toy_drop(vm->error);
  vm->error = toy_new(TOY_LIST);
  toy_append(vm->error, toy_text(tag, strlen(tag)));
  toy_append(vm->error, toy_text(message, strlen(message)));
  return NULL;
}

static inline toy_value *toy_call(toy_vm *vm, toy_value *function, toy_value *self,
                                  toy_value **arguments, size_t count) {
  return function->code(vm, function->data, self, arguments, count);
}

#endif
