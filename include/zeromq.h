/*
 * zeromq.h: ZeroMQ for C, C++ and embedded scripting languages
 *
 * OVERVIEW
 *
 * ZeroMQ connects programs, on one machine or on many, by sockets that carry whole
 * messages. A socket waits for peers that are not there yet, takes turns between
 * those that are, and keeps messages for those that are slow.
 *
 * This header has two parts. C programs use the first one: sockets and messages,
 * options, pollers, proxies, certificates. The second one is for virtual machines
 * that offer the same sockets as classes to their scripts. Both can be used in one
 * process, and share its sockets' names, its authenticator and its end.
 *
 * A complete program, compiled with
 *
 *     cc hello.c $(pkg-config --cflags --libs zeromq)
 *
 *     #include <stdio.h>
 *     #include <zeromq.h>
 *
 *     int main(void) {
 *         zeromq_socket *reply = zeromq_socket_new(ZEROMQ_REPLY, "inproc://hello");
 *         zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, "inproc://hello");
 *         zeromq_message *message = zeromq_message_new();
 *
 *         zeromq_code code = zeromq_socket_send(request, "Hello", 5, 1000);
 *         if (code == ZEROMQ_CODE_OK)
 *             code = zeromq_socket_receive(reply, message, 1000);
 *         if (code == ZEROMQ_CODE_OK)
 *             printf("%.*s\n", (int)zeromq_message_size(message, 0),
 *                    (const char *)zeromq_message_data(message, 0));
 *         else
 *             fprintf(stderr, "%s\n", zeromq_last_error()->message);
 *
 *         zeromq_message_free(message);
 *         zeromq_socket_free(request);
 *         zeromq_socket_free(reply);
 *         zeromq_shutdown();
 *         return code;
 *     }
 *
 * CONVENTIONS
 *
 * Ownership.  What a function whose name ends in _new, _load or _of_keys gives is
 * freed once, by the _free of its type. free(NULL) does nothing. _close and _stop end
 * what is behind a handle; the handle stays valid, and has to be freed all the same.
 * What a program passes is lent for the time of the call, except for the memory that
 * zeromq_message_add_memory() takes over. What a function lends stays until the next
 * call with the same object, unless it says otherwise.
 *
 * Outputs.  Nothing is written through a pointer unless the function succeeds.
 * (NULL, 0) is an empty piece of memory. Texts are UTF-8 with a zero byte at the end.
 *
 * Errors.  Functions return a zeromq_code, ZEROMQ_CODE_OK being 0; those that make
 * something return NULL when they fail. zeromq_last_error() tells the reason in
 * words, per thread. The numbers of codes never change. Of a function that names
 * several codes, ZEROMQ_CODE_ARGUMENT is for a NULL, or a value that it cannot take;
 * ZEROMQ_CODE_CLOSED for what was closed or freed, and for what belongs to the process
 * that this one was forked from; ZEROMQ_CODE_BUSY for what is in another call;
 * ZEROMQ_CODE_PANIC, of any function, is a fault of the library.
 *
 * Mistakes.  A handle is a number, and is looked up: one that was freed, one of
 * another type and an invented one give a code, whatever is done with them.
 * Pointers to bytes and texts cannot be checked.
 *
 * Threads.  Every function may be called on any thread. An object serves one call at
 * a time: a second one returns ZEROMQ_CODE_BUSY and does nothing. So a socket may
 * be handed from thread to thread, but is not for two at once. After a fork the
 * objects of the parent are closed in the child, which can make new ones.
 *
 * Times.  A timeout is in milliseconds; ZEROMQ_FOREVER, ZEROMQ_USUAL and 0 are
 * special. A signal does not end a wait.
 *
 * The end.  zeromq_shutdown() before the process ends sends what is not sent yet.
 *
 * Versions.  ZEROMQ_VERSION_MAJOR, _MINOR and _PATCH are those of this header.
 * Structs begin with their size, which the caller fills in with sizeof; they grow at
 * their end only. zeromq_slice and zeromq_poll_event have no size, and never change.
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
#define ZEROMQ_LIBRARY "libzeromq.0.dylib"
#else
#define ZEROMQ_LIBRARY "libzeromq.so.0"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ====================================================================== ERRORS */

