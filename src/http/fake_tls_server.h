// An HTTPS server for tests with a certificate of its own making. For *_test.cc only.
//
// Threads: the event loop of `io` only.
#pragma once

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/url.h"
#include "http/asio.h"
#include "http/head.h"

namespace gateway::http {

// A key and a self-signed certificate for the address 127.0.0.1, as PEM files.
class TestCertificate {
 public:
  explicit TestCertificate(const std::string& name, const std::string& host = "IP:127.0.0.1")
      : certificate_file(Path(name + ".crt")), key_file(Path(name + ".key")) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                  EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    auto* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, host.c_str());
    X509_add_ext(certificate.get(), names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    Write(certificate_file, [&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
    Write(key_file, [&](BIO* out) {
      PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  ~TestCertificate() {
    std::error_code ignored;
    std::filesystem::remove(certificate_file, ignored);
    std::filesystem::remove(key_file, ignored);
  }
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  const std::string certificate_file;
  const std::string key_file;

 private:
  static std::string Path(const std::string& name) {
    return std::filesystem::temp_directory_path() /
           ("gateway-test-" + std::to_string(::getpid()) + "-" + name);
  }
  template <typename Writer>
  static void Write(const std::string& file, Writer writer) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new_file(file.c_str(), "w"),
                                                            BIO_free_all);
    writer(out.get());
  }
};

class FakeTlsServer {
 public:
  using Context = boost::asio::ssl::context;

  // Answers every request with `answer`. `context` may be set up further until the first one.
  FakeTlsServer(asio::io_context& io, const TestCertificate& certificate, std::string answer)
      : shared_(std::make_shared<Shared>(io, std::move(answer))) {
    context().use_certificate_chain_file(certificate.certificate_file);
    context().use_private_key_file(certificate.key_file, Context::pem);
    asio::co_spawn(io, Accept(io, shared_), [](const std::exception_ptr&) {});
  }
  ~FakeTlsServer() {
    error_code ignored;
    shared_->acceptor.close(ignored);
  }

  Context& context() { return shared_->context; }
  Url url() const { return {true, "127.0.0.1", shared_->acceptor.local_endpoint().port()}; }

 private:
  struct Shared {
    Shared(asio::io_context& io, std::string text)
        : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          answer(std::move(text)) {}
    TcpAcceptor acceptor;
    Context context{Context::tls_server};
    const std::string answer;
  };

  static Awaitable<void> Accept(asio::io_context& io, std::shared_ptr<Shared> shared) {
    while (true) {
      auto socket = std::make_shared<TcpSocket>(io.get_executor());
      const auto [ec] = co_await shared->acceptor.async_accept(*socket, kTuple);
      if (ec) co_return;
      asio::co_spawn(io, Serve(shared, std::move(socket)), [](const std::exception_ptr&) {});
    }
  }

  static Awaitable<void> Serve(std::shared_ptr<Shared> shared, std::shared_ptr<TcpSocket> socket) {
    boost::asio::ssl::stream<TcpSocket&> stream(*socket, shared->context);
    const auto [refused] =
        co_await stream.async_handshake(boost::asio::ssl::stream_base::server, kTuple);
    if (refused) co_return;
    std::string bytes;
    std::array<char, 4096> piece;
    while (FindHeadEnd(bytes) == std::string_view::npos) {
      const auto [ec, size] = co_await stream.async_read_some(asio::buffer(piece), kTuple);
      if (ec) co_return;
      bytes.append(piece.data(), size);
    }
    co_await asio::async_write(stream, asio::buffer(shared->answer), kTuple);
    co_await stream.async_shutdown(kTuple);
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace gateway::http
