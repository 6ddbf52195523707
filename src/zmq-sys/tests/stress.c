/* Sixteen threads that do to libzmq what once corrupted memory: stress MODE SECONDS.
 *
 *   upstream  subscribers send shared messages to several XPUB sockets, which copy them
 *   marks     sockets change their high-water marks while inproc peers come and go
 *   names     sockets bind inproc names that other, closing sockets wait for
 *
 * Prints the number of rounds; a sanitizer or valgrind reports what went wrong. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

enum { THREADS = 16, SERVERS = 4, SIZE = 300 };

static void *context;
static time_t end;
static long rounds[THREADS];

static int running(void) { return time(NULL) < end; }

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, zmq_strerror(zmq_errno()));
    abort();
}

static void *open_socket(int type)
{
    int linger = 0, timeout = 20;
    void *socket;

    /* Closed sockets give their descriptors back a little later. */
    while ((socket = zmq_socket(context, type)) == NULL)
        if (zmq_errno() != EMFILE)
            fail("zmq_socket");
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
    zmq_setsockopt(socket, ZMQ_SNDTIMEO, &timeout, sizeof timeout);
    return socket;
}

/* The first threads are XPUB sockets, the others are XSUB sockets connected to all of them. */
static void *upstream(void *argument)
{
    long id = (long)argument;
    char name[64], expected[SIZE];
    void *socket = open_socket(id < SERVERS ? ZMQ_XPUB : ZMQ_XSUB);
    zmq_msg_t message, copy;
    int i;

    memset(expected, 'm', sizeof expected);
    if (id < SERVERS) {
        snprintf(name, sizeof name, "inproc://xpub-%ld", id);
        if (zmq_bind(socket, name) != 0)
            fail("zmq_bind");
    } else {
        for (i = 0; i < SERVERS; i++) {
            snprintf(name, sizeof name, "inproc://xpub-%d", i);
            if (zmq_connect(socket, name) != 0)
                fail("zmq_connect");
        }
    }
    while (running()) {
        if (id < SERVERS) {
            zmq_msg_init(&message);
            if (zmq_msg_recv(&message, socket, 0) == SIZE) {
                zmq_msg_init(&copy);
                zmq_msg_copy(&copy, &message);
                zmq_msg_close(&message);
                if (memcmp(zmq_msg_data(&copy), expected, SIZE) != 0)
                    fail("the message has changed");
                zmq_msg_close(&copy);
                rounds[id]++;
            } else {
                zmq_msg_close(&message);
            }
        } else {
            zmq_msg_init_size(&message, SIZE);
            memcpy(zmq_msg_data(&message), expected, SIZE);
            if (zmq_msg_send(&message, socket, 0) == -1)
                zmq_msg_close(&message);
        }
    }
    zmq_close(socket);
    return NULL;
}

/* The first threads are bound PULL sockets, the others connect, send and close. */
static void *marks(void *argument)
{
    long id = (long)argument;
    unsigned seed = (unsigned)id;
    char name[64], byte;
    void *socket;
    int mark;

    if (id < SERVERS) {
        socket = open_socket(ZMQ_PULL);
        snprintf(name, sizeof name, "inproc://pull-%ld", id);
        if (zmq_bind(socket, name) != 0)
            fail("zmq_bind");
        while (running()) {
            mark = 1 + rand_r(&seed) % 1000;
            if (zmq_setsockopt(socket, ZMQ_RCVHWM, &mark, sizeof mark) != 0)
                fail("zmq_setsockopt");
            while (zmq_recv(socket, &byte, 1, ZMQ_DONTWAIT) != -1) {
            }
            rounds[id]++;
        }
        zmq_close(socket);
        return NULL;
    }
    while (running()) {
        socket = open_socket(ZMQ_PUSH);
        snprintf(name, sizeof name, "inproc://pull-%d", rand_r(&seed) % SERVERS);
        if (zmq_connect(socket, name) == 0)
            zmq_send(socket, "x", 1, ZMQ_DONTWAIT);
        zmq_close(socket);
        rounds[id]++;
    }
    return NULL;
}

/* Threads with an even number connect, the others bind, each to any of twenty names. */
static void *names(void *argument)
{
    static const int waiting[] = {ZMQ_ROUTER, ZMQ_REP, ZMQ_PUSH, ZMQ_DEALER};
    static const int binding[] = {ZMQ_DEALER, ZMQ_ROUTER, ZMQ_PULL, ZMQ_PAIR};
    long id = (long)argument;
    unsigned seed = (unsigned)id;
    char name[64];
    void *socket;

    while (running()) {
        snprintf(name, sizeof name, "inproc://name-%d", rand_r(&seed) % 20);
        if (id % 2 == 0) {
            socket = open_socket(waiting[rand_r(&seed) % 4]);
            if (zmq_connect(socket, name) == 0)
                zmq_send(socket, "x", 1, ZMQ_DONTWAIT);
        } else {
            socket = open_socket(binding[rand_r(&seed) % 4]);
            if (zmq_bind(socket, name) == 0)
                zmq_recv(socket, name, 1, ZMQ_DONTWAIT);
        }
        zmq_close(socket);
        rounds[id]++;
    }
    return NULL;
}

int main(int count, char **arguments)
{
    const char *mode = count == 3 ? arguments[1] : "";
    void *(*run)(void *) = strcmp(mode, "upstream") == 0 ? upstream
                           : strcmp(mode, "marks") == 0  ? marks
                           : strcmp(mode, "names") == 0  ? names
                                                         : NULL;
    pthread_t threads[THREADS];
    long i, sum = 0;

    if (run == NULL) {
        fprintf(stderr, "usage: stress upstream|marks|names SECONDS\n");
        return 2;
    }
    end = time(NULL) + atol(arguments[2]);
    context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, 20000);
    for (i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, run, (void *)i);
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += rounds[i];
    }
    zmq_ctx_term(context);
    printf("%s: %ld rounds\n", mode, sum);
    return 0;
}
