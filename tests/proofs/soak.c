/* Everything at once for a long time: soak SECONDS FOLDER [COMMAND...].
 *
 * All socket patterns over inproc, ipc and tcp, CURVE, a proxy, monitors, sockets that
 * come and go, a peer that is killed, and the command, which runs beside it until it is
 * told to end (a script that sends values and JSON). Watches the memory, the descriptors
 * and the threads of this process, the memory and the descriptors of the command, and the
 * time of a request and its reply. Fails if a message is lost or wrong, or if one of these
 * figures has grown between the second tenth of the time and the last one by more than its
 * limit, below. */

#include "../capi/check.h"
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The limits. The medians of samples of each second are compared: a leak raises them, while
 * the largest count only tells how many sockets happened to be closing at once. The heap is
 * what malloc has handed out, which a leak raises even while the resident memory hides it. */
enum {
    HEAP = 512 << 10,
    RESIDENT = 4 << 20,
    COMMAND_RESIDENT = 4 << 20,
    DESCRIPTORS = 3,
    COMMAND_DESCRIPTORS = 0,
    THREADS = 0,
    /* Microseconds beyond three times the first figure, as other programs run too. */
    HALF = 500,
    NINETY_NINE = 20000,
};

static const char *folder;
static double begun, seconds;
/* Those who use what others offer end first. */
static atomic_int over, offers_over;
static char *self;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* How much of the time is over, from 0 to 1. */
static double share(void) {
    return (now() - begun) / seconds;
}

/* Which window a sample belongs to: 0 is the second tenth, 1 the last one, -1 neither. */
static int window(void) {
    double part = share();
    return part >= 0.1 && part < 0.2 ? 0 : part >= 0.9 && part < 1 ? 1 : -1;
}

static void rest(int milliseconds) {
    usleep(milliseconds * 1000);
}

static zeromq_socket *opened(int kind, const char *endpoints) {
    zeromq_socket *socket = zeromq_socket_new(kind, endpoints);
    CHECK(socket != NULL);
    return socket;
}

/* Binds a socket to a free place of a transport and writes how others connect to it. */
static void bound(zeromq_socket *socket, const char *transport, char *endpoint, size_t size) {
    static atomic_int names;
    const char *found;
    char wanted[300];
    if (strcmp(transport, "tcp") == 0)
        snprintf(wanted, sizeof wanted, "tcp://127.0.0.1:*");
    else if (strcmp(transport, "ipc") == 0)
        snprintf(wanted, sizeof wanted, "ipc://%s/%d", folder, atomic_fetch_add(&names, 1));
    else
        snprintf(wanted, sizeof wanted, "inproc://soak-%d", atomic_fetch_add(&names, 1));
    GIVES(OK, zeromq_socket_bind(socket, wanted, NULL));
    GIVES(OK, zeromq_socket_endpoint(socket, &found));
    snprintf(endpoint, size, "%s", found);
}

/* ------------------------------------------------ Requests, whose time is measured. */

static const char *const TRANSPORTS[] = {"inproc", "ipc", "tcp", "tcp"};
static const char *const NAMES[] = {"inproc", "ipc", "tcp", "tcp with CURVE"};
enum { WAYS = 4, MOST = 1 << 17 };
static char requests[WAYS][300];
static zeromq_socket *replies[WAYS];
/* In microseconds, of each window. */
static float times[WAYS][2][MOST];
static int counts[WAYS][2];
static atomic_long exchanged;

static void *answers(void *unused) {
    zeromq_poller *poller = zeromq_poller_new();
    zeromq_message *message = zeromq_message_new();
    for (int way = 0; way < WAYS; way++)
        GIVES(OK, zeromq_poller_add(poller, replies[way], ZEROMQ_POLL_IN, NULL));
    while (!offers_over) {
        zeromq_poll_event events[WAYS];
        size_t count;
        zeromq_code code = zeromq_poller_wait(poller, events, WAYS, &count, 100);
        if (code == ZEROMQ_CODE_AGAIN)
            continue;
        CHECK(code == ZEROMQ_CODE_OK);
        for (size_t i = 0; i < count; i++) {
            GIVES(OK, zeromq_socket_receive(events[i].socket, message, SOON));
            GIVES(OK, zeromq_socket_send_message(events[i].socket, message, SOON));
        }
    }
    zeromq_message_free(message);
    zeromq_poller_free(poller);
    for (int way = 0; way < WAYS; way++)
        zeromq_socket_free(replies[way]);
    return unused;
}

