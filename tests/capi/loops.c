/* Loops, beacons, faults of proxies, and decisions of the authenticator. */

#include "check.h"
#include <pthread.h>
#include <unistd.h>

static int ticks, received, written;
static zeromq_loop *running;

static int32_t tick(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    CHECK(loop == running && socket == NULL && data == &ticks);
    ticks++;
    return 0;
}

static int32_t end(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    (void)loop, (void)socket, (void)data;
    return 1;
}

static int32_t receive(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    zeromq_slice frame;
    CHECK(loop == running && data == &received);
    GIVES(OK, zeromq_socket_receive_frame(socket, &frame, NULL, 0));
    return ++received == 3;
}

static int32_t write_once(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    CHECK(data == NULL);
    GIVES(OK, zeromq_socket_send(socket, "x", 1, 0));
    if (++written == 3)
        GIVES(OK, zeromq_loop_cancel(loop, socket));
    return 0;
}

static int32_t read_pipe(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    char byte;
    int descriptor = *(int *)data;
    CHECK(socket == NULL && read(descriptor, &byte, 1) == 1);
    GIVES(OK, zeromq_loop_cancel_descriptor(loop, descriptor));
    return 0;
}

static int32_t free_both(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    (void)data;
    zeromq_socket_free(socket);
    zeromq_loop_free(loop);
    return 0;
}

static int32_t free_socket(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    (void)loop, (void)data;
    zeromq_socket_free(socket);
    return 0;
}

static int32_t again(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    (void)socket, (void)data;
    GIVES(ARGUMENT, zeromq_loop_start(loop, 0));
    GIVES(OK, zeromq_loop_stop(loop));
    return 0;
}

static void loops(void) {
    zeromq_socket *one, *other, *pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://loops");
    int64_t id = 0;
    int ends[2];

    GIVES(OK, zeromq_socket_new_pair(&one, &other));
    running = zeromq_loop_new();
    GIVES(OK, zeromq_loop_start(running, ZEROMQ_FOREVER)); /* there is nothing to do */
    GIVES(ARGUMENT, zeromq_loop_timer(running, 1, 1, NULL, NULL, &id));
    GIVES(OK, zeromq_loop_timer(running, 1, 3, tick, &ticks, NULL));
    GIVES(OK, zeromq_loop_start(running, SOON));
    CHECK(ticks == 3);
    /* A handler frees its own socket, and the timer goes on. */
    GIVES(OK, zeromq_socket_send(one, "x", 1, SOON));
    GIVES(OK, zeromq_loop_reader(running, other, free_socket, NULL));
    GIVES(OK, zeromq_loop_timer(running, 1, 3, tick, &ticks, NULL));
    GIVES(OK, zeromq_loop_start(running, SOON));
    CHECK(ticks == 6);
    ticks = 3;
    zeromq_socket_free(one);
    GIVES(OK, zeromq_socket_new_pair(&one, &other));
    GIVES(OK, zeromq_loop_timer(running, 3600000, 0, tick, &ticks, &id));
    CHECK(id == 3);
    GIVES(AGAIN, zeromq_loop_start(running, 5));
    GIVES(ARGUMENT, zeromq_loop_start(running, -7));
    GIVES(OK, zeromq_loop_cancel_timer(running, id));
    GIVES(OK, zeromq_loop_cancel_timer(running, id));

    GIVES(UNSUPPORTED, zeromq_loop_writer(running, pull, end, NULL));
    GIVES(ARGUMENT, zeromq_loop_reader(running, NULL, end, NULL));
    GIVES(OK, zeromq_loop_reader(running, other, receive, &received));
    GIVES(OK, zeromq_loop_writer(running, one, write_once, NULL));
    GIVES(OK, zeromq_loop_start(running, SOON));
    CHECK(received == 3 && written == 3 && ticks == 3);
    GIVES(OK, zeromq_loop_cancel(running, other));

    CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    GIVES(ARGUMENT, zeromq_loop_descriptor(running, -1, ZEROMQ_POLL_IN, read_pipe, NULL));
    GIVES(ARGUMENT, zeromq_loop_descriptor(running, ends[0], 0, read_pipe, NULL));
    GIVES(OK, zeromq_loop_descriptor(running, ends[0], ZEROMQ_POLL_IN, read_pipe, &ends[0]));
    GIVES(OK, zeromq_loop_start(running, SOON));
    close(ends[0]);
    close(ends[1]);

    GIVES(OK, zeromq_loop_timer(running, 0, 0, again, NULL, &id));
    GIVES(OK, zeromq_loop_start(running, SOON));
    GIVES(OK, zeromq_loop_cancel_timer(running, id));

    /* A function may free what calls it. */
    GIVES(OK, zeromq_socket_send(one, "x", 1, SOON));
    GIVES(OK, zeromq_loop_reader(running, other, free_both, NULL));
    GIVES(OK, zeromq_loop_start(running, SOON));
    GIVES(CLOSED, zeromq_loop_start(running, 0));
    GIVES(CLOSED, zeromq_socket_send(other, "x", 1, 0));
    zeromq_loop_free(running);
    zeromq_loop_free(NULL);
    zeromq_socket_free(one);
    zeromq_socket_free(pull);
}

