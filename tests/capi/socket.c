/* Sockets and their options. */

#include "check.h"

static void endpoints(void) {
    zeromq_socket *reply = zeromq_socket_new(ZEROMQ_REPLY, NULL);
    zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, NULL);
    const char *endpoint = "unchanged";
    char place[64];
    uint16_t port = 7;

    GIVES(OK, zeromq_socket_endpoint(reply, &endpoint));
    CHECK(endpoint == NULL);
    GIVES(ENDPOINT, zeromq_socket_bind(reply, "nonsense", &port));
    CHECK(port == 7 && strstr(zeromq_last_error()->message, "nonsense"));
    GIVES(ARGUMENT, zeromq_socket_bind(reply, NULL, &port));
    GIVES(ARGUMENT, zeromq_socket_bind(reply, "tcp://\xff", &port));
    GIVES(OK, zeromq_socket_bind(reply, "tcp://127.0.0.1:*", &port));
    CHECK(port >= 49152);
    GIVES(OK, zeromq_socket_endpoint(reply, &endpoint));
    snprintf(place, sizeof place, "tcp://127.0.0.1:%d", port);
    CHECK(strcmp(endpoint, place) == 0);
    GIVES(OK, zeromq_socket_connect(request, endpoint));
    GIVES(OK, zeromq_socket_disconnect(request, place));
    GIVES(ENDPOINT, zeromq_socket_disconnect(request, place));
    GIVES(OK, zeromq_socket_unbind(reply, place));
    GIVES(OK, zeromq_socket_attach(reply, "@inproc://endpoints"));
    CHECK(zeromq_socket_type(reply) == ZEROMQ_REPLY);
    CHECK(zeromq_socket_new(12, NULL) == NULL && zeromq_socket_new(-1, NULL) == NULL);
    CHECK(zeromq_socket_new(ZEROMQ_REQUEST, "nonsense") == NULL);
    CHECK(zeromq_last_error()->code == ZEROMQ_CODE_ENDPOINT);
    zeromq_socket_free(request);
    zeromq_socket_free(reply);
}

static int has(const char *text, const char *part) {
    return strstr(text, part) != NULL;
}

static void diagnosis(void) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, NULL);
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "tcp://127.0.0.1:1");
    zeromq_socket *same = zeromq_socket_new(ZEROMQ_PULL, NULL);
    const char *text = NULL;

    GIVES(OK, zeromq_socket_diagnose(pull, &text));
    CHECK(strcmp(text, "no endpoint yet: bind or connect it first") == 0);
    GIVES(OK, zeromq_socket_diagnose(push, &text));
    CHECK(has(text, "no peer; connecting to tcp://127.0.0.1:1 for "));
    CHECK(has(text, "connection refused"));
    GIVES(OK, zeromq_socket_attach(pull, "@inproc://diagnosis"));
    GIVES(OK, zeromq_socket_connect(same, "inproc://diagnosis"));
    GIVES(OK, zeromq_socket_diagnose(same, &text));
    CHECK(has(text, "1 peer; the peer at inproc://diagnosis is a PULL and this socket a PULL"));
    GIVES(ARGUMENT, zeromq_socket_diagnose(same, NULL));
    GIVES(ARGUMENT, zeromq_socket_diagnose(NULL, &text));
    GIVES(OK, zeromq_socket_close(same));
    text = NULL;
    GIVES(CLOSED, zeromq_socket_diagnose(same, &text));
    CHECK(text == NULL);
    zeromq_socket_free(same);
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
}

static void messages(void) {
    zeromq_socket *reply = zeromq_socket_new(ZEROMQ_REPLY, "tcp://127.0.0.1:*");
    zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, NULL);
    zeromq_message *message = zeromq_message_new();
    zeromq_slice frames[2] = {{"a", 1}, {NULL, 0}};
    const char *text;
    int32_t ready = 7;

    GIVES(OK, zeromq_socket_endpoint(reply, &text));
    GIVES(OK, zeromq_socket_connect(request, text));
    GIVES(AGAIN, zeromq_socket_receive(reply, message, 0));
    GIVES(AGAIN, zeromq_socket_receive(reply, message, 5));
    GIVES(STATE, zeromq_socket_receive(request, message, SOON));
    GIVES(ARGUMENT, zeromq_socket_receive(reply, message, -3));
    GIVES(ARGUMENT, zeromq_socket_send_frames(request, frames, 0, SOON));
    GIVES(ARGUMENT, zeromq_socket_send_frames(request, NULL, 2, SOON));
    GIVES(OK, zeromq_socket_send_frames(request, frames, 2, SOON));
    GIVES(STATE, zeromq_socket_send(request, "b", 1, 0));
    GIVES(OK, zeromq_socket_receive(reply, message, SOON));
    CHECK(zeromq_message_count(message) == 2 && frame_is(message, 0, "a"));
    GIVES(OK, zeromq_message_property(message, 0, "Peer-Address", &text));
    CHECK(strcmp(text, "127.0.0.1") == 0);
    GIVES(OK, zeromq_socket_send_message(reply, message, SOON));
    GIVES(ARGUMENT, zeromq_socket_send_message(reply, message, SOON));
    GIVES(OK, zeromq_socket_receive(request, message, ZEROMQ_USUAL));
    CHECK(zeromq_message_count(message) == 2);
    GIVES(OK, zeromq_socket_can_send(request, &ready));
    CHECK(ready == 1);
    GIVES(OK, zeromq_socket_can_receive(request, &ready));
    CHECK(ready == 0);
    GIVES(UNSUPPORTED, zeromq_socket_subscribe(request, "x", 1));
    zeromq_message_free(message);
    zeromq_socket_free(request);
    zeromq_socket_free(reply);
}

