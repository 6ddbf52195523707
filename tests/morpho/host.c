#include "host.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --------------------------------------------------------------- failing -- */

static const char *running = "start";
static int running_line;

void host_at(const char *what, int line) {
    if (what) running = what;
    running_line = line;
}

/* The extension may have threads, and its destructors may wait for them: the
 * process ends here and now. */
_Noreturn void host_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s, line %d: ", running, running_line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    fflush(NULL);
    va_end(arguments);
    _exit(1);
}

static void require(bool condition, const char *what) {
    if (!condition) host_fail("%s", what);
}

static void *allocate(size_t size) {
    void *memory = malloc(size);
    require(memory != NULL, "out of memory");
    return memory;
}

/* ----------------------------------------------------------- the machine -- */

enum { MOST_TYPES = 64, MOST_CLASSES = 64, MOST_FUNCTIONS = 64, MOST_SYMBOLS = 512 };
enum { MOST_FINALIZERS = 16, STACK_SIZE = 4096, BEYOND = 16 };

struct vm {
    error error;
    /* What the test holds, with the frame of a call on top. */
    value stack[STACK_SIZE + BEYOND];
    size_t top;
    /* Of the call that runs, or of the last one. */
    int options;
    object *objects;
    size_t bound;
    size_t due;
    char output[16384];
    size_t printed;
    int warnings;
    /* Of the machines of other threads, of which there are as many as calls. */
    struct vm *next;
};

typedef struct {
    type_definition definition;
    class *veneer;
} object_type;

static vm machine;
static vm *others;
/* Guards what machines share: others and blocks. */
static pthread_mutex_t sharing = PTHREAD_MUTEX_INITIALIZER;
vm *globalvm = &machine;
value initselector;
int objectstringtype, objectlisttype, objecttupletype, objectdictionarytype;
int objectclasstype, objectinstancetype, objectbuiltinfunctiontype;
int objectfunctiontype, objectclosuretype, objectinvocationtype, objectrangetype;
int objectcomplextype, objectarraytype;
#if HAS_MATRICES
int objectmatrixtype, objectsparsetype;
#if HAS_SPARSE
int objectdokkeytype;
#endif
#endif
#if HAS_COMPLEX_MATRICES
int objectcomplexmatrixtype;
#endif

#if OPTIONS_BEHIND_MARKER
value vm_optmarker;
#endif

static collector when_to_collect;
static object_type types[MOST_TYPES];
static int type_count, first_own_type;
static class *classes[MOST_CLASSES];
static int class_count, imported_classes;
static builtin *functions[MOST_FUNCTIONS];
static int function_count;
static string *symbols[MOST_SYMBOLS];
static int symbol_count;
static void (*finalizers[MOST_FINALIZERS])(void);
static int finalizer_count;
static void *extension;
static bool ended;

/* How many types each release has before the first extension. */
static const int types_of_release[] = {23, 24, 24, 25, 29};

static void require_running(void) {
    require(!ended, "the extension calls Morpho after its end");
}

/* -------------------------------------------- memory, and what becomes of it */

typedef enum { FRESH, BOUND, PERMANENT, FREED } state;

/* Stands before each object. Memory that was freed stays, filled with POISON,
 * so that any later use of it shows. */
typedef struct block {
    alignas(max_align_t) struct block *next;
    size_t size;
    size_t reported;
    state state;
    /* Stays set on what is permanent, which holds nothing that is collected. */
    bool marked;
} block;

enum { UNINITIALIZED = 0xcd, POISON = 0xdb };

static block *blocks;

static block *block_of(const object *o) { return (block *)(void *)o - 1; }

/* The status of a header means something else in each release. */
static int status_of(state state) {
    static const int bound[] = {1, 2, 3, 3, 3}, permanent[] = {0, 1, 2, 2, 2};
    switch (state) {
        case BOUND: return bound[RELEASE];
        case PERMANENT: return permanent[RELEASE];
        default: return 0;
    }
}

static void set_state(object *o, state state) {
    block_of(o)->state = state;
    o->status = status_of(state);
}

static object *alive(object *o, const char *what) {
    if (!o) host_fail("%s is given NULL", what);
    if (block_of(o)->state == FREED) host_fail("%s is given an object that was freed", what);
    return o;
}

static object *of_type(void *o, int type, const char *what) {
    object *checked = alive(o, what);
    if (checked->type != type) host_fail("%s is given an object of type %d", what, checked->type);
    return checked;
}

static void collect(const value *retained, int count);

/* Only the machine of the first thread collects. */
static _Thread_local bool elsewhere;

static void collect_if_always(void) {
    if (when_to_collect == COLLECT_ALWAYS && !elsewhere) collect(NULL, 0);
}

object *object_new(size_t size, int type) {
    require_running();
    require(size >= sizeof(object), "an object is smaller than its header");
    require(type >= 0 && type < type_count, "an object of an unknown type");
    collect_if_always();
    block *b = allocate(sizeof(block) + size);
    pthread_mutex_lock(&sharing);
    *b = (block){.next = blocks, .size = size, .state = FRESH};
    blocks = b;
    pthread_mutex_unlock(&sharing);
    object *o = (object *)(b + 1);
    memset(o, UNINITIALIZED, size);
    *o = (object){.type = type, .status = status_of(FRESH)};
    return o;
}

