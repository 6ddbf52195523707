/*
 * zeromq.h: ZeroMQ for C, C++ and embedded scripting languages
 *
 * OVERVIEW
 *
 * ZeroMQ connects programs, on one machine or on many, through sockets that carry
 * whole messages. Sockets connect in any order, reconnect by themselves, distribute
 * messages among their peers, and queue messages for peers that are slow.
 *
 * This header has two parts. The first is for C programs: sockets, messages, values,
 * options, pollers, loops, monitors, proxies, task queues, beacons and certificates. The
 * second is for virtual machines, which offer the same to their scripts as classes. One process can use both; they share
 * inproc endpoints, the authenticator, and zeromq_shutdown().
 *
 * A complete program, to be compiled with
 *
 *     cc hello.c $(pkg-config --cflags --libs zeromq)
 *
 *     #include <stdio.h>
 *     #include <zeromq.h>
 *
 *     int main(void) {
 *         zeromq_socket *reply = zeromq_socket_new(ZEROMQ_REPLY, "inproc://hello");
 *         zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, "inproc://hello");
 *         zeromq_slice text;
 *
 *         zeromq_code code = zeromq_socket_send(request, "Hello", 5, 1000);
 *         if (code == ZEROMQ_CODE_OK)
 *             code = zeromq_socket_receive_frame(reply, &text, NULL, 1000);
 *         if (code == ZEROMQ_CODE_OK)
 *             printf("%.*s\n", (int)text.size, (const char *)text.data);
 *         else
 *             fprintf(stderr, "%s\n", zeromq_last_error()->message);
 *
 *         zeromq_socket_free(request);
 *         zeromq_socket_free(reply);
 *         zeromq_shutdown();
 *         return code;
 *     }
 *
 * CONVENTIONS
 *
 * Ownership.  Functions whose names end in _new, _load or _of_keys return an object
 * that the caller owns and frees once with the _free function of its type. free(NULL)
 * does nothing. Freeing an object that is in a call on another thread takes effect at
 * the end of that call. Functions whose names end in _close or _stop end the object,
 * but its handle stays valid and still has to be freed. The library uses the memory
 * that a program passes only during the call, except in zeromq_message_add_memory() and
 * zeromq_socket_send_memory(), which take ownership, and in the functions that make a
 * zeromq_value, which only points to it. Memory that the library returns is
 * valid until the next call with the same object, unless the function says otherwise.
 *
 * Strings and bytes.  Strings are UTF-8 and NUL-terminated. (NULL, 0) is an empty
 * range of bytes. Results are written through pointers only on success, unless the
 * function says otherwise.
 *
 * Errors.  Functions return a zeromq_code; ZEROMQ_CODE_OK is 0. Functions that make an
 * object return NULL on failure. zeromq_last_error() returns the code and the message
 * of the last error on the calling thread. The numbers of the codes never change.
 * Where a function lists codes without further explanation, ZEROMQ_CODE_ARGUMENT means
 * a NULL or an invalid argument; ZEROMQ_CODE_CLOSED means that the object was closed or
 * freed, or belongs to the process that this one was forked from; ZEROMQ_CODE_BUSY
 * means that the object is in another call. Any function may return ZEROMQ_CODE_PANIC,
 * which is a bug in the library.
 *
 * Handles.  A handle is a number that the library looks up in every call. Using a
 * freed handle, one of another type, or an arbitrary pointer returns an error code
 * and is otherwise harmless. Pointers to bytes and strings cannot be checked.
 *
 * Threads.  Every function may be called on any thread. An object serves one call at a
 * time: a second call returns ZEROMQ_CODE_BUSY and does nothing. Only a loop may be used
 * while it runs. A socket can be
 * passed from thread to thread, but two threads cannot use it at once. It is fastest if
 * one thread uses it most of the time.
 *
 * Forks.  After a fork, the parent's objects are closed in the child, which can make new
 * ones. Closing, stopping and freeing them there does nothing to the parent. The child
 * holds the ports that the parent has bound: until it ends or calls exec, they are taken
 * even if the parent closes its sockets.
 *
 * Timeouts.  Timeouts are in milliseconds. 0 does not wait; ZEROMQ_FOREVER and
 * ZEROMQ_USUAL are special values. Signals do not end a wait.
 *
 * Shutdown.  Call zeromq_shutdown() before the process ends, so that queued messages
 * are sent.
 *
 * Versions.  ZEROMQ_VERSION_MAJOR, _MINOR and _PATCH are the version of this header.
 * Structs begin with their size, which the caller sets to sizeof, and only ever grow
 * at their end. zeromq_slice, zeromq_frames and zeromq_poll_event have no size and never
 * change.
 *
 * Memory.  Functions that allocate memory for the bytes of a message return
 * ZEROMQ_CODE_ZMQ (ENOMEM) if there is none, and a message is sent with all of its
 * frames or not at all. If another allocation fails, the call returns
 * ZEROMQ_CODE_PANIC, or the process says so on standard error and ends. SECURITY.md
 * lists the functions.
 *
 * The library never writes to standard output and installs no signal handlers. It ends the
 * process otherwise only if libzmq finds that its own state is wrong ("Assertion failed" on
 * standard error), which is an error in the library that should be reported.
 */

#ifndef ZEROMQ_H
#define ZEROMQ_H

#include <stddef.h>
#include <stdint.h>

/* The file name of the library, for programs that load it at run time. */
#if defined(_WIN32)
#define ZEROMQ_LIBRARY "zeromq.dll"
#elif defined(__APPLE__)
#define ZEROMQ_LIBRARY "libzeromq.0.dylib"
#else
#define ZEROMQ_LIBRARY "libzeromq.so.0"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ====================================================================== ERRORS */

// The code of each kind of error, for C. The numbers never change.
typedef enum {
  // No error.
  ZEROMQ_CODE_OK = 0,
  // An invalid argument: its type, its value, or how many there are.
  ZEROMQ_CODE_ARGUMENT = 1,
  // An endpoint that cannot be bound, connected, unbound or disconnected.
  ZEROMQ_CODE_ENDPOINT = 2,
  // A send or receive out of order (EFSM).
  ZEROMQ_CODE_STATE = 3,
  // The timeout expired (EAGAIN).
  ZEROMQ_CODE_AGAIN = 4,
  // The object is closed or freed, or belongs to the process that this one was
  // forked from.
  ZEROMQ_CODE_CLOSED = 5,
  // The object is in another call.
  ZEROMQ_CODE_BUSY = 6,
  // ZeroMQ was shut down during the call (ETERM).
  ZEROMQ_CODE_TERMINATED = 7,
  // The host asked the call to stop.
  ZEROMQ_CODE_INTERRUPTED = 8,
  // An operation that this socket type does not support (ENOTSUP).
  ZEROMQ_CODE_UNSUPPORTED = 9,
  // No peer has the routing id (EHOSTUNREACH).
  ZEROMQ_CODE_UNROUTABLE = 10,
  // Any other error of libzmq or the system.
  ZEROMQ_CODE_ZMQ = 11,
  // The host has another ABI or violates its rules, or there are too many objects.
  ZEROMQ_CODE_HOST = 12,
  // A bug in the library.
  ZEROMQ_CODE_PANIC = 13,
  // An option that is unknown, or that cannot be read or set as requested.
  ZEROMQ_CODE_OPTION = 14,
  // An unusable key, certificate or authenticator.
  ZEROMQ_CODE_SECURITY = 15,
  // A message that cannot be decoded: not JSON, not a signal.
  ZEROMQ_CODE_DECODE = 16,
  // A script function failed; the host has the original error.
  ZEROMQ_CODE_CALLBACK = 17,
  // A script that the policy of its host does not permit.
  ZEROMQ_CODE_POLICY = 18,
  // A task that failed.
  ZEROMQ_CODE_TASK = 19,
} zeromq_code;

// Describes why a call failed.
typedef struct {
  // The size of this struct in bytes.
  uint32_t size;
  // The code that the call returned.
  zeromq_code code;
  // The name by which scripts catch this kind of error, such as "ZMQErr". It is
  // never freed.
  const char *tag;
  // What happened and what to do about it, in UTF-8, at most 254 bytes.
  const char *message;
} zeromq_error;

// Returns the error of the last failed call on this thread, or NULL if none has
// failed. The struct is valid until the next call of this function on this thread.
const zeromq_error *zeromq_last_error(void);

// Returns the name of a code as it is spelled here, such as "ZEROMQ_CODE_AGAIN", or
// "unknown" for any other number. The string is never freed.
const char *zeromq_code_name(int32_t code);

/* ================================================== THE LIBRARY AND ITS VERSION */

// The major version of this header. `zeromq_version` returns the version of the
// library at run time.
#define ZEROMQ_VERSION_MAJOR 0

// The minor version of this header.
#define ZEROMQ_VERSION_MINOR 2

// The patch version of this header.
#define ZEROMQ_VERSION_PATCH 0

// Returns the version of this library, such as "0.2.0". The string is never freed.
const char *zeromq_version(void);

// Returns the version of the libzmq inside it, such as "4.3.5". The string is never
// freed.
const char *zeromq_libzmq_version(void);

// Returns 1 if libzmq was built with a capability of `zmq_has(3)`, such as "curve",
// "ipc" or "ws", otherwise 0. Returns 0 for NULL.
int32_t zeromq_has(const char *capability);

// Registers `zeromq_shutdown` to run when the process ends through `exit` or a return
// from `main`. Calling it twice is harmless. It is meant for hosts that are unloaded
// earlier: the library stays loaded from then on.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if the system refuses the registration.
zeromq_code zeromq_shutdown_at_exit(void);

// Shuts ZeroMQ down: closes every socket of the process, including those of virtual
// machines, and waits until their queued messages are sent, at most for the linger of
// each socket (1000 milliseconds by default, forever if it is -1). Call it before the
// process ends; otherwise messages that have not been sent yet are lost.
//
// Handles stay valid and report `ZEROMQ_CODE_CLOSED`. Calls that wait on other threads
// return `ZEROMQ_CODE_TERMINATED`. New sockets can be opened afterwards.
//
// If a script has called `ZMQ.catchinterrupts(true)`, Ctrl-C and SIGTERM do again what
// they did before, so that they can end a wait for messages that nobody receives.
//
// Do not call it while the system unloads a library, from its destructor or DllMain:
// it waits for threads, which cannot end then. A destructor that runs when the process
// ends may call it.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_BUSY` if a call on another thread does not
// release its socket in time.
zeromq_code zeromq_shutdown(void);

/* ================================================================= THE CONTEXT
 *
 * All sockets of a process share one context. It is made when the first socket is
 * opened and has no handle.
 */

// Sets a property of the context before it is made: "io_threads", "max_sockets",
// "thread_name_prefix" or "zero_copy_recv", as in `zmq_ctx_set(3)`. Call it before the
// first socket is opened.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the name is unknown or the value
// is out of range; `ZEROMQ_CODE_ZMQ` if a socket has already been opened.
zeromq_code zeromq_context_set(const char *name, int64_t value);

// Stores a property of the context in `*value`. Its name is that of `zmq_ctx_get(3)`
// in lower case without ZMQ_: the names of `zeromq_context_set`, and "socket_limit",
// "thread_sched_policy", "max_msgsz", "msg_t_size", "ipv6" and "blocky".
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the name is unknown or a pointer
// is NULL.
zeromq_code zeromq_context_get(const char *name, int64_t *value);

// Sets the default of an option for sockets that are opened later: "linger" in
// milliseconds (-1 is forever; initially 1000), "sndhwm" and "rcvhwm" in messages (0
// is no limit), or "ipv6" (0 or 1).
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the name is unknown or the value
// is out of range.
zeromq_code zeromq_default_set(const char *name, int64_t value);

/* ==================================================================== MESSAGES
 *
 * A message has one or more frames and is sent and received as a whole. To read what
 * arrives, no zeromq_message is needed: zeromq_socket_receive_frame and
 * zeromq_socket_receive_frames lend the bytes. A zeromq_message is for messages that are
 * kept, changed, or passed on without a copy. It can be used for any number of messages,
 * one after the other.
 */

// A message: any number of frames, each of any number of bytes.
typedef struct zeromq_message zeromq_message;

// A range of bytes in memory. `(NULL, 0)` is empty.
typedef struct {
  // The first byte. The bytes are not NUL-terminated.
  const void *data;
  // The number of bytes.
  size_t size;
} zeromq_slice;

// Releases memory that was passed to `zeromq_message_add_memory` or
// `zeromq_socket_send_memory`. It is called once, with the `data` and `hint` given
// there, on any thread. It must not call the library with the message or socket that
// had the memory.
typedef void (*zeromq_free_function)(void *data, void *hint);

// The frames of a message.
typedef struct {
  // The first frame.
  const zeromq_slice *frames;
  // The number of frames.
  size_t count;
} zeromq_frames;

// Makes an empty message, to receive into or to build and send. It can be used again
// any number of times. The caller frees it with `zeromq_message_free`.
//
// Returns NULL if there are already more than a million messages.
zeromq_message *zeromq_message_new(void);

// Frees a message. If it is in a call on another thread, it is freed at the end of
// that call. NULL and handles that were already freed are ignored.
void zeromq_message_free(zeromq_message *message);

// Removes all frames of a message.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_message_clear(zeromq_message *message);

// Appends a frame with a copy of `size` bytes to a message.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`; `ZEROMQ_CODE_ZMQ` if memory runs out.
zeromq_code zeromq_message_add(zeromq_message *message, const void *data, size_t size);

// Inserts a frame with a copy of `size` bytes before all others, such as the routing
// id of a peer.
//
// Returns the codes of `zeromq_message_add`.
zeromq_code zeromq_message_prepend(zeromq_message *message,
                                   const void *data,
                                   size_t size);

// Removes the first frame of a message, such as the routing id of a peer, and stores
// its bytes in `*frame`, unless that is NULL. They are valid until the next call with
// the message.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the message has no frames;
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_message_pop(zeromq_message *message, zeromq_slice *frame);

