#include "http/head.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway::http {
namespace {

constexpr std::array<bool, 256> MakeTokenTable() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

constexpr std::array<bool, 256> MakeValueTable() {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] = (i >= 0x20 && i != 0x7f) || i == '\t';
  }
  return table;
}

constexpr std::size_t kUsualFields = 32;  // most heads fit without growing
constexpr auto kTokenTable = MakeTokenTable();
constexpr auto kValueTable = MakeValueTable();

bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return kTokenTable[static_cast<unsigned char>(c)];
  });
}

bool IsFieldValue(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return kValueTable[static_cast<unsigned char>(c)]; });
}

bool IsVisibleAscii(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

// It is written into URIs and headers later on, so nothing but names, addresses and ports.
bool IsHost(std::string_view text) {
  return !text.empty() && text.size() <= 320 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '[' || c == ']';
  });
}

// Takes the line up to the next CRLF off `text`; the empty line at the end is a line too.
std::string_view TakeLine(std::string_view& text) {
  const auto end = text.find("\r\n");
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), line.size() + 2));
  return line;
}

Expected<void> ParseFields(std::string_view text,
                           std::size_t max_fields,
                           Origin origin,
                           std::vector<HeaderField>& fields) {
  fields.clear();
  fields.reserve(kUsualFields);
  for (auto line = TakeLine(text); !line.empty(); line = TakeLine(text)) {
    if (fields.size() == max_fields) {
      return Fail(ErrorCode::kTooLarge, fmt::format("more than {} header fields", max_fields),
                  origin);
    }
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    if (colon == std::string_view::npos || !IsToken(name)) {
      const bool folded = line.front() == ' ' || line.front() == '\t';
      return Fail(ErrorCode::kProtocol,
                  folded ? "folded header line" : "header line without a valid name", origin);
    }
    const auto value = Trim(line.substr(colon + 1));
    if (!IsFieldValue(value)) {
      return Fail(ErrorCode::kProtocol,
                  fmt::format("control character in the value of header '{}'", name), origin);
    }
    fields.push_back({name, value});
  }
  return {};
}

// `HTTP/1.x`: nothing else is spoken here.
Expected<int> ParseVersion(std::string_view text, Origin origin) {
  if (text == "HTTP/1.1") return 1;
  if (text == "HTTP/1.0") return 0;
  const bool is_http = text.size() == 8 && text.starts_with("HTTP/") && text[6] == '.';
  return Fail(is_http ? ErrorCode::kUnsupported : ErrorCode::kProtocol,
              is_http ? "only HTTP/1.1 and HTTP/1.0 are spoken here" : "no HTTP version", origin);
}

// Reduces an absolute-form target to its origin-form; its authority then counts as the Host.
Expected<void> SettleTarget(RequestHead& head) {
  std::string_view authority;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (head.target.size() > scheme.size() &&
        EqualsIgnoreCase(head.target.substr(0, scheme.size()), scheme)) {
      const auto rest = head.target.substr(scheme.size());
      authority = rest.substr(0, rest.find_first_of("/?#"));
      head.target = rest.substr(authority.size());
      if (head.target.empty()) head.target = "/";
      if (authority.empty())
        return Fail(ErrorCode::kProtocol, "no host in the target", Origin::kClient);
    }
  }
  if (head.target.front() != '/') {
    return Fail(ErrorCode::kProtocol, "the request target must be a path", Origin::kClient);
  }

  std::size_t hosts = 0;
  for (const auto& field : head.fields) {
    if (!EqualsIgnoreCase(field.name, "host")) continue;
    ++hosts;
    head.host = field.value;
  }
  if (!authority.empty()) head.host = authority;
  if (hosts > 1) return Fail(ErrorCode::kProtocol, "more than one Host header", Origin::kClient);
  if (hosts == 0 && head.minor_version == 1) {
    return Fail(ErrorCode::kProtocol, "no Host header", Origin::kClient);
  }
  // An absolute target names the host in HTTP/1.0, too, which needs no Host header.
  if ((hosts == 1 || !authority.empty()) && !IsHost(head.host)) {
    return Fail(ErrorCode::kProtocol, "the Host header is not a host name", Origin::kClient);
  }
  return {};
}

// Content-Length and Transfer-Encoding as found, before they are judged.
struct Lengths {
  std::size_t content_lengths = 0;
  std::size_t transfer_encodings = 0;
  std::string_view content_length;
  std::string_view transfer_encoding;
};

Lengths FindLengths(const std::vector<HeaderField>& fields) {
  Lengths lengths;
  for (const auto& field : fields) {
    if (field.name.size() == 14 && EqualsIgnoreCase(field.name, "content-length")) {
      ++lengths.content_lengths;
      lengths.content_length = field.value;
    } else if (field.name.size() == 17 && EqualsIgnoreCase(field.name, "transfer-encoding")) {
      ++lengths.transfer_encodings;
      lengths.transfer_encoding = field.value;
    }
  }
  return lengths;
}

