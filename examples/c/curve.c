/* CURVE: an encrypted connection that accepts only known clients.
 *
 *     cc curve.c $(pkg-config --cflags --libs zeromq) -o curve && ./curve
 */

#include <stdio.h>
#include <zeromq.h>

static int failed(const char *what) {
    fprintf(stderr, "%s: %s\n", what, zeromq_last_error()->message);
    return 1;
}

/* Returns 1 if a message from a new client arrives within the timeout. */
static int connects(zeromq_socket *server, const char *endpoint, zeromq_certificate *own,
                    const char *server_key, int timeout) {
    zeromq_socket *client = zeromq_socket_new(ZEROMQ_PUSH, NULL);
    zeromq_message *message = zeromq_message_new();
    int arrives = !zeromq_socket_curve_client(client, own, server_key) &&
                  !zeromq_socket_set_int(client, "linger", 0) &&
                  !zeromq_socket_connect(client, endpoint) &&
                  !zeromq_socket_send(client, "secret", 6, 1000) &&
                  !zeromq_socket_receive(server, message, timeout);

    zeromq_message_free(message);
    zeromq_socket_free(client);
    return arrives;
}

int main(void) {
    zeromq_authenticator *authenticator = zeromq_authenticator_new();
    zeromq_certificate *keys = zeromq_certificate_new();
    zeromq_certificate *friend_keys = zeromq_certificate_new();
    zeromq_certificate *stranger_keys = zeromq_certificate_new();
    zeromq_socket *server = zeromq_socket_new(ZEROMQ_PULL, NULL);
    const char *endpoint, *key;
    char place[64];
    int result = 0;

    if (zeromq_authenticator_curve(authenticator, NULL, &friend_keys, 1) ||
        zeromq_socket_curve_server(server, keys, "examples") ||
        zeromq_socket_bind(server, "tcp://127.0.0.1:*", NULL) ||
        zeromq_socket_endpoint(server, &endpoint) ||
        zeromq_certificate_public_key(keys, &key)) {
        result = failed("the server");
    } else {
        /* The endpoint is valid only until the next call on the socket. */
        snprintf(place, sizeof place, "%s", endpoint);
        printf("a friend %s\n",
               connects(server, place, friend_keys, key, 10000) ? "gets through" : "fails");
        printf("a stranger %s\n",
               connects(server, place, stranger_keys, key, 300) ? "gets through" : "fails");
    }

    zeromq_socket_free(server);
    zeromq_certificate_free(stranger_keys);
    zeromq_certificate_free(friend_keys);
    zeromq_certificate_free(keys);
    zeromq_authenticator_free(authenticator);
    zeromq_shutdown();
    return result;
}
