/// A C face on libsentencepiece (0.1.97 and later): a model is loaded from memory, text becomes ids.
///
/// No exception and no C++ type crosses it. A model never changes after it was loaded, so that several threads may use
/// it at once.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#else
#define _Nullable
#endif

/// A loaded model.
typedef struct CSentencePieceModel CSentencePieceModel;

/// Why a call failed: a sentence, cut to fit.
typedef struct CSentencePieceMessage {
  char text[256];
} CSentencePieceMessage;

/// Loads a model from the bytes of a serialized ModelProto (the contents of a `.model` file).
///
/// Returns 0 when the library refuses them, and says why in `message`. Release the result with
/// `csentencepiece_destroy`.
CSentencePieceModel* _Nullable csentencepiece_create(const void* bytes, size_t byte_count,
                                                     CSentencePieceMessage* message);

/// Frees a model; 0 is allowed.
void csentencepiece_destroy(CSentencePieceModel* _Nullable model);

/// The number of pieces.
int32_t csentencepiece_piece_count(const CSentencePieceModel* model);

/// The id of text that no piece covers.
int32_t csentencepiece_unknown_id(const CSentencePieceModel* model);

/// The id of the piece with exactly these bytes, or -1 when there is none.
int32_t csentencepiece_id(const CSentencePieceModel* model, const char* piece, size_t byte_count);

/// The bytes of a piece, valid as long as the model; 0 when the id is out of range.
const char* _Nullable csentencepiece_piece(const CSentencePieceModel* model, int32_t id, size_t* byte_count);

/// Receives the ids of one text; called once, the ids are valid during the call.
typedef void (*CSentencePieceReceiver)(void* context, const int32_t* _Nullable ids, size_t count);

/// Encodes UTF-8 text. Returns 1, or 0 after an error, with the reason in `message` and `receive` not called.
int32_t csentencepiece_encode(const CSentencePieceModel* model, const char* _Nullable text, size_t byte_count,
                              void* context, CSentencePieceReceiver receive, CSentencePieceMessage* message);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif
