# What can be done with this project; README.md and CONTRIBUTING.md say more.
#
#   make demo          install what is missing, build, and make a video with the bundled model
#   make test          install what is missing, build, and run every test
#   make bench         compare with PyTorch and diffusers on this machine (needs Python; BENCH=--quick is shorter)
#   make format        format Swift, C and C++
#   make check-format  say what is not formatted
#   make goldens       write the golden tensors of the tests anew (needs Python)

.DEFAULT_GOAL := demo
.PHONY: demo test bench format check-format goldens packages format-packages

PACKAGES = libdnnl-dev libsentencepiece-dev ffmpeg
# The page of a comparison is tested in a browser.
TEST_PACKAGES = chromium
# C kernels without optimization would make the tests take an hour; the flag is the same in every command, because
# another one builds everything anew.
TEST_FLAGS = -Xcc -O3
# Tests that stop a run in its middle. Beside tests that keep every thread busy they would be too late.
WAITING_TESTS = CommandTests|SparseVideoGenTests
# NVIDIA's compiler, which the tests give every kernel for GPUs to.
NVRTC = $(CURDIR)/.build/nvrtc
C_FILES = $(shell git ls-files 'Sources/*.c' 'Sources/*.cpp' 'Sources/*.h' 'Sources/*.cu' 'Sources/*.cuh' \
	'Tools/*.cpp' 'Tools/*.h')

PROMPT = a large green triangle growing on a light pink background
SEED = 7

packages:
	@Tools/setup/check-swift.sh
	@Tools/setup/install-packages.sh $(PACKAGES)

format-packages:
	@Tools/setup/check-swift.sh
	@Tools/setup/install-packages.sh clang-format

demo: packages
	swift build -c release --product svgen
	.build/release/svgen doctor >&2
	.build/release/svgen generate --prompt "$(PROMPT)" --seed $(SEED)

test: packages
	@Tools/setup/install-packages.sh $(TEST_PACKAGES)
	@Tools/setup/install-nvrtc.sh $(NVRTC)
	swift build --build-tests $(TEST_FLAGS)
	SVGEN_CUDA_PATH=$${SVGEN_CUDA_PATH:-$(NVRTC)/nvidia/cu13} \
	  swift test --skip-build $(TEST_FLAGS) --skip "$(WAITING_TESTS)"
	swift test --skip-build $(TEST_FLAGS) --filter "$(WAITING_TESTS)"

bench: packages
	swift build -c release --product svgen
	Benchmarks/peers/run.sh $(BENCH)

format: format-packages
	swift format -i -r Sources Tests Package.swift
	clang-format -i $(C_FILES)

check-format: format-packages
	swift format lint --strict -r Sources Tests Package.swift
	clang-format --dry-run -Werror $(C_FILES)

goldens:
	Tools/goldens/run.sh