static void discard_items(void *items, size_t size) {
    if (items) memset(items, POISON, size);
    free(items);
}

#if HAS_SPARSE
static void discard_sparse(sparse *s) {
    for (place *p = s->elements.places, *next; p; p = next) {
        next = (place *)p->header.next;
        discard_items(p, sizeof *p);
    }
    discard_items(s->elements.table.entries, s->elements.table.capacity * sizeof(entry));
    discard_items(s->compressed.begins, ((size_t)s->compressed.columns + 1) * sizeof(int32_t));
    discard_items(s->compressed.row_of, (size_t)s->compressed.room * sizeof(int32_t));
    discard_items(s->compressed.values, (size_t)s->compressed.room * sizeof(double));
}
#endif

static bool is_own(const object *o) { return o->type >= first_own_type; }

static void discard(object *o) {
    if (is_own(o)) {
        const type_definition *definition = &types[o->type].definition;
        if (definition->free) definition->free(o);
    } else if (o->type == objectlisttype) {
        discard_items(((list *)o)->items, ((list *)o)->capacity * sizeof(value));
    } else if (o->type == objectdictionarytype) {
        table *t = &((dictionary *)o)->table;
        discard_items(t->entries, t->capacity * sizeof(entry));
    } else if (o->type == objectinstancetype) {
        table *t = &((instance *)o)->fields;
        discard_items(t->entries, t->capacity * sizeof(entry));
#if HAS_SPARSE
    } else if (o->type == objectsparsetype) {
        discard_sparse((sparse *)o);
#endif
    }
    block *b = block_of(o);
    b->state = FREED;
    memset(o, POISON, b->size);
}

void morpho_freeobject(value v) {
    object *o = alive(as_object(v), "morpho_freeobject");
    require(block_of(o)->state == FRESH, "morpho_freeobject is for objects that were never bound");
    discard(o);
}

static size_t size_of(object *o) {
    return is_own(o) ? types[o->type].definition.size(o) : block_of(o)->size;
}

/* -------------------------------------------------- the garbage collector -- */

/* A value that must not be looked into: nothing is at its address. */
static value junk(void) { return from_object((void *)(uintptr_t)16); }

static void mark_value(value v) {
    if (kind_of(v) == OBJECT && as_object(v) != as_object(junk())) morpho_markobject(&machine, as_object(v));
}

static void mark_table(const table *t) {
    for (uint32_t i = 0; i < t->capacity; i++) {
        mark_value(t->entries[i].key);
        mark_value(t->entries[i].item);
    }
}

static void mark_items(const value *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) mark_value(items[i]);
}

void morpho_markvalue(void *vm, value v) {
    require(vm == &machine, "morpho_markvalue is not given the machine that marks");
    mark_value(v);
}

void morpho_markobject(void *vm, object *o) {
    require(vm == &machine, "morpho_markobject is not given the machine that marks");
    block *b = block_of(alive(o, "the collector"));
    if (b->marked) return;
    b->marked = true;
    if (is_own(o)) {
        if (types[o->type].definition.mark) types[o->type].definition.mark(o, vm);
    } else if (o->type == objectlisttype) {
        mark_items(((list *)o)->items, ((list *)o)->count);
    } else if (o->type == objecttupletype) {
        mark_items(((tuple *)o)->items, ((tuple *)o)->length);
    } else if (o->type == objectdictionarytype) {
        mark_table(&((dictionary *)o)->table);
    } else if (o->type == objectinstancetype) {
        mark_table(&((instance *)o)->fields);
    } else if (o->type == objectarraytype) {
        mark_items(((array *)o)->values, ((array *)o)->count);
#if HAS_SPARSE
    } else if (o->type == objectsparsetype) {
        const table *t = &((sparse *)o)->elements.table;
        for (uint32_t i = 0; i < t->capacity; i++) mark_value(t->entries[i].item);
#endif
    } else if (o->type == objectinvocationtype) {
        mark_value(((invocation *)o)->receiver);
        mark_value(((invocation *)o)->method);
    }
}

static void sweep(void) {
    object *survivors = NULL, **end = &survivors, *next;
    machine.bound = 0;
    for (object *o = machine.objects; o; o = next) {
        next = o->next;
        block *b = block_of(o);
        require(size_of(o) == b->reported, "the size of an object changed unannounced");
        if (b->marked) {
            b->marked = false;
            machine.bound += b->reported;
            *end = o;
            end = &o->next;
        } else {
            discard(o);
        }
    }
    *end = NULL;
    machine.objects = survivors;
}

static void collect(const value *retained, int count) {
    for (size_t i = 0; i < machine.top; i++) mark_value(machine.stack[i]);
    for (int i = 0; i < count; i++) mark_value(retained[i]);
    sweep();
    machine.due = 2 * machine.bound;
}

void host_collect(void) { collect(NULL, 0); }

void morpho_bindobjects(vm *vm, int count, value *values) {
    require_running();
    require((vm == &machine) == !elsewhere, "morpho_bindobjects is given another machine");
    for (int i = 0; i < count; i++) {
        require(kind_of(values[i]) == OBJECT, "morpho_bindobjects is given no object");
        object *o = alive(as_object(values[i]), "morpho_bindobjects");
        /* Morpho up to 0.6.3 crashes on those of others. */
        require(block_of(o)->state == FRESH, "morpho_bindobjects is given what is bound already");
        set_state(o, BOUND);
        block_of(o)->reported = size_of(o);
        block_of(o)->marked = false;
        vm->bound += block_of(o)->reported;
        o->next = vm->objects;
        vm->objects = o;
    }
    if (elsewhere) return;
    if (when_to_collect == COLLECT_ALWAYS || vm->bound > vm->due) collect(values, count);
}

