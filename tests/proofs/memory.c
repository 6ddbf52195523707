/* What happens if one allocation fails: memory SCENARIO FOLDER, with allocations.c
 * preloaded. Prints the number of allocations, and which calls returned an error.
 *
 * message   functions that allocate memory for the bytes of messages
 * sockets   sockets are opened, subscribe, connect and are closed
 * all       every type of the C API
 *
 * A call may fail with ZEROMQ_CODE_ZMQ (ENOMEM), and what depends on it may fail then. What
 * it returned OK for must be true. */

#include "../capi/check.h"
#include <unistd.h>

extern void allocations_begin(void);
extern long allocations_end(void);

static int failed;

/* True if a call has succeeded. Otherwise tells so. */
static int ok(const char *call, zeromq_code code) {
    if (code == ZEROMQ_CODE_OK)
        return 1;
    printf("%s %s: %s\n", call, zeromq_code_name(code), zeromq_last_error()->message);
    CHECK(code != ZEROMQ_CODE_PANIC);
    failed++;
    return 0;
}

static void *made(const char *call, void *object) {
    if (object == NULL)
        ok(call, zeromq_last_error()->code);
    return object;
}

#define OK(call) ok(#call, call)
#define MADE(call) made(#call, call)

enum { LARGE = 9000 };
static char large[LARGE];

/* Tells whether a message is what was sent. */
static int is_sent(zeromq_message *message, size_t size) {
    return zeromq_message_count(message) == 1 && zeromq_message_size(message, 0) == size &&
           memcmp(zeromq_message_data(message, 0), large, size) == 0;
}

/* Nothing is lost or wrong that was sent without an error. */
static void exchange(zeromq_socket *push, zeromq_socket *pull, zeromq_message *message) {
    static const size_t SIZES[] = {0, 20, LARGE};
    for (size_t i = 0; i < 3; i++) {
        if (OK(zeromq_socket_send(push, large, SIZES[i], 1000)) &&
            OK(zeromq_socket_receive(pull, message, 1000)))
            CHECK(is_sent(message, SIZES[i]));
    }
}

static void message(void) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "@inproc://memory");
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, ">inproc://memory");
    zeromq_message *message = zeromq_message_new(), *other = zeromq_message_new();
    zeromq_slice frames[] = {{large, LARGE}, {"x", 1}, {large, LARGE}};
    zeromq_frames messages[] = {{frames, 3}, {frames, 1}, {frames + 1, 2}};
    size_t sent;
    /* The first of them make tables. */
    exchange(push, pull, message);
    CHECK(!failed);
    allocations_begin();
    exchange(push, pull, message);
    OK(zeromq_message_clear(message));
    if (OK(zeromq_message_add(message, large, LARGE)))
        CHECK(is_sent(message, LARGE));
    size_t count = zeromq_message_count(message);
    if (OK(zeromq_message_prepend(message, large, LARGE)))
        count++;
    CHECK(zeromq_message_count(message) == count);
    if (OK(zeromq_message_copy(other, message)))
        CHECK(zeromq_message_count(other) == count);
    if (count > 0 && OK(zeromq_socket_send_message(push, message, 1000)) &&
        OK(zeromq_socket_receive(pull, other, 1000)))
        CHECK(zeromq_message_count(other) == count);
    if (OK(zeromq_socket_send_frames(push, frames, 3, 1000)) &&
        OK(zeromq_socket_receive(pull, other, 1000)))
        CHECK(zeromq_message_count(other) == 3 && zeromq_message_size(other, 2) == LARGE);
    OK(zeromq_socket_send_batch(push, messages, 3, &sent, 1000));
    /* What was refused before is no part of what was sent. */
    for (size_t i = 0; i < sent; i++)
        if (OK(zeromq_socket_receive(pull, other, 1000)))
            CHECK(zeromq_message_count(other) == messages[i].count);
    printf("allocations: %ld\n", allocations_end());
    CHECK(zeromq_socket_receive(pull, other, 0) == ZEROMQ_CODE_AGAIN);
    zeromq_message_free(message);
    zeromq_message_free(other);
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
}

