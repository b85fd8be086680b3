import Tensor

extension CUDADevice {
  /// Normalizes groups of channels: sums of all channels, then one map that also modulates and activates.
  public func normalizeGroups(
    _ frames: Tensor, _ norm: GroupNormalization, modulation: NearestModulation?, activation: Activation
  ) throws -> Tensor {
    let (height, width, channels) = (frames.shape[1], frames.shape[2], frames.shape[3])
    precondition(
      channels % norm.groups == 0 && norm.weight.shape == [channels] && norm.bias.shape == [channels],
      "a norm of \(norm.groups) groups with weights \(norm.weight.shape) does not fit \(frames)")
    precondition(
      modulation.map {
        $0.scale.shape == $0.shift.shape && $0.scale.shape[3] == channels && $0.frameMap.count == frames.shape[0]
          && width < 1 << 16 && $0.scale.elementType == activationType && $0.shift.elementType == activationType
      } ?? true, "the modulation does not fit \(frames)")
    return try measure(.other) {
      let result = try makeTensor(frames.shape, activationType)
      let maps = try channelMaps(frames, norm)
      let frameMap = try modulation.map { try integers($0.frameMap) }
      try kernels.launch("apply_channels_\(channelsAtOnce(channels))", in: .frames, .rows(frames.shape[0] * height)) {
        $0.pointer(frames.deviceAddress)
        $0.pointer(result.deviceAddress)
        $0.pointer(maps.deviceAddress)
        for number in [height, width, channels] { $0.int(number) }
        $0.pointer(modulation?.scale.deviceAddress)
        $0.pointer(modulation?.shift.deviceAddress)
        $0.pointer(frameMap?.deviceAddress)
        $0.int(modulation?.scale.shape[1] ?? 0)
        $0.int(modulation?.scale.shape[2] ?? 0)
        $0.int(activation.kernelCode)
        $0.align(8)
      }
      return result
    }
  }

  /// Channels that a thread of a norm takes: rows of whole pieces of 16 bytes are moved in such.
  private func channelsAtOnce(_ channels: Int) -> Int { channels % 8 == 0 ? 8 : 1 }

  /// `[2, C]`, float32: for each channel the factor and the offset that normalize its group and apply its weights.
  private func channelMaps(_ frames: Tensor, _ norm: GroupNormalization) throws -> Tensor {
    let channels = frames.shape[3]
    let places = frames.shape.count / channels
    // Enough stretches for every multiprocessor; sums of one are float32.
    let stretch = max(64, (places + 1023) / 1024)
    let stretches = (places + stretch - 1) / stretch
    let sums = try makeTensor([stretches, 2, channels], .float32)
    let maps = try makeTensor([2, channels], .float32)
    try kernels.launch("channel_sums_\(channelsAtOnce(channels))", in: .frames, .rows(stretches)) {
      $0.pointer(frames.deviceAddress)
      $0.pointer(sums.deviceAddress)
      $0.long(places)
      $0.int(channels)
      $0.int(stretch)
    }
    try kernels.launch("channel_maps", in: .frames, .rows(norm.groups, threads: 128)) {
      $0.pointer(frames.deviceAddress)
      $0.pointer(sums.deviceAddress)
      $0.pointer(maps.deviceAddress)
      $0.long(places)
      for number in [channels, norm.groups, stretches] { $0.int(number) }
      $0.float(norm.epsilon)
      $0.pointer(norm.weight.deviceAddress)
      $0.pointer(norm.bias.deviceAddress)
    }
    return maps
  }

  /// Repeats each place `2×2` times, and frames as `frameMap` says.
  public func upsample(_ frames: Tensor, frameMap: [Int]) throws -> Tensor {
    let (height, width) = (frames.shape[1], frames.shape[2])
    let placeBytes = frames.shape[3] * frames.elementType.byteCount
    precondition(frameMap.allSatisfy { $0 >= 0 && $0 < frames.shape[0] }, "\(frames) has not all of \(frameMap)")
    return try measure(.other) {
      let result = try makeTensor([frameMap.count, 2 * height, 2 * width, frames.shape[3]], frames.elementType)
      let map = try integers(frameMap)
      let unit = placeBytes % 16 == 0 ? 16 : placeBytes % 4 == 0 ? 4 : 2
      try kernels.launch("upsample_\(unit)", in: .frames, .rows(frameMap.count * 2 * height)) {
        $0.pointer(frames.deviceAddress)
        $0.pointer(result.deviceAddress)
        $0.pointer(map.deviceAddress)
        for number in [height, width, placeBytes / unit] { $0.int(number) }
      }
      return result
    }
  }
}
