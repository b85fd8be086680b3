"""The shapes world: scenes drawn at random, their captions, and their clips, all in batches on tensors.

A scene is one or two flat, anti-aliased shapes with one motion each on a plain or graded background. Lengths are
fractions of the picture, y points down, and a clip always lasts `FRAMES` frames whatever its resolution, so one scene
can be drawn at any size. Scenes whose attributes hash to `HELD_OUT_BUCKET` never appear in training.

    python world.py OUTPUT.png [SEED]        # a contact sheet with captions on stdout
    python world.py --words                  # the words of all captions, as they lie beside the model
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch

FRAMES = 49
SHAPES = ("circle", "square", "triangle", "star", "ring")
SIZES = ("small", "medium", "large")
MOTIONS = (
    "moving left", "moving right", "moving up", "moving down", "bouncing",
    "orbiting", "spinning", "growing", "shrinking", "standing still",
)
COLORS = {
    "red": (0.90, 0.08, 0.08),
    "orange": (1.00, 0.52, 0.00),
    "yellow": (1.00, 0.92, 0.10),
    "green": (0.08, 0.70, 0.18),
    "cyan": (0.10, 0.85, 0.90),
    "blue": (0.08, 0.22, 0.95),
    "purple": (0.55, 0.10, 0.80),
    "pink": (1.00, 0.42, 0.75),
    "white": (0.97, 0.97, 0.97),
    "gray": (0.50, 0.50, 0.50),
}
COLOR_NAMES = tuple(COLORS)
RADII = (0.085, 0.125, 0.180)
"""Radius of a circle of each size; the other shapes are scaled to about the same area."""

PAIR_SCALE = 0.85
"""With two objects both are a little smaller, so that they find room."""

LEFT, RIGHT, UP, DOWN, BOUNCE, ORBIT, SPIN, GROW, SHRINK, STILL = range(10)
CIRCLE, SQUARE, TRIANGLE, STAR, RING = range(5)

OUTER = (1.00, 1.25, 1.42, 1.45, 1.12)
"""Distance from the center to the outermost point, in radii."""

VERTICES = (1, 4, 3, 5, 1)
INNER = (1.00, 1.25 * math.cos(math.pi / 4), 1.42 * math.cos(math.pi / 3), 1.45 * 0.46, 0.0)
"""Distance from the center to the contour halfway between two vertices."""

RING_HOLE = 0.60
HELD_OUT_BUCKETS, HELD_OUT_BUCKET = 64, 0
CONTRAST = 0.42
"""Least distance in RGB between an object and every color of its background."""


def dark(color: torch.Tensor) -> torch.Tensor:
    return color * 0.42


def light(color: torch.Tensor) -> torch.Tensor:
    return color + (1 - color) * 0.62


def background_table() -> tuple[list[str], torch.Tensor]:
    """Names and (top, bottom) colors `[K, 2, 3]` of every background: plain, dark, light, then gradients."""
    names, colors = [], []
    value = {name: torch.tensor(rgb) for name, rgb in COLORS.items()}
    for name in COLOR_NAMES:
        names.append(name)
        colors.append((value[name], value[name]))
    for word, change in (("dark", dark), ("light", light)):
        for name in COLOR_NAMES:
            if name != "white":
                names.append(f"{word} {name}")
                colors.append((change(value[name]), change(value[name])))
    for top in COLOR_NAMES:
        for bottom in COLOR_NAMES:
            if top != bottom:
                names.append(f"{top} to {bottom} gradient")
                colors.append((value[top], value[bottom]))
    return names, torch.stack([torch.stack(pair) for pair in colors])


BACKGROUND_NAMES, BACKGROUND_COLORS = background_table()
PLAIN_COUNT = len(COLOR_NAMES)
SHADED_COUNT = PLAIN_COUNT + 2 * (len(COLOR_NAMES) - 1)


def allowed_objects() -> torch.Tensor:
    """`[K, 10]`: whether a color stands out against a background everywhere."""
    palette = torch.tensor(list(COLORS.values()))
    steps = torch.linspace(0, 1, 9)[None, :, None]
    along = BACKGROUND_COLORS[:, :1] * (1 - steps) + BACKGROUND_COLORS[:, 1:] * steps
    distance = (along[:, :, None] - palette[None, None]).norm(dim=-1)
    return (distance.amin(dim=1) > CONTRAST).float()


@dataclass
class Scenes:
    """`N` scenes; the second object of a scene with `count` 1 is never drawn nor named."""

    count: torch.Tensor  # [N] 1 or 2
    background: torch.Tensor  # [N] index into BACKGROUND_NAMES
    shape: torch.Tensor  # [N, 2]
    color: torch.Tensor  # [N, 2]
    size: torch.Tensor  # [N, 2]
    motion: torch.Tensor  # [N, 2]
    x: torch.Tensor  # [N, 2, FRAMES] center
    y: torch.Tensor  # [N, 2, FRAMES]
    radius: torch.Tensor  # [N, 2, FRAMES]
    angle: torch.Tensor  # [N, 2, FRAMES] radians, clockwise

    def __len__(self) -> int:
        return self.count.shape[0]

    def __getitem__(self, index) -> "Scenes":
        return Scenes(*(getattr(self, field.name)[index] for field in fields(self)))

    def to(self, device) -> "Scenes":
        return Scenes(*(getattr(self, field.name).to(device) for field in fields(self)))

    def is_held_out(self) -> torch.Tensor:
        """`[N]`: whether the combination of attributes is kept for the test prompts."""
        key = self.background.clone()
        for index in range(2):
            present = (self.count > index).long()
            part = ((self.shape[:, index] * 10 + self.color[:, index]) * 3 + self.size[:, index]) * 10
            key = key * 1511 + (part + self.motion[:, index] + 1) * present
        mixed = (key * 2654435761) % (1 << 32)
        return (mixed >> 8) % HELD_OUT_BUCKETS == HELD_OUT_BUCKET


def sample_scenes(count: int, generator: torch.Generator, held_out: bool | None = False) -> Scenes:
    """`count` random scenes on the generator's device; `held_out` None takes every combination."""
    parts: list[Scenes] = []
    have = 0
    while have < count:
        batch = _sample(max(64, int((count - have) * (80 if held_out else 1.05))), generator)
        if held_out is not None:
            batch = batch[(batch.is_held_out() == held_out).nonzero()[:, 0]]
        parts.append(batch)
        have += len(batch)
    joined = Scenes(*(torch.cat([getattr(part, field.name) for part in parts])[:count] for field in fields(Scenes)))
    return joined