// What both directions agree on. `fallback` is the framing when neither header is there.
Expected<BodyFraming> SettleFraming(const Lengths& lengths,
                                    int minor_version,
                                    BodyFraming fallback,
                                    Origin origin) {
  if (lengths.transfer_encodings > 0) {
    if (lengths.content_lengths > 0) {
      return Fail(ErrorCode::kProtocol, "both Content-Length and Transfer-Encoding", origin);
    }
    if (minor_version == 0) {
      return Fail(ErrorCode::kProtocol, "Transfer-Encoding in HTTP/1.0", origin);
    }
    if (lengths.transfer_encodings > 1 || !EqualsIgnoreCase(lengths.transfer_encoding, "chunked")) {
      return Fail(ErrorCode::kUnsupported, "the only transfer coding is 'chunked'", origin);
    }
    return BodyFraming{BodyKind::kChunked, 0};
  }
  if (lengths.content_lengths == 0) return fallback;
  const auto length = ParseDecimal(lengths.content_length);
  if (lengths.content_lengths > 1 || !length || *length > (std::uint64_t{1} << 62)) {
    return Fail(ErrorCode::kProtocol, "Content-Length is not one plain number", origin);
  }
  return BodyFraming{*length == 0 ? BodyKind::kNone : BodyKind::kLength, *length};
}

}  // namespace

std::size_t FindHeadEnd(std::string_view text, std::size_t searched) {
  const auto found = text.find("\r\n\r\n", searched < 3 ? 0 : searched - 3);
  return found == std::string_view::npos ? found : found + 4;
}

Expected<void> ParseRequestHead(std::string_view text, std::size_t max_fields, RequestHead& head) {
  const auto line = TakeLine(text);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return Fail(ErrorCode::kProtocol, "the request line is not 'METHOD target HTTP/1.1'",
                Origin::kClient);
  }
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  head.host = {};
  if (!IsToken(head.method) || !IsVisibleAscii(head.target)) {
    return Fail(ErrorCode::kProtocol, "the request line is not 'METHOD target HTTP/1.1'",
                Origin::kClient);
  }
  const auto version = ParseVersion(line.substr(last + 1), Origin::kClient);
  if (!version) return std::unexpected(version.error());
  head.minor_version = *version;
  if (auto parsed = ParseFields(text, max_fields, Origin::kClient, head.fields); !parsed) {
    return parsed;
  }
  return SettleTarget(head);
}

Expected<void> ParseResponseHead(std::string_view text,
                                 std::size_t max_fields,
                                 ResponseHead& head) {
  const auto line = TakeLine(text);
  const auto version = ParseVersion(line.substr(0, 8), Origin::kBackend);
  const auto status = line.size() >= 12 ? ParseDecimal(line.substr(9, 3)) : std::nullopt;
  if (!version || !status || *status < 100 || line[8] != ' ' ||
      (line.size() > 12 && line[12] != ' ') || !IsFieldValue(line)) {
    return Fail(ErrorCode::kProtocol, "the backend's answer is not HTTP/1.1", Origin::kBackend);
  }
  head.minor_version = *version;
  head.status = static_cast<int>(*status);
  head.reason = line.size() > 13 ? line.substr(13) : std::string_view();
  return ParseFields(text, max_fields, Origin::kBackend, head.fields);
}

const HeaderField* FindField(const std::vector<HeaderField>& fields, std::string_view name) {
  const auto found = std::ranges::find_if(fields, [&](const HeaderField& field) {
    return field.name.size() == name.size() && EqualsIgnoreCase(field.name, name);
  });
  return found == fields.end() ? nullptr : &*found;
}

bool HasToken(const std::vector<HeaderField>& fields,
              std::string_view name,
              std::string_view token) {
  for (const auto& field : fields) {
    if (field.name.size() != name.size() || !EqualsIgnoreCase(field.name, name)) continue;
    for (auto rest = field.value; !rest.empty();) {
      const auto comma = std::min(rest.find(','), rest.size());
      if (EqualsIgnoreCase(Trim(rest.substr(0, comma)), token)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

Expected<BodyFraming> RequestFraming(const RequestHead& head) {
  return SettleFraming(FindLengths(head.fields), head.minor_version, {}, Origin::kClient);
}

Expected<BodyFraming> ResponseFraming(const ResponseHead& head, std::string_view method) {
  if (method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304) {
    return BodyFraming{};
  }
  auto framing = SettleFraming(FindLengths(head.fields), head.minor_version,
                               {BodyKind::kUntilClose, 0}, Origin::kBackend);
  // To a client the difference does not matter: the backend's answer cannot be relayed.
  if (!framing) framing.error().code = ErrorCode::kProtocol;
  return framing;
}

bool KeepsAlive(int minor_version, const std::vector<HeaderField>& fields) {
  return minor_version == 1 && !HasToken(fields, "connection", "close");
}

bool IsHopByHop(std::string_view name) {
  switch (name.size()) {
    case 2:
      return EqualsIgnoreCase(name, "te");
    case 7:
      return EqualsIgnoreCase(name, "upgrade") || EqualsIgnoreCase(name, "trailer");
    case 10:
      return EqualsIgnoreCase(name, "connection") || EqualsIgnoreCase(name, "keep-alive");
    case 16:
      return EqualsIgnoreCase(name, "proxy-connection");
    case 17:
      return EqualsIgnoreCase(name, "transfer-encoding");
    case 18:
      return EqualsIgnoreCase(name, "proxy-authenticate");
    case 19:
      return EqualsIgnoreCase(name, "proxy-authorization");
    default:
      return false;
  }
}

}  // namespace gateway::http
