/* Our library and another libzmq in one program, both linked statically. */

#include <stdio.h>
#include <string.h>

#include <zeromq.h>

#include "check.h"

#ifdef FAKE

const char *zmq_init(int n);
int zmq_socket(void);
int sodium_init(void);
int zmq_msg_send(void);

/* Their names are theirs, and ours works without them. */
int main(void) {
  zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://beside");
  zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://beside");
  zeromq_certificate *keys = zeromq_certificate_new();
  zeromq_message *message = zeromq_message_new();
  CHECK(keys != NULL);
  CHECK(zeromq_socket_send(push, "Hello", 5, 5000) == ZEROMQ_CODE_OK);
  CHECK(zeromq_socket_receive(pull, message, 5000) == ZEROMQ_CODE_OK);
  CHECK(zeromq_message_size(message, 0) == 5);
  zeromq_message_free(message);
  zeromq_certificate_free(keys);
  zeromq_socket_free(push);
  zeromq_socket_free(pull);
  printf("%s %d %d %d\n", zmq_init(1), zmq_socket(), sodium_init(), zmq_msg_send());
  return zeromq_shutdown();
}

#else

/* As in zmq.h, which declares more than this test needs. */
void *zmq_ctx_new(void);
int zmq_ctx_term(void *context);
void *zmq_socket(void *context, int type);
int zmq_close(void *socket);
int zmq_bind(void *socket, const char *endpoint);
int zmq_getsockopt(void *socket, int option, void *value, size_t *size);
int zmq_setsockopt(void *socket, int option, const void *value, size_t size);
int zmq_send(void *socket, const void *data, size_t size, int flags);
int zmq_recv(void *socket, void *data, size_t size, int flags);
void zmq_version(int *major, int *minor, int *patch);

enum { REP = 4, RCVTIMEO = 27, LAST_ENDPOINT = 32 };

/* A request of ours is answered by theirs. */
int main(void) {
  char endpoint[256], theirs[32], data[16];
  size_t size = sizeof endpoint;
  int major, minor, patch, deadline = 5000;
  void *context = zmq_ctx_new(), *reply = zmq_socket(context, REP);
  CHECK(zmq_bind(reply, "tcp://127.0.0.1:*") == 0);
  CHECK(zmq_setsockopt(reply, RCVTIMEO, &deadline, sizeof deadline) == 0);
  CHECK(zmq_getsockopt(reply, LAST_ENDPOINT, endpoint, &size) == 0);
  zmq_version(&major, &minor, &patch);
  snprintf(theirs, sizeof theirs, "%d.%d.%d", major, minor, patch);
  CHECK(strlen(theirs) >= 5);

  zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, endpoint);
  zeromq_message *message = zeromq_message_new();
  CHECK(zeromq_socket_send(request, "Hello", 5, 5000) == ZEROMQ_CODE_OK);
  CHECK(zmq_recv(reply, data, sizeof data, 0) == 5);
  printf("%.5s\n", data);
  CHECK(zmq_send(reply, "World!", 6, 0) == 6);
  CHECK(zeromq_socket_receive(request, message, 5000) == ZEROMQ_CODE_OK);
  printf("%.6s\n", (const char *)zeromq_message_data(message, 0));
  zeromq_message_free(message);
  zeromq_socket_free(request);
  zmq_close(reply);
  zmq_ctx_term(context);
  return zeromq_shutdown();
}

#endif
