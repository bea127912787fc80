// How a commit's operations become waves.
#include "postgres/commit_wave.h"

namespace datastorage::postgres {
namespace {

// What an operation does with claims: those of one form may share a wave.
enum class Form : std::uint8_t { kPlain, kFinish, kErase, kAbort };

struct Names {
  Form form = Form::kPlain;
  std::vector<std::string> texts;
};

void AddClaim(Names& names, const std::optional<IdempotencyClaim>& claim) {
  if (claim.has_value()) names.texts.push_back("claim " + claim->key);
}

void AddName(Names& names, RecordKind kind, const std::string& key) {
  names.texts.push_back("key " + std::string(NameOf(kind)) + " " + key);
}

Names NamesOf(const WriteOp& operation) {
  Names names;
  std::visit(
      [&]<class Op>(const Op& of_type) {
        names.texts.push_back("id " + of_type.id.ToString());
        if constexpr (requires { of_type.claim; }) AddClaim(names, of_type.claim);
        if constexpr (std::is_same_v<Op, CreateOp>) {
          AddName(names, KindOf(of_type.body), NaturalKeyOf(of_type.body));
          if (of_type.consumes_intent.has_value()) names.form = Form::kFinish;
        } else if constexpr (std::is_same_v<Op, BeginIntentOp>) {
          AddName(names, of_type.kind, of_type.natural_key);
        } else if constexpr (std::is_same_v<Op, EraseOp>) {
          names.form = Form::kErase;
        } else if constexpr (std::is_same_v<Op, AbortIntentOp>) {
          names.form = Form::kAbort;
        }
      },
      operation);
  return names;
}

}  // namespace

std::vector<std::span<const WriteOp>> SplitIntoWaves(std::span<const WriteOp> operations) {
  std::vector<std::span<const WriteOp>> waves;
  std::set<std::string> seen;
  Form form = Form::kPlain;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Names names = NamesOf(operations[i]);
    bool fits = i == begin || names.form == form;
    for (const std::string& text : names.texts) fits = fits && !seen.contains(text);
    if (!fits) {
      waves.push_back(operations.subspan(begin, i - begin));
      seen.clear();
      begin = i;
    }
    form = names.form;
    seen.insert(names.texts.begin(), names.texts.end());
  }
  if (begin < operations.size()) waves.push_back(operations.subspan(begin));
  return waves;
}

}  // namespace datastorage::postgres
