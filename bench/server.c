/* The provider that clients are measured against: one thread, epoll, precomputed bytes.
 *
 * The path of a request says how to answer, so that a base URL selects it:
 *   /delay-MS/gap-MS/chunks-N/v1/chat/completions   every part may be missing: no delay, no gap, 500 chunks
 *   /open                                           how many other connections are open now, as text
 * A body with "stream":true gets the stream: all at once without a gap, else one chunk per gap. One with
 * "include_usage":true gets a usage chunk as well. server.py answers the same, byte for byte.
 *
 * Prints its port and serves on 127.0.0.1 until its standard input ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FDS = 1 << 16, BLOCK = 500, MAX_REQUEST = 1 << 20, MAX_EVENTS = 512, PARTS = 3 };
typedef unsigned long long u64;

struct bytes {
    char *at;
    size_t len;
};

struct connection {
    int open, busy, watches_out;
    unsigned generation; /* timers of an earlier connection on this descriptor are void */
    char *in;
    size_t in_len, in_size;
    struct iovec out[PARTS];
    int parts, written; /* filled and done entries of `out` */
    int streaming, wants_usage, begun;
    long chunks_left, position; /* position within the block of chunks */
    u64 gap, due;
};

struct timer {
    u64 at;
    int fd;
    unsigned generation;
};

static struct connection table[MAX_FDS];
static struct timer *heap;
static size_t heap_len, heap_size;
static int poller, clock_fd, open_connections;
static struct bytes whole, head, block, tail, tail_with_usage, not_found;
static size_t chunk_at[BLOCK + 1];

static const char *const words[16] = {" river", " stone", " cloud", " field", " light", " night",
                                      " apple", " bread", " chair", " dance", " eagle", " flame",
                                      " grass", " house", " ivory", " jolly"};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static u64 now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * 1000000000ULL + (u64)t.tv_nsec;
}

/* The bytes of every answer, made once. */

static void add(struct bytes *to, const char *format, ...) {
    va_list args;
    char *text;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0 || !(to->at = realloc(to->at, to->len + (size_t)len + 1))) fail("memory");
    memcpy(to->at + to->len, text, (size_t)len + 1);
    to->len += (size_t)len;
    free(text);
}

static void add_words(struct bytes *to, int first, int step, int count) {
    for (int i = 0; i < count; i++) add(to, "%s", words[(first + i * step) % 16]);
}

static void add_event(struct bytes *to, const char *choices, const char *usage) {
    struct bytes event = {0};
    add(&event,
        "data: {\"id\":\"chatcmpl-Bench0000000000000000000000000\",\"object\":\"chat.completion.chunk\","
        "\"created\":1760000000,\"model\":\"bench-model\",\"service_tier\":\"default\","
        "\"system_fingerprint\":\"fp_bench00000\",\"choices\":[%s],\"usage\":%s,"
        "\"obfuscation\":\"Kq3v9TzLw\"}\n\n",
        choices, usage);
    add(to, "%zx\r\n%s\r\n", event.len, event.at);
    free(event.at);
}

static void add_choice_event(struct bytes *to, const char *delta, const char *reason) {
    struct bytes choice = {0};
    add(&choice, "{\"index\":0,\"delta\":{%s},\"logprobs\":null,\"finish_reason\":%s}", delta, reason);
    add_event(to, choice.at, "null");
    free(choice.at);
}

#define USAGE                                                                             \
    "{\"prompt_tokens\":8,\"completion_tokens\":120,\"total_tokens\":128,"                \
    "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"                 \
    "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,"           \
    "\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}"

#define COMMON "Server: bench\r\nX-Request-Id: req_bench0000000000\r\nOpenai-Processing-Ms: 5\r\n"

