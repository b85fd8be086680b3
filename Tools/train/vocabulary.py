"""The word-level tokenizer of the shapes world, in both forms a reader may want.

`spiece.model` (SentencePiece, unigram) and `tokenizer.json` (Hugging Face tokenizers) hold the same pieces:
every word of the caption grammar as one piece, and single characters as a fallback for everything else.
Training SentencePiece on so small a grammar cuts words into odd pieces; whole words keep a caption within
32 tokens and let the text encoder learn one embedding a word.

    python vocabulary.py OUTPUT_DIRECTORY
"""

from __future__ import annotations

import json
import string
import sys
from pathlib import Path

PAD, EOS, UNKNOWN = 0, 1, 2
MAX_TOKENS = 32

GRAMMAR_WORDS = (
    "a an and on background gradient to dark light plain with the of "
    "red orange yellow green cyan blue purple pink white gray "
    "small medium large "
    "circle square triangle star ring "
    "moving left right up down bouncing orbiting spinning growing shrinking standing still"
).split()


def pieces() -> list[tuple[str, float]]:
    """Every piece with its log probability, in the order of the token ids.

    Scores only have to make a whole word win over its letters: words fall slowly with their rank, characters
    cost far more than any word.
    """
    table: list[tuple[str, float]] = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    words = [f"▁{word}" for word in GRAMMAR_WORDS]
    words += ["▁A", "▁An", ",", "."]
    table += [(word, -3.0 - 0.01 * rank) for rank, word in enumerate(words)]
    known = {piece for piece, _ in table}
    characters = ["▁"] + list(string.ascii_lowercase + string.ascii_uppercase + string.digits + "!?'-:;()")
    table += [(c, -12.0 - 0.01 * rank) for rank, c in enumerate(characters) if c not in known]
    return table


def word_ids() -> dict[str, int]:
    """Token id of every piece, by its text without the leading word mark."""
    return {piece.lstrip("▁") or "▁": index for index, (piece, _) in enumerate(pieces()) if len(piece) > 1 or piece in ",."}


def encode(caption: str, ids: dict[str, int] | None = None) -> list[int]:
    """Token ids of a grammar caption, padded to `MAX_TOKENS`; agrees with both tokenizer files."""
    ids = ids or word_ids()
    words = caption.replace(",", " ,").replace(".", " .").split()
    tokens = [ids[word] for word in words] + [EOS]
    if len(tokens) > MAX_TOKENS:
        raise ValueError(f"{len(tokens)} tokens, at most {MAX_TOKENS} fit: {caption!r}")
    return tokens + [PAD] * (MAX_TOKENS - len(tokens))


def write_sentencepiece(path: Path) -> None:
    """Writes `spiece.model`: a unigram model without text normalization."""
    from sentencepiece import sentencepiece_model_pb2 as proto

    model = proto.ModelProto()
    kinds = proto.ModelProto.SentencePiece
    for index, (piece, score) in enumerate(pieces()):
        kind = {PAD: kinds.CONTROL, EOS: kinds.CONTROL, UNKNOWN: kinds.UNKNOWN}.get(index, kinds.NORMAL)
        model.pieces.add(piece=piece, score=score, type=kind)
    trainer = model.trainer_spec
    trainer.model_type = proto.TrainerSpec.UNIGRAM
    trainer.vocab_size = len(model.pieces)
    trainer.unk_id, trainer.bos_id, trainer.eos_id, trainer.pad_id = UNKNOWN, -1, EOS, PAD
    trainer.pad_piece, trainer.eos_piece, trainer.unk_piece = "<pad>", "</s>", "<unk>"
    normalizer = model.normalizer_spec
    normalizer.name = "identity"
    normalizer.add_dummy_prefix = True
    normalizer.remove_extra_whitespaces = True
    normalizer.escape_whitespaces = True
    path.write_bytes(model.SerializeToString(deterministic=True))


def write(directory: Path) -> None:
    """Writes `spiece.model`, `tokenizer.json` and `tokenizer_config.json` into `directory`."""
    from transformers import T5Tokenizer

    directory.mkdir(parents=True, exist_ok=True)
    T5Tokenizer(vocab=pieces(), extra_ids=0, model_max_length=MAX_TOKENS).save_pretrained(directory)
    write_sentencepiece(directory / "spiece.model")
    configuration = json.loads((directory / "tokenizer_config.json").read_text())
    configuration["tokenizer_class"] = "T5Tokenizer"
    (directory / "tokenizer_config.json").write_text(json.dumps(configuration, indent=2) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
