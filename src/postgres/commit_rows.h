// What the statements of ReadWave return, read into a WaveState: one function each, named after
// what it reads. Threads: none.
#pragma once

#include "postgres/values.h"
#include "postgres/wave_state.h"

namespace datastorage::postgres {

using RowReader = void (*)(const Rows& rows, WaveState& state);

void ReadSets(const Rows& rows, WaveState& state);
void ReadOwnClaims(const Rows& rows, WaveState& state);
void ReadOwnNames(const Rows& rows, WaveState& state);
void ReadHeads(const Rows& rows, WaveState& state);
void ReadIntents(const Rows& rows, WaveState& state);
void ReadPending(const Rows& rows, WaveState& state);
void ReadClaims(const Rows& rows, WaveState& state);
void ReadHolders(const Rows& rows, WaveState& state);
void ReadErasedNames(const Rows& rows, WaveState& state);
void ReadUses(const Rows& rows, WaveState& state);
void ReadSpaces(const Rows& rows, WaveState& state);
void ReadOccupiedIds(const Rows& rows, WaveState& state);
void ReadStamps(const Rows& rows, WaveState& state);
void ReadNothing(const Rows& rows, WaveState& state);

}  // namespace datastorage::postgres
