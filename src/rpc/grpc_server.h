// gRPC on its own port: the method table, server reflection and the health service.
//
// The services are made from the descriptors of the proto files and take and give bytes, so nothing
// has to be generated for them and a method of the table needs no line here. grpc++ calls on its
// own threads; handlers and logins that may take long go to the pools. Threads: Start() and Stop()
// on one; calls come on any.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/ip_address.h"
#include "rpc/access.h"
#include "rpc/method_table.h"
#include "rpc/work_pool.h"
#include "telemetry/logger.h"

namespace gateway::rpc {

struct GrpcServerOptions {
  std::string host = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;          // 0: a free one
  // Balancers whose x-forwarded-for is believed. Empty: the client is who made the connection.
  std::vector<AddressBlock> trusted_proxies = {};
};

class GrpcServer {
 public:
  // The references must outlive the server; the pools must end after it.
  GrpcServer(const GrpcServerOptions& options,
             const MethodTable& table,
             const Access& access,
             Pools pools,
             telemetry::Logger& logger);
  // As Stop(), without patience.
  ~GrpcServer();

  // Listens and serves; returns the port. kConflict: the address cannot be used.
  Expected<std::uint16_t> Start();

  // What the health service says of the whole server.
  void SetServing(bool serving);

  // Takes no new calls; gives running ones `grace`, then cuts them off. Blocks until all have
  // ended.
  void Stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gateway::rpc
