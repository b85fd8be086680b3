"""Image to video: Pillow's resize, the VAE's encoder, the transformers that see an image, and whole generations."""

import PIL.Image
import PIL.ImageOps
import numpy
import torch

from . import transformer
from .models import IMAGE_VARIANTS, VARIANTS, load_pipeline, load_transformer, load_vae
from .store import error, randn, seeded
from .text import PROMPTS
from .vae import TILES

STEPS, GUIDANCE, SEED = 4, 6.0, 42
# Rows and columns of the picture, and the sizes it is brought to: smaller, larger, mixed, one side as it is; at the last
# Pillow 13 resizes rows first.
PICTURE = (45, 70)
SIZES = [(32, 48), (64, 96), (20, 96), (45, 32), (90, 70), (20, 60)]


def picture(height, width):
    """Waves with noise and a hard edge, 8 bits: what a resize has to round and clip."""
    y, x = numpy.mgrid[0:height, 0:width]
    colors = [127 + 90 * numpy.sin(x / 5 + y / 9 + c) + 40 * (x > width // 2) for c in range(3)]
    noise = numpy.random.default_rng(5).integers(-30, 30, (height, width, 3))
    return (numpy.stack(colors, -1) + noise).clip(0, 255).astype(numpy.uint8)


def write(store):
    resize(store)
    files(store)
    encoder(store)
    for variant in IMAGE_VARIANTS:
        denoiser(store, variant)
        generation(store, variant)


def resize(store):
    """`<height>x<width>`: the picture `[H, W, 3]` after Pillow's Lanczos resize, whole numbers from 0 to 255."""
    original = picture(*PICTURE)
    tensors = {"picture": original.astype("int32")}
    for height, width in SIZES:
        resized = PIL.Image.fromarray(original).resize((width, height), resample=PIL.Image.Resampling.LANCZOS)
        tensors[f"{height}x{width}"] = numpy.asarray(resized).astype("int32")
    store.save("resize", tensors, pillow=PIL.__version__)


def files(store):
    """Picture files of every kind and orientation, and what Pillow makes of each: upright RGB, flattened on white."""
    folder = store.root / "Pictures"
    folder.mkdir(parents=True, exist_ok=True)
    original = PIL.Image.fromarray(picture(10, 24))
    translucent = original.convert("RGBA")
    translucent.putalpha(PIL.Image.fromarray(numpy.tile(numpy.linspace(0, 255, 24).astype(numpy.uint8), (10, 1))))
    original.save(folder / "color.png")
    original.convert("L").save(folder / "gray.png")
    original.quantize(16).save(folder / "palette.png")
    translucent.save(folder / "translucent.png")
    translucent.save(folder / "translucent.webp", lossless=True, exact=True)
    original.save(folder / "lossy.webp", quality=90)
    large = original.resize((48, 20), PIL.Image.Resampling.BICUBIC)
    for orientation in range(1, 9):
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        # Without subsampled chroma decoders agree to within a level or two.
        large.save(folder / f"orientation{orientation}.jpg", quality=95, subsampling=0, exif=exif)
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    original.save(folder / "turned.png", exif=exif)
    original.save(folder / "turned.webp", lossless=True, exif=exif)
    tensors = {}
    for path in sorted(folder.iterdir()):
        image = PIL.ImageOps.exif_transpose(PIL.Image.open(path))
        if image.mode == "RGBA":
            image = PIL.Image.alpha_composite(PIL.Image.new("RGBA", image.size, "white"), image)
        tensors[path.name] = numpy.asarray(image.convert("RGB")).astype("int32")
    store.save("pictures", tensors, pillow=PIL.__version__)


def encoder(store):
    """Mean and logarithm of the variance, `[1, 2·C, F', h, w]`, of frames `[1, 3, F, H, W]` from −1 to 1."""
    variant = next(v for v in VARIANTS if v.name == "cogvideox-5b")
    model, half = load_vae(store, variant), load_vae(store, variant, torch.bfloat16)
    tensors = {}
    for frames in (1, 4, 5, 9, 17):
        pixels = randn(variant.seed + 40 + frames, 1, 3, frames, 16, 24).clamp(-1, 1)
        tensors[f"frames{frames}/pixels"] = pixels
        tensors[f"frames{frames}/output"] = model.encode(pixels).latent_dist.parameters
    rough = half.encode(tensors["frames9/pixels"].bfloat16()).latent_dist.parameters
    tensors["frames9/output_bfloat16_error"] = error(rough, tensors["frames9/output"])
    pixels = randn(variant.seed + 60, 1, 3, 5, 40, 48).clamp(-1, 1)
    whole = model.encode(pixels).latent_dist.parameters
    model.enable_tiling(**TILES)
    pieces = model.encode(pixels).latent_dist.parameters
    assert pieces.shape == whole.shape and (pieces - whole).abs().max() > 1e-3
    tensors |= {"tiled/pixels": pixels, "tiled/output": pieces}
    store.save("cogvideox-5b/vae-encoder", tensors, **TILES)


def denoiser(store, variant):
    model, half = load_transformer(store, variant), load_transformer(store, variant, torch.bfloat16)
    latents, text = transformer.inputs(variant, variant.size, 1, variant.seed + 10)
    output = transformer.forward(model, variant, latents, text)
    rough = transformer.forward(half, variant, latents, text, torch.bfloat16)
    channels = latents.shape[2] // 2
    tensors = {
        "one/latents": latents[:, :, :channels], "one/image": latents[:, :, channels:], "one/text": text,
        "one/output": output, "one/output_bfloat16_error": error(rough, output),
    }
    store.save(f"{variant.name}/transformer", tensors, timestep=transformer.TIMESTEP, ofs=transformer.OFS)


def generation(store, variant):
    """`picture` `[H, W, 3]`, whole numbers; `plain`, and `negative` where guidance is off."""
    pipeline = load_pipeline(store, variant)
    frames, height, width = variant.size
    original = picture(*PICTURE)

    def generate(output, **options):
        return pipeline(
            image=PIL.Image.fromarray(original), prompt=PROMPTS[0], height=height, width=width, num_frames=frames,
            num_inference_steps=STEPS, max_sequence_length=variant.text_length, generator=seeded(SEED),
            output_type=output, **options,
        ).frames

    trajectory = []

    def remember(_, step, timestep, values):
        trajectory.append(values["latents"].clone())
        return values

    tensors = {"picture": original.astype("int32")}
    tensors["plain/latents"] = generate("latent", guidance_scale=GUIDANCE, callback_on_step_end=remember)
    for index, latents in enumerate(trajectory):
        tensors[f"plain/step{index}"] = latents
    tensors["unguided/latents"] = generate("latent", guidance_scale=1.0)
    tensors["plain/frames"] = generate("np", guidance_scale=GUIDANCE)[0]
    # What the transformer was given beside the noise, drawn from the same seed.
    image = pipeline.video_processor.preprocess(PIL.Image.fromarray(original), height=height, width=width)
    padded = transformer.pad((frames - 1) // 4 + 1, variant)
    _, tensors["image_latents"] = pipeline.prepare_latents(
        image, 1, variant.transformer["in_channels"] // 2, (padded - 1) * 4 + 1, height, width, torch.float32, "cpu",
        seeded(SEED))
    store.save(f"{variant.name}/generation", tensors, prompt=PROMPTS[0], seed=SEED, steps=STEPS, guidance=GUIDANCE,
               frames=frames, height=height, width=width)
