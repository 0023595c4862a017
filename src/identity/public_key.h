// Public keys of an identity provider, and signatures made with them.
//
// An algorithm belongs to one type of key, and only algorithms with public keys exist here: a token
// cannot make us take a public key for a shared secret, nor ask for no signature at all.
// Threads: immutable; copies share the key. Source: RFC 7517, RFC 7518 §3 and §6.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/types.h>

#include "base/error.h"
#include "identity/json_object.h"

namespace gateway::identity {

enum class Algorithm : std::uint8_t { kRs256, kPs256, kEs256 };

std::string_view NameOf(Algorithm algorithm);
// Nothing: not one of ours ("none", "HS256", ...).
std::optional<Algorithm> ParseAlgorithmName(std::string_view name);

class PublicKey {
 public:
  // A key of a JWK. kUnsupported: not for signatures, not RSA of 2048 to 8192 bits, not EC on
  // P-256. kInvalidArgument: its numbers are no such key.
  static Expected<PublicKey> FromJwk(const JsonObject& jwk);

  const std::string& id() const { return id_; }  // kid; may be empty
  bool Fits(Algorithm algorithm) const;

  // Was `message` signed with the private part? False also when the algorithm does not fit.
  bool Verifies(Algorithm algorithm, std::string_view message, std::string_view signature) const;

 private:
  PublicKey() = default;

  std::string id_;
  std::optional<Algorithm> only_;  // what the JWK's `alg` says
  bool is_rsa_ = false;
  std::shared_ptr<EVP_PKEY> key_;
};

// The usable keys of a JWK set; others are left out, as sets mix keys for many purposes.
// kProtocol: no set at all.
Expected<std::vector<PublicKey>> ParseKeySet(std::string_view text);

}  // namespace gateway::identity
