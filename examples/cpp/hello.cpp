// A request and its reply, in C++17: c++ -std=c++17 hello.cpp $(pkg-config --cflags --libs zeromq)
#include <chrono>
#include <iostream>

#include <zeromq.hpp>

int main() try {
  using namespace std::chrono_literals;
  zeromq::socket reply(ZEROMQ_REPLY, "inproc://hello");
  zeromq::socket request(ZEROMQ_REQUEST, "inproc://hello");

  request.send("Hello", 1s);
  std::cout << reply.receive_text(1s).value() << '\n';
  reply.send("World!", 1s);
  std::cout << request.receive_text(1s).value() << '\n';
  zeromq::check(zeromq_shutdown());
} catch (const std::exception &error) {
  std::cerr << error.what() << '\n';
  return 1;
}
