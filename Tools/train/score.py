"""Reads a clip of the shapes world back into words, with geometry and colors only: nothing here is learned.

    python score.py --prompts prompts.json --clips FOLDER [--json scores.json]
    python score.py --self-test 100

`prompts.json` is what `python score.py --write-prompts prompts.json` writes: the held-out descriptions, in order. The
folder holds one clip a prompt, `000.y4m`, `001.y4m`, … or `.npy` (uint8 `[T, H, W, 3]`). The clip is read blind: the
background from the rows' medians, objects by the palette color of their inner pixels, shape from the contour's Fourier
amplitudes, motion from the tracks of center, area and outline. Only then is the reading compared with the caption.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy import ndimage

import world

PALETTE = np.array(list(world.COLORS.values()))
BACKGROUNDS = world.BACKGROUND_COLORS.numpy()
FOREGROUND = 0.5 * world.CONTRAST
"""Distance from the background from which a pixel belongs to an object."""

LEAST_AREA = 0.0035
"""Mean share of the picture below which a color is a fringe, not an object; the smallest ring has 0.011."""

ANGLES = 40
FIELDS = ("color", "background", "shape", "motion", "size", "count")


def read_y4m(path: Path) -> np.ndarray:
    """Frames `[T, H, W, 3]` uint8 of a YUV4MPEG2 file: 4:2:0 or 4:4:4, 8 or 10 bits, limited or full range, BT.601."""
    data = path.read_bytes()
    end = data.index(b"\n")
    fields = data[:end].decode("ascii").split()
    if fields[0] != "YUV4MPEG2":
        raise ValueError(f"{path} is not a YUV4MPEG2 file")
    width, height = (int(next(f[1:] for f in fields if f[0] == key)) for key in "WH")
    sampling = next((f[1:] for f in fields if f[0] == "C"), "420")
    half = not sampling.startswith("444")
    bits = 10 if sampling.endswith("p10") else 8
    kind, scale = ("<u2", 255 / 1023) if bits == 10 else (np.uint8, 1.0)
    cw, ch = ((width + 1) // 2, (height + 1) // 2) if half else (width, height)
    frames, position = [], end + 1
    while position < len(data):
        position = data.index(b"\n", position) + 1
        planes = []
        for h, w in ((height, width), (ch, cw), (ch, cw)):
            plane = np.frombuffer(data, kind, h * w, position).reshape(h, w)
            planes.append(plane.astype(np.float32))
            position += plane.nbytes
        y, u, v = planes
        if half:
            u, v = (p.repeat(2, 0).repeat(2, 1)[:height, :width] for p in (u, v))
        y, u, v = y * scale, (u - 2 ** (bits - 1)) * scale, (v - 2 ** (bits - 1)) * scale
        if "XCOLORRANGE=FULL" not in fields:
            y, u, v = (y - 16) * 255 / 219, u * 255 / 224, v * 255 / 224
        frame = np.stack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u], axis=-1)
        frames.append(frame.round().clip(0, 255).astype(np.uint8))
    return np.stack(frames)


def read_clip(path: Path) -> np.ndarray:
    return np.load(path) if path.suffix == ".npy" else read_y4m(path)


def read_background(clip: np.ndarray) -> tuple[str, np.ndarray]:
    """Name, and color of every row `[H, 3]`: a straight line through the rows' medians over time and width."""
    height = clip.shape[1]
    rows = np.median(clip[::4].transpose(1, 0, 2, 3).reshape(height, -1, 3), axis=1)
    at = (np.arange(height) + 0.5) / height
    keep = np.ones(height, bool)
    for _ in range(3):  # rows mostly hidden by an object drop out
        design = np.stack([1 - at, at], axis=1)
        ends = np.linalg.lstsq(design[keep], rows[keep], rcond=None)[0]
        off = np.linalg.norm(rows - design @ ends, axis=1)
        keep = off <= max(0.06, 2.5 * np.median(off))
    nearest = ((BACKGROUNDS - ends[None]) ** 2).sum((1, 2)).argmin()
    return world.BACKGROUND_NAMES[nearest], design @ ends