static void options(void) {
    zeromq_socket *dealer = zeromq_socket_new(ZEROMQ_DEALER, NULL);
    zeromq_slice bytes = {NULL, 7};
    const char *text;
    int64_t number = 7;

    GIVES(OK, zeromq_socket_set_int(dealer, "sndhwm", 10));
    GIVES(OK, zeromq_socket_get_int(dealer, "sndhwm", &number));
    CHECK(number == 10);
    GIVES(OPTION, zeromq_socket_set_int(dealer, "sndhwn", 10));
    CHECK(strstr(zeromq_last_error()->message, "sndhwm"));
    GIVES(OPTION, zeromq_socket_set_int(dealer, "sndhwm", -10));
    GIVES(OPTION, zeromq_socket_get_int(dealer, "routing_id", &number));
    CHECK(number == 10);
    GIVES(OK, zeromq_socket_set_bytes(dealer, "routing_id", "a\0b", 3));
    GIVES(OK, zeromq_socket_get_bytes(dealer, "routing_id", &bytes));
    CHECK(bytes.size == 3 && memcmp(bytes.data, "a\0b", 4) == 0);
    GIVES(OPTION, zeromq_socket_get_option(dealer, "routing_id", &text));
    GIVES(OPTION, zeromq_socket_get_bytes(dealer, "sndhwm", &bytes));
    GIVES(OK, zeromq_socket_set_option(dealer, "rcvhwm", "20"));
    GIVES(OK, zeromq_socket_get_option(dealer, "rcvhwm", &text));
    CHECK(strcmp(text, "20") == 0);
    GIVES(OK, zeromq_socket_set_option(dealer, "ipv6", "yes"));
    GIVES(OK, zeromq_socket_get_int(dealer, "ipv6", &number));
    CHECK(number == 1);
    GIVES(OK, zeromq_socket_set_option(dealer, "routing_id", "me"));
    GIVES(OK, zeromq_socket_get_option(dealer, "routing_id", &text));
    CHECK(strcmp(text, "me") == 0);
    GIVES(ARGUMENT, zeromq_socket_set_option(dealer, "rcvhwm", "many"));
    GIVES(ARGUMENT, zeromq_socket_set_option(dealer, "ipv6", "perhaps"));
    GIVES(ARGUMENT, zeromq_socket_set_int(dealer, NULL, 1));
    GIVES(OK, zeromq_socket_set_int(dealer, "rcvtimeo", 5));
    zeromq_socket_free(dealer);
}

static void library(void) {
    char version[32];
    int64_t number = 7;

    snprintf(version, sizeof version, "%d.%d.%d", ZEROMQ_VERSION_MAJOR, ZEROMQ_VERSION_MINOR,
             ZEROMQ_VERSION_PATCH);
    CHECK(strcmp(version, zeromq_version()) == 0);
    CHECK(strncmp(zeromq_libzmq_version(), "4.", 2) == 0);
    CHECK(zeromq_has("curve") == 1 && zeromq_has("nonsense") == 0 && zeromq_has(NULL) == 0);
    CHECK(strcmp(zeromq_code_name(ZEROMQ_CODE_AGAIN), "ZEROMQ_CODE_AGAIN") == 0);
    CHECK(strcmp(zeromq_code_name(-1), "unknown") == 0);
    GIVES(ARGUMENT, zeromq_context_set("io_threads", -1));
    GIVES(ARGUMENT, zeromq_context_set("nonsense", 1));
    GIVES(OK, zeromq_context_set("io_threads", 2));
    GIVES(OK, zeromq_context_get("IO_THREADS", &number));
    CHECK(number == 2);
    GIVES(ARGUMENT, zeromq_context_get("nonsense", &number));
    GIVES(ARGUMENT, zeromq_context_get("io_threads", NULL));
    GIVES(OK, zeromq_default_set("sndhwm", 77));
    GIVES(ARGUMENT, zeromq_default_set("sndhwm", -77));
}

int main(void) {
    zeromq_socket *socket;
    int64_t number;

    library();
    socket = zeromq_socket_new(ZEROMQ_PUSH, NULL);
    GIVES(ZMQ, zeromq_context_set("io_threads", 1));
    GIVES(OK, zeromq_socket_get_int(socket, "sndhwm", &number));
    CHECK(number == 77);
    zeromq_socket_free(socket);
    endpoints();
    diagnosis();
    messages();
    options();
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    return 0;
}
