// Shared libraries that may be missing.

#pragma once

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

/// Opens a shared library for the rest of the process.
///
/// - Parameters:
///   - path: A path, or a name that the system's linker looks for.
///   - message: Receives the linker's own words when the library cannot be opened.
///   - capacity: Bytes of `message`, its closing zero included.
/// - Returns: The library, or null.
void* _Nullable svg_library_open(const char* path, char* message, size_t capacity);

/// Fills a table of functions; each of its entries is a pointer.
///
/// - Parameters:
///   - names: The names of the functions, in the order of the table.
///   - missing: Receives the first name that the library does not have.
/// - Returns: Whether the library has all of them.
bool svg_library_find(void* library, const char* const _Nonnull* _Nonnull names, size_t count,
                      void* _Nullable* _Nonnull table, const char* _Nullable* _Nonnull missing);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif
