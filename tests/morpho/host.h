/* A stand-in for the Morpho virtual machine: the part of it that extensions see, and
 * what tests need to act as scripts. One executable is one build of Morpho:
 *
 *   -DRELEASE=N        Morpho 0.6.N, 0 to 4
 *   -DSTRUCT_VALUES=1  a build without NaN-boxing
 *
 * It is stricter than Morpho, which tolerates mistakes or crashes later: a mistake of
 * an extension ends the process with a message. */

#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef RELEASE
#error "which Morpho? -DRELEASE=0 to -DRELEASE=4"
#endif
#ifndef STRUCT_VALUES
#define STRUCT_VALUES 0
#endif

#define SHORT_ENTRIES (RELEASE == 0)
#define OPTIONS_BEHIND_MARKER (RELEASE <= 1)
/* All but one are built with linear algebra; complex matrices are newer. */
#define HAS_MATRICES (RELEASE != 1)
#define HAS_COMPLEX_MATRICES (RELEASE >= 4)
/* In the first one the functions for sparse matrices have other names. */
#define HAS_SPARSE (RELEASE >= 2)

/* Ends the process, naming the case and line that run. */
_Noreturn void host_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---------------------------------------------------------------- values -- */

typedef struct object {
    int32_t type;
    int32_t status;
    uint32_t hash;
    struct object *next;
} object;

typedef enum { NUMBER, NIL, TRUTH, INTEGER, OBJECT } kind;

#if STRUCT_VALUES

/* Only the bytes that belong to a kind are written: the others hold what was
 * there before, and nobody may depend on them. */
typedef struct {
    int32_t tag;
    int32_t unused;
    union {
        double number;
        int32_t integer;
        bool truth;
        object *object;
        uint64_t bits;
    } as;
} value;

#define JUNK_BITS 0x5a5a5a5a5a5a5a5a

static inline value tagged(kind tag) {
    return (value){.tag = (int32_t)tag, .unused = 0x5a5a5a5a, .as.bits = JUNK_BITS};
}

static inline value nil(void) {
    value v = tagged(NIL);
    v.as.bits = 0;
    return v;
}

static inline value truth(bool b) {
    value v = tagged(TRUTH);
    v.as.truth = b;
    return v;
}

static inline value integer(int32_t i) {
    value v = tagged(INTEGER);
    v.as.integer = i;
    return v;
}

static inline value number(double d) {
    value v = tagged(NUMBER);
    v.as.number = d;
    return v;
}

static inline value from_object(const void *o) {
    value v = tagged(OBJECT);
    v.as.object = (object *)o;
    return v;
}

static inline kind kind_of(value v) {
    if (v.tag < NUMBER || v.tag > OBJECT) host_fail("%d is no tag of a value", v.tag);
    return (kind)v.tag;
}

static inline bool as_truth(value v) { return v.as.truth; }
static inline int32_t as_integer(value v) { return v.as.integer; }
static inline double as_number(value v) { return v.as.number; }
static inline object *as_object(value v) { return v.as.object; }

#else

typedef uint64_t value;

#if RELEASE <= 3
#define NIL_BITS 0x7ffc800000000000
#define TRUTH_BITS 0x7ffd000000000000
#define INTEGER_BITS 0x7ffd800000000000
#define OBJECT_BITS 0xfffc000000000000
#define TAG_MASK 0xffff800000000000
#define POINTER_MASK 0x0003ffffffffffff
#else
#define NIL_BITS 0x7ff9000000000000
#define TRUTH_BITS 0x7ffa000000000000
#define INTEGER_BITS 0x7ffb000000000000
#define OBJECT_BITS 0x7ffc000000000000
#define TAG_MASK 0xffff000000000000
#define POINTER_MASK 0x0000ffffffffffff
#endif

static inline value nil(void) { return NIL_BITS; }
static inline value truth(bool b) { return TRUTH_BITS | b; }
static inline value integer(int32_t i) { return INTEGER_BITS | (uint32_t)i; }
static inline value from_object(const void *o) { return OBJECT_BITS | (uintptr_t)o; }

static inline value number(double d) {
    value v;
    memcpy(&v, &d, sizeof v);
    return v;
}

