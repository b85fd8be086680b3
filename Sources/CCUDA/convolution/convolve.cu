// Convolutions over frames, causal in time, as one matrix product whose left side is gathered on the way.
//
// output[place, o] = activation(bias[o] + Σ over taps and channels of frames[place + tap, c] · weight[o, tap, c])
//
// A block computes 128 places and kOutputs outputs with 8 warps. For every tap and 32 channels it copies a tile of
// frames and one of weights to shared memory, two steps ahead, and multiplies with mma.sync; zeros, or the nearest
// place, stand outside of frames. Nothing is unfolded in memory: a place is read once for each tap, mostly from the
// second cache. A convolution of one tap is a linear layer.

#include "common/activation.cuh"
#include "ptx/convert.cuh"
#include "ptx/memory.cuh"
#include "ptx/mma.cuh"

constexpr int kPlaces = 128;
constexpr int kChannels = 32;
constexpr int kPieceChannels = 8;
constexpr int kStages = 3;
constexpr int kThreads = 256;

struct ConvolutionParameters {
  /// `[T, h, w, C]`.
  const u16* frames;
  /// `[kt − 1, h, w, C]`, the frames before the first; null repeats the first.
  const u16* previous;
  /// `[O, taps, C']`, C rounded up to whole pieces with zeros.
  const u16* weight;
  /// `[O]`.
  const float* bias;
  /// `[T, h', w', O]`.
  u16* output;
  i32 height, width, channels;
  i32 outputHeight, outputWidth, outputs;
  i32 depth, kernelHeight, kernelWidth;
  i32 stride, top, left;
  i32 activation;
  /// Whether the nearest place of the frame stands outside of it, not zeros.
  i32 repeatsBorder;
  /// `T · h' · w'`.
  i32 places;
};

/// Where 16 bytes of a row of 64 bytes lie in a tile: exchanged so that the eight rows that ldmatrix reads at once fall
/// into different banks.
__device__ __forceinline__ u32 pieceOffset(int row, int piece) {
  return static_cast<u32>(row * 64 + ((piece ^ ((row >> 1) & 3)) << 4));
}

/// A place of the result: where its window begins.
struct Window {
  i32 frame, y, x;
};

__device__ __forceinline__ Window window(const ConvolutionParameters& p, i32 place) {
  // Places past the end gather what the last one does and are not stored.
  place = place < p.places ? place : p.places - 1;
  const i32 area = p.outputHeight * p.outputWidth;
  return {place / area, place % area / p.outputWidth * p.stride - p.top, place % p.outputWidth * p.stride - p.left};
}

/// Where the channels of a window's tap lie; null outside of the frame.
__device__ __forceinline__ const u16* tapSource(const ConvolutionParameters& p, const Window& window, i32 dt, i32 dy,
                                                i32 dx) {
  i32 y = window.y + dy;
  i32 x = window.x + dx;
  if (p.repeatsBorder) {
    y = min(max(y, 0), p.height - 1);
    x = min(max(x, 0), p.width - 1);
  } else if (y < 0 || y >= p.height || x < 0 || x >= p.width) {
    return nullptr;
  }
  const i32 time = window.frame + dt - (p.depth - 1);
  const u16* frames = p.frames;
  i64 frame = time;
  if (time < 0) {
    frame = 0;
    if (p.previous != nullptr) {
      frames = p.previous;
      frame = p.depth - 1 + time;
    }
  }
  return frames + ((frame * p.height + y) * p.width + x) * p.channels;
}