void morpho_resizeobject(vm *vm, object *o, size_t before, size_t after) {
    block *b = block_of(alive(o, "morpho_resizeobject"));
    require(before == b->reported, "morpho_resizeobject is told another size than the last");
    b->reported = after;
    vm->bound += after - before;
}

static value bind_one(vm *vm, void *o) {
    value v = from_object(o);
    morpho_bindobjects(vm, 1, &v);
    return v;
}

/* --------------------------------------------------------- kinds of objects */

int object_addtype(const type_definition *definition) {
    require(type_count < MOST_TYPES, "more than 64 types of objects");
    require(definition->print && definition->size, "a type of objects without print or size");
    types[type_count].definition = *definition;
    return type_count++;
}

void object_setveneerclass(int type, value v) {
    require(type >= 0 && type < type_count, "a class for an unknown type");
    require(!types[type].veneer, "a second class for a type");
    types[type].veneer = (class *)of_type(as_object(v), objectclasstype, "object_setveneerclass");
}

class *object_getveneerclass(int type) { return types[type].veneer; }

bool object_istype(value v, int type) {
    return kind_of(v) == OBJECT && alive(as_object(v), "object_istype")->type == type;
}

string *object_stringwithsize(size_t length) {
    string *s = (string *)object_new(sizeof(string) + length + 1, objectstringtype);
    s->length = length;
    s->bytes = s->content;
    memset(s->content, 0, length + 1);
    return s;
}

value object_stringfromcstring(const char *text, size_t length) {
    string *s = object_stringwithsize(length);
    memcpy(s->content, text, length);
    s->length = strlen(s->content); /* the first zero byte ends it */
    return from_object(s);
}

list *object_newlist(uint32_t count, const value *items) {
    list *l = (list *)object_new(sizeof(list), objectlisttype);
    l->capacity = count;
    l->count = items ? count : 0;
    l->items = count ? allocate(count * sizeof(value)) : NULL;
    if (l->count) memcpy(l->items, items, count * sizeof(value));
    return l;
}

static list *a_list(list *l, const char *what) { return (list *)of_type(l, objectlisttype, what); }

uint32_t list_length(list *l) { return a_list(l, "list_length")->count; }

static bool element(const value *items, uint32_t count, int index, value *out) {
    int64_t at = index < 0 ? (int64_t)count + index : index;
    if (at < 0 || at >= count) return false;
    *out = items[at];
    return true;
}

bool list_getelement(list *l, int index, value *out) {
    return element(a_list(l, "list_getelement")->items, l->count, index, out);
}

void list_append(list *l, value item) {
    a_list(l, "list_append");
    if (l->count == l->capacity) {
        l->capacity = 2 * l->capacity + 1;
        l->items = realloc(l->items, l->capacity * sizeof(value));
        require(l->items != NULL, "out of memory");
    }
    l->items[l->count++] = item;
}

tuple *object_newtuple(uint32_t length, const value *items) {
    tuple *t = (tuple *)object_new(sizeof(tuple) + length * sizeof(value), objecttupletype);
    t->length = length;
    t->items = t->content;
    for (uint32_t i = 0; i < length; i++) t->items[i] = items ? items[i] : nil();
    return t;
}

static tuple *a_tuple(tuple *t, const char *what) {
    return (tuple *)of_type(t, objecttupletype, what);
}

uint32_t tuple_length(tuple *t) { return a_tuple(t, "tuple_length")->length; }

bool tuple_getelement(tuple *t, int index, value *out) {
    return element(a_tuple(t, "tuple_getelement")->items, t->length, index, out);
}

static range *a_range(range *r, const char *what) {
    return (range *)of_type(r, objectrangetype, what);
}

int range_count(range *r) { return (int)a_range(r, "range_count")->steps; }

value range_iterate(range *r, unsigned int i) {
    return integer(as_integer(a_range(r, "range_iterate")->start) + (int)i);
}

complex_number *object_newcomplex(double real, double imaginary) {
    complex_number *c = (complex_number *)object_new(sizeof(complex_number), objectcomplextype);
    c->parts[0] = real;
    c->parts[1] = imaginary;
    return c;
}

array *object_newarray(uint32_t dimensions, const uint32_t *sizes) {
    uint32_t count = 1;
    for (uint32_t i = 0; i < dimensions; i++) count *= sizes[i];
    size_t room = ((size_t)count + 2 * dimensions) * sizeof(value);
    array *a = (array *)object_new(sizeof(array) + room, objectarraytype);
    a->dimensions = dimensions;
    a->count = count;
    a->shape = a->content;
    a->strides = a->shape + dimensions;
    a->values = a->strides + dimensions;
    int32_t stride = 1;
    for (uint32_t i = 0; i < dimensions; i++) {
        a->shape[i] = integer((int32_t)sizes[i]);
        a->strides[i] = integer(stride);
        stride *= (int32_t)sizes[i];
    }
    for (uint32_t i = 0; i < count; i++) a->values[i] = nil();
    return a;
}

