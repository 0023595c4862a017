// A provider's key with its private part, to make tokens, good and bad. For *_test.cc only.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "identity/digest.h"
#include "identity/public_key.h"

namespace gateway::identity {

class SigningKey {
 public:
  static SigningKey Rsa(std::string id, unsigned bits = 2048) {
    return {std::move(id), EVP_RSA_gen(bits), true};
  }
  static SigningKey Ec(std::string id, const char* curve = "P-256") {
    return {std::move(id), EVP_EC_gen(curve), false};
  }

  // The public part as a JWK; `more`: further members, such as `,"use":"enc"`.
  std::string Jwk(std::string_view more = "") const {
    if (is_rsa_) {
      return fmt::format(R"({{"kty":"RSA","kid":"{}","n":"{}","e":"{}"{}}})", id_,
                         Number(OSSL_PKEY_PARAM_RSA_N), Number(OSSL_PKEY_PARAM_RSA_E), more);
    }
    return fmt::format(R"({{"kty":"EC","crv":"P-256","kid":"{}","x":"{}","y":"{}"{}}})", id_,
                       Number(OSSL_PKEY_PARAM_EC_PUB_X, 32), Number(OSSL_PKEY_PARAM_EC_PUB_Y, 32),
                       more);
  }

  std::string Sign(Algorithm algorithm, std::string_view message) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    EVP_PKEY_CTX* padding = nullptr;
    EVP_DigestSignInit(context.get(), &padding, EVP_sha256(), nullptr, key_.get());
    if (algorithm == Algorithm::kPs256) {
      EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, bytes, message.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                   message.size());
    signature.resize(size);
    return is_rsa_ ? signature : SideBySide(signature);
  }

  // A token with this header and payload, signed whatever they say.
  std::string Token(Algorithm algorithm, std::string_view header, std::string_view payload) const {
    const auto message = ToBase64Url(header) + '.' + ToBase64Url(payload);
    return message + '.' + ToBase64Url(Sign(algorithm, message));
  }

 private:
  SigningKey(std::string id, EVP_PKEY* key, bool is_rsa)
      : id_(std::move(id)), key_(key, EVP_PKEY_free), is_rsa_(is_rsa) {}

  // A number of the key in base64url, at least `width` bytes wide.
  std::string Number(const char* name, int width = 0) const {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &number);
    const int size = std::max(width, BN_num_bytes(number));
    std::string bytes(static_cast<std::size_t>(size), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), size);
    BN_free(number);
    return ToBase64Url(bytes);
  }

  static std::string SideBySide(std::string_view der) {
    const auto* from = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(der.size()));
    std::string bytes(64, '\0');
    auto* to = reinterpret_cast<unsigned char*>(bytes.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + 32, 32);
    ECDSA_SIG_free(pair);
    return bytes;
  }

  std::string id_;
  std::shared_ptr<EVP_PKEY> key_;
  bool is_rsa_;
};

}  // namespace gateway::identity
