// promlite: the web configuration file of exporters: users, and headers of every response.
// SPDX-License-Identifier: MIT
#ifndef PROMLITE_EXPORTER_WEB_CONFIG_HPP
#define PROMLITE_EXPORTER_WEB_CONFIG_HPP

#include <promlite/config.hpp>
#include <promlite/error.hpp>
#include <promlite/exporter/bcrypt.hpp>
#include <promlite/transport/quote.hpp>
#include <promlite/transport/socket.hpp>

#include <cerrno>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace promlite {
inline namespace PROMLITE_ABI {

/// What the file of --web.config.file says. Made by read_web_config(); one made by hand must keep its rules.
struct WebConfig {
  /// The bcrypt hash of each user's password. With any user, every path asks for a user and a password.
  std::map<std::string, std::string> users;
  /// Header lines, each with its CR LF, of every response to a request that could be read; at most
  /// max_web_headers_bytes together.
  std::string headers;
};

/// The most that a web configuration's header lines may take, in bytes.
constexpr std::size_t max_web_headers_bytes = 2048;

namespace detail {

constexpr std::size_t max_web_config_bytes = std::size_t{1} << 20;

/// Reads the file whole. Throws Error with the reason alone. What is no regular file is not waited for.
PROMLITE_COLD inline std::string read_config_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) fail(errno_text(errno));
  if (S_ISDIR(status.st_mode)) fail(errno_text(EISDIR));
  if (!S_ISREG(status.st_mode)) fail("is not a regular file");
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(errno_text(errno));
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > max_web_config_bytes) fail("is larger than 1 MiB");
  }
}

/// Where a document of YAML starts.
class YamlDocumentStart final : public YAML::EventHandler {
 public:
  int line = -1;  ///< from 0; -1: there was none

  void OnDocumentStart(const YAML::Mark& mark) override { line = mark.line; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
  }
  void OnMapEnd() override {}
};

/// Turns the text of a web configuration into a WebConfig. The file's format and rules are those of
/// Prometheus' exporter-toolkit (docs/web-configuration.md); what is not understood is an error, never passed
/// over. No message shows a value, because one in the wrong place could be a secret.
class WebConfigReader {
 public:
  /// Throws Error: `:LINE: KEY: REASON`, to be put behind the file's name.
  PROMLITE_COLD static WebConfig read(const std::string& text) {
    refuse_control_characters(text);
    WebConfigReader reader;
    PROMLITE_TRY {
      refuse_second_document(text);
      reader.read_document(YAML::Load(text));
    }
    catch (const YAML::DeepRecursion& error) {
      fail_at(error.mark.line, "", "is nested too deeply");
    }
    catch (const YAML::Exception& error) {
      // Behind a colon some messages show what stands in the file.
      fail_at(error.mark.line, "", "is not YAML: " + error.msg.substr(0, error.msg.find(':')));
    }
    return std::move(reader.config_);
  }

 private:
  // `line` counts from 0, and is -1 where there is none.
  [[noreturn]] PROMLITE_COLD static void fail_at(int line, const std::string& key, std::string_view reason) {
    const std::string where = line < 0 ? ": " : ":" + std::to_string(line + 1) + ": ";
    fail(message_of(where, key, key.empty() ? "" : ": ", reason));
  }
  [[noreturn]] static void fail_at(const YAML::Node& node, const std::string& key, std::string_view reason) {
    fail_at(node.Mark().line, key, reason);
  }

