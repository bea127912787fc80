// The steps of NormalizeForEmbedding: what never repeats says nothing about a cause, and would
// make equal incidents look different. Conservative: a word that people wrote stays as it is.
#pragma once

#include <string>
#include <string_view>

namespace datastorage::schema {

// Runs of Unicode white space as one space, none at the ends.
std::string SingleSpaced(std::string_view text);

// "checkout-7d9f8c6b5-x2x4z" as "checkout", also without the last part or the middle one. The
// suffixes are told by Kubernetes' alphabet, which has no vowels, or by hex with digits in it, so
// words never match.
std::string StripPodSuffixes(std::string_view text);

// UUIDs as <uuid>, times and dates as <time>, IPv4 and IPv6 addresses with port or mask as <ip>,
// hex digests as <hex>, numbers of six digits and more as <n>. Exit codes, ports, sizes with
// units and versions stay.
std::string ReplaceUnrepeated(std::string_view text);

}  // namespace datastorage::schema
