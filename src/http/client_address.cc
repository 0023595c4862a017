#include "http/client_address.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"

namespace gateway::http {
namespace {

// Goes through the elements of all X-Forwarded-For lines, as of one list, from its end. Empty
// elements count: they are no addresses.
class ForwardedFor {
 public:
  explicit ForwardedFor(std::span<const HeaderField> fields) : fields_(fields) {}

  // Nothing: there are no more.
  std::optional<std::string_view> Next() {
    if (!rest_ && !NextLine()) return std::nullopt;
    const auto comma = rest_->rfind(',');
    if (comma == std::string_view::npos) return Trim(*std::exchange(rest_, std::nullopt));
    const auto element = Trim(rest_->substr(comma + 1));
    rest_ = rest_->substr(0, comma);
    return element;
  }

 private:
  bool NextLine() {
    while (!fields_.empty()) {
      const auto& field = fields_.back();
      fields_ = fields_.first(fields_.size() - 1);
      if (!EqualsIgnoreCase(field.name, "x-forwarded-for")) continue;
      rest_ = field.value;
      return true;
    }
    return false;
  }

  std::span<const HeaderField> fields_;
  std::optional<std::string_view> rest_;  // of the line that is looked at
};

bool IsPort(std::string_view text) {
  const auto port = ParseDecimal(text);
  return port && *port > 0 && *port <= 65535;
}

// `192.0.2.1`, `2001:db8::1`; some balancers write the port, too: `192.0.2.1:4711`,
// `[2001:db8::1]:4711`.
std::optional<IpAddress> ParseElement(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(end + 1);
    const auto host = text.substr(1, end - 1);
    const bool v6 = host.contains(':');
    if (!v6 || !(rest.empty() || (rest.front() == ':' && IsPort(rest.substr(1))))) {
      return std::nullopt;
    }
    return IpAddress::Parse(host);
  }
  if (std::ranges::count(text, ':') == 1) {
    const auto colon = text.find(':');
    if (!IsPort(text.substr(colon + 1))) return std::nullopt;
    text = text.substr(0, colon);
  }
  return IpAddress::Parse(text);
}

}  // namespace

std::string ClientAddress(std::string_view peer,
                          std::span<const AddressBlock> trusted,
                          std::span<const HeaderField> fields) {
  const auto is_trusted = [&](const IpAddress& address) {
    return std::ranges::any_of(trusted, [&](const auto& block) { return block.Contains(address); });
  };
  const auto first = IpAddress::Parse(peer);
  if (!first || !is_trusted(*first)) return std::string(peer);
  auto client = *first;
  ForwardedFor claims(fields);
  while (is_trusted(client)) {
    const auto claim = claims.Next();
    const auto address = claim ? ParseElement(*claim) : std::nullopt;
    if (!address) break;
    client = *address;
  }
  return client == *first ? std::string(peer) : client.ToString();
}

}  // namespace gateway::http
