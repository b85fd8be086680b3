"""Generates the held-out prompts with `svgen` itself and scores its videos: the score of the model that is shipped.

    python score_svgen.py --svgen ../../.build/release/svgen --output scores/ [--count 100] [-- OPTION…]

What stands behind `--` goes to `svgen generate`; full attention is the default. Prompt number i starts from seed i, as
in `evaluate.py`. Videos are lossless (`000.y4m`, …); those that are there are not made again, so that an interrupted run
goes on where it was. Needs numpy, scipy and torch (which draws the prompts), no GPU.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import score
import world


def main() -> None:
    own, options = sys.argv[1:], ["--attention", "dense"]
    if "--" in own:
        own, options = own[: own.index("--")], own[own.index("--") + 1:]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--svgen", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args(own)

    expected = world.test_prompts()[: arguments.count]
    arguments.output.mkdir(parents=True, exist_ok=True)
    clips = [arguments.output / f"{i:03d}.y4m" for i in range(len(expected))]
    missing = [dict(prompt=item["prompt"], seed=i, output=str(clip))
               for i, (item, clip) in enumerate(zip(expected, clips)) if not clip.exists()]
    if missing:
        prompts = arguments.output / "prompts.jsonl"
        prompts.write_text("".join(json.dumps(line) + "\n" for line in missing))
        command = [str(arguments.svgen), "generate", "--quiet", "--prompts", str(prompts), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    summary, records = score.score(expected, clips, arguments.workers)
    for record in records:
        if record["wrong"]:
            print(record["prompt"], "| wrong:", ", ".join(record["wrong"]), "| seen:", record["seen"])
    print(json.dumps(summary))
    report = dict(options=options, summary=summary, clips=records)
    (arguments.output / "scores.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
