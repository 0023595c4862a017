#include "rpc/grpc_server.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <gtest/gtest.h>

#include "rpc/fake_methods.h"
#include "telemetry/captured_lines.h"

namespace gateway::rpc {
namespace {

using Lines = std::vector<boost::json::object>;

// A server of methods that need no service, and a client of it.
class RunningServer {
 public:
  RunningServer() {
    const auto port = server_.Start();
    EXPECT_TRUE(port) << port.error().message;
    channel_ = grpc::CreateChannel(fmt::format("127.0.0.1:{}", port.value_or(0)),
                                   grpc::InsecureChannelCredentials());
  }

  grpc::Status GetBackend(const std::string& id, const std::string& authorization) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", authorization);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::BackendGetRequest request;
    request.set_id(id);
    v1::BackendGetResponse response;
    const grpc::internal::RpcMethod method("/trino.gateway.v1.BackendApi/GetBackend",
                                           grpc::internal::RpcMethod::NORMAL_RPC);
    return grpc::internal::BlockingUnaryCall(channel_.get(), method, &context, request, &response);
  }

 private:
  telemetry::Logger logger_{telemetry::Level::kError};
  LastCall last_;
  const MethodTable table_ = FakeMethods(last_);
  const Access access_{FakeAccess()};
  WorkPool pool_{1, 8};
  WorkPool lists_{1, 8};
  WorkPool logins_{1, 8};
  WorkPool directory_{1, 8};
  GrpcServer server_{GrpcServerOptions{}, table_, access_,
                     Pools{pool_, lists_, logins_, directory_}, logger_};
  std::shared_ptr<grpc::Channel> channel_;
};

TEST(GrpcServer, AnswersACallWhoseWorkThrowsAndServesOn) {
  const Lines lines = telemetry::CaptureLines([] {
    RunningServer server;
    // On a thread for logins, and at once.
    for (const auto* credentials : {"Basic ZmF1bHR5OmFkbWlu", "Bearer faulty"}) {
      SCOPED_TRACE(credentials);
      const auto failed = server.GetBackend("c1", credentials);
      EXPECT_EQ(failed.error_code(), grpc::StatusCode::INTERNAL);
      EXPECT_EQ(failed.error_message(), "a fault of the gateway; its log says more");
    }
    EXPECT_TRUE(server.GetBackend("c1", "Basic YTphZG1pbg==").ok());
    EXPECT_TRUE(server.GetBackend("c1", "Bearer admin").ok());
  });
  ASSERT_EQ(lines.size(), 2u);
  for (const auto& line : lines) {
    EXPECT_EQ(line.at("event"), "admin.failed");
    EXPECT_EQ(line.at("method"), "BackendApi/GetBackend");
    EXPECT_EQ(line.at("reason"), "no descriptors are left");
  }
}

TEST(GrpcServer, TellsWhatIsWrongWithACall) {
  RunningServer server;
  EXPECT_EQ(server.GetBackend("c2", "Bearer admin").error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(server.GetBackend("c1", "Bearer nobody").error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace gateway::rpc
