import Attention
import Tensor
import TestSupport
import Testing

@testable import Compute

/// Which convolutions cuDNN gets, and how: beside what `DeviceCheckTests` compare.
@Suite struct CUDAConvolutionTests {
  private let device: CUDADevice

  init() throws { device = try CUDADevice.emulated() }

  private func layer(
    _ device: CUDADevice? = nil, channels: Int = 8, outputs: Int = 16, depth: Int = 3, size: Int = 3, stride: Int = 1,
    padding: SpatialPadding = SpatialPadding(1), border: FrameBorder = .zeros
  ) throws -> CUDAConvolution {
    let layer = try (device ?? self.device).makeConvolution(
      ConvolutionParameters(
        weight: noise([outputs, channels, depth, size, size], seed: 1), bias: noise([outputs], seed: 2), stride: stride,
        padding: padding, border: border))
    return try #require(layer as? CUDAConvolution)
  }

  @Test func `what lies around a frame is copied where the library cannot know it`() throws {
    func border(_ layer: CUDAConvolution) throws -> SpatialPadding? {
      try #require(CUDAConvolutionForm([5, 6, 7, 8], resultArea: 42, layer)).copiedBorder
    }
    let below = SpatialPadding(top: 0, bottom: 1, left: 0, right: 1)
    #expect(try border(layer(depth: 1)) == nil)
    #expect(try border(layer(depth: 1, padding: SpatialPadding(0), border: .nearest)) == nil)
    #expect(try border(layer(depth: 1, border: .nearest)) == SpatialPadding(1))
    #expect(try border(layer(depth: 1, stride: 2, padding: below)) == below)
    // Frames before the first are copied, and zeros around them are not.
    #expect(try border(layer()) == SpatialPadding(0))
    #expect(try border(layer(border: .nearest)) == SpatialPadding(1))
  }

  @Test func `frames that see each other are one image of three directions, others many of two`() throws {
    let deep = try #require(CUDAConvolutionForm([5, 6, 7, 8], resultArea: 42, layer(border: .nearest)))
      .problem(frames: 5, height: 6, width: 7)
    #expect(deep.images == 1 && deep.size == [7, 8, 9] && deep.padding == [0, 0, 0] && deep.resultSize == [5, 6, 7])
    #expect(deep.input.extents == [1, 8, 7, 8, 9] && deep.input.strides == [7 * 8 * 9 * 8, 1, 576, 72, 8])
    #expect(deep.weights.extents == [16, 8, 3, 3, 3] && deep.weights.strides == [216, 1, 72, 24, 8])
    #expect(deep.bias.extents == [1, 16, 1, 1, 1])
    let flat = try #require(CUDAConvolutionForm([5, 6, 7, 8], resultArea: 12, layer(depth: 1, stride: 2)))
      .problem(frames: 5, height: 6, width: 7)
    #expect(flat.images == 5 && flat.size == [6, 7] && flat.padding == [1, 1] && flat.resultSize == [3, 4])
    #expect(flat.output.extents == [5, 16, 3, 4] && flat.output.strides == [192, 1, 64, 16])
  }

  @Test func `channels that fill no piece of 16 bytes, kernels of one place and huge frames are left to our kernel`()
    throws
  {
    #expect(try CUDAConvolutionForm([5, 6, 7, 12], resultArea: 42, layer(channels: 12)) == nil)
    #expect(try CUDAConvolutionForm([5, 6, 7, 8], resultArea: 42, layer(outputs: 3)) == nil)
    #expect(try CUDAConvolutionForm([5, 6, 7, 8], resultArea: 42, layer(depth: 1, size: 1, padding: .init(0))) == nil)
    #expect(try CUDAConvolutionForm([5, 6, 7, 8], resultArea: 42, layer(depth: 2, size: 1, padding: .init(0))) != nil)
    #expect(try CUDAConvolutionForm([5, 6, 1 << 26, 8], resultArea: 6 << 26, layer()) == nil)
    #expect(try CUDAConvolutionForm([0, 6, 7, 8], resultArea: 42, layer()) == nil)
  }

