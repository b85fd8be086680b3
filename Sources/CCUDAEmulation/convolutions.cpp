#include "CCUDAEmulation.h"
#include "svg_cudnn.h"

#include "device/language.h"

#include "ptx/convert.cuh"

#include <algorithm>
#include <map>
#include <vector>

namespace {

constexpr int kBadParameter = 2000;
constexpr int kNotSupported = 3000;

/// How often this thread has convolved.
thread_local long convolutions = 0;

/// What the library of a handle can do.
struct Handle {
  bool addsBias;
  bool convolves;
};

/// A descriptor with its attributes as they were set.
struct Descriptor {
  int kind;
  bool isFinished = false;
  std::map<int, std::vector<unsigned char>> attributes;

  template <typename Value>
  std::vector<Value> values(int attribute) const {
    const auto found = attributes.find(attribute);
    if (found == attributes.end())
      return {};
    std::vector<Value> values(found->second.size() / sizeof(Value));
    std::memcpy(values.data(), found->second.data(), values.size() * sizeof(Value));
    return values;
  }
  template <typename Value>
  Value value(int attribute) const {
    return values<Value>(attribute).at(0);
  }
  const Descriptor& named(int attribute) const { return *value<Descriptor*>(attribute); }
};

/// The attributes that a kind of descriptor must have, with their types.
const std::map<int, std::map<int, int>> kRequired = {
    {SVG_CUDNN_TENSOR,
     {{SVG_CUDNN_TENSOR_IDENTIFIER, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_TENSOR_TYPE, SVG_CUDNN_TYPE_DATA_TYPE},
      {SVG_CUDNN_TENSOR_ALIGNMENT, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_TENSOR_EXTENTS, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_TENSOR_STRIDES, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_TENSOR_IS_VIRTUAL, SVG_CUDNN_TYPE_BOOLEAN}}},
    {SVG_CUDNN_CONVOLUTION,
     {{SVG_CUDNN_CONVOLUTION_DIMENSIONS, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_CONVOLUTION_PRECISION, SVG_CUDNN_TYPE_DATA_TYPE},
      {SVG_CUDNN_CONVOLUTION_MODE, SVG_CUDNN_TYPE_CONVOLUTION_MODE},
      {SVG_CUDNN_CONVOLUTION_DILATIONS, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_CONVOLUTION_STRIDES, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_CONVOLUTION_PADDING_BEFORE, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_CONVOLUTION_PADDING_AFTER, SVG_CUDNN_TYPE_INT64}}},
    {SVG_CUDNN_CONVOLUTION_FORWARD,
     {{SVG_CUDNN_FORWARD_CONVOLUTION, SVG_CUDNN_TYPE_DESCRIPTOR},
      {SVG_CUDNN_FORWARD_INPUT, SVG_CUDNN_TYPE_DESCRIPTOR},
      {SVG_CUDNN_FORWARD_WEIGHTS, SVG_CUDNN_TYPE_DESCRIPTOR},
      {SVG_CUDNN_FORWARD_OUTPUT, SVG_CUDNN_TYPE_DESCRIPTOR},
      {SVG_CUDNN_FORWARD_ALPHA, SVG_CUDNN_TYPE_FLOAT},
      {SVG_CUDNN_FORWARD_BETA, SVG_CUDNN_TYPE_FLOAT}}},
    {SVG_CUDNN_POINTWISE,
     {{SVG_CUDNN_POINTWISE_MODE, SVG_CUDNN_TYPE_POINTWISE_MODE},
      {SVG_CUDNN_POINTWISE_PRECISION, SVG_CUDNN_TYPE_DATA_TYPE}}},
    {SVG_CUDNN_POINTWISE_OPERATION,
     {{SVG_CUDNN_OPERATION_POINTWISE, SVG_CUDNN_TYPE_DESCRIPTOR},
      {SVG_CUDNN_OPERATION_INPUT, SVG_CUDNN_TYPE_DESCRIPTOR},
      {SVG_CUDNN_OPERATION_OTHER_INPUT, SVG_CUDNN_TYPE_DESCRIPTOR},
      {SVG_CUDNN_OPERATION_OUTPUT, SVG_CUDNN_TYPE_DESCRIPTOR}}},
    {SVG_CUDNN_OPERATION_GRAPH,
     {{SVG_CUDNN_GRAPH_HANDLE, SVG_CUDNN_TYPE_HANDLE}, {SVG_CUDNN_GRAPH_OPERATIONS, SVG_CUDNN_TYPE_DESCRIPTOR}}},
    {SVG_CUDNN_ENGINE_HEURISTIC,
     {{SVG_CUDNN_HEURISTIC_GRAPH, SVG_CUDNN_TYPE_DESCRIPTOR},
      {SVG_CUDNN_HEURISTIC_MODE, SVG_CUDNN_TYPE_HEURISTIC_MODE}}},
    {SVG_CUDNN_ENGINE, {}},
    {SVG_CUDNN_ENGINE_CONFIGURATION, {}},
    {SVG_CUDNN_EXECUTION_PLAN,
     {{SVG_CUDNN_PLAN_HANDLE, SVG_CUDNN_TYPE_HANDLE}, {SVG_CUDNN_PLAN_CONFIGURATION, SVG_CUDNN_TYPE_DESCRIPTOR}}},
    {SVG_CUDNN_VARIANT_PACK,
     {{SVG_CUDNN_PACK_IDENTIFIERS, SVG_CUDNN_TYPE_INT64},
      {SVG_CUDNN_PACK_POINTERS, SVG_CUDNN_TYPE_POINTER},
      {SVG_CUDNN_PACK_WORKSPACE, SVG_CUDNN_TYPE_POINTER}}},
};

/// What a configuration keeps of its graph.
constexpr int kGraphOfConfiguration = -1;
/// A byte of a configuration and of its engine: whether it is compiled at run time.
constexpr int kIsCompiled = -2;

/// Bytes of an element of a type of attributes.
size_t elementBytes(int type) {
  switch (type) {
  case SVG_CUDNN_TYPE_BOOLEAN:
    return 1;
  case SVG_CUDNN_TYPE_INT64:
  case SVG_CUDNN_TYPE_HANDLE:
  case SVG_CUDNN_TYPE_POINTER:
  case SVG_CUDNN_TYPE_DESCRIPTOR:
    return 8;
  default:
    return 4;
  }
}

int setAttribute(void* pointer, int attribute, int type, int64_t count, const void* values) {
  auto& descriptor = *static_cast<Descriptor*>(pointer);
  const auto& known = kRequired.at(descriptor.kind);
  const auto found = known.find(attribute);
  if (descriptor.isFinished || found == known.end() || found->second != type || count < 1)
    return kBadParameter;
  if (type == SVG_CUDNN_TYPE_DESCRIPTOR) {
    for (int64_t index = 0; index < count; index++) {
      if (!static_cast<Descriptor* const*>(values)[index]->isFinished)
        return kBadParameter;
    }
  }
  const auto* bytes = static_cast<const unsigned char*>(values);
  descriptor.attributes[attribute].assign(bytes, bytes + static_cast<size_t>(count) * elementBytes(type));
  return 0;
}

/// Whether a convolution makes an output of this size of an input of that size.
bool isConvolution(const Descriptor& forward) {
  const Descriptor& convolution = forward.named(SVG_CUDNN_FORWARD_CONVOLUTION);
  auto extents = [&](int operand) { return forward.named(operand).values<int64_t>(SVG_CUDNN_TENSOR_EXTENTS); };
  const auto input = extents(SVG_CUDNN_FORWARD_INPUT), weights = extents(SVG_CUDNN_FORWARD_WEIGHTS),
             output = extents(SVG_CUDNN_FORWARD_OUTPUT);
  const auto steps = convolution.values<int64_t>(SVG_CUDNN_CONVOLUTION_STRIDES),
             before = convolution.values<int64_t>(SVG_CUDNN_CONVOLUTION_PADDING_BEFORE),
             after = convolution.values<int64_t>(SVG_CUDNN_CONVOLUTION_PADDING_AFTER);
  const size_t directions = static_cast<size_t>(convolution.value<int64_t>(SVG_CUDNN_CONVOLUTION_DIMENSIONS));
  bool fits = input.size() == directions + 2 && weights.size() == input.size() && output.size() == input.size() &&
              steps.size() == directions && before.size() == directions && after.size() == directions &&
              input[0] == output[0] && input[1] == weights[1] && output[1] == weights[0];
  for (size_t index = 0; fits && index < directions; index++) {
    const int64_t room = input[index + 2] + before[index] + after[index] - weights[index + 2];
    fits = room >= 0 && output[index + 2] == room / steps[index] + 1;
  }
  return fits && forward.value<float>(SVG_CUDNN_FORWARD_ALPHA) == 1 &&
         (forward.value<float>(SVG_CUDNN_FORWARD_BETA) == 0 || forward.value<float>(SVG_CUDNN_FORWARD_BETA) == 1);
}

int finish(void* pointer) {
  auto& descriptor = *static_cast<Descriptor*>(pointer);
  for (const auto& [attribute, type] : kRequired.at(descriptor.kind)) {
    if (descriptor.attributes.count(attribute) == 0)
      return kBadParameter;
  }
  switch (descriptor.kind) {
  case SVG_CUDNN_TENSOR: {
    const auto extents = descriptor.values<int64_t>(SVG_CUDNN_TENSOR_EXTENTS);
    const auto strides = descriptor.values<int64_t>(SVG_CUDNN_TENSOR_STRIDES);
    bool isLegal = extents.size() == strides.size();
    for (size_t index = 0; isLegal && index < extents.size(); index++)
      isLegal = extents[index] > 0 && strides[index] > 0;
    if (!isLegal)
      return kBadParameter;
    break;
  }
  case SVG_CUDNN_CONVOLUTION_FORWARD:
    if (!isConvolution(descriptor))
      return kBadParameter;
    break;
  case SVG_CUDNN_ENGINE_HEURISTIC: {
    const Descriptor& graph = descriptor.named(SVG_CUDNN_HEURISTIC_GRAPH);
    const auto& handle = *graph.value<Handle*>(SVG_CUDNN_GRAPH_HANDLE);
    const auto operations = graph.values<Descriptor*>(SVG_CUDNN_GRAPH_OPERATIONS);
    if (!handle.convolves || (operations.size() > 1 && !handle.addsBias))
      return kNotSupported;
    break;
  }
  default:
    break;
  }
  descriptor.isFinished = true;
  return 0;
}

int getAttribute(void* pointer, int attribute, int type, int64_t wanted, int64_t* count, void* values) {
  auto& descriptor = *static_cast<Descriptor*>(pointer);
  if (!descriptor.isFinished || wanted < 1)
    return kBadParameter;
  *count = 1;
  if (descriptor.kind == SVG_CUDNN_ENGINE_CONFIGURATION && attribute == SVG_CUDNN_CONFIGURATION_ENGINE &&
      type == SVG_CUDNN_TYPE_DESCRIPTOR) {
    auto& engine = **static_cast<Descriptor**>(values);
    if (engine.kind != SVG_CUDNN_ENGINE)
      return kBadParameter;
    engine.attributes[kIsCompiled] = descriptor.attributes[kIsCompiled];
    engine.isFinished = true;
    return 0;
  }
  if (descriptor.kind == SVG_CUDNN_ENGINE && attribute == SVG_CUDNN_ENGINE_BEHAVIOR &&
      type == SVG_CUDNN_TYPE_BEHAVIOR_NOTE) {
    *count = descriptor.value<unsigned char>(kIsCompiled);
    if (*count > 0)
      *static_cast<int*>(values) = SVG_CUDNN_COMPILED_AT_RUN_TIME;
    return 0;
  }
  if (descriptor.kind == SVG_CUDNN_ENGINE_HEURISTIC && attribute == SVG_CUDNN_HEURISTIC_RESULTS &&
      type == SVG_CUDNN_TYPE_DESCRIPTOR) {
    // The first choice is one that must be compiled.
    *count = std::min<int64_t>(wanted, 2);
    for (int64_t index = 0; index < *count; index++) {
      auto& configuration = *static_cast<Descriptor**>(values)[index];
      if (configuration.kind != SVG_CUDNN_ENGINE_CONFIGURATION)
        return kBadParameter;
      configuration.attributes[kGraphOfConfiguration] = descriptor.attributes[SVG_CUDNN_HEURISTIC_GRAPH];
      configuration.attributes[kIsCompiled] = {static_cast<unsigned char>(index == 0)};
      configuration.isFinished = true;
    }
    return 0;
  }
  if (descriptor.kind == SVG_CUDNN_EXECUTION_PLAN && attribute == SVG_CUDNN_PLAN_WORKSPACE_BYTES &&
      type == SVG_CUDNN_TYPE_INT64) {
    // What is compiled needs more, so that tests see what was chosen.
    *static_cast<int64_t*>(values) =
        1024 << descriptor.named(SVG_CUDNN_PLAN_CONFIGURATION).value<unsigned char>(kIsCompiled);
    return 0;
  }
  return kBadParameter;
}

/// An operand in memory.
struct Operand {
  std::vector<int64_t> extents, strides;
  void* memory;

