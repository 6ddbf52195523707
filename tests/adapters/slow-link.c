/* Sends a long message over a slow link and receives it back, with heartbeats. */

#include <stdio.h>
#include <string.h>
#include <zeromq.h>

static char text[1 << 19];

int main(int argc, char **argv) {
    zeromq_socket *dealer = zeromq_socket_new(ZEROMQ_DEALER, NULL);
    zeromq_slice reply = {NULL, 0};
    memset(text, 'x', sizeof text);
    int failed = argc != 2 || zeromq_socket_set_int(dealer, "heartbeat_ivl", 200) ||
                 zeromq_socket_set_int(dealer, "heartbeat_timeout", 600) ||
                 zeromq_socket_set_int(dealer, "heartbeat_ttl", 600) ||
                 zeromq_socket_connect(dealer, argv[1]) ||
                 zeromq_socket_send(dealer, text, sizeof text, 0) ||
                 zeromq_socket_receive_frame(dealer, &reply, NULL, 20000);
    int same = reply.size == sizeof text && memcmp(reply.data, text, sizeof text) == 0;
    puts(same ? "true" : "false");
    if (failed) fprintf(stderr, "%s\n", zeromq_last_error()->message);
    zeromq_socket_free(dealer);
    zeromq_shutdown();
    return failed;
}
