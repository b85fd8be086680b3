#pragma once

/// Group normalization in two passes over memory: sums of each channel, then one map of each channel.

namespace {

/// Channels that are summed together: their sums stay in registers or in the first cache.
constexpr int64_t kChannelTile = 64;
/// Places whose sums are float32 before they join the double total.
constexpr int64_t kPlaceTile = 64;

template <class T>
void channelSums(const T* input, int64_t places, int64_t channels, const float* origin, double* sums) {
  for (int64_t c = 0; c < 2 * channels; ++c)
    sums[c] = 0;
  for (int64_t firstPlace = 0; firstPlace < places; firstPlace += kPlaceTile) {
    const int64_t lastPlace = firstPlace + kPlaceTile < places ? firstPlace + kPlaceTile : places;
    for (int64_t first = 0; first < channels; first += kChannelTile) {
      const int64_t width = channels - first < kChannelTile ? channels - first : kChannelTile;
      float linear[kChannelTile] = {};
      float square[kChannelTile] = {};
      const float* __restrict o = origin + first;
      for (int64_t place = firstPlace; place < lastPlace; ++place) {
        const T* __restrict x = input + place * channels + first;
        for (int64_t c = 0; c < width; ++c) {
          const float d = load(x + c) - o[c];
          linear[c] += d;
          square[c] += d * d;
        }
      }
      for (int64_t c = 0; c < width; ++c) {
        sums[first + c] += linear[c];
        sums[channels + first + c] += square[c];
      }
    }
  }
}

template <class T, class Function>
void applyChannels(const T* input, T* output, int64_t places, int64_t channels, const svg_channel_map& map, Function) {
  const float* __restrict factor = map.factor;
  const float* __restrict offset = map.offset;
  for (int64_t place = 0; place < places; ++place) {
    const T* __restrict x = input + place * channels;
    T* __restrict y = output + place * channels;
    if (!map.scale) {
      for (int64_t c = 0; c < channels; ++c)
        store(y + c, Function::apply(load(x + c) * factor[c] + offset[c]));
      continue;
    }
    const int64_t coarse = place * map.coarse_places / places * channels;
    const T* __restrict scale = static_cast<const T*>(map.scale) + coarse;
    const T* __restrict shift = static_cast<const T*>(map.shift) + coarse;
    for (int64_t c = 0; c < channels; ++c)
      store(y + c, Function::apply((load(x + c) * factor[c] + offset[c]) * load(scale + c) + load(shift + c)));
  }
}

} // namespace
