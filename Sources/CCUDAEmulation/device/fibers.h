// The threads of a block as fibers of one thread of the processor.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace emulated {

template <typename To, typename From>
inline To cast(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

struct Place {
  unsigned x, y, z;
};

/// What lanes of a warp tell each other in one instruction.
struct Words {
  uint32_t word[8];
  uint32_t operator[](int index) const { return word[index]; }
};

/// A block that runs.
struct Block {
  Place index, threads, grid;
  /// What threads have given back of their registers.
  int freeRegisters = 0;
  /// A barrier of some threads: how many have come, which time it is, and what those of this time and the last one
  /// said.
  unsigned come = 0, time = 0;
  bool isAny[2] = {false, false};
};

/// The thread that runs now; its place comes first, for kernels that ask for it.
struct Thread {
  Place place;
};
extern thread_local Thread* current;
extern thread_local Block* block;

/// The lane of the thread that runs.
inline int lane() {
  return static_cast<int>(current->place.x % 32);
}

/// Waits for all threads of the block that have not ended.
void meetBlock();
/// Waits for all threads of the warp that have not ended.
void meetWarp();
/// Waits until `threads` have come here.
/// - Returns: Whether one of them said so.
bool meetSome(unsigned threads, bool value);
/// Lets the others run; for a thread that waits for what they do.
void yield();
/// Tells the warp some words and waits for it.
/// - Returns: What each lane told, until the next but one instruction of this kind.
const Words* publish(const uint32_t* words, int count);
/// Tells the warp a word, and takes that of another lane.
inline uint32_t exchange(uint32_t word, int from) {
  return publish(&word, 1)[from % 32][0];
}

/// Begins to copy 16 bytes; they arrive when their group is waited for. `source` is null for zeros.
void copyLater(void* target, const void* source);
void closeCopies();
void finishCopies(int pending);

/// Where 32-bit addresses of shared memory count from.
uintptr_t sharedOrigin();

/// Runs a kernel, block by block.
/// - Parameter body: Runs one thread.
void launch(Place grid, unsigned threads, size_t sharedBytes, void (*body)(const unsigned char*),
            const unsigned char* parameters);

} // namespace emulated
