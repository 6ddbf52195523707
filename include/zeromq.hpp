/*
 * zeromq.hpp: ZeroMQ for C++17, a thin layer on zeromq.h
 *
 *     #include <iostream>
 *     #include <zeromq.hpp>
 *
 *     int main() {
 *         zeromq::socket reply(ZEROMQ_REPLY, "inproc://hello");
 *         zeromq::socket request(ZEROMQ_REQUEST, "inproc://hello");
 *         request.send("Hello");
 *         std::cout << reply.receive_text().value() << '\n';
 *         zeromq_shutdown();
 *     }
 *
 * There is no context to make. Objects own their handle, can be moved and not copied, and are
 * freed by their destructors. What fails throws zeromq::error, except that a timeout is no
 * error: what sends returns false, and what receives returns an empty optional. zeromq.h says
 * what each function does; handle() is for those that have no method here.
 */

#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#include "zeromq.h"

namespace zeromq {

// The error of the last failed call on this thread: what() says what happened and what to do.
class error : public std::runtime_error {
public:
  error() : error(zeromq_last_error()) {}
  zeromq_code code() const noexcept { return code_; }
  // The name of the kind of error in scripts, such as "ZMQErr".
  const char *tag() const noexcept { return tag_; }

private:
  explicit error(const zeromq_error *last)
      : std::runtime_error(last ? last->message : "nothing has failed"),
        code_(last ? last->code : ZEROMQ_CODE_OK), tag_(last ? last->tag : "") {}
  zeromq_code code_;
  const char *tag_;
};

// Throws unless the code is ZEROMQ_CODE_OK. For calls of zeromq.h.
inline void check(zeromq_code code) {
  if (code != ZEROMQ_CODE_OK) throw error();
}
// Returns false on timeout, and throws on other errors.
inline bool in_time(zeromq_code code) {
  if (code == ZEROMQ_CODE_AGAIN) return false;
  check(code);
  return true;
}

// How long to wait: any duration of std::chrono, zeromq::forever, or zeromq::usual, which is what
// the options rcvtimeo and sndtimeo of the socket say. A negative duration does not wait.
class timeout {
public:
  template <class Rep, class Period>
  timeout(std::chrono::duration<Rep, Period> time) {
    double ms = std::chrono::duration<double, std::milli>(time).count();
    if (ms > 0) // rounded up, so that a short wait is one
      ms_ = ms >= INT32_MAX ? INT32_MAX : static_cast<std::int32_t>(std::ceil(ms));
  }
  constexpr std::int32_t milliseconds() const noexcept { return ms_; }
  static constexpr timeout special(std::int32_t ms) noexcept { return timeout(ms, 0); }

private:
  constexpr timeout(std::int32_t ms, int) noexcept : ms_(ms) {}
  std::int32_t ms_ = 0;
};

inline constexpr timeout forever = timeout::special(ZEROMQ_FOREVER);
inline constexpr timeout usual = timeout::special(ZEROMQ_USUAL);

// Bytes that belong to someone else: a string, a string literal, or a vector or array of numbers.
class bytes {
public:
  constexpr bytes() noexcept = default;
  constexpr bytes(const void *data, std::size_t size) noexcept : data_(data), size_(size) {}
  bytes(const char *text) noexcept : data_(text), size_(std::strlen(text)) {}
  template <class C, class = std::enable_if_t<
                         !std::is_array_v<C> && !std::is_same_v<C, bytes> &&
                         std::is_trivially_copyable_v<std::remove_pointer_t<
                             decltype(std::declval<const C &>().data())>>>>
  bytes(const C &c) noexcept : data_(c.data()), size_(c.size() * sizeof(*c.data())) {}