static void make_answers(void) {
    struct bytes body = {0};
    add(&body,
        "{\"id\":\"chatcmpl-Bench0000000000000000000000000\",\"object\":\"chat.completion\","
        "\"created\":1760000000,\"model\":\"bench-model\",\"choices\":[{\"index\":0,\"message\":"
        "{\"role\":\"assistant\",\"content\":\"");
    add_words(&body, 0, 7, 100);
    add(&body,
        "\",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
        "\"usage\":%s,\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench00000\"}",
        USAGE);
    add(&whole, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s",
        body.len, COMMON, body.at);
    free(body.at);

    add(&head, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n%s\r\n",
        COMMON);
    add_choice_event(&head, "\"role\":\"assistant\",\"content\":\"\"", "null");
    for (int i = 0; i < BLOCK; i++) {
        struct bytes delta = {0};
        add(&delta, "\"content\":\"");
        add_words(&delta, i * 7, 3, 5);
        add(&delta, "\"");
        chunk_at[i] = block.len;
        add_choice_event(&block, delta.at, "null");
        free(delta.at);
    }
    chunk_at[BLOCK] = block.len;
    add_choice_event(&tail, "", "\"stop\"");
    add(&tail_with_usage, "%s", tail.at);
    add_event(&tail_with_usage, "", USAGE);
    const char *end = "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n";
    add(&tail, "%s", end);
    add(&tail_with_usage, "%s", end);
    add(&not_found, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

/* Timers: a heap, and one descriptor armed for its first entry. */

static void arm(void) {
    struct itimerspec when = {0};
    if (heap_len) {
        when.it_value.tv_sec = (time_t)(heap[0].at / 1000000000ULL);
        when.it_value.tv_nsec = (long)(heap[0].at % 1000000000ULL);
    }
    if (timerfd_settime(clock_fd, TFD_TIMER_ABSTIME, &when, NULL)) fail("timerfd_settime");
}

static void set_timer(int fd, u64 at) {
    if (heap_len == heap_size) {
        heap_size = heap_size ? heap_size * 2 : 1024;
        if (!(heap = realloc(heap, heap_size * sizeof *heap))) fail("memory");
    }
    size_t i = heap_len++;
    for (; i && heap[(i - 1) / 2].at > at; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = (struct timer){at, fd, table[fd].generation};
    if (i == 0) arm();
}

static struct timer pop_timer(void) {
    struct timer first = heap[0], last = heap[--heap_len];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < heap_len; i = child) {
        if (child + 1 < heap_len && heap[child + 1].at < heap[child].at) child++;
        if (heap[child].at >= last.at) break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return first;
}

/* Connections. */

static void drop(int fd) {
    struct connection *c = &table[fd];
    close(fd);
    free(c->in);
    unsigned generation = c->generation + 1;
    memset(c, 0, sizeof *c);
    c->generation = generation;
    open_connections--;
}

static void watch_out(int fd, int on) {
    if (table[fd].watches_out == on) return;
    struct epoll_event e = {.events = EPOLLIN | (on ? EPOLLOUT : 0u), .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_MOD, fd, &e);
    table[fd].watches_out = on;
}

static void queue(struct connection *c, const char *at, size_t len) {
    c->out[c->parts++] = (struct iovec){(void *)at, len};
}

/* Puts the next bytes of the reply into `out`. Returns 0 when there are none now. */
static int refill(int fd) {
    struct connection *c = &table[fd];
    c->parts = c->written = 0;
    if (!c->busy || (c->begun && (!c->streaming || c->chunks_left < 0))) return 0;
    if (!c->streaming) {
        c->begun = 1;
        queue(c, whole.at, whole.len);
        return 1;
    }
    if (!c->begun) queue(c, head.at, head.len);
    c->begun = 1;
    long take = BLOCK - c->position;
    if (c->gap && take > 1) take = 1;
    if (take > c->chunks_left) take = c->chunks_left;
    if (take) queue(c, block.at + chunk_at[c->position], chunk_at[c->position + take] - chunk_at[c->position]);
    c->position = (c->position + take) % BLOCK;
    c->chunks_left -= take;
    if (c->chunks_left == 0) {
        struct bytes *end = c->wants_usage ? &tail_with_usage : &tail;
        queue(c, end->at, end->len);
        c->chunks_left = -1;
    }
    return 1;
}

/* Writes what is queued. Returns 1 when all of it is out, 0 when the socket is full, -1 when it is gone. */
static int flush(int fd) {
    struct connection *c = &table[fd];
    while (c->written < c->parts) {
        ssize_t n = writev(fd, c->out + c->written, c->parts - c->written);
        if (n < 0 && errno == EAGAIN) {
            watch_out(fd, 1);
            return 0;
        }
        if (n < 0) return -1;
        while (c->written < c->parts && (size_t)n >= c->out[c->written].iov_len)
            n -= (ssize_t)c->out[c->written++].iov_len;
        if (n) {
            c->out[c->written].iov_base = (char *)c->out[c->written].iov_base + n;
            c->out[c->written].iov_len -= (size_t)n;
        }
    }
    return 1;
}

static int take_request(int fd);

/* Goes on with a reply as far as socket and clock allow, then with the next request that is here. */
static void advance(int fd) {
    struct connection *c = &table[fd];
    for (;;) {
        int done = flush(fd);
        if (done < 0) {
            drop(fd);
            return;
        }
        if (!done) return;
        watch_out(fd, 0);
        if (c->busy && c->begun && c->streaming && c->gap && c->chunks_left > 0) {
            c->due += c->gap;
            set_timer(fd, c->due);
            return;
        }
        if (refill(fd)) continue;
        if (c->busy && c->begun) c->busy = 0;
        if (c->busy || !take_request(fd)) return;
    }
}

static long number_after(const char *path, const char *end, const char *key, long otherwise) {
    size_t len = strlen(key);
    for (; path + len < end; path++)
        if (!memcmp(path, key, len)) return atol(path + len);
    return otherwise;
}

static void answer_open(int fd) {
    static char text[128];
    char count[16];
    int digits = snprintf(count, sizeof count, "%d", open_connections - 1);
    int len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", digits, count);
    queue(&table[fd], text, (size_t)len);
}

/* Takes the first whole request out of `in`. Returns 0 when there is none, or its reply is due later. */
static int take_request(int fd) {
    struct connection *c = &table[fd];
    char *end = c->in_len ? memmem(c->in, c->in_len, "\r\n\r\n", 4) : NULL;
    if (!end) return 0;
    *end = 0;
    char *length = strcasestr(c->in, "\r\ncontent-length:");
    size_t body = length ? (size_t)strtoul(length + 17, NULL, 10) : 0;
    size_t total = (size_t)(end + 4 - c->in) + body;
    if (body > MAX_REQUEST || total > c->in_len) {
        *end = '\r';
        return 0;
    }
    char *path = strchr(c->in, ' ');
    char *path_end = path ? strchr(path + 1, ' ') : NULL;
    c->parts = c->written = 0;
    c->busy = c->begun = c->streaming = 0;
    u64 delay = 0;
    if (!path_end) {
        queue(c, not_found.at, not_found.len);
    } else if (!strncmp(path, " /open ", 7)) {
        answer_open(fd);
    } else if (path_end - path > 17 && !memcmp(path_end - 17, "/chat/completions", 17)) {
        c->busy = 1;
        c->streaming = memmem(end + 4, body, "\"stream\":true", 13) || memmem(end + 4, body, "\"stream\": true", 14);
        c->wants_usage = memmem(end + 4, body, "\"include_usage\":true", 20) ||
                         memmem(end + 4, body, "\"include_usage\": true", 21);
        c->chunks_left = number_after(path, path_end, "/chunks-", BLOCK);
        c->position = 0;
        c->gap = (u64)number_after(path, path_end, "/gap-", 0) * 1000000ULL;
        delay = (u64)number_after(path, path_end, "/delay-", 0) * 1000000ULL;
    } else {
        queue(c, not_found.at, not_found.len);
    }
    memmove(c->in, c->in + total, c->in_len - total);
    c->in_len -= total;
    c->in[c->in_len] = 0;
    if (c->busy && (delay || c->gap)) {
        c->due = now_ns() + delay;
        /* Live streams tick in whole milliseconds, so that it is not chance how many chunks wake a client. */
        if (c->gap) c->due += 1000000ULL - c->due % 1000000ULL;
        if (delay) {
            set_timer(fd, c->due);
            return 0;
        }
    }
    if (c->busy) refill(fd);
    return 1;
}

static void receive(int fd) {
    struct connection *c = &table[fd];
    if (c->in_size - c->in_len < 8192) {
        c->in_size = c->in_size ? c->in_size * 2 : 16384;
        if (c->in_size > 4 * (size_t)MAX_REQUEST || !(c->in = realloc(c->in, c->in_size))) fail("a request too long");
    }
    ssize_t n = read(fd, c->in + c->in_len, c->in_size - c->in_len - 1);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        drop(fd);
        return;
    }
    c->in_len += (size_t)n;
    c->in[c->in_len] = 0;
    if (!c->busy && take_request(fd)) advance(fd);
}

static void accept_all(int listener) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
        if (fd < 0) return;
        if (fd >= MAX_FDS) fail("too many connections");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        table[fd].open = 1;
        open_connections++;
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e)) fail("epoll_ctl");
    }
}

