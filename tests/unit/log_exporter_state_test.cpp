// promlite: what examples/log_exporter keeps for a restart.
// SPDX-License-Identifier: MIT
#include "../../examples/log_exporter/file_system.hpp"
#include "../../examples/log_exporter/state.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "support/catch.hpp"

static log_exporter::State example_state() {
  log_exporter::State state;
  state.patterns = {"/var/log/*.log", "odd \\n\n name"};
  log_exporter::SavedFile file;
  file.path = "/var/log/a\nb\\.log";
  file.counts.lines = {1, 2, 3, 4, 5, 18446744073709551615u};
  file.counts.long_lines = 6;
  file.counts.bytes = 7;
  file.counts.rotations = {8, 9, 10};
  file.matches = {{"slow", 11}, {"a.b-c", 0}};
  file.positions = {{12, 13, {}}, {14, 15, {}}};
  file.positions[0].fingerprint.extend(0, "first bytes");
  state.files = {file, {"empty", {}, {}, {}}};
  return state;
}

static const std::string example_text =
    "log_exporter state 1\n"
    "pattern /var/log/*.log\n"
    "pattern odd \\\\n\\n name\n"
    "file /var/log/a\\nb\\\\.log\n"
    "lines 1 2 3 4 5 18446744073709551615\n"
    "long 6\n"
    "bytes 7\n"
    "rotations 8 9 10\n"
    "match 11 slow\n"
    "match 0 a.b-c\n"
    "position 12 13 11 b2f28de6f4d2b986\n"
    "position 14 15 0 cbf29ce484222325\n"
    "file empty\n"
    "lines 0 0 0 0 0 0\n"
    "long 0\n"
    "bytes 0\n"
    "rotations 0 0 0\n";

static std::string with_end(const std::string& text) {
  return text + "end " + log_exporter::detail::hex(log_exporter::hash_bytes(text)) + "\n";
}

TEST_CASE("log_exporter: a state is written and read again") {
  const std::string text = log_exporter::write_state(example_state());
  CHECK(text == with_end(example_text));
  const auto read = log_exporter::read_state(text);
  REQUIRE(read);
  REQUIRE(read->patterns == example_state().patterns);
  REQUIRE(read->files.size() == 2);
  CHECK(read->files[0].path == "/var/log/a\nb\\.log");
  CHECK(read->files[0].positions[0].fingerprint.matches("first bytes and more"));
  CHECK(log_exporter::write_state(*read) == text);
  CHECK(log_exporter::read_state(log_exporter::write_state({})));
}

TEST_CASE("log_exporter: a state that is cut or changed is not taken") {
  const std::string text = log_exporter::write_state(example_state());
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK_FALSE(log_exporter::read_state(text.substr(0, size)));
  }
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = changed[at] == '0' ? '1' : '0';
    CHECK_FALSE(log_exporter::read_state(changed));
  }
  CHECK(log_exporter::read_state("").message() == "it is not a state of log_exporter, version 1");
  CHECK(log_exporter::read_state(text.substr(0, 100)).message() == "it is cut short or was changed");
}

TEST_CASE("log_exporter: a line of a state that cannot be read") {
  const std::string title = "log_exporter state 1\n";
  const std::string lines[] = {"file",
                               "file ",
                               "pattern",
                               "filex a",
                               "lines 0 0 0 0 0 0",
                               "file a\nlines 0 0 0 0 0",
                               "file a\nlines 0 0 0 0 0 0 0",
                               "file a\nlines 0 0 0 0 0 -1",
                               "file a\nlines 0 0 0 0 0 18446744073709551616",
                               "file a\nlong",
                               "file a\nlong 1x",
                               "file a\nbytes 1 2",
                               "file a\nrotations 1 2",
                               "file a\nmatch 1",
                               "file a\nmatch x 1",
                               "file a\nposition 1 2 3",
                               "file a\nposition 1 2 3 xyz",
                               "file a\nposition 1 2 1025 0",
                               "file a\nother 1",
                               "file a\n\nlong 1"};
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(log_exporter::read_state(with_end(title + line + "\n")).message() ==
          "it has a line that cannot be read");
  }
}

TEST_CASE("log_exporter: files by their inode numbers") {
  char made[] = "/tmp/promlite-inodes-XXXXXX";
  REQUIRE(::mkdtemp(made) != nullptr);
  const std::string folder = made + std::string("/");
  std::ofstream(folder + "a") << "x";
  const std::uint64_t inode = log_exporter::status_of(folder + "a").identity.inode;
  log_exporter::InodeIndex index;
  CHECK(index.find(folder, inode) == std::vector<std::string>{folder + "a"});
  CHECK(index.find(folder, inode + 1000000).empty());
  CHECK(index.find(folder + "none/", inode).empty());

  // The folder is read once, and again when it is forgotten.
  CHECK(std::rename((folder + "a").c_str(), (folder + "b").c_str()) == 0);
  CHECK(index.find(folder, inode) == std::vector<std::string>{folder + "a"});
  index.forget(folder);
  CHECK(index.find(folder, inode) == std::vector<std::string>{folder + "b"});
  ::unlink((folder + "b").c_str());
  ::rmdir(made);
}
