#include "svg_cuda_library.h"

#include <dlfcn.h>
#include <stdio.h>

void* svg_library_open(const char* path, char* message, size_t capacity) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    const char* words = dlerror();
    snprintf(message, capacity, "%s", words != NULL ? words : "no reason is given");
  }
  return library;
}

bool svg_library_find(void* library, const char* const* names, size_t count, void** table, const char** missing) {
  for (size_t index = 0; index < count; index++) {
    table[index] = dlsym(library, names[index]);
    if (table[index] == NULL) {
      *missing = names[index];
      return false;
    }
  }
  return true;
}
