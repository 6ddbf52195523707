// The C++ wrapper.
#include <zeromq.hpp>

#include <array>
#include <cstdio>
#include <type_traits>

using namespace std::chrono_literals;
using zeromq::certificate, zeromq::message, zeromq::poller, zeromq::socket;

#define CHECK(condition)                                                                         \
  do {                                                                                           \
    if (!(condition)) {                                                                          \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                       \
      return 1;                                                                                  \
    }                                                                                            \
  } while (0)

template <class Call>
static zeromq_code thrown(Call call) {
  try {
    call();
  } catch (const zeromq::error &error) {
    return std::string_view(error.what()).empty() ? ZEROMQ_CODE_OK : error.code();
  }
  return ZEROMQ_CODE_OK;
}

static_assert(std::is_nothrow_move_constructible_v<zeromq::socket>);
static_assert(std::is_nothrow_move_assignable_v<message>);
static_assert(!std::is_copy_constructible_v<zeromq::socket>);
static_assert(!std::is_copy_assignable_v<message>);

static int frames() {
  zeromq::socket pull(ZEROMQ_PULL, "inproc://frames"), push(ZEROMQ_PUSH, "inproc://frames");
  const std::string text("a\0b", 3);
  const std::vector<std::int16_t> numbers = {1, 2};
  const std::array<unsigned char, 1> small = {255};
  CHECK(push.send({"literal", text, std::string_view("view"), numbers, small, zeromq::bytes()}));
  auto received = pull.receive(10s);
  CHECK(received && received->size() == 6);
  CHECK((*received)[0] == "literal" && (*received)[1] == text && (*received)[2] == "view");
  CHECK((*received)[3].size() == 4 && (*received)[4] == "\xff" && (*received)[5].empty());
  CHECK(thrown([&] { (*received)[6]; }) == ZEROMQ_CODE_ARGUMENT);
  CHECK(!pull.receive(1us) && !pull.receive(-1s) && !pull.receive(0ms));

  message copy = received->copy();
  copy.prepend("first");
  copy.add("last");
  CHECK(push.send(copy) && push.send(*received));
  CHECK(received->size() == 0);
  CHECK(pull.receive(*received, 10s) && received->size() == 8 && received->pop() == "first");
  CHECK((*received)[6] == "last");
  bool more = false;
  CHECK(*pull.receive_frame(10s, &more) == "literal" && more);
  CHECK(pull.receive_text(10s) == text);
  received->clear();
  message pair{"x", "y"};
  CHECK(push.send(pair, 1s) && push.send("z") && push.send(text));
  return 0;
}

static int ownership() {
  zeromq::socket one(ZEROMQ_PAIR, "@inproc://ownership");
  zeromq::socket moved = std::move(one);
  CHECK(one.handle() == nullptr && thrown([&] { one.send("x"); }) == ZEROMQ_CODE_ARGUMENT);
  zeromq::socket two(ZEROMQ_PAIR);
  two = zeromq::socket(ZEROMQ_PAIR, ">inproc://ownership");
  CHECK(moved.send("x") && two.receive_text(10s) == "x");
  moved.close();
  CHECK(moved.closed() && !two.closed());
  CHECK(thrown([&] { moved.send("x"); }) == ZEROMQ_CODE_CLOSED);
  CHECK(thrown([] { zeromq::socket wrong(ZEROMQ_PUSH, "nonsense"); }) == ZEROMQ_CODE_ENDPOINT);
  std::vector<zeromq::socket> several;
  for (int at = 0; at < 10; at++)
    several.emplace_back(ZEROMQ_DEALER);
  return 0;
}

static int options() {
  zeromq::socket push(ZEROMQ_PUSH);
  push.set("linger", 0);
  push.set("zap_domain", "test");
  CHECK(push.get("linger") == 0);
  CHECK(!push.send("x", 10ms));
  CHECK(thrown([&] { push.set("nonsense", 1); }) == ZEROMQ_CODE_OPTION);
  std::uint16_t port = zeromq::socket(ZEROMQ_PULL).bind("tcp://127.0.0.1:*");
  CHECK(port >= 49152 && push.endpoint().empty());
  static_assert(zeromq::forever.milliseconds() == ZEROMQ_FOREVER);
  CHECK(zeromq::timeout(1us).milliseconds() == 1 && zeromq::timeout(2ms).milliseconds() == 2);
  CHECK(zeromq::timeout(std::chrono::hours(100000)).milliseconds() == 2147483647);
  return 0;
}

static int security() {
  certificate server, client;
  zeromq::socket pull(ZEROMQ_PULL), push(ZEROMQ_PUSH);
  pull.curve_server(server);
  push.curve_client(client, server.public_key());
  push.connect("tcp://127.0.0.1:" + std::to_string(pull.bind("tcp://127.0.0.1:*")));
  CHECK(push.send("secret", 10s) && pull.receive_text(10s) == "secret");
  certificate same = certificate::of_keys(server.public_key());
  CHECK(same.public_key() == server.public_key());
  CHECK(thrown([&] { same.secret_key(); }) == ZEROMQ_CODE_SECURITY);
  CHECK(thrown([] { certificate::load("/nonexistent"); }) == ZEROMQ_CODE_SECURITY);
  return 0;
}

static int polling() {
  zeromq::socket publisher(ZEROMQ_XPUBLISHER, "inproc://poll");
  zeromq::socket subscriber(ZEROMQ_SUBSCRIBER, "inproc://poll");
  subscriber.subscribe("a");
  CHECK(publisher.receive(10s));
  int data = 0;
  poller waits;
  waits.add(subscriber, ZEROMQ_POLL_IN, &data);
  CHECK(waits.wait(1ms).empty());
  CHECK(publisher.send("b") && publisher.send("abc"));
  auto ready = waits.wait(10s);
  CHECK(ready.size() == 1 && ready[0].is(subscriber) && ready[0].data == &data);
  CHECK(!ready[0].is(publisher) && subscriber.receive_text() == "abc");
  waits.remove(subscriber);
  CHECK(thrown([&] { waits.wait(); }) == ZEROMQ_CODE_ARGUMENT);
  return 0;
}

int main() {
  int failed = frames() + ownership() + options() + security() + polling();
  zeromq::check(zeromq_shutdown());
  return failed;
}
