/// Checks every instruction set of this machine against the scalar double reference and measures it. Self-contained, so
/// that one binary can be carried to a machine without a Swift toolchain. Build, from the root of the package:
///
///   clang++ -std=c++20 -O3 -static Tools/kernelcheck/main.cpp Sources/CKernels/*/*.cpp -o kernelcheck -lpthread
///
/// For aarch64, on Debian 12 with the clang of a Swift toolchain, after
/// `apt-get install libstdc++-12-dev-arm64-cross libc6-dev-arm64-cross qemu-user-static`:
///
///   A=/usr/aarch64-linux-gnu G=/usr/lib/gcc-cross/aarch64-linux-gnu/12
///   clang++ --target=aarch64-linux-gnu -std=c++20 -O3 -static -fuse-ld=lld -isystem $A/include/c++/12 \
///     -isystem $A/include/c++/12/aarch64-linux-gnu -isystem $A/include -B $G -L $G -L $A/lib \
///     Tools/kernelcheck/main.cpp Sources/CKernels/*/*.cpp -o kernelcheck -lpthread
///   qemu-aarch64-static ./kernelcheck quick
///
/// which checks NEON in half a minute.
///
/// `kernelcheck check` compares only, `kernelcheck quick` compares a tenth of the sizes (for emulated processors),
/// `kernelcheck bench [threads]` measures only; without a word it checks and measures.

#include "problem.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

namespace {

double relativeError(const Run& run, const Run& reference, int64_t count) {
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double a = run.at(i), b = reference.at(i);
    difference += (a - b) * (a - b);
    norm += b * b;
  }
  return norm == 0 ? std::sqrt(difference) : std::sqrt(difference / norm);
}

std::vector<svg_isa> vectorISAs(int64_t dimension) {
  std::vector<svg_isa> found;
  for (int i = 1; i < SVG_ISA_COUNT; ++i) {
    if (svg_isa_supports(static_cast<svg_isa>(i), dimension))
      found.push_back(static_cast<svg_isa>(i));
  }
  return found;
}

/// Whether operands of products are rounded to bfloat16.
bool roundsOperands(svg_isa isa) {
  return isa == SVG_ISA_AVX512_BF16 || isa == SVG_ISA_AMX_BF16;
}

/// Rounding to bfloat16 is 1.1e-3 at worst for one number (uniform in ±2⁻⁹, relative, over √3): for the output alone,
/// or for Q, K, V and the weights besides. float32 sums and the exponential stay below 1e-6.
double allowedError(svg_isa isa, svg_element output) {
  if (roundsOperands(isa))
    return 6e-3;
  return output == SVG_BFLOAT16 ? 2.5e-3 : 3e-6;
}

struct Errors {
  int failures = 0;
  double worst[SVG_ISA_COUNT][2] = {};
  double profile[SVG_ISA_COUNT] = {};
};

std::vector<float> profileErrors(const Problem& p, svg_isa isa, const std::vector<int32_t>& rows, int64_t splits,
                                 int64_t halfWidth) {
  std::vector<float> errors(2 * p.geometry.heads);
  svg_profile profile = {p.projection, p.scale, rows.data(),  static_cast<int64_t>(rows.size()), halfWidth, halfWidth,
                         splits,       nullptr, errors.data()};
  Buffer scratch(svg_profile_scratch_bytes(&profile, isa));
  profile.scratch = scratch.bytes;
  for (int64_t task = svg_profile_task_count(&profile); task-- > 0;)
    svg_profile_heads(&profile, isa, task);
  for (int64_t head = 0; head < p.geometry.heads; ++head)
    svg_profile_combine(&profile, isa, head);
  return errors;
}