// Moves a frame of `source` to the end of `message` without copying its bytes. The
// first frame is number 0. To take the routing id off a message and keep it, move frame
// 0 to another message. To pass a whole message on, send `source` itself.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such frame;
// `ZEROMQ_CODE_CLOSED`; `ZEROMQ_CODE_BUSY`, also if both are the same message;
// `ZEROMQ_CODE_ZMQ` if memory runs out.
zeromq_code zeromq_message_take_frame(zeromq_message *message,
                                      zeromq_message *source,
                                      size_t frame);

// Returns a frame as a NUL-terminated string; the first frame is number 0. Returns NULL
// if there is no such frame, if it is not UTF-8 or contains a NUL byte, or if the
// handle is invalid. The string is valid until the next call with the message.
const char *zeromq_message_text(zeromq_message *message, size_t frame);

// Appends a frame without copying its bytes. The message takes ownership of the memory
// and calls `free_function` with `data` and `hint` once the frame was sent or the
// message was freed. This may happen on another thread, at once or later. The bytes
// must not change until then. If `free_function` is NULL, the memory must remain valid
// forever.
//
// If the call fails, the caller still owns the memory.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`; `ZEROMQ_CODE_ZMQ` if memory runs out.
zeromq_code zeromq_message_add_memory(zeromq_message *message,
                                      void *data,
                                      size_t size,
                                      zeromq_free_function free_function,
                                      void *hint);

// Replaces the frames of `message` with a copy of those of `source`. Long frames share
// their bytes. If memory runs out, `message` is empty.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`;
// `ZEROMQ_CODE_BUSY`, also if both are the same message; `ZEROMQ_CODE_ZMQ` if memory
// runs out.
zeromq_code zeromq_message_copy(zeromq_message *message, zeromq_message *source);

// Returns the number of frames in a message, or 0 if the handle is invalid or the
// message is in use.
size_t zeromq_message_count(const zeromq_message *message);

// Returns the bytes of a frame; the first frame is number 0. They are valid until the
// message is changed, received into, sent or freed. If the frame is empty or does not
// exist, or the handle is invalid, the result may be NULL and must not be read;
// `zeromq_message_size` returns 0 then.
const void *zeromq_message_data(const zeromq_message *message, size_t frame);

// Returns the size of a frame in bytes; the first frame is number 0. Returns 0 if
// there is no such frame or the handle is invalid.
size_t zeromq_message_size(const zeromq_message *message, size_t frame);

// Stores the bytes of a frame in `*slice`, like `zeromq_message_data` and
// `zeromq_message_size`, but reports why it fails.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such frame;
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_message_frame(const zeromq_message *message,
                                 size_t frame,
                                 zeromq_slice *slice);

// Stores a metadata property of the frame in `*value`, or NULL if it has none of this
// name (see `zmq_msg_gets(3)`): "Peer-Address" and "Socket-Type" of the peer that sent
// it and, if an authenticator accepted the peer, "User-Id" and the metadata of its
// certificate. The string is valid until the next call with the message.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such frame;
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_message_property(zeromq_message *message,
                                    size_t frame,
                                    const char *name,
                                    const char **value);

/* ================================================================ CERTIFICATES
 *
 * Certificates hold the keys of CURVE, which encrypts and authenticates connections.
 * Their files have czmq's format.
 */

// A certificate: a CURVE key pair, or only its public key.
typedef struct zeromq_certificate zeromq_certificate;

// Makes a certificate with a new key pair. The caller frees it with
// `zeromq_certificate_free`.
//
// Returns NULL if libzmq cannot make keys; `zeromq_last_error` returns the reason.
zeromq_certificate *zeromq_certificate_new(void);

// Makes a certificate from a public key, a secret key, or both. Pass NULL and size 0
// for a key that is missing; the public key is then computed from the secret one. A
// key is 32 bytes, or 40 characters of Z85 (RFC 32). The caller frees the certificate
// with `zeromq_certificate_free`.
//
// Returns NULL if a key is invalid, if both are missing, or if they do not belong
// together.
zeromq_certificate *zeromq_certificate_of_keys(const void *public_key,
                                               size_t public_size,
                                               const void *secret_key,
                                               size_t secret_size);

// Loads a certificate from the file `name_secret`, which has both keys, or from `name`
// if there is no such file. The caller frees it with `zeromq_certificate_free`.
//
// Returns NULL if the file cannot be read or is not a certificate.
zeromq_certificate *zeromq_certificate_load(const char *name);

// Frees a certificate. Sockets that were given its keys keep them. NULL and handles
// that were already freed are ignored.
void zeromq_certificate_free(zeromq_certificate *certificate);

// Saves the two files of a certificate, in the format of czmq: `name` with the public
// key, and `name_secret` with both keys, which only its owner may read. Existing files
// are replaced.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if there is no secret key or a file
// cannot be written; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_save(zeromq_certificate *certificate, const char *name);

// Saves the public key and the metadata in one file, which can be given to others.
//
// Returns the codes of `zeromq_certificate_save`.
zeromq_code zeromq_certificate_save_public(zeromq_certificate *certificate,
                                           const char *file);

// Stores the public key, 40 characters of Z85, in `*key`. The string is valid until
// the next call with the certificate, other than `zeromq_certificate_secret_key`.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_public_key(zeromq_certificate *certificate,
                                          const char **key);

// Stores the secret key, 40 characters of Z85, in `*key`. The string is valid until
// the certificate is freed, which wipes its memory.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if the certificate has no secret
// key; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_secret_key(zeromq_certificate *certificate,
                                          const char **key);

// Sets a metadata entry, such as "name" or "email", which is saved with the
// certificate. A `value` of NULL removes the entry.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if a certificate file cannot hold
// the name or the value; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_set_meta(zeromq_certificate *certificate,
                                        const char *name,
                                        const char *value);

// Stores the value of a metadata entry in `*value`, or NULL if there is none. The
// string is valid until the next call with the certificate.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_meta(zeromq_certificate *certificate,
                                    const char *name,
                                    const char **value);

/* ===================================================================== SOCKETS
 *
 * An endpoint is a transport and an address: "tcp://localhost:5555",
 * "ipc:///tmp/feed", "inproc://name". One side binds and any number of peers connect,
 * in any order.
 */

// Elements of a `zeromq_array`: bytes that are 0 or 1.
#define ZEROMQ_BOOL8 1

// Elements of a `zeromq_array`: `int8_t`.
#define ZEROMQ_INT8 2

// Elements of a `zeromq_array`: `int16_t`.
#define ZEROMQ_INT16 3

// Elements of a `zeromq_array`: `int32_t`.
#define ZEROMQ_INT32 4

// Elements of a `zeromq_array`: `int64_t`.
#define ZEROMQ_INT64 5

// Elements of a `zeromq_array`: `uint8_t`.
#define ZEROMQ_UINT8 6

// Elements of a `zeromq_array`: `uint16_t`.
#define ZEROMQ_UINT16 7

// Elements of a `zeromq_array`: `uint32_t`.
#define ZEROMQ_UINT32 8

// Elements of a `zeromq_array`: `uint64_t`.
#define ZEROMQ_UINT64 9

// Elements of a `zeromq_array`: `float`.
#define ZEROMQ_FLOAT32 10

// Elements of a `zeromq_array`: `double`.
#define ZEROMQ_FLOAT64 11

// Elements of a `zeromq_array`: two `float`, the real and the imaginary part.
#define ZEROMQ_COMPLEX64 12

// Elements of a `zeromq_array`: two `double`, the real and the imaginary part.
#define ZEROMQ_COMPLEX128 13

// Order of a `zeromq_array`: row by row, the last index changes fastest, as in C and
// numpy. Arrays from the library have this order.
#define ZEROMQ_BY_ROWS 0

// Order of a `zeromq_array`: column by column, the first index changes fastest, as in
// Fortran.
#define ZEROMQ_BY_COLUMNS 1

// An array of numbers in memory.
typedef struct zeromq_array {
  // The type of its elements: `ZEROMQ_FLOAT64` and so on.
  uint32_t element;
  // `ZEROMQ_BY_ROWS` or `ZEROMQ_BY_COLUMNS`.
  uint32_t order;
  // The size in each dimension.
  const size_t *shape;
  // The number of dimensions, at most 64. A single number has none.
  size_t dimensions;
  // The elements, in the byte order of this machine. Those from the library need not be
  // aligned.
  const void *data;
  // The number of bytes of all elements.
  size_t size;
} zeromq_array;

// A sparse matrix in memory, in compressed sparse columns, as scipy's `csc_matrix`. Each of
// its vectors is an array of one dimension. The matrix with the rows 1 0 2 and 0 0 3 has the
// data 1, 2, 3, the indices 0, 0, 1, and the indptr 0, 1, 1, 3.
typedef struct zeromq_sparse {
  // The number of rows.
  size_t rows;
  // The number of columns.
  size_t columns;
  // The elements that are stored, column by column, of any type.
  struct zeromq_array data;
  // The row of each element: `ZEROMQ_INT32` or `ZEROMQ_INT64`. Those from the library
  // ascend in each column, and no element is stored twice.
  struct zeromq_array indices;
  // Where each column begins in both, and the end of the last one: `columns + 1` numbers
  // of the same type as the indices.
  struct zeromq_array indptr;
} zeromq_sparse;

// A timeout: wait forever. Any other timeout is in milliseconds; 0 does not wait.
#define ZEROMQ_FOREVER -1

// A timeout: wait as long as the options "rcvtimeo" and "sndtimeo" of the socket say,
// which is forever if they were not set. For pollers and monitors it is forever.
#define ZEROMQ_USUAL -2

// The socket types.
typedef enum {
  // PAIR. Connects by default.
  ZEROMQ_PAIR = 0,
  // PUB. Binds by default.
  ZEROMQ_PUBLISHER = 1,
  // SUB. Connects by default.
  ZEROMQ_SUBSCRIBER = 2,
  // REQ. Connects by default.
  ZEROMQ_REQUEST = 3,
  // REP. Binds by default.
  ZEROMQ_REPLY = 4,
  // DEALER. Connects by default.
  ZEROMQ_DEALER = 5,
  // ROUTER. Binds by default. A message is the routing id frame of a peer, then the
  // body. Messages to unknown or full peers are dropped, unless the option
  // "router_mandatory" is 1.
  ZEROMQ_ROUTER = 6,
  // PULL. Binds by default.
  ZEROMQ_PULL = 7,
  // PUSH. Connects by default.
  ZEROMQ_PUSH = 8,
  // XPUB. Binds by default.
  ZEROMQ_XPUBLISHER = 9,
  // XSUB. Connects by default.
  ZEROMQ_XSUBSCRIBER = 10,
  // STREAM. Connects by default. A message is the routing id frame of a peer, then
  // the raw bytes.
  ZEROMQ_STREAM = 11,
} zeromq_socket_kind;

// A socket.
typedef struct zeromq_socket zeromq_socket;

// Opens a socket of type `kind` (`ZEROMQ_REQUEST` and so on) and attaches it to a list
// of endpoints, as `zeromq_socket_attach` does. `endpoints` may be NULL to attach it
// later. The caller frees it with `zeromq_socket_free`.
//
// Returns NULL on failure; `zeromq_last_error` returns the reason:
// `ZEROMQ_CODE_ARGUMENT` if the type is unknown, `ZEROMQ_CODE_ENDPOINT`, or
// `ZEROMQ_CODE_ZMQ` if there are too many sockets.
zeromq_socket *zeromq_socket_new(int32_t kind, const char *endpoints);

// Closes a socket, as `zeromq_socket_close` does, and frees its handle. If it is in a
// call on another thread, it is freed at the end of that call. NULL and handles that
// were already freed are ignored.
void zeromq_socket_free(zeromq_socket *socket);

// Closes a socket and releases its endpoints. Messages that have not been sent yet are
// still sent in the background, for as long as the option "linger" says: 1000
// milliseconds by default, -1 is forever, 0 discards them. The handle stays valid, and
// calls with it return `ZEROMQ_CODE_CLOSED`. Closing a closed socket does nothing.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle
// was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_close(zeromq_socket *socket);

// Returns 1 if a socket is closed or the handle is invalid, otherwise 0.
int32_t zeromq_socket_is_closed(const zeromq_socket *socket);

// Returns the type of a socket, such as `ZEROMQ_REQUEST`, or -1 if the handle is
// invalid or the socket is in another call.
int32_t zeromq_socket_type(const zeromq_socket *socket);

// Attaches a socket to each endpoint of a list separated by commas. It binds endpoints
// that begin with `@` and connects to those that begin with `>`; without a prefix the
// socket type decides. If an endpoint fails, those before it stay attached.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_attach(zeromq_socket *socket, const char *endpoints);

// Binds a socket to each endpoint of a list separated by commas, so that peers can
// connect to it. The host of a TCP endpoint may be `*`, for all addresses of this
// machine. The port may be `*` for the first free port from 49152, `!` for a random
// free one, or a range such as `*[6000-6100]`. `*port` receives the TCP port of the
// last endpoint, or 0 if it has none; `port` may be NULL. If an endpoint fails, those
// before it stay bound.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_bind(zeromq_socket *socket,
                               const char *endpoints,
                               uint16_t *port);

// Connects a socket to each endpoint of a list separated by commas. The peers need not
// exist yet. If an endpoint fails, those before it stay connected.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_connect(zeromq_socket *socket, const char *endpoints);

// Unbinds a socket from each endpoint of a list, spelled as it was bound or as
// `zeromq_socket_endpoint` returns it.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_ENDPOINT`, also if it
// is not bound; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_unbind(zeromq_socket *socket, const char *endpoints);

// Disconnects a socket from each endpoint of a list.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_ENDPOINT`, also if it
// is not connected; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_disconnect(zeromq_socket *socket, const char *endpoints);

// Stores the endpoint that was bound last in `*endpoint`, with its port or file filled
// in, such as "tcp://127.0.0.1:49152", or NULL if nothing was bound. It is kept after an
// unbind. The string is valid until the next call with the socket.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_endpoint(zeromq_socket *socket,
                                   const char **endpoint);