// The fixed number of each kind of error, for C. The numbers never change.
typedef enum {
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

// Why a call failed.
typedef struct {
  // The size of this struct in bytes.
  uint32_t size;
  // The code that the call returned.
  zeromq_code code;
  // The name that scripts catch it by: "ZMQErr". It stays for ever.
  const char *tag;
  // What happened and what to do about it, UTF-8, at most 254 bytes.
  const char *message;
} zeromq_error;

// Why the last call that failed on this thread did so, or NULL if none did. It
// is lent until the next call of this function on this thread.
const zeromq_error *zeromq_last_error(void);

// The name of a code as it is written here: "ZEROMQ_CODE_AGAIN". A number that is
// none gives "unknown". It stays for ever.
const char *zeromq_code_name(int32_t code);

/* ================================================== THE LIBRARY AND ITS VERSION */

// The version that this header belongs to, as three numbers. `zeromq_version` tells
// the version of the library that is linked.
#define ZEROMQ_VERSION_MAJOR 0

// The second of the three numbers.
#define ZEROMQ_VERSION_MINOR 1

// The third of the three numbers.
#define ZEROMQ_VERSION_PATCH 0

// The version of this library: "0.1.0". It stays for ever.
const char *zeromq_version(void);

// The version of the libzmq in it: "4.3.5". It stays for ever.
const char *zeromq_libzmq_version(void);

// Whether libzmq was built with a capability of `zmq_has(3)`, such as "curve",
// "ipc" or "ws": 1 or 0. NULL gives 0.
int32_t zeromq_has(const char *capability);

// Has `zeromq_shutdown` called when the process ends by `exit` or by the end of
// `main`. To do it twice is no mistake. For hosts that are unloaded before that: the
// library stays in memory from then on.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` when the system cannot do that.
zeromq_code zeromq_shutdown_at_exit(void);

// Ends ZeroMQ: closes every socket of the process, also those of virtual
// machines, and waits until what they had to send is sent, at the latest until
// their linger is over, one second if nothing else was set. To be called before
// the process ends; what is unsent is lost without it. Handles stay valid and
// say that they are closed. New sockets may be made afterwards. A call that waits
// on another thread ends with `ZEROMQ_CODE_TERMINATED`. Not to be called while the
// system unloads a library, by its destructor or DllMain: it waits for threads, which
// cannot end then. At the end of the process a destructor may.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_BUSY` if a call on another thread does
// not let its socket go.
zeromq_code zeromq_shutdown(void);

/* ================================================================= THE CONTEXT
 *
 * All sockets of a process have one context, which is made when the first one is
 * opened. There is no handle for it.
 */

// Says how the context is made: "io_threads", "max_sockets", "thread_name_prefix"
// or "zero_copy_recv", as in `zmq_ctx_set(3)`. It has to be done before the first
// socket is opened.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` for another name or a number out
// of range; `ZEROMQ_CODE_ZMQ` when there was a socket already.
zeromq_code zeromq_context_set(const char *name, int64_t value);

// A number of the context, by its name in `zmq_ctx_get(3)` in lower case without
// ZMQ_: those above, and "socket_limit", "thread_sched_policy", "max_msgsz",
// "msg_t_size", "ipv6" and "blocky".
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` for another name, or if a pointer
// is NULL.
zeromq_code zeromq_context_get(const char *name, int64_t *value);

// Says what sockets that are opened from now on begin with: "linger" in
// milliseconds (-1 is for ever; 1000 if this is never called), "sndhwm" and
// "rcvhwm" in messages, "ipv6" (0 or 1).
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` for another name or a number out
// of range.
zeromq_code zeromq_default_set(const char *name, int64_t value);

/* ==================================================================== MESSAGES
 *
 * A message has one or more frames. It is sent and received whole. One
 * zeromq_message can be used for any number of messages, one after the other.
 */

// A message: any number of frames, each of any bytes.
typedef struct zeromq_message zeromq_message;

// Gives memory back that was handed over: it is called once, with what
// `zeromq_message_add_memory` was given, on whatever thread. It must not call the
// library with the message that had the memory.
typedef void (*zeromq_free_function)(void *data, void *hint);

// Some bytes in memory. `(NULL, 0)` is none.
typedef struct {
  // The first byte. There is no terminating zero.
  const void *data;
  // How many bytes.
  size_t size;
} zeromq_slice;

// Makes a message without frames, to receive into any number of times, or to put
// together and send. The caller frees it with `zeromq_message_free`.
//
// Returns NULL when there are more than a million messages.
zeromq_message *zeromq_message_new(void);

// Frees a message. NULL, and one that was freed, are left alone. In the middle of a
// call with it on another thread, it is freed at the end of that call.
void zeromq_message_free(zeromq_message *message);

// Drops the frames of a message.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_message_clear(zeromq_message *message);

// Adds a frame with a copy of these bytes, at the end of the message.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_ZMQ` when there is no memory.
zeromq_code zeromq_message_add(zeromq_message *message, const void *data, size_t size);

// Adds a frame without a copy: the memory is handed over, and given back by a call
// of `free_function` with `data` and `hint` once it was sent or the message was
// freed; that may be on another thread, at once or later. Nobody may change the
// bytes until then. If `free_function` is NULL, the memory has to stay for ever.
//
// If this fails the memory is still the caller's.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_ZMQ`.
zeromq_code zeromq_message_add_memory(zeromq_message *message,
                                      void *data,
                                      size_t size,
                                      zeromq_free_function free_function,
                                      void *hint);

// Makes a message a copy of another one. Long frames share their bytes, which are
// not copied.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY` (also when both are the same message).
zeromq_code zeromq_message_copy(zeromq_message *message, zeromq_message *source);

// How many frames a message has; 0 if there is no such message.
size_t zeromq_message_count(const zeromq_message *message);

// The bytes of a frame, the first frame being 0. They are lent until the message is
// changed, received into, sent or freed. A frame of no bytes, a frame that is not
// there and a message that is not there give NULL or a place that is not to be read;
// `zeromq_message_size` is 0 then.
const void *zeromq_message_data(const zeromq_message *message, size_t frame);

// How many bytes a frame has, the first frame being 0; 0 if there is no such frame
// or message.
size_t zeromq_message_size(const zeromq_message *message, size_t frame);

// The bytes of a frame with their number, as `zeromq_message_data` and
// `zeromq_message_size`, with a reason if that fails.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the message has no such
// frame; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_message_frame(const zeromq_message *message,
                                 size_t frame,
                                 zeromq_slice *slice);