#if HAS_MATRICES
static matrix *new_matrix(int type, int32_t rows, int32_t columns, int32_t numbers, bool zero) {
    require(rows >= 0 && columns >= 0, "a matrix of a negative size");
    size_t count = (size_t)rows * (size_t)columns * (size_t)numbers;
    matrix *m = (matrix *)object_new(sizeof(matrix) + count * sizeof(double), type);
    m->rows = rows;
    m->columns = columns;
#if HAS_COMPLEX_MATRICES
    m->numbers = numbers;
    m->count = count;
#endif
    m->elements = m->content;
    if (zero) memset(m->content, 0, count * sizeof(double));
    return m;
}

#if HAS_COMPLEX_MATRICES
matrix *matrix_new(int32_t rows, int32_t columns, bool zero) {
    return new_matrix(objectmatrixtype, rows, columns, 1, zero);
}

matrix *complexmatrix_new(int32_t rows, int32_t columns, bool zero) {
    return new_matrix(objectcomplexmatrixtype, rows, columns, 2, zero);
}
#else
matrix *object_newmatrix(uint32_t rows, uint32_t columns, bool zero) {
    return new_matrix(objectmatrixtype, (int32_t)rows, (int32_t)columns, 1, zero);
}
#endif
#endif

static bool same(value one, value other) {
    if (kind_of(one) != kind_of(other)) return false;
    switch (kind_of(one)) {
        case NIL: return true;
        case TRUTH: return as_truth(one) == as_truth(other);
        case INTEGER: return as_integer(one) == as_integer(other);
        case NUMBER: return as_number(one) == as_number(other);
        case OBJECT: break;
    }
    if (as_object(one) == as_object(other)) return true;
    if (!object_istype(one, objectstringtype)) return false;
    if (!object_istype(other, objectstringtype)) return false;
    const string *s = (string *)as_object(one), *t = (string *)as_object(other);
    return s->length == t->length && memcmp(s->bytes, t->bytes, s->length) == 0;
}

dictionary *object_newdictionary(void) {
    dictionary *d = (dictionary *)object_new(sizeof(dictionary), objectdictionarytype);
    d->table = (table){0};
    return d;
}

static entry *find(table *t, value key) {
    for (uint32_t i = 0; i < t->capacity; i++) {
        entry *e = &t->entries[i];
        if (kind_of(e->key) != NIL && same(e->key, key)) return e;
    }
    return NULL;
}

static void add(table *t, value key, value item) {
    uint32_t i = 0;
    while (i < t->capacity && kind_of(t->entries[i].key) != NIL) i++;
    if (i == t->capacity) {
        t->capacity = 2 * t->capacity + 4;
        t->entries = realloc(t->entries, t->capacity * sizeof(entry));
        require(t->entries != NULL, "out of memory");
        for (uint32_t j = i; j < t->capacity; j++) t->entries[j] = (entry){nil(), nil()};
        i++; /* there are free entries before used ones, as in a hash table */
    }
    t->entries[i] = (entry){key, item};
    t->count++;
}

bool dictionary_insert(table *t, value key, value item) {
    require(kind_of(key) != NIL, "nil is no key of a dictionary");
    entry *e = find(t, key);
    if (e) {
        e->item = item;
    } else {
        add(t, key, item);
    }
    return true;
}

bool dictionary_get(table *t, value key, value *out) {
    entry *e = find(t, key);
    if (e) *out = e->item;
    return e != NULL;
}

/* -------------------------------------------------------- sparse matrices -- */

#if HAS_SPARSE
sparse *object_newsparse(int32_t *rows, int32_t *columns) {
    sparse *s = (sparse *)object_new(sizeof(sparse), objectsparsetype);
    s->elements = (elements){0};
    s->compressed = (compressed){0};
    if (rows) {
        s->elements.rows = *rows;
        s->elements.columns = *columns;
    }
    return s;
}

bool sparsedok_insert(elements *e, int32_t row, int32_t column, value item) {
    place *p = malloc(sizeof *p);
    require(p != NULL, "out of memory");
    *p = (place){{.type = objectdokkeytype, .next = (object *)e->places}, row, column};
    e->places = p;
    if (row >= e->rows) e->rows = row + 1;
    if (column >= e->columns) e->columns = column + 1;
    add(&e->table, from_object(p), item);
    return true;
}

bool sparseccs_resize(compressed *c, int32_t rows, int32_t columns, uint32_t room, bool values) {
    require(!c->begins && rows > 0 && columns > 0 && room > 0 && values,
            "columns are resized to nothing, or once more");
    *c = (compressed){
        .room = (int32_t)room, .rows = rows, .columns = columns,
        .begins = malloc(((size_t)columns + 1) * sizeof(int32_t)),
        .row_of = malloc(room * sizeof(int32_t)), .values = malloc(room * sizeof(double)),
    };
    require(c->begins && c->row_of && c->values, "out of memory");
    return true;
}

