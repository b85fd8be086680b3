"""Lists cuDNN's ways to convolve the frames of the decoders, with what each takes.

python3 Tools/cuda/convolutions.py [SECONDS] in the root of the repository. Needs a GPU and PyTorch with cuDNN 9. For each shape,
the largest work first: how many ways the heuristic names for a graph, and how many of them are compiled at run time; of the
first ones milliseconds to prepare it, MiB of workspace, milliseconds to convolve and TFLOP/s; then what PyTorch reaches.
Graphs: the bias is in the output already, or added in float32, or left out with bfloat16 or float32 results; around the
frames lies nothing, as the program calls it, or (last) zeros. Ends after SECONDS (50).
"""
import ctypes, glob, os, sys, time
import torch

def library():
    for base in sys.path:
        for path in glob.glob(os.path.join(base, "nvidia", "cudnn", "lib", "libcudnn.so.9")):
            return ctypes.CDLL(path)
    return ctypes.CDLL("libcudnn.so.9")

C = library()
C.cudnnGetVersion.restype = ctypes.c_size_t
C.cudnnGetErrorString.restype = ctypes.c_char_p
FLOAT, BF16 = 0, 9
POINTWISE, CONVOLUTION, ENGINE, CONFIGURATION, HEURISTIC, PLAN, FORWARD, ADDITION, GRAPH, PACK, TENSOR = 0, 1, 2, 3, 4, 5, 10, 13, 15, 16, 17
TYPE = dict(handle=0, data=1, bool=2, int64=3, float=4, pointer=6, mode=7, heuristic=8, pointwise=14, descriptor=15, behavior=19)
WIDE = dict(handle=ctypes.c_uint64, int64=ctypes.c_int64, float=ctypes.c_float, pointer=ctypes.c_uint64,
            descriptor=ctypes.c_uint64, bool=ctypes.c_bool)

class Failure(Exception):
    pass

def check(status):
    if status:
        text = ctypes.create_string_buffer(512)
        C.cudnnGetLastErrorString(text, ctypes.c_size_t(512))
        raise Failure(f"{C.cudnnGetErrorString(status).decode()} {text.value.decode()}")

kept = []
def create(kind):
    d = ctypes.c_void_p()
    check(C.cudnnBackendCreateDescriptor(kind, ctypes.byref(d)))
    kept.append(d)
    return d

def make(kind, *attributes):
    d = create(kind)
    for attribute, kind, values in attributes:
        values = values if isinstance(values, (list, tuple)) else [values]
        values = [v.value if isinstance(v, ctypes.c_void_p) else v for v in values]
        array = (WIDE.get(kind, ctypes.c_int) * len(values))(*values)
        check(C.cudnnBackendSetAttribute(d, attribute, TYPE[kind], ctypes.c_int64(len(values)), array))
    check(C.cudnnBackendFinalize(d))
    return d

def get(d, attribute, kind, most=1, values=None):
    array = values or (WIDE.get(kind, ctypes.c_int) * most)()
    count = ctypes.c_int64()
    check(C.cudnnBackendGetAttribute(d, attribute, TYPE[kind], ctypes.c_int64(most), ctypes.byref(count), array))
    return list(array)[: count.value]

def tensor(identifier, kind, n, c, size, virtual=False):
    strides, distance = [], c
    for extent in reversed(size):
        strides.insert(0, distance)
        distance *= extent
    return make(TENSOR, (906, "int64", identifier), (901, "data", kind), (900, "int64", 16), (902, "int64", [n, c, *size]),
                (903, "int64", [distance, 1, *strides]), (907, "bool", virtual))

