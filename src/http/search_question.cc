#include "http/search_question.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/limits.h"
#include "http/body_members.h"
#include "http/filter_parameters.h"
#include "schema/filter_parse.h"
#include "schema/text.h"

namespace datastorage::http {
namespace {

using schema::Json;
using schema::JsonType;

constexpr std::string_view kModes = "must be hybrid, semantic or text";
constexpr std::array<std::string_view, 10> kBodyMembers{"q",
                                                        "embedding",
                                                        "mode",
                                                        "kind",
                                                        "filter",
                                                        "limit",
                                                        "min_similarity",
                                                        "explain",
                                                        "fields",
                                                        "max_bytes"};

void AddWords(std::string& text, std::string_view words) {
  if (!text.empty() && !words.empty()) text.push_back(' ');
  text += words;
}

void ReadEmbedding(BodyMembers& reader, SearchRequest& request) {
  const Json* value = reader.Take("embedding", JsonType::kArray, "must be an array of numbers");
  if (value == nullptr) return;
  Embedding embedding{};
  if (value->elements.size() != embedding.size()) {
    reader.Refuse(
        "/embedding", "wrong_length", "must have " + std::to_string(embedding.size()) + " numbers");
    return;
  }
  for (std::size_t i = 0; i < embedding.size(); ++i) {
    const std::optional<double> number = value->elements[i].AsDouble();
    const float component = static_cast<float>(number.value_or(0));
    if (!number.has_value() || !std::isfinite(component)) {
      reader.Refuse("/embedding/" + std::to_string(i), "wrong_type", "must be a finite number");
      return;
    }
    embedding[i] = component;
  }
  Embedding direction = embedding;
  if (Normalize(direction)) {
    request.embedding = embedding;
  } else {
    reader.Refuse("/embedding", "out_of_range", "must not be all zero, nor too large");
  }
}

void ReadText(BodyMembers& reader, const Json& body, SearchRequest& request) {
  const Json* text = reader.Take("q", JsonType::kString, "must be a string");
  if (text != nullptr) request.text = text->text;
  if (request.text.size() > limits::kQueryTextByteCountMax) {
    reader.Refuse("/q",
                  "too_long",
                  "must be at most " + std::to_string(limits::kQueryTextByteCountMax) + " bytes");
  }
  const Json* mode = reader.Take("mode", JsonType::kString, kModes);
  if (mode == nullptr) return;
  const std::optional<SearchMode> parsed = ParseSearchMode(mode->text);
  if (!parsed.has_value()) reader.Refuse("/mode", "not_allowed", std::string(kModes));
  request.mode = parsed.value_or(SearchMode::kHybrid);
  if (body.Find("embedding") != nullptr && request.mode == SearchMode::kText) {
    reader.Refuse("/mode", "not_allowed", "must not be text for an embedding");
  }
}

// One kind, or several of which any.
void ReadKinds(BodyMembers& reader, const Json& body, std::vector<Filter>& filters) {
  const Json* value = body.Find("kind");
  if (value == nullptr || value->type == JsonType::kNull) return;
  const bool is_list = value->type == JsonType::kArray;
  std::vector<Json> kinds = is_list ? value->elements : std::vector<Json>{*value};
  std::vector<MemberValue> values;
  for (const Json& kind : kinds) {
    if (kind.type != JsonType::kString || !ParseRecordKind(kind.text).has_value()) {
      reader.Refuse("/kind", "not_allowed", "must be a kind of record, or an array of such");
      return;
    }
    values.emplace_back(kind.text);
  }
  filters.push_back(Filter::AnyOf(Member::kKind, std::move(values)));
}

void ReadFilter(BodyMembers& reader, const Json& body, WallTime now, SearchRequest& request) {
  std::vector<Filter> filters;
  ReadKinds(reader, body, filters);
  const Json* tree = body.Find("filter");
  if (tree != nullptr && tree->type != JsonType::kNull) {
    // Bare words in the filter language are text to search for, as in `where`.
    schema::ParsedFilter parsed = tree->type == JsonType::kString
                                      ? schema::ParseWhere(tree->text, true, now)
                                      : schema::ParseFilterJson(*tree, now);
    for (const schema::FilterError& error : parsed.errors) {
      reader.Refuse("/filter" + error.pointer, error.code, error.message, error.position);
    }
    if (!parsed.filter.IsEverything()) filters.push_back(std::move(parsed.filter));
    AddWords(request.text, parsed.words);
  }
  request.filter = AllOf(std::move(filters));
}

void ReadFields(BodyMembers& reader, SearchQuestion& question) {
  const Json* fields = reader.Take("fields", JsonType::kArray, "must be an array of names");
  if (fields == nullptr) return;
  for (const Json& field : fields->elements) {
    if (field.type != JsonType::kString || !IsAnswered(field.text, EveryMember())) {
      reader.Refuse("/fields", "not_allowed", "must hold names of members of records");
      return;
    }
    question.fields.push_back(field.text);
  }
}

void ReadLimits(BodyMembers& reader, SearchQuestion& question) {
  question.request.limit =
      static_cast<int>(reader.TakeInteger("limit", 1, limits::kSearchHitCountMax)
                           .value_or(limits::kSearchHitCountDefault));
  const Json* similarity = reader.Take("min_similarity", JsonType::kNumber, "must be a number");
  if (similarity != nullptr) {
    question.request.min_similarity = similarity->AsDouble();
    if (std::abs(question.request.min_similarity.value_or(2)) > 1) {
      reader.Refuse("/min_similarity", "out_of_range", "must be from -1 to 1");
    }
  }
  const Json* explain = reader.Take("explain", JsonType::kBoolean, "must be true or false");
  question.explains = explain != nullptr && explain->boolean;
  question.byte_count_max =
      reader.TakeInteger("max_bytes", limits::kAnswerByteCountLeast, limits::kAnswerByteCountMost);
}

}  // namespace

SearchQuestion TakeHitOptions(QueryParameters& query, bool allow_words, WallTime now) {
  SearchQuestion question;
  question.request.limit =
      static_cast<int>(query.TakeInteger("limit", 1, limits::kSearchHitCountMax)
                           .value_or(limits::kSearchHitCountDefault));
  question.request.min_similarity = query.TakeNumber("min_similarity", -1, 1);
  question.explains = query.TakeFlag("explain");
  question.byte_count_max =
      query.TakeInteger("max_bytes", limits::kAnswerByteCountLeast, limits::kAnswerByteCountMost);
  FilterParameters filters = TakeFilters(query, EveryMember(), allow_words, now);
  question.request.filter = std::move(filters.filter);
  question.request.text = std::move(filters.words);
  question.fields = TakeFields(query, EveryMember());
  return question;
}

SearchQuestion TakeSearch(QueryParameters& query, WallTime now) {
  const std::optional<std::string> text = query.Take("q");
  const std::optional<std::string> mode = query.Take("mode");
  SearchQuestion question = TakeHitOptions(query, true, now);
  std::string whole = text.value_or("");
  AddWords(whole, question.request.text);
  question.request.text = std::move(whole);
  if (mode.has_value()) {
    const std::optional<SearchMode> parsed = ParseSearchMode(*mode);
    if (!parsed.has_value()) query.Refuse("mode", "not_allowed", std::string(kModes));
    question.request.mode = parsed.value_or(SearchMode::kHybrid);
  }
  if (question.request.text.size() > limits::kQueryTextByteCountMax) {
    query.Refuse("q",
                 "too_long",
                 "must be at most " + std::to_string(limits::kQueryTextByteCountMax) + " bytes");
  } else if (schema::IsBlank(question.request.text) && !query.has_errors()) {
    query.Refuse("q", "required", "is required: what to search for");
  }
  return question;
}

SearchQuestion ReadSearch(const schema::ParsedJson& body,
                          WallTime now,
                          std::vector<ProblemError>& errors) {
  SearchQuestion question;
  BodyMembers reader(body.value, errors);
  for (const schema::JsonDefect& defect : body.defects) {
    reader.Refuse(defect.pointer, defect.code, defect.message);
  }
  ReadText(reader, body.value, question.request);
  ReadEmbedding(reader, question.request);
  ReadFilter(reader, body.value, now, question.request);
  ReadLimits(reader, question);
  ReadFields(reader, question);
  reader.RefuseUnknown(kBodyMembers);
  const bool has_text = !schema::IsBlank(question.request.text);
  const Json* embedding = body.value.Find("embedding");
  const bool has_embedding = embedding != nullptr && embedding->type != JsonType::kNull;
  if (has_text == has_embedding && errors.empty()) {
    reader.Refuse("", "required", "exactly one of q and embedding must be given");
  }
  return question;
}

}  // namespace datastorage::http
