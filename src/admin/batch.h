// Writes of one transaction: each is checked against what is declared then, the writes before it
// included, and stored together with its line of the audit log.
//
// Runs inside of AdminService::Together(), which publishes and logs the result; when a write fails,
// nothing of the batch is kept. Only references that a write adds are checked: one that dangles
// already (the file changed, a backup was restored) must not stand in the way of switching the
// object off. Threads: the one that runs the batch; not to be kept beyond that call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/declared.h"
#include "admin/marks.h"
#include "base/clock.h"
#include "base/error.h"
#include "identity/principal.h"
#include "model/configuration.h"
#include "store/configuration_edit.h"

namespace gateway::admin {

// Who asks, for the log and the audit log.
struct Caller {
  std::string client;  // address
  identity::Principal principal;
  std::string method;  // "BackendApi/PutBackend"
};

// What `caller` did to an object, told as JSON before and after it.
store::AuditEntry AuditEntryOf(const Caller& caller,
                               std::string_view kind,
                               std::string_view id,
                               std::string before,
                               std::string after);

// What must hold for a write to be done.
struct Precondition {
  enum class Existence : std::uint8_t { kAny, kMustNotExist, kMustExist };
  Existence existence = Existence::kAny;
  // One of them, as the caller saw it: kAborted when it was changed since. Empty: whatever it is.
  std::vector<std::uint64_t> versions = {};
};

// Does it hold for `object`, which is null where there is none? kAlreadyExists, kNotFound,
// kAborted.
template <typename T>
[[nodiscard]] Expected<void> Check(const Precondition& precondition,
                                   const T* object,
                                   std::string_view id);

// What a batch needs to know beside the store.
struct BatchParts {
  const Clock& clock;
  const model::Configuration& file;
  const std::string& default_group;
  const Caller& caller;
};

class Batch {
 public:
  template <typename T>
  using Change = std::function<Expected<void>(T&)>;

  // Both must outlive the batch.
  Batch(store::ConfigurationEdit& edit, const BatchParts& parts) : edit_(edit), parts_(parts) {}

  // As of now: of the file, else of the store; null: there is none. Holds until the next write.
  template <typename T>
  const T* Find(std::string_view id) const;
  // Objects of the file laid over those of the store; views that hold until the next write.
  Declared declared() const { return {parts_.file, edit_.current()}; }

  // Creates the object or replaces all of it. Errors: as AdminService::PutBackend(). The script of
  // a rule is not tried: CheckRule() does that, outside of the transaction.
  template <typename T>
  [[nodiscard]] Expected<void> Put(T object, const Precondition& precondition);

  // Lets `change` edit a copy, and stores it where it differs. `tried`: what the edited rule was
  // expected to be, and how its script was tried, outside of the transaction; one that is another
  // now is tried here, while all writers wait. Errors: as AdminService::ChangeBackend().
  template <typename T>
  [[nodiscard]] Expected<void> Edit(std::string_view id,
                                    const Change<T>& change,
                                    const Precondition& precondition,
                                    const std::optional<T>& tried = {});

  // `permits` is asked last; its error refuses the deletion. Errors: as AdminService.
  template <typename T>
  [[nodiscard]] Expected<void> Delete(std::string_view id,
                                      const Precondition& precondition,
                                      const std::function<Expected<void>()>& permits = {});

  // Says by hand what is to be believed of a backend; what is not named stays as it was said
  // before. kNotFound. kInvalidArgument: a negative load.
  [[nodiscard]] Expected<void> Mark(std::string_view backend_id,
                                    std::optional<bool> healthy,
                                    std::optional<std::int32_t> load);
  // kNotFound.
  [[nodiscard]] Expected<void> ClearMarks(std::string_view backend_id);

  // What was said by Mark() and ClearMarks(), in this order.
  const std::vector<SaidMark>& marks() const { return marks_; }

 private:
  template <typename T>
  Expected<void> Replace(const T* old, T object);
  // `said`: the part of `mark` that is new.
  Expected<void> PutMark(const store::BackendMark& old,
                         store::BackendMark mark,
                         store::BackendMark said);

  store::ConfigurationEdit& edit_;
  const BatchParts& parts_;
  std::vector<SaidMark> marks_;
};

// A copy of `old` after `change`, which leaves its id and version as they are. Errors: of `change`.
template <typename T>
Expected<T> Edited(const T& old, const std::function<Expected<void>(T&)>& change);

// Not when it is only switched off: one that does not run here must not stay on for that.
bool NeedsTrial(const model::Rule& before, const model::Rule& after);

// Compiles and tries the rule's script. kInvalidArgument names its line.
[[nodiscard]] Expected<void> CheckRule(const model::Rule& rule, const Clock& clock);

}  // namespace gateway::admin