void checkProblem(svg_geometry g, svg_norm norm, bool rotary, int64_t halfWidth, uint64_t seed, Errors& errors) {
  for (svg_element element : {SVG_FLOAT32, SVG_BFLOAT16}) {
    Problem p(g, element, norm, rotary, seed);
    p.setBand(halfWidth);
    Run reference(p, SVG_ISA_SCALAR, SVG_FLOAT32);
    reference.all();
    Random random = {seed};
    std::vector<int32_t> rows;
    for (int i = 0; i < 1 + static_cast<int>(seed % 70); ++i) {
      rows.push_back(static_cast<int32_t>(random.next() % (g.frames * g.tokens_per_frame)));
    }
    const std::vector<float> profiled = profileErrors(p, SVG_ISA_SCALAR, rows, 1, halfWidth);
    for (svg_isa isa : vectorISAs(g.head_dimension)) {
      for (svg_element output : {SVG_FLOAT32, SVG_BFLOAT16}) {
        Run run(p, isa, output);
        run.all();
        const double error = relativeError(run, reference, p.rows() * p.columns());
        double& worst = errors.worst[isa][output];
        if (error > worst)
          worst = error;
        if (!(error <= allowedError(isa, output))) {
          ++errors.failures;
          std::printf("FAILED %s F=%lld P=%lld T=%lld valid=%lld D=%lld in=%d out=%d w=%lld: error %.3g\n",
                      svg_isa_name(isa), (long long)g.frames, (long long)g.tokens_per_frame, (long long)g.text_tokens,
                      (long long)g.valid_text, (long long)g.head_dimension, element, output, (long long)halfWidth,
                      error);
        }
      }
      const std::vector<float> found = profileErrors(p, isa, rows, 1 + seed % 3, halfWidth);
      for (size_t i = 0; i < found.size(); ++i) {
        const double error = std::abs(found[i] - profiled[i]) / (profiled[i] + 1e-4);
        errors.profile[isa] = std::max(errors.profile[isa], error);
        if (!(error <= (roundsOperands(isa) ? 2e-2 : 2e-5))) {
          ++errors.failures;
          std::printf("FAILED profile %s F=%lld P=%lld T=%lld D=%lld: %g, expected %g\n", svg_isa_name(isa),
                      (long long)g.frames, (long long)g.tokens_per_frame, (long long)g.text_tokens,
                      (long long)g.head_dimension, found[i], profiled[i]);
        }
      }
    }
  }
}