bool sparse_checkformat(sparse *s, int format, bool force, bool values) {
    require(format == 1 && force && values, "columns are not asked for");
    const elements *e = &s->elements;
    compressed *c = &s->compressed;
    if (c->begins) return true;
    sparseccs_resize(c, e->rows, e->columns, e->table.count, true);
    int32_t count = 0;
    for (int32_t column = 0; column < e->columns; column++) {
        c->begins[column] = count;
        for (int32_t row = 0; row < e->rows; row++) {
            for (uint32_t i = 0; i < e->table.capacity; i++) {
                const entry *found = &e->table.entries[i];
                if (kind_of(found->key) == NIL) continue;
                const place *p = (place *)as_object(found->key);
                if (p->row != row || p->column != column) continue;
                bool whole = kind_of(found->item) == INTEGER;
                c->row_of[count] = row;
                c->values[count++] = whole ? as_integer(found->item) : as_number(found->item);
            }
        }
    }
    c->begins[e->columns] = count;
    return true;
}
#endif

/* --------------------------------------- symbols, functions and classes -- */

static string *symbol(const char *name, size_t length) {
    for (int i = 0; i < symbol_count; i++) {
        string *s = symbols[i];
        if (s->length == length && memcmp(s->bytes, name, length) == 0) return s;
    }
    return NULL;
}

static value intern(const char *name) {
    string *s = symbol(name, strlen(name));
    if (s) return from_object(s);
    require(symbol_count < MOST_SYMBOLS, "too many symbols");
    value v = object_stringfromcstring(name, strlen(name));
    set_state(as_object(v), PERMANENT);
    symbols[symbol_count++] = (string *)as_object(v);
    return v;
}

value builtin_internsymbolascstring(const char *name) {
    require_running();
    return intern(name);
}

static bool is_symbol(value v) {
    if (!object_istype(v, objectstringtype)) return false;
    const string *s = (string *)as_object(v);
    return symbol(s->bytes, s->length) == s;
}

static bool has_name(value v, const char *name) {
    const string *s = (string *)as_object(v);
    return s->length == strlen(name) && memcmp(s->bytes, name, s->length) == 0;
}

static value new_builtin(const char *name, native *function) {
    require(function != NULL, "a function that is NULL");
    builtin *b = (builtin *)object_new(sizeof(builtin), objectbuiltinfunctiontype);
    set_state(&b->header, PERMANENT);
    b->name = intern(name);
    b->function = function;
    return from_object(b);
}

value builtin_addfunction(const char *name, native *function, uint32_t flags) {
    require_running();
    require(flags == 0, "a function with flags");
    require(function_count < MOST_FUNCTIONS, "too many functions");
    require(kind_of(host_function(name)) == NIL, "a second function of a name");
    value v = new_builtin(name, function);
    functions[function_count++] = (builtin *)as_object(v);
    return v;
}

#if RELEASE >= 1
bool morpho_addfunction(const char *name, const char *signature, native *function, uint32_t flags,
                        value *out) {
    require(signature == NULL, "signatures mean something else in each release");
    value v = builtin_addfunction(name, function, flags);
    if (out) *out = v;
    return true;
}
#endif

static void add_methods(class *c, const class_entry entries[]) {
    table own = {0};
    for (const class_entry *e = entries; e->name; e++) {
        require(e->type == 0 && e->flags == 0, "a row of a class that is not a method");
#if !SHORT_ENTRIES
        require(e->signature == NULL, "signatures mean something else in each release");
#endif
        value name = intern(e->name);
        if (find(&own, name)) host_fail("a second method %s in one class", e->name);
        value method = new_builtin(e->name, e->function);
        dictionary_insert(&own, name, method);
        dictionary_insert(&c->methods, name, method);
    }
    free(own.entries);
}

static class *new_class(const char *name, class *parent) {
    class *c = (class *)object_new(sizeof(class), objectclasstype);
    set_state(&c->header, PERMANENT);
    c->name = intern(name);
    c->parent = parent;
    c->methods = (table){0};
    for (uint32_t i = 0; parent && i < parent->methods.capacity; i++) {
        entry *e = &parent->methods.entries[i];
        if (kind_of(e->key) != NIL) dictionary_insert(&c->methods, e->key, e->item);
    }
    return c;
}

value builtin_addclass(const char *name, const class_entry entries[], value parent) {
    require_running();
    require(class_count < MOST_CLASSES, "too many classes");
    require(kind_of(host_class(name)) == NIL, "a second class of a name");
    bool root = kind_of(parent) == NIL;
    class *above =
        root ? NULL : (class *)of_type(as_object(parent), objectclasstype, "builtin_addclass");
    class *c = new_class(name, above);
    add_methods(c, entries);
    classes[class_count++] = c;
    return from_object(c);
}

value builtin_findclass(value name) {
    require(object_istype(name, objectstringtype), "builtin_findclass is not given a string");
    /* Up to 0.6.3 what the extension itself has added is not there yet. */
    int count = RELEASE <= 3 ? imported_classes : class_count;
    for (int i = 0; i < count; i++) {
        if (same(classes[i]->name, name)) return from_object(classes[i]);
    }
    return nil();
}

static instance *an_instance(instance *i, value key, const char *what) {
    of_type(i, objectinstancetype, what);
    if (!is_symbol(key)) host_fail("%s is given a key that is not interned", what);
    return i;
}

bool objectinstance_setproperty(instance *i, value key, value item) {
    an_instance(i, key, "objectinstance_setproperty");
    if (kind_of(item) == OBJECT) {
        state state = block_of(alive(as_object(item), "objectinstance_setproperty"))->state;
        require(state != FRESH, "a property that is not bound");
    }
    return dictionary_insert(&i->fields, key, item);
}

