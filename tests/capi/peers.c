/* Peers, their subscriptions, statistics, requests, numbered publications and signals. */

#include "check.h"
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int slice_is(zeromq_slice slice, const char *text) {
    return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

static zeromq_slice slice(const char *text) {
    zeromq_slice made = {text, strlen(text)};
    return made;
}

static void waiting(void) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "tcp://127.0.0.1:*");
    zeromq_socket *lonely = zeromq_socket_new(ZEROMQ_PUSH, NULL), *push;
    zeromq_socket_stats stats;
    zeromq_totals totals;
    const char *endpoint, *text;
    int32_t bound = 7;
    char copy[64];

    GIVES(OK, zeromq_socket_endpoint(pull, &endpoint));
    snprintf(copy, sizeof copy, "%s", endpoint);
    GIVES(AGAIN, zeromq_socket_wait_for_peers(pull, 1, 0));
    GIVES(AGAIN, zeromq_socket_wait_for_peers(pull, 1, 5));
    GIVES(ARGUMENT, zeromq_socket_wait_for_peers(lonely, 1, SOON));
    GIVES(ARGUMENT, zeromq_socket_wait_for_peers(pull, 1, -7));
    push = zeromq_socket_new(ZEROMQ_PUSH, copy);
    GIVES(OK, zeromq_socket_wait_for_peers(pull, 1, SOON));
    GIVES(OK, zeromq_socket_wait_for_peers(push, 1, SOON));
    GIVES(OK, zeromq_socket_send(push, "abc", 3, SOON));
    stats.size = 4;
    GIVES(ARGUMENT, zeromq_socket_count(push, &stats));
    GIVES(ARGUMENT, zeromq_socket_count(push, NULL));
    stats.size = sizeof stats;
    GIVES(OK, zeromq_socket_count(push, &stats));
    CHECK(stats.messages_sent == 1 && stats.frames_sent == 1 && stats.bytes_sent == 3);
    CHECK(stats.peers == 1 && stats.connections == 1 && stats.subscriptions == -1);
    CHECK(stats.messages_received == 0 && stats.dropped == 0 && stats.failures == 0);

    totals.size = 4;
    GIVES(ARGUMENT, zeromq_count(&totals));
    totals.size = sizeof totals;
    GIVES(OK, zeromq_count(&totals));
    CHECK(totals.sockets == 3 && totals.messages_sent >= 1 && totals.bytes_sent >= 3);
    GIVES(OK, zeromq_metrics(&text));
    CHECK(strstr(text, "zeromq_sent_messages_total{socket=") != NULL && strstr(text, copy) != NULL);
    CHECK(strcmp(text + strlen(text) - 6, "# EOF\n") == 0);
    GIVES(ARGUMENT, zeromq_metrics(NULL));

    GIVES(OK, zeromq_socket_connect(push, "inproc://elsewhere"));
    GIVES(OK, zeromq_socket_attached(push, 0, &text, &bound));
    CHECK(strcmp(text, copy) == 0 && bound == 0);
    GIVES(OK, zeromq_socket_attached(push, 1, &text, NULL));
    CHECK(strcmp(text, "inproc://elsewhere") == 0);
    GIVES(OK, zeromq_socket_attached(push, 2, &text, &bound));
    CHECK(text == NULL);
    GIVES(OK, zeromq_socket_attached(pull, 0, &text, &bound));
    CHECK(strcmp(text, copy) == 0 && bound == 1);
    GIVES(ARGUMENT, zeromq_socket_attached(pull, 0, NULL, &bound));

    zeromq_socket_free(push);
    zeromq_socket_free(pull);
    GIVES(CLOSED, zeromq_socket_wait_for_peers(pull, 1, SOON));
    GIVES(CLOSED, zeromq_socket_count(pull, &stats));
    zeromq_socket_free(lonely);
}