static void *asks(void *certificate) {
    zeromq_socket *sockets[WAYS];
    const char *key;
    char bytes[600];
    memset(bytes, 'r', sizeof bytes);
    for (int way = 0; way < WAYS; way++) {
        sockets[way] = opened(ZEROMQ_REQUEST, NULL);
        if (way == 3) {
            zeromq_certificate *mine = zeromq_certificate_new();
            GIVES(OK, zeromq_certificate_public_key(certificate, &key));
            GIVES(OK, zeromq_socket_curve_client(sockets[way], mine, key));
            zeromq_certificate_free(mine);
        }
        GIVES(OK, zeromq_socket_connect(sockets[way], requests[way]));
    }
    for (unsigned round = 0; !over; round++) {
        int way = round % WAYS;
        size_t size = round % 3 ? 20 : sizeof bytes;
        zeromq_slice frame;
        double start = now();
        GIVES(OK, zeromq_socket_send(sockets[way], bytes, size, SOON));
        GIVES(OK, zeromq_socket_receive_frame(sockets[way], &frame, NULL, SOON));
        CHECK(frame.size == size && memcmp(frame.data, bytes, size) == 0);
        int part = window();
        if (part >= 0 && counts[way][part] < MOST)
            times[way][part][counts[way][part]++] = (float)((now() - start) * 1e6);
        exchanged++;
        rest(2);
    }
    for (int way = 0; way < WAYS; way++)
        zeromq_socket_free(sockets[way]);
    return NULL;
}

/* ----------------------------------- A pipeline through a proxy: nothing may be lost. */

static char pipeline_in[300], pipeline_out[300];

static void *pushes(void *unused) {
    zeromq_socket *push = opened(ZEROMQ_PUSH, NULL);
    char bytes[2000] = {0};
    GIVES(OK, zeromq_socket_connect(push, pipeline_in));
    for (uint64_t number = 0; !over; number++) {
        memcpy(bytes, &number, sizeof number);
        GIVES(OK, zeromq_socket_send(push, bytes, number % 10 ? 100 : sizeof bytes, SOON));
        if (number % 16 == 0)
            rest(8);
    }
    zeromq_socket_free(push);
    return unused;
}

static void *pulls(void *unused) {
    zeromq_socket *pull = opened(ZEROMQ_PULL, NULL);
    GIVES(OK, zeromq_socket_connect(pull, pipeline_out));
    double last = now();
    for (uint64_t expected = 0; !offers_over;) {
        const zeromq_frames *messages;
        size_t count;
        zeromq_code code = zeromq_socket_receive_batch(pull, 100, &messages, &count, 100);
        if (code == ZEROMQ_CODE_AGAIN) {
            CHECK(over || now() - last < SOON / 1000);
            continue;
        }
        CHECK(code == ZEROMQ_CODE_OK);
        last = now();
        for (size_t i = 0; i < count; i++, expected++) {
            CHECK(memcmp(messages[i].frames[0].data, &expected, sizeof expected) == 0);
            exchanged++;
        }
    }
    zeromq_socket_free(pull);
    return unused;
}

/* ------------------ Publishers, a router and raw connections, with peers that come and go. */

static char topics[3][300], routed[3][300], extended[300], raw[300];

static void *publishes(void *socket) {
    for (unsigned number = 0; !offers_over; number++) {
        char text[64];
        snprintf(text, sizeof text, "%c%u", 'a' + (int)(number % 4), number);
        GIVES(OK, zeromq_socket_send(socket, text, strlen(text), SOON));
        if (number % 4 == 0)
            rest(4);
    }
    zeromq_socket_free(socket);
    return NULL;
}

/* Publishes on an XPUB and takes its subscriptions. */
static void *republishes(void *socket) {
    while (!offers_over) {
        zeromq_slice frame;
        while (zeromq_socket_receive_frame(socket, &frame, NULL, 0) == ZEROMQ_CODE_OK)
            CHECK(frame.size >= 1);
        GIVES(OK, zeromq_socket_send(socket, "news", 4, SOON));
        rest(5);
    }
    zeromq_socket_free(socket);
    return NULL;
}

/* Sends each message of a ROUTER or STREAM back to the peer that it came from, and reads
 * the events of its connections. */