// What is known about the peer that sent a frame: its "Peer-Address" and
// "Socket-Type", and what an authenticator said of it, the "User-Id" and the names
// in the metadata of its certificate. `*value` is lent until the next call with the
// message; it is NULL if nothing is known under this name.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also if the message has no such
// frame; `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_message_property(zeromq_message *message,
                                    size_t frame,
                                    const char *name,
                                    const char **value);

/* ================================================================ CERTIFICATES
 *
 * The keys of CURVE, which encrypts what goes over the network. The files are those
 * of czmq.
 */

// A certificate: a key pair, or its public half.
typedef struct zeromq_certificate zeromq_certificate;

// Makes a certificate with a new key pair. The caller frees it with
// `zeromq_certificate_free`.
//
// Returns NULL when libzmq makes no keys; `zeromq_last_error` tells why.
zeromq_certificate *zeromq_certificate_new(void);

// Makes a certificate of a secret key, of a public one, or of both that belong
// together; the other one is NULL, with size 0. A key is 32 bytes, or 40 characters
// of Z85. The caller frees it with `zeromq_certificate_free`.
//
// Returns NULL for what is no key, and when the two do not belong together.
zeromq_certificate *zeromq_certificate_of_keys(const void *public_key,
                                               size_t public_size,
                                               const void *secret_key,
                                               size_t secret_size);

// Loads a certificate: from the file `name_secret` if there is one, which has both
// keys, and else from `name`. The caller frees it with `zeromq_certificate_free`.
//
// Returns NULL when a file cannot be read or is no certificate.
zeromq_certificate *zeromq_certificate_load(const char *name);

// Frees a certificate. NULL, and one that was freed, are left alone. The sockets that
// were given its keys keep them.
void zeromq_certificate_free(zeromq_certificate *certificate);

// Saves both files of a certificate, as czmq does: `name` with the public key, and
// `name_secret` with both, which only the owner may read.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` without a secret key, and when a
// file cannot be written; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_save(zeromq_certificate *certificate, const char *name);

// Saves the public key alone, to be given to others.
//
// Returns as `zeromq_certificate_save`.
zeromq_code zeromq_certificate_save_public(zeromq_certificate *certificate,
                                           const char *file);

// The public key in 40 characters. `*key` is lent until the next call with the
// certificate, other than `zeromq_certificate_secret_key`.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_public_key(zeromq_certificate *certificate,
                                          const char **key);

// The secret key in 40 characters. `*key` is lent until the certificate is freed,
// and its memory is wiped then.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` when it has none;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_secret_key(zeromq_certificate *certificate,
                                          const char **key);

// Says something about the owner, such as "name" or "email", which is saved with
// the certificate; NULL as `value` takes it back.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` for what a file cannot hold;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_set_meta(zeromq_certificate *certificate,
                                        const char *name,
                                        const char *value);

// What is said about the owner under a name. `*value` is lent until the next call
// with the certificate; it is NULL if nothing is.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_certificate_meta(zeromq_certificate *certificate,
                                    const char *name,
                                    const char **value);

/* ===================================================================== SOCKETS
 *
 * An endpoint is a transport and an address: "tcp://localhost:5555",
 * "ipc:///tmp/feed", "inproc://name". One side binds, any number of others connect;
 * it does not matter who comes first.
 */

// A timeout: wait for ever. Any other is in milliseconds; 0 does not wait.
#define ZEROMQ_FOREVER -1

// A timeout: wait as long as the options rcvtimeo and sndtimeo of the socket say,
// which is for ever if they were not set.
#define ZEROMQ_USUAL -2

// The types of sockets.
typedef enum {
  // PAIR, which connects unless told otherwise.
  ZEROMQ_PAIR = 0,
  // PUB, which binds.
  ZEROMQ_PUBLISHER = 1,
  // SUB, which connects.
  ZEROMQ_SUBSCRIBER = 2,
  // REQ, which connects.
  ZEROMQ_REQUEST = 3,
  // REP, which binds.
  ZEROMQ_REPLY = 4,
  // DEALER, which connects.
  ZEROMQ_DEALER = 5,
  // ROUTER, which binds. It drops messages to peers that are not there, unless
  // `zeromq_socket_set_int(socket, "router_mandatory", 1)` was called.
  ZEROMQ_ROUTER = 6,
  // PULL, which binds.
  ZEROMQ_PULL = 7,
  // PUSH, which connects.
  ZEROMQ_PUSH = 8,
  // XPUB, which binds.
  ZEROMQ_XPUBLISHER = 9,
  // XSUB, which connects.
  ZEROMQ_XSUBSCRIBER = 10,
  // STREAM, which connects.
  ZEROMQ_STREAM = 11,
} zeromq_socket_kind;

// A socket.
typedef struct zeromq_socket zeromq_socket;

// Opens a socket of a type (`ZEROMQ_REQUEST` and so on), and attaches it to a list
// of endpoints separated by commas, as `zeromq_socket_attach`. `endpoints` may be
// NULL: then it is attached to nothing. The caller frees it with
// `zeromq_socket_free`.
//
// Returns NULL when that fails; `zeromq_last_error` tells why:
// `ZEROMQ_CODE_ARGUMENT` for an unknown type, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_ZMQ` when there are too many sockets.
zeromq_socket *zeromq_socket_new(int32_t kind, const char *endpoints);

// Closes a socket, as `zeromq_socket_close`, and frees its handle. NULL, and one that
// was freed, are left alone. In the middle of a call with it on another thread, it is freed at the end
// of that call.
void zeromq_socket_free(zeromq_socket *socket);

