/* Forbidden uses: each returns an error code and does no harm. */

#include "check.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static zeromq_socket *waiting;
static zeromq_code waited;

static void stale(void) {
    zeromq_socket *socket = zeromq_socket_new(ZEROMQ_PULL, "inproc://stale"), *other;
    zeromq_message *message = zeromq_message_new();
    zeromq_certificate *certificate = zeromq_certificate_new();
    int32_t ready = 7;

    GIVES(OK, zeromq_socket_close(socket));
    GIVES(OK, zeromq_socket_close(socket));
    GIVES(CLOSED, zeromq_socket_receive(socket, message, SOON));
    CHECK(zeromq_socket_is_closed(socket) == 1);
    zeromq_socket_free(socket);
    zeromq_socket_free(socket);
    zeromq_socket_free(NULL);
    GIVES(CLOSED, zeromq_socket_close(socket));
    GIVES(CLOSED, zeromq_socket_receive(socket, message, SOON));
    CHECK(zeromq_socket_is_closed(socket) == 1 && zeromq_socket_type(socket) == -1);
    other = zeromq_socket_new(ZEROMQ_PULL, "inproc://stale");
    CHECK(other != socket);
    zeromq_socket_free(socket);
    CHECK(zeromq_socket_is_closed(other) == 0);

    GIVES(ARGUMENT, zeromq_socket_close(NULL));
    GIVES(ARGUMENT, zeromq_socket_close((zeromq_socket *)message));
    GIVES(ARGUMENT, zeromq_socket_receive(other, (zeromq_message *)other, 0));
    GIVES(ARGUMENT, zeromq_socket_close((zeromq_socket *)"no socket"));
    GIVES(ARGUMENT, zeromq_socket_can_receive(other, NULL));
    GIVES(CLOSED, zeromq_socket_can_receive(socket, &ready));
    CHECK(ready == 7);
    zeromq_message_free((zeromq_message *)other);
    zeromq_message_free((zeromq_message *)"no message");
    zeromq_poller_free((zeromq_poller *)other);
    zeromq_proxy_free(NULL);
    zeromq_monitor_free(NULL);
    zeromq_authenticator_free(NULL);
    zeromq_certificate_free(NULL);
    zeromq_certificate_free(certificate);
    zeromq_certificate_free(certificate);
    GIVES(CLOSED, zeromq_socket_curve_server(other, certificate, NULL));
    zeromq_message_free(message);
    GIVES(CLOSED, zeromq_message_add(message, "x", 1));
    CHECK(zeromq_message_count(message) == 0 && zeromq_message_data(message, 0) == NULL);
    zeromq_socket_free(other);
}

static int32_t nothing(zeromq_loop *loop, zeromq_socket *socket, void *data) {
    (void)loop, (void)socket, (void)data;
    return 0;
}

/* Handles of one type are none of another, and NULL is none at all. */
static void strangers(void) {
    zeromq_socket *socket = zeromq_socket_new(ZEROMQ_PAIR, NULL), *freed;
    zeromq_loop *loop = zeromq_loop_new();
    zeromq_codec *codec = zeromq_codec_new();
    zeromq_value value = zeromq_value_nil();
    zeromq_slice bytes;
    zeromq_frames frames;
    uint64_t missed;

    freed = zeromq_socket_new(ZEROMQ_PAIR, NULL);
    zeromq_socket_free(freed);
    GIVES(ARGUMENT, zeromq_loop_start((zeromq_loop *)socket, 0));
    GIVES(ARGUMENT, zeromq_loop_start(NULL, 0));
    GIVES(ARGUMENT, zeromq_loop_timer((zeromq_loop *)codec, 1, 1, nothing, NULL, NULL));
    GIVES(ARGUMENT, zeromq_loop_reader(loop, (zeromq_socket *)loop, nothing, NULL));
    GIVES(CLOSED, zeromq_loop_reader(loop, freed, nothing, NULL));
    GIVES(CLOSED, zeromq_loop_cancel(loop, freed));
    GIVES(ARGUMENT, zeromq_loop_stop((zeromq_loop *)"no loop"));
    GIVES(ARGUMENT, zeromq_codec_write((zeromq_codec *)loop, ZEROMQ_JSON, &value, &bytes));
    GIVES(ARGUMENT, zeromq_codec_read(NULL, ZEROMQ_JSON, "1", 1, &value));
    GIVES(ARGUMENT, zeromq_beacon_silence((zeromq_beacon *)socket));
    GIVES(ARGUMENT, zeromq_beacon_receive(NULL, NULL, &bytes, 0));
    GIVES(ARGUMENT, zeromq_socket_send_json((zeromq_socket *)loop, &value, 0));
    GIVES(CLOSED, zeromq_socket_send_json(freed, &value, 0));
    GIVES(CLOSED, zeromq_socket_receive_value(freed, &value, 0));
    GIVES(CLOSED, zeromq_socket_receive_topic(freed, &frames, 0));
    GIVES(CLOSED, zeromq_socket_missed(freed, &missed));
    GIVES(ARGUMENT, zeromq_socket_wait_for_peers(NULL, 1, 0));
    GIVES(ARGUMENT, zeromq_socket_signal((zeromq_socket *)codec, 1, 0));
    GIVES(ARGUMENT, zeromq_authenticator_ask((zeromq_authenticator *)socket, 1));
    GIVES(ARGUMENT, zeromq_proxy_set_faults((zeromq_proxy *)socket, NULL));
    zeromq_loop_free((zeromq_loop *)socket);
    zeromq_codec_free((zeromq_codec *)socket);
    zeromq_beacon_free((zeromq_beacon *)socket);
    CHECK(zeromq_socket_is_closed(socket) == 0);
    zeromq_loop_free(loop);
    zeromq_codec_free(codec);
    zeromq_socket_free(socket);
}

