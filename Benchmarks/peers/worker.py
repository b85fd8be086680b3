"""PyTorch's side of the comparison: a process that measures what it is asked for.

Reads one JSON request a line, for example `{"kind": "sdpa", "element_type": "float32", "heads": 8, "tokens": 4096,
"head_dimension": 64, "repeats": 3}`, and answers with one JSON object a line: `{"seconds": [...]}`, or
`{"error": "..."}`. What a request needs is made when it first comes, runs once unmeasured, and stays: the next round of
the same request measures at once.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def random(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(*shape).to(dtype)


def heads_of(request: dict) -> list[torch.Tensor]:
    tokens = request["tokens"] + request.get("text_tokens", 0)
    shape = (1, request["heads"], tokens, request["head_dimension"])
    return [random(*shape, dtype=DTYPES[request["element_type"]]) for _ in range(3)]


def sdpa(request: dict):
    q, k, v = heads_of(request)
    return lambda: F.scaled_dot_product_attention(q, k, v)


def flex(request: dict):
    """FlexAttention, compiled, with the band that ours keeps: video first, then text that sees and is seen by all."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    q, k, v = heads_of(request)
    video, width, length = request["tokens"], request["half_width"], q.shape[2]

    def keeps(_batch, _head, i, j):
        return ((i - j).abs() < width) | (i >= video) | (j >= video)

    mask = create_block_mask(keeps, None, None, length, length, device="cpu")
    attention = torch.compile(flex_attention)
    return lambda: attention(q, k, v, block_mask=mask)


def rotate(x: torch.Tensor, cosine: torch.Tensor, sine: torch.Tensor) -> torch.Tensor:
    """Rotary embedding of neighboring pairs, with the steps that diffusers takes."""
    real, imaginary = x.reshape(*x.shape[:-1], -1, 2).unbind(-1)
    turned = torch.stack([-imaginary, real], dim=-1).flatten(3)
    return (x.float() * cosine + turned.float() * sine).to(x.dtype)


def chain(request: dict):
    """Head split, norm of queries and keys, rotary embedding of the video and placement of every other head: one
    operation after the other, as an attention processor of diffusers with the placement of SVG does it."""
    dtype = DTYPES[request["element_type"]]
    heads, d = request["heads"], request["head_dimension"]
    text, video, frames = request["text_tokens"], request["tokens"], request["frames"]
    length, width = text + video, heads * d
    rows = [random(1, length, width, dtype=dtype) for _ in range(3)]
    norms = [torch.nn.LayerNorm(d, eps=1e-6).to(dtype) for _ in range(2)]
    cosine, sine = (torch.rand(video, d // 2).repeat_interleave(2, dim=1) for _ in range(2))
    temporal = torch.arange(1, heads, 2)

    def placed(x: torch.Tensor) -> torch.Tensor:
        part = x[:, temporal, text:].view(1, len(temporal), frames, video // frames, d)
        x[:, temporal, text:] = part.transpose(2, 3).reshape(1, len(temporal), video, d)
        return x

    def run():
        q, k, v = (x.view(1, length, heads, d).transpose(1, 2) for x in rows)
        q, k = norms[0](q), norms[1](k)
        q[:, :, text:] = rotate(q[:, :, text:], cosine, sine)
        k[:, :, text:] = rotate(k[:, :, text:], cosine, sine)
        return placed(q), placed(k), placed(v.contiguous())

    return run


def linear(request: dict):
    dtype = DTYPES[request["element_type"]]
    x = random(request["rows"], request["inputs"], dtype=dtype)
    weight = random(request["outputs"], request["inputs"], dtype=dtype)
    bias = random(request["outputs"], dtype=dtype)
    return lambda: F.linear(x, weight, bias)


def conv(request: dict):
    """The two (kernel − 1) frames before the first are part of the input, as the causal convolution of diffusers joins
    them; joining is not measured."""
    dtype, kernel = DTYPES[request["element_type"]], request["kernel"]
    x = random(
        1, request["channels"], request["frames"] + kernel - 1, request["height"], request["width"], dtype=dtype)
    weight = random(request["outputs"], request["channels"], kernel, kernel, kernel, dtype=dtype)
    bias = random(request["outputs"], dtype=dtype)
    return lambda: F.conv3d(x, weight, bias, padding=(0, kernel // 2, kernel // 2))


def pipeline(request: dict):
    """`CogVideoXPipeline` as its documentation has it, on the processor; loading is not measured."""
    from diffusers import CogVideoXPipeline

    pipe = CogVideoXPipeline.from_pretrained(request["model"], torch_dtype=DTYPES[request["element_type"]])
    pipe.set_progress_bar_config(disable=True)

    def run(steps: int = request["steps"]):
        pipe(
            request["prompt"], height=request["height"], width=request["width"], num_frames=request["frames"],
            num_inference_steps=steps, guidance_scale=request["guidance"],
            max_sequence_length=pipe.transformer.config.max_text_seq_length,
            generator=torch.Generator().manual_seed(0), output_type="np")

    run(steps=1)  # What only the first run does, such as generating kernels, is not measured.
    return run


MAKERS = {f.__name__: f for f in (sdpa, flex, chain, linear, conv, pipeline)}
cache: dict[str, object] = {}


def answer(request: dict) -> dict:
    repeats = request.pop("repeats", 3)
    key = json.dumps(request, sort_keys=True)
    if key not in cache:
        cache.clear()  # One request after the other: the next one needs the memory.
        cache[key] = MAKERS[request["kind"]](request)
        if request["kind"] != "pipeline":
            cache[key]()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        cache[key]()
        seconds.append(time.perf_counter() - start)
    # Linux counts in KiB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"seconds": seconds, "peak_megabytes": peak}


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]))
    about = {"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}
    print(json.dumps(about), flush=True)
    with torch.no_grad():
        for line in sys.stdin:
            try:
                reply = answer(json.loads(line))
            except Exception as error:  # The driver reports it and goes on.
                reply = {"error": f"{type(error).__name__}: {error}"[:500]}
            print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
