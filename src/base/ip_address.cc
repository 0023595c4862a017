#include "base/ip_address.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/strings.h"

namespace gateway {
namespace {

constexpr std::size_t kMappedBytes = 12;  // before an IPv4 address in its IPv6 form
constexpr int kMappedBits = 96;

// Bits of byte `index` that belong to the first `prefix_bits` bits of an address.
std::uint8_t MaskOf(std::size_t index, int prefix_bits) {
  const int bits = std::clamp(prefix_bits - static_cast<int>(index) * 8, 0, 8);
  return static_cast<std::uint8_t>(0xff00 >> bits);
}

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.contains('\0')) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  IpAddress address;
  if (inet_pton(AF_INET, terminated.data(), address.bytes_.data() + kMappedBytes) == 1) {
    address.bytes_[kMappedBytes - 2] = address.bytes_[kMappedBytes - 1] = 0xff;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.data(), address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

std::string IpAddress::ToString() const {
  constexpr std::array<std::uint8_t, kMappedBytes> kMapped = {0, 0, 0, 0, 0,    0,
                                                              0, 0, 0, 0, 0xff, 0xff};
  const bool v4 = std::ranges::equal(kMapped, std::span(bytes_).first<kMappedBytes>());
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes_.data() + (v4 ? kMappedBytes : 0), text.data(),
            text.size());
  return text.data();
}

Expected<AddressBlock> AddressBlock::Parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto host = text.substr(0, slash);
  const auto address = IpAddress::Parse(host);
  const bool v4 = host.find(':') == std::string_view::npos;
  const auto limit = v4 ? 32u : 128u;
  const auto bits = slash == std::string_view::npos ? limit : ParseDecimal(text.substr(slash + 1));
  if (!address || !bits || *bits > limit) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("'{}' is no address block; allowed: an address, or a CIDR block such as "
                    "10.0.0.0/8 or 2001:db8::/32",
                    text),
        Origin::kClient);
  }
  AddressBlock block;
  block.network_ = *address;
  block.prefix_bits_ = static_cast<int>(*bits) + (v4 ? kMappedBits : 0);
  for (std::size_t i = 0; i < block.network_.bytes_.size(); ++i) {
    block.network_.bytes_[i] &= MaskOf(i, block.prefix_bits_);
  }
  if (block.network_ == *address) return block;
  // Whoever writes 10.1.2.3/8 means one address or the whole block: which one is not ours to guess.
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' has bits behind its prefix; write the block without them, or the "
                          "address without a prefix",
                          text),
              Origin::kClient);
}

bool AddressBlock::Contains(const IpAddress& address) const {
  for (std::size_t i = 0; i < address.bytes_.size(); ++i) {
    if ((address.bytes_[i] & MaskOf(i, prefix_bits_)) != network_.bytes_[i]) return false;
  }
  return true;
}

}  // namespace gateway