// Stores in `*text` how many peers the socket has and, separated by semicolons, why
// nothing may arrive: for each reason what was observed, at which endpoint, and what to
// do about it. It may connect to an endpoint that has no peer, which takes up to about a
// second for each of them. The text is for people, and may change with any version of
// the library. It ends with a NUL and is valid until the next call with the socket.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_diagnose(zeromq_socket *socket,
                                   const char **text);

// Subscribes a SUB or XSUB socket to messages that begin with a prefix of at most 4096
// bytes; an empty prefix subscribes to all messages. Without a subscription such a
// socket receives nothing. Subscriptions are counted: one made twice must be removed
// twice.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_UNSUPPORTED` on other
// socket types; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_subscribe(zeromq_socket *socket,
                                    const void *prefix,
                                    size_t size);

// Removes one subscription to a prefix from a SUB or XSUB socket.
//
// Returns the codes of `zeromq_socket_subscribe`.
zeromq_code zeromq_socket_unsubscribe(zeromq_socket *socket,
                                      const void *prefix,
                                      size_t size);

// Sends a message of one frame with a copy of `size` bytes. Waits up to `timeout`
// milliseconds until a peer can accept it.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_STATE` if a
// REQ or REP socket has to receive first; `ZEROMQ_CODE_UNSUPPORTED` on SUB and PULL;
// `ZEROMQ_CODE_UNROUTABLE` if no peer has the routing id; `ZEROMQ_CODE_ARGUMENT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`; `ZEROMQ_CODE_ZMQ`
// if memory runs out.
zeromq_code zeromq_socket_send(zeromq_socket *socket,
                               const void *data,
                               size_t size,
                               int32_t timeout);

// Sends a message of `count` frames with copies of their bytes. Either all frames are
// sent or none.
//
// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if `count` is
// 0.
zeromq_code zeromq_socket_send_frames(zeromq_socket *socket,
                                      const zeromq_slice *frames,
                                      size_t count,
                                      int32_t timeout);

// Sends a message of one frame without copying its bytes. The library takes ownership
// of the memory and calls `free_function` with `data` and `hint` once it is no longer
// needed. This may happen on another thread, at once or later. The bytes must not
// change until then. If `free_function` is NULL, the memory must remain valid forever.
//
// If the call fails, the caller still owns the memory. For frames below a few
// kilobytes, `zeromq_socket_send` is faster.
//
// Returns the codes of `zeromq_socket_send`.
zeromq_code zeromq_socket_send_memory(zeromq_socket *socket,
                                      void *data,
                                      size_t size,
                                      zeromq_free_function free_function,
                                      void *hint,
                                      int32_t timeout);

// Sends `count` messages, one after the other, with copies of their bytes. `*sent`,
// unless `sent` is NULL, receives how many of them were sent, also if the call fails.
//
// Returns the codes of `zeromq_socket_send_frames`; `ZEROMQ_CODE_AGAIN` if not all
// messages could be sent within `timeout` milliseconds.
zeromq_code zeromq_socket_send_batch(zeromq_socket *socket,
                                     const zeromq_frames *messages,
                                     size_t count,
                                     size_t *sent,
                                     int32_t timeout);

// Sends a message without copying its bytes. On success the message is empty and can
// be used again; on failure it is unchanged.
//
// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if the
// message has no frames.
zeromq_code zeromq_socket_send_message(zeromq_socket *socket,
                                       zeromq_message *message,
                                       int32_t timeout);

// Receives the next message, with all of its frames, into `message`, whose old frames
// are dropped. Waits up to `timeout` milliseconds. On failure `message` is empty. On a
// ROUTER or STREAM socket the first frame is the routing id of the sender.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_STATE` if a
// REQ or REP socket has to send first; `ZEROMQ_CODE_UNSUPPORTED` on PUB and PUSH;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`,
// `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_socket_receive(zeromq_socket *socket,
                                  zeromq_message *message,
                                  int32_t timeout);

// Receives the next frame and lends its bytes: `*frame` describes them, and they are
// valid until the next call with the socket. `*more` receives 1 if more frames of the
// same message follow, otherwise 0; `more` may be NULL. This is the fastest way to
// receive messages of one frame. Waits up to `timeout` milliseconds. On a ROUTER or
// STREAM socket the first frame is the routing id of the sender.
//
// Returns the codes of `zeromq_socket_receive`.
zeromq_code zeromq_socket_receive_frame(zeromq_socket *socket,
                                        zeromq_slice *frame,
                                        int32_t *more,
                                        int32_t timeout);

// Receives the next message, with all of its frames, and lends it: `*message`
// describes the frames, which are valid until the next call with the socket. Waits up
// to `timeout` milliseconds. On a ROUTER or STREAM socket the first frame is the
// routing id of the sender.
//
// Returns the codes of `zeromq_socket_receive`.
zeromq_code zeromq_socket_receive_frames(zeromq_socket *socket,
                                         zeromq_frames *message,
                                         int32_t timeout);

// Sends an array of numbers as two frames: JSON with its dtype and shape, then its
// elements, row by row, as in pyzmq's recipe for numpy. The elements are copied. Waits up to
// `timeout` milliseconds.
//
// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if the size of the
// array does not go with its shape.
zeromq_code zeromq_socket_send_array(zeromq_socket *socket,
                                     const zeromq_array *array,
                                     int32_t timeout);

// Receives an array of numbers that `zeromq_socket_send_array`, or numpy by pyzmq's recipe,
// has sent, and lends it: what `*array` points to is valid until the next call with the
// socket. The elements are in the order `ZEROMQ_BY_ROWS`. Waits up to `timeout`
// milliseconds.
//
// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_DECODE` if the message is not an
// array: it is discarded.
zeromq_code zeromq_socket_receive_array(zeromq_socket *socket,
                                        zeromq_array *array,
                                        int32_t timeout);

// Sends a sparse matrix as four frames: JSON with its format, dtypes and shape, then the
// data, indices and indptr of a `csc_matrix` of scipy. They are copied. Rows that are not in
// ascending order in their column are sent in order. Waits up to `timeout` milliseconds.
//
// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if the vectors are
// not those of a matrix with this shape: the message says why.
zeromq_code zeromq_socket_send_sparse(zeromq_socket *socket,
                                      const zeromq_sparse *matrix,
                                      int32_t timeout);

// Receives a sparse matrix that `zeromq_socket_send_sparse` has sent, or another program in
// the same form, and lends it: what `*matrix` points to is valid until the next call with
// the socket. The format csr is converted. Waits up to `timeout` milliseconds.
//
// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_DECODE` if the message is not a
// sparse matrix: it is discarded.
zeromq_code zeromq_socket_receive_sparse(zeromq_socket *socket,
                                         zeromq_sparse *matrix,
                                         int32_t timeout);

// Waits up to `timeout` milliseconds for a message, also receives the messages that
// are already queued, up to `most` and at most 65,536 in total, and lends them all:
// `*messages` points to an array of `*count` messages. They are valid until the next
// call with the socket.
//
// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_ARGUMENT` also if `most`
// is 0.
zeromq_code zeromq_socket_receive_batch(zeromq_socket *socket,
                                        size_t most,
                                        const zeromq_frames **messages,
                                        size_t *count,
                                        int32_t timeout);

// Stores a file descriptor for the event loop of the program in `*descriptor`. It is readable,
// as told by `poll(2)` and its like, while the socket is ready for `events`:
// `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT`, or both. A loop calls `zeromq_socket_receive_frame` or
// similar with timeout 0 whenever it is readable; it need not receive everything. The
// descriptor can be readable without a reason; a call that finds nothing to do silences it.
//
// It belongs to the socket: only watch it, never read from it, and stop watching it before the
// socket is closed or ZeroMQ is shut down. A further call changes the events and stores the
// same number. While a socket has one, each call on it ends by asking whether it is ready.
// `examples/c/epoll.c` has a loop.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` if the socket type cannot receive or
// send as requested; `ZEROMQ_CODE_ZMQ` if no descriptor is left (EMFILE) or the system has
// neither epoll nor kqueue; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_socket_descriptor(zeromq_socket *socket,
                                     uint32_t events,
                                     int64_t *descriptor);

// Stores 1 in `*ready` if a receive would succeed without waiting, otherwise 0.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_socket_can_receive(zeromq_socket *socket, int32_t *ready);

// Stores 1 in `*ready` if a send to some peer would succeed without waiting, otherwise
// 0.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_socket_can_send(zeromq_socket *socket, int32_t *ready);

// Makes a socket a CURVE server with the key pair of a certificate. Clients need its
// public key. If `domain` is NULL and no authenticator is running, every client that
// has the key is accepted; with a domain (1 to 254 bytes), clients are accepted only
// by the authenticator. Call it before the socket is bound or connected.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if the socket is already attached,
// the certificate has no secret key, or the domain is invalid; `ZEROMQ_CODE_ARGUMENT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_curve_server(zeromq_socket *socket,
                                       zeromq_certificate *certificate,
                                       const char *domain);

// Makes a socket a CURVE client with the key pair of a certificate. `server_key` is
// the public key of the server, 40 characters of Z85. Call it before the socket is
// bound or connected.
//
// Returns the codes of `zeromq_socket_curve_server`; `ZEROMQ_CODE_SECURITY` also if
// `server_key` is not a key.
zeromq_code zeromq_socket_curve_client(zeromq_socket *socket,
                                       zeromq_certificate *certificate,
                                       const char *server_key);

// Makes a socket a PLAIN server, whose clients send a user name and a password. The
// authenticator of the process has to know them; without one, nobody is accepted.
// `domain` may be NULL. Call it before the socket is bound or connected.
//
// Returns the codes of `zeromq_socket_curve_server`.
zeromq_code zeromq_socket_plain_server(zeromq_socket *socket, const char *domain);

// Makes a socket a PLAIN client with a user name and a password of 1 to 255 bytes
// each. They are sent unencrypted. Call it before the socket is bound or connected.
//
// Returns the codes of `zeromq_socket_curve_server`.
zeromq_code zeromq_socket_plain_client(zeromq_socket *socket,
                                       const char *username,
                                       const char *password);

/* ======================================================= PEERS AND SUBSCRIPTIONS
 *
 * A socket can be used before it has peers. To measure or to test something, wait until
 * they are there.
 */

// What a socket has sent and received, and its peers, in numbers.
typedef struct {
  // `sizeof(zeromq_socket_stats)`, filled in by the caller.
  uint32_t size;
  // Messages sent.
  uint64_t messages_sent;
  // Frames sent.
  uint64_t frames_sent;
  // Bytes sent.
  uint64_t bytes_sent;
  // Messages received completely.
  uint64_t messages_received;
  // Frames received.
  uint64_t frames_received;
  // Bytes received.
  uint64_t bytes_received;
  // Sends that timed out.
  uint64_t expired;
  // Messages to routing ids that no peer had.
  uint64_t unroutable;
  // Messages that a ROUTER or STREAM has dropped because no peer could accept them.
  uint64_t dropped;
  // Current peers, or -1 if that is unknown.
  int64_t peers;
  // Connections so far, including reconnects, without inproc.
  uint64_t connections;
  // Connections that have ended.
  uint64_t disconnections;
  // Connections that failed in the handshake: because of a wrong key, or a peer that does
  // not speak ZeroMQ.
  uint64_t failures;
  // Connections that were not accepted, because no descriptor was left or too many were in
  // the handshake.
  uint64_t refusals;
  // Connections that ended because the peer exceeded a limit of sizes.
  uint64_t oversized;
  // Different prefixes that the peers of a PUB or XPUB subscribe to; -1 on other sockets.
  int64_t subscriptions;
} zeromq_socket_stats;

// What all sockets of the process have sent and received.
typedef struct {
  // `sizeof(zeromq_totals)`, filled in by the caller.
  uint32_t size;
  // Open sockets.
  uint64_t sockets;
  // Messages sent.
  uint64_t messages_sent;
  // Frames sent.
  uint64_t frames_sent;
  // Bytes sent.
  uint64_t bytes_sent;
  // Messages received completely.
  uint64_t messages_received;
  // Frames received.
  uint64_t frames_received;
  // Bytes received.
  uint64_t bytes_received;
  // Sends that timed out.
  uint64_t expired;
  // Messages to routing ids that no peer had.
  uint64_t unroutable;
} zeromq_totals;

// Waits up to `timeout` milliseconds until a socket has at least `count` peers that have
// completed the handshake.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_ARGUMENT`, also if
// the socket is neither bound nor connected; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`,
// `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_socket_wait_for_peers(zeromq_socket *socket,
                                         size_t count,
                                         int32_t timeout);

// Waits up to `timeout` milliseconds until the peers of a PUB socket have at least `count`
// subscriptions or, if `topic` is not NULL, `count` that match messages beginning with the
// `size` bytes of `topic`. Messages that are published later reach these peers.
//
// Returns the codes of `zeromq_socket_wait_for_peers`; `ZEROMQ_CODE_UNSUPPORTED` on other
// socket types.
zeromq_code zeromq_socket_wait_for_subscribers(zeromq_socket *socket,
                                               size_t count,
                                               const void *topic,
                                               size_t size,
                                               int32_t timeout);

// Stores the counters of a socket in `*stats`. The caller sets `stats->size` first.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if `stats->size` is too small;
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_count(zeromq_socket *socket, zeromq_socket_stats *stats);

// Stores an endpoint that a socket is attached to in `*endpoint`, and 1 in `*bound` if it is
// bound or 0 if it is connected; `bound` may be NULL. `index` is 0 for the endpoint that was
// attached first. If there are not so many, `*endpoint` receives NULL. The string is valid
// until the next call with the socket.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_attached(zeromq_socket *socket,
                                   size_t index,
                                   const char **endpoint,
                                   int32_t *bound);

// Stores the prefixes that a SUB or XSUB socket has subscribed to in `*prefixes`, each as
// often as it was subscribed to. They are valid until the next call with the socket.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_subscriptions(zeromq_socket *socket,
                                        zeromq_frames *prefixes);

