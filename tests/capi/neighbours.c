/* The library next to another libzmq, czmq, and a second copy of itself: each talks to
 * itself, and they talk to each other. */

#include "check.h"
#include <czmq.h>
#include <dlfcn.h>

typedef zeromq_socket *new_socket(int32_t, const char *);
typedef zeromq_code send_bytes(zeromq_socket *, const void *, size_t, int32_t);
typedef void free_socket(zeromq_socket *);
typedef zeromq_code end(void);

int main(int count, char **arguments) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "tcp://127.0.0.1:*");
    zeromq_message *message = zeromq_message_new();
    const char *endpoint;
    char place[64];
    zsock_t *sock;
    void *copy, *context, *raw;

    CHECK(count == 2);
    GIVES(OK, zeromq_socket_endpoint(pull, &endpoint));
    snprintf(place, sizeof place, "%s", endpoint);

    sock = zsock_new_push(place);
    CHECK(sock && zstr_send(sock, "czmq") == 0);
    GIVES(OK, zeromq_socket_receive(pull, message, SOON));
    CHECK(frame_is(message, 0, "czmq"));

    context = zmq_ctx_new();
    raw = zmq_socket(context, ZMQ_PUSH);
    CHECK(zmq_connect(raw, place) == 0 && zmq_send(raw, "libzmq", 6, 0) == 6);
    GIVES(OK, zeromq_socket_receive(pull, message, SOON));
    CHECK(frame_is(message, 0, "libzmq"));

    copy = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(copy != NULL);
    {
        new_socket *new = (new_socket *)dlsym(copy, "zeromq_socket_new");
        send_bytes *send = (send_bytes *)dlsym(copy, "zeromq_socket_send");
        free_socket *release = (free_socket *)dlsym(copy, "zeromq_socket_free");
        end *shutdown = (end *)dlsym(copy, "zeromq_shutdown");
        zeromq_socket *push;
        CHECK(new && new != zeromq_socket_new);
        /* Each copy has sockets of its own. */
        CHECK(send(pull, "x", 1, 0) != ZEROMQ_CODE_OK);
        push = new (ZEROMQ_PUSH, place);
        CHECK(push && send(push, "copy", 4, SOON) == ZEROMQ_CODE_OK);
        GIVES(OK, zeromq_socket_receive(pull, message, SOON));
        CHECK(frame_is(message, 0, "copy"));
        release(push);
        CHECK(shutdown() == ZEROMQ_CODE_OK);
    }
    CHECK(zmq_close(raw) == 0 && zmq_ctx_term(context) == 0);
    zsock_destroy(&sock);
    zsys_shutdown();
    zeromq_message_free(message);
    zeromq_socket_free(pull);
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    puts("no clash");
    return 0;
}