bool objectinstance_getpropertyinterned(instance *i, value key, value *out) {
    an_instance(i, key, "objectinstance_getpropertyinterned");
    return dictionary_get(&i->fields, key, out);
}

/* --------------------------------------------- errors, output, and the rest */

static void print(vm *vm, const char *format, va_list arguments) {
    size_t room = sizeof vm->output - vm->printed;
    int length = vsnprintf(vm->output + vm->printed, room, format, arguments);
    require(length >= 0 && (size_t)length < room, "too much output for one look at it");
    vm->printed += (size_t)length;
}

int morpho_printf(vm *vm, const char *format, ...) {
    require_running();
    va_list arguments;
    va_start(arguments, format);
    print(vm, format, arguments);
    va_end(arguments);
    return 0;
}

void morpho_error(vm *vm, const error *e) {
    require_running();
    require((vm == &machine) == !elsewhere, "morpho_error is given another machine");
    require(e->id && e->id[0], "an error without id");
    require(memchr(e->message, 0, sizeof e->message) != NULL, "a message without end");
    require(e->message[0] != 0, "an error without message");
    require(e->file == NULL && e->line == -1 && e->position == -1, "an error with a place");
    if (e->category == WARNING) {
        vm->warnings++;
        morpho_printf(vm, "Warning '%s': %s\n", e->id, e->message);
        return;
    }
    require(e->category == USER_ERROR, "an error of another category than user");
    vm->error = *e;
}

error *morpho_geterror(vm *vm) { return &vm->error; }

bool morpho_valuetofloat(value v, double *out) {
    switch (kind_of(v)) {
        case NUMBER: *out = as_number(v); return true;
        case INTEGER: *out = as_integer(v); return true;
        default: return false;
    }
}

bool morpho_valuetoint(value v, int *out) {
    switch (kind_of(v)) {
        case NUMBER: *out = (int)as_number(v); return true;
        case INTEGER: *out = as_integer(v); return true;
        default: return false;
    }
}

bool morpho_isfalse(value v) {
    return kind_of(v) == NIL || (kind_of(v) == TRUTH && !as_truth(v));
}

void morpho_version(int out[3]) {
    out[0] = 0;
    out[1] = 6;
    out[2] = RELEASE;
}

void morpho_addfinalizefn(void (*function)(void)) {
    require(finalizer_count < MOST_FINALIZERS, "too many functions for the end");
    finalizers[finalizer_count++] = function;
}

#if !OPTIONS_BEHIND_MARKER
int vm_getoptionalargs(vm *vm) { return vm->options; }
#endif

/* -------------------------------------------------------------- the test -- */

static value object_print(vm *vm, int count, value *arguments) {
    (void)count;
    if (kind_of(arguments[0]) == OBJECT) {
        object *o = alive(as_object(arguments[0]), "print");
        types[o->type].definition.print(o, vm);
    }
    return nil();
}

static void print_nothing(object *o, void *vm) {
    (void)o;
    (void)vm;
}

static size_t size_unasked(object *o) { return block_of(o)->size; }

static void add_types(void) {
    const type_definition definition = {.size = size_unasked, .print = print_nothing};
    for (int i = 0; i < types_of_release[RELEASE]; i++) object_addtype(&definition);
    first_own_type = type_count;
    /* A string is the very first type up to 0.6.3. */
    int next = RELEASE <= 3 ? 0 : 1;
    int *const names[] = {&objectstringtype,         &objectclasstype,    &objectinstancetype,
                          &objectbuiltinfunctiontype, &objectlisttype,     &objecttupletype,
                          &objectdictionarytype,      &objectfunctiontype, &objectclosuretype,
                          &objectinvocationtype,      &objectrangetype,
                          &objectcomplextype,         &objectarraytype,
#if HAS_MATRICES
                          &objectmatrixtype,          &objectsparsetype,
#endif
#if HAS_SPARSE
                          &objectdokkeytype,
#endif
#if HAS_COMPLEX_MATRICES
                          &objectcomplexmatrixtype,
#endif
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) *names[i] = next++;
}

void host_start(collector when) {
    machine.due = 1024;
    add_types();
    initselector = intern("init");
#if OPTIONS_BEHIND_MARKER
    vm_optmarker = object_stringfromcstring("OPT", 3);
    set_state(as_object(vm_optmarker), PERMANENT);
#endif
    static const class_entry root[] = {{.name = "prnt", .function = object_print}, {.name = NULL}};
    value object = builtin_addclass("Object", root, nil());
    static const class_entry none[] = {{.name = NULL}};
    object_setveneerclass(objectstringtype, builtin_addclass("String", none, object));
    object_setveneerclass(objectlisttype, builtin_addclass("List", none, object));
    imported_classes = class_count;
    when_to_collect = when;
}

void host_import(const char *library) {
    extension = dlopen(library, RTLD_LAZY);
    if (!extension) host_fail("%s", dlerror());
    void (*initialize)(void);
    *(void **)&initialize = dlsym(extension, "zeromq_initialize");
    require(initialize != NULL, "no zeromq_initialize");
    initialize();
    imported_classes = class_count;
}

static void require_untouched(void) {
    for (block *b = blocks; b; b = b->next) {
        const unsigned char *bytes = (unsigned char *)(b + 1);
        require(b->state != FRESH, "an object was neither bound nor freed");
        for (size_t i = 0; b->state == FREED && i < b->size; i++) {
            require(bytes[i] == POISON, "an object was written to after it was freed");
        }
    }
}

