// promlite: tests of the directory of sources: its order, what it finds, and how sources leave it.
// SPDX-License-Identifier: MIT
#include <promlite/source_directory.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace promlite;
using namespace promlite::detail;
using test::error_of;

class FakeSource final : public Source {
 public:
  FakeSource(Declaration declared, int* alive) : Source(std::move(declared)), alive_(alive) { ++*alive_; }
  ~FakeSource() override { --*alive_; }
  bool gone() const noexcept override { return left; }
  bool has_series(const ScrapeContext&) override { return false; }
  void encode(Encoder&, ScrapeContext&) override {}
  void list(std::vector<ListedSeries>&) override {}
  void encode_one(const ListedSeries&, Encoder&, ScrapeContext&) override {}
  bool left = false;

 private:
  int* alive_;
};

static Declaration declaration(const std::string& name, const std::string& constant = "",
                               MetricType type = MetricType::gauge) {
  Declaration declared;
  declared.name = name;
  declared.type = type;
  if (!constant.empty()) declared.const_labels = {{"k", constant}};
  return declared;
}

class Directory {
 public:
  FakeSource* add(Declaration declared) {
    auto source = std::make_unique<FakeSource>(std::move(declared), &alive);
    FakeSource* const made = source.get();
    sources.add(std::move(source));
    return made;
  }
  /// name and constant label of each source, in order.
  std::string content() const {
    std::string all;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const Declaration& declared = sources[i].declared();
      all +=
          declared.name + (declared.const_labels.empty() ? "" : "=" + declared.const_labels[0].second) + " ";
    }
    return all;
  }
  int alive = 0;
  SourceDirectory sources;
};

TEST_CASE("sources are in the order of their names, then of their constant labels") {
  Directory directory;
  for (const char* name : {"m", "z", "a", "mm"}) directory.add(declaration(name));
  for (const char* constant : {"3", "1", "2"}) directory.add(declaration("n", constant));
  CHECK(directory.content() == "a m mm n=1 n=2 n=3 z ");
  CHECK(directory.sources.has("mm"));
  CHECK(directory.sources.has("n"));
  CHECK_FALSE(directory.sources.has("b"));
  CHECK_FALSE(directory.sources.has(""));
  CHECK_FALSE(directory.sources.has("zz"));
}

TEST_CASE("the same declaration is found, another one under its name is an error") {
  Directory directory;
  Source* const one = directory.add(declaration("n", "1"));
  Source* const two = directory.add(declaration("n", "2"));
  CHECK(directory.sources.find_same(declaration("n", "1")) == one);
  CHECK(directory.sources.find_same(declaration("n", "2")) == two);
  CHECK(directory.sources.find_same(declaration("n", "3")) == nullptr);
  CHECK(directory.sources.find_same(declaration("other")) == nullptr);
  CHECK(error_of([&] { directory.sources.find_same(declaration("n")); }) ==
        "cannot register gauge n: gauge n{k=\"1\"} is registered already: other label names");
  CHECK(error_of([&] { directory.sources.find_same(declaration("n", "1", MetricType::summary)); }) ==
        "cannot register summary n{k=\"1\"}: gauge n{k=\"1\"} is registered already: another type");
  CHECK(error_of([&] { directory.sources.find_same(declaration("n_total", "", MetricType::counter)); }) ==
        "cannot register counter n_total: gauge n{k=\"1\"} is registered already: they would share a sample "
        "name");
}

TEST_CASE("sources that have left are not found, and taken out when asked") {
  Directory directory;
  std::vector<FakeSource*> made;
  for (const char* constant : {"1", "2", "3", "4"}) made.push_back(directory.add(declaration("n", constant)));
  made.push_back(directory.add(declaration("b")));
  made.push_back(directory.add(declaration("z")));
  for (const std::size_t leaving : {0U, 2U, 4U, 5U}) made[leaving]->left = true;
  CHECK_FALSE(directory.sources.has("b"));
  CHECK(directory.sources.has("n"));
  CHECK(directory.sources.find_same(declaration("n", "1")) == nullptr);
  CHECK(directory.sources.find_same(declaration("b", "", MetricType::histogram)) == nullptr);
  PointerList<Source> dead;
  directory.sources.take_gone(dead);
  CHECK(directory.content() == "n=2 n=4 ");
  CHECK(dead.size() == 4);
  CHECK(directory.alive == 6);
  for (std::size_t i = 0; i < dead.size(); ++i) delete dead[i];
  CHECK(directory.alive == 2);
  PointerList<Source> none;
  directory.sources.take_gone(none);
  CHECK(none.empty());
}

TEST_CASE("a message about a clash names a source that is there, not one that has left") {
  Directory directory;
  directory.add(declaration("n", "", MetricType::gauge))->left = true;
  directory.add(declaration("n", "1", MetricType::histogram));
  CHECK(error_of([&] { directory.sources.find_same(declaration("n_sum")); }) ==
        "cannot register gauge n_sum: histogram n{k=\"1\"} is registered already: they would share a sample "
        "name");
}

TEST_CASE("the directory owns its sources") {
  int alive = 0;
  {
    SourceDirectory sources;
    for (const char* name : {"a", "b", "c"})
      sources.add(std::make_unique<FakeSource>(declaration(name), &alive));
    CHECK(alive == 3);
  }
  CHECK(alive == 0);
}
