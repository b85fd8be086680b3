"""PSNR and SSIM of small images, computed by scikit-image in double precision."""

import importlib.metadata
import json
import math

import numpy
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from .store import seeded


def wavy(height, width):
    """A smooth color image with every value inside [0, 1]."""
    y = torch.linspace(0, 1, height)[:, None, None]
    x = torch.linspace(0, 1, width)[None, :, None]
    channel = torch.arange(3.0)[None, None, :]
    return 0.5 + 0.3 * torch.sin(7 * x + 3 * y + channel) + 0.15 * torch.cos(23 * y * (1 + channel) - 5 * x)


def noisy(image, seed, deviation):
    noise = torch.randn(image.shape, generator=seeded(seed))
    return (image + deviation * noise).clamp(0, 1)


def with_one_pixel(image):
    changed = image.clone()
    changed[17, 9] = torch.tensor([1.0, 0.0, 1.0])
    return changed


def measure(first, second):
    one, other = (image.numpy().astype(numpy.float64) for image in (first, second))
    with numpy.errstate(divide="ignore"):
        psnr = float(peak_signal_noise_ratio(one, other, data_range=1))
    return {
        "psnr": None if math.isinf(psnr) else psnr,
        "gaussian": float(structural_similarity(
            one, other, channel_axis=-1, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)),
        "uniform": float(structural_similarity(one, other, channel_axis=-1, data_range=1)),
    }


def write(store):
    odd, even = wavy(31, 40), wavy(64, 48)
    images = {
        "odd": odd,
        "odd_noisy": noisy(odd, 1, 0.05),
        "even": even,
        "even_noisy": noisy(even, 2, 0.2),
        "even_one_pixel": with_one_pixel(even),
        "even_black": torch.zeros_like(even),
        # As small as the Gaussian window: one pixel is left after the edges are cut off.
        "window": even[:11, :11],
        "window_noisy": noisy(even[:11, :11], 3, 0.1),
    }
    pairs = [("odd", "odd_noisy"), ("even", "even_noisy"), ("even", "even"), ("even", "even_one_pixel"),
             ("even_black", "even_black"), ("even", "even_black"), ("window", "window_noisy")]
    cases = [{"first": first, "second": second} | measure(images[first], images[second]) for first, second in pairs]
    # Numbers go into the metadata: a binary32 would be as coarse as the tolerance of the tests.
    store.save("quality", images, cases=json.dumps(cases),
               **{"scikit-image": importlib.metadata.version("scikit-image")})
