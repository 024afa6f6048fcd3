// promlite: tests of the web configuration file: what is taken from it, and every message.
// SPDX-License-Identifier: MIT
// needs: promlite::exporter
#include <promlite/exporter/web_config.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"

using promlite::read_web_config;
using promlite::WebConfig;

// `htpasswd -nbBC 4 reader "correct horse"`.
static const std::string hash = "$2y$04$TLpZ7S1cYrIgRvT0oRoRreoGXzHuoSKyOFxcTI7Nv53MGKZ7TTQUu";

// A file of its own with a text in it.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) {
    const int fd = mkstemp(&path_[0]);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    close(fd);
  }
  ~ConfigFile() { unlink(path_.c_str()); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/promlite_web_config.XXXXXX";
};

// What a text configures, or the message without "web configuration FILE", which it must begin with.
static std::string read_text(const std::string& text) {
  const ConfigFile file(text);
  const auto config = read_web_config(file.path());
  if (config) {
    std::string shown;
    for (const auto& [user, of_user] : config->users) shown += user + "=" + of_user + "\n";
    return shown + config->headers;
  }
  const std::string start = "web configuration " + file.path();
  REQUIRE(config.message().substr(0, start.size()) == start);
  return config.message().substr(start.size());
}

TEST_CASE("nothing configured") {
  for (const char* text :
       {"", "\n", "# nothing\n", "---\n", "{}", "~", "basic_auth_users:\n", "basic_auth_users: {}\n",
        "http_server_config:\n", "http_server_config:\n  headers:\n", "http_server_config:\n  http2: true\n",
        "http_server_config: {http2: false}", "\xef\xbb\xbf# with a byte order mark\n"}) {
    INFO(text);
    CHECK(read_text(text) == "");
  }
}

TEST_CASE("users and headers") {
  CHECK(read_text("basic_auth_users:\n  reader: " + hash + "\n  'a b': \"" + hash + "\"\r\n") ==
        "a b=" + hash + "\nreader=" + hash + "\n");
  CHECK(read_text("basic_auth_users:\n  reader: &hash " + hash + "\n  other: *hash\n") ==
        "other=" + hash + "\nreader=" + hash + "\n");
  CHECK(read_text("http_server_config:\n"
                  "  headers:\n"
                  "    X-Frame-Options: deny\n"
                  "    X-Content-Type-Options: nosniff\n"
                  "    X-XSS-Protection: 1; mode=block\n"
                  "    Strict-Transport-Security: max-age=31536000\n"
                  "    Content-Security-Policy: default-src 'self'\n") ==
        "X-Frame-Options: deny\r\n"
        "X-XSS-Protection: 1; mode=block\r\n"
        "Strict-Transport-Security: max-age=31536000\r\n"
        "Content-Security-Policy: default-src 'self'\r\n");
  CHECK(read_text("http_server_config: {headers: {X-Frame-Options: sameorigin, X-XSS-Protection: 0}}") ==
        "X-Frame-Options: sameorigin\r\nX-XSS-Protection: 0\r\n");
}

TEST_CASE("keys that are not understood") {
  CHECK(read_text("basic_auth_users:\n\nbasic_auth: {}\n") ==
        ":3: basic_auth: is not a known key (basic_auth_users, http_server_config)");
  CHECK(read_text("\"a\\nb\": 1\n") == ":1: a b: is not a known key (basic_auth_users, http_server_config)");
  CHECK(read_text("tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n") ==
        ":1: tls_server_config: TLS is not spoken here; put a proxy that speaks it in front and remove this "
        "key");
  CHECK(read_text("{tls_server_config: }") ==
        ":1: tls_server_config: TLS is not spoken here; put a proxy that speaks it in front and remove this "
        "key");
  CHECK(read_text("# slow\nrate_limit:\n  interval: 1s\n") ==
        ":2: rate_limit: rates are not limited here; put a proxy that does it in front and remove this key");
  CHECK(read_text("http_server_config:\n  http3: true\n") ==
        ":2: http_server_config.http3: is not a known key (headers, http2)");
  CHECK(read_text("http_server_config:\n  headers:\n    X-Powered-By: tea\n") ==
        ":3: http_server_config.headers.X-Powered-By: is not one of Content-Security-Policy, "
        "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection");
  CHECK(read_text("http_server_config:\n  headers:\n    x-frame-options: deny\n") ==
        ":3: http_server_config.headers.x-frame-options: is not one of Content-Security-Policy, "
        "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection");
  CHECK(read_text("basic_auth_users:\nhttp_server_config:\nbasic_auth_users:\n") ==
        ":3: basic_auth_users: is there twice");
  CHECK(read_text("basic_auth_users:\n  a: " + hash + "\n  a: " + hash + "\n") ==
        ":3: basic_auth_users.a: is there twice");
  CHECK(
      read_text("http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-Frame-Options: deny\n") ==
      ":4: http_server_config.headers.X-Frame-Options: is there twice");
}

