// Character classes of the tokenizer that the model was published with.
//
// Its tables are of Unicode 8.0, ICU's are newer: a class counts only for characters that existed
// then, with the few that changed class since listed by hand. All functions are pure.
#pragma once

#include <unicode/umachine.h>

namespace datastorage::bert {

// Control, format and private-use characters, NUL and U+FFFD: removed, the text joins up.
bool IsDropped(UChar32 c);
// Ends a word. Asked only of characters that are not dropped.
bool IsSpace(UChar32 c);
// Han characters: each is a word of its own.
bool IsIdeograph(UChar32 c);
// Accents, removed after canonical decomposition.
bool IsNonspacingMark(UChar32 c);
// A word of its own; in ASCII also symbols such as '+' and '$'.
bool IsPunctuation(UChar32 c);
// Simple lower case. Letters newer than ICU's tables stay: none is in the vocabulary, so their
// word is unknown either way.
UChar32 ToLower(UChar32 c);

}  // namespace datastorage::bert
