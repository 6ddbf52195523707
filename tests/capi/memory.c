/* If memory runs out, calls report it and everything else continues. This test runs on
 * its own, because valgrind and AddressSanitizer need memory themselves. */

#include "check.h"
#include <sys/resource.h>
#include <unistd.h>

enum { LARGE = 64 << 20 };

/* How much memory the program has in its address space. */
static size_t used(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

int main(void) {
    zeromq_message *message = zeromq_message_new();
    zeromq_socket *socket = zeromq_socket_new(ZEROMQ_PAIR, "@inproc://memory");
    char *bytes = malloc(LARGE);
    memset(bytes, 'x', LARGE);
    CHECK(zeromq_message_add(message, "first", 5) == ZEROMQ_CODE_OK);

    struct rlimit before, little;
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    little = before;
    little.rlim_cur = used() + LARGE / 2;
    CHECK(setrlimit(RLIMIT_AS, &little) == 0);
    for (int round = 0; round < 3; round++) {
        GIVES(ZMQ, zeromq_message_add(message, bytes, LARGE));
        GIVES(ZMQ, zeromq_socket_send(socket, bytes, LARGE, 0));
        CHECK(zeromq_message_count(message) == 1 && frame_is(message, 0, "first"));
    }
    CHECK(zeromq_message_add(message, "second", 6) == ZEROMQ_CODE_OK);
    CHECK(setrlimit(RLIMIT_AS, &before) == 0);
    GIVES(OK, zeromq_message_add(message, bytes, LARGE));
    CHECK(zeromq_message_count(message) == 3 && zeromq_message_size(message, 2) == LARGE);
    zeromq_message_free(message);
    zeromq_socket_free(socket);
    free(bytes);
    puts("it goes on");
    return 0;
}