static inline kind kind_of(value v) {
#if RELEASE <= 3
    bool boxed = (v & 0x7ffc000000000000) == 0x7ffc000000000000;
#else
    bool boxed = (v & 0x7ff0000000000000) == 0x7ff0000000000000 && (v & 0x0007000000000000) != 0;
#endif
    if (!boxed) return NUMBER;
    if (v == NIL_BITS) return NIL;
    switch (v & TAG_MASK) {
        case TRUTH_BITS: return TRUTH;
        case INTEGER_BITS: return INTEGER;
        case OBJECT_BITS: return OBJECT;
    }
    host_fail("%016llx is no value", (unsigned long long)v);
}

static inline bool as_truth(value v) { return v & 1; }
static inline int32_t as_integer(value v) { return (int32_t)(uint32_t)v; }
static inline object *as_object(value v) { return (object *)(uintptr_t)(v & POINTER_MASK); }

static inline double as_number(value v) {
    double d;
    memcpy(&d, &v, sizeof d);
    return d;
}

#endif

/* --------------------------------------------------------------- objects -- */

typedef struct {
    object header;
    size_t length;
    char *bytes;
    char content[];
} string;

typedef struct {
    object header;
    uint32_t count;
    uint32_t capacity;
    value *items;
} list;

typedef struct {
    object header;
    uint32_t length;
    value *items;
    value content[];
} tuple;

/* What comes after these is not looked at. */
typedef struct {
    object header;
    uint32_t steps;
    value start;
} range;

typedef struct {
    object header;
    double parts[2];
} complex_number;

/* Elements are stored column by column, complex ones as two numbers. */
typedef struct {
    object header;
    int32_t rows;
    int32_t columns;
#if HAS_COMPLEX_MATRICES
    int32_t numbers; /* of an element */
    size_t count;    /* of all numbers */
#endif
    double *elements;
    double content[];
} matrix;

/* The first index changes fastest. */
typedef struct {
    object header;
    uint32_t dimensions;
    uint32_t count;
    value *values;
    value *shape;
    value *strides;
    value content[];
} array;

typedef struct {
    value key; /* nil: the entry is free */
    value item;
} entry;

typedef struct {
    uint32_t capacity;
    uint32_t count;
    entry *entries;
} table;

typedef struct {
    object header;
    table table;
} dictionary;

/* The elements of a sparse matrix by their places, which are keys that no machine knows. */
typedef struct {
    object header;
    int32_t row;
    int32_t column;
} place;

typedef struct {
    int32_t rows;
    int32_t columns;
    table table;
    place *places;
} elements;

/* The same column by column. */
typedef struct {
    int32_t room;
    int32_t rows;
    int32_t columns;
    int32_t *begins;
    int32_t *row_of;
    double *values; /* NULL: all are 1 */
} compressed;

typedef struct {
    object header;
    elements elements;
    compressed compressed;
} sparse;

typedef struct class {
    object header;
    struct class *parent;
    value name;
    table methods;
} class;

typedef struct {
    object header;
    class *class;
    table fields;
} instance;

typedef struct vm vm;

typedef value native(vm *vm, int count, value *arguments);

typedef struct {
    object header;
    value name;
    native *function;
} builtin;

/* A function that a script has written, played by a native one. */
typedef struct {
    object header;
    native *function;
} closure;

typedef struct {
    object header;
    value receiver;
    value method;
} invocation;

/* --------------------------------------- what an extension finds by name -- */

typedef struct {
    void *veneer;
    void (*free)(object *);
    void (*mark)(object *, void *vm);
    size_t (*size)(object *);
    void (*print)(object *, void *vm);
    uint32_t (*hash)(object *);
    int (*compare)(object *, object *);
} type_definition;

typedef struct {
    int32_t type;
    const char *name; /* NULL: the table ends */
#if !SHORT_ENTRIES
    const char *signature;
#endif
    uint32_t flags;
    native *function;
} class_entry;

typedef enum { NO_ERROR = 0, WARNING = 1, USER_ERROR = 3 } category;

typedef struct {
    int32_t category;
    const char *id; /* kept, not copied */
    const char *file;
    int32_t line;
    int32_t position;
    char message[255];
} error;

