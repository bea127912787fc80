#include "postgres/address.h"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace datastorage::postgres {
namespace {

struct OptionsFreer {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, OptionsFreer>;

// libpq's message quotes the text, and with it the password: it goes nowhere.
Options Parse(const std::string& conninfo) {
  return Options(PQconninfoParse(conninfo.c_str(), nullptr));
}

std::string ValueOf(const Options& options, std::string_view keyword) {
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) return option->val;
  }
  return {};
}

}  // namespace

Result<void> CheckConninfo(const std::string& conninfo) {
  if (Parse(conninfo) == nullptr) {
    return InvalidArgument("the address of the database cannot be read");
  }
  return {};
}

std::string DescriptionOf(const std::string& conninfo) {
  const Options options = Parse(conninfo);
  if (options == nullptr) return "an address that cannot be read";
  std::string text = ValueOf(options, "host");
  if (text.empty()) text = ValueOf(options, "hostaddr");
  if (text.empty()) text = "the local server";
  if (const std::string port = ValueOf(options, "port"); !port.empty()) text += ":" + port;
  if (const std::string name = ValueOf(options, "dbname"); !name.empty()) text += "/" + name;
  if (const std::string role = ValueOf(options, "user"); !role.empty()) text += " as " + role;
  return text;
}

std::string OptionOf(const std::string& conninfo, std::string_view keyword) {
  const Options options = Parse(conninfo);
  return options == nullptr ? std::string() : ValueOf(options, keyword);
}

}  // namespace datastorage::postgres