/* Whoever asks whether it waits already may be in its way. */
static void *start(void *loop) {
    zeromq_code code;
    do
        code = zeromq_loop_start(loop, 6 * SOON);
    while (code == ZEROMQ_CODE_BUSY);
    return (void *)(intptr_t)code;
}

/* Other threads stop, change and free what a loop waits for. */
static void threads(void) {
    zeromq_socket *one, *other;
    pthread_t thread;
    void *code;

    for (int way = 0; way < 4; way++) {
        GIVES(OK, zeromq_socket_new_pair(&one, &other));
        running = zeromq_loop_new();
        GIVES(OK, zeromq_loop_reader(running, one, end, NULL));
        CHECK(pthread_create(&thread, NULL, start, running) == 0);
        /* Once it waits, its socket is in use. */
        while (zeromq_socket_type(one) != -1 && zeromq_socket_send(one, "", 0, 0) != ZEROMQ_CODE_BUSY)
            usleep(1000);
        if (way == 0)
            GIVES(OK, zeromq_loop_stop(running));
        else if (way == 1)
            zeromq_loop_free(running);
        else if (way == 2)
            zeromq_socket_free(one);
        else
            GIVES(OK, zeromq_loop_timer(running, 0, 1, end, NULL, NULL));
        CHECK(pthread_join(thread, &code) == 0 && (intptr_t)code == ZEROMQ_CODE_OK);
        zeromq_loop_free(running);
        zeromq_socket_free(one);
        zeromq_socket_free(other);
    }
}

static void *listen_to(void *beacon) {
    zeromq_slice bytes;
    zeromq_code code;
    do
        code = zeromq_beacon_receive(beacon, NULL, &bytes, 6 * SOON);
    while (code == ZEROMQ_CODE_BUSY);
    return (void *)(intptr_t)code;
}

static void beacons(void) {
    /* Ports that the system does not give to others; several programs may share one. */
    uint16_t port = (uint16_t)(20000 + getpid() % 10000);
    zeromq_beacon *one = zeromq_beacon_new(port, "127.0.0.1");
    zeromq_beacon *other = zeromq_beacon_new(port, "127.0.0.1");
    const char *address;
    zeromq_slice bytes;
    pthread_t thread;
    void *code;

    CHECK(zeromq_beacon_new(0, NULL) == NULL);
    CHECK(zeromq_last_error()->code == ZEROMQ_CODE_ARGUMENT);
    CHECK(zeromq_beacon_new(port, "no such interface") == NULL);
    CHECK(zeromq_last_error()->code == ZEROMQ_CODE_ENDPOINT);
    GIVES(OK, zeromq_beacon_hostname(one, &address));
    CHECK(strcmp(address, "127.0.0.1") == 0);
    GIVES(AGAIN, zeromq_beacon_receive(one, &address, &bytes, 0));
    GIVES(OK, zeromq_beacon_subscribe(one, "shop ", 5));
    GIVES(ARGUMENT, zeromq_beacon_publish(other, "", 0, 10));
    GIVES(ARGUMENT, zeromq_beacon_publish(other, SOON ? NULL : "", 3, 10));
    GIVES(OK, zeromq_beacon_publish(other, "shop 5555", 9, 10));
    GIVES(OK, zeromq_beacon_receive(one, &address, &bytes, SOON));
    CHECK(bytes.size == 9 && strcmp(bytes.data, "shop 5555") == 0);
    CHECK(strcmp(address, "127.0.0.1") == 0);
    GIVES(ARGUMENT, zeromq_beacon_receive(one, &address, NULL, 0));
    GIVES(OK, zeromq_beacon_unsubscribe(one));
    GIVES(AGAIN, zeromq_beacon_receive(one, NULL, &bytes, 30));
    GIVES(OK, zeromq_beacon_silence(other));
    GIVES(OK, zeromq_beacon_stop(other));
    GIVES(OK, zeromq_beacon_stop(other));
    GIVES(CLOSED, zeromq_beacon_publish(other, "x", 1, 0));
    GIVES(CLOSED, zeromq_beacon_receive(other, NULL, &bytes, SOON));
    zeromq_beacon_free(other);
    GIVES(CLOSED, zeromq_beacon_silence(other));

    /* Another thread frees a beacon that waits. */
    CHECK(pthread_create(&thread, NULL, listen_to, one) == 0);
    while (zeromq_beacon_silence(one) != ZEROMQ_CODE_BUSY)
        usleep(1000);
    zeromq_beacon_free(one);
    CHECK(pthread_join(thread, &code) == 0 && (intptr_t)code == ZEROMQ_CODE_CLOSED);
    zeromq_beacon_free(NULL);
}