static void *routes(void *socket) {
    zeromq_message *message = zeromq_message_new();
    zeromq_monitor *monitor = zeromq_monitor_new(socket, NULL);
    zeromq_monitor_event event = {.size = sizeof event};
    CHECK(monitor != NULL);
    while (!offers_over) {
        while (zeromq_monitor_next(monitor, &event, 0) == ZEROMQ_CODE_OK)
            CHECK(strlen(event.name) > 0 && strlen(event.reason) > 0);
        if (zeromq_socket_receive(socket, message, 100) != ZEROMQ_CODE_OK)
            continue;
        /* A STREAM is told of connections with empty messages, and ends them with such. */
        if (zeromq_message_count(message) == 2 && zeromq_message_size(message, 1) == 0)
            continue;
        /* The peer may be gone, or be killed and not read. */
        zeromq_code code = zeromq_socket_send_message(socket, message, 0);
        CHECK(code == ZEROMQ_CODE_OK || code == ZEROMQ_CODE_AGAIN ||
              code == ZEROMQ_CODE_UNROUTABLE);
    }
    zeromq_monitor_free(monitor);
    zeromq_message_free(message);
    zeromq_socket_free(socket);
    return NULL;
}

static void *comes_and_goes(void *unused) {
    zeromq_message *message = zeromq_message_new();
    zeromq_slice frame;
    for (unsigned round = 0; !over; round++) {
        int way = round % 3;
        /* A subscriber that waits for the first message of its topic. */
        zeromq_socket *subscriber = opened(ZEROMQ_SUBSCRIBER, topics[way]);
        char topic = 'a' + (char)(round % 4);
        GIVES(OK, zeromq_socket_subscribe(subscriber, &topic, 1));
        GIVES(OK, zeromq_socket_receive_frame(subscriber, &frame, NULL, SOON));
        CHECK(*(const char *)frame.data == topic);
        GIVES(OK, zeromq_socket_unsubscribe(subscriber, &topic, 1));
        zeromq_socket_free(subscriber);

        subscriber = opened(ZEROMQ_XSUBSCRIBER, extended);
        GIVES(OK, zeromq_socket_send(subscriber, "\1news", 5, SOON));
        GIVES(OK, zeromq_socket_receive_frame(subscriber, &frame, NULL, SOON));
        zeromq_socket_free(subscriber);

        /* A dealer with a monitor that nobody reads. */
        zeromq_socket *dealer = opened(ZEROMQ_DEALER, NULL);
        zeromq_monitor *monitor = zeromq_monitor_new(dealer, NULL);
        GIVES(OK, zeromq_socket_set_int(dealer, "heartbeat_ivl", 1000));
        GIVES(OK, zeromq_socket_connect(dealer, routed[way]));
        zeromq_slice frames[] = {{"one", 3}, {"two", 3}};
        GIVES(OK, zeromq_socket_send_frames(dealer, frames, 2, SOON));
        GIVES(OK, zeromq_socket_receive(dealer, message, SOON));
        CHECK(frame_is(message, 0, "one") && frame_is(message, 1, "two"));
        if (round % 2)
            zeromq_socket_free(dealer);
        zeromq_monitor_free(monitor);
        if (round % 2 == 0)
            zeromq_socket_free(dealer);

        /* A raw connection: the first message of each side is empty. */
        zeromq_socket *stream = opened(ZEROMQ_STREAM, raw);
        GIVES(OK, zeromq_socket_receive(stream, message, SOON));
        zeromq_slice bytes[] = {{zeromq_message_data(message, 0), zeromq_message_size(message, 0)},
                                {"raw", 3}};
        GIVES(OK, zeromq_socket_send_frames(stream, bytes, 2, SOON));
        GIVES(OK, zeromq_socket_receive(stream, message, SOON));
        CHECK(frame_is(message, 1, "raw"));
        zeromq_socket_free(stream);

        /* A pair of its own. */
        static const char *const kinds[] = {"inproc", "ipc", "tcp"};
        char endpoint[300];
        zeromq_socket *one = opened(ZEROMQ_PAIR, NULL), *other = opened(ZEROMQ_PAIR, NULL);
        bound(one, kinds[way], endpoint, sizeof endpoint);
        GIVES(OK, zeromq_socket_connect(other, endpoint));
        GIVES(OK, zeromq_socket_send(one, "between", 7, SOON));
        GIVES(OK, zeromq_socket_receive(other, message, SOON));
        CHECK(frame_is(message, 0, "between"));
        zeromq_socket_free(one);
        zeromq_socket_free(other);
        exchanged += 5;
        rest(10);
    }
    zeromq_message_free(message);
    return unused;
}

/* -------------------------------------------------------------- A peer that is killed. */