static void subscriptions(void) {
    zeromq_socket *publisher = zeromq_socket_new(ZEROMQ_PUBLISHER, "inproc://subscribers");
    zeromq_socket *subscriber = zeromq_socket_new(ZEROMQ_SUBSCRIBER, "inproc://subscribers");
    zeromq_socket *manual = zeromq_socket_new(ZEROMQ_XPUBLISHER, NULL), *other;
    zeromq_frames prefixes;
    zeromq_slice prefix, text;
    zeromq_socket_stats stats = {.size = sizeof stats};
    int32_t subscribed = 7;

    GIVES(AGAIN, zeromq_socket_wait_for_subscribers(publisher, 1, NULL, 0, 0));
    GIVES(UNSUPPORTED, zeromq_socket_wait_for_subscribers(subscriber, 1, NULL, 0, 0));
    GIVES(OK, zeromq_socket_subscribe(subscriber, "rain", 4));
    GIVES(OK, zeromq_socket_wait_for_subscribers(publisher, 1, NULL, 0, SOON));
    GIVES(OK, zeromq_socket_wait_for_subscribers(publisher, 1, "rain in Oslo", 12, SOON));
    GIVES(AGAIN, zeromq_socket_wait_for_subscribers(publisher, 1, "snow", 4, 0));
    GIVES(OK, zeromq_socket_count(publisher, &stats));
    CHECK(stats.subscriptions == 1);
    GIVES(OK, zeromq_socket_subscribe(subscriber, "", 0));
    GIVES(OK, zeromq_socket_subscriptions(subscriber, &prefixes));
    CHECK(prefixes.count == 2);
    CHECK(slice_is(prefixes.frames[0], "") || slice_is(prefixes.frames[1], ""));
    GIVES(ARGUMENT, zeromq_socket_subscriptions(subscriber, NULL));
    GIVES(OK, zeromq_socket_subscriptions(publisher, &prefixes));
    CHECK(prefixes.count == 0);

    GIVES(OPTION, zeromq_socket_accept_subscription(manual, "sun", 3));
    GIVES(OK, zeromq_socket_set_int(manual, "xpub_manual", 1));
    GIVES(OK, zeromq_socket_bind(manual, "inproc://manual", NULL));
    GIVES(AGAIN, zeromq_socket_receive_subscription(manual, &subscribed, &prefix, 0));
    other = zeromq_socket_new(ZEROMQ_SUBSCRIBER, ">inproc://manual");
    GIVES(OK, zeromq_socket_subscribe(other, "hail", 4));
    GIVES(ARGUMENT, zeromq_socket_receive_subscription(manual, NULL, &prefix, SOON));
    GIVES(OK, zeromq_socket_receive_subscription(manual, &subscribed, &prefix, SOON));
    CHECK(subscribed == 1 && slice_is(prefix, "hail"));
    GIVES(OK, zeromq_socket_accept_subscription(manual, "hail in P", 9));
    GIVES(OK, zeromq_socket_send(manual, "hail in Oslo", 12, SOON));
    GIVES(OK, zeromq_socket_send(manual, "hail in Pune", 12, SOON));
    GIVES(OK, zeromq_socket_receive_frame(other, &text, NULL, SOON));
    CHECK(slice_is(text, "hail in Pune"));
    GIVES(OK, zeromq_socket_reject_subscription(manual, "hail in P", 9));
    GIVES(OK, zeromq_socket_send(manual, "hail in Pune", 12, SOON));
    GIVES(AGAIN, zeromq_socket_receive_frame(other, &text, NULL, 20));
    GIVES(OK, zeromq_socket_unsubscribe(other, "hail", 4));
    GIVES(OK, zeromq_socket_receive_subscription(manual, &subscribed, &prefix, SOON));
    CHECK(subscribed == 0);
    zeromq_socket_free(other);
    zeromq_socket_free(manual);
    zeromq_socket_free(subscriber);
    zeromq_socket_free(publisher);
}

/* Answers two requests, and more that are sent again. */
static void *echo(void *socket) {
    zeromq_message *message = zeromq_message_new();
    for (int answered = 0; answered < 2; answered++) {
        GIVES(OK, zeromq_socket_receive(socket, message, SOON));
        GIVES(OK, zeromq_socket_send_message(socket, message, SOON));
    }
    while (zeromq_socket_receive(socket, message, 200) == ZEROMQ_CODE_OK)
        zeromq_socket_send_message(socket, message, 0);
    zeromq_message_free(message);
    return NULL;
}

