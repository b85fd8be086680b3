"""The PSNR of two Y4M videos as svgen writes them (C444p10): fails below a bound.

usage: psnr.py ONE.y4m OTHER.y4m [BOUND]
"""
import math
import sys


def frames(path):
    """The samples of all frames as 16-bit numbers, in one array."""
    data = open(path, "rb").read()
    end = data.index(b"\n")
    header = data[:end].split()
    assert header[0] == b"YUV4MPEG2" and b"C444p10" in header, f"{path} is not C444p10: {data[:end]!r}"
    size = {field[:1]: int(field[1:]) for field in header[1:] if field[:1] in (b"W", b"H")}
    count = 3 * size[b"W"] * size[b"H"]
    samples, place = [], end + 1
    while place < len(data):
        place = data.index(b"\n", place) + 1
        samples.append(memoryview(data[place:place + 2 * count]).cast("H"))
        place += 2 * count
    return samples


one, other = frames(sys.argv[1]), frames(sys.argv[2])
assert len(one) == len(other) and len(one) > 0, f"{len(one)} and {len(other)} frames"
worst = 0.0
squares = 0
for left, right in zip(one, other):
    error = sum((a - b) ** 2 for a, b in zip(left, right))
    squares += error
    worst = max(worst, error / len(left))
mean = squares / (len(one) * len(one[0]))
psnr = lambda error: math.inf if error == 0 else 10 * math.log10(1023**2 / error)
print(f"PSNR {psnr(mean):.2f} dB over {len(one)} frames, the worst frame {psnr(worst):.2f} dB")
if len(sys.argv) > 3 and psnr(mean) < float(sys.argv[3]):
    sys.exit(f"below {sys.argv[3]} dB")
