/*
 * zeromq.h: ZeroMQ for embedded scripting languages
 *
 * A virtual machine registers the library's classes with zeromq_register() and
 * calls their methods with zeromq_call(). What it needs for that:
 *
 *   - a zeromq_host, with a function that defines a class in the machine;
 *   - its values as zeromq_value, and back;
 *   - an object of the machine that holds a zeromq_object, and frees it with
 *     zeromq_object_free() when it is collected;
 *   - zeromq_shutdown() before the process ends.
 *
 * Errors.  Functions return a zeromq_code, ZEROMQ_CODE_OK being 0. The reason is
 * in zeromq_last_error(), per thread, until the next failure. Nothing is written
 * through an output pointer unless the function succeeds.
 *
 * Memory.  What a host passes is lent for the time of the call. A value that
 * the library gives is freed with zeromq_value_free(), an object with
 * zeromq_object_free(). Class descriptors stay for the life of the process.
 *
 * Threads.  Every function may be called from any thread. An object serves one
 * call at a time: a second one returns ZEROMQ_CODE_BUSY and does nothing. After
 * a fork, objects of the parent are closed in the child.
 *
 * Versions.  Structs begin with their size and the version of this interface.
 * Set size to sizeof and abi to ZEROMQ_ABI; structs grow at their end only.
 *
 * The library writes nothing to standard output, installs no signal handler and
 * never ends the process.
 */


#ifndef ZEROMQ_H
#define ZEROMQ_H

#include <stddef.h>
#include <stdint.h>

/* The library, for those who load it at run time. */
#if defined(_WIN32)
#define ZEROMQ_LIBRARY "zeromq.dll"
#elif defined(__APPLE__)
#define ZEROMQ_LIBRARY "libzeromq.dylib"
#else
#define ZEROMQ_LIBRARY "libzeromq.so"
#endif


// The version of the layouts in this header. It changes only when a struct
// changes other than by growing at its end.
#define ZEROMQ_ABI 1

// Kind of a `zeromq_value`: nothing.
#define ZEROMQ_NIL 0

// Kind of a `zeromq_value`: `as.integer` is 0 for false, 1 for true.
#define ZEROMQ_BOOL 1

// Kind of a `zeromq_value`: `as.integer`.
#define ZEROMQ_INT 2

// Kind of a `zeromq_value`: `as.number`.
#define ZEROMQ_FLOAT 3

// Kind of a `zeromq_value`: `as.bytes`. A string that the library gives is valid
// UTF-8; it may contain zero bytes. A string that a host passes may be any bytes.
#define ZEROMQ_STRING 4

// Kind of a `zeromq_value`: `as.items`, the values one after the other.
#define ZEROMQ_LIST 5

// Kind of a `zeromq_value`: `as.items` as for a list, for hosts that tell the two
// apart.
#define ZEROMQ_TUPLE 6

// Kind of a `zeromq_value`: `as.items`, which are key, value, key, value, ...; the
// count is twice the number of entries.
#define ZEROMQ_DICTIONARY 7

// Kind of a `zeromq_value`: `as.object`, an instance of one of the library's classes.
#define ZEROMQ_OBJECT 8

// Kind of a `zeromq_value`: something of the host that no method takes, such as a
// function. `as.bytes` says in UTF-8 what it is, for the error: "a function".
#define ZEROMQ_OTHER 9

// Kind of a `zeromq_value`: `as.function`, a function of the script.
#define ZEROMQ_FUNCTION 10

// Kind of a `zeromq_value`: `as.described`, one of the library's classes, passed as
// a value: `setfrontend(ZMQPull, ...)`.
#define ZEROMQ_CLASS 11

// How an argument is given: by position, always.
#define ZEROMQ_REQUIRED 0

// How an argument is given: by position, or left out at the end.
#define ZEROMQ_OPTIONAL 1

// How an argument is given: by position, any number of times, none included;
// the last positional one.
#define ZEROMQ_VARIADIC 2

// How an argument is given: by name, or left out.
#define ZEROMQ_NAMED 3