// Waits up to `timeout` milliseconds until a peer of an XPUB socket subscribes or
// unsubscribes. Stores 1 in `*subscribed` if it subscribes, otherwise 0, and in `*prefix`
// the prefix, which is valid until the next call with the socket. Other messages of peers
// are discarded.
//
// Returns the codes of `zeromq_socket_receive`.
zeromq_code zeromq_socket_receive_subscription(zeromq_socket *socket,
                                               int32_t *subscribed,
                                               zeromq_slice *prefix,
                                               int32_t timeout);

// Subscribes the peer whose subscription an XPUB socket has received last to a prefix of at
// most 4096 bytes, whatever it asked for. The option "xpub_manual" has to be 1.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` on other socket types and without the
// option; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_accept_subscription(zeromq_socket *socket,
                                              const void *prefix,
                                              size_t size);

// Undoes one `zeromq_socket_accept_subscription` for the peer whose subscription was
// received last.
//
// Returns the codes of `zeromq_socket_accept_subscription`.
zeromq_code zeromq_socket_reject_subscription(zeromq_socket *socket,
                                              const void *prefix,
                                              size_t size);

// Closes the connection to a peer of a STREAM socket, given by its routing id. Waits up to
// `timeout` milliseconds until the socket can send to it. The connection ends during the calls
// with the socket that follow, such as the next receive; bytes that have not left yet are
// dropped.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNROUTABLE` if no peer has the routing id;
// `ZEROMQ_CODE_UNSUPPORTED` on other socket types; `ZEROMQ_CODE_AGAIN` on timeout;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`,
// `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_socket_close_peer(zeromq_socket *socket,
                                     const void *id,
                                     size_t size,
                                     int32_t timeout);

// Stores what all sockets of the process have sent and received, closed ones too, in
// `*totals`. The caller sets `totals->size` first. Sockets that are in a call of another
// thread are left out.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if `totals->size` is too small.
zeromq_code zeromq_count(zeromq_totals *totals);

// Stores the statistics of all sockets in `*text`, in the OpenMetrics format, which Prometheus
// reads: for each open socket its messages, bytes, peers, connections, failed handshakes and
// drops, with labels for its number, type and first endpoint. The string is valid until the
// next call of this function on this thread.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`.
zeromq_code zeromq_metrics(const char **text);

/* ==================================================================== PATTERNS
 *
 * What often takes more than one call: requests that are repeated until somebody answers,
 * publications that are numbered so that subscribers notice gaps, and signals.
 */

// Sends a request of `count` frames on a REQ socket and receives its reply, with all of its
// frames, into `*reply`, which is valid until the next call with the socket. If none arrives
// within `timeout` milliseconds, the request is sent again over a new connection, up to
// `tries` times in total. If nobody answers, the same is tried with each endpoint of
// `others`, a list separated by commas, or NULL: the socket connects to that endpoint alone,
// and stays connected to the one that answers.
//
// If another thread frees the socket, or calls `zeromq_shutdown`, the call ends within about
// 100 milliseconds, however many tries are left.
//
// A server may process a request more than once. A late reply to an earlier try is never
// mistaken for the reply to a later request: the first call turns on the options
// "req_correlate" and "req_relaxed".
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` if nobody answers; `ZEROMQ_CODE_ARGUMENT`,
// also if there are no frames or no tries; `ZEROMQ_CODE_ENDPOINT`;
// `ZEROMQ_CODE_UNSUPPORTED` on other socket types; `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`; `ZEROMQ_CODE_ZMQ` if memory runs out.
zeromq_code zeromq_socket_request(zeromq_socket *socket,
                                  const zeromq_slice *frames,
                                  size_t count,
                                  uint32_t tries,
                                  const char *others,
                                  zeromq_frames *reply,
                                  int32_t timeout);

// Turns the numbering of messages on (`on` is not 0) or off. On a PUB or XPUB socket,
// `zeromq_socket_publish` then adds a last frame of 20 bytes to each message: "SEQ1", 8 bytes
// that identify the publisher, and the number of the message among those with the same
// topic, from 1, as 8 bytes in big-endian order. On a SUB or XSUB socket,
// `zeromq_socket_receive_topic` removes and compares these numbers. Turning it on again
// starts from the beginning.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` on other socket types;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_set_sequence(zeromq_socket *socket,
                                       int32_t on);

// Sends a message of `count` frames, of which the first is its topic, with a number if
// `zeromq_socket_set_sequence` has turned that on. Otherwise it does the same as
// `zeromq_socket_send_frames`.
//
// Returns the codes of `zeromq_socket_send_frames`.
zeromq_code zeromq_socket_publish(zeromq_socket *socket,
                                  const zeromq_slice *frames,
                                  size_t count,
                                  int32_t timeout);

// Receives the next message, whose first frame is its topic, and lends it, like
// `zeromq_socket_receive_frames`. If `zeromq_socket_set_sequence` has turned that on, the
// number of the message is removed, and `zeromq_socket_missed` tells how many are missing.
//
// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_STATE` also if part of a message
// has already been received.
zeromq_code zeromq_socket_receive_topic(zeromq_socket *socket,
                                        zeromq_frames *message,
                                        int32_t timeout);

// Stores in `*count` how many numbered messages a SUB or XSUB socket has missed since
// `zeromq_socket_set_sequence`, because it was too slow or disconnected: those between the
// messages that `zeromq_socket_receive_topic` has received. It is 0 without numbers.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_missed(zeromq_socket *socket,
                                 uint64_t *count);

// Sends a signal with a status: a message of 8 bytes that czmq's `zsock_wait` and
// `zeromq_socket_wait_signal` understand.
//
// Returns the codes of `zeromq_socket_send`.
zeromq_code zeromq_socket_signal(zeromq_socket *socket,
                                 uint8_t status,
                                 int32_t timeout);

// Waits up to `timeout` milliseconds for a signal and stores its status in `*status`, unless
// that is NULL. Other messages are discarded.
//
// Returns the codes of `zeromq_socket_receive`.
zeromq_code zeromq_socket_wait_signal(zeromq_socket *socket,
                                      uint8_t *status,
                                      int32_t timeout);

// Opens two PAIR sockets that are connected to each other inside the process, such as for
// two threads, and stores them in `*one` and `*other`. The caller frees both with
// `zeromq_socket_free`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_ZMQ` if there are too many
// sockets.
zeromq_code zeromq_socket_new_pair(zeromq_socket **one,
                                   zeromq_socket **other);

/* ====================================================================== VALUES
 *
 * A zeromq_value is nil, a truth value, a number, text, bytes, or a list or dictionary of
 * values. Programs send and receive them as JSON or MessagePack, also to and from scripts,
 * and virtual machines pass them to methods. To send one, fill in arrays of values:
 *
 *     zeromq_value order[] = {
 *         zeromq_value_string("name"),  zeromq_value_string("tea"),
 *         zeromq_value_string("count"), zeromq_value_int(3),
 *     };
 *     zeromq_value value = zeromq_value_dictionary(order, 4);
 *     zeromq_socket_send_json(socket, &value, 1000);
 *
 * To read one, look up its items, which may be nested, and check the code once:
 *
 *     int64_t count;
 *     zeromq_code code = zeromq_socket_receive_json(socket, &value, 1000);
 *     if (code == ZEROMQ_CODE_OK)
 *         code = zeromq_value_get_int(zeromq_value_member(&value, "count"), &count);
 */

struct zeromq_class;

// Kind of a `zeromq_value`: nil.
#define ZEROMQ_NIL 0

// Kind of a `zeromq_value`: a boolean; `as.integer` is 0 or 1.
#define ZEROMQ_BOOL 1

// Kind of a `zeromq_value`: an integer in `as.integer`. Results may be any `int64_t`, also
// beyond the 53 bits of a double. Unsigned integers that do not fit are returned as
// `ZEROMQ_FLOAT`, except in arrays.
#define ZEROMQ_INT 2

// Kind of a `zeromq_value`: a floating-point number in `as.number`. Parameters that do not
// accept this kind refuse it even if the number is whole.
#define ZEROMQ_FLOAT 3

// Kind of a `zeromq_value`: a string in `as.bytes`. Strings from the library are valid
// UTF-8 and may contain NUL bytes. Strings from a host may be any bytes.
#define ZEROMQ_STRING 4

// Kind of a `zeromq_value`: a list, with its values in `as.items`, which may be of several
// kinds.
#define ZEROMQ_LIST 5

// Kind of a `zeromq_value`: a tuple, with its values in `as.items`. It is equivalent
// to a list; it exists for hosts that distinguish the two.
#define ZEROMQ_TUPLE 6

// Kind of a `zeromq_value`: a dictionary. `as.items` alternates keys and values, so
// its count is twice the number of entries.
#define ZEROMQ_DICTIONARY 7

// Kind of a `zeromq_value`: an instance of one of the library's classes, in
// `as.object`.
#define ZEROMQ_OBJECT 8

// Kind of a `zeromq_value`: any other value of the host, which no method accepts.
// `as.bytes` names it in UTF-8 for error messages, such as "a range".
#define ZEROMQ_OTHER 9

// Kind of a `zeromq_value`: a script function, in `as.function`. What it returns may be of
// any kind; `inner` of the parameter has those that are used.
#define ZEROMQ_FUNCTION 10

// Kind of a `zeromq_value`: one of the library's classes passed as a value, in
// `as.described`, as in `setfrontend(ZMQPull, ...)`.
#define ZEROMQ_CLASS 11

// Kind of a `zeromq_value`: any bytes, in `as.bytes`. Of the hosts, only those with
// `ZEROMQ_HOST_BYTES` get it. Hosts may pass it wherever they may pass a string.
#define ZEROMQ_BYTES 12

// Kind of a `zeromq_value`: an array of numbers, in `as.array`. Hosts without
// `ZEROMQ_HOST_ARRAYS` get lists of lists of numbers instead.
#define ZEROMQ_ARRAY 13

// Kind of a `zeromq_value`: a sparse matrix, in `as.sparse`. Hosts without
// `ZEROMQ_HOST_SPARSE` get a dictionary with "format", "shape", "data", "indices" and
// "indptr" instead, whose last three are lists.
#define ZEROMQ_SPARSE 14

// A range of bytes in memory. `(NULL, 0)` is empty.
typedef struct zeromq_bytes {
  // The first byte. The bytes are not NUL-terminated.
  const char *data;
  // The number of bytes.
  size_t size;
} zeromq_bytes;

// An array of values in memory. `(NULL, 0)` is empty.
typedef struct zeromq_items {
  // The first value.
  const struct zeromq_value *data;
  // The number of values.
  size_t count;
} zeromq_items;

// An instance of one of the library's classes: a number that is never 0 and never
// reused. An instance has the same number each time it is returned, and must be freed
// as often as it was returned. Calls on a freed or invalid object return an error.
typedef uint64_t zeromq_object;

// A script function: the number by which the host identifies it, which is not 0. The
// host must not forget the function until `zeromq_function_released` returns its number.
typedef uint64_t zeromq_function;

// The content of a value; `kind` determines the member that is set.
typedef union zeromq_payload {
  // For `ZEROMQ_BOOL` and `ZEROMQ_INT`.
  int64_t integer;
  // For `ZEROMQ_FLOAT`.
  double number;
  // For `ZEROMQ_STRING`, `ZEROMQ_BYTES` and `ZEROMQ_OTHER`.
  struct zeromq_bytes bytes;
  // For `ZEROMQ_LIST`, `ZEROMQ_TUPLE` and `ZEROMQ_DICTIONARY`.
  struct zeromq_items items;
  // For `ZEROMQ_OBJECT`.
  zeromq_object object;
  // For `ZEROMQ_FUNCTION`.
  zeromq_function function;
  // For `ZEROMQ_CLASS`: a pointer from `zeromq_classes`.
  const struct zeromq_class *described;
  // For `ZEROMQ_ARRAY`.
  const zeromq_array *array;
  // For `ZEROMQ_SPARSE`.
  const zeromq_sparse *sparse;
} zeromq_payload;

// A value: nil, a truth value, a number, text, bytes, or a list or dictionary of values, in a
// form that C programs and every virtual machine can make and read. The memory that `as`
// points to is borrowed: from the caller during a call, and from the library after it.
typedef struct zeromq_value {
  // The kind of the value: `ZEROMQ_NIL` and so on.
  uint32_t kind;
  // The content of the value.
  union zeromq_payload as;
} zeromq_value;

// The formats of values.
typedef enum {
  // JSON: text that any program can read. It has neither bytes nor arrays, numbers are
  // finite, and keys are strings in UTF-8.
  ZEROMQ_JSON = 0,
  // MessagePack: compact, and every value keeps its kind.
  ZEROMQ_MESSAGE_PACK = 1,
} zeromq_format;

// A codec, which converts values to bytes and back.
typedef struct zeromq_codec zeromq_codec;

// Returns the value nil, which is null in JSON.
zeromq_value zeromq_value_nil(void);

// Returns a truth value: true unless `truth` is 0.
zeromq_value zeromq_value_bool(int32_t truth);

// Returns an integer as a value.
zeromq_value zeromq_value_int(int64_t integer);

// Returns a floating-point number as a value.
zeromq_value zeromq_value_float(double number);

// Returns a value for a NUL-terminated string, which is not copied: it has to exist as long
// as the value is used. NULL becomes nil.
zeromq_value zeromq_value_string(const char *text);

// Returns a value for `size` bytes, which are not copied: they have to exist as long as the
// value is used.
zeromq_value zeromq_value_bytes(const void *data,
                                size_t size);

// Returns a list of `count` values, which are not copied: the array has to exist as long as
// the list is used.
zeromq_value zeromq_value_list(const zeromq_value *values,
                               size_t count);

// Returns a dictionary of `count` values, which alternate: a key, its value, the next key, and
// so on, so `count` is twice the number of entries. They are not copied: the array has to
// exist as long as the dictionary is used.
zeromq_value zeromq_value_dictionary(const zeromq_value *values,
                                     size_t count);

// Returns a value for an array of numbers, which is not copied: it has to exist as long as
// the value is used. JSON has none.
zeromq_value zeromq_value_array(const zeromq_array *array);

// Returns the number of values in a list, or of entries in a dictionary; 0 for other values
// and for NULL.
size_t zeromq_value_count(const zeromq_value *value);