def _sample(n: int, generator: torch.Generator) -> Scenes:
    device = generator.device

    def uniform(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator, device=device)

    def integers(high: int, *shape: int) -> torch.Tensor:
        return torch.randint(high, shape, generator=generator, device=device)

    allowed = allowed_objects().to(device)
    enough = (allowed.sum(1) >= 3).float()
    weights = enough.clone()
    for start, stop, share in ((0, PLAIN_COUNT, 0.4), (PLAIN_COUNT, SHADED_COUNT, 0.36),
                               (SHADED_COUNT, len(weights), 0.24)):
        weights[start:stop] *= share / weights[start:stop].sum()
    background = torch.multinomial(weights, n, replacement=True, generator=generator)
    color = torch.multinomial(allowed[background], 2, replacement=False, generator=generator)
    size = integers(3, n, 2)
    motion = integers(10, n, 2)
    shape = integers(5, n, 2)
    # A turning circle or ring looks the same from frame to frame: spinning is for shapes with corners.
    shape = torch.where((motion == SPIN) & ((shape == CIRCLE) | (shape == RING)), 1 + integers(3, n, 2), shape)
    number = 1 + integers(2, n)
    scale = torch.where(number == 2, PAIR_SCALE, 1.0)
    base = torch.tensor(RADII, device=device)[size] * scale[:, None]
    x, y, radius, angle = _place(number, shape, motion, base, uniform)
    return Scenes(number, background, shape, color, size, motion, x, y, radius, angle)


