"""python -m goldens --output Tests/Fixtures [part ...]"""

import argparse
import logging
import warnings

import diffusers
import torch

from . import (
    hunyuan_text, hunyuan_video, image, models, noise, perceptual, pipeline, prepare, quality, rotary, schedulers,
    sparse_video_gen, text, transformer, vae,
)
from .store import Store

# In order: the models come first, because the later parts load them.
PARTS = {
    "models": models.write,
    "noise": noise.write,
    "schedulers": schedulers.write,
    "rotary": rotary.write,
    "text": text.write,
    "hunyuan-text": hunyuan_text.write,
    "transformer": transformer.write,
    "vae": vae.write,
    "pipeline": pipeline.write,
    "hunyuan": hunyuan_video.write,
    "image": image.write,
    "sparse": sparse_video_gen.write,
    "prepare": prepare.write,
    "quality": quality.write,
    "perceptual": perceptual.write,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all when none is named")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    store = Store(arguments.output)
    for name in arguments.parts or PARTS:
        print(name, flush=True)
        PARTS[name](store)


if __name__ == "__main__":
    main()
