// The Porter stemmer, in the form that SQLite's text index has: stores that stem by themselves find
// what SQLite finds.
#pragma once

#include <string>

namespace datastorage::schema {

// Replaces a word by its stem. The word is in lower case; of one that holds other than ASCII
// letters no whole character is broken. Words of less than 3 or over 64 bytes stay as they are.
void StemPorter(std::string& word);

}  // namespace datastorage::schema
