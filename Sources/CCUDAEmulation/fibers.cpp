#include "device/fibers.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <ucontext.h>

/// The dynamic shared memory of a block, under the name that the kernels give it.
alignas(1024) thread_local unsigned char memory[232448];

namespace emulated {

namespace {

enum class State { ready, polling, atBlock, atWarp, ended };

struct Copy {
  void* target;
  const void* source;
};

constexpr size_t kStackBytes = 256 << 10;
constexpr unsigned kMostThreads = 1024;

/// Stacks of fibers, kept for the next launch of this thread.
struct Stacks {
  unsigned char* base = nullptr;
  unsigned char* of(unsigned thread) {
    if (base == nullptr) {
      // Pages that no fiber touches take no memory.
      void* found = mmap(nullptr, kStackBytes * kMostThreads, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (found == MAP_FAILED)
        std::abort();
      base = static_cast<unsigned char*>(found);
    }
    return base + thread * kStackBytes;
  }
  ~Stacks() {
    if (base != nullptr)
      munmap(base, kStackBytes * kMostThreads);
  }
};
thread_local Stacks stacks;

} // namespace

struct Fiber : Thread {
  State state = State::ready;
  bool hasStarted = false;
  jmp_buf context;
  unsigned warp = 0;
  /// The instruction of the warp that this fiber is at: words alternate between two places.
  unsigned exchanges = 0;
  std::vector<Copy> open;
  std::vector<std::vector<Copy>> groups;
};

namespace {

struct Running : Block {
  std::vector<Fiber> fibers;
  /// For each warp two places of words for each lane.
  std::vector<Words> words;
  void (*body)(const unsigned char*);
  const unsigned char* parameters;
};

thread_local Running* running = nullptr;
thread_local jmp_buf scheduler;

Fiber& own() {
  return *static_cast<Fiber*>(current);
}

/// Gives the processor back to the scheduler.
void pause(State state) {
  Fiber& fiber = own();
  fiber.state = state;
  if (_setjmp(fiber.context) == 0)
    _longjmp(scheduler, 1);
}

/// A fiber is the same thread of one block after the other.
void runFiber() {
  for (;;) {
    running->body(running->parameters);
    finishCopies(0);
    pause(State::ended);
  }
}

void resume(Fiber& fiber, unsigned index) {
  current = &fiber;
  if (_setjmp(scheduler) != 0)
    return;
  if (fiber.hasStarted)
    _longjmp(fiber.context, 1);
  fiber.hasStarted = true;
  ucontext_t start;
  getcontext(&start);
  start.uc_stack.ss_sp = stacks.of(index);
  start.uc_stack.ss_size = kStackBytes;
  start.uc_link = nullptr;
  makecontext(&start, runFiber, 0);
  setcontext(&start);
}

/// Lets go the fibers of `[first, last)` when every one that has not ended waits in `state`.
/// - Returns: Whether it did.
bool release(unsigned first, unsigned last, State state) {
  bool isAny = false;
  for (unsigned index = first; index < last; index++) {
    const State other = running->fibers[index].state;
    if (other != state && other != State::ended)
      return false;
    isAny = isAny || other == state;
  }
  if (!isAny)
    return false;
  for (unsigned index = first; index < last; index++) {
    if (running->fibers[index].state == state)
      running->fibers[index].state = State::ready;
  }
  return true;
}

void runBlock() {
  const unsigned count = running->threads.x;
  for (;;) {
    bool hasRun = false;
    for (unsigned first = 0; first < count; first += 32) {
      const unsigned last = first + 32 < count ? first + 32 : count;
      // A warp goes on alone until it waits for the block.
      do {
        for (unsigned index = first; index < last; index++) {
          Fiber& fiber = running->fibers[index];
          if (fiber.state != State::ready && fiber.state != State::polling)
            continue;
          const bool isPolling = fiber.state == State::polling;
          resume(fiber, index);
          // A thread that still waits for the same has done nothing.
          hasRun = hasRun || !isPolling || fiber.state != State::polling;
        }
      } while (release(first, last, State::atWarp));
    }
    if (release(0, count, State::atBlock))
      continue;
    if (hasRun)
      continue;
    for (unsigned index = 0; index < count; index++) {
      if (running->fibers[index].state != State::ended) {
        std::fprintf(stderr, "emulated GPU: thread %u of a block waits for threads that never come\n", index);
        std::abort();
      }
    }
    return;
  }
}

} // namespace

thread_local Thread* current = nullptr;
thread_local Block* block = nullptr;

void meetBlock() {
  pause(State::atBlock);
}
void meetWarp() {
  pause(State::atWarp);
}

bool meetSome(unsigned threads, bool value) {
  const unsigned time = block->time;
  block->isAny[time % 2] = block->isAny[time % 2] || value;
  if (++block->come == threads) {
    block->come = 0;
    block->time++;
    block->isAny[block->time % 2] = false;
  }
  while (block->time == time)
    yield();
  return block->isAny[time % 2];
}

void yield() {
  pause(State::polling);
}

const Words* publish(const uint32_t* words, int count) {
  Fiber& fiber = own();
  Words* place = &running->words[(fiber.warp * 2 + fiber.exchanges++ % 2) * 32];
  std::memcpy(place[lane()].word, words, sizeof(uint32_t) * static_cast<size_t>(count));
  meetWarp();
  return place;
}

void copyLater(void* target, const void* source) {
  own().open.push_back({target, source});
}

void closeCopies() {
  own().groups.push_back(std::move(own().open));
  own().open.clear();
}

void finishCopies(int pending) {
  auto& groups = own().groups;
  while (groups.size() > static_cast<size_t>(pending)) {
    for (const Copy& copy : groups.front()) {
      if (copy.source != nullptr)
        std::memcpy(copy.target, copy.source, 16);
      else
        std::memset(copy.target, 0, 16);
    }
    groups.erase(groups.begin());
  }
}

uintptr_t sharedOrigin() {
  return reinterpret_cast<uintptr_t>(memory) - (uintptr_t(1) << 30);
}

void launch(Place grid, unsigned threads, size_t sharedBytes, void (*body)(const unsigned char*),
            const unsigned char* parameters) {
  if (threads > kMostThreads || threads == 0 || sharedBytes > sizeof memory)
    std::abort();
  Running state;
  state.threads = {threads, 1, 1};
  state.grid = grid;
  state.body = body;
  state.parameters = parameters;
  state.words = std::vector<Words>((threads + 31) / 32 * 2 * 32);
  state.fibers = std::vector<Fiber>(threads);
  for (unsigned index = 0; index < threads; index++) {
    state.fibers[index].place = {index, 0, 0};
    state.fibers[index].warp = index / 32;
  }
  running = &state;
  block = &state;
  for (unsigned y = 0; y < grid.y; y++) {
    for (unsigned x = 0; x < grid.x; x++) {
      state.index = {x, y, 0};
      state.freeRegisters = 0;
      state.isAny[0] = state.isAny[1] = false;
      for (Fiber& fiber : state.fibers)
        fiber.state = State::ready;
      // What a block leaves behind is nothing that the next may rely on: these bits are no number.
      std::memset(memory, 0xFF, sharedBytes);
      runBlock();
    }
  }
  running = nullptr;
  block = nullptr;
}

} // namespace emulated