static void *wait_for_ever(void *unused) {
    zeromq_message *message = zeromq_message_new();
    waited = zeromq_socket_receive(waiting, message, ZEROMQ_FOREVER);
    zeromq_message_free(message);
    return unused;
}

/* A second thread is refused as long as the first one waits. */
static pthread_t begin(void) {
    pthread_t thread;
    zeromq_code code;

    waiting = zeromq_socket_new(ZEROMQ_PULL, "inproc://threads");
    CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
    do {
        int32_t ready;
        usleep(1000);
        code = zeromq_socket_can_receive(waiting, &ready);
    } while (code == ZEROMQ_CODE_OK);
    CHECK(code == ZEROMQ_CODE_BUSY);
    return thread;
}

static void threads(void) {
    pthread_t thread = begin();
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://threads");

    GIVES(BUSY, zeromq_socket_close(waiting));
    GIVES(BUSY, zeromq_socket_send(waiting, "x", 1, 0));
    CHECK(zeromq_socket_is_closed(waiting) == 0);
    /* It is freed when its call is over. */
    zeromq_socket_free(waiting);
    GIVES(CLOSED, zeromq_socket_close(waiting));
    GIVES(OK, zeromq_socket_send(push, "x", 1, SOON));
    CHECK(pthread_join(thread, NULL) == 0 && waited == ZEROMQ_CODE_OK);
    /* Its peer hears of it in a moment. */
    while (zeromq_socket_send(push, "x", 1, 0) == ZEROMQ_CODE_OK)
        usleep(1000);
    CHECK(zeromq_last_error()->code == ZEROMQ_CODE_AGAIN);
    zeromq_socket_free(push);
}

static zeromq_poller *polling;

static void *poll_once(void *unused) {
    zeromq_poll_event event;
    size_t count;
    waited = zeromq_poller_wait(polling, &event, 1, &count, ZEROMQ_FOREVER);
    return unused;
}

/* What a poller waits for is freed: it does not keep it. */
static void polled(void) {
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://polled");
    zeromq_poll_event event;
    pthread_t thread;
    zeromq_code code;
    size_t count;

    waiting = zeromq_socket_new(ZEROMQ_PULL, "inproc://polled");
    polling = zeromq_poller_new();
    GIVES(OK, zeromq_poller_add(polling, waiting, ZEROMQ_POLL_IN, NULL));
    CHECK(pthread_create(&thread, NULL, poll_once, NULL) == 0);
    do {
        int32_t ready;
        usleep(1000);
        code = zeromq_socket_can_receive(waiting, &ready);
    } while (code == ZEROMQ_CODE_OK);
    CHECK(code == ZEROMQ_CODE_BUSY);
    GIVES(BUSY, zeromq_poller_wait(polling, &event, 1, &count, 0));
    zeromq_socket_free(waiting);
    GIVES(OK, zeromq_socket_send(push, "x", 1, SOON));
    CHECK(pthread_join(thread, NULL) == 0 && waited == ZEROMQ_CODE_OK);
    GIVES(AGAIN, zeromq_poller_wait(polling, &event, 1, &count, 5));
    while (zeromq_socket_send(push, "x", 1, 0) == ZEROMQ_CODE_OK)
        usleep(1000);
    zeromq_poller_free(polling);
    zeromq_socket_free(push);
}

