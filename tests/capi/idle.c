/* What an idle socket costs. It runs on its own, because valgrind and AddressSanitizer
 * have heaps of their own. */

#include "check.h"
#include <dirent.h>
#include <malloc.h>

enum { SOCKETS = 250 };

/* The limits for each socket, in bytes and descriptors. */
enum { MEMORY = 3686, DESCRIPTORS = 1, BOUND_MEMORY = 9216, BOUND_DESCRIPTORS = 2 };

static int descriptors(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

/* Compares the cost of SOCKETS sockets with the limits. */
static void measure(const char *endpoint, size_t memory, int limit) {
    zeromq_socket *sockets[SOCKETS];
    /* The library makes its threads and tables. */
    zeromq_socket *first = zeromq_socket_new(ZEROMQ_PULL, endpoint);
    CHECK(first != NULL);
    size_t before = mallinfo2().uordblks;
    int open = descriptors();
    for (int i = 0; i < SOCKETS; i++)
        CHECK((sockets[i] = zeromq_socket_new(ZEROMQ_PULL, endpoint)) != NULL);
    size_t each = (mallinfo2().uordblks - before) / SOCKETS;
    printf("%zu bytes, %d descriptors\n", each, (descriptors() - open) / SOCKETS);
    CHECK(each <= memory && descriptors() - open <= limit * SOCKETS);
    for (int i = 0; i < SOCKETS; i++)
        zeromq_socket_free(sockets[i]);
    zeromq_socket_free(first);
}

int main(void) {
    measure(NULL, MEMORY, DESCRIPTORS);
    measure("@tcp://127.0.0.1:*", BOUND_MEMORY, BOUND_DESCRIPTORS);
    return 0;
}
