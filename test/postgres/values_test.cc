#include "postgres/values.h"

#include "postgres/session.h"

namespace datastorage::postgres {
namespace {

std::unique_ptr<Connection>& Session() {
  static std::unique_ptr<Connection> session =
      OpenSession(test::PostgresServer::Shared().Conninfo("postgres"));
  return session;
}

Rows Ask(const std::string& sql, const Parameters& parameters) {
  Call call{.parameters = parameters, .sql = sql};
  auto rows = Session()->RunOne("ask", std::move(call), Soon());
  if (!rows.has_value()) ADD_FAILURE() << rows.error().message;
  return *std::move(rows);
}

// What the server makes of a value as text: it has read what was meant.
std::string AsText(const std::string& expression, const Parameters& parameters) {
  return std::string(Ask("SELECT (" + expression + ")::text", parameters).Text(0, 0));
}

TEST(Values, AreReadByTheServerAsTheyWereMeant) {
  const Uuid id = *Uuid::Parse("018bcfe5-6800-7000-8000-0123456789ab");
  const std::array<std::uint8_t, 3> bytes{0, 0xFF, 0x27};
  EXPECT_EQ(AsText("$1::bigint", Parameters().Add(std::int64_t{-9'007'199'254'740'993})),
            "-9007199254740993");
  EXPECT_EQ(AsText("$1::double precision", Parameters().Add(0.1)), "0.1");
  EXPECT_EQ(AsText("$1::boolean", Parameters().Add(true)), "true");
  EXPECT_EQ(AsText("$1::uuid", Parameters().Add(id)), id.ToString());
  EXPECT_EQ(AsText("$1::bytea", Parameters().Add(std::span<const std::uint8_t>(bytes))),
            "\\x00ff27");
  EXPECT_EQ(AsText("$1::text", Parameters().Add(std::string_view("naïve '\"\\"))), "naïve '\"\\");
  EXPECT_EQ(AsText("$1::timestamptz", Parameters().Add(WallTime(Duration(1'700'000'000'123'456)))),
            "2023-11-14 22:13:20.123456+00");
  EXPECT_EQ(AsText("$1::timestamptz", Parameters().Add(WallTime(Duration(-1)))),
            "1969-12-31 23:59:59.999999+00");
  EXPECT_EQ(AsText("$1::json ->> 'a'", Parameters().Add(std::string_view("{\"a\":1.50}"))), "1.50");
  EXPECT_TRUE(Ask("SELECT $1::bigint", Parameters().AddNull()).IsNull(0, 0));
}

TEST(Values, ArriveInArraysWithTheirNulls) {
  ArrayValue texts(ElementType::kText);
  texts.Add(std::string_view("a,b"));
  texts.AddNull();
  texts.Add(std::string_view(""));
  ArrayValue times(ElementType::kTimestamptz);
  times.Add(WallTime(Duration(0)));
  ArrayValue hashes(ElementType::kBytea);
  hashes.Add(std::optional<Sha256>());
  ArrayValue truths(ElementType::kBool);
  truths.Add(false);
  ArrayValue none(ElementType::kUuid);
  EXPECT_EQ(AsText("$1::text[]", Parameters().Add(texts)), "{\"a,b\",NULL,\"\"}");
  EXPECT_EQ(AsText("$1::timestamptz[]", Parameters().Add(times)), "{\"1970-01-01 00:00:00+00\"}");
  EXPECT_EQ(AsText("$1::bytea[]", Parameters().Add(hashes)), "{NULL}");
  EXPECT_EQ(AsText("$1::boolean[]", Parameters().Add(truths)), "{f}");
  EXPECT_EQ(AsText("$1::uuid[]", Parameters().Add(none)), "{}");
}

TEST(Values, ComeBackAsTheyWereSent) {
  const Uuid id = SystemUuidSource().MakeVersion7();
  const Sha256 hash = Sha256Of({"text"});
  const WallTime time(Duration(253'402'300'799'999'999));
  Parameters sent;
  sent.Add(id).Add(std::span<const std::uint8_t>(hash)).Add(time).Add(-2).Add(1.5).Add(true);
  const Rows rows =
      Ask("SELECT $1::uuid, $2::bytea, $3::timestamptz, $4::bigint, $5::float8, $6::boolean,"
          " 7::smallint, -8::integer, 0.5::real, ARRAY['x', NULL, 'yz'], '{}'::text[]",
          sent);
  EXPECT_EQ(rows.Id(0, 0), id);
  EXPECT_EQ(rows.Hash(0, 1), hash);
  EXPECT_EQ(rows.Time(0, 2), time);
  EXPECT_EQ(rows.Integer(0, 3), -2);
  EXPECT_EQ(rows.Real(0, 4), 1.5);
  EXPECT_TRUE(rows.Bool(0, 5));
  EXPECT_EQ(rows.Integer(0, 6), 7);
  EXPECT_EQ(rows.Integer(0, 7), -8);
  EXPECT_EQ(rows.Real(0, 8), 0.5);
  EXPECT_EQ(rows.Texts(0, 9), (std::vector<std::string_view>{"x", "yz"}));
  EXPECT_TRUE(rows.Texts(0, 10).empty());
}

}  // namespace
}  // namespace datastorage::postgres
