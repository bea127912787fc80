#include "minilm/minilm_graph.h"

#include <gmock/gmock.h>

#include <fstream>
#include <openvino/core/model.hpp>

#include "minilm/reference.h"

namespace datastorage {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MiniLmGraph, LeavesRowsAndLengthFree) {
  const auto weights =
      Safetensors::Parse(*MappedFile::Open(minilm_test::ModelDirectory() + "/model.safetensors"));
  ASSERT_TRUE(weights.has_value());
  const auto graph = BuildMiniLmGraph(*weights);
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  EXPECT_EQ((*graph)->inputs().size(), 2u);
  EXPECT_EQ((*graph)->output().get_partial_shape(), (ov::PartialShape{-1, 384}));
}

TEST(MiniLmGraph, NamesEveryTensorThatIsMissingOrDifferent) {
  const minilm_test::TemporaryDirectory directory;
  const std::string header =
      R"({"embeddings.LayerNorm.bias":{"dtype":"F32","shape":[384],"data_offsets":[0,1536]},)"
      R"("embeddings.LayerNorm.weight":{"dtype":"F32","shape":[1],"data_offsets":[1536,1540]}})";
  std::string length(8, 0);
  length[0] = static_cast<char>(header.size());
  ASSERT_LT(header.size(), 256u);
  std::ofstream(directory.path() + "/file") << length << header << std::string(1540, 0);
  const auto weights = Safetensors::Parse(*MappedFile::Open(directory.path() + "/file"));
  ASSERT_TRUE(weights.has_value()) << weights.error().message;
  const auto graph = BuildMiniLmGraph(*weights);
  ASSERT_FALSE(graph.has_value());
  EXPECT_EQ(graph.error().code, ErrorCode::kInvalidArgument);
  const std::string& message = graph.error().message;
  EXPECT_THAT(message, HasSubstr("embeddings.LayerNorm.weight has another type or shape"));
  EXPECT_THAT(message, HasSubstr("embeddings.word_embeddings.weight is missing"));
  EXPECT_THAT(message, HasSubstr("encoder.layer.5.output.LayerNorm.bias is missing"));
  EXPECT_THAT(message, Not(HasSubstr("embeddings.LayerNorm.bias")));
}

}  // namespace
}  // namespace datastorage