// Closes a socket: its endpoints are given back, and what is not sent yet goes on
// being sent for as long as the option linger says, one second if it was not set.
// The handle stays valid, and calls with it return `ZEROMQ_CODE_CLOSED`. To close a
// closed socket does nothing.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED` for a handle
// that was freed, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_close(zeromq_socket *socket);

// Whether a socket can be used no more: 1 or 0. 1 also if there is no such socket.
int32_t zeromq_socket_is_closed(const zeromq_socket *socket);

// The type of a socket, `ZEROMQ_REQUEST` and so on; -1 if there is no such socket.
int32_t zeromq_socket_type(const zeromq_socket *socket);

// Binds or connects each endpoint of a list: one that begins with `@` is bound, one
// that begins with `>` connected, and without either the type of the socket
// decides. The endpoints before a faulty one stay attached.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_attach(zeromq_socket *socket, const char *endpoints);

// Binds each endpoint of a list, so that peers can connect. A TCP endpoint may have
// `*` in place of its host, for every address of this machine, and in place of its
// port, for a free one. `*port` gets the TCP port of the last endpoint, or 0 if it
// has none; `port` may be NULL. The endpoints before a faulty one stay bound.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_bind(zeromq_socket *socket,
                               const char *endpoints,
                               uint16_t *port);

// Connects to each endpoint of a list. The peers need not be there yet. The
// endpoints before a faulty one stay connected.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_connect(zeromq_socket *socket, const char *endpoints);

// Takes back what bind did with each endpoint of a list, spelt as it was written
// or as `zeromq_socket_endpoint` gives it.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_unbind(zeromq_socket *socket, const char *endpoints);

// Takes back what connect did with each endpoint of a list.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_ENDPOINT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_disconnect(zeromq_socket *socket, const char *endpoints);

// The endpoint that was bound last, with the port that was found:
// "tcp://127.0.0.1:49152". `*endpoint` is lent until the next call with the socket;
// it is NULL if nothing was bound.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_endpoint(zeromq_socket *socket, const char **endpoint);

// Receives messages that begin with these bytes from now on; all messages, if there
// are no bytes. SUB and XSUB only: a subscriber receives nothing before this.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_UNSUPPORTED` for
// another type, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_subscribe(zeromq_socket *socket,
                                    const void *prefix,
                                    size_t size);

// Takes one subscription to these bytes back. SUB and XSUB only.
//
// Returns as `zeromq_socket_subscribe`.
zeromq_code zeromq_socket_unsubscribe(zeromq_socket *socket,
                                      const void *prefix,
                                      size_t size);

// Sends a message of one frame with a copy of these bytes, and waits for `timeout`
// milliseconds at most until a peer can take it.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` when the time is over;
// `ZEROMQ_CODE_STATE` when it is not the socket's turn; `ZEROMQ_CODE_UNSUPPORTED` on
// SUB and PULL; `ZEROMQ_CODE_UNROUTABLE`, `ZEROMQ_CODE_ARGUMENT`,
// `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`, `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_socket_send(zeromq_socket *socket,
                               const void *data,
                               size_t size,
                               int32_t timeout);

// Sends a message of as many frames with copies of their bytes: all of them or, if
// this fails, none.
//
// Returns as `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if there is no frame.
zeromq_code zeromq_socket_send_frames(zeromq_socket *socket,
                                      const zeromq_slice *frames,
                                      size_t count,
                                      int32_t timeout);

// Sends a message with all of its frames, without a copy of their bytes. On success
// the message is empty, and can be used again; otherwise it is as it was.
//
// Returns as `zeromq_socket_send`; `ZEROMQ_CODE_ARGUMENT` also if it has no frame.
zeromq_code zeromq_socket_send_message(zeromq_socket *socket,
                                       zeromq_message *message,
                                       int32_t timeout);

// Receives the next message, all of its frames, in place of those that `message`
// has, and waits for `timeout` milliseconds at most until one comes. Its bytes are
// lent by `zeromq_message_data`. If this fails the message is empty.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` when the time is over;
// `ZEROMQ_CODE_STATE` when it is not the socket's turn; `ZEROMQ_CODE_UNSUPPORTED` on
// PUB and PUSH; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`,
// `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_socket_receive(zeromq_socket *socket,
                                  zeromq_message *message,
                                  int32_t timeout);

// Whether a message can be received now, without waiting: `*ready` gets 1 or 0.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_can_receive(zeromq_socket *socket, int32_t *ready);

// Whether a message can be sent now, without waiting, to some peer: `*ready` gets 1
// or 0.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_can_send(zeromq_socket *socket, int32_t *ready);

// Makes a socket the CURVE server of clients that know the public key of its
// certificate, which has to have a secret key. Without an authenticator everyone
// with this key comes in; with a `domain`, which may be NULL, nobody does without
// one. To be called before the socket is bound or connected.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` when it is bound or connected, or
// the certificate has no secret key; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_curve_server(zeromq_socket *socket,
                                       zeromq_certificate *certificate,
                                       const char *domain);

// Makes a socket a CURVE client, with a certificate of its own, of the server with
// this public key, in 40 characters. To be called before the socket is bound or
// connected.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` also for what is no key;
// otherwise as `zeromq_socket_curve_server`.
zeromq_code zeromq_socket_curve_client(zeromq_socket *socket,
                                       zeromq_certificate *certificate,
                                       const char *server_key);

// Makes a socket the server of users with passwords, which the authenticator of the
// process has to know. To be called before the socket is bound or connected.
//
// Returns as `zeromq_socket_curve_server`.
zeromq_code zeromq_socket_plain_server(zeromq_socket *socket, const char *domain);

