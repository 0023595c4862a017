// IP addresses and blocks of them, as numbers.
//
// An IPv4 address and the IPv6 address that maps it (::ffff:192.0.2.1) are the same, as they are to
// a socket that listens on both. Threads: plain values. Source: RFC 4291 §2.5.5.2, RFC 4632.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gateway {

class IpAddress {
 public:
  // `192.0.2.1` or `2001:db8::1`, without port, brackets or zone; nothing for other texts.
  // Does not allocate.
  static std::optional<IpAddress> Parse(std::string_view text);

  // As one writes it: an IPv4 address with dots, IPv6 as RFC 5952 has it.
  std::string ToString() const;

  bool operator==(const IpAddress&) const = default;

 private:
  friend class AddressBlock;

  std::array<std::uint8_t, 16> bytes_{};
};

// All addresses with one prefix.
class AddressBlock {
 public:
  // `10.0.0.0/8`, `2001:db8::/32`, or a single address.
  // kInvalidArgument: what is allowed, and the block that was meant when bits behind the prefix
  // are set.
  static Expected<AddressBlock> Parse(std::string_view text);

  bool Contains(const IpAddress& address) const;

  bool operator==(const AddressBlock&) const = default;

 private:
  IpAddress network_;
  int prefix_bits_ = 128;  // of the IPv6 form
};

}  // namespace gateway