static void requests(void) {
    zeromq_socket *silent = zeromq_socket_new(ZEROMQ_ROUTER, "tcp://127.0.0.1:*");
    zeromq_socket *reply_socket = zeromq_socket_new(ZEROMQ_REPLY, "tcp://127.0.0.1:*");
    zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, NULL);
    zeromq_slice frames[2] = {slice("a"), slice("question")};
    zeromq_frames reply = {0}, got;
    pthread_t thread;
    const char *endpoint;
    char first[64], second[64];
    int tries = 0;

    GIVES(OK, zeromq_socket_endpoint(silent, &endpoint));
    snprintf(first, sizeof first, "%s", endpoint);
    GIVES(OK, zeromq_socket_endpoint(reply_socket, &endpoint));
    snprintf(second, sizeof second, "%s", endpoint);
    GIVES(OK, zeromq_socket_connect(request, first));
    GIVES(UNSUPPORTED, zeromq_socket_request(silent, frames, 2, 1, NULL, &reply, 0));
    GIVES(ARGUMENT, zeromq_socket_request(request, frames, 0, 1, NULL, &reply, 0));
    GIVES(ARGUMENT, zeromq_socket_request(request, frames, 2, 0, NULL, &reply, 0));
    GIVES(ARGUMENT, zeromq_socket_request(request, frames, 2, 1, NULL, NULL, 0));
    GIVES(ENDPOINT, zeromq_socket_request(request, frames, 2, 1, "nowhere", &reply, 0));
    /* Nobody answers, so it is sent twice: once over each connection. */
    GIVES(OK, zeromq_socket_wait_for_peers(request, 1, SOON));
    GIVES(AGAIN, zeromq_socket_request(request, frames, 2, 2, NULL, &reply, 500));
    while (zeromq_socket_receive_frames(silent, &got, tries == 0 ? SOON : 0) == ZEROMQ_CODE_OK) {
        CHECK(got.count >= 4 && slice_is(got.frames[got.count - 1], "question"));
        tries++;
    }
    CHECK(tries >= 1 && tries <= 2);
    /* The other one answers, and the socket stays connected to it. */
    CHECK(pthread_create(&thread, NULL, echo, reply_socket) == 0);
    GIVES(OK, zeromq_socket_request(request, frames, 2, 1, second, &reply, 3000));
    CHECK(reply.count == 2 && slice_is(reply.frames[1], "question"));
    GIVES(OK, zeromq_socket_attached(request, 0, &endpoint, NULL));
    CHECK(strcmp(endpoint, second) == 0);
    GIVES(OK, zeromq_socket_request(request, frames, 2, 1, NULL, &reply, SOON));
    zeromq_socket_free(request);
    CHECK(pthread_join(thread, NULL) == 0);
    zeromq_socket_free(reply_socket);
    zeromq_socket_free(silent);
}

/* Asks for ever, unless somebody frees the socket. */
static void *ask(void *socket) {
    zeromq_slice frames[1] = {slice("question")};
    zeromq_frames reply;
    GIVES(CLOSED, zeromq_socket_request(socket, frames, 1, UINT32_MAX, NULL, &reply, 0));
    return NULL;
}

static void endless_requests(void) {
    zeromq_socket *silent = zeromq_socket_new(ZEROMQ_ROUTER, "tcp://127.0.0.1:*");
    zeromq_socket *request = zeromq_socket_new(ZEROMQ_REQUEST, NULL);
    const char *endpoint;
    pthread_t thread;

    GIVES(OK, zeromq_socket_endpoint(silent, &endpoint));
    GIVES(OK, zeromq_socket_connect(request, endpoint));
    CHECK(pthread_create(&thread, NULL, ask, request) == 0);
    while (zeromq_socket_type(request) != -1) /* it is not in the call yet */
        usleep(1000);
    GIVES(BUSY, zeromq_socket_close(request));
    zeromq_socket_free(request);
    CHECK(pthread_join(thread, NULL) == 0);
    zeromq_socket_free(silent);
}