// Makes a socket a client with a user name and a password, each of 1 to 255 bytes,
// which go over the network as they are. To be called before the socket is bound or
// connected.
//
// Returns as `zeromq_socket_curve_server`.
zeromq_code zeromq_socket_plain_client(zeromq_socket *socket,
                                       const char *username,
                                       const char *password);

/* ========================================================== OPTIONS OF SOCKETS
 *
 * Every option of libzmq, by its name. Times are in milliseconds.
 */

// Sets an option to a number, or to 1 or 0 for yes or no, by its name in
// `zmq_setsockopt(3)` in lower case without ZMQ_: "sndhwm", "linger", "rcvtimeo".
// Times are in milliseconds, and -1 is for ever. Some options hold only for
// endpoints that are bound or connected from then on.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` when there is none of this name,
// when it is not for this type of socket, when the number is out of range and when
// it is too late; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_set_int(zeromq_socket *socket,
                                  const char *name,
                                  int64_t value);

// The number, or 1 or 0, that an option has.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_OPTION` when there is none of this name, when
// it is not for this type of socket, cannot be read or is no number;
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_socket_get_int(zeromq_socket *socket,
                                  const char *name,
                                  int64_t *value);

// Sets an option to some bytes, or to a text: "routing_id", "zap_domain".
//
// Returns as `zeromq_socket_set_int`.
zeromq_code zeromq_socket_set_bytes(zeromq_socket *socket,
                                    const char *name,
                                    const void *data,
                                    size_t size);

// The bytes that an option has. They are lent until the next call with the socket,
// and a zero byte that does not count stands behind them.
//
// Returns as `zeromq_socket_get_int`.
zeromq_code zeromq_socket_get_bytes(zeromq_socket *socket,
                                    const char *name,
                                    zeromq_slice *value);

// Sets an option to what a text says, as it may stand in a file or on a command
// line: a number in digits, "yes" or "no" (or 1, 0, "true", "false"), or the text
// itself.
//
// Returns as `zeromq_socket_set_int`.
zeromq_code zeromq_socket_set_option(zeromq_socket *socket,
                                     const char *name,
                                     const char *value);

// What an option has, as a text that `zeromq_socket_set_option` takes; numbers in
// digits, yes and no as 1 and 0. `*value` is lent until the next call with the
// socket.
//
// Returns as `zeromq_socket_get_int`; `ZEROMQ_CODE_OPTION` also for bytes that are no
// text, which `zeromq_socket_get_bytes` gives.
zeromq_code zeromq_socket_get_option(zeromq_socket *socket,
                                     const char *name,
                                     const char **value);

/* ===================================================================== POLLERS
 *
 * A poller waits for several sockets at once, and for descriptors of the system.
 */

// What to wait for, and what is ready, to be added up.
typedef enum {
  // What to wait for, or what is ready: a message can be received, a descriptor be
  // read. It can be added to `ZEROMQ_POLL_OUT`.
  ZEROMQ_POLL_IN = 1,
  // What to wait for, or what is ready: a message can be sent, a descriptor be
  // written to.
  ZEROMQ_POLL_OUT = 2,
  // What is ready: a descriptor has failed, or is none.
  ZEROMQ_POLL_ERROR = 4,
} zeromq_poll_flag;

// A poller.
typedef struct zeromq_poller zeromq_poller;

// What is ready.
typedef struct {
  // The socket, or NULL for a descriptor.
  zeromq_socket *socket;
  // The descriptor, or -1 for a socket.
  int64_t descriptor;
  // What was given with it.
  void *data;
  // `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT` and `ZEROMQ_POLL_ERROR`, added up.
  uint32_t ready;
} zeromq_poll_event;

// Makes a poller without sockets. The caller frees it with `zeromq_poller_free`.
//
// Returns NULL when there are more than a million pollers.
zeromq_poller *zeromq_poller_new(void);

// Frees a poller, and leaves its sockets as they are. NULL, and one that was freed,
// are left alone.
void zeromq_poller_free(zeromq_poller *poller);

// Waits for a socket from now on: `events` is `ZEROMQ_POLL_IN`, `ZEROMQ_POLL_OUT` or
// both. `data`, which may be NULL, is given back when it is ready. If the socket is
// there already, this replaces what was said before. A socket that is closed or
// freed is passed over.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_UNSUPPORTED` when the type of the socket
// cannot receive, or send; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_poller_add(zeromq_poller *poller,
                              zeromq_socket *socket,
                              uint32_t events,
                              void *data);

// As `zeromq_poller_add`, with a file, pipe or socket of the system.
//
// Returns as `zeromq_poller_add`.
zeromq_code zeromq_poller_add_descriptor(zeromq_poller *poller,
                                         int64_t descriptor,
                                         uint32_t events,
                                         void *data);

// Waits for a socket no more. One that is not there is left alone.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_poller_remove(zeromq_poller *poller, zeromq_socket *socket);

// As `zeromq_poller_remove`, with a descriptor.
//
// Returns as `zeromq_poller_remove`.
zeromq_code zeromq_poller_remove_descriptor(zeromq_poller *poller, int64_t descriptor);

