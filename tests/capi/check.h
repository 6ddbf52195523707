/* What the C tests have in common. */

#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zeromq.h>

#define SOON 20000

/* Ends the program unless it is true. */
#define CHECK(truth)                                                          \
    do {                                                                      \
        if (!(truth)) {                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth);       \
            if (zeromq_last_error())                                          \
                fprintf(stderr, "%s\n", zeromq_last_error()->message);        \
            exit(1);                                                          \
        }                                                                     \
    } while (0)

/* Ends the program unless a call returns this code, for which there is a reason. */
#define GIVES(name, call)                                                     \
    do {                                                                      \
        CHECK((call) == ZEROMQ_CODE_##name);                                  \
        CHECK(ZEROMQ_CODE_##name == ZEROMQ_CODE_OK ||                         \
              zeromq_last_error()->code == ZEROMQ_CODE_##name);               \
    } while (0)

static inline int frame_is(zeromq_message *message, size_t frame, const char *text) {
    return zeromq_message_size(message, frame) == strlen(text) &&
           memcmp(zeromq_message_data(message, frame), text, strlen(text)) == 0;
}

#endif