static void discard_objects(vm *vm) {
    object *next;
    for (object *o = vm->objects; o; o = next) {
        next = o->next;
        discard(o);
    }
    vm->objects = NULL;
}

void host_end(void) {
    for (vm *other = others; other; other = other->next) discard_objects(other);
    discard_objects(&machine);
    while (finalizer_count) finalizers[--finalizer_count]();
    void (*finalize)(void);
    *(void **)&finalize = dlsym(extension, "zeromq_finalize");
    if (finalize) finalize();
    ended = true;
    dlclose(extension);
    require_untouched();
}

size_t host_mark(void) { return machine.top; }

void host_release(size_t mark) { machine.top = mark; }

static value push(vm *vm, value v) {
    require(vm->top < STACK_SIZE, "the stack is full");
    vm->stack[vm->top++] = v;
    return v;
}

value host_keep(value v) { return push(&machine, v); }

int host_own_objects(void) {
    int count = 0;
    for (object *o = machine.objects; o; o = o->next) count += is_own(o);
    return count;
}

static value push_string(vm *vm, const char *bytes, size_t length) {
    string *s = object_stringwithsize(length);
    memcpy(s->content, bytes, length);
    return push(vm, bind_one(vm, s));
}

value host_string(const char *bytes, size_t length) {
    return push_string(&machine, bytes, length);
}

value host_list(uint32_t count, const value *items) {
    return host_keep(bind_one(&machine, object_newlist(count, items)));
}

value host_range(int start, uint32_t steps) {
    range *r = (range *)object_new(sizeof(range), objectrangetype);
    r->steps = steps;
    r->start = integer(start);
    return host_keep(bind_one(&machine, r));
}

value host_tuple(uint32_t length, const value *items) {
    return host_keep(bind_one(&machine, object_newtuple(length, items)));
}

value host_dictionary(void) { return host_keep(bind_one(&machine, object_newdictionary())); }

value host_complex(double real, double imaginary) {
    return host_keep(bind_one(&machine, object_newcomplex(real, imaginary)));
}

value host_array(uint32_t dimensions, const uint32_t *sizes, const value *values) {
    array *a = object_newarray(dimensions, sizes);
    memcpy(a->values, values, a->count * sizeof(value));
    return host_keep(bind_one(&machine, a));
}

#if HAS_MATRICES
value host_matrix(int32_t rows, int32_t columns, const double *elements) {
    matrix *m = new_matrix(objectmatrixtype, rows, columns, 1, true);
    memcpy(m->elements, elements, (size_t)rows * (size_t)columns * sizeof(double));
    return host_keep(bind_one(&machine, m));
}

sparse *host_sparse(int32_t rows, int32_t columns) {
#if HAS_SPARSE
    sparse *s = object_newsparse(&rows, &columns);
#else
    sparse *s = (sparse *)object_new(sizeof(sparse), objectsparsetype);
    s->elements = (elements){.rows = rows, .columns = columns};
#endif
    host_keep(bind_one(&machine, s));
    return s;
}
#endif

value host_function(const char *name) {
    for (int i = 0; i < function_count; i++) {
        if (has_name(functions[i]->name, name)) return from_object(functions[i]);
    }
    return nil();
}

value host_class(const char *name) {
    for (int i = 0; i < class_count; i++) {
        if (has_name(classes[i]->name, name)) return from_object(classes[i]);
    }
    return nil();
}

class *host_class_of(value v) {
    if (kind_of(v) != OBJECT) return NULL;
    object *o = alive(as_object(v), "the host");
    if (o->type == objectclasstype) return (class *)o;
    if (o->type == objectinstancetype) return ((instance *)o)->class;
    return types[o->type].veneer;
}

value host_subclass(const char *name, value parent) {
    return from_object(new_class(name, (class *)as_object(parent)));
}

value host_instance(value class_value) {
    instance *i = (instance *)object_new(sizeof(instance), objectinstancetype);
    i->class = (class *)as_object(class_value);
    i->fields = (table){0};
    return host_keep(bind_one(&machine, i));
}

/* What a result consists of has to be bound by now. */
static void require_bound(value v, int depth) {
    if (kind_of(v) != OBJECT) return;
    object *o = alive(as_object(v), "the caller");
    require(block_of(o)->state != FRESH, "a result that is not bound");
    require(depth < 100, "a result without end");
    if (o->type == objectlisttype) {
        list *l = (list *)o;
        for (uint32_t i = 0; i < l->count; i++) require_bound(l->items[i], depth + 1);
    } else if (o->type == objecttupletype) {
        tuple *t = (tuple *)o;
        for (uint32_t i = 0; i < t->length; i++) require_bound(t->items[i], depth + 1);
    } else if (o->type == objectdictionarytype) {
        table *t = &((dictionary *)o)->table;
        for (uint32_t i = 0; i < t->capacity; i++) {
            require_bound(t->entries[i].key, depth + 1);
            require_bound(t->entries[i].item, depth + 1);
        }
    } else if (o->type == objectarraytype) {
        array *a = (array *)o;
        for (uint32_t i = 0; i < a->count; i++) require_bound(a->values[i], depth + 1);
    }
}

value host_closure(native *function) {
    closure *c = (closure *)object_new(sizeof(closure), objectclosuretype);
    c->function = function;
    return host_keep(bind_one(&machine, c));
}

