#ifndef SVG_HEAP_H
#define SVG_HEAP_H

#ifdef __cplusplus
extern "C" {
#endif

/// Makes the C library give each freed block of a mebibyte and more back to the system, for the whole process.
///
/// glibc otherwise raises that size to 32 MiB as soon as it sees such a block freed, so that the memory of a network
/// that was let go of would stay with the process, in pieces. Blocks that are needed again and again are not freed in
/// the first place: the device keeps them.
void svg_heap_return_big_blocks(void);

/// Gives what was freed and is still kept back to the system, where the C library can.
void svg_heap_trim(void);

#ifdef __cplusplus
}
#endif

#endif
