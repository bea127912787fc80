#include "app/opened_vectors.h"

#include <gmock/gmock.h>

#include "support/postgres_server.h"

namespace datastorage::app {
namespace {

class OpenedVectorsTest : public testing::Test {
 protected:
  OpenedVectorsTest() { config_.store_session_count = 2; }
  Result<std::unique_ptr<OpenedVectors>> Open(const VectorsPlace& place) {
    return OpenedVectors::Open(place, config_, {ThreadRuntime(), metrics_, memory_});
  }
  static VectorsPlace DatabaseAt(const std::string& conninfo) {
    VectorsPlace place;
    place.choice = VectorsChoice::kOtherPostgres;
    place.conninfo = conninfo;
    return place;
  }

  Config config_;
  Metrics metrics_;
  ScanIndex memory_{{}, ThreadRuntime()};
};

TEST_F(OpenedVectorsTest, KeepsWhatSetsCallAPlaceInMemory) {
  const auto opened = Open({});
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ((*opened)->engine().name, "scan");
  EXPECT_EQ((*opened)->engine().index, &memory_);
  EXPECT_EQ((*opened)->probe(), nullptr);
  EXPECT_EQ(DescriptionOf(VectorsPlace{}), "memory");
}

TEST_F(OpenedVectorsTest, TellsTwoServersOfOneKindApartByTheirLabels) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  VectorsPlace place = DatabaseAt(server.Conninfo(server.MakeDatabase()));
  const auto plain = Open(place);
  ASSERT_TRUE(plain.has_value()) << plain.error().message;
  EXPECT_EQ((*plain)->engine().name, "postgresql");
  EXPECT_NE((*plain)->probe(), nullptr);
  place.label = "2";
  place.conninfo = server.Conninfo(server.MakeDatabase());
  const auto labelled = Open(place);
  ASSERT_TRUE(labelled.has_value()) << labelled.error().message;
  EXPECT_EQ((*labelled)->engine().name, "postgresql#2");
  EXPECT_THAT(DescriptionOf(place), testing::EndsWith("(#2)"));
}

TEST_F(OpenedVectorsTest, WaitsForNoServerThatIsAway) {
  const auto opened = Open(DatabaseAt("host=127.0.0.1 port=1 password=s3cret"));
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  EXPECT_FALSE((*opened)->probe()->Check(Deadline::In(std::chrono::seconds(5))).has_value());
}

}  // namespace
}  // namespace datastorage::app
