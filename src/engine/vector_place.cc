#include "engine/vector_place.h"

namespace datastorage {

PlacementRules RulesOf(Placement placement) {
  PlacementRules rules;
  switch (placement) {
    case Placement::kInProcess: rules.is_filled_from_store = true; break;
    case Placement::kSameDatabase: rules.is_written_with_record = true; break;
    case Placement::kSeparate:
      rules.pending_rule = PendingRule::kEverySet;
      rules.needs_intent = rules.has_breaker = true;
      break;
  }
  return rules;
}

}  // namespace datastorage
