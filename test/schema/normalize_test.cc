#include "schema/normalize.h"

#include <gtest/gtest.h>

#include <random>

#include "schema/embedded_text.h"

namespace datastorage::schema {
namespace {

struct NormalizedCase {
  const char* text;
  const char* normalized;
};

TEST(Normalize, ReplacesWhatNeverRepeats) {
  const std::vector<NormalizedCase> cases{
      {"pvc-0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b lost", "pvc-<uuid> lost"},
      {"id=0195A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B.", "id=<uuid>."},
      {"checkout-7d9f8c6b5-x2x4z crashed", "checkout crashed"},
      {"pod/checkout-7d9f8c6b5-x2x4z.shop", "pod/checkout.shop"},
      {"rs checkout-7d9f8c6b5 scaled", "rs checkout scaled"},
      {"fluentd-x2x4z and node-exporter-8bkv5", "fluentd and node-exporter"},
      {"backup-28934400-x2x4z failed", "backup-<n> failed"},
      {"\"cart-56b88d54-9zgkp\":", "\"cart\":"},
      {"inventory-7e77b52a3-44995 and cart-8ac4e3aaa-0aafb", "inventory and cart"},
      {"Cart-7d9f8c6b5-x2x4z died", "Cart died"},
      {"cart-4dafdac2b of pvc-98664628", "cart of pvc-<n>"},
      {"at 2026-03-01T00:02:18.727Z it", "at <time> it"},
      {"2026-03-01 00:02:18,727 ERROR", "<time> ERROR"},
      {"2026/03/01 00:02:18 http: x", "<time> http: x"},
      {"2026-03-01T01:02:18+01:00, then", "<time>, then"},
      {"E0301 00:02:18.123456 1 reflector.go:138]", "E0301 <time> 1 reflector.go:138]"},
      {"since 2026-03-01", "since <time>"},
      {"dial tcp 10.96.0.1:443: refused", "dial tcp <ip>: refused"},
      {"subnet 10.0.0.0/16 full", "subnet <ip> full"},
      {"host 192.168.1.254.", "host <ip>."},
      {"[fe80::1]:8080 and ::1", "[<ip>]:8080 and <ip>"},
      {"2001:0db8:85a3:0000:0000:8a2e:0370:7334 up", "<ip> up"},
      {"image@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
       "image@sha256:<hex>"},
      {"container 4bf92f3577b3 died", "container <hex> died"},
      {"goroutine at 0xc000123456", "goroutine at <hex>"},
      {"epoch 1772323338 passed", "epoch <n> passed"},
      {"  a\t\n b\u00a0\u3000c  ", "a b c"},
  };
  for (const NormalizedCase& c : cases) {
    EXPECT_EQ(NormalizeForEmbedding(c.text), c.normalized) << c.text;
  }
}

TEST(Normalize, LeavesWordsCodesAndVersionsAlone) {
  for (const char* text : {"deployment checkout",
                           "exit code 137",
                           "HTTP 503 from port 8080",
                           "0xC0000005",
                           "v1.29.4 and 1.2.3",
                           "OOMKilled at 512Mi of 1073741824Ki",
                           "web-0 and kafka-broker-2",
                           "std::vector",
                           "a::b",
                           "envoy-http2",
                           "decade-facade deadbeef",
                           "redis-sentinel-headless",
                           "x86-64",
                           "kube-system/coredns",
                           "load-balancer",
                           "node-pool-strength",
                           "10.5s",
                           "65535",
                           "aa:bb:cc:dd:ee:ff",

                           "300.1.2.3",
                           "v10.0.0.1",
                           "cert-manager-webhook",
                           "TLS1.2",
                           "my-db-psql",
                           "étage-x2x4z\xCC\x81",
                           "CrashLoopBackOff",
                           "ErrImagePull",
                           "8.5.1-rc2",
                           "<uuid> <time> <ip> <hex> <n>"}) {
    EXPECT_EQ(NormalizeForEmbedding(text), text);
  }
}

// Pieces that are likely to make a new token with their neighbour.
std::string RandomText(unsigned seed) {
  static const std::vector<std::string> pieces{"checkout",
                                               "-",
                                               "-",
                                               "7d9f8c6b5",
                                               "x2x4z",
                                               "0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
                                               "2026-03-01",
                                               "T",
                                               " ",
                                               "00:02:18",
                                               ".",
                                               ":",
                                               "::",
                                               "10.96.0.1",
                                               "1",
                                               "24",
                                               "4bf92f3577b3",
                                               "0x",
                                               "c000123456",
                                               "1772323338",
                                               "\n",
                                               "\u3000",
                                               "/",
                                               "<n>",
                                               "<",
                                               ">",
                                               "_",
                                               "A",
                                               "é",
                                               "Z",
                                               "+01:00",
                                               ",5",
                                               "fe80",
                                               "b2c4d"};
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> piece(0, pieces.size() - 1);
  std::string text;
  for (std::size_t i = piece(random) / 3; i > 0; --i) text += pieces[piece(random)];
  return text;
}

TEST(Normalize, IsIdempotent) {
  for (unsigned seed = 0; seed < 200'000; ++seed) {
    const std::string text = RandomText(seed);
    const std::string once = NormalizeForEmbedding(text);
    ASSERT_EQ(NormalizeForEmbedding(once), once) << "seed " << seed << ": " << text;
  }
}

TEST(Normalize, TakesTimeInProportion) {
  // Two megabytes of near misses; a scanner that looks back would take minutes.
  for (const char* piece : {"a-", "1", "a", "1:", "1.", "-x2x4z", "ab12-", "2026-", "\xC3\xA9"}) {
    std::string text;
    while (text.size() < 2'000'000) text += piece;
    EXPECT_LE(NormalizeForEmbedding(text).size(), text.size()) << piece;
  }
}

TEST(Normalize, HasThreeSteps) {
  EXPECT_EQ(SingleSpaced(" a \n b "), "a b");
  EXPECT_EQ(StripPodSuffixes("web-7d9f8c6b5-x2x4z  123456"), "web  123456");
  EXPECT_EQ(ReplaceUnrepeated("web-7d9f8c6b5-x2x4z  123456"), "web-<hex>-x2x4z  <n>");
}

}  // namespace
}  // namespace datastorage::schema
