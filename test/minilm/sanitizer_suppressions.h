// Include once in a program that runs the model under ThreadSanitizer. The inference runtime comes
// as binaries that are not instrumented: the sanitizer sees their memory calls, but not the atomics
// that order them, and reports races between their own threads.
#pragma once

#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libopenvino\n";
}
#endif
