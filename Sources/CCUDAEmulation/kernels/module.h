// The kernels of a file as the emulated driver finds them.

#pragma once

#include <cstddef>
#include <cstring>
#include <tuple>
#include <type_traits>

namespace emulated {

/// A kernel: its name, what runs one thread of it, and the bytes of its parameters.
struct Kernel {
  const char* name;
  void (*body)(const unsigned char*);
  size_t parameterBytes;
};

/// The kernels of a file.
struct Module {
  /// For example `elementwise/rows.cu`.
  const char* source;
  const Kernel* kernels;
  size_t count;
};

/// Calls a kernel with parameters that lie in memory as its declaration lays them out.
template <auto kKernel>
struct Caller;

template <typename... Parameters, void (*kKernel)(Parameters...)>
struct Caller<kKernel> {
  static constexpr size_t bytes() {
    size_t offset = 0;
    ((offset = (offset + alignof(Parameters) - 1) / alignof(Parameters) * alignof(Parameters) + sizeof(Parameters)),
     ...);
    return offset;
  }

  static void call(const unsigned char* memory) {
    size_t offset = 0;
    // Braces are evaluated from left to right.
    const std::tuple<Parameters...> values{take<Parameters>(memory, offset)...};
    std::apply(kKernel, values);
  }

private:
  template <typename Value>
  static Value take(const unsigned char* memory, size_t& offset) {
    offset = (offset + alignof(Value) - 1) / alignof(Value) * alignof(Value);
    Value value;
    std::memcpy(&value, memory + offset, sizeof value);
    offset += sizeof value;
    return value;
  }
};

/// All files.
extern const Module* const modules[];
extern const size_t moduleCount;

} // namespace emulated

/// An entry of a table of kernels.
#define KERNEL_ENTRY(name)                                                                                             \
  { #name, &emulated::Caller < &name> ::call, emulated::Caller < &name> ::bytes() }

/// The module of a file; `module` names it in this program.
#define MODULE(module, source, ...)                                                                                    \
  namespace emulated {                                                                                                 \
  static const Kernel module##Kernels[] = {__VA_ARGS__};                                                               \
  extern const Module module;                                                                                          \
  const Module module = {source, module##Kernels, sizeof(module##Kernels) / sizeof(Kernel)};                           \
  }
