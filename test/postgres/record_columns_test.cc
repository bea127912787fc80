#include "postgres/record_columns.h"

#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

TEST(RecordColumns, KnowWhichNumbersJsonbCanHold) {
  EXPECT_TRUE(FitsJsonb(R"({"a":1,"b":[-1.50,1e10,{"c":0.1}]})"));
  EXPECT_TRUE(FitsJsonb(R"({"a":"1e999999","\"1e999999":"\\"})"));
  EXPECT_FALSE(FitsJsonb(R"({"a":1e999999})"));
  EXPECT_FALSE(FitsJsonb(R"({"a":[1,-1e-999999]})"));
  EXPECT_FALSE(FitsJsonb("{\"a\":" + std::string(20'000, '1') + "}"));
}

TEST(RecordColumns, KeepMetadataAsSentAndAsPeopleAskForIt) {
  StoreSession store;
  const auto with_metadata = [](const std::string& key, const std::string& metadata) {
    CreateOp create = CreationOf(key);
    std::get<Execution>(create.body).metadata = JsonObjectText{metadata};
    return create;
  };
  store.Commit({with_metadata("plain", R"({"b":{"c":1.50},"a":["x",true]})"),
                with_metadata("vast", R"({"n":1e-99999})"),
                CreationOf("none")});
  const std::string of = " FROM record WHERE execution_id = ";
  EXPECT_EQ(store.Ask("SELECT body -> 'metadata'" + of + "'plain'"),
            R"({"b":{"c":1.50},"a":["x",true]})");
  EXPECT_EQ(store.Ask("SELECT metadata #>> '{b,c}'" + of + "'plain'"), "1.50");
  EXPECT_EQ(store.Ask("SELECT metadata_scalars" + of + "'plain'"), "{3:b.c1.5,1:ax,1:atrue}");
  EXPECT_EQ(
      store.Ask("SELECT metadata IS NULL AND metadata_scalars = '{1:n1e-99999}'" + of + "'vast'"),
      "t");
  EXPECT_EQ(store.Ask("SELECT body -> 'metadata' ->> 'n'" + of + "'vast'"), "1e-99999");
  EXPECT_EQ(store.Ask("SELECT num_nulls(metadata, metadata_scalars, words)" + of + "'none'"), "3");
}

TEST(RecordColumns, KeepScalarsThatLookLikePartsOfAnArray) {
  StoreSession store;
  CreateOp odd = CreationOf("odd");
  std::get<Execution>(odd.body).metadata =
      JsonObjectText{R"({"a\"\\b":"{x,\"y\\z\"}","n":"NULL","e":"","s":" , "})"};
  CreateOp empty = CreationOf("empty");
  std::get<Execution>(empty.body).metadata = JsonObjectText{"{}"};
  store.Commit({odd, empty});
  const std::string of = " FROM record WHERE execution_id = ";
  EXPECT_EQ(store.Ask("SELECT metadata_scalars[1]" + of + "'odd'"), R"(4:a"\b{x,"y\z"})");
  EXPECT_EQ(store.Ask("SELECT array_to_string(metadata_scalars[2:], ';')" + of + "'odd'"),
            "1:nNULL;1:e;1:s , ");
  EXPECT_EQ(store.Ask("SELECT cardinality(metadata_scalars)" + of + "'empty'"), "0");
}

TEST(RecordColumns, MakeTextsFindableByTheStemsOfTheirWords) {
  StoreSession store;
  CreateOp create = CreationOf("key");
  std::get<Execution>(create.body).summary = "Pods were restarting";
  std::get<Execution>(create.body).error_message = "out of memory";
  store.Commit({create});
  for (const char* const word : {"restarted", "POD", "of", "memory"}) {
    EXPECT_EQ(store.Ask("SELECT words @@ plainto_tsquery('record_words', '" + std::string(word) +
                        "') FROM record"),
              "t")
        << word;
  }
}

}  // namespace
}  // namespace datastorage::postgres