TEST_CASE("values of a wrong type") {
  CHECK(read_text("reader:" + hash + "\n") == ":1: is not a mapping of keys to values");
  CHECK(read_text("- a\n") == ":1: is not a mapping of keys to values");
  CHECK(read_text("? [a]\n: b\n") == ":1: has a key that is not a string");
  CHECK(read_text("basic_auth_users: reader\n") ==
        ":1: basic_auth_users: is not a mapping of keys to values");
  CHECK(read_text("basic_auth_users:\n  - reader: " + hash + "\n") ==
        ":2: basic_auth_users: is not a mapping of keys to values");
  CHECK(read_text("basic_auth_users:\n  reader: [" + hash + "]\n") ==
        ":2: basic_auth_users.reader: is not a string");
  CHECK(read_text("basic_auth_users:\n  reader:\n  other: " + hash + "\n") ==
        ":2: basic_auth_users.reader: has no value");
  CHECK(read_text("http_server_config: true\n") ==
        ":1: http_server_config: is not a mapping of keys to values");
  CHECK(read_text("http_server_config:\n  http2: 2\n") ==
        ":2: http_server_config.http2: is neither true nor false");
  CHECK(read_text("http_server_config:\n  http2: 'true'\n") ==
        ":2: http_server_config.http2: is neither true nor false");
  CHECK(read_text("http_server_config:\n  http2: [true]\n") ==
        ":2: http_server_config.http2: is neither true nor false");
  CHECK(read_text("http_server_config:\n  headers: X-Frame-Options\n") ==
        ":2: http_server_config.headers: is not a mapping of keys to values");
  CHECK(read_text("http_server_config:\n  headers:\n    X-Frame-Options:\n") ==
        ":3: http_server_config.headers.X-Frame-Options: has no value");
  CHECK(read_text("http_server_config:\n  headers:\n    X-XSS-Protection: {a: b}\n") ==
        ":3: http_server_config.headers.X-XSS-Protection: is not a string");
}

TEST_CASE("users that cannot be") {
  CHECK(read_text("basic_auth_users:\n  'a:b': " + hash + "\n") ==
        ":2: basic_auth_users.a:b: a user's name holds no colon");
  const std::string no_hash =
      ":2: basic_auth_users.reader: is not a bcrypt hash, which `htpasswd -nB USER` writes";
  const auto with = [](std::size_t at, char c) {
    std::string changed = hash;
    changed[at] = c;
    return changed;
  };
  std::vector<std::string> wrong = {"secret",
                                    "''",
                                    hash + "x",
                                    hash.substr(0, 59),
                                    "$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00",
                                    "'{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='"};
  for (const std::size_t at : {0U, 1U, 3U, 6U}) wrong.push_back(with(at, 'y'));
  for (const char c : {'x', 'A', '1'}) wrong.push_back(with(2, c));
  for (const char c : {'4', ':', '/'}) wrong.push_back(with(4, c));
  for (const char c : {'3', ':', '/'}) wrong.push_back(with(5, c));
  wrong.push_back("$2y$32" + hash.substr(6));
  for (const std::size_t at : {7U, 28U, 59U}) {
    for (const char c : {'$', '+', '-', '_', '=', '@', '[', '`'}) wrong.push_back(with(at, c));
  }
  for (const std::string& each : wrong) {
    INFO(each);
    CHECK(read_text("basic_auth_users:\n  reader: " + each + "\n") == no_hash);
  }
  for (const char* start : {"$2a$04", "$2b$04", "$2y$10", "$2y$29", "$2y$31"}) {
    INFO(start);
    CHECK(read_text("basic_auth_users:\n  reader: " + (start + hash.substr(6)) + "\n") ==
          "reader=" + (start + hash.substr(6)) + "\n");
  }
}