  int64_t offset(const std::vector<int64_t>& place) const {
    int64_t offset = 0;
    for (size_t index = 0; index < place.size(); index++)
      offset += (extents[index] == 1 ? 0 : place[index]) * strides[index];
    return offset;
  }
};

/// Counts through all places of an extent, the last direction first.
bool advance(std::vector<int64_t>& place, const std::vector<int64_t>& extents) {
  for (size_t index = place.size(); index-- > 0;) {
    if (++place[index] < extents[index])
      return true;
    place[index] = 0;
  }
  return false;
}

/// `output[n, o, place] = Σ input[n, c, step · place + tap − before] · weights[o, c, tap]`, and the bias, and `beta`
/// times what is there.
void convolve(const Descriptor& convolution, const Operand& input, const Operand& weights, const float* bias,
              float beta, const Operand& output) {
  const auto steps = convolution.values<int64_t>(SVG_CUDNN_CONVOLUTION_STRIDES),
             before = convolution.values<int64_t>(SVG_CUDNN_CONVOLUTION_PADDING_BEFORE);
  const size_t directions = steps.size();
  const std::vector<int64_t> window(weights.extents.begin() + 2, weights.extents.end());
  const int64_t channels = input.extents[1];
  std::vector<int64_t> place(directions + 2);
  do {
    float sum = 0;
    std::vector<int64_t> tap(directions);
    do {
      std::vector<int64_t> source = {place[0], 0}, weight = {place[1], 0};
      bool isInside = true;
      for (size_t index = 0; index < directions; index++) {
        const int64_t at = place[index + 2] * steps[index] + tap[index] - before[index];
        isInside = isInside && at >= 0 && at < input.extents[index + 2];
        source.push_back(at);
        weight.push_back(tap[index]);
      }
      if (!isInside)
        continue;
      const u16* from = static_cast<const u16*>(input.memory) + input.offset(source);
      const u16* by = static_cast<const u16*>(weights.memory) + weights.offset(weight);
      for (int64_t channel = 0; channel < channels; channel++)
        sum += fromBFloat16(from[channel * input.strides[1]]) * fromBFloat16(by[channel * weights.strides[1]]);
    } while (advance(tap, window));
    if (bias != nullptr)
      sum += bias[place[1]];
    u16& result = static_cast<u16*>(output.memory)[output.offset(place)];
    if (beta != 0)
      sum += beta * fromBFloat16(result);
    result = toBFloat16(sum);
  } while (advance(place, output.extents));
}

int execute(void*, void* planPointer, void* packPointer) {
  const auto &plan = *static_cast<Descriptor*>(planPointer), &pack = *static_cast<Descriptor*>(packPointer);
  if (!plan.isFinished || !pack.isFinished)
    return kBadParameter;
  const Descriptor& graph = plan.named(SVG_CUDNN_PLAN_CONFIGURATION).named(kGraphOfConfiguration);
  const auto operations = graph.values<Descriptor*>(SVG_CUDNN_GRAPH_OPERATIONS);
  const auto identifiers = pack.values<int64_t>(SVG_CUDNN_PACK_IDENTIFIERS);
  const auto pointers = pack.values<void*>(SVG_CUDNN_PACK_POINTERS);
  if (identifiers.size() != pointers.size() || pack.value<void*>(SVG_CUDNN_PACK_WORKSPACE) == nullptr)
    return kBadParameter;
  std::map<int64_t, void*> memory;
  for (size_t index = 0; index < identifiers.size(); index++)
    memory[identifiers[index]] = pointers[index];
  bool isComplete = true;
  auto operand = [&](const Descriptor& tensor, int type) {
    const bool isVirtual = tensor.value<unsigned char>(SVG_CUDNN_TENSOR_IS_VIRTUAL) != 0;
    const auto found = memory.find(tensor.value<int64_t>(SVG_CUDNN_TENSOR_IDENTIFIER));
    isComplete = isComplete && !isVirtual && found != memory.end() && tensor.value<int>(SVG_CUDNN_TENSOR_TYPE) == type;
    return Operand{tensor.values<int64_t>(SVG_CUDNN_TENSOR_EXTENTS), tensor.values<int64_t>(SVG_CUDNN_TENSOR_STRIDES),
                   found == memory.end() ? nullptr : found->second};
  };
  const Descriptor& forward = *operations.at(0);
  const Operand input = operand(forward.named(SVG_CUDNN_FORWARD_INPUT), SVG_CUDNN_BFLOAT16),
                weights = operand(forward.named(SVG_CUDNN_FORWARD_WEIGHTS), SVG_CUDNN_BFLOAT16);
  const Descriptor* result = &forward.named(SVG_CUDNN_FORWARD_OUTPUT);
  const float* bias = nullptr;
  if (operations.size() == 2) {
    const Descriptor& addition = *operations[1];
    // The sums go from one operation to the other, and are nowhere in memory.
    isComplete = result->value<unsigned char>(SVG_CUDNN_TENSOR_IS_VIRTUAL) != 0 &&
                 result->value<int>(SVG_CUDNN_TENSOR_TYPE) == SVG_CUDNN_FLOAT32 &&
                 &addition.named(SVG_CUDNN_OPERATION_INPUT) == result &&
                 addition.named(SVG_CUDNN_OPERATION_POINTWISE).value<int>(SVG_CUDNN_POINTWISE_MODE) == SVG_CUDNN_ADD;
    const Operand other = operand(addition.named(SVG_CUDNN_OPERATION_OTHER_INPUT), SVG_CUDNN_FLOAT32);
    isComplete = isComplete && other.extents.at(1) == weights.extents[0] && other.strides.at(1) == 1;
    bias = static_cast<const float*>(other.memory);
    result = &addition.named(SVG_CUDNN_OPERATION_OUTPUT);
  }
  const Operand output = operand(*result, SVG_CUDNN_BFLOAT16);
  if (!isComplete)
    return kBadParameter;
  convolve(forward.named(SVG_CUDNN_FORWARD_CONVOLUTION), input, weights, bias,
           forward.value<float>(SVG_CUDNN_FORWARD_BETA), output);
  convolutions++;
  return 0;
}

template <bool kAddsBias, bool kConvolves>
int create(void** handle) {
  static Handle own{kAddsBias, kConvolves};
  *handle = &own;
  return 0;
}

} // namespace