_Static_assert(sizeof(object) == 24 && offsetof(object, next) == 16, "object");
_Static_assert(sizeof(value) == (STRUCT_VALUES ? 16 : 8), "value");
_Static_assert(offsetof(string, length) == 24 && offsetof(string, content) == 40, "string");
_Static_assert(sizeof(list) == 40 && offsetof(list, items) == 32, "list");
_Static_assert(offsetof(tuple, items) == 32 && offsetof(tuple, content) == 40, "tuple");
_Static_assert(sizeof(table) == 16 && sizeof(dictionary) == 40, "dictionary");
_Static_assert(offsetof(class, methods) == (STRUCT_VALUES ? 48 : 40), "class");
_Static_assert(sizeof(instance) == 48 && offsetof(instance, fields) == 32, "instance");
_Static_assert(offsetof(invocation, receiver) == 24, "invocation");
_Static_assert(sizeof(type_definition) == 56, "type definition");
_Static_assert(sizeof(class_entry) == (SHORT_ENTRIES ? 32 : 40), "class entry");
_Static_assert(sizeof(error) == 288 && offsetof(error, message) == 32, "error");

extern value initselector;
extern vm *globalvm;
extern int objectstringtype, objectlisttype, objecttupletype, objectdictionarytype;
extern int objectclasstype, objectinstancetype, objectbuiltinfunctiontype;
extern int objectfunctiontype, objectclosuretype, objectinvocationtype, objectrangetype;
extern int objectcomplextype, objectarraytype;

int object_addtype(const type_definition *definition);
object *object_new(size_t size, int type);
void object_setveneerclass(int type, value class);
class *object_getveneerclass(int type);
bool object_istype(value v, int type);
void morpho_freeobject(value v);

value object_stringfromcstring(const char *text, size_t length);
string *object_stringwithsize(size_t length);
list *object_newlist(uint32_t count, const value *items);
uint32_t list_length(list *l);
bool list_getelement(list *l, int index, value *out);
void list_append(list *l, value item);
tuple *object_newtuple(uint32_t length, const value *items);
uint32_t tuple_length(tuple *t);
bool tuple_getelement(tuple *t, int index, value *out);
int range_count(range *r);
value range_iterate(range *r, unsigned int i);
complex_number *object_newcomplex(double real, double imaginary);
array *object_newarray(uint32_t dimensions, const uint32_t *sizes);
dictionary *object_newdictionary(void);
bool dictionary_insert(table *t, value key, value item);
bool dictionary_get(table *t, value key, value *out);

value builtin_addclass(const char *name, const class_entry entries[], value parent);
value builtin_addfunction(const char *name, native *function, uint32_t flags);
value builtin_findclass(value name);
value builtin_internsymbolascstring(const char *name);
bool objectinstance_setproperty(instance *i, value key, value item);
bool objectinstance_getpropertyinterned(instance *i, value key, value *out);

void morpho_bindobjects(vm *vm, int count, value *values);
void morpho_resizeobject(vm *vm, object *o, size_t before, size_t after);
void morpho_markvalue(void *vm, value v);
void morpho_markobject(void *vm, object *o);

bool morpho_call(vm *vm, value function, int count, value *arguments, value *out);
void morpho_error(vm *vm, const error *e);
error *morpho_geterror(vm *vm);
int morpho_printf(vm *vm, const char *format, ...);
bool morpho_valuetoint(value v, int *out);
bool morpho_valuetofloat(value v, double *out);
bool morpho_isfalse(value v);
void morpho_version(int out[3]);
void morpho_addfinalizefn(void (*function)(void));

#if RELEASE >= 1
bool morpho_addfunction(const char *name, const char *signature, native *function, uint32_t flags,
                        value *out);
#endif
#if OPTIONS_BEHIND_MARKER
extern value vm_optmarker;
#else
int vm_getoptionalargs(vm *vm);
#endif