static void shut_down(void) {
    pthread_t thread = begin();
    zeromq_message *message = zeromq_message_new();

    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    CHECK(pthread_join(thread, NULL) == 0 && waited == ZEROMQ_CODE_TERMINATED);
    CHECK(zeromq_socket_receive(waiting, message, SOON) != ZEROMQ_CODE_OK);
    CHECK(zeromq_socket_is_closed(waiting) == 1);
    zeromq_socket_free(waiting);
    waiting = zeromq_socket_new(ZEROMQ_PULL, "inproc://threads");
    CHECK(waiting != NULL);
    zeromq_socket_free(waiting);
    zeromq_message_free(message);
}

static void forked(void) {
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://fork");
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://fork");
    zeromq_poller *poller = zeromq_poller_new();
    zeromq_message *message = zeromq_message_new();
    zeromq_proxy *proxy = zeromq_proxy_new();
    zeromq_monitor *monitor = zeromq_monitor_new(pull, NULL);
    zeromq_authenticator *authenticator = zeromq_authenticator_new();
    zeromq_beacon *beacon = zeromq_beacon_new((uint16_t)(30000 + getpid() % 10000), "127.0.0.1");
    zeromq_loop *loop = zeromq_loop_new();
    pthread_t thread = begin();
    int status;
    pid_t child;

    GIVES(OK, zeromq_poller_add(poller, pull, ZEROMQ_POLL_IN, NULL));
    GIVES(OK, zeromq_loop_reader(loop, pull, nothing, NULL));
    fflush(NULL);
    child = fork();
    if (child == 0) {
        zeromq_poll_event event;
        size_t count;
        GIVES(CLOSED, zeromq_socket_send(push, "x", 1, SOON));
        GIVES(CLOSED, zeromq_socket_receive(pull, message, SOON));
        GIVES(CLOSED, zeromq_poller_wait(poller, &event, 1, &count, SOON));
        GIVES(CLOSED, zeromq_proxy_pause(proxy));
        /* The thread that is in a call with this one does not exist here. */
        GIVES(CLOSED, zeromq_socket_receive(waiting, message, SOON));
        GIVES(OK, zeromq_socket_close(waiting));
        CHECK(zeromq_socket_is_closed(waiting) == 1);
        zeromq_socket_free(waiting);
        /* Closing and stopping again what is closed here does nothing. */
        CHECK(zeromq_socket_is_closed(push) == 1);
        GIVES(OK, zeromq_socket_close(push));
        GIVES(OK, zeromq_proxy_stop(proxy));
        GIVES(CLOSED, zeromq_beacon_publish(beacon, "x", 1, 0));
        GIVES(OK, zeromq_beacon_stop(beacon));
        zeromq_beacon_free(beacon);
        /* Its only socket is closed here. */
        GIVES(OK, zeromq_loop_start(loop, SOON));
        zeromq_loop_free(loop);
        GIVES(OK, zeromq_authenticator_stop(authenticator));
        zeromq_authenticator_free(authenticator);
        zeromq_poller_free(poller);
        zeromq_monitor_free(monitor);
        zeromq_proxy_free(proxy);
        zeromq_socket_free(push);
        zeromq_socket_free(pull);
        push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://fork");
        pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://fork");
        GIVES(OK, zeromq_socket_send(push, "child", 5, SOON));
        GIVES(OK, zeromq_socket_receive(pull, message, SOON));
        CHECK(frame_is(message, 0, "child"));
        CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
        /* What the parent's threads have is lost here, and no leak. */
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status));
    zeromq_socket *other = zeromq_socket_new(ZEROMQ_PUSH, "inproc://threads");
    GIVES(OK, zeromq_socket_send(other, "x", 1, SOON));
    CHECK(pthread_join(thread, NULL) == 0 && waited == ZEROMQ_CODE_OK);
    zeromq_socket_free(other);
    zeromq_socket_free(waiting);
    GIVES(OK, zeromq_socket_send(push, "parent", 6, SOON));
    GIVES(OK, zeromq_socket_receive(pull, message, SOON));
    CHECK(frame_is(message, 0, "parent"));
    zeromq_authenticator_free(authenticator);
    zeromq_monitor_free(monitor);
    zeromq_proxy_free(proxy);
    zeromq_poller_free(poller);
    zeromq_loop_free(loop);
    zeromq_beacon_free(beacon);
    zeromq_message_free(message);
    zeromq_socket_free(push);
    zeromq_socket_free(pull);
}

int main(void) {
    CHECK(zeromq_last_error() == NULL);
    stale();
    strangers();
    threads();
    polled();
    shut_down();
    forked();
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    return 0;
}
