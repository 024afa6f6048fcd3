// promlite: tests of an exporter's command line.
// SPDX-License-Identifier: MIT
// needs: promlite::exporter
#include <promlite/exporter/flags.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::edit_distance;
using promlite::detail::Ending;
using promlite::detail::Flags;
using promlite::detail::nearest;
using namespace std::chrono_literals;

/// A command line with a flag of every type.
struct Program {
  std::string address = "localhost:1";
  std::string file;
  bool on = true;
  bool off = false;
  std::uint16_t port = 7;
  std::int64_t offset = -1;
  double ratio = 0.5;
  std::chrono::nanoseconds timeout = 1s;
  std::chrono::seconds age{60};
  std::vector<std::string> listen{":9150"};
  std::vector<std::string> names;
  Flags flags{"queue_exporter", "Shows the lengths of queues.", "queue_exporter, version 1.2"};

  Program() {
    flags.add("web.listen-address", listen, "Where scrapes are answered.").type_name("ADDRESS");
    flags.add("web.live-page", on, "A page that shows the metrics.");
    flags.add("queue.address", address, "The queue's server.");
    flags.add("queue.file", file,
              "Its file, which is described at such a length that the text does not fit on a line.");
    flags.add("queue.deep", off, "Looks into it.");
    flags.add("queue.port", port, "A number.");
    flags.add("queue.offset", offset, "A number.");
    flags.add("queue.ratio", ratio, "A number.");
    flags.add("queue.timeout", timeout, "A duration.");
    flags.add("queue.age", age, "A duration.");
    flags.add("names", names, "Repeatable.");
  }

  /// What it says, after its status; "" where it runs.
  std::string say(const std::vector<std::string>& arguments) {
    const std::optional<Ending> ending = flags.parse(arguments);
    return ending ? std::to_string(ending->status) + " " + ending->text : "";
  }
};

TEST_CASE("without arguments every flag has its default") {
  Program program;
  CHECK(program.say({}).empty());
  CHECK(program.address == "localhost:1");
  CHECK(program.on);
  CHECK_FALSE(program.off);
  CHECK(program.listen == std::vector<std::string>{":9150"});
  CHECK(program.names.empty());
  CHECK(program.timeout == 1s);
}

TEST_CASE("a value stands behind an equals sign or is the next argument") {
  Program program;
  CHECK(program.say({"--queue.address=a=b", "--queue.file", "-", "--queue.port=65535", "--queue.offset", "-5",
                     "--queue.ratio=1e-3", "--queue.timeout=500ms", "--queue.age", "1h"}) == "");
  CHECK(program.address == "a=b");
  CHECK(program.file == "-");
  CHECK(program.port == 65535);
  CHECK(program.offset == -5);
  CHECK(program.ratio == 0.001);
  CHECK(program.timeout == 500ms);
  CHECK(program.age == 1h);
}

TEST_CASE("a value may be empty, and anything behind an equals sign") {
  Program program;
  CHECK(program.say({"--queue.address=", "--queue.file=--queue.deep"}) == "");
  CHECK(program.address.empty());
  CHECK(program.file == "--queue.deep");
  CHECK_FALSE(program.off);
  Program next;
  CHECK(next.say({"--queue.address", "", "--queue.file=[a,b]"}) == "");
  CHECK(next.address.empty());
  CHECK(next.file == "[a,b]");
}

TEST_CASE("what is on or off has a flag for both") {
  Program program;
  CHECK(program.say({"--no-web.live-page", "--queue.deep"}) == "");
  CHECK_FALSE(program.on);
  CHECK(program.off);
  CHECK(program.say({"--web.live-page=false", "--queue.deep=true"}) == "");
  CHECK_FALSE(program.on);
  CHECK(program.off);
  CHECK(program.say({"--web.live-page=maybe"}) ==
        "2 queue_exporter: --web.live-page: \"maybe\" is neither true nor false\n");
  CHECK(program.say({"--web.live-page="}) ==
        "2 queue_exporter: --web.live-page: \"\" is neither true nor false\n");
}

TEST_CASE("a list takes one value with each of its flags, which replace the defaults") {
  Program program;
  CHECK(program.say({"--web.listen-address=:1", "--names", "a,b", "--web.listen-address", ":2",
                     "--names=[c,d]"}) == "");
  CHECK(program.listen == std::vector<std::string>{":1", ":2"});
  CHECK(program.names == std::vector<std::string>{"a,b", "[c,d]"});
  CHECK(program.say({"--names", "a", "b"}) ==
        "2 queue_exporter: unexpected argument b; --help shows the flags\n");
}

TEST_CASE("a wrong value is named with its flag") {
  struct Case {
    const char* argument;
    const char* expected;
  };
  const Case cases[] = {
      {"--queue.port=65536", "\"65536\" is not a whole number from 0 to 65535"},
      {"--queue.port=-1", "\"-1\" is not a whole number from 0 to 65535"},
      {"--queue.port=1x", "\"1x\" is not a whole number from 0 to 65535"},
      {"--queue.port=", "\"\" is not a whole number from 0 to 65535"},
      {"--queue.ratio=half", "\"half\" is not a number, or too large"},
      {"--queue.ratio=NaN", "\"NaN\" is not a number, or too large"},
      {"--queue.timeout=5", "\"5\" is not a duration such as 500ms, 10s or 1m30s"},
      {"--queue.age=1.5s", "\"1.5s\" is not a multiple of 1s, or too long"},
  };
  for (const Case& each : cases) {
    Program program;
    const std::string argument = each.argument;
    CHECK(program.say({argument}) ==
          "2 queue_exporter: " + argument.substr(0, argument.find('=')) + ": " + each.expected + "\n");
  }
}