/// - Template parameters:
///   - kOutputs: Outputs of a block.
///   - kAligned: Whether channels are a multiple of 8, so that 16 bytes can be copied at once.
template <int kOutputs, bool kAligned>
__device__ __forceinline__ void convolve(const ConvolutionParameters& p) {
  constexpr int kWarpOutputs = kOutputs / 2;
  constexpr int kColumns = kWarpOutputs / 8;
  constexpr int kFrameBytes = kPlaces * kChannels * 2;
  constexpr int kStageBytes = kFrameBytes + kOutputs * kChannels * 2;
  static_assert(kStages * kStageBytes <= 48 * 1024, "the stages fit in static shared memory");
  static_assert(kColumns % 2 == 0, "a warp loads the weights of 16 outputs at once");
  __shared__ __align__(128) u8 shared[kStages * kStageBytes];
  const u32 base = static_cast<u32>(__cvta_generic_to_shared(shared));

  const int thread = threadIdx.x;
  const i32 firstPlace = blockIdx.x * kPlaces;
  const i32 firstOutput = blockIdx.y * kOutputs;
  const i32 chunks = (p.channels + kChannels - 1) / kChannels;
  const i32 taps = p.depth * p.kernelHeight * p.kernelWidth;
  const i32 steps = taps * chunks;
  const i32 weightRow = (p.channels + kPieceChannels - 1) / kPieceChannels * kPieceChannels;

  // Each thread copies one piece of two places, and pieces of weights.
  const int piece = thread % 4;
  const Window windows[2] = {window(p, firstPlace + thread / 4), window(p, firstPlace + thread / 4 + 64)};

  i32 chunk = 0, dx = 0, dy = 0, dt = 0, tap = 0;
  auto begin = [&](int stage) {
    const u32 frameTile = base + stage * kStageBytes;
    const u32 weightTile = frameTile + kFrameBytes;
    const i32 channel = chunk * kChannels + piece * kPieceChannels;
#pragma unroll
    for (int half = 0; half < 2; half++) {
      const int row = thread / 4 + 64 * half;
      const u16* source = tapSource(p, windows[half], dt, dy, dx);
      const u32 target = frameTile + pieceOffset(row, piece);
      if constexpr (kAligned) {
        const bool exists = source != nullptr && channel < p.channels;
        copyAsync(target, exists ? source + channel : p.frames, exists);
      } else {
        u32 pairs[4];
#pragma unroll
        for (int pair = 0; pair < 4; pair++) {
          const i32 first = channel + 2 * pair;
          const u32 low = source != nullptr && first < p.channels ? source[first] : 0;
          const u32 high = source != nullptr && first + 1 < p.channels ? source[first + 1] : 0;
          pairs[pair] = low | high << 16;
        }
        storeShared(target, Quad{pairs[0], pairs[1], pairs[2], pairs[3]});
      }
    }
    for (int index = thread; index < kOutputs * 4; index += kThreads) {
      const int row = index / 4;
      const i32 output = firstOutput + row;
      const i32 weightChannel = chunk * kChannels + index % 4 * kPieceChannels;
      const bool exists = output < p.outputs && weightChannel < weightRow;
      const u16* source = p.weight + (static_cast<i64>(output) * taps + tap) * weightRow + weightChannel;
      copyAsync(weightTile + pieceOffset(row, index % 4), exists ? source : p.weight, exists);
    }
    if (++chunk == chunks) {
      chunk = 0;
      tap++;
      if (++dx == p.kernelWidth) {
        dx = 0;
        if (++dy == p.kernelHeight) {
          dy = 0;
          dt++;
        }
      }
    }
  };

  const int warp = thread / 32;
  const int lane = thread % 32;
  const int warpPlace = warp / 2 * 32;
  const int warpOutput = warp % 2 * kWarpOutputs;
  float sums[2][kColumns][4] = {};

#pragma unroll
  for (int stage = 0; stage < kStages - 1; stage++) {
    if (stage < steps)
      begin(stage);
    commitCopies();
  }
  for (i32 step = 0; step < steps; step++) {
    waitForCopies<kStages - 2>();
    // Everybody's copies of this step are there, and nobody reads the stage that is filled next.
    __syncthreads();
    if (step + kStages - 1 < steps)
      begin((step + kStages - 1) % kStages);
    commitCopies();

    const u32 frameTile = base + step % kStages * kStageBytes;
    const u32 weightTile = frameTile + kFrameBytes;
#pragma unroll
    for (int half = 0; half < 2; half++) {
      u32 a[2][4];
#pragma unroll
      for (int row = 0; row < 2; row++) {
        loadSquares(a[row], frameTile + pieceOffset(warpPlace + 16 * row + lane % 16, 2 * half + lane / 16));
      }
#pragma unroll
      for (int column = 0; column < kColumns; column += 2) {
        u32 b[4];
        const int row = warpOutput + 8 * column + lane % 8 + lane / 16 * 8;
        loadSquares(b, weightTile + pieceOffset(row, 2 * half + lane / 8 % 2));
#pragma unroll
        for (int m = 0; m < 2; m++) {
          multiply(sums[m][column], a[m], b[0], b[1]);
          multiply(sums[m][column + 1], a[m], b[2], b[3]);
        }
      }
    }
  }

#pragma unroll
  for (int m = 0; m < 2; m++) {
#pragma unroll
    for (int column = 0; column < kColumns; column++) {
      const i32 output = firstOutput + warpOutput + 8 * column + lane % 4 * 2;
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const i32 place = firstPlace + warpPlace + 16 * m + 8 * half + lane / 4;
        if (place >= p.places || output >= p.outputs)
          continue;
        u16* target = p.output + static_cast<i64>(place) * p.outputs + output;
        const float low = activate(sums[m][column][2 * half] + p.bias[output], p.activation);
        target[0] = toBFloat16(low);
        if (output + 1 < p.outputs) {
          target[1] = toBFloat16(activate(sums[m][column][2 * half + 1] + p.bias[output + 1], p.activation));
        }
      }
    }
  }
}

#define CONVOLVE(outputs, name, aligned)                                                                               \
  extern "C" __global__ void __launch_bounds__(kThreads, 1) name(const __grid_constant__ ConvolutionParameters p) {    \
    convolve<outputs, aligned>(p);                                                                                     \
  }

CONVOLVE(128, convolve_128_aligned, true)
CONVOLVE(64, convolve_64_aligned, true)
CONVOLVE(32, convolve_32_aligned, true)
CONVOLVE(128, convolve_128, false)
CONVOLVE(64, convolve_64, false)
CONVOLVE(32, convolve_32, false)

/// `[O, C, taps]` to `[O, taps, C']`, with zeros from C to C'.
extern "C" __global__ void order_taps(const u16* weight, u16* ordered, i32 outputs, i32 channels, i32 taps,
                                      i32 padded) {
  const i64 count = static_cast<i64>(taps) * outputs * padded;
  const i64 step = static_cast<i64>(gridDim.x) * blockDim.x;
  for (i64 index = static_cast<i64>(blockIdx.x) * blockDim.x + threadIdx.x; index < count; index += step) {
    const i32 channel = index % padded;
    const i64 row = index / padded;
    const i32 tap = row % taps;
    const i64 output = row / taps;
    ordered[index] = channel < channels ? weight[(output * channels + channel) * taps + tap] : u16(0);
  }
}