// Waits for `timeout` milliseconds at most until something is ready. `events` has
// room for `room` events, and `*count` gets how many were written. With room for one,
// those that are ready take turns; otherwise they come in the order in which they
// were added, and there should be room for all. The sockets are in use meanwhile.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` when the time is over;
// `ZEROMQ_CODE_CLOSED` when the poller was freed, or all of its sockets are closed;
// `ZEROMQ_CODE_BUSY` when the poller or a socket is in another call;
// `ZEROMQ_CODE_ARGUMENT`, also for a wait for nothing for ever;
// `ZEROMQ_CODE_TERMINATED`.
zeromq_code zeromq_poller_wait(zeromq_poller *poller,
                               zeromq_poll_event *events,
                               size_t room,
                               size_t *count,
                               int32_t timeout);

/* ==================================================================== MONITORS
 *
 * A monitor tells what happens to the connections of a socket: peers come and go,
 * handshakes fail, addresses are refused.
 */

// A monitor.
typedef struct zeromq_monitor zeromq_monitor;

// Something that happened to a connection of a socket.
typedef struct {
  // `sizeof(zeromq_monitor_event)`, to be filled in by the caller.
  uint32_t size;
  // A descriptor, an errno, milliseconds or a status, as the event has it.
  uint32_t value;
  // Its name: "ACCEPTED", "HANDSHAKE_FAILED_AUTH".
  const char *name;
  // The endpoint that it is about.
  const char *endpoint;
  // What it means, in words.
  const char *reason;
} zeromq_monitor_event;

// Begins to read what happens to the connections of a socket: the events with these
// names, separated by commas, or all of them if `names` is NULL. They are CONNECTED,
// CONNECT_DELAYED, CONNECT_RETRIED, LISTENING, BIND_FAILED, ACCEPTED, ACCEPT_FAILED,
// CLOSED, CLOSE_FAILED, DISCONNECTED, MONITOR_STOPPED, HANDSHAKE_SUCCEEDED,
// HANDSHAKE_FAILED_NO_DETAIL, HANDSHAKE_FAILED_PROTOCOL and HANDSHAKE_FAILED_AUTH;
// HANDSHAKE_FAILED is the last three. Nothing is told of inproc. A socket may have
// several monitors. The caller frees it with `zeromq_monitor_free`.
//
// Returns NULL for a name that is unknown, and when the socket is closed, in another
// call, or there are too many sockets; `zeromq_last_error` tells which.
zeromq_monitor *zeromq_monitor_new(zeromq_socket *socket, const char *names);

// Ends a monitor and frees it. NULL, and one that was freed, are left alone.
void zeromq_monitor_free(zeromq_monitor *monitor);

// Waits for `timeout` milliseconds at most for the next event. `event->size` says how
// much is written; its texts are lent until the next call with the monitor. The
// socket is in use meanwhile. What a closed socket had to tell can still be read.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_AGAIN` when the time is over;
// `ZEROMQ_CODE_CLOSED` when the monitor was freed, or the socket closed and everything
// is read; `ZEROMQ_CODE_ARGUMENT`, also for a size that is too small;
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_monitor_next(zeromq_monitor *monitor,
                                zeromq_monitor_event *event,
                                int32_t timeout);

/* ===================================================================== PROXIES
 *
 * A proxy passes messages on between two sockets, in a thread of its own.
 */

// What a proxy is doing.
typedef enum {
  // It has not got both sides yet.
  ZEROMQ_PROXY_WAITING = 0,
  // It passes messages on.
  ZEROMQ_PROXY_RUNNING = 1,
  // It leaves messages where they are.
  ZEROMQ_PROXY_PAUSED = 2,
  // It has ended.
  ZEROMQ_PROXY_STOPPED = 3,
} zeromq_proxy_status;

// A proxy.
typedef struct zeromq_proxy zeromq_proxy;

// What has passed through a proxy since it was made.
typedef struct {
  // `sizeof(zeromq_proxy_stats)`, to be filled in by the caller.
  uint32_t size;
  // Messages from the frontend to the backend.
  uint64_t to_backend;
  // Their bytes.
  uint64_t to_backend_bytes;
  // Messages on this way whose peer was not there or took none.
  uint64_t to_backend_dropped;
  // Messages from the backend to the frontend.
  uint64_t to_frontend;
  // Their bytes.
  uint64_t to_frontend_bytes;
  // Messages on this way whose peer was not there or took none.
  uint64_t to_frontend_dropped;
  // Copies that the peer of the capture did not take in time.
  uint64_t capture_dropped;
} zeromq_proxy_stats;

// Makes a proxy and starts its thread. It passes messages on once both sides are
// set. The caller frees it with `zeromq_proxy_free`.
//
// Returns NULL when there are too many sockets or threads; `zeromq_last_error` tells
// which.
zeromq_proxy *zeromq_proxy_new(void);

// Stops a proxy and frees its handle. NULL, and one that was freed, are left alone.
void zeromq_proxy_free(zeromq_proxy *proxy);

// Gives the side where requests, publishers or tasks come from a socket of a type,
// bound to each endpoint that does not begin with `>`; the one that it had is
// closed. A SUB receives everything.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` also for a type that does not go
// with that of the other side; `ZEROMQ_CODE_ENDPOINT`; `ZEROMQ_CODE_CLOSED` when it was
// stopped or freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_set_frontend(zeromq_proxy *proxy,
                                      int32_t kind,
                                      const char *endpoints);

// Gives the side where messages go to its socket, as `zeromq_proxy_set_frontend`.
//
// Returns as `zeromq_proxy_set_frontend`.
zeromq_code zeromq_proxy_set_backend(zeromq_proxy *proxy,
                                     int32_t kind,
                                     const char *endpoints);