TEST_CASE("a flag that there is not is named with the nearest one") {
  struct Case {
    const char* argument;
    const char* expected;
  };
  const Case cases[] = {
      {"--web.listen-adress", "unknown flag --web.listen-adress; did you mean --web.listen-address?"},
      {"--web.listen-adress=:1", "unknown flag --web.listen-adress; did you mean --web.listen-address?"},
      {"-web.listen-address=:1", "unknown flag -web.listen-address; did you mean --web.listen-address?"},
      {"--listen-address", "unknown flag --listen-address; did you mean --web.listen-address?"},
      {"--web.listen", "unknown flag --web.listen; did you mean --web.listen-address?"},
      {"--web.live_page", "unknown flag --web.live_page; did you mean --web.live-page?"},
      {"--no-web.livepage", "unknown flag --no-web.livepage; did you mean --no-web.live-page?"},
      {"--Queue.Deep", "unknown flag --Queue.Deep; did you mean --queue.deep?"},
      {"--no-names", "unknown flag --no-names; --help shows the flags"},
      {"--verison", "unknown flag --verison; did you mean --version?"},
      {"--zzz", "unknown flag --zzz; --help shows the flags"},
      {"-x", "unknown flag -x; --help shows the flags"},
      {"-", "unknown flag -; --help shows the flags"},
      {"status", "unexpected argument status; --help shows the flags"},
      {"", "unexpected argument \"\"; --help shows the flags"},
  };
  for (const Case& each : cases) {
    Program program;
    CHECK(program.say({each.argument}) == std::string("2 queue_exporter: ") + each.expected + "\n");
  }
  Program program;
  CHECK(program.say({"--", "more"}) ==
        "2 queue_exporter: unexpected argument more; --help shows the flags\n");
}

TEST_CASE("a flag is not repeated and its value not forgotten") {
  Program program;
  CHECK(program.say({"--queue.port=1", "--queue.port=2"}) ==
        "2 queue_exporter: --queue.port cannot be repeated\n");
  CHECK(Program().say({"--queue.deep", "--no-queue.deep"}) ==
        "2 queue_exporter: --queue.deep cannot be repeated\n");
  CHECK(program.say({"--queue.file"}) == "2 queue_exporter: --queue.file needs a value\n");
  CHECK(program.say({"--queue.file", "--queue.deep"}) == "2 queue_exporter: --queue.file needs a value\n");
}

TEST_CASE("the version and the help win over all else but a value that looks like them") {
  Program program;
  CHECK(program.say({"--nonsense", "--version"}) == "0 queue_exporter, version 1.2\n");
  CHECK(program.say({"--queue.port=x", "-h"}) == program.say({"--help"}));
  CHECK(program.say({"--version=1"}) == "2 queue_exporter: --version takes no value\n");
  CHECK(program.say({"--help="}) == "2 queue_exporter: --help takes no value\n");
  CHECK(program.say({"--queue.file", "-h"}) == "");
  CHECK(program.file == "-h");
}

TEST_CASE("the help shows the flags by groups with their defaults") {
  Program program;
  CHECK(program.say({"--help"}) == R"(0 Usage: queue_exporter [--FLAG=VALUE | --FLAG VALUE]...

Shows the lengths of queues.

Queue:
  --queue.address=TEXT          The queue's server. (default: localhost:1)
  --queue.file=TEXT             Its file, which is described at such a length
                                that the text does not fit on a line.
  --[no-]queue.deep             Looks into it. (default: off)
  --queue.port=NUMBER           A number. (default: 7)
  --queue.offset=NUMBER         A number. (default: -1)
  --queue.ratio=NUMBER          A number. (default: 0.5)
  --queue.timeout=DURATION      A duration. (default: 1s)
  --queue.age=DURATION          A duration. (default: 1m0s)

Web:
  --web.listen-address=ADDRESS ...
                                Where scrapes are answered. (default: :9150)
  --[no-]web.live-page          A page that shows the metrics. (default: on)

Options:
  -h, --help                    Shows this text.
  --version                     Shows the version.
  --names=TEXT ...              Repeatable.
)");
}

TEST_CASE("what CLI11 offers besides works") {
  Program program;
  program.flags.app().get_option("--queue.port")->required()->check(CLI::Range(1, 10));
  CHECK(program.say({}) == "2 queue_exporter: --queue.port is required\n");
  CHECK(program.say({"--queue.prt=5"}) ==
        "2 queue_exporter: unknown flag --queue.prt; did you mean --queue.port?\n");
  CHECK(program.say({"--queue.port=11"}) ==
        "2 queue_exporter: --queue.port: Value 11 not in range 1 to 10\n");
  CHECK(program.say({"--queue.port=10"}) == "");
  CHECK(program.port == 10);
  int extra = 0;
  program.flags.app().add_option("--extra", extra, "More.")->group("queue");
  CHECK(program.say({"--queue.port=10", "--extra", "3"}) == "");
  CHECK(extra == 3);
  CHECK_THAT(program.say({"--help"}), ContainsSubstring("  --extra=INT                   More.\n"));
  CHECK_THROWS_AS(program.flags.add("queue.port", program.port, "Again."), CLI::Error);
}

TEST_CASE("distances between texts") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("abc", "ABC") == 0);
  CHECK(edit_distance("adress", "address") == 1);
  CHECK(edit_distance("lable", "label") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(nearest("abc", {}).empty());
  CHECK(nearest("metrics", {"telemetry", "metric", "matrix"}) == "metric");
}
