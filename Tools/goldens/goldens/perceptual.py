"""LPIPS with tiny random networks, in double precision: the definition of the `lpips` package, version 0.1."""

import json

import torch
import torch.nn.functional as F

from . import quality
from .store import randn

# Per slice: the pooling before it (extent, stride) and its convolutions (number in torchvision, kernel, stride, padding).
ALEXNET = [
    (None, [(0, 11, 4, 2)]), ((3, 2), [(3, 5, 1, 2)]), ((3, 2), [(6, 3, 1, 1)]), (None, [(8, 3, 1, 1)]),
    (None, [(10, 3, 1, 1)]),
]
VGG16 = [
    (None, [(0, 3, 1, 1), (2, 3, 1, 1)]), ((2, 2), [(5, 3, 1, 1), (7, 3, 1, 1)]),
    ((2, 2), [(10, 3, 1, 1), (12, 3, 1, 1), (14, 3, 1, 1)]), ((2, 2), [(17, 3, 1, 1), (19, 3, 1, 1), (21, 3, 1, 1)]),
    ((2, 2), [(24, 3, 1, 1), (26, 3, 1, 1), (28, 3, 1, 1)]),
]
# Widths that are no multiples of a vector, so that remainders show.
NETWORKS = {"alexNet": (ALEXNET, [6, 9, 5, 7, 4]), "vgg16": (VGG16, [3, 6, 5, 4, 9])}


def weights(slices, widths, seed):
    state, channels = {}, 3
    for index, ((_, convolutions), width) in enumerate(zip(slices, widths)):
        for number, extent, _, _ in convolutions:
            name = f"net.slice{index + 1}.{number}"
            seed += 1
            scale = (2 / (channels * extent * extent)) ** 0.5
            state[f"{name}.weight"] = randn(seed, width, channels, extent, extent) * scale
            state[f"{name}.bias"] = randn(1000 + seed, width) * 0.1
            channels = width
        state[f"lin{index}.model.1.weight"] = randn(2000 + seed, 1, width, 1, 1).abs()
    return state


def features(slices, state, picture):
    shift = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64).view(1, 3, 1, 1)
    value = (2 * picture.double().permute(2, 0, 1)[None] - 1 - shift) / scale
    for index, (pooling, convolutions) in enumerate(slices):
        if pooling:
            value = F.max_pool2d(value, *pooling)
        for number, _, stride, padding in convolutions:
            name = f"net.slice{index + 1}.{number}"
            kernel, bias = state[f"{name}.weight"].double(), state[f"{name}.bias"].double()
            value = F.conv2d(value, kernel, bias, stride=stride, padding=padding).relu()
        yield value / (value.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)


def distance(slices, state, first, second):
    total = 0.0
    for index, (one, other) in enumerate(zip(features(slices, state, first), features(slices, state, second))):
        total += F.conv2d((one - other) ** 2, state[f"lin{index}.model.1.weight"].double()).mean().item()
    return total


def write(store):
    picture = quality.wavy(64, 83)
    pictures = {"picture": picture, "noisy": quality.noisy(picture, 4, 0.1), "mirrored": picture.flip(1)}
    tensors, cases = dict(pictures), []
    for seed, (network, (slices, widths)) in enumerate(NETWORKS.items()):
        state = weights(slices, widths, 100 * seed)
        tensors |= {f"{network}/{name}": value for name, value in state.items()}
        cases += [
            {"network": network, "second": name, "distance": distance(slices, state, picture, pictures[name])}
            for name in pictures
        ]
    # Numbers go into the metadata: a binary32 would be as coarse as the tolerance of the tests.
    store.save("perceptual", tensors, cases=json.dumps(cases))