long svg_emulated_convolutions_done(void) {
  return convolutions;
}

void svg_emulated_convolutions(void* table) {
  auto& library = *static_cast<svg_cudnn*>(table);
  library.cudnnGetVersion = []() -> size_t { return 90000; };
  library.cudnnGetCudartVersion = []() -> size_t { return 0; };
  library.cudnnGetErrorString = [](int) -> const char* { return "an emulated error"; };
  library.cudnnGetLastErrorString = [](char* message, size_t) { *message = 0; };
  library.cudnnCreate = create<true, true>;
  library.cudnnDestroy = [](void*) { return 0; };
  library.cudnnSetStream = [](void*, void*) { return 0; };
  library.cudnnBackendCreateDescriptor = [](int kind, void** descriptor) {
    if (kRequired.count(kind) == 0)
      return kBadParameter;
    *descriptor = new Descriptor{kind};
    return 0;
  };
  library.cudnnBackendDestroyDescriptor = [](void* descriptor) {
    delete static_cast<Descriptor*>(descriptor);
    return 0;
  };
  library.cudnnBackendSetAttribute = setAttribute;
  library.cudnnBackendGetAttribute = getAttribute;
  library.cudnnBackendFinalize = finish;
  library.cudnnBackendExecute = execute;
}

void svg_emulated_convolutions_without_bias(void* table) {
  svg_emulated_convolutions(table);
  static_cast<svg_cudnn*>(table)->cudnnCreate = create<false, true>;
}

void svg_emulated_convolutions_refused(void* table) {
  svg_emulated_convolutions(table);
  static_cast<svg_cudnn*>(table)->cudnnCreate = create<false, false>;
}
