#include "rpc/method_table.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/format.h>

namespace gateway::rpc {
namespace {

namespace pb = google::protobuf;

std::unique_ptr<pb::Message> NewMessage(const pb::Descriptor* type) {
  return std::unique_ptr<pb::Message>(
      pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// A method that the proto files do not have, or have with other types.
[[noreturn]] void Mismatch(std::string_view name) {
  std::fputs(fmt::format("the method table and api/ disagree on {}\n", name).c_str(), stderr);
  std::abort();
}

}  // namespace

std::unique_ptr<pb::Message> Method::NewRequest() const {
  return NewMessage(descriptor->input_type());
}

std::unique_ptr<pb::Message> Method::NewResponse() const {
  return NewMessage(descriptor->output_type());
}

void MethodTable::AddMethod(std::string_view name,
                            const pb::Descriptor* request,
                            const pb::Descriptor* response,
                            identity::Role role,
                            Blocking blocking,
                            Method::Handler handle) {
  const auto* descriptor =
      pb::DescriptorPool::generated_pool()->FindMethodByName(fmt::format("{}.{}", kPackage, name));
  if (!descriptor || descriptor->input_type() != request || descriptor->output_type() != response) {
    Mismatch(name);
  }
  methods_.emplace(name, Method{descriptor, role, blocking, std::move(handle)});
}

const Method* MethodTable::Find(std::string_view service, std::string_view name) const {
  const auto found = methods_.find(fmt::format("{}.{}", service, name));
  return found == methods_.end() ? nullptr : &found->second;
}

Expected<void> Invoke(const Method& method,
                      const pb::Message& request,
                      pb::Message& response,
                      const admin::Caller& caller) {
  // Handlers let no library's exception out; out of memory is what remains.
  try {
    return method.handle(request, response, caller);
  } catch (const std::exception& failure) {
    return Fail(ErrorCode::kInternal, fmt::format("{}: {}", method.Title(), failure.what()));
  }
}

}  // namespace gateway::rpc