#if HAS_MATRICES
extern int objectmatrixtype, objectsparsetype;
#if HAS_SPARSE
extern int objectdokkeytype;
sparse *object_newsparse(int32_t *rows, int32_t *columns);
bool sparsedok_insert(elements *e, int32_t row, int32_t column, value item);
bool sparseccs_resize(compressed *c, int32_t rows, int32_t columns, uint32_t room, bool values);
bool sparse_checkformat(sparse *s, int format, bool force, bool values);
#endif
#if HAS_COMPLEX_MATRICES
extern int objectcomplexmatrixtype;
matrix *matrix_new(int32_t rows, int32_t columns, bool zero);
matrix *complexmatrix_new(int32_t rows, int32_t columns, bool zero);
#else
matrix *object_newmatrix(uint32_t rows, uint32_t columns, bool zero);
#endif
#endif

/* ------------------------------------------------- what a test plays with -- */

/* When garbage is collected: as Morpho does, by the bytes bound; or at every
 * allocation and bind, which finds each value that nobody holds. */
typedef enum { COLLECT_WHEN_DUE, COLLECT_ALWAYS } collector;

/* The arguments of a call. */
typedef struct {
    int count;
    value values[8];
    int named;
    struct {
        const char *name;
        value value;
    } names[4];
} arguments;

#define NONE ((arguments){0})
#define ARGS(...)                                                                                  \
    ((arguments){.count = sizeof((value[]){__VA_ARGS__}) / sizeof(value), .values = {__VA_ARGS__}})

static inline arguments with(arguments a, const char *name, value v) {
    a.names[a.named].name = name;
    a.names[a.named].value = v;
    a.named++;
    return a;
}

/* Sets up the machine; what runs is named when something fails. */
void host_start(collector when);
void host_at(const char *what, int line);

/* `import`: loads the library and has it initialize itself. */
void host_import(const char *library);

/* Morpho's end: objects, functions to run at the end, the library. */
void host_end(void);

/* Values that the test holds are kept until host_release of an earlier mark.
 * Results of calls are kept too. */
size_t host_mark(void);
void host_release(size_t mark);
value host_keep(value v);
void host_collect(void);
/* How many objects the extension has alive. */
int host_own_objects(void);

/* Values as scripts make them. */
value host_string(const char *bytes, size_t length);
value host_list(uint32_t count, const value *items);
value host_tuple(uint32_t length, const value *items);
value host_range(int start, uint32_t steps);
value host_dictionary(void);
value host_complex(double real, double imaginary);
/* Its values are in the order in which they are stored. */
value host_array(uint32_t dimensions, const uint32_t *sizes, const value *values);
#if HAS_MATRICES
/* So are its elements. */
value host_matrix(int32_t rows, int32_t columns, const double *elements);
/* Without elements. */
sparse *host_sparse(int32_t rows, int32_t columns);
#endif

/* `fn (...) { }`, and `self.method` of a class that the script has written. */
value host_closure(native *function);
value host_invocation(value self, native *method);

/* A function or class of the extension; nil if there is none of that name. */
value host_function(const char *name);
value host_class(const char *name);
/* The class that methods of a value are found in; NULL if it has none. */
class *host_class_of(value v);
/* `class name is parent {}`, and an instance of a class, before its init. */
value host_subclass(const char *name, value parent);
value host_instance(value class);

/* `function(...)`, and the same with nothing of use in front of the arguments. */
value host_call(value function, arguments a);
value host_call_on_junk(value function, arguments a);
/* `self.method(...)`. */
value host_invoke(value self, const char *method, arguments a);
/* The method of a class, on any receiver. */
value host_apply(value class, const char *method, value self, arguments a);
/* `self[...]` and the like: what is told of named arguments is left over. */
value host_operator(value self, const char *method, arguments a);
/* `self.method(...)` in another thread, on a machine of its own that does not
 * collect, as integrands are called by Morpho's workers. */
typedef struct {
    value result;
    error error;
} outcome;
outcome host_invoke_elsewhere(value self, const char *method, arguments a);
/* `one == other` for objects of the extension, as keys of dictionaries are compared. */
bool host_equal(value one, value other);
/* `print self`. */
void host_print(value self);

/* The error that the last call raised, category 0 if none. */
const error *host_error(void);
/* What was printed, and how many warnings there were, since the last call of it. */
const char *host_output(void);
int host_warnings(void);

#endif
