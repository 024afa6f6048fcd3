// promlite: tests of grouping keys and of base64.
// SPDX-License-Identifier: MIT
#include <promlite/transport/push_path.hpp>

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using promlite::detail::append_base64;
using promlite::detail::Base64;
using promlite::detail::GroupingKey;
using namespace std::string_literals;

static std::string base64(std::string_view text, Base64 kind) {
  std::string out;
  append_base64(out, text, kind);
  return out;
}

TEST_CASE("base64 of RFC 4648, section 10, and both alphabets") {
  const std::vector<std::pair<std::string, std::string>> cases = {{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"},
                                                                  {"\xff\xfe\xfd\0"s, "//79AA=="}};
  for (const auto& [text, padded] : cases) {
    CHECK(base64(text, Base64::padded) == padded);
    std::string url = padded.substr(0, padded.find('='));
    for (char& c : url) c = c == '/' ? '_' : c == '+' ? '-' : c;
    CHECK(base64(text, Base64::url) == url);
  }
}

static std::string path_of(std::string_view job, std::string_view name, std::string_view value) {
  GroupingKey key;
  REQUIRE(key.set_job(job) == "");
  REQUIRE(key.add(name, value) == "");
  return key.path();
}

TEST_CASE("paths: plain values as they are, all others as base64") {
  CHECK(path_of("nightly", "instance", "db1") == "/metrics/job/nightly/instance/db1");
  CHECK(path_of("nightly", "dir", "/var/tmp") == "/metrics/job/nightly/dir@base64/L3Zhci90bXA");
  CHECK(path_of("nightly", "shard", "") == "/metrics/job/nightly/shard@base64/=");
  CHECK(path_of("a/b", "x", "1.5:a-b_c") == "/metrics/job@base64/YS9i/x/1.5:a-b_c");
  CHECK(path_of("nightly", "who", "Zo\xC3\xAB x") == "/metrics/job/nightly/who@base64/Wm_DqyB4");
  for (const std::string value : {".", "..", "a+b", "a%b", "a b", "a?b", "a#b", "\x01", "a\tb"}) {
    INFO(value);
    CHECK(path_of("j", "x", value) == "/metrics/job/j/x@base64/" + base64(value, Base64::url));
  }
  CHECK(path_of("...", "x", "y") == "/metrics/job/.../x/y");
}

TEST_CASE("what is no grouping key is told, and changes nothing") {
  GroupingKey key;
  CHECK(key.set_job("") == "the job is empty");
  CHECK(key.set_job("a\nb") == "the job has a CR, LF or NUL in it");
  CHECK(key.set_job("\xff") == "the job is not UTF-8");
  CHECK(key.set_job("j") == "");
  CHECK(key.add("instance", "a") == "");
  const std::string before = key.path();
  CHECK(key.add("instance", "b") == "grouping label \"instance\" is there twice");
  CHECK(key.add("job", "b") == "grouping label \"job\": the job is given already");
  CHECK(key.add("", "b") == "grouping label \"\": a label name must not be empty");
  CHECK(key.add("a-b", "b") == "grouping label \"a-b\": a label name must match [a-zA-Z_][a-zA-Z0-9_]*");
  CHECK(key.add("__a", "b") ==
        "grouping label \"__a\": label names that begin with two underscores are reserved");
  for (const std::string& value : {"a\r"s, "\na"s, "a\0b"s}) {
    CHECK(key.add("x", value) == "the value of grouping label \"x\" has a CR, LF or NUL in it");
  }
  CHECK(key.add("x", "\xC0\x80") == "the value of grouping label \"x\" is not UTF-8");
  CHECK(key.path() == before);
  CHECK(key.has("job"));
  CHECK(key.has("instance"));
  CHECK_FALSE(key.has("x"));
}
