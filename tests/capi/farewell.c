/* Messages sent at the very end of a program are delivered, even without a shutdown call. */

#include "check.h"

int main(int count, char **arguments) {
    static char large[8 << 20];
    char endpoint[512];
    CHECK(count == 2);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/farewell", arguments[1]);
    zeromq_socket *push = zeromq_socket_new(ZEROMQ_PUSH, endpoint);
    GIVES(OK, zeromq_socket_set_int(push, "linger", -1));
    GIVES(OK, zeromq_shutdown_at_exit());
    GIVES(OK, zeromq_shutdown_at_exit());
    GIVES(OK, zeromq_socket_send(push, large, sizeof large, SOON));
    return 0;
}