// The fixed number of each kind of error, for C. The numbers never change.
typedef enum zeromq_code {
  // No error.
  ZEROMQ_CODE_OK = 0,
  // A wrong argument: its type, its number, its form.
  ZEROMQ_CODE_ARGUMENT = 1,
  // An endpoint that cannot be bound, connected, unbound or disconnected.
  ZEROMQ_CODE_ENDPOINT = 2,
  // A send or receive out of order (EFSM).
  ZEROMQ_CODE_STATE = 3,
  // The time ran out (EAGAIN).
  ZEROMQ_CODE_AGAIN = 4,
  // The object is closed, or belongs to the process that this one was forked from.
  ZEROMQ_CODE_CLOSED = 5,
  // The object is in the middle of another call.
  ZEROMQ_CODE_BUSY = 6,
  // ZeroMQ was shut down during the call (ETERM).
  ZEROMQ_CODE_TERMINATED = 7,
  // The host asked to stop during the call.
  ZEROMQ_CODE_INTERRUPTED = 8,
  // Something that this type of socket does not do (ENOTSUP).
  ZEROMQ_CODE_UNSUPPORTED = 9,
  // No peer has the routing id (EHOSTUNREACH).
  ZEROMQ_CODE_UNROUTABLE = 10,
  // Whatever else libzmq refuses.
  ZEROMQ_CODE_ZMQ = 11,
  // The host does not speak this ABI, or breaks its rules.
  ZEROMQ_CODE_HOST = 12,
  // A fault of the library.
  ZEROMQ_CODE_PANIC = 13,
  // An option that cannot be read or set so.
  ZEROMQ_CODE_OPTION = 14,
  // A key, a certificate or an authenticator that cannot be used.
  ZEROMQ_CODE_SECURITY = 15,
  // A message that is not what it should be: not JSON, not a signal.
  ZEROMQ_CODE_DECODE = 16,
  // A function of the script failed: the host knows why.
  ZEROMQ_CODE_CALLBACK = 17,
} zeromq_code;

// A parameter of a method.
typedef struct zeromq_parameter {
  // The size of this struct in bytes.
  uint32_t size;
  // How it is given: `ZEROMQ_REQUIRED` and so on.
  uint32_t role;
  // The kinds that it may have: `1 << ZEROMQ_STRING` and so on, added up.
  uint32_t kinds;
  // Its name.
  const char *name;
  // What is expected, in words: "endpoints", "milliseconds".
  const char *doc;
} zeromq_parameter;

// A method, or the constructor of a class.
typedef struct zeromq_method {
  // The size of this struct in bytes.
  uint32_t size;
  // How many parameters.
  uint32_t parameter_count;
  // Its name; of a constructor, the name of the class.
  const char *name;
  // How it is called, for people: "receive(timeout=) -> String, ZMQFrame or nil".
  const char *signature;
  // What it does, in a sentence or a few.
  const char *doc;
  // The parameters, the positional ones first.
  const struct zeromq_parameter *const *parameters;
} zeromq_method;

// A class. It stays in place for the life of the process, as do its methods
// and their parameters.
typedef struct zeromq_class {
  // The size of this struct in bytes.
  uint32_t size;
  // `ZEROMQ_ABI` of the library.
  uint32_t abi;
  // Its name: "ZMQRequest".
  const char *name;
  // What it is for.
  const char *doc;
  // The class whose methods it has too, or NULL. It is defined before.
  const struct zeromq_class *parent;
  // How an instance is made, or NULL if the class has no instances of its own.
  const struct zeromq_method *constructor;
  // A further name of the constructor, kept for old scripts, or NULL.
  const char *alias;
  // The methods of instances, without those of the parent.
  const struct zeromq_method *const *methods;
  // How many methods of instances.
  uint32_t method_count;
  // How many functions.
  uint32_t function_count;
  // The methods of the class itself, called without an instance, as in
  // `ZMQ.version()`.
  const struct zeromq_method *const *functions;
} zeromq_class;

// A function of the script: whatever number the host knows it by.
typedef uint64_t zeromq_function;

// A number of bytes somewhere in memory. `(NULL, 0)` is empty.
typedef struct zeromq_bytes {
  // The first byte. There is no terminating zero.
  const char *data;
  // How many bytes.
  size_t size;
} zeromq_bytes;