// Returns an item of a list, or the value of an entry of a dictionary. The first one has the
// index 0. Returns NULL if there are not so many, for other values, and for NULL, so calls can
// be nested.
const zeromq_value *zeromq_value_item(const zeromq_value *value,
                                      size_t index);

// Returns the key of an entry of a dictionary. The first entry has the index 0. Returns NULL
// if there are not so many, for other values, and for NULL.
const zeromq_value *zeromq_value_key(const zeromq_value *value,
                                     size_t index);

// Returns the value of the entry of a dictionary whose key is a string. Of several such
// entries, the last one counts. Returns NULL if there is none, for other values, and for
// NULL, so calls can be nested, as in
// `zeromq_value_item(zeromq_value_member(order, "lines"), 0)`.
const zeromq_value *zeromq_value_member(const zeromq_value *value,
                                        const char *key);

// Stores 1 in `*truth` if a value is true, or 0 if it is false.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` if the value is neither, or NULL because
// there is no such item; `ZEROMQ_CODE_ARGUMENT` if `truth` is NULL.
zeromq_code zeromq_value_get_bool(const zeromq_value *value,
                                  int32_t *truth);

// Stores an integer in `*integer`. A floating-point number that is whole, and exact as an
// integer, is accepted, because some programs write all numbers like that.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` if the value is something else, or NULL
// because there is no such item; `ZEROMQ_CODE_ARGUMENT` if `integer` is NULL.
zeromq_code zeromq_value_get_int(const zeromq_value *value,
                                 int64_t *integer);

// Stores a number in `*number`. Integers are converted, which rounds those beyond 53 bits.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` if the value is not a number, or NULL because
// there is no such item; `ZEROMQ_CODE_ARGUMENT` if `number` is NULL.
zeromq_code zeromq_value_get_float(const zeromq_value *value,
                                   double *number);

// Stores the bytes of a string, or of bytes, in `*bytes`. They are valid as long as the value
// is. In values from the library, a NUL that `size` does not count follows them, so a string
// without NUL inside can be used as it is.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` if the value is something else, or NULL
// because there is no such item; `ZEROMQ_CODE_ARGUMENT` if `bytes` is NULL.
zeromq_code zeromq_value_get_string(const zeromq_value *value,
                                    zeromq_slice *bytes);

// Sends a value as one frame of JSON: nil, truth values, finite numbers, strings in UTF-8,
// lists, and dictionaries whose keys are strings. Waits up to `timeout` milliseconds.
//
// Returns the codes of `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if the value cannot
// be written as JSON, the message says where; if lists are more than 64 deep in each other; or
// if more than 16777216 values, or 4294967295 bytes of text and arrays, would be written. What
// is in several lists is written each time.
zeromq_code zeromq_socket_send_json(zeromq_socket *socket,
                                    const zeromq_value *value,
                                    int32_t timeout);

// Receives one frame, as `zeromq_socket_receive_frame` does, and stores the value that it
// holds as JSON in `*value`, which is valid until the next call with the socket. Numbers
// without a decimal point or exponent are `ZEROMQ_INT`; other numbers, and integers that are
// too large, are `ZEROMQ_FLOAT`.
//
// Returns the codes of `zeromq_socket_receive`; `ZEROMQ_CODE_DECODE` if the frame is not
// JSON, if lists are more than 127 deep in each other, or if it holds more than 16 million
// numbers or 2 million strings, lists and dictionaries, or dictionaries with too many keys
// whose hashes collide: it is discarded.
zeromq_code zeromq_socket_receive_json(zeromq_socket *socket,
                                       zeromq_value *value,
                                       int32_t timeout);

// Sends a value as one frame of MessagePack. It may also have bytes, infinite numbers, arrays
// of numbers, sparse matrices, and numbers as keys. Waits up to `timeout` milliseconds.
//
// Returns the codes of `zeromq_socket_send_json`.
zeromq_code zeromq_socket_send_value(zeromq_socket *socket,
                                     const zeromq_value *value,
                                     int32_t timeout);

// Receives one frame and stores the value that it holds as MessagePack in `*value`, like
// `zeromq_socket_receive_json`.
//
// Returns the codes of `zeromq_socket_receive_json`.
zeromq_code zeromq_socket_receive_value(zeromq_socket *socket,
                                        zeromq_value *value,
                                        int32_t timeout);

// Makes a codec, for values that are one of several frames, or that are not sent at all. It
// can be used any number of times. The caller frees it with `zeromq_codec_free`.
//
// Returns NULL if there are already more than a million codecs.
zeromq_codec *zeromq_codec_new(void);

// Frees a codec, with the value and the bytes that it returned last. NULL and handles that
// were already freed are ignored.
void zeromq_codec_free(zeromq_codec *codec);

// Writes a value in a format, `ZEROMQ_JSON` or `ZEROMQ_MESSAGE_PACK`, and stores where the
// bytes are in `*bytes`. They are valid until the next `zeromq_codec_write` with the codec,
// and a NUL follows that `size` does not count.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the format has no such value: the
// message says where it is; `ZEROMQ_CODE_CLOSED` if the codec was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_codec_write(zeromq_codec *codec,
                               int32_t format,
                               const zeromq_value *value,
                               zeromq_slice *bytes);

// Reads the value in `size` bytes of a format, `ZEROMQ_JSON` or `ZEROMQ_MESSAGE_PACK`, and
// stores it in `*value`, which is valid until the next `zeromq_codec_read` with the codec. The
// bytes are no longer needed then.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_DECODE` as `zeromq_socket_receive_json` does;
// `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the codec was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_codec_read(zeromq_codec *codec,
                              int32_t format,
                              const void *data,
                              size_t size,
                              zeromq_value *value);

/* ========================================================== OPTIONS OF SOCKETS
 *
 * Options have the names of zmq_setsockopt(3) in lower case without ZMQ_. Times are in
 * milliseconds.
 */

// Sets an option to a number, or to 1 or 0 for true or false. Its name is that of
// `zmq_setsockopt(3)` in lower case without ZMQ_: "sndhwm", "linger", "rcvtimeo".
// Times are in milliseconds; -1 is forever. Some options affect only endpoints that
// are attached later.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` if the option is unknown, is not
// supported by this socket type, can only be set before the socket is attached, or if
// the value is out of range; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_set_int(zeromq_socket *socket,
                                  const char *name,
                                  int64_t value);

// Stores the value of a numeric or boolean option (1 or 0) in `*value`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` if the option is unknown, is not
// supported by this socket type, cannot be read, or is not a number;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_get_int(zeromq_socket *socket,
                                  const char *name,
                                  int64_t *value);

// Sets an option whose value is bytes or a string, such as "routing_id" or
// "zap_domain".
//
// Returns the codes of `zeromq_socket_set_int`.
zeromq_code zeromq_socket_set_bytes(zeromq_socket *socket,
                                    const char *name,
                                    const void *data,
                                    size_t size);

// Stores the value of a bytes or string option in `*value`. The bytes are valid until
// the next call with the socket and are followed by a NUL that the size does not
// count.
//
// Returns the codes of `zeromq_socket_get_int`.
zeromq_code zeromq_socket_get_bytes(zeromq_socket *socket,
                                    const char *name,
                                    zeromq_slice *value);

// Sets an option from a string, as found in a file or on a command line: a decimal
// number, "yes" or "no" (also "true", "false", "1", "0"), or the string itself.
//
// Returns the codes of `zeromq_socket_set_int`; `ZEROMQ_CODE_ARGUMENT` also if the
// string does not parse.
zeromq_code zeromq_socket_set_option(zeromq_socket *socket,
                                     const char *name,
                                     const char *value);

// Stores the value of an option in `*value`, as a string that
// `zeromq_socket_set_option` accepts: a decimal number, "1" or "0" for true or false,
// or the string itself. The string is valid until the next call with the socket.
//
// Returns the codes of `zeromq_socket_get_int`; `ZEROMQ_CODE_OPTION` also if the value
// contains a NUL byte, in which case `zeromq_socket_get_bytes` reads it.
zeromq_code zeromq_socket_get_option(zeromq_socket *socket,
                                     const char *name,
                                     const char **value);

/* ===================================================================== POLLERS
 *
 * A poller waits for several sockets and system descriptors at once.
 */

// The events to wait for, or that have occurred, combined by `|`.
typedef enum {
  // A message can be received, or a descriptor can be read.
  ZEROMQ_POLL_IN = 1,
  // A message can be sent, or a descriptor can be written to.
  ZEROMQ_POLL_OUT = 2,
  // A descriptor has failed or is invalid. This event is only reported, never
  // requested.
  ZEROMQ_POLL_ERROR = 4,
} zeromq_poll_flag;

// A poller, which waits for several sockets and descriptors at once.
typedef struct zeromq_poller zeromq_poller;

// A socket or descriptor that is ready.
typedef struct {
  // The socket, or NULL for a descriptor.
  zeromq_socket *socket;
  // The descriptor, or -1 for a socket.
  int64_t descriptor;
  // The `data` passed when it was added.
  void *data;
  // The bitwise OR of `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT` and `ZEROMQ_POLL_ERROR`.
  uint32_t ready;
} zeromq_poll_event;

// Makes an empty poller. The caller frees it with `zeromq_poller_free`.
//
// Returns NULL if there are already more than a million pollers.
zeromq_poller *zeromq_poller_new(void);

// Frees a poller. Its sockets are not affected. NULL and handles that were already
// freed are ignored.
void zeromq_poller_free(zeromq_poller *poller);

// Adds a socket to a poller. `events` is `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT`, or both.
// `data`, which may be NULL, is returned with the socket when it is ready. Adding a
// socket again keeps its position and replaces its events and data. Sockets that are
// closed or freed are skipped.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` if the socket type cannot
// receive or send as requested; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_poller_add(zeromq_poller *poller,
                              zeromq_socket *socket,
                              uint32_t events,
                              void *data);

// Adds a descriptor of a file, pipe or system socket to a poller, like
// `zeromq_poller_add`.
//
// Returns the codes of `zeromq_poller_add`.
zeromq_code zeromq_poller_add_descriptor(zeromq_poller *poller,
                                         int64_t descriptor,
                                         uint32_t events,
                                         void *data);

// Removes a socket from a poller. Does nothing if it was never added.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_poller_remove(zeromq_poller *poller, zeromq_socket *socket);

// Removes a descriptor from a poller. Does nothing if it was never added.
//
// Returns the codes of `zeromq_poller_remove`.
zeromq_code zeromq_poller_remove_descriptor(zeromq_poller *poller, int64_t descriptor);

// Waits up to `timeout` milliseconds until a socket or descriptor is ready. `events`
// is an array with room for `room` events; `*count` receives how many were written.
// With room for one event, the sources take turns. With more room, the events come in
// the order in which their sources were added; provide room for all sources, because
// those that do not fit are left out. During the call the sockets are in use.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_CLOSED` if
// the poller was freed or all of its sockets are closed; `ZEROMQ_CODE_BUSY` if the
// poller or one of its sockets is in another call; `ZEROMQ_CODE_ARGUMENT`, also if an
// empty poller would wait forever; `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_poller_wait(zeromq_poller *poller,
                               zeromq_poll_event *events,
                               size_t room,
                               size_t *count,
                               int32_t timeout);

/* ======================================================================= LOOPS
 *
 * A loop waits for sockets, system descriptors and timers, and calls functions of the
 * program. It needs no thread of its own: it runs in zeromq_loop_start().
 */

// A loop, which calls functions when sockets are ready and when timers expire.
typedef struct zeromq_loop zeromq_loop;

// A function that a loop calls, on the thread that runs the loop: with the socket that is
// ready, or NULL for a timer or a descriptor, and with the `data` that was passed with the
// function. It returns 0 to go on; anything else ends the loop. It may call any function of
// this header with the loop, even free it, except `zeromq_loop_start`, and must return
// normally: no `longjmp` and no exception may leave it.
typedef int32_t (*zeromq_loop_function)(zeromq_loop *handle,
                                        zeromq_socket *socket,
                                        void *data);

// Makes a loop without functions. The caller frees it with `zeromq_loop_free`.
//
// Returns NULL if there are already more than a million loops.
zeromq_loop *zeromq_loop_new(void);

// Frees a loop. If it is running, it is stopped like by `zeromq_loop_stop`. Its sockets are
// not affected. NULL and handles that were already freed are ignored.
void zeromq_loop_free(zeromq_loop *handle);

// Calls a function whenever a socket has a message to receive. The function should receive it,
// with timeout 0; otherwise it is called again. It replaces the previous reader of the socket.
// A socket that is closed or freed is removed.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` if the socket type cannot receive;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_loop_reader(zeromq_loop *handle,
                               zeromq_socket *socket,
                               zeromq_loop_function function,
                               void *data);

// Calls a function whenever a socket can send without waiting. It replaces the previous writer
// of the socket. Use `zeromq_loop_cancel` when there is nothing to send.
//
// Returns the codes of `zeromq_loop_reader`; `ZEROMQ_CODE_UNSUPPORTED` if the socket type
// cannot send.
zeromq_code zeromq_loop_writer(zeromq_loop *handle,
                               zeromq_socket *socket,
                               zeromq_loop_function function,
                               void *data);

// Calls a function whenever a descriptor of a file, pipe or system socket is ready for
// `events`: `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT`, or both; also if it has failed. Remove it with
// `zeromq_loop_cancel_descriptor` before it is closed.
//
// Returns the codes of `zeromq_loop_reader`.
zeromq_code zeromq_loop_descriptor(zeromq_loop *handle,
                                   int64_t descriptor,
                                   uint32_t events,
                                   zeromq_loop_function function,
                                   void *data);

// Calls a function every `ms` milliseconds, `times` times, or without end if `times` is 0.
// Turns that are missed while another function runs are skipped. `*id`, unless `id` is NULL,
// receives the number of the timer, for `zeromq_loop_cancel_timer`.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_loop_timer(zeromq_loop *handle,
                              uint32_t ms,
                              uint32_t times,
                              zeromq_loop_function function,
                              void *data,
                              int64_t *id);

