#include "identity/public_key.h"

#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "identity/digest.h"

namespace gateway::identity {
namespace {

constexpr std::size_t kCoordinateBytes = 32;  // P-256
constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;  // more only costs time

template <typename T, void (*free)(T*)>
struct Deleter {
  void operator()(T* object) const { free(object); }
};
using BigNumber = std::unique_ptr<BIGNUM, Deleter<BIGNUM, BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM, OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX, EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG, ECDSA_SIG_free>>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::unexpected<Error> Malformed(std::string message) {
  ERR_clear_error();
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kBackend);
}

std::unexpected<Error> Unsupported(std::string message) {
  return Fail(ErrorCode::kUnsupported, std::move(message), Origin::kBackend);
}

BigNumber NumberOf(std::string_view bytes) {
  return BigNumber(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

// The key of `type` that the parameters describe; null when they are none.
std::shared_ptr<EVP_PKEY> KeyOf(const char* type, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* raw = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return {raw, EVP_PKEY_free};
}

std::shared_ptr<EVP_PKEY> RsaKey(std::string_view modulus, std::string_view exponent) {
  const auto n = NumberOf(modulus);
  const auto e = NumberOf(exponent);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || !BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_is_one(e.get()) ||
      BN_num_bits(e.get()) > 32 ||  // a huge one only costs time
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return KeyOf("RSA", builder.get());
}

std::shared_ptr<EVP_PKEY> EcKey(std::string_view x, std::string_view y) {
  const auto point = std::string(1, '\x04').append(x).append(y);  // uncompressed
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  auto key = KeyOf("EC", builder.get());
  if (!key) return nullptr;
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  return context && EVP_PKEY_public_check(context.get()) == 1 ? key : nullptr;
}

// JWS has the two numbers side by side; OpenSSL wants them in ASN.1.
std::optional<std::string> ToDer(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return std::nullopt;
  auto r = NumberOf(signature.substr(0, kCoordinateBytes));
  auto s = NumberOf(signature.substr(kCoordinateBytes));
  const EcSignature pair(ECDSA_SIG_new());
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return std::nullopt;
  (void)r.release();  // the pair's now
  (void)s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

bool SetPadding(EVP_PKEY_CTX* context, Algorithm algorithm) {
  if (algorithm == Algorithm::kRs256) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  }
  if (algorithm == Algorithm::kPs256) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  return true;
}

}  // namespace

std::string_view NameOf(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
      return "RS256";
    case Algorithm::kPs256:
      return "PS256";
    case Algorithm::kEs256:
      return "ES256";
  }
  return "";
}

std::optional<Algorithm> ParseAlgorithmName(std::string_view name) {
  for (const auto algorithm : {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256}) {
    if (name == NameOf(algorithm)) return algorithm;
  }
  return std::nullopt;
}

Expected<PublicKey> PublicKey::FromJwk(const JsonObject& jwk) {
  PublicKey key;
  key.id_ = jwk.Text("kid").value_or("");
  if (jwk.Has("use") && jwk.Text("use") != "sig") return Unsupported("not for signatures");
  if (jwk.Has("alg")) {
    key.only_ = ParseAlgorithmName(jwk.Text("alg").value_or(""));
    if (!key.only_) return Unsupported("for another algorithm");
  }
  const auto part = [&jwk](std::string_view name) {
    return FromBase64Url(jwk.Text(name).value_or("")).value_or("");
  };
  const auto type = jwk.Text("kty").value_or("");
  if (type == "RSA") {
    key.is_rsa_ = true;
    key.key_ = RsaKey(part("n"), part("e"));
    if (!key.key_) return Malformed("not an RSA key");
    const int bits = EVP_PKEY_get_bits(key.key_.get());
    if (bits < kLeastRsaBits || bits > kMostRsaBits) return Unsupported("RSA of another size");
    return key;
  }
  if (type != "EC" || jwk.Text("crv") != "P-256") return Unsupported("neither RSA nor EC on P-256");
  const auto x = part("x");
  const auto y = part("y");
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
    return Malformed("not a point of P-256");
  }
  key.key_ = EcKey(x, y);
  if (!key.key_) return Malformed("not a point of P-256");
  return key;
}

bool PublicKey::Fits(Algorithm algorithm) const {
  return is_rsa_ == (algorithm != Algorithm::kEs256) && (!only_ || only_ == algorithm);
}

bool PublicKey::Verifies(Algorithm algorithm,
                         std::string_view message,
                         std::string_view signature) const {
  if (!Fits(algorithm)) return false;
  const auto form =
      algorithm == Algorithm::kEs256 ? ToDer(signature) : std::optional(std::string(signature));
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // belongs to `context`
  const bool verified =
      form && context &&
      EVP_DigestVerifyInit(context.get(), &key_context, EVP_sha256(), nullptr, key_.get()) == 1 &&
      SetPadding(key_context, algorithm) &&
      EVP_DigestVerify(context.get(), Bytes(*form), form->size(), Bytes(message), message.size()) ==
          1;
  ERR_clear_error();
  return verified;
}

Expected<std::vector<PublicKey>> ParseKeySet(std::string_view text) {
  constexpr std::size_t kMaxKeys = 100;
  const auto set = JsonObject::Parse(text);
  if (!set) return std::unexpected(set.error());
  if (!set->Has("keys")) {
    return Fail(ErrorCode::kProtocol, "the key set has no member 'keys'", Origin::kBackend);
  }
  std::vector<PublicKey> keys;
  for (const auto& jwk : set->Objects("keys")) {
    if (keys.size() == kMaxKeys) break;
    if (auto key = PublicKey::FromJwk(jwk)) keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace gateway::identity
