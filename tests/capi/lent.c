/* Frames that are lent, batches, memory that is sent without a message, and objects that
 * go from thread to thread. */

#include "check.h"
#include <pthread.h>
#include <sys/mman.h>

static int is(zeromq_slice slice, const char *text) {
    return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

static zeromq_slice slice(const char *text) {
    zeromq_slice slice;
    slice.data = text;
    slice.size = strlen(text);
    return slice;
}

static void frames(void) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://lent");
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://lent");
    zeromq_slice sent[3], frame;
    zeromq_frames message;
    int32_t more = 7;

    sent[0] = slice("one");
    sent[1].data = NULL;
    sent[1].size = 0;
    sent[2] = slice("three, which is too long for a short message in libzmq");
    GIVES(OK, zeromq_socket_send_frames(push, sent, 3, SOON));
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, &more, SOON));
    CHECK(is(frame, "one") && more == 1);
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, NULL, SOON));
    CHECK(frame.size == 0);
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, &more, SOON));
    CHECK(is(frame, sent[2].data) && more == 0);

    GIVES(OK, zeromq_socket_send_frames(push, sent, 3, SOON));
    GIVES(OK, zeromq_socket_receive_frames(pull, &message, SOON));
    CHECK(message.count == 3 && is(message.frames[0], "one"));
    CHECK(message.frames[1].size == 0 && is(message.frames[2], sent[2].data));
    /* What is left of a message is a message. */
    GIVES(OK, zeromq_socket_send_frames(push, sent, 3, SOON));
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, &more, SOON));
    GIVES(OK, zeromq_socket_receive_frames(pull, &message, SOON));
    CHECK(message.count == 2 && is(message.frames[1], sent[2].data));

    GIVES(AGAIN, zeromq_socket_receive_frame(pull, &frame, &more, 0));
    GIVES(AGAIN, zeromq_socket_receive_frames(pull, &message, 1));
    GIVES(ARGUMENT, zeromq_socket_receive_frame(pull, NULL, &more, 0));
    GIVES(ARGUMENT, zeromq_socket_receive_frames(pull, NULL, 0));
    GIVES(UNSUPPORTED, zeromq_socket_receive_frame(push, &frame, &more, 0));
    GIVES(UNSUPPORTED, zeromq_socket_receive_frames(push, &message, 0));
    GIVES(ARGUMENT, zeromq_socket_receive_frame(NULL, &frame, &more, 0));
    zeromq_socket_free(pull);
    GIVES(CLOSED, zeromq_socket_receive_frame(pull, &frame, &more, 0));
    zeromq_socket_free(push);
}

enum { MANY = 500 };

static void batches(void) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, NULL);
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, NULL);
    static zeromq_slice frame[MANY][2];
    static zeromq_frames out[MANY];
    static char text[MANY][16];
    const zeromq_frames *in;
    size_t count, sent = 7, received = 0;
    int number;

    GIVES(OK, zeromq_socket_set_int(pull, "rcvhwm", 100));
    GIVES(OK, zeromq_socket_set_int(push, "sndhwm", 100));
    GIVES(OK, zeromq_socket_bind(pull, "inproc://batches", NULL));
    GIVES(OK, zeromq_socket_connect(push, "inproc://batches"));
    /* Every seventh message has two frames. */
    for (number = 0; number < MANY; number++) {
        snprintf(text[number], sizeof text[number], "%d", number);
        frame[number][0] = slice(text[number]);
        frame[number][1] = slice("end");
        out[number].frames = frame[number];
        out[number].count = number % 7 ? 1 : 2;
    }
    while (received < MANY) {
        /* There is not room for all of them. */
        zeromq_code code = zeromq_socket_send_batch(push, out + received, MANY - received, &sent, 1);
        CHECK(code == ZEROMQ_CODE_OK || code == ZEROMQ_CODE_AGAIN);
        CHECK(sent > 0 && (code == ZEROMQ_CODE_OK) == (sent == MANY - received));
        while (sent > 0) {
            GIVES(OK, zeromq_socket_receive_batch(pull, 30, &in, &count, SOON));
            CHECK(count >= 1 && count <= 30 && count <= sent);
            sent -= count;
            for (; count > 0; count--, in++, received++) {
                CHECK(in->count == (received % 7 ? 1 : 2));
                CHECK(is(in->frames[0], text[received]));
                CHECK(in->count == 1 || is(in->frames[1], "end"));
            }
        }
    }
    GIVES(AGAIN, zeromq_socket_receive_batch(pull, 30, &in, &count, 0));
    GIVES(ARGUMENT, zeromq_socket_receive_batch(pull, 0, &in, &count, 0));
    GIVES(ARGUMENT, zeromq_socket_receive_batch(pull, 1, NULL, &count, 0));
    GIVES(ARGUMENT, zeromq_socket_receive_batch(pull, 1, &in, NULL, 0));
    GIVES(OK, zeromq_socket_send_batch(push, NULL, 0, &sent, 0));
    CHECK(sent == 0);
    out[1].count = 0;
    GIVES(ARGUMENT, zeromq_socket_send_batch(push, out, 2, NULL, 0));
    out[1].count = 1;
    frame[1][0].data = NULL;
    GIVES(ARGUMENT, zeromq_socket_send_batch(push, out, 2, &sent, 0));
    GIVES(AGAIN, zeromq_socket_receive_batch(pull, 1, &in, &count, 0));
    GIVES(UNSUPPORTED, zeromq_socket_send_batch(pull, out, 1, &sent, 0));
    CHECK(sent == 0);
    zeromq_socket_free(pull);
    zeromq_socket_free(push);
}