TEST_CASE("headers that cannot be") {
  const auto read_header = [](const std::string& header) {
    return read_text("http_server_config:\n  headers:\n    " + header + "\n");
  };
  CHECK(read_header("X-Frame-Options: allow") ==
        ":3: http_server_config.headers.X-Frame-Options: is neither deny nor sameorigin");
  CHECK(read_header("X-Content-Type-Options: sniff") ==
        ":3: http_server_config.headers.X-Content-Type-Options: is not nosniff");
  CHECK(read_header("X-XSS-Protection: ''") ==
        ":3: http_server_config.headers.X-XSS-Protection: has no value");
  for (const char* value : {"\"a\\r\\nSet-Cookie: b\"", "\"a\\n\"", "\"\\r\"", "\"\\0\"", "\"\\t\"",
                            "\"\\x7f\"", "caf\xc3\xa9", "|\n      a\n      b"}) {
    INFO(value);
    CHECK(read_header(std::string("Content-Security-Policy: ") + value) ==
          ":3: http_server_config.headers.Content-Security-Policy: holds a character other than the "
          "printable ones of ASCII");
  }
  // `X-XSS-Protection: `, the value and CR LF are 2048 bytes; the second header is the one too many.
  const std::string longest(2048 - 18 - 2, 'a');
  CHECK(read_header("X-XSS-Protection: " + longest) == "X-XSS-Protection: " + longest + "\r\n");
  CHECK(read_header("X-XSS-Protection: " + longest + "a") ==
        ":3: http_server_config.headers: are larger than 2 KiB together");
  CHECK(read_header("X-XSS-Protection: " + longest + "\n    X-Frame-Options: deny") ==
        ":4: http_server_config.headers: are larger than 2 KiB together");
}

TEST_CASE("a secret in the wrong place is not shown") {
  for (const std::string& text :
       {"basic_auth_users:\n  " + hash + ": reader\n", hash + ": reader\n",
        "basic_auth_users: " + hash + "\n", "basic_auth_users:\n  - " + hash + "\n",
        "reader: *" + hash + "\n", "reader: !" + hash + " [\n",
        "basic_auth_users:\n  reader: \"" + hash + "\n", "basic_auth_users:\n  reader: '" + hash + "x'\n",
        "http_server_config:\n  http2: " + hash + "\n", "%YAML " + hash + "\n---\n",
        "http_server_config:\n  headers:\n    X-Frame-Options: " + hash + "\n"}) {
    INFO(text);
    const std::string message = read_text(text);
    CHECK(message[0] == ':');
    CHECK(message.find("TLpZ7") == std::string::npos);
  }
  CHECK(read_text("basic_auth_users:\n  " + hash + ": reader\n") ==
        ":2: basic_auth_users.(a hash): is not a bcrypt hash, which `htpasswd -nB USER` writes");
}

TEST_CASE("text that is no YAML, or another YAML") {
  CHECK(read_text("basic_auth_users: [\n") == ":2: is not YAML: end of sequence flow not found");
  CHECK(read_text("a: b: c\n") == ":1: is not YAML: illegal map value");
  CHECK(read_text("a: *hunter2\n") == ":1: is not YAML: the referenced anchor is not defined");
  CHECK(read_text("basic_auth_users:\n---\nbasic_auth_users:\n") == ":2: holds more than one document");
  CHECK(read_text("http_server_config:\n\x04tls_server_config: a\n") == ":2: holds a control character");
  CHECK(read_text(std::string("a\0b", 3)) == ":1: holds a control character");
  CHECK(read_text(std::string("\xff\xfe#\0\n\0", 6)) == ":1: holds a control character");
}