static void run_timers(void) {
    u64 ticks;
    if (read(clock_fd, &ticks, sizeof ticks) < 0 && errno != EAGAIN) fail("timerfd");
    u64 now = now_ns();
    while (heap_len && heap[0].at <= now) {
        struct timer t = pop_timer();
        if (!table[t.fd].open || table[t.fd].generation != t.generation) continue;
        if (refill(t.fd)) advance(t.fd);
    }
    arm();
}

static int listen_on_loopback(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) || listen(fd, 4096)) fail("listen");
    if (getsockname(fd, (struct sockaddr *)&at, &len)) fail("getsockname");
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

static void watch(int fd) {
    struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e)) fail("epoll_ctl");
}

int main(void) {
    struct epoll_event events[MAX_EVENTS];
    struct rlimit files;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max < MAX_FDS ? files.rlim_max : MAX_FDS;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    make_answers();
    poller = epoll_create1(EPOLL_CLOEXEC);
    clock_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (poller < 0 || clock_fd < 0) fail("epoll");
    int listener = listen_on_loopback();
    watch(listener);
    watch(clock_fd);
    watch(STDIN_FILENO);
    for (;;) {
        int n = epoll_wait(poller, events, MAX_EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) accept_all(listener);
            else if (fd == clock_fd) run_timers();
            else if (fd == STDIN_FILENO) return 0;
            else if (!table[fd].open) continue;
            else if (events[i].events & (EPOLLERR | EPOLLHUP)) drop(fd);
            else {
                if (events[i].events & EPOLLIN) receive(fd);
                if (table[fd].open && events[i].events & EPOLLOUT) advance(fd);
            }
        }
    }
}