static void sockets(void) {
    allocations_begin();
    zeromq_socket *publisher = MADE(zeromq_socket_new(ZEROMQ_PUBLISHER, NULL));
    zeromq_socket *subscriber = MADE(zeromq_socket_new(ZEROMQ_SUBSCRIBER, NULL));
    if (subscriber) {
        OK(zeromq_socket_subscribe(subscriber, "news", 4));
        OK(zeromq_socket_subscribe(subscriber, "nobody", 6));
    }
    if (publisher && subscriber && OK(zeromq_socket_bind(publisher, "inproc://news", NULL)))
        OK(zeromq_socket_connect(subscriber, "inproc://news"));
    zeromq_socket_free(publisher);
    zeromq_socket_free(subscriber);
    OK(zeromq_shutdown());
    printf("allocations: %ld\n", allocations_end());
}

static int32_t end_loop(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    (void)loop, (void)socket, (void)data;
    return 1;
}

/* Values, requests, pairs, loops and beacons. */
static void further(void) {
    zeromq_value items[] = {zeromq_value_string(large), zeromq_value_int(7)};
    zeromq_value list = zeromq_value_list(items, 2), got;
    zeromq_socket *one = NULL, *other = NULL;
    zeromq_codec *codec = MADE(zeromq_codec_new());
    zeromq_loop *loop = MADE(zeromq_loop_new());
    zeromq_beacon *beacon = MADE(zeromq_beacon_new(29779, "127.0.0.1"));
    zeromq_slice bytes;
    int64_t number;

    if (codec && OK(zeromq_codec_write(codec, ZEROMQ_JSON, &list, &bytes)) &&
        OK(zeromq_codec_read(codec, ZEROMQ_JSON, bytes.data, bytes.size, &got))) {
        CHECK(zeromq_value_get_int(zeromq_value_item(&got, 1), &number) == ZEROMQ_CODE_OK);
        CHECK(number == 7);
    }
    if (OK(zeromq_socket_new_pair(&one, &other))) {
        if (OK(zeromq_socket_send_value(one, &list, 1000)) &&
            OK(zeromq_socket_receive_value(other, &got, 1000)))
            CHECK(zeromq_value_count(&got) == 2);
        if (OK(zeromq_socket_signal(one, 1, 1000)))
            OK(zeromq_socket_wait_signal(other, NULL, 1000));
        if (loop && OK(zeromq_loop_timer(loop, 0, 1, end_loop, NULL, NULL)) &&
            OK(zeromq_loop_reader(loop, other, end_loop, NULL)))
            OK(zeromq_loop_start(loop, 1000));
    }
    if (beacon && OK(zeromq_beacon_subscribe(beacon, NULL, 0)))
        OK(zeromq_beacon_publish(beacon, "x", 1, 1000));
    zeromq_beacon_free(beacon);
    zeromq_loop_free(loop);
    zeromq_codec_free(codec);
    zeromq_socket_free(one);
    zeromq_socket_free(other);
}

