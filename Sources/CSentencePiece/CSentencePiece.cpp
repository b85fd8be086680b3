#include "CSentencePiece.h"

#include <sentencepiece_processor.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct CSentencePieceModel {
  sentencepiece::SentencePieceProcessor processor;
};

static void say(CSentencePieceMessage* message, const char* text) {
  std::snprintf(message->text, sizeof(message->text), "%s", text);
}

CSentencePieceModel* csentencepiece_create(const void* bytes, size_t byte_count, CSentencePieceMessage* message) {
  try {
    auto model = std::make_unique<CSentencePieceModel>();
    auto status =
        model->processor.LoadFromSerializedProto(std::string_view(static_cast<const char*>(bytes), byte_count));
    if (status.ok())
      return model.release();
    say(message, status.error_message());
  } catch (const std::exception& error) {
    say(message, error.what());
  } catch (...) {
    say(message, "unknown exception");
  }
  return nullptr;
}

void csentencepiece_destroy(CSentencePieceModel* model) {
  delete model;
}

int32_t csentencepiece_piece_count(const CSentencePieceModel* model) {
  return model->processor.GetPieceSize();
}

int32_t csentencepiece_unknown_id(const CSentencePieceModel* model) {
  return model->processor.unk_id();
}

int32_t csentencepiece_id(const CSentencePieceModel* model, const char* piece, size_t byte_count) {
  try {
    std::string_view wanted(piece, byte_count);
    int id = model->processor.PieceToId(wanted);
    // The library answers with the unknown id for what it does not know.
    return model->processor.IdToPiece(id) == wanted ? id : -1;
  } catch (...) {
    return -1;
  }
}

const char* csentencepiece_piece(const CSentencePieceModel* model, int32_t id, size_t* byte_count) {
  if (id < 0 || id >= model->processor.GetPieceSize())
    return nullptr;
  const std::string& piece = model->processor.IdToPiece(id);
  *byte_count = piece.size();
  return piece.data();
}

int32_t csentencepiece_encode(const CSentencePieceModel* model, const char* text, size_t byte_count, void* context,
                              CSentencePieceReceiver receive, CSentencePieceMessage* message) {
  try {
    std::vector<int> ids;
    auto status = model->processor.Encode(std::string_view(text, byte_count), &ids);
    if (!status.ok()) {
      say(message, status.error_message());
      return 0;
    }
    static_assert(sizeof(int) == sizeof(int32_t), "ids are handed over without a copy");
    receive(context, ids.data(), ids.size());
    return 1;
  } catch (const std::exception& error) {
    say(message, error.what());
  } catch (...) {
    say(message, "unknown exception");
  }
  return 0;
}