/* A batch of a ROUTER goes to many peers; what nobody can receive is dropped. */
static void routed(void) {
    zeromq_socket *router = zeromq_socket_new(ZEROMQ_ROUTER, "inproc://routed");
    zeromq_socket *dealer = zeromq_socket_new(ZEROMQ_DEALER, NULL);
    zeromq_slice to[2][2];
    zeromq_frames out[2];
    zeromq_slice frame;
    size_t sent;

    GIVES(OK, zeromq_socket_set_bytes(dealer, "routing_id", "known", 5));
    GIVES(OK, zeromq_socket_connect(dealer, "inproc://routed"));
    to[0][0] = slice("unknown");
    to[1][0] = slice("known");
    to[0][1] = to[1][1] = slice("text");
    out[0].frames = to[0];
    out[1].frames = to[1];
    out[0].count = out[1].count = 2;
    GIVES(OK, zeromq_socket_send_batch(router, out, 2, &sent, SOON));
    CHECK(sent == 2);
    GIVES(OK, zeromq_socket_receive_frame(dealer, &frame, NULL, SOON));
    CHECK(is(frame, "text"));
    zeromq_socket_free(router);
    zeromq_socket_free(dealer);
}

static void give_back(void *data, void *hint) {
    free(data);
    ++*(int *)hint;
}

static void memory(void) {
    static char fixed[] = "it stays for ever";
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, NULL), *pull;
    char *data = malloc(1000);
    int given_back = 0;
    zeromq_slice frame;

    memset(data, 'x', 1000);
    /* After a failure it still belongs to the caller. */
    GIVES(AGAIN, zeromq_socket_send_memory(push, data, 1000, give_back, &given_back, 1));
    GIVES(ARGUMENT, zeromq_socket_send_memory(push, NULL, 1, give_back, &given_back, 1));
    GIVES(ARGUMENT, zeromq_socket_send_memory(NULL, data, 1000, give_back, &given_back, 1));
    GIVES(ARGUMENT, zeromq_socket_send_memory(push, data, 1000, give_back, &given_back, -9));
    pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://memory");
    GIVES(UNSUPPORTED, zeromq_socket_send_memory(pull, data, 1000, give_back, &given_back, 1));
    GIVES(OK, zeromq_socket_connect(push, "inproc://memory"));
    CHECK(given_back == 0);
    GIVES(OK, zeromq_socket_send_memory(push, data, 1000, give_back, &given_back, SOON));
    GIVES(OK, zeromq_socket_send_memory(push, fixed, sizeof fixed - 1, NULL, NULL, SOON));
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, NULL, SOON));
    CHECK(frame.data == data && frame.size == 1000 && given_back == 0);
    GIVES(OK, zeromq_socket_receive_frame(pull, &frame, NULL, SOON));
    CHECK(frame.data == fixed && given_back == 1);
    zeromq_socket_free(pull);
    zeromq_socket_free(push);
}

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static zeromq_socket *shared_push, *shared_pull;

