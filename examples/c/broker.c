/* A broker with a poller: clients connect to one side, workers to the other.
 *
 *     cc broker.c $(pkg-config --cflags --libs zeromq) -pthread -o broker && ./broker
 */

#include <pthread.h>
#include <stdio.h>
#include <zeromq.h>

#define REQUESTS 3

static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, zeromq_last_error()->message);
    return 1;
}

/* Replies until the library is shut down. */
static void *work(void *unused) {
    zeromq_socket *worker = zeromq_socket_new(ZEROMQ_REPLY, ">inproc://workers");
    zeromq_message *message = zeromq_message_new();

    while (!zeromq_socket_receive(worker, message, ZEROMQ_FOREVER))
        zeromq_socket_send_message(worker, message, ZEROMQ_FOREVER);
    zeromq_message_free(message);
    zeromq_socket_free(worker);
    return unused;
}

static void *ask(void *unused) {
    zeromq_socket *client = zeromq_socket_new(ZEROMQ_REQUEST, "inproc://clients");
    zeromq_message *message = zeromq_message_new();
    int count;

    for (count = 0; count < REQUESTS; count++) {
        if (zeromq_socket_send(client, "ping", 4, 5000) ||
            zeromq_socket_receive(client, message, 5000))
            failed("the client");
    }
    zeromq_message_free(message);
    zeromq_socket_free(client);
    return unused;
}

int main(void) {
    zeromq_socket *clients = zeromq_socket_new(ZEROMQ_ROUTER, "inproc://clients");
    zeromq_socket *workers = zeromq_socket_new(ZEROMQ_DEALER, "@inproc://workers");
    zeromq_poller *poller = zeromq_poller_new();
    zeromq_message *message = zeromq_message_new();
    pthread_t worker, client;
    int answered = 0, result = 0;

    /* The data pointer of each socket is the socket to forward its messages to. */
    if (zeromq_poller_add(poller, clients, ZEROMQ_POLL_IN, workers) ||
        zeromq_poller_add(poller, workers, ZEROMQ_POLL_IN, clients))
        return failed("the broker");
    pthread_create(&worker, NULL, work, NULL);
    pthread_create(&client, NULL, ask, NULL);
    while (answered < REQUESTS && !result) {
        zeromq_poll_event event;
        size_t count;
        if (zeromq_poller_wait(poller, &event, 1, &count, 5000) ||
            zeromq_socket_receive(event.socket, message, 0) ||
            zeromq_socket_send_message((zeromq_socket *)event.data, message, 1000))
            result = failed("the broker");
        answered += event.socket == workers;
    }
    printf("%d requests answered\n", answered);

    pthread_join(client, NULL);
    zeromq_poller_free(poller);
    zeromq_message_free(message);
    zeromq_socket_free(workers);
    zeromq_socket_free(clients);
    zeromq_shutdown(); /* ends the worker's receive */
    pthread_join(worker, NULL);
    return result;
}
