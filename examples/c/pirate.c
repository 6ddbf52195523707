/* A client that retries when an unreliable server does not reply.
 *
 *     cc pirate.c $(pkg-config --cflags --libs zeromq) -pthread -o pirate && ./pirate
 */

#include <pthread.h>
#include <stdio.h>
#include <zeromq.h>

#define PATIENCE 1000 /* milliseconds */

/* Loses request 2, sends the first reply to 3 too late, and exits at 4. */
static void *serve(void *router) {
    zeromq_socket *server = (zeromq_socket *)router;
    zeromq_message *message = zeromq_message_new(), *late = zeromq_message_new();
    int lost = 0, slow = 0;

    while (!zeromq_socket_receive(server, message, ZEROMQ_FOREVER)) {
        /* The first frames are the routing id, a request number and an empty frame. */
        char request = *(const char *)zeromq_message_data(message, 3);
        if (request == '4')
            break;
        if (request == '2' && !lost++)
            continue;
        if (request == '3' && !slow++) {
            zeromq_message_copy(late, message);
            continue;
        }
        if (zeromq_message_count(late) > 0)
            zeromq_socket_send_message(server, late, PATIENCE);
        zeromq_socket_send_message(server, message, PATIENCE);
    }
    zeromq_message_free(late);
    zeromq_message_free(message);
    return NULL;
}

int main(void) {
    zeromq_socket *server = zeromq_socket_new(ZEROMQ_ROUTER, "tcp://127.0.0.1:*");
    zeromq_socket *client = zeromq_socket_new(ZEROMQ_REQUEST, NULL);
    const char *endpoint = "";
    char request = '1';
    zeromq_slice frame = {&request, 1};
    zeromq_frames reply;
    pthread_t thread;

    zeromq_socket_endpoint(server, &endpoint);
    if (zeromq_socket_connect(client, endpoint) || pthread_create(&thread, NULL, serve, server)) {
        fputs("the sockets cannot be made\n", stderr);
        return 1;
    }
    /* Each request is sent up to three times. */
    while (!zeromq_socket_request(client, &frame, 1, 3, NULL, &reply, PATIENCE)) {
        printf("Reply to %.1s\n", (const char *)reply.frames[0].data);
        request++;
    }
    printf("No reply to %c: %s\n", request, zeromq_last_error()->message);
    pthread_join(thread, NULL);
    zeromq_socket_free(client);
    zeromq_socket_free(server);
    zeromq_shutdown();
    return 0;
}