  const void *data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  zeromq_slice slice() const noexcept { return {data_, size_}; }

private:
  const void *data_ = nullptr;
  std::size_t size_ = 0;
};

// A handle of zeromq.h, freed by Free.
template <class T, void (*Free)(T *)>
class owned {
public:
  // Takes a handle over. Throws if it is NULL.
  explicit owned(T *handle) : handle_(handle) {
    if (handle == nullptr) throw error();
  }
  owned(owned &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  owned &operator=(owned &&other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~owned() { Free(handle_); }
  T *handle() const noexcept { return handle_; }

private:
  T *handle_;
};

// A message: any number of frames. A received one can be sent on without a copy.
class message : public owned<zeromq_message, zeromq_message_free> {
public:
  message() : owned(zeromq_message_new()) {}
  message(std::initializer_list<bytes> frames) : message() {
    for (bytes frame : frames)
      add(frame);
  }
  void add(bytes frame) { check(zeromq_message_add(handle(), frame.data(), frame.size())); }
  void prepend(bytes frame) {
    check(zeromq_message_prepend(handle(), frame.data(), frame.size()));
  }
  // Removes the first frame, such as a routing id.
  std::string pop() {
    zeromq_slice frame;
    check(zeromq_message_pop(handle(), &frame));
    return {static_cast<const char *>(frame.data), frame.size};
  }
  void clear() { check(zeromq_message_clear(handle())); }
  std::size_t size() const noexcept { return zeromq_message_count(handle()); }
  // The bytes of a frame, until the message changes. Throws if there is no such frame.
  std::string_view operator[](std::size_t index) const {
    zeromq_slice frame;
    check(zeromq_message_frame(handle(), index, &frame));
    return {static_cast<const char *>(frame.data), frame.size};
  }
  message copy() const {
    message made;
    check(zeromq_message_copy(made.handle(), handle()));
    return made;
  }
};

// A CURVE key pair, or only its public key.
class certificate : public owned<zeromq_certificate, zeromq_certificate_free> {
public:
  certificate() : owned(zeromq_certificate_new()) {}
  explicit certificate(zeromq_certificate *handle) : owned(handle) {}
  static certificate load(const std::string &name) {
    return certificate(zeromq_certificate_load(name.c_str()));
  }
  static certificate of_keys(bytes open, bytes secret = {}) {
    return certificate(zeromq_certificate_of_keys(open.data(), open.size(), secret.data(),
                                                  secret.size()));
  }
  void save(const std::string &name) { check(zeromq_certificate_save(handle(), name.c_str())); }
  std::string public_key() const { return text(zeromq_certificate_public_key); }
  std::string secret_key() const { return text(zeromq_certificate_secret_key); }

private:
  std::string text(zeromq_code (*get)(zeromq_certificate *, const char **)) const {
    const char *found;
    check(get(handle(), &found));
    return found;
  }
};

class socket : public owned<zeromq_socket, zeromq_socket_free> {
public:
  explicit socket(zeromq_socket_kind kind) : owned(zeromq_socket_new(kind, nullptr)) {}
  socket(zeromq_socket_kind kind, const std::string &endpoints)
      : owned(zeromq_socket_new(kind, endpoints.c_str())) {}

  void attach(const std::string &endpoints) { each(zeromq_socket_attach, endpoints); }
  void connect(const std::string &endpoints) { each(zeromq_socket_connect, endpoints); }
  void unbind(const std::string &endpoints) { each(zeromq_socket_unbind, endpoints); }
  void disconnect(const std::string &endpoints) { each(zeromq_socket_disconnect, endpoints); }
  // Returns the TCP port, or 0.
  std::uint16_t bind(const std::string &endpoints) {
    std::uint16_t port;
    check(zeromq_socket_bind(handle(), endpoints.c_str(), &port));
    return port;
  }
  std::string endpoint() const {
    const char *found;
    check(zeromq_socket_endpoint(handle(), &found));
    return found ? found : "";
  }
  void close() { check(zeromq_socket_close(handle())); }
  bool closed() const noexcept { return zeromq_socket_is_closed(handle()) != 0; }

  void subscribe(bytes prefix) {
    check(zeromq_socket_subscribe(handle(), prefix.data(), prefix.size()));
  }
  void unsubscribe(bytes prefix) {
    check(zeromq_socket_unsubscribe(handle(), prefix.data(), prefix.size()));
  }
  bool send(bytes frame, timeout time = usual) {
    return in_time(zeromq_socket_send(handle(), frame.data(), frame.size(), time.milliseconds()));
  }
  bool send(std::initializer_list<bytes> frames, timeout time = usual) {
    std::vector<zeromq_slice> slices;
    for (bytes frame : frames)
      slices.push_back(frame.slice());
    return in_time(zeromq_socket_send_frames(handle(), slices.data(), slices.size(),
                                             time.milliseconds()));
  }
  // The message is empty afterwards, or unchanged on timeout.
  bool send(message &message, timeout time = usual) {
    return in_time(zeromq_socket_send_message(handle(), message.handle(), time.milliseconds()));
  }
  bool receive(message &message, timeout time = usual) {
    return in_time(zeromq_socket_receive(handle(), message.handle(), time.milliseconds()));
  }
  std::optional<message> receive(timeout time = usual) {
    message received;
    return receive(received, time) ? std::optional(std::move(received)) : std::nullopt;
  }
  // The next frame, until the next call with the socket: the fastest way.
  std::optional<std::string_view> receive_frame(timeout time = usual, bool *more = nullptr) {
    zeromq_slice frame;
    std::int32_t follows;
    if (!in_time(zeromq_socket_receive_frame(handle(), &frame, &follows, time.milliseconds())))
      return std::nullopt;
    if (more) *more = follows != 0;
    return std::string_view(static_cast<const char *>(frame.data), frame.size);
  }
  std::optional<std::string> receive_text(timeout time = usual) {
    return std::optional<std::string>(receive_frame(time));
  }

  // Options have the names of zmq_setsockopt(3) in lower case: "sndhwm", "linger".
  void set(const char *name, std::int64_t value) {
    check(zeromq_socket_set_int(handle(), name, value));
  }
  void set(const char *name, bytes value) {
    check(zeromq_socket_set_bytes(handle(), name, value.data(), value.size()));
  }
  std::int64_t get(const char *name) const {
    std::int64_t value;
    check(zeromq_socket_get_int(handle(), name, &value));
    return value;
  }
  void curve_server(const certificate &keys, const char *domain = nullptr) {
    check(zeromq_socket_curve_server(handle(), keys.handle(), domain));
  }
  void curve_client(const certificate &keys, const std::string &server_key) {
    check(zeromq_socket_curve_client(handle(), keys.handle(), server_key.c_str()));
  }

private:
  void each(zeromq_code (*call)(zeromq_socket *, const char *), const std::string &endpoints) {
    check(call(handle(), endpoints.c_str()));
  }
};

// Waits for several sockets and descriptors.
class poller : public owned<zeromq_poller, zeromq_poller_free> {
public:
  struct event : zeromq_poll_event {
    bool is(const zeromq::socket &other) const noexcept { return socket == other.handle(); }
  };
  poller() : owned(zeromq_poller_new()) {}
  void add(const socket &socket, std::uint32_t events = ZEROMQ_POLL_IN, void *data = nullptr) {
    check(zeromq_poller_add(handle(), socket.handle(), events, data));
  }
  void remove(const socket &socket) { check(zeromq_poller_remove(handle(), socket.handle())); }
  // Returns what is ready, at most `most` sources; nothing on timeout.
  std::vector<event> wait(timeout time = forever, std::size_t most = 64) {
    std::vector<zeromq_poll_event> found(most);
    std::vector<event> events;
    std::size_t count = 0;
    if (in_time(zeromq_poller_wait(handle(), found.data(), most, &count, time.milliseconds())))
      for (std::size_t at = 0; at < count; at++)
        events.push_back({found[at]});
    return events;
  }
};

} // namespace zeromq
