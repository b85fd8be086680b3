#pragma once

/// Functions of one float32, free of branches so that loops over them become vector code, and conversions.
///
/// Included between the target pragmas of each instruction set's file, in an unnamed namespace; standard headers come
/// before the pragmas.

namespace {

/// A bfloat16 in memory.
struct Bfloat16 {
  uint16_t bits;
};

/// A binary16 in memory.
struct Float16 {
  uint16_t bits;
};

SVG_INLINE float fromBits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

SVG_INLINE uint32_t toBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

SVG_INLINE float load(const float* p) {
  return *p;
}

SVG_INLINE float load(const Bfloat16* p) {
  return fromBits(static_cast<uint32_t>(p->bits) << 16);
}

/// Binary16 through integers: subnormal numbers come out of one exact float32 subtraction.
SVG_INLINE float load(const Float16* p) {
  const uint32_t half = p->bits;
  const uint32_t magnitude = (half & 0x7FFF) << 13;
  const uint32_t exponent = magnitude & 0x0F800000;
  const uint32_t normal = magnitude + (112u << 23);
  const uint32_t special = magnitude + (224u << 23);
  const uint32_t subnormal = toBits(fromBits(magnitude + (113u << 23)) - fromBits(113u << 23));
  const uint32_t bits = exponent == 0x0F800000 ? special : exponent == 0 ? subnormal : normal;
  return fromBits(bits | (half & 0x8000) << 16);
}

SVG_INLINE void store(float* p, float value) {
  *p = value;
}

SVG_INLINE void store(Bfloat16* p, float value) {
  const uint32_t bits = toBits(value);
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  p->bits = static_cast<uint16_t>((bits & 0x7FFFFFFF) > 0x7F800000 ? (bits >> 16) | 0x40 : rounded);
}

/// Binary16 through integers; magnitudes from 65520 on become infinite.
SVG_INLINE void store(Float16* p, float value) {
  const uint32_t bits = toBits(value);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  const uint32_t normal = (magnitude - (112u << 23) + 0x0FFF + ((magnitude >> 13) & 1)) >> 13;
  // Adding ½ puts the last bit of a binary16 subnormal at the last bit of the sum, which rounds.
  const uint32_t subnormal = toBits(fromBits(magnitude) + 0.5f) - toBits(0.5f);
  uint32_t half = magnitude < (113u << 23) ? subnormal : normal;
  half = magnitude >= 0x477FF000 ? 0x7C00 : half;
  half = magnitude > 0x7F800000 ? 0x7E00 : half;
  p->bits = static_cast<uint16_t>(half | (bits >> 16 & 0x8000));
}

/// eˣ. Arguments are clamped to ±87, beyond which neither the result nor its reciprocal is a normal number.
///
/// x = n·ln 2 + r with |r| ≤ ½ ln 2; the Taylor polynomial of degree 7 leaves 5e-9.
SVG_INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 87.0f ? 87.0f : x;
  // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
  const float shifted = x * 1.44269504f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * fromBits((toBits(shifted) - toBits(12582912.0f) + 127) << 23);
}

/// erfc(t) · e^(t²) for t ≥ 0 as a polynomial in 1 / (1 + t/2), fitted over 0 ≤ t ≤ 10: relative error 4e-8.
SVG_INLINE float scaledErrorComplement(float t) {
  const float k = 1.0f / (1.0f + 0.5f * t);
  float p = -0.0559511334f;
  p = p * k + 0.268459409f;
  p = p * k - 0.451375693f;
  p = p * k + 0.233258054f;
  p = p * k + 0.00801104493f;
  p = p * k + 0.185588568f;
  p = p * k + 0.248475403f;
  p = p * k + 0.281342953f;
  p = p * k + 0.282196283f;
  return p * k - 4.92599384e-6f;
}

struct Identity {
  static SVG_INLINE float apply(float x) { return x; }
};

struct Relu {
  static SVG_INLINE float apply(float x) { return x > 0 ? x : x != x ? x : 0; }
};

struct Silu {
  static SVG_INLINE float apply(float x) { return x / (1.0f + exponential(-x)); }
};

/// ½(1 + tanh u) is σ(2u).
struct GeluTanh {
  static SVG_INLINE float apply(float x) {
    const float u = x * (1.59576912f + 0.0713548163f * (x * x));
    return x / (1.0f + exponential(-u));
  }
};

/// x·Φ(x) with Φ from the smaller tail, so that nothing cancels.
struct Gelu {
  static SVG_INLINE float apply(float x) {
    const float t = (x < 0 ? -x : x) * 0.707106781f;
    const float tail = 0.5f * scaledErrorComplement(t) * exponential(-0.5f * (x * x));
    return x * (x < 0 ? tail : 1.0f - tail);
  }
};

struct QuickGelu {
  static SVG_INLINE float apply(float x) { return x / (1.0f + exponential(-1.702f * x)); }
};

/// Calls `body` with the type of the activation.
template <class Body>
SVG_INLINE void withActivation(svg_activation activation, Body body) {
  switch (activation) {
  case SVG_ACTIVATION_IDENTITY:
    return body(Identity{});
  case SVG_ACTIVATION_RELU:
    return body(Relu{});
  case SVG_ACTIVATION_SILU:
    return body(Silu{});
  case SVG_ACTIVATION_GELU_TANH:
    return body(GeluTanh{});
  case SVG_ACTIVATION_GELU:
    return body(Gelu{});
  case SVG_ACTIVATION_QUICK_GELU:
    return body(QuickGelu{});
  }
}

/// Calls `body` with a null pointer of the element type.
template <class Body>
SVG_INLINE void withElement(svg_element element, Body body) {
  if (element == SVG_BFLOAT16)
    body(static_cast<Bfloat16*>(nullptr));
  else
    body(static_cast<float*>(nullptr));
}

/// Calls `body` with a null pointer of the number type.
template <class Body>
SVG_INLINE void withNumber(svg_number number, Body body) {
  switch (number) {
  case SVG_NUMBER_FLOAT32:
    return body(static_cast<float*>(nullptr));
  case SVG_NUMBER_BFLOAT16:
    return body(static_cast<Bfloat16*>(nullptr));
  case SVG_NUMBER_FLOAT16:
    return body(static_cast<Float16*>(nullptr));
  }
}

} // namespace
