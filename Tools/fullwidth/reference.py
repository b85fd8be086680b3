"""A HunyuanVideo transformer of the published width with one dual and one single layer of random weights, and what PyTorch
computes with it: one dense step, and one with Sparse VideoGen under explicit masks; in float32, and how far bfloat16 is
from that.

usage: reference.py FOLDER
"""

import pathlib
import sys

import torch
from diffusers import HunyuanVideoTransformer3DModel
from diffusers.models.transformers import transformer_hunyuan_video
from safetensors.torch import save_file

# Latent frames, rows and columns; text tokens and how many of them are real; half of the width of both bands.
FRAMES, HEIGHT, WIDTH = 5, 32, 48
TOKENS, VALID = 256, 77
HALF_WIDTH = 256
# Of which a thousand times, 8000, is a bfloat16; the published 6 would become 6.016.
GUIDANCE = 8.0
ROWS = 64
PLACES = HEIGHT // 2 * WIDTH // 2
VIDEO = FRAMES * PLACES
MASK64 = (1 << 64) - 1


class SplitMix:
    """Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", with bounded draws by Lemire's method."""

    def __init__(self, state):
        self.state = state

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK64
        word = self.state
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK64
        return word ^ (word >> 31)

    def below(self, bound):
        product = self.next() * bound
        if product & MASK64 < bound:
            threshold = ((1 << 64) - bound) % bound
            while product & MASK64 < threshold:
                product = self.next() * bound
        return product >> 64

    def distinct(self, count, bound):
        chosen = set()
        for candidate in range(bound - count, bound):
            number = self.below(candidate + 1)
            chosen.add(candidate if number in chosen else number)
        return sorted(chosen)


def sampled_rows(layer):
    """The rows that profiling samples in step 0 of sample 0: spread evenly over the frames."""
    generator = SplitMix(0)
    for number in (0, layer, 0):
        generator = SplitMix(generator.next() ^ number)
    counts = [ROWS // FRAMES] * FRAMES
    for frame in generator.distinct(ROWS % FRAMES, FRAMES):
        counts[frame] += 1
    return [frame * PLACES + place for frame, count in enumerate(counts) for place in generator.distinct(count, PLACES)]


def masks():
    """[S, S] tables of who sees whom: everything, the spatial band, the temporal band. The text comes last."""
    index = torch.arange(VIDEO)
    token_major = index % PLACES * FRAMES + index // PLACES
    length = VIDEO + TOKENS
    full = torch.zeros(length, length, dtype=torch.bool)
    full[: VIDEO + VALID, : VIDEO + VALID] = True
    tables = [full]
    for order in (index, token_major):
        table = full.clone()
        table[:VIDEO, :VIDEO] = (order[:, None] - order[None]).abs() < HALF_WIDTH
        tables.append(table)
    return tables


class SparseAttention:
    """Replaces the attention of diffusers, one head after the other; chooses patterns, or takes those that are given."""

    def __init__(self, given=None):
        self.layer, self.tables, self.patterns, self.margins, self.given = 0, masks(), [], [], given

    def __call__(self, query, key, value, **_):
        if self.given:
            chosen = self.given[self.layer]
            self.layer += 1
            return torch.stack([attend(query[0, :, head], key[0, :, head], value[0, :, head], self.tables[1 + pattern])
                                for head, pattern in enumerate(chosen)], dim=1)[None]
        rows = torch.tensor(sampled_rows(self.layer))
        self.layer += 1
        heads, chosen = [], []
        for head in range(query.shape[2]):
            q, k, v = (tensor[0, :, head] for tensor in (query, key, value))
            full, spatial, temporal = (attend(q[rows], k, v, table[rows]) for table in self.tables)
            errors = [(other - full).square().mean().item() for other in (spatial, temporal)]
            chosen.append(int(errors[1] < errors[0]))
            self.margins.append(abs(errors[0] - errors[1]) / max(errors))
            heads.append(attend(q, k, v, self.tables[1 + chosen[-1]]))
        self.patterns.append(chosen)
        return torch.stack(heads, dim=1)[None]


def attend(query, key, value, mask):
    seen = torch.nn.functional.scaled_dot_product_attention(query[None], key[None], value[None], attn_mask=mask)
    # A row that sees nothing is zero.
    return torch.nan_to_num(seen[0])


def main():
    folder = pathlib.Path(sys.argv[1])
    torch.set_grad_enabled(False)
    torch.manual_seed(0)
    model = HunyuanVideoTransformer3DModel(num_layers=1, num_single_layers=1).eval()
    for name, weight in sorted(model.named_parameters()):
        scale = 0.1 if name.endswith("bias") else 1 / weight[0].numel() ** 0.5 if weight.dim() > 1 else 0.2
        weight.normal_().mul_(scale).add_(1.0 if weight.dim() == 1 and "norm" in name and "weight" in name else 0.0)
        weight.copy_(weight.bfloat16())
    (folder / "transformer").mkdir(parents=True, exist_ok=True)
    save_file({name: weight.bfloat16().contiguous() for name, weight in model.state_dict().items()},
              folder / "transformer" / "diffusion_pytorch_model.safetensors")
    model.save_config(folder / "transformer")

    latents = torch.randn(1, 16, FRAMES, HEIGHT, WIDTH)
    text, pooled = torch.randn(1, TOKENS, 4096), torch.randn(1, 768)

    def forward(dtype=torch.float32):
        return model(
            hidden_states=latents.to(dtype), timestep=torch.tensor([900.0]), encoder_hidden_states=text.to(dtype),
            encoder_attention_mask=(torch.arange(TOKENS) < VALID).to(dtype)[None], pooled_projections=pooled.to(dtype),
            guidance=torch.tensor([1000 * GUIDANCE], dtype=dtype), return_dict=False,
        )[0].transpose(1, 2).float().contiguous()

    dense_attention = transformer_hunyuan_video.dispatch_attention_fn
    tensors = {"latents": latents.transpose(1, 2).contiguous(), "text": text, "pooled": pooled, "dense": forward()}
    sparse = SparseAttention()
    transformer_hunyuan_video.dispatch_attention_fn = sparse
    tensors["sparse"] = forward()
    model.bfloat16()
    for name, attention in (("dense", dense_attention), ("sparse", SparseAttention(sparse.patterns))):
        transformer_hunyuan_video.dispatch_attention_fn = attention
        error = (forward(torch.bfloat16) - tensors[name]).norm() / tensors[name].norm()
        tensors[f"{name}_bfloat16_error"] = error[None]
        print(f"{name} in bfloat16: relative error {error:.3e}")
    difference = (tensors["sparse"] - tensors["dense"]).norm() / tensors["dense"].norm()
    print(f"{sum(weight.numel() for weight in model.parameters()):,} parameters; {VIDEO} + {TOKENS} tokens")
    print(f"sparse differs from dense by {difference:.3e}; temporal heads {[sum(layer) for layer in sparse.patterns]}; "
          f"the least clear choice has a margin of {min(sparse.margins):.1e}")
    patterns = ",".join(str(pattern) for layer in sparse.patterns for pattern in layer)
    save_file(tensors, folder / "reference.safetensors",
              metadata={"half_width": str(HALF_WIDTH), "valid": str(VALID), "guidance": str(GUIDANCE),
                        "is_temporal": patterns})


if __name__ == "__main__":
    main()