TEST_CASE("hostile YAML ends quickly") {
  const auto repeat = [](const std::string& piece, std::size_t size) {
    std::string text;
    while (text.size() + piece.size() <= size) text += piece;
    return text;
  };
  constexpr std::size_t most = std::size_t{1} << 20;
  constexpr std::size_t some = std::size_t{1} << 16;
  for (const char* piece : {"[", "{", "- ", "? ", "{a: "}) {
    INFO(piece);
    CHECK(read_text(repeat(piece, most)) == ":1: is nested too deeply");
  }
  // Each level stands for nine of the one before it: 9^60 if anybody counted.
  std::string laughs = "a0: &a0 ha\n";
  for (int level = 1; level <= 60; ++level) {
    const std::string number = std::to_string(level);
    const std::string before = "*a" + std::to_string(level - 1);
    laughs += "a" + number + ": &a" + number + " [" + repeat(before + ", ", 9 * (before.size() + 2)) + "]\n";
  }
  CHECK(read_text(laughs) == ":1: a0: is not a known key (basic_auth_users, http_server_config)");
  CHECK(read_text("basic_auth_users: &a [*a, *a]\n") ==
        ":1: basic_auth_users: is not a mapping of keys to values");
  CHECK(read_text("&a basic_auth_users: &b\n  *a : *b\n") ==
        ":1: basic_auth_users.basic_auth_users: is not a string");
  std::string keys;
  for (int i = 0; keys.size() < some; ++i)
    keys += "k" + std::to_string(i) + ": &k" + std::to_string(i) + " 1\n";
  CHECK(read_text(keys) == ":1: k0: is not a known key (basic_auth_users, http_server_config)");
  for (const char* piece : {"a",  "a ",     "!a ",      "#\n",      "\n",    "\t",    ":",          "&a ",
                            "'",  "\"a\" ", "?\n",      "-\n",      "...\n", "---\n", "%TAG ! !\n", "a,",
                            "[a", "\xff",   "\xc0\x80", "<<: *a\n", "|\n",   "@",     "`"}) {
    INFO(piece);
    const std::string outcome = read_text(repeat(piece, some));
    CHECK((outcome.empty() || outcome[0] == ':'));
  }
  std::string noise;
  unsigned state = 1;
  for (int round = 0; round < 500; ++round) {
    noise.clear();
    for (int i = 0; i < 60; ++i) {
      state = state * 1664525U + 1013904223U;
      static const char alphabet[] = "[]{}:,-?&*!|>'\"%@# \n\tabasic_auth_users: ";
      noise += alphabet[(state >> 16) % (sizeof alphabet - 1)];
    }
    const std::string outcome = read_text(noise);
    if (!outcome.empty() && outcome[0] != ':') FAIL(noise + " gives " + outcome);
  }
}

TEST_CASE("files that cannot be read") {
  const ConfigFile file(std::string(std::size_t{1} << 20, '#'));
  CHECK(read_web_config(file.path()));
  const auto message_of = [](const std::string& path) { return read_web_config(path).message(); };
  const ConfigFile large(std::string((std::size_t{1} << 20) + 1, '#'));
  CHECK(message_of(large.path()) == "web configuration " + large.path() + ": is larger than 1 MiB");
  CHECK(message_of("/tmp/promlite/none.yml") ==
        "web configuration /tmp/promlite/none.yml: No such file or directory");
  CHECK(message_of("") == "web configuration : No such file or directory");
  CHECK(message_of("/tmp") == "web configuration /tmp: Is a directory");
  CHECK(message_of("/dev/zero") == "web configuration /dev/zero: is not a regular file");
  // A pipe that nobody writes to is not waited for.
  const std::string pipe = file.path() + ".pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(message_of(pipe) == "web configuration " + pipe + ": is not a regular file");
  unlink(pipe.c_str());
  if (geteuid() != 0) {
    chmod(file.path().c_str(), 0);
    CHECK(message_of(file.path()) == "web configuration " + file.path() + ": Permission denied");
  }
}