// Removes the reader and the writer of a socket. Does nothing if there are none. If another
// thread runs the loop, one of them may just be called, so keep its `data` until the loop has
// ended.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_loop_cancel(zeromq_loop *handle,
                               zeromq_socket *socket);

// Removes the functions of a descriptor, like `zeromq_loop_cancel`.
//
// Returns the codes of `zeromq_loop_cancel`.
zeromq_code zeromq_loop_cancel_descriptor(zeromq_loop *handle, int64_t descriptor);

// Removes a timer, like `zeromq_loop_cancel`. Does nothing if there is none with this number,
// as after its last turn.
//
// Returns the codes of `zeromq_loop_cancel`.
zeromq_code zeromq_loop_cancel_timer(zeromq_loop *handle,
                                     int64_t id);

// Runs a loop on this thread for up to `timeout` milliseconds: until a function ends it, until
// it is stopped or freed, or until neither timers nor open sockets and descriptors are left.
// Timers run before readers and writers. While the loop waits, its sockets are in use, but
// not during the functions. Meanwhile the other functions may be called with the loop, also
// on other threads: what they change takes effect within 100 milliseconds.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_ARGUMENT`, also if the
// loop is already running; `ZEROMQ_CODE_CLOSED` if it was freed before; `ZEROMQ_CODE_BUSY` if
// one of its sockets is in another call; `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_loop_start(zeromq_loop *handle,
                              int32_t timeout);

// Ends a running loop: after the function that is being called, or, if it waits, within 100
// milliseconds. It does nothing to a loop that is not running.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_loop_stop(zeromq_loop *handle);

/* ==================================================================== MONITORS
 *
 * A monitor reports what happens to the connections of a socket: peers connect and
 * disconnect, handshakes fail, addresses cannot be bound.
 */

// A monitor, which reports events on the connections of a socket.
typedef struct zeromq_monitor zeromq_monitor;

// An event on a connection of a socket.
typedef struct {
  // `sizeof(zeromq_monitor_event)`, filled in by the caller.
  uint32_t size;
  // A descriptor, an errno, a number of milliseconds or a status code, depending on
  // the event (see `zmq_socket_monitor(3)`).
  uint32_t value;
  // The name of the event, such as "ACCEPTED" or "HANDSHAKE_FAILED_AUTH".
  const char *name;
  // The endpoint of the connection.
  const char *endpoint;
  // What the event means, as a sentence.
  const char *reason;
} zeromq_monitor_event;

// Starts monitoring the connections of a socket. `names` lists the events to report,
// separated by commas; NULL means all of them. The events are CONNECTED,
// CONNECT_DELAYED, CONNECT_RETRIED, LISTENING, BIND_FAILED, ACCEPTED, ACCEPT_FAILED,
// CLOSED, CLOSE_FAILED, DISCONNECTED, MONITOR_STOPPED, HANDSHAKE_SUCCEEDED,
// HANDSHAKE_FAILED_NO_DETAIL, HANDSHAKE_FAILED_PROTOCOL and HANDSHAKE_FAILED_AUTH;
// HANDSHAKE_FAILED stands for the last three. Inproc connections have no events. A
// socket may have several monitors. The caller frees the monitor with
// `zeromq_monitor_free`.
//
// Returns NULL if a name is unknown, if the socket is closed or in another call, or if
// there are too many sockets; `zeromq_last_error` returns the reason.
zeromq_monitor *zeromq_monitor_new(zeromq_socket *socket, const char *names);

// Stops a monitor and frees it. NULL and handles that were already freed are ignored.
void zeromq_monitor_free(zeromq_monitor *monitor);

// Waits up to `timeout` milliseconds for the next event and stores it in `*event`. The
// caller sets `event->size` first. The strings are valid until the next call with the
// monitor. During the call the socket is in use. Events that a socket had before it
// was closed can still be read.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_CLOSED` if
// the monitor was freed, or if its socket is closed and no event is left;
// `ZEROMQ_CODE_ARGUMENT`, also if `event->size` is too small; `ZEROMQ_CODE_BUSY`,
// `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_monitor_next(zeromq_monitor *monitor,
                                zeromq_monitor_event *event,
                                int32_t timeout);

// Stores in `*count` how many events were dropped because they were not read in time.
// About 10,000 events are kept; when there is no more room, the oldest are dropped.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the monitor was freed or its socket is
// closed; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_monitor_dropped(zeromq_monitor *monitor,
                                   uint64_t *count);

/* ===================================================================== PROXIES
 *
 * A proxy forwards messages between two sockets, in its own thread.
 */

// The states of a proxy.
typedef enum {
  // A side is missing.
  ZEROMQ_PROXY_WAITING = 0,
  // It forwards messages.
  ZEROMQ_PROXY_RUNNING = 1,
  // It is paused, and messages wait in the queues.
  ZEROMQ_PROXY_PAUSED = 2,
  // It was stopped.
  ZEROMQ_PROXY_STOPPED = 3,
} zeromq_proxy_status;

// A proxy, which forwards messages between a frontend and a backend socket.
typedef struct zeromq_proxy zeromq_proxy;

// Faults that a proxy injects into the messages that it forwards, to test how peers handle
// them. Members that are 0 inject none.
typedef struct {
  // `sizeof(zeromq_proxy_faults)`, filled in by the caller.
  uint32_t size;
  // The delay of each message, in milliseconds.
  uint32_t delay;
  // The probability that a message is dropped, from 0 to 1.
  double drop;
  // The probability that a message is sent twice, from 0 to 1.
  double duplicate;
  // The probability that a message is cut short, from 0 to 1: it loses its last frame, or
  // the second half of its only one.
  double cut;
  // The seed of the random numbers: the same one repeats the same faults. 0 is a random
  // one.
  uint64_t seed;
} zeromq_proxy_faults;

// What a proxy has forwarded since it was made.
typedef struct {
  // `sizeof(zeromq_proxy_stats)`, filled in by the caller.
  uint32_t size;
  // Messages forwarded from the frontend to the backend.
  uint64_t to_backend;
  // Bytes in these messages.
  uint64_t to_backend_bytes;
  // Messages to the frontend that were dropped because their peer was gone or did
  // not accept them.
  uint64_t to_backend_dropped;
  // Messages forwarded from the backend to the frontend.
  uint64_t to_frontend;
  // Bytes in these messages.
  uint64_t to_frontend_bytes;
  // Messages to the frontend that were dropped because their peer was gone or did
  // not accept them.
  uint64_t to_frontend_dropped;
  // Copies that were dropped because the peer of the capture socket did not accept
  // them at once.
  uint64_t capture_dropped;
} zeromq_proxy_stats;

// Makes a proxy and starts its thread. It forwards messages once both sides are set.
// The caller frees it with `zeromq_proxy_free`.
//
// Returns NULL if there are too many sockets or threads; `zeromq_last_error` returns
// the reason.
zeromq_proxy *zeromq_proxy_new(void);

// Stops a proxy and frees its handle, without waiting for its thread to end. NULL and
// handles that were already freed are ignored.
void zeromq_proxy_free(zeromq_proxy *proxy);

// Opens the frontend, the side that requests, publications or tasks come from: a
// socket of type `kind` (`ZEROMQ_ROUTER` and so on), bound to each endpoint of the
// list, or connected to those that begin with `>`. It replaces the previous frontend,
// which is closed; if it cannot be attached, the previous one stays, unless the new
// one needed its address. A SUB receives every message, and so does an XSUB unless the
// backend is an XPUB.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the type cannot be
// combined with that of the other side; `ZEROMQ_CODE_ENDPOINT`; `ZEROMQ_CODE_CLOSED`
// if the proxy was stopped or freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_set_frontend(zeromq_proxy *proxy,
                                      int32_t kind,
                                      const char *endpoints);

// Opens the backend, the side that messages are forwarded to, like
// `zeromq_proxy_set_frontend`.
//
// Returns the codes of `zeromq_proxy_set_frontend`.
zeromq_code zeromq_proxy_set_backend(zeromq_proxy *proxy,
                                     int32_t kind,
                                     const char *endpoints);

// Sends a copy of every forwarded message to a capture socket of type `kind`, which is
// `ZEROMQ_PUSH`, `ZEROMQ_PUBLISHER` or `ZEROMQ_PAIR`. Copies that its peer does not
// accept at once are dropped and counted. If `endpoints` is NULL, capturing ends.
//
// Returns the codes of `zeromq_proxy_set_frontend`.
zeromq_code zeromq_proxy_set_capture(zeromq_proxy *proxy,
                                     int32_t kind,
                                     const char *endpoints);

// Stores the TCP port of the last endpoint of the frontend in `*port`, or 0 if it has
// none.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_frontend_port(zeromq_proxy *proxy, uint16_t *port);

// Stores the TCP port of the last endpoint of the backend in `*port`, or 0 if it has
// none.
//
// Returns the codes of `zeromq_proxy_frontend_port`.
zeromq_code zeromq_proxy_backend_port(zeromq_proxy *proxy, uint16_t *port);

// Pauses a proxy. No message is lost: messages wait in the queues of both sockets and
// then at their senders.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_pause(zeromq_proxy *proxy);

// Resumes a paused proxy.
//
// Returns the codes of `zeromq_proxy_pause`.
zeromq_code zeromq_proxy_resume(zeromq_proxy *proxy);

// Injects faults from now on, or none if `faults` is NULL. The caller sets `faults->size`
// first.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if a probability is not from 0 to 1 or
// `faults->size` is too small; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_set_faults(zeromq_proxy *proxy,
                                    const zeromq_proxy_faults *faults);

// Stops a proxy: closes both sockets, ends the thread, and releases the addresses. The
// handle stays valid. Stopping a stopped proxy does nothing.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle
// was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_stop(zeromq_proxy *proxy);

// Returns the state of a proxy, such as `ZEROMQ_PROXY_RUNNING`; `ZEROMQ_PROXY_STOPPED`
// also if the handle is invalid; -1 if the proxy is in a call on another thread.
int32_t zeromq_proxy_state(const zeromq_proxy *proxy);

// Stores the counters of a proxy in `*stats`, even after it was stopped. The caller
// sets `stats->size` first.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if `stats->size` is too
// small; `ZEROMQ_CODE_CLOSED` if the handle was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_count(zeromq_proxy *proxy, zeromq_proxy_stats *stats);

/* ================================================================= TASK QUEUES
 *
 * A queue gives tasks to workers in other programs and collects their results. If a
 * worker dies, hangs or leaves, its tasks go to another one. A worker is a loop of
 * zeromq_worker_receive() and zeromq_worker_reply().
 */

// A queue, which gives tasks to workers.
typedef struct zeromq_task_queue zeromq_task_queue;

// A worker, which runs the tasks of a queue.
typedef struct zeromq_worker zeromq_worker;

// How a queue treats its tasks. A member that is 0 has its default.
typedef struct {
  // `sizeof(zeromq_task_settings)`, filled in by the caller.
  uint32_t size;
  // How long a task may run, in milliseconds; 0 is forever.
  uint32_t timeout;
  // How often a task is started before it counts as failed, 3 by default.
  uint32_t attempts;
  // How often queue and workers tell each other that they are there, in milliseconds,
  // 10 to 3,600,000, 1000 by default. Who is silent for three heartbeats is lost.
  uint32_t heartbeat;
  // The maximum number of tasks that a worker holds, 1 to 65,535, 1000 by default.
  uint32_t credit;
} zeromq_task_settings;

// The result of a task.
typedef struct {
  // `sizeof(zeromq_task_result)`, filled in by the caller.
  uint32_t size;
  // How often the task was started.
  uint32_t attempts;
  // The number of the task.
  uint64_t task;
  // The bytes that the worker returned, followed by a NUL that `value_size` does not
  // count. NULL if the task failed.
  const void *value;
  // The number of these bytes.
  size_t value_size;
  // The tag of the error, or NULL if the task did not fail: that of the worker,
  // "ZMQTimeout" if the task ran too long, or "ZMQTask" if its workers died.
  const char *error;
  // The text of the error, or NULL.
  const char *message;
  // The name of the worker that had the task last.
  const char *worker;
} zeromq_task_result;

// The state of a queue in numbers.
typedef struct {
  // `sizeof(zeromq_task_stats)`, filled in by the caller.
  uint32_t size;
  // Tasks that were added.
  uint64_t added;
  // Tasks that no worker holds yet.
  uint64_t waiting;
  // Tasks that a worker holds.
  uint64_t running;
  // Tasks that were finished.
  uint64_t done;
  // Tasks that failed.
  uint64_t failed;
  // Times that a task was given to another worker.
  uint64_t retried;
  // Results that were ignored, because the task belonged to another worker by then.
  uint64_t late;
  // Messages that were not understood.
  uint64_t invalid;
  // Workers that are there.
  uint64_t workers;
  // Workers that died or were silent for too long.
  uint64_t lost;
} zeromq_task_stats;

// A task that a worker was given.
typedef struct {
  // `sizeof(zeromq_task)`, filled in by the caller.
  uint32_t size;
  // The time limit that the queue has set, in milliseconds, or 0.
  uint32_t timeout;
  // The number of the task.
  uint64_t number;
  // The bytes of the task, followed by a NUL that `data_size` does not count.
  const void *data;
  // The number of these bytes.
  size_t data_size;
} zeromq_task;

// Makes a queue and binds it to `endpoints`, unless that is NULL. `settings` may be NULL.
// The caller frees it with `zeromq_task_queue_free`.
//
// Returns NULL if an endpoint cannot be bound, a setting is out of range, or there are
// too many sockets; `zeromq_last_error` returns the reason.
zeromq_task_queue *zeromq_task_queue_new(const char *endpoints,
                                         const zeromq_task_settings *settings);

// Closes a queue and frees its handle, without waiting for its thread to end. NULL and
// handles that were already freed are ignored.
void zeromq_task_queue_free(zeromq_task_queue *queue);

// Makes a queue that is not bound yet a CURVE server, like `zeromq_socket_curve_server`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if the queue is bound or the
// certificate has no secret key; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_task_queue_curve_server(zeromq_task_queue *queue,
                                           zeromq_certificate *certificate,
                                           const char *domain);