// A number of values somewhere in memory. `(NULL, 0)` is empty.
typedef struct zeromq_items {
  // The first value.
  const struct zeromq_value *data;
  // How many values.
  size_t count;
} zeromq_items;

// An instance of one of the library's classes: a number, never 0, that is not
// used again. The same instance has the same number each time it is given, and
// is to be freed as many times. A call on a freed or invented object gives an
// error.
typedef uint64_t zeromq_object;

// What a value holds; `kind` tells which member counts.
typedef union zeromq_payload {
  // `ZEROMQ_BOOL`, `ZEROMQ_INT`.
  int64_t integer;
  // `ZEROMQ_FLOAT`.
  double number;
  // `ZEROMQ_STRING`, `ZEROMQ_OTHER`.
  struct zeromq_bytes bytes;
  // `ZEROMQ_LIST`, `ZEROMQ_TUPLE`, `ZEROMQ_DICTIONARY`.
  struct zeromq_items items;
  // `ZEROMQ_OBJECT`.
  zeromq_object object;
  // `ZEROMQ_FUNCTION`.
  zeromq_function function;
  // `ZEROMQ_CLASS`: as `define_class` was given it.
  const struct zeromq_class *described;
} zeromq_payload;

// A value of the script, in a form that every virtual machine can make and
// read. What a host passes is lent for the time of the call; `owner` is then
// NULL. What the library gives belongs to the host until `zeromq_value_free`.
typedef struct zeromq_value {
  // Which kind of value: `ZEROMQ_NIL` and so on.
  uint32_t kind;
  // The value.
  union zeromq_payload as;
  // The library's: what keeps the memory of `as` alive, or NULL.
  void *owner;
} zeromq_value;

// The virtual machine, as the library needs it. The struct has to stay in
// place while calls are made with it. Functions that are not there are NULL.
typedef struct zeromq_host {
  // `sizeof(zeromq_host)`.
  uint32_t size;
  // `ZEROMQ_ABI`.
  uint32_t abi;
  // Given back to each of the functions.
  void *context;
  // Called by `zeromq_register` once a class. Anything but 0 ends the
  // registration. Never NULL.
  int32_t (*define_class)(void *context, const struct zeromq_class *description);
  // Tells the user something that does not stop the script. Both strings are
  // lent for the time of the call. NULL: warnings are lost.
  void (*warn)(void *context, const char *tag, const char *message);
  // Whether the script should stop: a call that waits asks several times a
  // second, one that calls functions of the script before each, and ends with
  // `ZEROMQ_CODE_INTERRUPTED` when the answer is not 0. It must not call the library. NULL: never.
  int32_t (*interrupted)(void *context);
  // Calls a function of the script, in the middle of a call of the library and on
  // its thread. The arguments are lent; objects among them are given, and to be
  // freed. `*result` is lent by the host: it has to stay until the library calls
  // this again or returns. The script may call the library meanwhile. Anything
  // but 0 says that the function failed: the call of the library then ends with
  // `ZEROMQ_CODE_CALLBACK`, and the host raises what it knows of the failure.
  // NULL: methods that take a function refuse it.
  int32_t (*call)(void *context,
                  zeromq_function function,
                  const struct zeromq_value *arguments,
                  size_t argument_count,
                  struct zeromq_value *result);
  // A function that was passed is kept beyond the call: it must not be collected
  // until it was released as many times. NULL: functions stay for ever.
  void (*retain)(void *context, zeromq_function function);
  // A function that was retained is not needed any more. It may be called by
  // `zeromq_object_free` and `zeromq_shutdown` too, and must not call the library.
  void (*release)(void *context, zeromq_function function);
} zeromq_host;

// A named argument, as in `receive(timeout=500)`.
typedef struct zeromq_named {
  // The name, terminated by a zero byte.
  const char *name;
  // The value.
  struct zeromq_value value;
} zeromq_named;

// One call of a method, for `zeromq_call`.
typedef struct zeromq_invocation {
  // `sizeof(zeromq_invocation)`.
  uint32_t size;
  // `ZEROMQ_ABI`.
  uint32_t abi;
  // The virtual machine that calls.
  const struct zeromq_host *host;
  // The method, from a class that `define_class` was given.
  const struct zeromq_method *method;
  // The instance, or 0 for a constructor and for a method of the class itself.
  zeromq_object receiver;
  // The positional arguments.
  const struct zeromq_value *arguments;
  // How many positional arguments.
  size_t argument_count;
  // The named arguments.
  const struct zeromq_named *named;
  // How many named arguments.
  size_t named_count;
} zeromq_invocation;