static void faults(void) {
    zeromq_proxy *proxy = zeromq_proxy_new();
    zeromq_proxy_faults faults = {.size = sizeof faults, .duplicate = 1, .seed = 3};
    zeromq_socket *push, *pull;
    zeromq_slice frame;

    GIVES(OK, zeromq_proxy_set_frontend(proxy, ZEROMQ_PULL, "inproc://faults-in"));
    GIVES(OK, zeromq_proxy_set_backend(proxy, ZEROMQ_PUSH, "inproc://faults-out"));
    push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://faults-in");
    pull = zeromq_socket_new(ZEROMQ_PULL, ">inproc://faults-out");
    GIVES(OK, zeromq_proxy_set_faults(proxy, &faults));
    GIVES(OK, zeromq_socket_send(push, "twice", 5, SOON));
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, NULL, SOON));
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, NULL, SOON));
    GIVES(OK, zeromq_proxy_set_faults(proxy, NULL));
    GIVES(OK, zeromq_socket_send(push, "once", 4, SOON));
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, NULL, SOON));
    CHECK(frame.size == 4);
    GIVES(AGAIN, zeromq_socket_receive_frame(pull, &frame, NULL, 20));
    faults.drop = 2;
    GIVES(ARGUMENT, zeromq_proxy_set_faults(proxy, &faults));
    faults.size = 4;
    GIVES(ARGUMENT, zeromq_proxy_set_faults(proxy, &faults));
    zeromq_proxy_free(proxy);
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
}

static void decisions(void) {
    zeromq_authenticator *one = zeromq_authenticator_new();
    zeromq_socket *server = zeromq_socket_new(ZEROMQ_PULL, NULL), *client;
    zeromq_client asked = {.size = sizeof asked};
    zeromq_decision decision = {.size = sizeof decision};
    zeromq_slice frame;
    const char *endpoint;

    GIVES(AGAIN, zeromq_authenticator_decision(one, 0, &decision));
    GIVES(OK, zeromq_authenticator_ask(one, 1));
    GIVES(AGAIN, zeromq_authenticator_question(one, &asked, 0));
    GIVES(AGAIN, zeromq_authenticator_question(one, &asked, 5));
    GIVES(ARGUMENT, zeromq_authenticator_answer(one, 1));
    GIVES(ARGUMENT, zeromq_authenticator_question(one, NULL, 0));
    GIVES(OK, zeromq_socket_plain_server(server, "tests"));
    GIVES(OK, zeromq_socket_bind(server, "tcp://127.0.0.1:*", NULL));
    GIVES(OK, zeromq_socket_endpoint(server, &endpoint));
    for (int accept = 0; accept < 2; accept++) {
        client = zeromq_socket_new(ZEROMQ_PUSH, NULL);
        GIVES(OK, zeromq_socket_plain_client(client, "me", "secret"));
        GIVES(OK, zeromq_socket_set_int(client, "reconnect_ivl", -1));
        GIVES(OK, zeromq_socket_endpoint(server, &endpoint));
        GIVES(OK, zeromq_socket_connect(client, endpoint));
        GIVES(OK, zeromq_authenticator_question(one, &asked, SOON));
        CHECK(strcmp(asked.address, "127.0.0.1") == 0 && strcmp(asked.mechanism, "PLAIN") == 0);
        CHECK(strcmp(asked.domain, "tests") == 0 && strcmp(asked.user, "me") == 0);
        CHECK(asked.known == 0 && strcmp(asked.password, "secret") == 0 && asked.reason != NULL);
        GIVES(OK, zeromq_authenticator_answer(one, accept));
        if (accept) {
            GIVES(OK, zeromq_socket_send(client, "in", 2, SOON));
            GIVES(OK, zeromq_socket_receive_frame(server, &frame, NULL, SOON));
        }
        /* Refused clients are noted before others are asked about. */
        while (zeromq_authenticator_decision(one, (size_t)accept, &decision) == ZEROMQ_CODE_AGAIN)
            usleep(1000);
        GIVES(OK, zeromq_authenticator_decision(one, 0, &decision));
        CHECK(decision.accepted == accept && strcmp(decision.user, "me") == 0);
        CHECK(strcmp(decision.domain, "tests") == 0 && decision.reason[0] != '\0');
        zeromq_socket_free(client);
    }
    GIVES(OK, zeromq_authenticator_ask(one, 0));
    asked.size = 4;
    GIVES(ARGUMENT, zeromq_authenticator_question(one, &asked, 0));
    decision.size = 4;
    GIVES(ARGUMENT, zeromq_authenticator_decision(one, 0, &decision));
    GIVES(OK, zeromq_authenticator_stop(one));
    asked.size = sizeof asked;
    GIVES(SECURITY, zeromq_authenticator_question(one, &asked, SOON));
    GIVES(SECURITY, zeromq_authenticator_ask(one, 1));
    zeromq_authenticator_free(one);
    zeromq_socket_free(server);
}

int main(void) {
    loops();
    threads();
    beacons();
    faults();
    decisions();
    return zeromq_shutdown();
}