enum { ROUNDS = 300 };

static void *take_turns(void *unused) {
    int round;
    for (round = 0; round < ROUNDS; round++) {
        zeromq_slice frame;
        pthread_mutex_lock(&turn);
        GIVES(OK, zeromq_socket_send(shared_push, "turn", 4, SOON));
        GIVES(OK, zeromq_socket_receive_frame(shared_pull, &frame, NULL, SOON));
        CHECK(is(frame, "turn"));
        pthread_mutex_unlock(&turn);
    }
    return unused;
}

/* Threads that take turns never find an object busy, however often it changes hands. */
static void turns(void) {
    pthread_t threads[4];
    int thread;

    shared_pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://turns");
    shared_push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://turns");
    for (thread = 0; thread < 4; thread++)
        CHECK(pthread_create(&threads[thread], NULL, take_turns, NULL) == 0);
    for (thread = 0; thread < 4; thread++)
        pthread_join(threads[thread], NULL);
    take_turns(NULL);
    zeromq_socket_free(shared_push);
    zeromq_socket_free(shared_pull);
}

/* If memory runs out in the middle of a message, nothing of it is sent. */
static void too_large(void) {
#if defined(MAP_NORESERVE) && !defined(__SANITIZE_ADDRESS__)
    /* It fits into the address space once, but not twice. */
    size_t half = sizeof(size_t) > 4 ? (size_t)1 << 46 : (size_t)1 << 30;
    void *much = mmap(NULL, half, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, "inproc://too-large");
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, "inproc://too-large");
    zeromq_slice sent[2];
    zeromq_frames message;

    if (much != MAP_FAILED) {
        sent[0] = slice("one");
        sent[1].data = much;
        sent[1].size = half;
        GIVES(ZMQ, zeromq_socket_send_frames(push, sent, 2, SOON));
        GIVES(OK, zeromq_socket_send(push, "two", 3, SOON));
        GIVES(OK, zeromq_socket_receive_frames(pull, &message, SOON));
        CHECK(message.count == 1 && is(message.frames[0], "two"));
        munmap(much, half);
    }
    zeromq_socket_free(pull);
    zeromq_socket_free(push);
#endif
}

/* What was lent remains when the library ends, as another thread may do at any time. */
static void the_end(void) {
    static char text[300000];
    zeromq_socket *pulls[3], *push;
    const char *endpoints[3] = {"inproc://end-0", "inproc://end-1", "inproc://end-2"};
    zeromq_slice frame;
    zeromq_frames message;
    const zeromq_frames *messages;
    size_t count;
    int index;

    memset(text, 'x', sizeof text);
    for (index = 0; index < 3; index++) {
        pulls[index] = zeromq_socket_new(ZEROMQ_PULL, endpoints[index]);
        push = zeromq_socket_new(ZEROMQ_PUSH, endpoints[index]);
        GIVES(OK, zeromq_socket_send(push, text, sizeof text, SOON));
        zeromq_socket_free(push);
    }
    GIVES(OK, zeromq_socket_receive_frame(pulls[0], &frame, NULL, SOON));
    GIVES(OK, zeromq_socket_receive_frames(pulls[1], &message, SOON));
    GIVES(OK, zeromq_socket_receive_batch(pulls[2], 9, &messages, &count, SOON));
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);
    CHECK(frame.size == sizeof text && memcmp(frame.data, text, sizeof text) == 0);
    CHECK(message.count == 1 && memcmp(message.frames[0].data, text, sizeof text) == 0);
    CHECK(count == 1 && memcmp(messages[0].frames[0].data, text, sizeof text) == 0);
    for (index = 0; index < 3; index++)
        zeromq_socket_free(pulls[index]);
}

int main(void) {
    frames();
    batches();
    routed();
    memory();
    turns();
    too_large();
    the_end();
    return 0;
}
