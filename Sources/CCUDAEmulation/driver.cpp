#include "CCUDAEmulation.h"
#include "device/fibers.h"
#include "kernels/module.h"
#include "svg_cuda_driver.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace {

constexpr int kInvalidValue = 1;
constexpr int kOutOfMemory = 2;
constexpr int kNotFound = 500;

/// What each GPU has.
constexpr size_t kMemoryBytes = size_t(2) << 30;
constexpr int kMultiprocessors = 4;

/// What tells the GPUs apart; one is its own context.
struct GPU {
  int capability;
  /// The most that a block may ask for.
  int sharedBytes;
};
GPU gpus[] = {{8, 163 << 10}, {9, 227 << 10}};
constexpr int kGPUs = sizeof gpus / sizeof gpus[0];

/// The GPU that this thread uses.
thread_local const GPU* usedGPU = nullptr;

/// How often this thread has waited.
thread_local long waits = 0;

/// Memory of the device: bytes around each piece show what is written outside of it.
struct Memory {
  static constexpr size_t kGuard = 256;
  static constexpr unsigned char kGuardByte = 0xA5;

  std::mutex mutex;
  std::map<uint64_t, size_t> pieces;
  size_t used = 0;
  size_t peak = 0;

  int allocate(uint64_t* address, size_t bytes) {
    const std::lock_guard lock(mutex);
    if (used + bytes > kMemoryBytes)
      return kOutOfMemory;
    auto* start = static_cast<unsigned char*>(std::aligned_alloc(256, (bytes + 2 * kGuard + 255) / 256 * 256));
    if (start == nullptr)
      return kOutOfMemory;
    std::memset(start, kGuardByte, kGuard);
    // No number, so that nobody relies on what is in it.
    std::memset(start + kGuard, 0xFF, bytes);
    std::memset(start + kGuard + bytes, kGuardByte, kGuard);
    *address = reinterpret_cast<uint64_t>(start + kGuard);
    pieces[*address] = bytes;
    used += bytes;
    peak = used > peak ? used : peak;
    return 0;
  }

  int free(uint64_t address) {
    const std::lock_guard lock(mutex);
    const auto piece = pieces.find(address);
    if (piece == pieces.end())
      return kInvalidValue;
    auto* start = reinterpret_cast<unsigned char*>(address);
    for (size_t index = 0; index < kGuard; index++) {
      if (start[-1 - static_cast<ptrdiff_t>(index)] != kGuardByte || start[piece->second + index] != kGuardByte) {
        std::fprintf(stderr, "emulated GPU: a kernel wrote outside of a tensor of %zu bytes\n", piece->second);
        std::abort();
      }
    }
    used -= piece->second;
    std::free(start - kGuard);
    pieces.erase(piece);
    return 0;
  }
};
Memory& deviceMemory() {
  static Memory memory;
  return memory;
}

/// A kernel, and the shared memory that it may ask for.
struct Function {
  const emulated::Kernel* kernel;
  size_t sharedBytes = 48 << 10;
};

using Clock = std::chrono::steady_clock;

/// A handle of something that there is one of.
svg_cuda_handle handle() {
  static int something;
  return &something;
}

int launchKernel(svg_cuda_handle handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                 unsigned blockY, unsigned blockZ, unsigned sharedBytes, svg_cuda_handle, void**, void** extra) {
  const auto& function = *static_cast<Function*>(handle);
  const size_t bytes = *static_cast<size_t*>(extra[3]);
  const bool isLegal = gridX > 0 && gridY > 0 && gridY < 65536 && gridZ == 1 && blockX <= 1024 && blockY == 1 &&
                       blockZ == 1 && sharedBytes <= function.sharedBytes && bytes == function.kernel->parameterBytes;
  if (!isLegal) {
    std::fprintf(stderr, "emulated GPU: %s: grid %u %u, %u threads, %u bytes shared, %zu of %zu bytes of parameters\n",
                 function.kernel->name, gridX, gridY, blockX, sharedBytes, bytes, function.kernel->parameterBytes);
    return kInvalidValue;
  }
  emulated::launch({gridX, gridY, 1}, blockX, sharedBytes, function.kernel->body,
                   static_cast<const unsigned char*>(extra[1]));
  return 0;
}

int attribute(int* value, int number, int device) {
  // Compute capability, major and minor, and multiprocessors.
  *value = number == 75 ? gpus[device].capability : number == 76 ? 0 : number == 16 ? kMultiprocessors : 0;
  return 0;
}

int poolAttribute(svg_cuda_handle, int number, void* value) {
  Memory& memory = deviceMemory();
  const std::lock_guard lock(memory.mutex);
  // 6 and 8: the most that was reserved and used.
  *static_cast<uint64_t*>(value) = number == 6 || number == 8 ? memory.peak : memory.used;
  return 0;
}

int loadModule(svg_cuda_handle* module, const void* image) {
  for (size_t index = 0; index < emulated::moduleCount; index++) {
    if (std::strcmp(emulated::modules[index]->source, static_cast<const char*>(image)) == 0) {
      *module = const_cast<emulated::Module*>(emulated::modules[index]);
      return 0;
    }
  }
  return kNotFound;
}

int findFunction(svg_cuda_handle* function, svg_cuda_handle module, const char* name) {
  const auto& found = *static_cast<const emulated::Module*>(module);
  for (size_t index = 0; index < found.count; index++) {
    if (std::strcmp(found.kernels[index].name, name) == 0) {
      // As with a real driver, functions live as long as their module, and modules here as long as the process.
      *function = new Function{&found.kernels[index]};
      return 0;
    }
  }
  return kNotFound;
}

} // namespace