// Sets a numeric option of the socket of a queue that is not bound yet, like
// `zeromq_socket_set_int`. Tasks and results that have more bytes than "maxmsgsize" fail:
// set it for the queue and its workers.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION`; `ZEROMQ_CODE_SECURITY` if the queue is
// bound; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_task_queue_set_int(zeromq_task_queue *queue,
                                      const char *name,
                                      int64_t value);

// Binds a queue, once, to each endpoint of a list; one that begins with `>` is connected.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ENDPOINT`; `ZEROMQ_CODE_ARGUMENT`, also if the
// queue was bound before; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_task_queue_bind(zeromq_task_queue *queue,
                                   const char *endpoints);

// Stores the endpoint that was bound last in `*endpoint`, with its port filled in, or
// NULL if there is none. The string is valid until the next call with the queue.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_task_queue_endpoint(zeromq_task_queue *queue, const char **endpoint);

// Adds a task with a copy of `size` bytes and stores its number in `*number`, unless that
// is NULL. The first task of a queue is number 1.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the queue was closed or freed;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_task_queue_add(zeromq_task_queue *queue,
                                  const void *data,
                                  size_t size,
                                  uint64_t *number);

// Waits up to `timeout` milliseconds for the next result and stores it in `*result`, in
// the order in which tasks finish. The caller sets `result->size` first. Its memory is
// valid until the next call with the queue.
//
// Returns `ZEROMQ_CODE_OK`, also for a task that failed; `ZEROMQ_CODE_AGAIN` on timeout,
// and also if there is no task whose result was not taken; `ZEROMQ_CODE_CLOSED` if the
// queue was closed and no result is left; `ZEROMQ_CODE_ARGUMENT`, also if `result->size`
// is too small; `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_task_queue_next(zeromq_task_queue *queue,
                                   zeromq_task_result *result,
                                   int32_t timeout);

// Stores the counts of a queue in `*stats`, even after it was closed. The caller sets
// `stats->size` first.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if `stats->size` is too small;
// `ZEROMQ_CODE_CLOSED` if the handle was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_task_queue_count(zeromq_task_queue *queue, zeromq_task_stats *stats);

// Shows a line about the progress on standard error, if that is a terminal. If `show` is
// 0, the line ends.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the queue was closed or freed;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_task_queue_progress(zeromq_task_queue *queue,
                                       int32_t show);

// Tells all workers to stop, also those that connect later. Tasks without a result stay
// in the queue.
//
// Returns the codes of `zeromq_task_queue_progress`.
zeromq_code zeromq_task_queue_stop_workers(zeromq_task_queue *queue);

// Closes a queue and releases its address. Tasks without a result are dropped; results
// can still be taken. The handle stays valid. Closing a closed queue does nothing.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle
// was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_task_queue_close(zeromq_task_queue *queue);

// Makes a worker and connects it to the endpoint of a queue, unless that is NULL. The
// queue may start later. `name` appears in results; if it is NULL, it consists of the
// name of the machine and the number of the process. The worker holds up to `credit`
// tasks, 1 to 65,535, or any number if that is 0. The caller frees it with
// `zeromq_worker_free`.
//
// Returns NULL if the endpoint cannot be connected or there are too many sockets;
// `zeromq_last_error` returns the reason.
zeromq_worker *zeromq_worker_new(const char *endpoint,
                                 const char *name,
                                 uint32_t credit);

// Closes a worker and frees its handle, without waiting for its thread to end. NULL and
// handles that were already freed are ignored.
void zeromq_worker_free(zeromq_worker *worker);

// Makes a worker that is not connected yet a CURVE client of a queue, like
// `zeromq_socket_curve_client`.
//
// Returns the codes of `zeromq_task_queue_curve_server`.
zeromq_code zeromq_worker_curve_client(zeromq_worker *worker,
                                       zeromq_certificate *certificate,
                                       const char *server_key);

// Sets a numeric option of the socket of a worker that is not connected yet, like
// `zeromq_task_queue_set_int`.
//
// Returns the codes of `zeromq_task_queue_set_int`.
zeromq_code zeromq_worker_set_int(zeromq_worker *worker,
                                  const char *name,
                                  int64_t value);

// Connects a worker, once, to the endpoint of a queue, which may start later.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ENDPOINT`, also if there are several;
// `ZEROMQ_CODE_ARGUMENT`, also if the worker was connected before; `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_worker_connect(zeromq_worker *worker,
                                  const char *endpoint);

// Waits up to `timeout` milliseconds for the next task and stores it in `*task`. The
// caller sets `task->size` first. The bytes are valid until the next call of this
// function. A task that was received before and not answered goes back to the queue.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_CLOSED` if the
// worker was closed or freed, or if the queue has told its workers to stop;
// `ZEROMQ_CODE_ARGUMENT`, also if `task->size` is too small; `ZEROMQ_CODE_BUSY`,
// `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_worker_receive(zeromq_worker *worker,
                                  zeromq_task *task,
                                  int32_t timeout);

// Sends a copy of `size` bytes as the result of the task that was received last.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such task;
// `ZEROMQ_CODE_CLOSED` if the worker was closed or freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_worker_reply(zeromq_worker *worker, const void *data, size_t size);

// Sends an error as the result of the task that was received last: a tag of up to 64
// bytes, without spaces, and a text of up to 4096 bytes.
//
// Returns the codes of `zeromq_worker_reply`.
zeromq_code zeromq_worker_reply_error(zeromq_worker *worker,
                                      const char *tag,
                                      const char *message);

// Gives the task that was received last back to the queue, with those that wait, and
// accepts no more until `zeromq_worker_receive` is called again.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the worker was closed or freed;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_worker_pause(zeromq_worker *worker);

// Leaves the queue, which gives the tasks of this worker to others. The handle stays
// valid. Closing a closed worker does nothing.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle
// was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_worker_close(zeromq_worker *worker);

/* ===================================================================== BEACONS
 *
 * A beacon broadcasts up to 255 bytes on the local network, such as the endpoint of a
 * service, and receives those of other programs, also of czmq's zbeacon. Beacons are
 * neither encrypted nor authenticated.
 */

// A beacon, which broadcasts short texts on the local network and receives those of others.
typedef struct zeromq_beacon zeromq_beacon;

// Opens a beacon on a UDP port, which several programs on a machine can share. `interface` is
// the name or the address of a network interface, or "*" for any. If it is NULL, it is the
// one that the environment variable `ZSYS_INTERFACE` names, or else the first one that can
// broadcast. "127.0.0.1" stays on this machine. The caller frees it with
// `zeromq_beacon_free`.
//
// Returns NULL if `port` is 0, if there is no such interface (`ZEROMQ_CODE_ENDPOINT`), or if
// the port cannot be opened (`ZEROMQ_CODE_ZMQ`).
zeromq_beacon *zeromq_beacon_new(uint16_t port,
                                 const char *interface);

// Stops a beacon and frees it. NULL and handles that were already freed are ignored.
void zeromq_beacon_free(zeromq_beacon *beacon);

// Broadcasts a copy of `size` bytes, 1 to 255, immediately and then every `interval`
// milliseconds, in a thread of its own, until `zeromq_beacon_silence`, `zeromq_beacon_stop`
// or another call of this function. If `interval` is 0, it is 1000.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there are too few or too many
// bytes; `ZEROMQ_CODE_CLOSED` if the beacon was stopped or freed; `ZEROMQ_CODE_BUSY`;
// `ZEROMQ_CODE_ZMQ` if there are too many threads.
zeromq_code zeromq_beacon_publish(zeromq_beacon *beacon,
                                  const void *data,
                                  size_t size,
                                  uint32_t interval);

// Stops broadcasting.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the beacon was stopped or freed;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_beacon_silence(zeromq_beacon *beacon);

// Receives beacons of other programs that begin with a prefix from now on. `(NULL, 0)`
// receives all. It replaces the previous prefix. Before the first call nothing is received.
//
// Returns the codes of `zeromq_beacon_silence`.
zeromq_code zeromq_beacon_subscribe(zeromq_beacon *beacon,
                                    const void *prefix,
                                    size_t size);

// Stops receiving beacons.
//
// Returns the codes of `zeromq_beacon_silence`.
zeromq_code zeromq_beacon_unsubscribe(zeromq_beacon *beacon);

// Waits up to `timeout` milliseconds for a beacon of another program and stores its bytes in
// `*beacon_bytes`, and in `*address`, unless `address` is NULL, the IP address of the sender,
// such as "192.168.1.7". Both are valid until the next call with the beacon. Beacons with the
// same bytes as the own ones are ignored. If another thread frees the beacon, the call ends
// within 100 milliseconds.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_CLOSED` if the beacon
// was stopped or freed; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_beacon_receive(zeromq_beacon *beacon,
                                  const char **address,
                                  zeromq_slice *beacon_bytes,
                                  int32_t timeout);

// Stores the IP address of this machine on the network of the beacon in `*address`. The
// string is valid until the next call with the beacon.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if the beacon was freed;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_beacon_hostname(zeromq_beacon *beacon, const char **address);

// Stops broadcasting and receiving, and releases the port. The handle stays valid. Stopping a
// stopped beacon does nothing.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`; `ZEROMQ_CODE_CLOSED` if the handle was
// freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_beacon_stop(zeromq_beacon *beacon);

/* =========================================================== THE AUTHENTICATOR
 *
 * One authenticator decides which clients may connect to the servers of the process.
 */

// The authenticator of the process, which decides which clients may connect to its
// servers.
typedef struct zeromq_authenticator zeromq_authenticator;

// A decision of the authenticator on a client.
typedef struct {
  // `sizeof(zeromq_decision)`, filled in by the caller.
  uint32_t size;
  // 1 if the client was accepted, otherwise 0.
  int32_t accepted;
  // The IP address of the client, or what identifies a client over ipc.
  const char *address;
  // "NULL", "PLAIN" or "CURVE".
  const char *mechanism;
  // The domain of the server.
  const char *domain;
  // The user name, or the public key as 40 characters.
  const char *user;
  // The reason.
  const char *reason;
} zeromq_decision;

// A client that the program decides on.
typedef struct {
  // `sizeof(zeromq_client)`, filled in by the caller.
  uint32_t size;
  // 1 if the rules of the authenticator would accept it, otherwise 0.
  int32_t known;
  // The IP address of the client, or what identifies a client over ipc.
  const char *address;
  // "NULL", "PLAIN" or "CURVE".
  const char *mechanism;
  // The domain of the server.
  const char *domain;
  // The user name, or the public key as 40 characters.
  const char *user;
  // The password, or NULL if there is none.
  const char *password;
  // Why the rules would not accept it, or NULL.
  const char *reason;
} zeromq_client;

// Starts the authenticator of the process, in a thread of its own. At first it accepts
// clients from every address, but no password and no CURVE key. It does not check
// clients that are already connected, so start it before servers are bound. The caller
// frees it with `zeromq_authenticator_free`.
//
// Returns NULL if an authenticator is already running (`ZEROMQ_CODE_SECURITY`) or
// there are too many sockets or threads.
zeromq_authenticator *zeromq_authenticator_new(void);

// Stops the authenticator and frees its handle. From then on no server asks it: CURVE
// servers without a domain accept every client, servers with a domain and PLAIN
// servers accept none. NULL and handles that were already freed are ignored.
void zeromq_authenticator_free(zeromq_authenticator *authenticator);

// Adds addresses to the list of allowed ones: IP addresses, networks such as
// "10.0.0.0/8", or "ipc" for other processes on this machine, separated by commas.
// "0.0.0.0/0" is all of IPv4, and "::/0" all of IPv6 and IPv4. As
// long as the list is empty, every address is allowed; once it is not, clients from
// other addresses are refused. A second call adds to the list. Nothing removes an
// address from it; `zeromq_authenticator_deny` overrides it.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if an item is invalid, in which
// case none is added, or if the authenticator is stopped; `ZEROMQ_CODE_ARGUMENT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_authenticator_allow(zeromq_authenticator *authenticator,
                                       const char *addresses);

// Adds addresses, separated by commas, to the list of denied ones. Clients from these
// addresses are refused even if they are allowed as well. A second call adds to the
// list.
//
// Returns the codes of `zeromq_authenticator_allow`.
zeromq_code zeromq_authenticator_deny(zeromq_authenticator *authenticator,
                                      const char *addresses);

// Accepts PLAIN clients with these user names and passwords: `names` and `passwords`
// are arrays of `count` strings each. They apply to one domain or, if `domain` is
// NULL, to every domain that has no passwords of its own. They replace the passwords
// set earlier for the same domain.
//
// Returns the codes of `zeromq_authenticator_allow`.
zeromq_code zeromq_authenticator_plain(zeromq_authenticator *authenticator,
                                       const char *domain,
                                       const char *const *names,
                                       const char *const *passwords,
                                       size_t count);

// Does the same as `zeromq_authenticator_plain`, with the passwords of a file of
// `name=value` lines. The file is read again whenever it changes.
//
// Returns the codes of `zeromq_authenticator_allow`; `ZEROMQ_CODE_SECURITY` also if
// the file cannot be read.
zeromq_code zeromq_authenticator_plain_file(zeromq_authenticator *authenticator,
                                            const char *domain,
                                            const char *file);

// Accepts CURVE clients with the public keys of these certificates, or with any key if
// `certificates` is NULL and `count` is 0. The keys apply to one domain or, if
// `domain` is NULL, to every domain that has no keys of its own. They replace the keys
// set earlier for the same domain.
//
// Returns the codes of `zeromq_authenticator_allow`.
zeromq_code zeromq_authenticator_curve(zeromq_authenticator *authenticator,
                                       const char *domain,
                                       zeromq_certificate *const *certificates,
                                       size_t count);

// Does the same as `zeromq_authenticator_curve`, with the certificates in a directory
// and its subdirectories. They are read again whenever a file changes. Files whose
// names end in `_secret` are ignored.
//
// Returns the codes of `zeromq_authenticator_allow`; `ZEROMQ_CODE_SECURITY` also if
// the directory cannot be read.
zeromq_code zeromq_authenticator_curve_directory(zeromq_authenticator *authenticator,
                                                 const char *domain,
                                                 const char *directory);