int check(bool quick) {
  Errors errors;
  uint64_t seed = 1;
  int problems = 0;
  const svg_norm norms[] = {SVG_NORM_NONE, SVG_NORM_LAYER, SVG_NORM_RMS};
  for (int64_t d : {16, 32, 48, 64, 80, 96, 112, 128, 192, 256}) {
    const bool usual = d == 32 || d == 64 || d == 96 || d == 128;
    for (int64_t tokens = 1; tokens <= 130; tokens += usual ? 1 + tokens / 5 : 43) {
      for (int64_t text : {0, 1, 63, 64, 77}) {
        const int64_t frames = 1 + static_cast<int64_t>(seed % 5);
        const svg_geometry g = {
            2, d, frames, (tokens + frames - 1) / frames, text, seed % 3 == 0 ? text / 2 : text, seed % 2 == 0};
        if (!quick || seed % 11 == 0) {
          checkProblem(g, norms[seed % 3], seed % 4 != 0, 1 + static_cast<int64_t>(seed * 37 % 150), seed, errors);
          ++problems;
        }
        ++seed;
      }
    }
  }
  if (!quick) {
    problems += 2;
    checkProblem({2, 64, 13, 256, 32, 32, true}, SVG_NORM_LAYER, true, 768, 7, errors);
    checkProblem({2, 128, 3, 1350, 226, 100, false}, SVG_NORM_RMS, true, 1024, 8, errors);
  }
  std::printf("largest relative L2 error against double: float32 output, bfloat16 output, profile\n");
  for (svg_isa isa : vectorISAs(64)) {
    std::printf("  %-12s %.2e  %.2e  %.2e\n", svg_isa_name(isa), errors.worst[isa][0], errors.worst[isa][1],
                errors.profile[isa]);
  }
  if (errors.failures == 0) {
    std::printf("all checks passed (%d problems)\n", problems);
  } else {
    std::printf("%d FAILURES\n", errors.failures);
  }
  return errors.failures == 0 ? 0 : 1;
}

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Body>
void inParallel(int threads, int64_t count, Body body) {
  std::atomic<int64_t> next = 0;
  auto work = [&] {
    for (int64_t i; (i = next++) < count;)
      body(i);
  };
  std::vector<std::thread> pool;
  for (int i = 1; i < threads; ++i)
    pool.emplace_back(work);
  work();
  for (std::thread& thread : pool)
    thread.join();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Pairs that are kept, for FLOP counts of useful work only.
double keptPairs(int64_t tokens, int64_t halfWidth) {
  const double n = static_cast<double>(tokens), w = static_cast<double>(std::min(tokens, halfWidth));
  return n * (2 * w - 1) - w * (w - 1);
}

void bench(int threads) {
  std::printf("%d threads, medians of 5\n", threads);
  std::printf("%-12s %4s %6s %9s %9s %12s %12s %12s %12s %11s\n", "isa", "D", "S", "dense", "band 30%", "spatial GB/s",
              "temporal", "no norm", "memcpy GB/s", "profile ms");
  for (int64_t d : {64, 128}) {
    for (svg_isa isa : vectorISAs(d)) {
      const svg_element element = roundsOperands(isa) ? SVG_BFLOAT16 : SVG_FLOAT32;
      const int64_t tokens = 4096, heads = std::max(2, threads), halfWidth = 640;
      Problem p({heads, d, 16, tokens / 16, 0, 0, false}, element, SVG_NORM_LAYER, true, 1);
      double speed[2], rate[3];
      const double bytes = 6.0 * static_cast<double>(heads * tokens * d) * (element == SVG_BFLOAT16 ? 2 : 4);
      for (int kind = 0; kind < 3; ++kind) {
        p.patterns.assign(heads, kind == 1 ? SVG_PATTERN_TEMPORAL : SVG_PATTERN_SPATIAL);
        Run run(p, isa, element);
        if (kind == 2)
          run.prepare.projection.video.norm = SVG_NORM_NONE;
        std::vector<double> times;
        const int64_t tasks = svg_prepare_task_count(&run.prepare), chunk = 2 * heads;
        for (int i = 0; i < 6; ++i) {
          const double start = seconds();
          inParallel(threads, (tasks + chunk - 1) / chunk, [&](int64_t c) {
            svg_prepare_heads(&run.prepare, isa, c * chunk, std::min(tasks, (c + 1) * chunk));
          });
          if (i > 0)
            times.push_back(seconds() - start);
        }
        rate[kind] = bytes / median(times) * 1e-9;
      }
      for (int band = 0; band < 2; ++band) {
        p.setBand(band ? halfWidth : tokens);
        Run run(p, isa, element);
        run.all();
        std::vector<double> times;
        for (int i = 0; i < 5; ++i) {
          const double start = seconds();
          inParallel(threads, svg_attend_task_count(&run.attend),
                     [&](int64_t task) { svg_attend_blocks(&run.attend, isa, task); });
          times.push_back(seconds() - start);
        }
        speed[band] =
            4.0 * static_cast<double>(d * heads) * keptPairs(tokens, band ? halfWidth : tokens) / median(times) * 1e-9;
      }
      std::vector<double> copies;
      {
        const size_t half = static_cast<size_t>(bytes / 2);
        Buffer from(half), to(half);
        const int64_t pieces = 64;
        for (int i = 0; i < 6; ++i) {
          const double start = seconds();
          inParallel(threads, pieces, [&](int64_t c) {
            std::memcpy(static_cast<char*>(to.bytes) + half / pieces * c,
                        static_cast<char*>(from.bytes) + half / pieces * c, half / pieces);
          });
          if (i > 0)
            copies.push_back(seconds() - start);
        }
      }
      std::vector<int32_t> rows;
      for (int i = 0; i < 64; ++i)
        rows.push_back(i * 64 + i);
      std::vector<float> errors(2 * heads);
      svg_profile profile = {p.projection, p.scale, rows.data(), 64, halfWidth, halfWidth, 4, nullptr, errors.data()};
      Buffer scratch(svg_profile_scratch_bytes(&profile, isa));
      profile.scratch = scratch.bytes;
      std::vector<double> times;
      for (int i = 0; i < 5; ++i) {
        const double start = seconds();
        inParallel(threads, svg_profile_task_count(&profile),
                   [&](int64_t task) { svg_profile_heads(&profile, isa, task); });
        inParallel(threads, heads, [&](int64_t head) { svg_profile_combine(&profile, isa, head); });
        times.push_back(seconds() - start);
      }
      std::printf("%-12s %4lld %6lld %9.0f %9.0f %12.1f %12.1f %12.1f %12.1f %11.2f\n", svg_isa_name(isa), (long long)d,
                  (long long)tokens, speed[0], speed[1], rate[0], rate[1], rate[2], bytes / median(copies) * 1e-9,
                  median(times) * 1e3);
      std::fflush(stdout);
    }
  }
}

} // namespace

int main(int count, char** words) {
  const char* word = count > 1 ? words[1] : "";
  for (int i = 0; i < SVG_ISA_COUNT; ++i) {
    std::printf("%s%s", svg_isa_available(static_cast<svg_isa>(i)) ? "" : "no ", svg_isa_name(static_cast<svg_isa>(i)));
    std::printf(i + 1 < SVG_ISA_COUNT ? ", " : "\n");
  }
  int status = 0;
  const bool quick = std::strcmp(word, "quick") == 0;
  if (std::strcmp(word, "bench") != 0)
    status = check(quick);
  if (!quick && std::strcmp(word, "check") != 0) {
    const int all = static_cast<int>(std::thread::hardware_concurrency());
    if (count > 2) {
      bench(std::atoi(words[2]));
    } else {
      bench(1);
      if (all > 1)
        bench(all);
    }
  }
  return status;
}