static void numbers(void) {
    zeromq_socket *publisher = zeromq_socket_new(ZEROMQ_PUBLISHER, NULL);
    zeromq_socket *subscriber = zeromq_socket_new(ZEROMQ_SUBSCRIBER, NULL);
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, NULL);
    zeromq_slice message[2] = {slice("weather"), slice("rain")};
    zeromq_frames got;
    uint64_t missed = 7;

    GIVES(UNSUPPORTED, zeromq_socket_set_sequence(push, 1));
    GIVES(OK, zeromq_socket_set_int(subscriber, "rcvhwm", 1));
    GIVES(OK, zeromq_socket_set_int(publisher, "sndhwm", 1));
    GIVES(OK, zeromq_socket_bind(publisher, "inproc://numbers", NULL));
    GIVES(OK, zeromq_socket_connect(subscriber, "inproc://numbers"));
    GIVES(OK, zeromq_socket_subscribe(subscriber, "weather", 7));
    GIVES(OK, zeromq_socket_wait_for_subscribers(publisher, 1, NULL, 0, SOON));
    GIVES(OK, zeromq_socket_set_sequence(publisher, 1));
    GIVES(OK, zeromq_socket_set_sequence(subscriber, 1));
    GIVES(ARGUMENT, zeromq_socket_publish(publisher, message, 0, 0));
    GIVES(UNSUPPORTED, zeromq_socket_publish(subscriber, message, 2, 0));
    /* The queue holds two messages, so the rest of ten is lost. */
    for (int i = 0; i < 10; i++)
        GIVES(OK, zeromq_socket_publish(publisher, message, 2, SOON));
    GIVES(OK, zeromq_socket_receive_topic(subscriber, &got, SOON));
    CHECK(got.count == 2 && slice_is(got.frames[0], "weather") && slice_is(got.frames[1], "rain"));
    while (zeromq_socket_receive_topic(subscriber, &got, 0) == ZEROMQ_CODE_OK)
        CHECK(got.count == 2);
    GIVES(OK, zeromq_socket_missed(subscriber, &missed));
    CHECK(missed == 0);
    GIVES(OK, zeromq_socket_publish(publisher, message, 2, SOON));
    GIVES(OK, zeromq_socket_receive_topic(subscriber, &got, SOON));
    GIVES(OK, zeromq_socket_missed(subscriber, &missed));
    CHECK(missed > 0 && missed < 10);
    GIVES(ARGUMENT, zeromq_socket_missed(subscriber, NULL));
    GIVES(ARGUMENT, zeromq_socket_receive_topic(subscriber, NULL, 0));
    GIVES(AGAIN, zeromq_socket_receive_topic(subscriber, &got, 0));
    /* Without numbers, what was added is part of the message. */
    GIVES(OK, zeromq_socket_set_sequence(subscriber, 0));
    GIVES(OK, zeromq_socket_publish(publisher, message, 2, SOON));
    GIVES(OK, zeromq_socket_receive_topic(subscriber, &got, SOON));
    CHECK(got.count == 3 && got.frames[2].size == 20 && memcmp(got.frames[2].data, "SEQ1", 4) == 0);
    zeromq_socket_free(push);
    zeromq_socket_free(subscriber);
    zeromq_socket_free(publisher);
}

static void signals(void) {
    zeromq_socket *one = NULL, *other = NULL;
    zeromq_slice frame;
    uint8_t status = 7;

    GIVES(ARGUMENT, zeromq_socket_new_pair(&one, NULL));
    CHECK(one == NULL);
    GIVES(OK, zeromq_socket_new_pair(&one, &other));
    CHECK(zeromq_socket_type(one) == ZEROMQ_PAIR && zeromq_socket_type(other) == ZEROMQ_PAIR);
    GIVES(OK, zeromq_socket_send(one, "ignored", 7, SOON));
    GIVES(OK, zeromq_socket_signal(one, 3, SOON));
    GIVES(OK, zeromq_socket_signal(one, 255, SOON));
    GIVES(OK, zeromq_socket_wait_signal(other, &status, SOON));
    CHECK(status == 3);
    GIVES(OK, zeromq_socket_wait_signal(other, NULL, SOON));
    GIVES(AGAIN, zeromq_socket_wait_signal(other, &status, 0));
    GIVES(OK, zeromq_socket_send(other, "back", 4, SOON));
    GIVES(OK, zeromq_socket_receive_frame(one, &frame, NULL, SOON));
    CHECK(slice_is(frame, "back"));
    zeromq_socket_free(one);
    zeromq_socket_free(other);
}

static void streams(void) {
    zeromq_socket *server = zeromq_socket_new(ZEROMQ_STREAM, NULL), *push;
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct timeval limit = {0, 10000};
    int client = socket(AF_INET, SOCK_STREAM, 0);
    zeromq_frames got;
    uint16_t port;
    char id[256];
    size_t size;

    GIVES(OK, zeromq_socket_bind(server, "tcp://127.0.0.1:*", &port));
    GIVES(UNROUTABLE, zeromq_socket_close_peer(server, "nobody", 6, 0));
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    /* The server hears of the client. */
    GIVES(OK, zeromq_socket_receive_frames(server, &got, SOON));
    CHECK(got.count == 2 && got.frames[1].size == 0 && got.frames[0].size <= sizeof id);
    size = got.frames[0].size;
    memcpy(id, got.frames[0].data, size);
    GIVES(OK, zeromq_socket_close_peer(server, id, size, SOON));
    /* It ends during the calls that follow. */
    CHECK(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    for (int turn = 0; read(client, id, 1) != 0; turn++) {
        CHECK(turn < 2000);
        zeromq_socket_receive_frames(server, &got, 0);
    }
    close(client);
    zeromq_socket_free(server);
    push = zeromq_socket_new(ZEROMQ_PUSH, NULL);
    GIVES(UNSUPPORTED, zeromq_socket_close_peer(push, "id", 2, 0));
    zeromq_socket_free(push);
}

int main(void) {
    waiting();
    subscriptions();
    requests();
    endless_requests();
    numbers();
    signals();
    streams();
    return zeromq_shutdown();
}
