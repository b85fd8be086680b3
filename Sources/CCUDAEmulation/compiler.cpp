#include "CCUDAEmulation.h"
#include "svg_nvrtc.h"

#include <cstring>
#include <string>

void svg_emulated_compiler(void* table) {
  auto& compiler = *static_cast<svg_nvrtc*>(table);
  compiler.nvrtcVersion = [](int* major, int* minor) {
    *major = 0;
    *minor = 0;
    return 0;
  };
  compiler.nvrtcGetErrorString = [](int) { return "an emulated error"; };
  compiler.nvrtcCreateProgram = [](void** program, const char*, const char* name, int, const char* const*,
                                   const char* const*) {
    *program = new std::string(name);
    return 0;
  };
  compiler.nvrtcDestroyProgram = [](void** program) {
    delete static_cast<std::string*>(*program);
    *program = nullptr;
    return 0;
  };
  compiler.nvrtcCompileProgram = [](void*, int, const char* const*) { return 0; };
  compiler.nvrtcGetProgramLogSize = [](void*, size_t* bytes) {
    *bytes = 1;
    return 0;
  };
  compiler.nvrtcGetProgramLog = [](void*, char* log) {
    *log = 0;
    return 0;
  };
  compiler.nvrtcGetCUBINSize = [](void* program, size_t* bytes) {
    *bytes = static_cast<std::string*>(program)->size() + 1;
    return 0;
  };
  compiler.nvrtcGetCUBIN = [](void* program, char* image) {
    const auto& name = *static_cast<std::string*>(program);
    std::memcpy(image, name.c_str(), name.size() + 1);
    return 0;
  };
}
