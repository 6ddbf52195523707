/* An event loop of the program's own that watches sockets: here poll(2) with two of them. Any
 * other loop, such as epoll, libuv or GLib, watches the descriptors in the same way.
 *
 *     cc event_loop.c $(pkg-config --cflags --libs zeromq) -o event_loop && ./event_loop
 */

#include <poll.h>
#include <stdio.h>
#include <zeromq.h>

#define REQUESTS 1000

/* Receives what is there, as many as 100 messages, so that others get their turn. While there
 * are more, the descriptor stays readable. It may also be readable for nothing. */
static zeromq_code drain(zeromq_socket *socket, int *received) {
    zeromq_message *message = zeromq_message_new();
    zeromq_code code = ZEROMQ_CODE_OK;
    int count;

    for (count = 0; count < 100 && code == ZEROMQ_CODE_OK; count++)
        if ((code = zeromq_socket_receive(socket, message, 0)) == ZEROMQ_CODE_OK) {
            ++*received;
            /* A ROUTER replies to the sender; a DEALER has got the reply. */
            if (zeromq_socket_type(socket) == ZEROMQ_ROUTER)
                code = zeromq_socket_send_message(socket, message, 1000);
        }
    zeromq_message_free(message);
    return code == ZEROMQ_CODE_AGAIN ? ZEROMQ_CODE_OK : code;
}

static zeromq_code loop(zeromq_socket *server, zeromq_socket *client) {
    zeromq_socket *sockets[2] = {server, client};
    struct pollfd watched[2];
    int received[2] = {0, 0}, place;
    zeromq_code code = ZEROMQ_CODE_OK;

    for (place = 0; place < 2 && code == ZEROMQ_CODE_OK; place++) {
        int64_t descriptor = -1;
        code = zeromq_socket_descriptor(sockets[place], ZEROMQ_POLL_IN, &descriptor);
        watched[place].fd = (int)descriptor;
        watched[place].events = POLLIN;
    }
    while (code == ZEROMQ_CODE_OK && received[1] < REQUESTS) {
        if (poll(watched, 2, 10000) <= 0)
            return ZEROMQ_CODE_AGAIN;
        for (place = 0; place < 2 && code == ZEROMQ_CODE_OK; place++)
            if (watched[place].revents)
                code = drain(sockets[place], &received[place]);
    }
    if (code == ZEROMQ_CODE_OK)
        printf("%d requests, %d replies\n", received[0], received[1]);
    return code;
}

int main(void) {
    zeromq_socket *server = zeromq_socket_new(ZEROMQ_ROUTER, "tcp://127.0.0.1:*");
    zeromq_socket *client = zeromq_socket_new(ZEROMQ_DEALER, NULL);
    const char *endpoint;
    int request;
    zeromq_code code = zeromq_socket_endpoint(server, &endpoint);

    if (code == ZEROMQ_CODE_OK)
        code = zeromq_socket_connect(client, endpoint);
    for (request = 0; request < REQUESTS && code == ZEROMQ_CODE_OK; request++)
        code = zeromq_socket_send(client, "request", 7, 1000);
    if (code == ZEROMQ_CODE_OK)
        code = loop(server, client);
    if (code != ZEROMQ_CODE_OK)
        fprintf(stderr, "%s\n", zeromq_last_error()->message);
    zeromq_socket_free(client);
    zeromq_socket_free(server);
    zeromq_shutdown();
    return code != ZEROMQ_CODE_OK;
}
