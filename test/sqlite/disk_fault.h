// What can go wrong with a disk.
#pragma once

#include <sqlite3.h>

#include <cstdint>

namespace datastorage {

// What a power cut does to the writes since the last sync.
enum class PowerLoss : std::uint8_t {
  kDropped,    // All are gone.
  kTorn,       // All reached the disk, but some of them, one at least, only in part.
  kReordered,  // A random half reached the disk, whichever.
};

// How many writes it happened to.
struct LossTally {
  int dropped = 0;
  int torn = 0;
  int reordered = 0;  // Reached the disk, though an earlier one to the same file did not.
};

// Which steps towards a power cut are counted.
enum class CutSteps : std::uint8_t {
  kAll,         // Writes, syncs, and cuts of a file's end.
  kOfDatabase,  // Those of the database file: of a checkpoint.
  kNoWrites,
};

enum class DiskCall : std::uint8_t { kOpen, kRead, kWrite, kCut, kSync };

// The nth call of a kind fails, counted from when the fault is set.
struct DiskFault {
  DiskCall call = DiskCall::kWrite;
  int code = SQLITE_IOERR_WRITE;
  bool is_short = false;    // Half of the write reaches the file.
  bool is_lasting = false;  // All later calls of the kind fail too.
  int nth = 1;
};

}  // namespace datastorage