static void all(const char *folder) {
    char endpoint[64], file[300];
    uint16_t port = 0, server = 0;
    size_t count;
    zeromq_poll_event event;
    zeromq_monitor_event happened = {.size = sizeof happened};
    const char *text;
    allocations_begin();
    zeromq_socket *pull = MADE(zeromq_socket_new(ZEROMQ_PULL, NULL));
    zeromq_socket *push = MADE(zeromq_socket_new(ZEROMQ_PUSH, NULL));
    zeromq_socket *publisher = MADE(zeromq_socket_new(ZEROMQ_PUBLISHER, "@inproc://news"));
    zeromq_socket *subscriber = MADE(zeromq_socket_new(ZEROMQ_SUBSCRIBER, ">inproc://news"));
    zeromq_message *message = MADE(zeromq_message_new());
    zeromq_monitor *monitor = pull ? MADE(zeromq_monitor_new(pull, NULL)) : NULL;
    zeromq_poller *poller = MADE(zeromq_poller_new());
    zeromq_authenticator *authenticator = MADE(zeromq_authenticator_new());
    zeromq_certificate *certificate = MADE(zeromq_certificate_new());
    zeromq_proxy *proxy = MADE(zeromq_proxy_new());
    if (pull && push && message && OK(zeromq_socket_bind(pull, "tcp://127.0.0.1:*", &port))) {
        snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", port);
        OK(zeromq_socket_set_int(push, "sndhwm", 10));
        OK(zeromq_socket_set_option(push, "linger", "0"));
        if (OK(zeromq_socket_connect(push, endpoint)))
            exchange(push, pull, message);
        OK(zeromq_socket_diagnose(push, &text));
        OK(zeromq_socket_get_option(pull, "last_endpoint", &text));
    }
    if (publisher && subscriber && OK(zeromq_socket_subscribe(subscriber, "", 0)))
        exchange(publisher, subscriber, message);
    if (monitor)
        OK(zeromq_monitor_next(monitor, &happened, 1000));
    if (poller && pull && OK(zeromq_poller_add(poller, pull, ZEROMQ_POLL_IN, NULL)) && push &&
        OK(zeromq_socket_send(push, "x", 1, 1000)))
        OK(zeromq_poller_wait(poller, &event, 1, &count, 1000));
    if (proxy && OK(zeromq_proxy_set_frontend(proxy, ZEROMQ_PULL, "inproc://front")))
        OK(zeromq_proxy_set_backend(proxy, ZEROMQ_PUSH, "inproc://back"));
    if (certificate) {
        snprintf(file, sizeof file, "%s/certificate", folder);
        OK(zeromq_certificate_set_meta(certificate, "name", "value"));
        if (OK(zeromq_certificate_save(certificate, file)))
            zeromq_certificate_free(MADE(zeromq_certificate_load(file)));
    }
    zeromq_socket *secured = MADE(zeromq_socket_new(ZEROMQ_REPLY, NULL));
    zeromq_socket *client = MADE(zeromq_socket_new(ZEROMQ_REQUEST, NULL));
    if (authenticator && certificate && secured && client && message &&
        OK(zeromq_authenticator_allow(authenticator, "127.0.0.1")) &&
        OK(zeromq_authenticator_curve(authenticator, NULL, NULL, 0)) &&
        OK(zeromq_socket_curve_server(secured, certificate, "memory")) &&
        OK(zeromq_certificate_public_key(certificate, &text)) &&
        OK(zeromq_socket_curve_client(client, certificate, text)) &&
        OK(zeromq_socket_bind(secured, "tcp://127.0.0.1:*", &server))) {
        snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", server);
        OK(zeromq_socket_set_int(client, "linger", 0));
        if (OK(zeromq_socket_connect(client, endpoint)) &&
            OK(zeromq_socket_send(client, large, LARGE, 1000)) &&
            OK(zeromq_socket_receive(secured, message, 1000)))
            CHECK(is_sent(message, LARGE));
    }
    further();
    zeromq_proxy_free(proxy);
    zeromq_poller_free(poller);
    zeromq_monitor_free(monitor);
    zeromq_certificate_free(certificate);
    zeromq_authenticator_free(authenticator);
    zeromq_message_free(message);
    zeromq_socket_free(secured);
    zeromq_socket_free(client);
    zeromq_socket_free(pull);
    zeromq_socket_free(push);
    zeromq_socket_free(publisher);
    zeromq_socket_free(subscriber);
    OK(zeromq_shutdown());
    printf("allocations: %ld\n", allocations_end());
}

int main(int count, char **arguments) {
    CHECK(count == 3);
    memset(large, 'm', LARGE - 1);
    if (strcmp(arguments[1], "message") == 0)
        message();
    else if (strcmp(arguments[1], "sockets") == 0)
        sockets();
    else
        all(arguments[2]);
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    return 0;
}