  // YAML 1.2 section 5.1 allows none of them; yaml-cpp takes one for the end of the file, and two for UTF-16.
  static void refuse_control_characters(const std::string& text) {
    int line = 0;
    for (const char c : text) {
      if (c == '\n') ++line;
      if ((static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\n' && c != '\r') || c == '\x7f') {
        fail_at(line, "", "holds a control character");
      }
    }
  }

  // YAML::Load reads the first document and passes over the others; YAML::LoadAll does not end on some of
  // what is no YAML.
  static void refuse_second_document(const std::string& text) {
    std::istringstream stream(text);  // comes with yaml-cpp
    YAML::Parser parser(stream);
    YamlDocumentStart start;
    parser.HandleNextDocument(start);
    start.line = -1;
    parser.HandleNextDocument(start);
    if (start.line >= 0) fail_at(start.line, "", "holds more than one document");
  }

  /// `section`, a dot and `key`. A hash that was put where a name belongs is not shown.
  static std::string name_of(const std::string& section, const std::string& key) {
    const std::string shown = key.find("$2") == std::string::npos ? quote_words(key) : "(a hash)";
    return section.empty() ? shown : section + "." + shown;
  }

  // Calls take(KEY, NAME, VALUE) for each entry of the mapping; one that is left empty has none.
  template <class Take>
  static void for_each_entry(const YAML::Node& mapping, const std::string& section, Take&& take) {
    if (mapping.IsNull()) return;
    if (!mapping.IsMap()) fail_at(mapping, section, "is not a mapping of keys to values");
    std::set<std::string> seen;
    for (const auto& entry : mapping) {
      if (!entry.first.IsScalar()) fail_at(entry.first, section, "has a key that is not a string");
      const std::string& key = entry.first.Scalar();
      const std::string name = name_of(section, key);
      if (!seen.insert(key).second) fail_at(entry.first, name, "is there twice");
      take(key, name, entry);
    }
  }

  static const std::string& string_of(const YAML::Node& value, const YAML::Node& key,
                                      const std::string& name) {
    if (value.IsNull()) fail_at(key, name, "has no value");
    if (!value.IsScalar()) fail_at(value, name, "is not a string");
    return value.Scalar();
  }

  void read_document(const YAML::Node& document) {
    for_each_entry(document, "", [this](const std::string& key, const std::string& name, const auto& entry) {
      if (key == "basic_auth_users") return read_users(entry.second);
      if (key == "http_server_config") return read_http_server(entry.second);
      if (key == "tls_server_config") {
        fail_at(entry.first, name,
                "TLS is not spoken here; put a proxy that speaks it in front and remove this key");
      }
      if (key == "rate_limit") {
        fail_at(entry.first, name,
                "rates are not limited here; put a proxy that does it in front and remove this key");
      }
      fail_at(entry.first, name, "is not a known key (basic_auth_users, http_server_config)");
    });
  }

  void read_users(const YAML::Node& users) {
    for_each_entry(users, "basic_auth_users",
                   [this](const std::string& user, const std::string& name, const auto& entry) {
                     // RFC 7617 section 2: the first colon ends the user.
                     if (user.find(':') != std::string::npos)
                       fail_at(entry.first, name, "a user's name holds no colon");
                     const std::string& hash = string_of(entry.second, entry.first, name);
                     if (!is_bcrypt_hash(hash)) {
                       fail_at(entry.second, name, "is not a bcrypt hash, which `htpasswd -nB USER` writes");
                     }
                     config_.users.emplace(user, hash);
                   });
  }

  void read_http_server(const YAML::Node& section) {
    for_each_entry(section, "http_server_config",
                   [this](const std::string& key, const std::string& name, const auto& entry) {
                     if (key == "headers") return read_headers(entry.second);
                     if (key != "http2") fail_at(entry.first, name, "is not a known key (headers, http2)");
                     // Without TLS there is no HTTP/2 in the toolkit either: both values mean what is done
                     // here.
                     bool unused = false;
                     const bool is_plain = entry.second.Tag() == "?";  // without quotes
                     if (!is_plain || !YAML::convert<bool>::decode(entry.second, unused)) {
                       fail_at(entry.second, name, "is neither true nor false");
                     }
                   });
  }

  void read_headers(const YAML::Node& headers) {
    for_each_entry(headers, "http_server_config.headers",
                   [this](const std::string& key, const std::string& name, const auto& entry) {
                     read_header(key, name, entry.first, entry.second);
                   });
  }

  void read_header(const std::string& key, const std::string& name, const YAML::Node& key_node,
                   const YAML::Node& value_node) {
    const bool is_known = key == "Content-Security-Policy" || key == "Strict-Transport-Security" ||
                          key == "X-Content-Type-Options" || key == "X-Frame-Options" ||
                          key == "X-XSS-Protection";
    if (!is_known) {
      fail_at(key_node, name,
              "is not one of Content-Security-Policy, Strict-Transport-Security, X-Content-Type-Options, "
              "X-Frame-Options, X-XSS-Protection");
    }
    const std::string& value = string_of(value_node, key_node, name);
    if (value.empty()) fail_at(value_node, name, "has no value");
    for (const char c : value) {
      if (c < ' ' || c > '~')
        fail_at(value_node, name, "holds a character other than the printable ones of ASCII");
    }
    if (key == "X-Content-Type-Options") {
      if (value != "nosniff") fail_at(value_node, name, "is not nosniff");
      return;  // stands in every response anyway
    }
    if (key == "X-Frame-Options" && value != "deny" && value != "sameorigin") {
      fail_at(value_node, name, "is neither deny nor sameorigin");
    }
    config_.headers += message_of(key, ": ", value, "\r\n");
    if (config_.headers.size() > max_web_headers_bytes) {
      fail_at(value_node, "http_server_config.headers", "are larger than 2 KiB together");
    }
  }

  WebConfig config_;
};

}  // namespace detail

/// Reads a web configuration file: the format of Prometheus' exporter-toolkit. An empty file configures
/// nothing. At most 1 MiB is read, and what is no regular file is not.
///
///   basic_auth_users:
///     reader: $2y$10$...          # `htpasswd -nBC 10 reader` writes it
///   http_server_config:
///     headers:                    # of every response: Content-Security-Policy, Strict-Transport-Security,
///       X-Frame-Options: deny     # X-Content-Type-Options, X-Frame-Options, X-XSS-Protection
///     http2: true                 # without effect: this server speaks HTTP/1.1
///
/// Everything else is an error: TLS and rate limits above all, which would be missed if they were passed
/// over. The message names the file, the line, the key and the reason; it never shows a hash.
PROMLITE_COLD inline Expected<WebConfig> read_web_config(const std::string& path) {
  std::string text;
  PROMLITE_TRY { text = detail::read_config_file(path); }
  catch (const Error& error) {
    return Expected<WebConfig>::failure(detail::message_of("web configuration ", path, ": ", error.what()));
  }
  PROMLITE_TRY { return detail::WebConfigReader::read(text); }
  catch (const Error& error) {
    return Expected<WebConfig>::failure(detail::message_of("web configuration ", path, error.what()));
  }
}

}  // namespace PROMLITE_ABI
}  // namespace promlite

#endif  // PROMLITE_EXPORTER_WEB_CONFIG_HPP