  @Test func `pieces are even, and the copy of each is bounded`() throws {
    let (form, layer) = (Shape([9, 768, 1360, 128]), try layer(channels: 128, outputs: 128))
    let pieces = try #require(CUDAConvolutionForm(form, resultArea: 768 * 1360, layer))
    let frame = 768 * 1360 * 128 * 2
    #expect(pieces.pieceFrames == 2)
    #expect((pieces.pieceFrames + 2) * frame <= CUDAConvolutionForm.copyBytes + frame)
    let small = try #require(CUDAConvolutionForm([9, 64, 64, 128], resultArea: 4096, layer))
    #expect(small.pieceFrames == 9)
    let even = try #require(
      CUDAConvolutionForm([9, 64, 64, 128], resultArea: 4096, layer, copyBytes: 10 * 64 * 64 * 256))
    #expect(even.pieceFrames == 5, "8 and 1 would be two plans that differ more")
  }

  @Test(arguments: [FrameBorder.zeros, .nearest], [1, 2, 3])
  func `a convolution in pieces is the convolution`(border: FrameBorder, depth: Int) throws {
    let (height, width) = (6, 10)
    func convolved(_ device: CUDADevice, hasPrevious: Bool) throws -> [Float] {
      let layer = try layer(device, depth: depth, border: border)
      let frames = try device.upload(noise([7, height, width, 8], seed: 3), as: .bfloat16)
      let before = try device.upload(noise([depth - 1, height, width, 8], seed: 4), as: .bfloat16)
      return try device.download(device.convolve(frames, previous: hasPrevious ? before : nil, layer)).floats()
    }
    let oneByOne = try CUDADevice.emulated(mostCopiedBytes: 1)
    let some = try CUDADevice.emulated(mostCopiedBytes: (height + 2) * (width + 2) * 8 * 2 * 5)
    for hasPrevious in [false, true] {
      var counts: [Int] = []
      let results = try [device, some, oneByOne].map { device in
        let before = CUDADevice.emulatedConvolutions
        let result = try convolved(device, hasPrevious: hasPrevious)
        counts.append(CUDADevice.emulatedConvolutions - before)
        return result
      }
      #expect(results[1] == results[0] && results[2] == results[0])
      let isCopied = depth > 1 || border == .nearest
      #expect(counts[0] == 1 && counts[2] == (isCopied ? 7 : 1))
      #expect(!isCopied || (1..<7).contains(counts[1]))
    }
  }

  @Test func `a plan is made once`() throws {
    let library = try #require(device.convolutions)
    let form = try #require(CUDAConvolutionForm([5, 6, 7, 8], resultArea: 42, layer()))
    let problem = form.problem(frames: 5, height: 6, width: 7)
    let found = try library.plan(for: problem)
    let plan = try #require(found)
    #expect(try library.plan(for: problem)?.descriptor === plan.descriptor)
    #expect(try library.plan(for: form.problem(frames: 4, height: 6, width: 7))?.descriptor !== plan.descriptor)
    #expect(!plan.addsToOutput)
    #expect(plan.workspaceBytes == 1024, "the library's first choice is compiled at run time")
  }

  @Test func `a library that adds no bias, or takes nothing, is no error`() throws {
    for (kind, uses) in [
      (EmulatedConvolutions.withBias, true), (.withoutBias, true), (.refused, false), (.missing, false),
    ] {
      let device = try CUDADevice.emulated(convolutions: kind)
      #expect(try device.convolvesByLibrary([5, 6, 7, 8], layer(device)) == uses)
    }
  }

  @Test func `cuDNN is asked where it pays`() throws {
    let device = try CUDADevice.emulated(choice: .worthwhile)
    let (wide, narrow) = try (layer(device, channels: 128, outputs: 128), layer(device, channels: 64, outputs: 64))
    #expect(try device.convolvesByLibrary([8, 240, 360, 128], wide))
    #expect(try !device.convolvesByLibrary([1, 32, 32, 128], wide), "too little work")
    #expect(try !device.convolvesByLibrary([33, 512, 512, 64], narrow), "too few channels")
    #expect(!CUDAConvolutionChoice.own.asksLibrary(wide.shape, places: 1 << 30))
    #expect(CUDAConvolutionChoice.library.asksLibrary(narrow.shape, places: 1))
  }

  @Test func `a library for another CUDA is not used, and said to be`() throws {
    let error = #expect(throws: ComputeError.self) {
      try CUDAConvolutions.requireSameCUDA(12_090, path: "/x/libcudnn.so.9", productsVersion: 130_100)
    }
    #expect(error?.code == .unavailable && error?.message.contains("nvidia-cudnn-cu13") == true)
    try CUDAConvolutions.requireSameCUDA(12_090, path: "", productsVersion: 120_900)
  }
}