// Stores one of the last 256 decisions in `*decision`. The caller sets `decision->size` first.
// `back` is 0 for the last decision, 1 for the one before, and so on. The strings are valid
// until the next call with the authenticator.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` if there are not so many decisions yet;
// `ZEROMQ_CODE_ARGUMENT`, also if `decision->size` is too small; `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_authenticator_decision(zeromq_authenticator *authenticator,
                                          size_t back,
                                          zeromq_decision *decision);

// Sets whether the program decides on clients (`ask` is not 0) or the rules do. If the program
// decides, it takes each client whose address is not refused from
// `zeromq_authenticator_question` and answers; the client waits meanwhile, as long as the
// handshake may take (the option "handshake_ivl").
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` if the authenticator is stopped;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_authenticator_ask(zeromq_authenticator *authenticator,
                                     int32_t ask);

// Waits up to `timeout` milliseconds for the next client to decide on and stores it in
// `*client`. The caller sets `client->size` first. The strings are valid until the next call
// with the authenticator. A client that was returned before and not answered is refused. If
// another thread frees the authenticator, the call ends within 100 milliseconds.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` on timeout; `ZEROMQ_CODE_SECURITY` if the
// authenticator is stopped; `ZEROMQ_CODE_ARGUMENT`, also if `client->size` is too small;
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_authenticator_question(zeromq_authenticator *authenticator,
                                          zeromq_client *client,
                                          int32_t timeout);

// Accepts the client that `zeromq_authenticator_question` has returned last (`accept` is not
// 0), or refuses it.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if there is no such client;
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_authenticator_answer(zeromq_authenticator *authenticator,
                                        int32_t accept);

// Stops the authenticator, as `zeromq_authenticator_free` does, but keeps the handle
// valid. Stopping a stopped authenticator does nothing.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_authenticator_stop(zeromq_authenticator *authenticator);

/* ============================================================ VIRTUAL MACHINES
 *
 * A virtual machine registers with zeromq_host_register(), makes the classes that
 * zeromq_classes() returns, and calls their methods with zeromq_call(). It needs:
 *
 *   - conversions between its own values and zeromq_value;
 *   - an object type that holds a zeromq_object and calls zeromq_object_free() when it
 *     is collected;
 *   - a call of zeromq_shutdown() before the process ends.
 *
 * Memory that a host passes is used only during the call. Results are written to memory
 * of the host, which frees what they own with zeromq_result_free(), and objects with
 * zeromq_object_free(). Class descriptors remain valid for the life of the process.
 * zeromq_host begins with its size, set to sizeof, and with abi, set to ZEROMQ_ABI.
 *
 * The library checks all arguments, so a host passes each value as what it is. A host
 * without types passes the first of the kinds of a parameter that the text spells; "kinds"
 * and "inner" of zeromq_parameter have them, also for the elements of lists and the results
 * of functions. A host whose only numbers are doubles passes those that are whole and below
 * 2 to the power of 53 as ZEROMQ_INT.
 */

// The version of the struct layouts in this header. It changes only if a struct
// changes in a way other than growing at its end.
#define ZEROMQ_ABI 1

// Flag of a host: it takes sparse matrices as `ZEROMQ_SPARSE`.
#define ZEROMQ_HOST_SPARSE 8

// Flag of a host: it takes arrays of numbers as `ZEROMQ_ARRAY`.
#define ZEROMQ_HOST_ARRAYS 4

// Flag of a host: its scripts have a type that holds any bytes. Received frames are
// then returned as `ZEROMQ_BYTES`. Methods that always return a ZMQFrame and never a
// string still return an object.
#define ZEROMQ_HOST_BYTES 1

// Flag of a host: it has no named arguments. If the last argument is a dictionary with
// string keys, its entries are taken as named arguments, unless the method needs one
// more positional argument or accepts a dictionary there. The same holds for an empty
// list, for hosts whose lists and dictionaries are one type, unless the method accepts
// a list.
#define ZEROMQ_HOST_NAMED_LAST 2

// Role of a parameter: positional and required.
#define ZEROMQ_REQUIRED 0

// Role of a parameter: positional; may be omitted at the end.
#define ZEROMQ_OPTIONAL 1

// Role of a parameter: the last positional one, which may be passed any number of
// times or omitted.
#define ZEROMQ_VARIADIC 2

// Role of a parameter: passed by name; may be omitted.
#define ZEROMQ_NAMED 3

// A virtual machine, as seen by the library, for `zeromq_host_register`. Functions that a
// host does not have are NULL.
typedef struct zeromq_host {
  // `sizeof(zeromq_host)`.
  uint32_t size;
  // `ZEROMQ_ABI`.
  uint32_t abi;
  // Passed to each of the functions below. It identifies the virtual machine: while it
  // is registered, no other one in the process may use the same value.
  void *context;
  // The bitwise OR of `ZEROMQ_HOST_BYTES` and so on.
  uint32_t flags;
  // Reports a warning, which does not stop the script. Both strings are valid during
  // the call. If it is NULL, warnings are dropped.
  void (*warn)(void *context, const char *tag, const char *message);
  // Returns nonzero if the script should stop. A call that waits asks several times
  // per second, and a call that runs script functions asks before each; it then
  // returns `ZEROMQ_CODE_INTERRUPTED`. The function must not call the library. If it
  // is NULL, calls are not interrupted.
  int32_t (*interrupted)(void *context);
  // Calls a script function during a library call, on the same thread. The arguments
  // are valid during the call, but objects among them belong to the host, which
  // frees them. The host owns the memory of `*result`, which must remain valid until
  // the library calls this function again or returns. The script may call the
  // library in the meantime.
  //
  // Returns 0 on success. If it returns anything else, or does not write `*result`,
  // the library call returns `ZEROMQ_CODE_CALLBACK`, and the host raises the
  // original error. If it is NULL, methods that take a function refuse it.
  int32_t (*call)(void *context,
                  zeromq_function function,
                  const zeromq_value *arguments,
                  size_t argument_count,
                  zeromq_value *result);
  // What scripts may do: the rules of a policy, which `zeromq help policy` describes, as
  // NUL-terminated UTF-8. The library copies them. If it is NULL, scripts may do
  // everything; if it is empty, nothing that concerns more than their own objects. A
  // socket keeps the policy of the host that made it: to pass it to another host is to
  // pass on what it may do.
  const char *policy;
  // Stores the tag and the text of the error with which `call` failed last in `*tag` and
  // `*text`, as NUL-terminated UTF-8 that is valid until the next call of the host. A
  // worker sends them to its queue; the library call then returns `ZEROMQ_CODE_TASK`, and
  // the host drops the original error. If it is NULL, the queue learns only that the task
  // failed.
  void (*failure)(void *context, const char **tag, const char **text);
} zeromq_host;

// A registered virtual machine: a number that is never 0 and never reused. Calls with a
// number that is not registered return an error.
typedef uint64_t zeromq_registration;

// A parameter of a method.
typedef struct zeromq_parameter {
  // The size of this struct in bytes.
  uint32_t size;
  // How it is passed: `ZEROMQ_REQUIRED` and so on.
  uint32_t role;
  // The kinds that it accepts: the bitwise OR of `1 << ZEROMQ_STRING` and so on.
  uint32_t kinds;
  // The name of the parameter.
  const char *name;
  // What it expects, such as "endpoints" or "milliseconds".
  const char *doc;
  // The kinds inside it, if it accepts a list or a function: those that the elements of the
  // list may have, or those that are used of what the function returns. Hosts without types
  // need them; others can pass any value.
  uint32_t inner;
} zeromq_parameter;

// A method, or the constructor of a class.
typedef struct zeromq_method {
  // The size of this struct in bytes.
  uint32_t size;
  // The number of parameters.
  uint32_t parameter_count;
  // The name of the method; for a constructor, that of the class.
  const char *name;
  // The signature as users see it: "receive(timeout=) -> String, ZMQFrame or nil".
  const char *signature;
  // What the method does, in one or a few sentences.
  const char *doc;
  // The parameters, positional ones first.
  const struct zeromq_parameter *const *parameters;
  // The kinds that it may return: the bitwise OR of `1 << ZEROMQ_STRING` and so on.
  uint32_t results;
} zeromq_method;

// A class. It remains valid for the life of the process, as do its methods and their
// parameters.
typedef struct zeromq_class {
  // The size of this struct in bytes.
  uint32_t size;
  // The `ZEROMQ_ABI` of the library.
  uint32_t abi;
  // The name of the class, such as "ZMQRequest".
  const char *name;
  // What the class is for.
  const char *doc;
  // The class that it inherits methods from, or NULL. Parents are defined before
  // their children.
  const struct zeromq_class *parent;
  // The constructor, or NULL if the class has no instances of its own.
  const struct zeromq_method *constructor;
  // Another name of the constructor, kept for old scripts, or NULL.
  const char *alias;
  // The methods of instances, without those of the parent.
  const struct zeromq_method *const *methods;
  // The number of methods of instances.
  uint32_t method_count;
  // The number of functions.
  uint32_t function_count;
  // The methods of the class itself, called without an instance, as in
  // `ZMQ.version()`.
  const struct zeromq_method *const *functions;
} zeromq_class;

// A named argument, as in `receive(timeout=500)`.
typedef struct zeromq_named {
  // The name, NUL-terminated.
  const char *name;
  // The value.
  zeromq_value value;
} zeromq_named;

// The result of a call, in memory of the host. The library fills in all of it; the host
// only reads `value` and `owned`. The bytes and items of the value may be in `memory`, so
// the struct must not be moved while they are used. They remain valid until
// `zeromq_result_free`, or until the struct is used for another call; other calls, on
// this thread or another, do not affect them.
typedef struct zeromq_result {
  // The result.
  zeromq_value value;
  // Not 0 if the result owns memory of the library: call `zeromq_result_free` before
  // the struct is used again. If it is 0, the call is not needed.
  size_t owned;
  // For the library.
  uint64_t memory[64];
} zeromq_result;

// Registers a virtual machine and stores a number in `*registration`, for calls. The
// struct is copied. A machine may register several times with the same context, for
// example to be interrupted differently in other threads.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if `host` or `registration` is NULL, or if
// the host has another `abi` or is too small; `ZEROMQ_CODE_POLICY` if its policy has a rule
// that is not valid.
zeromq_code zeromq_host_register(const struct zeromq_host *host,
                                 zeromq_registration *registration);

// Ends a registration, when the virtual machine ends. Further calls with its number
// return `ZEROMQ_CODE_HOST`. Calls that are running, on this thread or on others, may
// still use the context and the functions of the host until they return; if the host has
// `interrupted`, they return `ZEROMQ_CODE_INTERRUPTED` where they would ask it. Objects
// are not freed.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if it is not registered.
zeromq_code zeromq_host_unregister(zeromq_registration registration);

// Returns all classes, parents before their children, as a NULL-terminated array, which
// is never freed.
const struct zeromq_class *const *zeromq_classes(void);

// Returns the next function that a host may forget, or 0 if there is none. These are
// functions that were passed to a call, or returned by a script function, once the call
// has ended and the library does not keep them. Each is returned once; a function that is
// passed again meanwhile must have a new number. Call it until it returns 0, before or
// after a library call. It returns 0 if the host is not registered.
zeromq_function zeromq_function_released(zeromq_registration host);

// Calls a method. `receiver` is the instance, or 0 for a constructor or a method of the
// class itself. `*result` is written only on success; the host reads its `value` and then
// calls `zeromq_result_free`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` if the host is not registered, if `method`
// is not from `zeromq_classes`, or if `result` or an argument is invalid; otherwise the
// code of the error. `zeromq_last_error` describes it, unless the code is
// `ZEROMQ_CODE_CALLBACK`: the host itself knows why its function failed.
//
// Calls may come from any thread. An object serves one call at a time: a call on an
// object that is in another call returns `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_call(zeromq_registration host,
                        const struct zeromq_method *method,
                        zeromq_object receiver,
                        const zeromq_value *arguments,
                        size_t argument_count,
                        const struct zeromq_named *named,
                        size_t named_count,
                        struct zeromq_result *result);

// Frees what a result owns, and sets its value to nil. An object in it is not freed; call
// `zeromq_object_free` for that. NULL and results that were already freed are ignored.
void zeromq_result_free(struct zeromq_result *result);

// Frees an object that the host no longer needs. A socket is closed and sends its
// queued messages within its linger. It may be called on any thread, even by a garbage
// collector during another call. 0 and objects that were already freed are ignored.
void zeromq_object_free(zeromq_object object);

// Returns the class of an object, or NULL if there is no such object.
const struct zeromq_class *zeromq_object_class(zeromq_object object);

// Stores the text that a host prints for an object, such as `<ZMQSocket: REQ>`, in
// `*result`. It is a string, written only on success; the host frees it with
// `zeromq_result_free`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_CLOSED` if there is no such object.
zeromq_code zeromq_object_text(zeromq_object object, struct zeromq_result *result);

// Stores the bytes of a frame in `*result`, for hosts whose strings can hold any
// bytes. It is a string, not always valid UTF-8, written only on success; the host frees
// it with `zeromq_result_free`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the object is not a frame;
// `ZEROMQ_CODE_CLOSED` if there is no such object.
zeromq_code zeromq_object_bytes(zeromq_object object,
                                struct zeromq_result *result);

// Returns 1 if both are the same object, or two frames with the same bytes, otherwise
// 0. Hosts implement `==` with it.
int32_t zeromq_object_equals(zeromq_object one, zeromq_object other);

// Returns a hash, which is the same for equal objects, for hosts that use objects as
// dictionary keys. Returns 0 if there is no such object.
uint64_t zeromq_object_hash(zeromq_object object);

// Returns all tags that a `zeromq_error` may have, as a NULL-terminated array that is
// never freed. It is meant for hosts that define an error class for each tag.
const char *const *zeromq_error_tags(void);

#ifdef __cplusplus
}
#endif

#endif /* ZEROMQ_H */
