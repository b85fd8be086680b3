"""Compiles the kernels with NVRTC and launches them, by the C libraries alone."""
import ctypes, glob, os, sys, site

def _nvrtc():
    places = [os.environ.get("NVRTC_LIBRARY", "")]
    for base in sys.path:
        places += sorted(glob.glob(os.path.join(base, "nvidia", "*", "lib", "libnvrtc.so.1[23]")), reverse=True)
    for place in places + ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"]:
        if place:
            try:
                return ctypes.CDLL(place)
            except OSError:
                pass
    raise SystemExit("no NVRTC: pip install nvidia-cuda-nvrtc")

def compile(path, arch, defines=(), includes=(), verbose=True):
    """The cubin of a source file, and the compiler's log."""
    n = _nvrtc()
    n.nvrtcGetErrorString.restype = ctypes.c_char_p
    program = ctypes.c_void_p()
    n.nvrtcCreateProgram(ctypes.byref(program), open(path, "rb").read(), os.path.basename(path).encode(), 0, None, None)
    options = [f"--gpu-architecture={arch}", "--std=c++20", f"-I{os.path.dirname(os.path.abspath(path))}", f"-I{os.path.dirname(os.path.dirname(os.path.abspath(path)))}",
               "--ptxas-options=-v"] + [f"-D{d}" for d in defines] + [f"-I{i}" for i in includes]
    array = (ctypes.c_char_p * len(options))(*[o.encode() for o in options])
    rc = n.nvrtcCompileProgram(program, len(options), array)
    size = ctypes.c_size_t()
    n.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    n.nvrtcGetProgramLog(program, log)
    log = log.value.decode()
    if rc:
        raise RuntimeError(f"{path}: {n.nvrtcGetErrorString(rc).decode()}\n{log}")
    n.nvrtcGetCUBINSize(program, ctypes.byref(size))
    cubin = ctypes.create_string_buffer(size.value)
    n.nvrtcGetCUBIN(program, cubin)
    return cubin.raw, log

class Kernel:
    """A kernel of a cubin; launches on torch's current stream."""
    def __init__(self, cubin, name, shared):
        self.d = ctypes.CDLL("libcuda.so.1")
        self.module, self.function, self.shared = ctypes.c_void_p(), ctypes.c_void_p(), shared
        self._check(self.d.cuModuleLoadData(ctypes.byref(self.module), cubin))
        self._check(self.d.cuModuleGetFunction(ctypes.byref(self.function), self.module, name.encode()))
        self._check(self.d.cuFuncSetAttribute(self.function, 8, shared))
    def _check(self, rc):
        if rc:
            text = ctypes.c_char_p()
            self.d.cuGetErrorString(rc, ctypes.byref(text))
            raise RuntimeError(f"CUDA {rc}: {text.value}")
    def __call__(self, grid, block, *parameters):
        import torch
        pointers = (ctypes.c_void_p * len(parameters))(*[ctypes.cast(ctypes.pointer(p), ctypes.c_void_p) for p in parameters])
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        self._check(self.d.cuLaunchKernel(self.function, *grid, *block, self.shared, stream, pointers, None))

if __name__ == "__main__":
    out = os.environ.get("CUBIN")
    cubin, log = compile(sys.argv[1], sys.argv[2], sys.argv[3:])
    print(log)
    if out:
        open(out, "wb").write(cubin)