def object_masks(clip: np.ndarray, rows: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Palette index and masks `[T, H, W]` of at most three objects, the largest first."""
    distance = np.linalg.norm(clip - rows[None, :, None], axis=-1)
    foreground = distance > FOREGROUND
    inner = ndimage.binary_erosion(foreground, np.ones((1, 3, 3)))
    to_palette = np.stack([((clip - color) ** 2).sum(-1) for color in PALETTE], axis=-1)
    nearest = to_palette.argmin(-1)
    frames, pixels = len(clip), clip.shape[1] * clip.shape[2]
    counts = np.bincount(nearest[inner], minlength=len(PALETTE)) / (frames * pixels)
    found = [c for c in np.argsort(-counts) if counts[c] > LEAST_AREA][:3]
    result = []
    for color in found:
        others = [o for o in found if o != color]
        mask = foreground & (to_palette[..., color] < distance**2)
        for other in others:
            mask &= to_palette[..., color] <= to_palette[..., other]
        result.append((int(color), np.stack([largest_part(m) for m in mask])))
    return result


def largest_part(mask: np.ndarray) -> np.ndarray:
    """The largest connected part after thin fringes were opened away."""
    opened = ndimage.binary_opening(mask, np.ones((2, 2)))
    labels, count = ndimage.label(opened, np.ones((3, 3)))
    if count == 0:
        return opened
    return labels == 1 + np.bincount(labels.ravel())[1:].argmax()


def outline(mask: np.ndarray, y: float, x: float) -> np.ndarray:
    """Radius in `ANGLES` sectors around the center, from the area of each sector; holes are filled."""
    filled = ndimage.binary_fill_holes(mask)
    ys, xs = np.nonzero(filled)
    angle = np.arctan2(ys - y, xs - x)
    # Spread every pixel over its two nearest sectors, so that few pixels make no comb.
    position = angle / (2 * np.pi) * ANGLES
    low = np.floor(position).astype(int)
    part = position - low
    area = np.bincount(low % ANGLES, 1 - part, ANGLES) + np.bincount((low + 1) % ANGLES, part, ANGLES)
    return np.sqrt(2 * area / (2 * np.pi / ANGLES))


def read_shape(masks: list[np.ndarray], outlines: np.ndarray) -> str:
    """Ring by its hole, else the number of corners by the outline's strongest Fourier amplitude."""
    holes = [1 - m.sum() / max(ndimage.binary_fill_holes(m).sum(), 1) for m in masks]
    if np.median(holes) > 0.10:
        return "ring"
    spectrum = np.abs(np.fft.rfft(outlines, axis=1))
    amplitude = np.median(2 * spectrum[:, 3:6] / spectrum[:, :1], axis=0)
    if amplitude.max() < 0.045:
        return "circle"
    return ("triangle", "square", "star")[int(amplitude.argmax())]


def read_motion(x: np.ndarray, y: np.ndarray, area: np.ndarray, outlines: np.ndarray) -> str:
    """From the tracks over time (center as a share of the picture) and the outlines."""
    ends = max(len(x) // 12, 1)
    growth = np.sqrt(np.median(area[-ends:]) / max(np.median(area[:ends]), 1e-6))
    if growth > 1.6:
        return "growing"
    if growth < 1 / 1.6:
        return "shrinking"
    smooth = lambda track: ndimage.median_filter(track, 5, mode="nearest")
    x, y = smooth(x), smooth(y)
    range_x, range_y = np.ptp(x), np.ptp(y)
    if max(range_x, range_y) < 0.07:
        return "spinning" if turns(outlines) else "standing still"
    if min(range_x, range_y) > 0.45 * max(range_x, range_y):
        return "orbiting"
    along, spread = (x, range_x) if range_x > range_y else (y, range_y)
    net = np.median(along[-ends:]) - np.median(along[:ends])
    if abs(net) > 0.75 * spread:
        names = ("moving right", "moving left") if range_x > range_y else ("moving down", "moving up")
        return names[0] if net > 0 else names[1]
    return "bouncing" if range_y >= range_x else "orbiting"


def turns(outlines: np.ndarray) -> bool:
    """Whether the outline looks like the first one only after a rotation."""
    shape = outlines / np.maximum(outlines.mean(1, keepdims=True), 1e-6) - 1
    if np.median(shape.std(1)) < 0.035:
        return False
    shape /= np.maximum(np.linalg.norm(shape, axis=1, keepdims=True), 1e-6)
    spectrum = np.fft.rfft(shape, axis=1)
    correlation = np.fft.irfft(spectrum * spectrum[:1].conj(), ANGLES, axis=1)
    gain = correlation.max(1) - correlation[:, 0]
    return float(np.mean(gain[len(gain) // 12:])) > 0.25


def read_size(area: np.ndarray, shape: str, motion: str, count: int) -> str:
    """The size whose shape would cover as much as is seen in the middle of the clip."""
    unit = dict(circle=np.pi, square=2 * 1.25**2, triangle=0.75 * np.sqrt(3) * 1.42**2,
                star=5 * 1.45**2 * 0.46 * np.sin(np.pi / 5), ring=np.pi * (1.12**2 - world.RING_HOLE**2))[shape]
    seen = np.sqrt(np.median(area[len(area) // 3: 2 * len(area) // 3]) / unit)
    scale = (world.PAIR_SCALE if count > 1 else 1.0) * (0.9 if motion in ("growing", "shrinking") else 1.0)
    return world.SIZES[int(np.argmin([abs(np.log(seen / (r * scale))) for r in world.RADII]))]


def read_scene(clip: np.ndarray) -> dict:
    """What the clip shows: the background's name and a list of objects."""
    clip = clip[::2].astype(np.float32) / 255  # every other frame is enough for the tracks, in half the time
    background, rows = read_background(clip)
    objects = []
    found = object_masks(clip, rows)
    height, width = clip.shape[1:3]
    for color, masks in found:
        area = masks.sum((1, 2))
        present = np.nonzero(area > 12)[0]
        if len(present) < len(clip) // 3:
            continue
        centers = np.array([ndimage.center_of_mass(masks[i]) for i in present])
        outlines = np.stack([outline(masks[i], *center) for i, center in zip(present, centers)])
        clear = np.argsort(-area[present])[: max(len(present) // 2, 1)]
        shape = read_shape([masks[present[i]] for i in clear], outlines[clear])
        share = area[present] / (height * width)
        motion = read_motion(centers[:, 1] / width, centers[:, 0] / height, share, outlines)
        size = read_size(share, shape, motion, len(found))
        objects.append(dict(color=world.COLOR_NAMES[color], shape=shape, motion=motion, size=size))
    return dict(background=background, objects=objects)


def compare(expected: dict, seen: dict) -> dict[str, list[bool]]:
    """Right or wrong, per object (color, shape, motion, size) and per clip (background, count)."""
    result: dict[str, list[bool]] = {field: [] for field in FIELDS}
    result["background"].append(expected["background"] == seen["background"])
    result["count"].append(len(expected["objects"]) == len(seen["objects"]))
    left = list(seen["objects"])
    pairs = []
    for item in expected["objects"]:
        match = next((o for o in left if o["color"] == item["color"]), None)
        if match:
            left.remove(match)
        pairs.append([item, match])
    for pair in pairs:  # an object of a wrong color may still have the right shape and motion
        if pair[1] is None and left:
            pair[1] = left.pop(0)
    for item, match in pairs:
        for field in ("color", "shape", "motion", "size"):
            result[field].append(bool(match) and match[field] == item[field])
    return result


def summarize(results: list[dict[str, list[bool]]]) -> dict[str, float]:
    """Percentages per field, and of clips that are right in everything but size."""
    table = {field: 100 * float(np.mean([v for r in results for v in r[field]])) for field in FIELDS}
    table["everything"] = 100 * float(np.mean([all(all(v) for k, v in r.items() if k != "size") for r in results]))
    return {key: round(value, 1) for key, value in table.items()}


def judge(task: tuple[dict, Path | np.ndarray]) -> tuple[dict, dict]:
    expected, clip = task
    seen = read_scene(clip if isinstance(clip, np.ndarray) else read_clip(clip))
    return seen, compare(expected, seen)


def score(expected: list[dict], clips: list, workers: int = 1) -> tuple[dict[str, float], list[dict]]:
    """Summary and one record a clip; `clips` are arrays or paths."""
    tasks = list(zip(expected, clips))
    if workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            judged = list(pool.map(judge, tasks))
    else:
        judged = [judge(task) for task in tasks]
    records = [dict(prompt=e["prompt"], seen=seen, wrong=[f for f in FIELDS if not all(r[f])])
               for e, (seen, r) in zip(expected, judged)]
    return summarize([r for _, r in judged]), records


def self_test(count: int) -> tuple[dict[str, float], list[dict]]:
    """Scores true clips: what the reader itself gets wrong."""
    import torch

    scenes = world.sample_scenes(count, torch.Generator().manual_seed(5), held_out=None)
    expected = [dict(item, prompt=world.caption(item)) for item in world.describe(scenes)]
    clips = (((world.draw(scenes[i:i + 1], 256)[0] + 1) * 127.5).round().byte().numpy() for i in range(count))
    return score(expected, clips)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=Path)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--write-prompts", type=Path)
    parser.add_argument("--self-test", type=int)
    arguments = parser.parse_args()
    if arguments.write_prompts:
        arguments.write_prompts.write_text(json.dumps(world.test_prompts(), indent=1) + "\n")
        return
    if arguments.self_test:
        summary, records = self_test(arguments.self_test)
    else:
        expected = json.loads(arguments.prompts.read_text())
        paths = [next(p for s in (".y4m", ".npy") if (p := arguments.clips / f"{i:03d}{s}").exists())
                 for i in range(len(expected))]
        summary, records = score(expected, paths, arguments.workers)
    for record in records:
        if record["wrong"]:
            print(record["prompt"], "| wrong:", ", ".join(record["wrong"]), "| seen:", record["seen"])
    print(json.dumps(summary))
    if arguments.json:
        arguments.json.write_text(json.dumps(dict(summary=summary, clips=records), indent=1) + "\n")


if __name__ == "__main__":
    main()
