/*
 * What adapters in C have in common, whatever their machine: memory for what they lend to the
 * library, a table of objects, and the elements of arrays.
 *
 * Include it in the one file of an adapter, after zeromq.h.
 */

#ifndef ZEROMQ_KIT_ADAPTER_H
#define ZEROMQ_KIT_ADAPTER_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define KIT_VALUE(kind, member, ...) ((zeromq_value){kind, {.member = __VA_ARGS__}})
#define KIT_OTHER(text) KIT_VALUE(ZEROMQ_OTHER, bytes, {text, strlen(text)})
#define KIT_TOO_LARGE KIT_OTHER("a value that is too large or too deep, or in itself")

/* How deep lists may be in each other, and how many values one call may pass. */
enum { KIT_DEEPEST = 64, KIT_MOST = 1 << 22, KIT_BUCKETS = 1024 };

/* ---- Memory that the library borrows. It is made for a call and freed behind it. What a
 * machine could move or free while a function of the script runs has to be copied there. ---- */

typedef struct kit_block {
  struct kit_block *next;
  zeromq_function function; /* one that is in the values, or 0 */
} kit_block;

typedef struct kit_memory {
  kit_block *blocks;
  size_t values;
} kit_memory;

static inline void *kit_hold(kit_memory *memory, size_t size) {
  kit_block *made = calloc(1, sizeof *made + size);
  if (made == NULL)
    abort();
  made->next = memory->blocks;
  memory->blocks = made;
  return made + 1;
}

/* Copies bytes, and adds a NUL behind them. */
static inline zeromq_bytes kit_copy(kit_memory *memory, const void *data, size_t size) {
  char *made = kit_hold(memory, size + 1);
  if (size > 0)
    memcpy(made, data, size);
  return (zeromq_bytes){made, size};
}

/* Makes room for the values of a list, or returns NULL if it is too large or too deep. */
static inline zeromq_value *kit_list(kit_memory *memory, int depth, size_t count) {
  if (depth > KIT_DEEPEST || count > KIT_MOST || (memory->values += count) > KIT_MOST)
    return NULL;
  return kit_hold(memory, count * sizeof(zeromq_value));
}

/* Notes a function that is lent, for kit_release. */
static inline zeromq_value kit_function(kit_memory *memory, zeromq_function function) {
  kit_hold(memory, 0);
  memory->blocks->function = function;
  return KIT_VALUE(ZEROMQ_FUNCTION, function, function);
}

/* Frees the memory. If the values did not reach the library, the machine forgets their
 * functions; otherwise, forget is NULL, and zeromq_function_released returns them. */
static inline void kit_release(kit_memory *memory, void (*forget)(void *, zeromq_function),
                               void *machine) {
  for (kit_block *next; memory->blocks != NULL; memory->blocks = next) {
    next = memory->blocks->next;
    if (forget != NULL && memory->blocks->function != 0)
      forget(machine, memory->blocks->function);
    free(memory->blocks);
  }
  memory->values = 0;
}

/* ---- Objects: the same handle is the same value of the machine. The table does not keep a
 * value, whose finalizer calls kit_free. ---- */

typedef struct kit_object {
  zeromq_object handle;
  void *value;
  struct kit_object *next, **at;
} kit_object;

typedef struct kit_objects { kit_object *buckets[KIT_BUCKETS]; } kit_objects;

/* Returns the object of a handle that the library returned, or NULL if it has none yet. Each
 * time that a handle is returned it must be freed, so this frees one that is known. */
static inline kit_object *kit_find(kit_objects *objects, zeromq_object handle) {
  kit_object *found = objects->buckets[handle % KIT_BUCKETS];
  while (found != NULL && found->handle != handle)
    found = found->next;
  if (found != NULL)
    zeromq_object_free(handle);
  return found;
}

static inline kit_object *kit_add(kit_objects *objects, zeromq_object handle, void *value) {
  kit_object *made = malloc(sizeof *made), **bucket = &objects->buckets[handle % KIT_BUCKETS];
  if (made == NULL)
    abort();
  *made = (kit_object){handle, value, *bucket, bucket};
  if (made->next != NULL)
    made->next->at = &made->next;
  return *bucket = made;
}

static inline void kit_free(kit_object *object) {
  if (object->next != NULL)
    object->next->at = object->at;
  *object->at = object->next;
  zeromq_object_free(object->handle);
  free(object);
}

/* The machine ends, and some of its values may end later. */
static inline void kit_end(kit_objects *objects) {
  for (size_t at = 0; at < KIT_BUCKETS; at++)
    for (kit_object *object = objects->buckets[at], *next; object != NULL; object = next) {
      next = object->next;
      object->next = NULL;
      object->at = &object->next;
    }
}

/* ---- Classes and arrays. ---- */

/* Returns the index in zeromq_classes of the class of an object. */
static inline size_t kit_class_of(zeromq_object handle) {
  const zeromq_class *class = zeromq_object_class(handle);
  size_t index = 0;
  while (zeromq_classes()[index] != class && zeromq_classes()[index + 1] != NULL)
    index++;
  return index;
}

/* The elements of arrays, by their numbers. A complex number is two numbers. */
static const struct { const char *name; size_t size; } KIT_ELEMENTS[] = {
    {"", 0}, {"bool", 1}, {"int8", 1}, {"int16", 2}, {"int32", 4}, {"int64", 8}, {"uint8", 1},
    {"uint16", 2}, {"uint32", 4}, {"uint64", 8}, {"float32", 4}, {"float64", 8},
    {"complex64", 8}, {"complex128", 16},
};

#endif