/* The peer: sends until it is killed, and does not read. */
static int peer(char **endpoints) {
    zeromq_socket *dealer = opened(ZEROMQ_DEALER, endpoints[0]);
    zeromq_socket *subscriber = opened(ZEROMQ_SUBSCRIBER, endpoints[1]);
    GIVES(OK, zeromq_socket_subscribe(subscriber, "", 0));
    alarm(30);
    for (;;) {
        zeromq_socket_send(dealer, "from one that is killed", 23, SOON);
        rest(1);
    }
}

static atomic_int killed;

static void *kills(void *unused) {
    while (!over) {
        int way = 1 + killed % 2;
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            execl(self, self, "peer", routed[way], topics[way], (char *)NULL);
            _exit(127);
        }
        rest(100 + rand() % 400);
        int status;
        CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        killed++;
        rest(500);
    }
    return unused;
}

/* ---------------------------------------------------------------------------- Figures. */

typedef struct {
    double heap, resident, descriptors, threads, command_resident, command_descriptors;
} Sample;

enum { SAMPLES = 100000 };
static Sample samples[2][SAMPLES];
static int taken[2];

static double entries(const char *process, const char *what) {
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%s/%s", process, what);
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count - 2;
}

static double resident(const char *process) {
    char path[64];
    unsigned long all, pages;
    snprintf(path, sizeof path, "/proc/%s/statm", process);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL && fscanf(file, "%lu %lu", &all, &pages) == 2);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static int ascending(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static int ascending_times(const void *one, const void *other) {
    float difference = *(const float *)one - *(const float *)other;
    return (difference > 0) - (difference < 0);
}

/* Returns the median of the figure at `offset` of the samples of a window. */
static double median(int part, size_t offset) {
    static double values[SAMPLES];
    for (int i = 0; i < taken[part]; i++)
        memcpy(&values[i], (char *)&samples[part][i] + offset, sizeof(double));
    qsort(values, taken[part], sizeof(double), ascending);
    return values[(taken[part] - 1) / 2];
}

static int failed;

static void compare(const char *name, double first, double last, double limit, const char *unit) {
    int grown = last > limit;
    printf("%-36s %10.0f %10.0f %10.0f %s%s\n", name, first, last, limit, unit,
           grown ? "  GROWN" : "");
    failed |= grown;
}

static void compare_samples(const char *name, size_t offset, double scale, double limit,
                            const char *unit) {
    double first = median(0, offset), last = median(1, offset);
    compare(name, first / scale, last / scale, (first + limit) / scale, unit);
}

static void start(pthread_t *thread, void *(*run)(void *), void *argument) {
    CHECK(pthread_create(thread, NULL, run, argument) == 0);
}

int main(int count, char **arguments) {
    if (count == 4 && strcmp(arguments[1], "peer") == 0)
        return peer(arguments + 2);
    CHECK(count >= 3);
    self = arguments[0];
    seconds = atof(arguments[1]);
    folder = arguments[2];
    CHECK(seconds >= 20);
    setvbuf(stdout, NULL, _IOLBF, 0);

    char process[16] = "";
    pid_t command = 0;
    if (count > 3) {
        command = fork();
        CHECK(command >= 0);
        if (command == 0) {
            /* It ends with this process. */
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            execvp(arguments[3], arguments + 3);
            _exit(127);
        }
        snprintf(process, sizeof process, "%d", command);
    }

    zeromq_authenticator *authenticator = zeromq_authenticator_new();
    zeromq_certificate *certificate = zeromq_certificate_new();
    CHECK(authenticator != NULL && certificate != NULL);
    GIVES(OK, zeromq_authenticator_curve(authenticator, NULL, NULL, 0));
    for (int way = 0; way < WAYS; way++) {
        replies[way] = opened(ZEROMQ_REPLY, NULL);
        if (way == 3)
            GIVES(OK, zeromq_socket_curve_server(replies[way], certificate, "soak"));
        bound(replies[way], TRANSPORTS[way], requests[way], sizeof requests[way]);
    }

    zeromq_proxy *proxy = zeromq_proxy_new();
    uint16_t port;
    snprintf(pipeline_out, sizeof pipeline_out, "ipc://%s/pipeline", folder);
    GIVES(OK, zeromq_proxy_set_frontend(proxy, ZEROMQ_PULL, "tcp://127.0.0.1:*"));
    GIVES(OK, zeromq_proxy_set_backend(proxy, ZEROMQ_PUSH, pipeline_out));
    GIVES(OK, zeromq_proxy_frontend_port(proxy, &port));
    snprintf(pipeline_in, sizeof pipeline_in, "tcp://127.0.0.1:%d", port);

    zeromq_socket *publisher = opened(ZEROMQ_PUBLISHER, NULL);
    zeromq_socket *router = opened(ZEROMQ_ROUTER, NULL);
    zeromq_socket *stream = opened(ZEROMQ_STREAM, NULL);
    zeromq_socket *xpublisher = opened(ZEROMQ_XPUBLISHER, NULL);
    for (int way = 0; way < 3; way++) {
        bound(publisher, TRANSPORTS[way], topics[way], sizeof topics[way]);
        bound(router, TRANSPORTS[way], routed[way], sizeof routed[way]);
    }
    bound(stream, "tcp", raw, sizeof raw);
    bound(xpublisher, "tcp", extended, sizeof extended);

    pthread_t threads[10];
    int started = 0;
    begun = now();
    start(&threads[started++], asks, certificate);
    start(&threads[started++], pushes, NULL);
    start(&threads[started++], comes_and_goes, NULL);
    start(&threads[started++], kills, NULL);
    int users = started;
    start(&threads[started++], answers, NULL);
    start(&threads[started++], pulls, NULL);
    start(&threads[started++], publishes, publisher);
    start(&threads[started++], republishes, xpublisher);
    start(&threads[started++], routes, router);
    start(&threads[started++], routes, stream);

    for (double told = 0; share() < 1;) {
        rest(seconds < 200 ? 100 : 1000);
        Sample sample = {
            .heap = (double)(mallinfo2().uordblks + mallinfo2().hblkhd),
            .resident = resident("self"),
            .descriptors = entries("self", "fd"),
            .threads = entries("self", "task"),
        };
        if (command) {
            CHECK(waitpid(command, NULL, WNOHANG) == 0);
            sample.command_resident = resident(process);
            sample.command_descriptors = entries(process, "fd");
        }
        int part = window();
        if (part >= 0 && taken[part] < SAMPLES)
            samples[part][taken[part]++] = sample;
        if (share() >= told) {
            told += 0.1;
            printf("%6.0f s: heap %.0f KB, resident %.0f KB, %.0f descriptors, %.0f threads, "
                   "%ld exchanges, %d killed\n", now() - begun, sample.heap / 1024,
                   sample.resident / 1024, sample.descriptors, sample.threads, (long)exchanged,
                   (int)killed);
        }
    }
    over = 1;
    for (int i = 0; i < started; i++) {
        if (i == users)
            offers_over = 1;
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    if (command) {
        int status;
        CHECK(kill(command, SIGTERM) == 0 && waitpid(command, &status, 0) == command);
    }
    zeromq_proxy_free(proxy);
    zeromq_authenticator_free(authenticator);
    zeromq_certificate_free(certificate);
    CHECK(zeromq_shutdown() == ZEROMQ_CODE_OK);

    CHECK(taken[0] > 5 && taken[1] > 5);
    printf("%-36s %10s %10s %10s\n", "", "start", "end", "limit");
#define MEMBER(member) offsetof(Sample, member)
    compare_samples("heap", MEMBER(heap), 1024, HEAP, "KB");
    compare_samples("resident memory", MEMBER(resident), 1024, RESIDENT, "KB");
    compare_samples("descriptors", MEMBER(descriptors), 1, DESCRIPTORS, "");
    compare_samples("threads", MEMBER(threads), 1, THREADS, "");
    if (command) {
        compare_samples("resident memory of the command", MEMBER(command_resident), 1024,
                        COMMAND_RESIDENT, "KB");
        compare_samples("descriptors of the command", MEMBER(command_descriptors), 1,
                        COMMAND_DESCRIPTORS, "");
    }
    for (int way = 0; way < WAYS; way++) {
        double quantiles[2][2];
        for (int part = 0; part < 2; part++) {
            int all = counts[way][part];
            CHECK(all > 20);
            qsort(times[way][part], all, sizeof(float), ascending_times);
            quantiles[part][0] = times[way][part][all / 2];
            quantiles[part][1] = times[way][part][all * 99 / 100];
        }
        char name[64];
        snprintf(name, sizeof name, "request over %s, p50", NAMES[way]);
        compare(name, quantiles[0][0], quantiles[1][0], 3 * quantiles[0][0] + HALF, "us");
        snprintf(name, sizeof name, "request over %s, p99", NAMES[way]);
        compare(name, quantiles[0][1], quantiles[1][1], 3 * quantiles[0][1] + NINETY_NINE, "us");
    }
    return failed;
}
