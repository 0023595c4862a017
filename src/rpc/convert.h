// What the conversions of all kinds of objects share: enums, times, etags, errors.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/service.h"
#include "base/clock.h"
#include "base/error.h"
#include "model/configuration.h"
#include "trino/gateway/v1/common.pb.h"

namespace gateway::rpc {

namespace v1 = ::trino::gateway::v1;

// "field 'url': ..."; says what is allowed.
std::unexpected<Error> InvalidField(std::string_view field, std::string_view problem);

v1::Source ToProto(model::Source source);
v1::Mode ToProto(model::Mode mode);
model::Mode FromProto(v1::Mode mode);

// Since 1970.
std::int64_t ToSeconds(Clock::WallTime time);
Clock::WallTime FromSeconds(std::int64_t seconds);
std::int64_t ToMilliseconds(Clock::WallTime time);
Clock::WallTime FromMilliseconds(std::int64_t milliseconds);

// Text from outside for a string field, which must be UTF-8: other bytes become U+FFFD.
std::string ToText(std::string_view bytes);

// Empty for version 0, which is that of objects of the file.
std::string EtagOf(std::uint64_t version);

// What a write with this etag asks for: empty: nothing; `*`: that the object is there; else one, or
// several with commas between them, of which one must be the object's. An existence of
// kMustNotExist stays. kInvalidArgument: not an etag of ours.
Expected<admin::Precondition> PreconditionOf(
    std::string_view etag,
    admin::Precondition::Existence existence = admin::Precondition::Existence::kAny);

}  // namespace gateway::rpc