def graph(handle, n, c, o, size, window, steps, padding, bias, kind=BF16, beta=0.0):
    result = [(s + 2 * p - w) // t + 1 for s, p, w, t in zip(size, padding, window, steps)]
    count = len(size)
    x, w = tensor(1, BF16, n, c, size), tensor(2, BF16, o, c, window)
    y = tensor(4, kind, n, o, result)
    sums = y if bias is None else tensor(5, FLOAT, n, o, result, True)
    convolution = make(CONVOLUTION, (106, "int64", count), (100, "data", FLOAT), (101, "mode", 1), (102, "int64", [1] * count),
                       (103, "int64", steps), (105, "int64", padding), (104, "int64", padding))
    operations = [make(FORWARD, (702, "descriptor", convolution), (704, "descriptor", x), (703, "descriptor", w),
                       (705, "descriptor", sums), (700, "float", 1.0), (701, "float", beta))]
    if bias is not None:
        b = tensor(3, bias, 1, o, [1] * count)
        add = make(POINTWISE, (0, "pointwise", 0), (1, "data", FLOAT))
        operations.append(make(ADDITION, (750, "descriptor", add), (751, "descriptor", sums), (752, "descriptor", b),
                               (753, "descriptor", y)))
    return make(GRAPH, (800, "handle", handle), (801, "descriptor", operations)), result

def ways(handle, operations, most, mode=3):
    search = make(HEURISTIC, (201, "descriptor", operations), (200, "heuristic", mode))
    found = [create(CONFIGURATION) for _ in range(most)]
    count = len(get(search, 202, "descriptor", most, (ctypes.c_uint64 * most)(*[f.value for f in found])))
    return found[:count]

def engine(configuration):
    e = create(ENGINE)
    get(configuration, 300, "descriptor", 1, (ctypes.c_uint64 * 1)(e.value))
    number = get(e, ENGINE_INDEX, "int64")[0]
    try:
        notes = get(e, ENGINE_NOTES, "behavior", 8)
    except Failure:
        notes = []
    return number, "run-time" if 0 in notes else "prepared"

ENGINE_INDEX, ENGINE_NOTES = 1301, 1305

def timed(work, rounds=3):
    work()
    times = []
    for _ in range(rounds):
        a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        a.record(); work(); b.record(); torch.cuda.synchronize()
        times.append(a.elapsed_time(b))
    return sorted(times)[rounds // 2]

def ready(handle, configuration):
    start = time.perf_counter()
    plan = make(PLAN, (400, "handle", handle), (401, "descriptor", configuration))
    return plan, (time.perf_counter() - start) * 1e3

# Name, bias, type of the results, factor of what is there, ways to try that are prepared and that are compiled.
GRAPHS = [("bias in the output", None, BF16, 1.0, 2, 1), ("float32 bias", FLOAT, BF16, 0.0, 2, 1),
          ("no bias", None, BF16, 0.0, 1, 1), ("no bias, float32 results", None, FLOAT, 0.0, 1, 0)]
# Depth of the kernel, channels, outputs, frames, rows, columns.
SHAPES = [(3, 128, 128, 17, 256, 256), (3, 512, 512, 9, 128, 128), (1, 256, 256, 8, 240, 360), (3, 256, 256, 17, 256, 256),
          (3, 256, 128, 17, 256, 256), (3, 128, 128, 8, 240, 360), (3, 512, 512, 5, 32, 32)]

def measure(handle, shape, zeros, isLate):
    depth, c, o, frames, height, width = shape
    flop = 2 * depth * 9 * c * o * frames * height * width
    n, size = (1, [frames + 2]) if depth == 3 else (frames, [])
    size = size + [height + 2 - 2 * zeros, width + 2 - 2 * zeros]
    window, steps = ([3] if depth == 3 else []) + [3, 3], [1] * len(size)
    padding = ([0] if depth == 3 else []) + [zeros, zeros]
    x = torch.randn(n, *size, c, device="cuda", dtype=torch.bfloat16)
    w = torch.randn(o, *window, c, device="cuda", dtype=torch.bfloat16)
    title = f"{depth}x3x3 {c}->{o} {size}" + (" in zeros" if zeros else "")
    for name, bias, kind, beta, *tries in GRAPHS:
        if isLate():
            return
        try:
            operations, result = graph(handle, n, c, o, size, window, steps, padding, bias, kind, beta)
            found = [(*engine(f), f) for f in ways(handle, operations, 24)]
        except Failure as failure:
            print(f"{title}, {name}: {failure}", flush=True)
            continue
        compiled = sum(way[1] == "run-time" for way in found)
        print(f"{title}, {name}: {len(found)} ways, {compiled} of them compiled at run time", flush=True)
        y = torch.zeros(n, *result, o, device="cuda", dtype=torch.float32 if kind == FLOAT else torch.bfloat16)
        b = torch.zeros(o, device="cuda")
        for rank, (number, how, configuration) in enumerate(found):
            late = how == "run-time"
            if tries[late] == 0 or isLate():
                continue
            tries[late] -= 1
            label = f"  {rank}: engine {number} {how}"
            try:
                plan, preparation = ready(handle, configuration)
                need = get(plan, 402, "int64")[0]
                if need > 4 << 30:
                    print(label, f"wants {need >> 20} MiB", flush=True)
                    continue
                space = torch.empty(max(need, 16), device="cuda", dtype=torch.uint8)
                names, places = [1, 2, 4], [x.data_ptr(), w.data_ptr(), y.data_ptr()]
                if bias is not None:
                    names.append(3)
                    places.append(b.data_ptr())
                pack = make(PACK, (1000, "int64", names), (1001, "pointer", places), (1003, "pointer", space.data_ptr()))
                ms = timed(lambda: check(C.cudnnBackendExecute(handle, plan, pack)))
                print(label, f"{preparation:.1f} ms to prepare, {need >> 20} MiB, {ms:.3f} ms, {flop / ms * 1e-9:.0f} TFLOP/s",
                      flush=True)
            except Failure as failure:
                print(label, failure, flush=True)
    if zeros and not isLate():
        function = torch.nn.functional.conv3d if depth == 3 else torch.nn.functional.conv2d
        move = (0, 4, 1, 2, 3) if depth == 3 else (0, 3, 1, 2)
        xt, wt = x.permute(*move), w.permute(*move)
        with torch.no_grad():
            ms = timed(lambda: function(xt, wt, None, padding=tuple(padding)))
        print(f"{title}, PyTorch: {ms:.3f} ms, {flop / ms * 1e-9:.0f} TFLOP/s", flush=True)

def main():
    end = time.monotonic() + (float(sys.argv[1]) if len(sys.argv) > 1 else 50)
    print("cuDNN", C.cudnnGetVersion(), torch.__version__, torch.cuda.get_device_name(0), flush=True)
    torch.zeros(1, device="cuda")
    handle = ctypes.c_void_p()
    check(C.cudnnCreate(ctypes.byref(handle)))
    check(C.cudnnSetStream(handle, ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)))
    for shape, zeros in [(shape, 0) for shape in SHAPES] + [(shape, 1) for shape in SHAPES]:
        measure(handle, shape, zeros, lambda: time.monotonic() > end)
        torch.cuda.empty_cache()
    if time.monotonic() > end:
        print("out of time")

if __name__ == "__main__":
    main()