// Sends a copy of every message that passes to a socket of type PUSH, PUB or PAIR.
// What its peer does not take at once is dropped and counted. NULL as `endpoints`
// ends that.
//
// Returns as `zeromq_proxy_set_frontend`.
zeromq_code zeromq_proxy_set_capture(zeromq_proxy *proxy,
                                     int32_t kind,
                                     const char *endpoints);

// The TCP port of the last endpoint of the frontend; `*port` gets 0 if it has none.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_frontend_port(zeromq_proxy *proxy, uint16_t *port);

// The TCP port of the last endpoint of the backend; `*port` gets 0 if it has none.
//
// Returns as `zeromq_proxy_frontend_port`.
zeromq_code zeromq_proxy_backend_port(zeromq_proxy *proxy, uint16_t *port);

// Leaves messages where they are from now on. Nothing is lost: they wait in the
// queues of both sockets, and then at their senders.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`,
// `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_pause(zeromq_proxy *proxy);

// Passes messages on again.
//
// Returns as `zeromq_proxy_pause`.
zeromq_code zeromq_proxy_resume(zeromq_proxy *proxy);

// Closes both sockets and ends the thread; the addresses are free then. The handle
// stays valid. To stop a stopped proxy does nothing.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED` for a handle
// that was freed, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_stop(zeromq_proxy *proxy);

// What a proxy is doing, `ZEROMQ_PROXY_RUNNING` and so on; `ZEROMQ_PROXY_STOPPED` also
// if there is no such proxy, and -1 if it is in a call on another thread.
int32_t zeromq_proxy_state(const zeromq_proxy *proxy);

// What has passed, also after the end. `stats->size` says how much is written.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT`, also for a size that is too small;
// `ZEROMQ_CODE_CLOSED` for a handle that was freed; `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_proxy_count(zeromq_proxy *proxy, zeromq_proxy_stats *stats);

/* =========================================================== THE AUTHENTICATOR
 *
 * One authenticator decides for all servers of the process who may connect to them.
 */

// An authenticator.
typedef struct zeromq_authenticator zeromq_authenticator;

// Starts the authenticator of the process, with a thread of its own. It lets every
// address in, no password and no key. The caller frees it with
// `zeromq_authenticator_free`.
//
// Returns NULL when there is one already (`ZEROMQ_CODE_SECURITY`), and when there are
// too many sockets or threads.
zeromq_authenticator *zeromq_authenticator_new(void);

// Stops the authenticator and frees its handle: from then on nobody is asked. CURVE
// servers without a domain let every client in then. NULL, and one that was freed,
// are left alone.
void zeromq_authenticator_free(zeromq_authenticator *authenticator);

// Lets an address in, and from now on no other that is not allowed in the same way:
// an IP address, a network such as "10.0.0.0/8", or "ipc" for other processes of
// this machine. Several are separated by commas; they replace those before.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_SECURITY` for anything else, and when it is
// stopped; `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_authenticator_allow(zeromq_authenticator *authenticator,
                                       const char *addresses);

// Refuses addresses, separated by commas, also if they are allowed.
//
// Returns as `zeromq_authenticator_allow`.
zeromq_code zeromq_authenticator_deny(zeromq_authenticator *authenticator,
                                      const char *addresses);

// Lets users with these passwords in: `names` and `passwords` have `count` texts
// each. They hold for one domain, or, if `domain` is NULL, for all that have none of
// their own, and replace what was said for it before.
//
// Returns as `zeromq_authenticator_allow`.
zeromq_code zeromq_authenticator_plain(zeromq_authenticator *authenticator,
                                       const char *domain,
                                       const char *const *names,
                                       const char *const *passwords,
                                       size_t count);

// As `zeromq_authenticator_plain`, with lines `name=value` of a file, which is read
// again when it has changed.
//
// Returns as `zeromq_authenticator_allow`; `ZEROMQ_CODE_SECURITY` also when the file
// cannot be read.
zeromq_code zeromq_authenticator_plain_file(zeromq_authenticator *authenticator,
                                            const char *domain,
                                            const char *file);

// Lets clients with the keys of these certificates in, or every client with a key if
// `certificates` is NULL and `count` 0. They hold for one domain, or, if `domain` is
// NULL, for all that have none of their own, and replace what was said for it before.
//
// Returns as `zeromq_authenticator_allow`.
zeromq_code zeromq_authenticator_curve(zeromq_authenticator *authenticator,
                                       const char *domain,
                                       zeromq_certificate *const *certificates,
                                       size_t count);

// As `zeromq_authenticator_curve`, with the keys of all files below a directory,
// which is read again when something in it has changed. Files that end in `_secret`
// are left alone.
//
// Returns as `zeromq_authenticator_allow`; `ZEROMQ_CODE_SECURITY` also when the
// directory cannot be read.
zeromq_code zeromq_authenticator_curve_directory(zeromq_authenticator *authenticator,
                                                 const char *domain,
                                                 const char *directory);

// Ends the authenticator, as `zeromq_authenticator_free`; the handle stays valid.
//
// Returns `ZEROMQ_CODE_OK`, `ZEROMQ_CODE_SECURITY` in a forked process,
// `ZEROMQ_CODE_ARGUMENT`, `ZEROMQ_CODE_CLOSED`, `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_authenticator_stop(zeromq_authenticator *authenticator);