// Why a call failed.
typedef struct zeromq_error {
  // The size of this struct in bytes.
  uint32_t size;
  // The code that the call returned.
  enum zeromq_code code;
  // The name that scripts catch it by: "ZMQErr". It stays for ever.
  const char *tag;
  // What happened and what to do about it, UTF-8, at most 254 bytes.
  const char *message;
} zeromq_error;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Registers the classes: calls `define_class` of the host once for each, a
// parent before its children. Another virtual machine in the same process
// registers with a host of its own.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` when `host` is NULL, is of
// another ABI, is too small or has no `define_class`, or when `define_class`
// returned something but 0.
enum zeromq_code zeromq_register(const struct zeromq_host *host);

// Calls a method. `*result` is written only on success; it then belongs to the
// host until `zeromq_value_free`.
//
// Returns `ZEROMQ_CODE_OK`, or the code of the error, which `zeromq_last_error`
// tells more of.
//
// Calls may come from any thread. An object serves one call at a time: a call
// while it is in another one returns `ZEROMQ_CODE_BUSY`.
enum zeromq_code zeromq_call(const struct zeromq_invocation *invocation,
                             struct zeromq_value *result);

// Frees the memory of a value that the library gave, and makes it nil. An
// object in it is not freed: that is what `zeromq_object_free` is for. NULL, and
// a value that was freed, are left alone.
void zeromq_value_free(struct zeromq_value *value);

// Frees an object: the host has no more use for it. A socket is closed, and
// sends for as long as its linger says. 0, and an object that was freed, are
// left alone. It may be called from any thread, also from a garbage collector
// in the middle of another call.
void zeromq_object_free(zeromq_object object);

// The class of an object, or NULL if there is no such object.
const struct zeromq_class *zeromq_object_class(zeromq_object object);

// What a host prints for an object: `<ZMQSocket: REQ>`. `*result` is written
// only on success; it is a string, to be freed with `zeromq_value_free`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if there is no such object.
enum zeromq_code zeromq_object_text(zeromq_object object, struct zeromq_value *result);

// The bytes of a frame, for hosts whose strings hold any bytes. `*result` is written
// only on success; it is a string, which need not be UTF-8 here, to be freed with
// `zeromq_value_free`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the object is no frame;
// `ZEROMQ_CODE_CLOSED` if there is no such object.
enum zeromq_code zeromq_object_bytes(zeromq_object object, struct zeromq_value *result);

// Whether two objects mean the same: 1 if both are one object, or two frames with
// the same bytes, else 0. It is what `==` of a script should say.
int32_t zeromq_object_equals(zeromq_object one, zeromq_object other);

// A number that objects that are equal have in common, for hosts that find the
// keys of dictionaries by it; 0 if there is no such object.
uint64_t zeromq_object_hash(zeromq_object object);

// Why the last call that failed on this thread did so, or NULL if none did. It
// is valid until the next call of this function on this thread.
const struct zeromq_error *zeromq_last_error(void);

// The names that scripts catch errors by, each of those that `zeromq_error` may
// have as its tag, for hosts that make a class of each. NULL ends them; they stay
// for ever.
const char *const *zeromq_error_tags(void);

// Ends ZeroMQ: closes every socket of the process, also those of other virtual
// machines, and waits until what they had to send is sent, at the latest until
// their linger is over, one second if nothing else was set. To be called before
// the process ends; what is unsent is lost without it. Objects stay valid and
// say that they are closed. New sockets may be made afterwards. Not to be called
// while the system unloads a library, by its destructor or DllMain: it waits for
// threads, which cannot end then. At the end of the process a destructor may.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_BUSY` if a call on another thread does
// not let its socket go.
enum zeromq_code zeromq_shutdown(void);

// The version of this library: "0.1.0". The version of libzmq is
// `ZMQ.version()` of the scripts.
const char *zeromq_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ZEROMQ_H */