def _place(number, shape, motion, base, uniform, tries: int = 24):
    """Trajectories `[N, 2, FRAMES]`; of `tries` placements the first without overlap, else the least bad."""
    n = number.shape[0]
    device = number.device
    k = tries
    time = torch.linspace(0, 1, FRAMES, device=device)
    motion_ = motion[:, None, :]
    outer = torch.tensor(OUTER, device=device)[shape]
    largest = torch.where((motion == GROW) | (motion == SHRINK), 1.35, 1.0) * base
    bound = (outer * largest)[:, None, :]  # [N, 1, 2] the object's reach from its center
    travel = 0.38 + 0.14 * uniform(n, k, 2)
    orbit = (0.13 + 0.06 * uniform(n, k, 2)).minimum((0.47 - bound).clamp(min=0.08))
    phase = uniform(n, k, 2) * 2 * math.pi
    sense = torch.where(uniform(n, k, 2) < 0.5, -1.0, 1.0)

    horizontal = (motion_ == LEFT) | (motion_ == RIGHT)
    vertical = (motion_ == UP) | (motion_ == DOWN) | (motion_ == BOUNCE)
    around = motion_ == ORBIT
    reach_x = torch.where(horizontal, travel / 2, torch.where(around, orbit, 0.0)) + bound + 0.015
    reach_y = torch.where(vertical, travel / 2, torch.where(around, orbit, 0.0)) + bound + 0.015
    reach_x, reach_y = reach_x.clamp(max=0.5), reach_y.clamp(max=0.5)
    center_x = reach_x + (1 - 2 * reach_x) * uniform(n, k, 2)
    center_y = reach_y + (1 - 2 * reach_y) * uniform(n, k, 2)

    def trajectory(cx, cy, travel, orbit, phase, sense, motion, time):
        travel, orbit, phase, sense = (value[..., None] for value in (travel, orbit, phase, sense))
        motion = motion[..., None]
        turn = phase + sense * 2 * math.pi * time
        along = travel * (time - 0.5)
        x = cx[..., None] + torch.where(motion == RIGHT, along, 0.0) - torch.where(motion == LEFT, along, 0.0)
        y = cy[..., None] + torch.where(motion == DOWN, along, 0.0) - torch.where(motion == UP, along, 0.0)
        y = y + torch.where(motion == BOUNCE, travel * (0.5 - (phase / 2 + 2 * math.pi * time).sin().abs()), 0.0)
        x = x + torch.where(motion == ORBIT, orbit * turn.cos(), 0.0)
        y = y + torch.where(motion == ORBIT, orbit * turn.sin(), 0.0)
        return x, y

    coarse = torch.linspace(0, 1, 13, device=device)
    x, y = trajectory(center_x, center_y, travel, orbit, phase, sense, motion_, coarse)
    gap = ((x[:, :, 0] - x[:, :, 1]) ** 2 + (y[:, :, 0] - y[:, :, 1]) ** 2).sqrt().amin(-1) - bound.sum(-1) - 0.01
    rank = torch.where(gap > 0, 1.0 - torch.arange(k, device=device) * 1e-3, gap.clamp(max=0.0))
    best = torch.where(number == 2, rank.argmax(1), 0)

    def pick(value):
        return value.gather(1, best[:, None, None].expand(-1, 1, 2))[:, 0]

    center_x, center_y, travel, orbit, phase, sense = map(pick, (center_x, center_y, travel, orbit, phase, sense))
    x, y = trajectory(center_x, center_y, travel, orbit, phase, sense, motion, time)
    scale = 0.45 + 0.90 * time
    growth = torch.where((motion == GROW)[..., None], scale, torch.where((motion == SHRINK)[..., None], scale.flip(0), 1.0))
    angle = torch.where((motion == SPIN)[..., None], sense[..., None] * 1.5 * math.pi * time, 0.0)
    return x, y, base[..., None] * growth, angle


def draw(scenes: Scenes, resolution: int, frames: slice = slice(None), dtype=torch.float32) -> torch.Tensor:
    """The clips, `[N, T, resolution, resolution, 3]` in -1…1."""
    return _draw(
        scenes.count, BACKGROUND_COLORS.to(scenes.count.device)[scenes.background],
        torch.tensor(list(COLORS.values()), device=scenes.count.device)[scenes.color], scenes.shape,
        scenes.x[..., frames], scenes.y[..., frames], scenes.radius[..., frames], scenes.angle[..., frames],
        resolution,
    ).to(dtype)


def _draw(count, background, color, shape, x, y, radius, angle, resolution: int) -> torch.Tensor:
    device = count.device
    axis = (torch.arange(resolution, device=device) + 0.5) / resolution
    grade = axis[None, None, :, None, None]
    image = background[:, None, None, None, 0] * (1 - grade) + background[:, None, None, None, 1] * grade
    image = image.expand(-1, x.shape[2], -1, resolution, -1)
    outer_table = torch.tensor(OUTER, device=device)
    inner_table = torch.tensor(INNER, device=device)
    vertex_table = torch.tensor(VERTICES, device=device)
    for index in range(2):
        kind = shape[:, index, None, None, None]
        px = axis[None, None, None, :] - x[:, index, :, None, None]
        py = axis[None, None, :, None] - y[:, index, :, None, None]
        size = radius[:, index, :, None, None]
        distance = (px * px + py * py).sqrt()
        # Fold the plane into half a sector around one vertex; the contour there is one straight line.
        vertices = vertex_table[shape[:, index]][:, None, None, None].float()
        half = math.pi / vertices
        # The square stands on a side, triangle and star point up.
        start = torch.where(kind == SQUARE, math.pi / 4, -math.pi / 2)
        turn = torch.atan2(py, px) - start - angle[:, index, :, None, None]
        folded = torch.remainder(turn + half, 2 * half) - half
        u, v = distance * folded.cos(), distance * folded.sin().abs()
        outer = outer_table[shape[:, index]][:, None, None, None] * size
        inner = inner_table[shape[:, index]][:, None, None, None] * size
        ix, iy = inner * half.cos(), inner * half.sin()
        ex, ey = ix - outer, iy
        length = (ex * ex + ey * ey).sqrt().clamp(min=1e-6)
        polygon = ((u - outer) * ey - v * ex) / length
        round_ = distance - outer
        ring = torch.maximum(round_, RING_HOLE * size - distance)
        signed = torch.where(kind == CIRCLE, round_, torch.where(kind == RING, ring, polygon))
        cover = (0.5 - signed * resolution).clamp(0, 1)
        cover = torch.where(count[:, None, None, None] > index, cover, 0.0)[..., None]
        image = image * (1 - cover) + color[:, index, None, None, None] * cover
    return image * 2 - 1


