#include "svg_heap.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void svg_heap_return_big_blocks(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  // Setting the first also fixes the second, to 128 KiB: every scratch of a library would be returned at once.
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
#endif
}

void svg_heap_trim(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
