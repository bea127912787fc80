#include "lexical/lexical_embedder.h"

#include <gtest/gtest.h>

#include <cmath>

namespace datastorage {
namespace {

Embedding VectorOf(std::string_view text) {
  LexicalEmbedder embedder;
  const std::vector<std::string_view> texts = {text};
  return embedder.Embed(texts, Deadline::Never())->front();
}

float Cosine(std::string_view a, std::string_view b) {
  return Dot(VectorOf(a), VectorOf(b));
}

// The vectors are stored under the model's name: another hash needs another name.
TEST(LexicalEmbedder, KeepsItsVectors) {
  EXPECT_EQ(LexicalEmbedder().ModelId(), "lexical-1");
  const Embedding vector = VectorOf("Pod web-7 OOMKilled: \xC3\x9C\x62\x65rlast");
  double fingerprint = 0;
  for (std::size_t i = 0; i < vector.size(); ++i) {
    fingerprint += double{vector[i]} * std::cos(static_cast<double>(i));
  }
  EXPECT_NEAR(fingerprint, 0.205987, 1e-5);
}

TEST(LexicalEmbedder, IgnoresCaseAndPunctuation) {
  EXPECT_NEAR(Cosine("Disk FULL", "disk, full!"), 1.0F, 1e-6F);
  EXPECT_NEAR(Cosine("\xC3\x9C\x42\x45R", "\xC3\xBC\x62\x65r"), 1.0F, 1e-6F);
}

TEST(LexicalEmbedder, FindsOtherFormsOfAWord) {
  EXPECT_GT(Cosine("restarting", "restarted"), 0.3F);
  EXPECT_LT(std::abs(Cosine("restarting", "certificate")), 0.2F);
}

TEST(LexicalEmbedder, WeighsLongWordsOverShort) {
  EXPECT_GT(Cosine("is the certificate on it", "certificate"),
            Cosine("is the certificate on it", "is the on it"));
}

TEST(LexicalEmbedder, WeighsRepetitionLessThanItsCount) {
  EXPECT_GT(Cosine("retry timeout", "retry retry retry retry retry retry timeout"), 0.8F);
}

TEST(LexicalEmbedder, TellsSymbolsApart) {
  EXPECT_NEAR(Cosine("?!", "! ?"), 1.0F, 1e-6F);
  EXPECT_LT(std::abs(Cosine("?!", "\xF0\x9F\x94\xA5")), 0.5F);
}

TEST(LexicalEmbedder, CutsAtItsWindow) {
  std::string text(kLexicalByteCountMax, 'a');
  const Embedding cut = VectorOf(text);
  text += " and more";
  EXPECT_EQ(VectorOf(text), cut);
}

}  // namespace
}  // namespace datastorage