def article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def caption(scene: dict, omit_size=(False, False), omit_background: bool = False) -> str:
    """The sentence for one scene given as `describe` returns it."""
    parts = []
    for item, bare in zip(scene["objects"], omit_size):
        words = ([] if bare else [item["size"]]) + [item["color"], item["shape"], item["motion"]]
        parts.append(f"{article(words[0])} " + " ".join(words))
    sentence = " and ".join(parts)
    if omit_background:
        return sentence
    return f"{sentence} on {article(scene['background'])} {scene['background']} background"


def describe(scenes: Scenes) -> list[dict]:
    """The attributes of every scene as words."""
    count, background = scenes.count.tolist(), scenes.background.tolist()
    shape, color, size, motion = (getattr(scenes, key).tolist() for key in ("shape", "color", "size", "motion"))
    return [
        dict(
            background=BACKGROUND_NAMES[background[i]],
            objects=[
                dict(size=SIZES[size[i][j]], color=COLOR_NAMES[color[i][j]], shape=SHAPES[shape[i][j]],
                     motion=MOTIONS[motion[i][j]])
                for j in range(count[i])
            ],
        )
        for i in range(len(scenes))
    ]


def words() -> str:
    """`prompt_words.txt`: every word that a caption can have, a kind on each line: programs warn of others."""
    kinds = {"sizes": SIZES, "colors": COLOR_NAMES, "shapes": SHAPES, "motions": MOTIONS}
    listed = set(" ".join(phrase for phrases in kinds.values() for phrase in phrases).split())
    others: dict[str, None] = {}
    for background in BACKGROUND_NAMES:
        for color in COLOR_NAMES:
            item = dict(size=SIZES[0], color=color, shape=SHAPES[0], motion=MOTIONS[0])
            sentence = caption(dict(objects=[item, item], background=background), omit_size=(True, False))
            others |= dict.fromkeys(sentence.split() + capitalized(sentence).split())
    kinds["others"] = sorted(others.keys() - listed, key=lambda word: (word.lower(), word))
    return "".join(f"{kind}: {', '.join(phrases)}\n" for kind, phrases in kinds.items())


def capitalized(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def captions(scenes: Scenes, generator: torch.Generator | None = None) -> list[str]:
    """One caption a scene; with a generator they vary (a size or the background left out, capital, full stop)."""
    described = describe(scenes)
    if generator is None:
        return [caption(item) for item in described]
    chance = torch.rand(len(described), 5, generator=generator, device=generator.device).tolist()
    result = []
    for item, (a, b, c, d, e) in zip(described, chance):
        text = caption(item, (a < 0.08, b < 0.08), c < 0.04)
        if d < 0.15:
            text = capitalized(text)
        result.append(text + ("." if e < 0.15 else ""))
    return result


def test_prompts(count: int = 100, seed: int = 2026) -> list[dict]:
    """The held-out prompts: descriptions with their caption under `prompt`; half have two objects."""
    scenes = sample_scenes(count * 8, torch.Generator().manual_seed(seed), held_out=True)
    described = describe(scenes)
    single = [item for item in described if len(item["objects"]) == 1][: count - count // 2]
    double = [item for item in described if len(item["objects"]) == 2][: count // 2]
    mixed = [item for pair in zip(single, double) for item in pair] + single[len(double):]
    return [dict(item, prompt=caption(item)) for item in mixed]


if __name__ == "__main__":
    import sys

    if sys.argv[1] == "--words":
        print(words(), end="")
        sys.exit()

    from PIL import Image

    scenes = sample_scenes(8, torch.Generator().manual_seed(int(sys.argv[2]) if len(sys.argv) > 2 else 0))
    clips = draw(scenes, 128, slice(0, None, 8))
    sheet = ((clips + 1) * 127.5).round().byte().permute(0, 2, 1, 3, 4).flatten(0, 1).flatten(1, 2)
    Image.fromarray(sheet.numpy()).save(sys.argv[1])
    print("\n".join(captions(scenes)))