/* ============================================================ VIRTUAL MACHINES
 *
 * A virtual machine registers the library's classes with zeromq_register() and
 * calls their methods with zeromq_call(). What it needs for that:
 *
 *   - a zeromq_host, with a function that defines a class in the machine, or the
 *     classes from zeromq_classes();
 *   - its values as zeromq_value, and back;
 *   - an object of the machine that holds a zeromq_object, and frees it with
 *     zeromq_object_free() when it is collected;
 *   - zeromq_shutdown() before the process ends.
 *
 * What a host passes is lent for the time of the call. A value that the library
 * gives is freed with zeromq_value_free(), an object with zeromq_object_free().
 * Class descriptors stay for the life of the process. Structs begin with their size
 * and the version of this interface: size is sizeof, and abi ZEROMQ_ABI.
 */

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

// Kind of a `zeromq_value`: `as.bytes`, any bytes, for hosts with
// `ZEROMQ_HOST_BYTES`. A host may pass it as it may pass a string.
#define ZEROMQ_BYTES 12

// What a machine is like, for the flags of its host: it has strings, or values of
// another type, that hold any bytes. Frames come as `ZEROMQ_BYTES` then; as an object
// of ZMQFrame only what a method gives that promises an object and never a string.
#define ZEROMQ_HOST_BYTES 1

// What a machine is like, for the flags of its host: it has no named arguments. A
// dictionary with texts as keys behind the other arguments holds them then, unless
// the method needs one more argument or takes a dictionary there. So does an empty
// list, for machines that have one kind of table, unless the method takes a list.
#define ZEROMQ_HOST_NAMED_LAST 2

// What a machine is like, for the flags of its host: it asks
// `zeromq_function_released` which functions it may forget, in place of `retain` and
// `release`, which are not called. It numbers its functions from 1.
#define ZEROMQ_HOST_ASKS 4

// How an argument is given: by position, always.
#define ZEROMQ_REQUIRED 0

// How an argument is given: by position, or left out at the end.
#define ZEROMQ_OPTIONAL 1

// How an argument is given: by position, any number of times, none included;
// the last positional one.
#define ZEROMQ_VARIADIC 2

// How an argument is given: by name, or left out.
#define ZEROMQ_NAMED 3

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
  // The kinds that its result may have: `1 << ZEROMQ_STRING` and so on, added up.
  uint32_t results;
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
  // `ZEROMQ_STRING`, `ZEROMQ_BYTES`, `ZEROMQ_OTHER`.
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
  // Given back to each of the functions. It tells machines apart: no other machine
  // in the process may have the same.
  void *context;
  // Called by `zeromq_register` once a class. Anything but 0 ends the
  // registration. NULL: the host asks `zeromq_classes`, and does not register.
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
  // but 0, and a result that is not written, says that the function failed: the call
  // of the library then ends with `ZEROMQ_CODE_CALLBACK`, and the host raises what it
  // knows of the failure.
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
  // What the machine is like: `ZEROMQ_HOST_BYTES` and so on, added up.
  uint32_t flags;
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

// Registers the classes: calls `define_class` of the host once for each, a
// parent before its children. Another virtual machine in the same process
// registers with a host of its own.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_HOST` when `host` is NULL, is of
// another ABI, is too small or has no `define_class`, or when `define_class`
// returned something but 0.
zeromq_code zeromq_register(const struct zeromq_host *host);

// All classes, a parent before its children, and NULL behind them: what
// `define_class` is given, for hosts that would rather ask. They stay for ever.
const struct zeromq_class *const *zeromq_classes(void);

// The next function that a host with `ZEROMQ_HOST_ASKS` may forget, or 0 when there
// is none: one that was passed, or returned by a function, in a call that is over,
// and that the library does not keep. A function that is passed again has to have
// another number. To be asked until it gives 0, before or after a call.
zeromq_function zeromq_function_released(const struct zeromq_host *host);

// Calls a method. `*result` is written only on success; it then belongs to the
// host until `zeromq_value_free`.
//
// Returns `ZEROMQ_CODE_OK`, or the code of the error, which `zeromq_last_error`
// tells more of.
//
// Calls may come from any thread. An object serves one call at a time: a call
// while it is in another one returns `ZEROMQ_CODE_BUSY`.
zeromq_code zeromq_call(const struct zeromq_invocation *invocation,
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
zeromq_code zeromq_object_text(zeromq_object object, struct zeromq_value *result);

// The bytes of a frame, for hosts whose strings hold any bytes. `*result` is written
// only on success; it is a string, which need not be UTF-8 here, to be freed with
// `zeromq_value_free`.
//
// Returns `ZEROMQ_CODE_OK`; `ZEROMQ_CODE_ARGUMENT` if the object is no frame;
// `ZEROMQ_CODE_CLOSED` if there is no such object.
zeromq_code zeromq_object_bytes(zeromq_object object, struct zeromq_value *result);

// Whether two objects mean the same: 1 if both are one object, or two frames with
// the same bytes, else 0. It is what `==` of a script should say.
int32_t zeromq_object_equals(zeromq_object one, zeromq_object other);

// A number that objects that are equal have in common, for hosts that find the
// keys of dictionaries by it; 0 if there is no such object.
uint64_t zeromq_object_hash(zeromq_object object);

// The names that scripts catch errors by, each of those that `zeromq_error` may
// have as its tag, for hosts that make a class of each. NULL ends them; they stay
// for ever.
const char *const *zeromq_error_tags(void);

#ifdef __cplusplus
}
#endif

#endif /* ZEROMQ_H */