value host_invocation(value self, native *method) {
    value of_method = host_closure(method);
    invocation *i = (invocation *)object_new(sizeof(invocation), objectinvocationtype);
    i->receiver = self;
    i->method = of_method;
    return host_keep(bind_one(&machine, i));
}

static native *function_of(value callable) {
    return ((builtin *)of_type(as_object(callable), objectbuiltinfunctiontype, "a call"))->function;
}

/* Calls with the frame that begins at `mark`, and takes it from the stack. */
static value run(vm *vm, value callable, size_t mark, int count, int options) {
    native *function = function_of(callable);
    for (int i = 0; i < BEYOND; i++) vm->stack[vm->top + (size_t)i] = junk();
    vm->options = options;
    vm->error = (error){0};
    value result = function(vm, count, vm->stack + mark);
    bool failed = vm->error.category != NO_ERROR;
    if (!failed) require_bound(result, 0);
    vm->top = mark;
    return failed ? nil() : push(vm, result);
}

static void push_arguments(vm *vm, value receiver, const arguments *a) {
    push(vm, receiver);
    for (int i = 0; i < a->count; i++) push(vm, a->values[i]);
}

/* Names come as the program's own strings, not as the symbols of the extension,
 * as they do from what is compiled before the import. */
static void push_names(vm *vm, const arguments *a) {
    for (int i = 0; i < a->named; i++) {
        push_string(vm, a->names[i].name, strlen(a->names[i].name));
        push(vm, a->names[i].value);
    }
}

static value call(vm *vm, value callable, value receiver, const arguments *a) {
    size_t mark = vm->top;
    push_arguments(vm, receiver, a);
    int count = a->count;
#if OPTIONS_BEHIND_MARKER
    if (a->named) {
        push(vm, vm_optmarker);
        count += 1 + 2 * a->named;
    }
#endif
    push_names(vm, a);
    return run(vm, callable, mark, count, a->named);
}

/* A script runs on the stack above the call of the extension; what it raises
 * stays raised, and the extension has to return at once. */
bool morpho_call(vm *vm, value function, int count, value *given, value *out) {
    require_running();
    require((vm == &machine) == !elsewhere, "morpho_call is given another machine");
    require(vm->error.category == NO_ERROR, "morpho_call after an error was raised");
    value receiver = function;
    if (object_istype(function, objectinvocationtype)) {
        const invocation *i = (invocation *)as_object(function);
        receiver = i->receiver;
        function = i->method;
    }
    const closure *c = (closure *)of_type(as_object(function), objectclosuretype, "morpho_call");
    size_t mark = vm->top;
    push(vm, receiver);
    for (int i = 0; i < count; i++) {
        require_bound(given[i], 0);
        push(vm, given[i]);
    }
    if (!elsewhere) collect(NULL, 0);
    value result = c->function(vm, count, vm->stack + mark);
    vm->top = mark;
    if (vm->error.category != NO_ERROR) return false;
    *out = result;
    return true;
}

value host_call(value function, arguments a) { return call(&machine, function, function, &a); }

value host_call_on_junk(value function, arguments a) {
    size_t mark = host_mark();
    push_arguments(&machine, junk(), &a);
    return run(&machine, function, mark, a.count, 0);
}

static value method_of(class *c, const char *name) {
    value method;
    string *s = symbol(name, strlen(name));
    if (!c || !s || !dictionary_get(&c->methods, from_object(s), &method)) {
        host_fail("there is no method %s", name);
    }
    return method;
}

value host_invoke(value self, const char *method, arguments a) {
    return call(&machine, method_of(host_class_of(self), method), self, &a);
}

value host_apply(value class_value, const char *method, value self, arguments a) {
    return call(&machine, method_of((class *)as_object(class_value), method), self, &a);
}

value host_operator(value self, const char *method, arguments a) {
    size_t mark = host_mark();
    push_arguments(&machine, self, &a);
    return run(&machine, method_of(host_class_of(self), method), mark, a.count, 2);
}

outcome host_invoke_elsewhere(value self, const char *method, arguments a) {
    elsewhere = true;
    vm *vm = calloc(1, sizeof *vm);
    require(vm != NULL, "out of memory");
    pthread_mutex_lock(&sharing);
    vm->next = others;
    others = vm;
    pthread_mutex_unlock(&sharing);
    value result = call(vm, method_of(host_class_of(self), method), self, &a);
    return (outcome){result, vm->error};
}

bool host_equal(value one, value other) {
    object *o = alive(as_object(one), "the host"), *p = alive(as_object(other), "the host");
    require(is_own(o) && o->type == p->type, "objects that the host does not compare like this");
    const type_definition *definition = &types[o->type].definition;
    bool equal = definition->compare(o, p) == 0;
    require(equal == (definition->compare(p, o) == 0), "two objects are equal one way only");
    require(!equal || definition->hash(o) == definition->hash(p), "equal objects differ in hash");
    return equal;
}

void host_print(value self) { host_operator(self, "prnt", NONE); }

const error *host_error(void) { return &machine.error; }

const char *host_output(void) {
    static char output[sizeof machine.output];
    memcpy(output, machine.output, machine.printed);
    output[machine.printed] = 0;
    machine.printed = 0;
    machine.warnings = 0;
    return output;
}

int host_warnings(void) { return machine.warnings; }