long svg_emulated_synchronizations(void) {
  return waits;
}

void svg_emulated_driver(void* table) {
  auto& driver = *static_cast<svg_cuda_driver*>(table);
  driver.cuInit = [](unsigned) { return 0; };
  driver.cuDriverGetVersion = [](int* version) {
    *version = 13000;
    return 0;
  };
  driver.cuGetErrorName = [](int error, const char** name) {
    *name = error == kOutOfMemory ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR";
    return 0;
  };
  driver.cuGetErrorString = [](int, const char** text) {
    *text = "an emulated error";
    return 0;
  };
  driver.cuDeviceGetCount = [](int* count) {
    *count = kGPUs;
    return 0;
  };
  driver.cuDeviceGet = [](int* device, int ordinal) {
    *device = ordinal;
    return 0;
  };
  driver.cuDeviceGetName = [](char* name, int capacity, int) {
    std::snprintf(name, static_cast<size_t>(capacity), "emulated GPU");
    return 0;
  };
  driver.cuDeviceTotalMem = [](size_t* bytes, int) {
    *bytes = kMemoryBytes;
    return 0;
  };
  driver.cuDeviceGetAttribute = attribute;
  driver.cuDevicePrimaryCtxRetain = [](svg_cuda_handle* context, int device) {
    *context = &gpus[device];
    return 0;
  };
  driver.cuDevicePrimaryCtxRelease = [](int) { return 0; };
  driver.cuCtxSetCurrent = [](svg_cuda_handle context) {
    usedGPU = static_cast<const GPU*>(context);
    return 0;
  };
  driver.cuMemGetInfo = [](size_t* free, size_t* total) {
    Memory& memory = deviceMemory();
    const std::lock_guard lock(memory.mutex);
    *free = kMemoryBytes - memory.used;
    *total = kMemoryBytes;
    return 0;
  };
  driver.cuStreamCreate = [](svg_cuda_handle* stream, unsigned) {
    *stream = handle();
    return 0;
  };
  driver.cuStreamDestroy = [](svg_cuda_handle) { return 0; };
  driver.cuStreamSynchronize = [](svg_cuda_handle) {
    waits++;
    return 0;
  };
  driver.cuEventCreate = [](svg_cuda_handle* event, unsigned) {
    *event = new Clock::time_point();
    return 0;
  };
  driver.cuEventDestroy = [](svg_cuda_handle event) {
    delete static_cast<Clock::time_point*>(event);
    return 0;
  };
  driver.cuEventRecord = [](svg_cuda_handle event, svg_cuda_handle) {
    *static_cast<Clock::time_point*>(event) = Clock::now();
    return 0;
  };
  driver.cuEventSynchronize = [](svg_cuda_handle) { return 0; };
  driver.cuEventElapsedTime = [](float* milliseconds, svg_cuda_handle start, svg_cuda_handle end) {
    const auto elapsed = *static_cast<Clock::time_point*>(end) - *static_cast<Clock::time_point*>(start);
    *milliseconds = std::chrono::duration<float, std::milli>(elapsed).count();
    return 0;
  };
  driver.cuDeviceGetDefaultMemPool = [](svg_cuda_handle* pool, int) {
    *pool = handle();
    return 0;
  };
  driver.cuMemPoolSetAttribute = [](svg_cuda_handle, int, void*) { return 0; };
  driver.cuMemPoolGetAttribute = poolAttribute;
  driver.cuMemPoolTrimTo = [](svg_cuda_handle, size_t) { return 0; };
  driver.cuMemAllocAsync = [](uint64_t* address, size_t bytes, svg_cuda_handle) {
    return deviceMemory().allocate(address, bytes);
  };
  driver.cuMemFreeAsync = [](uint64_t address, svg_cuda_handle) { return deviceMemory().free(address); };
  driver.cuMemHostAlloc = [](void** address, size_t bytes, unsigned) {
    *address = std::malloc(bytes);
    return *address == nullptr ? kOutOfMemory : 0;
  };
  driver.cuMemFreeHost = [](void* address) {
    std::free(address);
    return 0;
  };
  driver.cuMemcpyHtoDAsync = [](uint64_t target, const void* source, size_t bytes, svg_cuda_handle) {
    std::memcpy(reinterpret_cast<void*>(target), source, bytes);
    return 0;
  };
  driver.cuMemcpyDtoHAsync = [](void* target, uint64_t source, size_t bytes, svg_cuda_handle) {
    std::memcpy(target, reinterpret_cast<void*>(source), bytes);
    return 0;
  };
  driver.cuMemcpyDtoDAsync = [](uint64_t target, uint64_t source, size_t bytes, svg_cuda_handle) {
    std::memmove(reinterpret_cast<void*>(target), reinterpret_cast<void*>(source), bytes);
    return 0;
  };
  driver.cuMemsetD8Async = [](uint64_t target, unsigned char value, size_t bytes, svg_cuda_handle) {
    std::memset(reinterpret_cast<void*>(target), value, bytes);
    return 0;
  };
  driver.cuModuleLoadData = loadModule;
  driver.cuModuleUnload = [](svg_cuda_handle) { return 0; };
  driver.cuModuleGetFunction = findFunction;
  driver.cuFuncSetAttribute = [](svg_cuda_handle function, int number, int value) {
    // `CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES`.
    if (number != 8 || usedGPU == nullptr || value > usedGPU->sharedBytes)
      return kInvalidValue;
    static_cast<Function*>(function)->sharedBytes = static_cast<size_t>(value);
    return 0;
  };
  driver.cuLaunchKernel = launchKernel;
}
