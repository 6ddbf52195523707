/* The ends of a recording at full speed.
 *
 * history publish ENDPOINT RATE SECONDS: publishes RATE messages of 120 bytes per second, of
 * 1000 topics, and prints how many it has sent. Each has its number and the time in
 * nanoseconds since 1970.
 *
 * history receive ENDPOINT COUNT: receives messages that PUSH sockets send, and prints the
 * CRC-32 of the size (4 bytes, big-endian) and the bytes of all frames. */

#include "../capi/check.h"
#include <inttypes.h>
#include <time.h>

enum { BATCH = 500, TOPIC = 20, BODY = 100 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static uint64_t wall(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

static void publish(const char *endpoint, double rate, double seconds) {
    static char bytes[BATCH][TOPIC + BODY + 1];
    static zeromq_slice frames[BATCH][2];
    static zeromq_frames messages[BATCH];
    zeromq_socket *pub = zeromq_socket_new(ZEROMQ_PUBLISHER, NULL);
    CHECK(pub);
    GIVES(OK, zeromq_socket_set_int(pub, "sndhwm", 1000000));
    GIVES(OK, zeromq_socket_set_int(pub, "linger", 60000));
    GIVES(OK, zeromq_socket_bind(pub, endpoint, NULL));
    uint64_t number = 0;
    for (double begin = now(), passed; (passed = now() - begin) < seconds;) {
        uint64_t due = (uint64_t)(passed * rate), count = due - number;
        if (count > BATCH)
            count = BATCH;
        uint64_t time = wall();
        for (uint64_t index = 0; index < count; index++, number++) {
            char *message = bytes[index];
            snprintf(message, TOPIC + 1, "PROOF_%04u_NSE_TICKS", (unsigned)(number % 1000));
            int size = snprintf(message + TOPIC, BODY + 1, "%020" PRIu64 " %020" PRIu64 " ", number,
                                time);
            memset(message + TOPIC + size, 'a' + number % 26, BODY - size);
            frames[index][0] = (zeromq_slice){message, TOPIC};
            frames[index][1] = (zeromq_slice){message + TOPIC, BODY};
            messages[index] = (zeromq_frames){frames[index], 2};
        }
        if (count)
            GIVES(OK, zeromq_socket_send_batch(pub, messages, count, NULL, -1));
        if (count < BATCH)
            nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    zeromq_socket_free(pub);
    GIVES(OK, zeromq_shutdown());
    printf("%" PRIu64 "\n", number);
}

static uint32_t crc(uint32_t sum, const unsigned char *bytes, size_t size) {
    static uint32_t table[256];
    if (!table[1])
        for (uint32_t index = 0; index < 256; index++) {
            uint32_t value = index;
            for (int bit = 0; bit < 8; bit++)
                value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
            table[index] = value;
        }
    sum = ~sum;
    for (size_t index = 0; index < size; index++)
        sum = table[(sum ^ bytes[index]) & 0xFF] ^ sum >> 8;
    return ~sum;
}

static void receive(const char *endpoint, uint64_t count) {
    zeromq_socket *pull = zeromq_socket_new(ZEROMQ_PULL, NULL);
    CHECK(pull);
    GIVES(OK, zeromq_socket_bind(pull, endpoint, NULL));
    uint32_t sum = 0;
    while (count-- > 0) {
        zeromq_frames frames;
        GIVES(OK, zeromq_socket_receive_frames(pull, &frames, 60000));
        for (size_t index = 0; index < frames.count; index++) {
            const zeromq_slice *frame = &frames.frames[index];
            unsigned char size[4] = {frame->size >> 24, frame->size >> 16, frame->size >> 8,
                                     frame->size};
            sum = crc(sum, size, sizeof size);
            sum = crc(sum, frame->data, frame->size);
        }
    }
    zeromq_socket_free(pull);
    printf("%" PRIu32 "\n", sum);
}

int main(int argc, char **argv) {
    CHECK(argc >= 4);
    if (!strcmp(argv[1], "publish")) {
        CHECK(argc == 5);
        publish(argv[2], atof(argv[3]), atof(argv[4]));
    } else {
        receive(argv[2], strtoull(argv[3], NULL, 10));
    }
    return 0;
}
