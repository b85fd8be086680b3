"""A tiny sentencepiece model in the form of T5's, and the tokenizer folders around it."""

import io
import json
import pathlib
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from transformers import T5Tokenizer

SUBJECTS = ("a red circle", "a blue square", "a small green star", "two white dogs", "an old ship", "a yellow ring")
MOTIONS = ("moving up", "moving left", "spinning", "bouncing on the floor", "drifting over the sea", "growing slowly")
PLACES = ("on a gray background", "in the rain", "under a dark sky", "near the window", "at sunset, in soft light")

# The published model carries the 240 KB table of NMT-NFKC. These rules have the same form and cover its kinds: one
# to one, one to many, many to one, to a space, and to nothing.
RULES = (
    [((0xFF21 + i,), (0x41 + i,)) for i in range(26)]
    + [((0xFF41 + i,), (0x61 + i,)) for i in range(26)]
    + [((0xFB01,), (0x66, 0x69)), ((0xFB02,), (0x66, 0x6C)), ((0x2026,), (0x2E, 0x2E, 0x2E))]
    + [((0x65, 0x301), (0xE9,)), ((0x75, 0x308), (0xFC,))]
    + [((0x09,), (0x20,)), ((0x0A,), (0x20,)), ((0x0D,), (0x20,)), ((0xA0,), (0x20,)), ((0x3000,), (0x20,))]
    + [((0x200B,), ()), ((0xFEFF,), ())]
)


def train():
    """The bytes of a unigram model with `<pad>`, `</s>` and `<unk>` as 0, 1 and 2, as T5 has them."""
    sentences = [f"{subject} {motion} {place}." for subject in SUBJECTS for motion in MOTIONS for place in PLACES]
    sentences += [sentence.capitalize() for sentence in sentences[::3]] + ["A café in Zürich, 1234567890 times!"] * 20
    model = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        rules = pathlib.Path(folder) / "rules.tsv"
        rules.write_text(
            "".join(
                " ".join(f"{c:X}" for c in source) + "\t" + " ".join(f"{c:X}" for c in target) + "\n"
                for source, target in RULES
            )
        )
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            model_type="unigram",
            vocab_size=200,
            hard_vocab_limit=False,
            normalization_rule_tsv=str(rules),
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            num_threads=1,
            minloglevel=2,
        )
    # The path of the rules is no part of the model.
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    proto.normalizer_spec.ClearField("normalization_rule_tsv")
    return proto.SerializeToString(deterministic=True)


def published_files(folder, model, max_length):
    """Writes what the published CogVideoX directories hold: `spiece.model` and three JSON files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spiece.model").write_bytes(model)
    count = sentencepiece.SentencePieceProcessor(model_proto=model).vocab_size()
    extra = [f"<extra_id_{i}>" for i in range(100)]
    ids = {f"<extra_id_{i}>": count + 99 - i for i in range(100)}

    def entry(content, **changes):
        plain = {"content": content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
        return plain | {"special": True} | changes

    decoder = {str(i): entry(token) for i, token in enumerate(("<pad>", "</s>", "<unk>"))}
    decoder |= {str(ids[token]): entry(token) for token in reversed(extra)}
    special = {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    write_json(folder / "added_tokens.json", ids)
    write_json(folder / "special_tokens_map.json", {"additional_special_tokens": extra} | special)
    write_json(
        folder / "tokenizer_config.json",
        {
            "added_tokens_decoder": decoder,
            "additional_special_tokens": extra,
            "clean_up_tokenization_spaces": True,
            "extra_ids": 100,
            "legacy": True,
            "model_max_length": max_length,
            "sp_model_kwargs": {},
            "tokenizer_class": "T5Tokenizer",
        }
        | special,
    )


def modern_files(folder, model, max_length):
    """Writes what transformers 5 saves: `tokenizer.json` and its configuration, no `spiece.model`."""
    with tempfile.TemporaryDirectory() as published:
        published_files(pathlib.Path(published), model, max_length)
        T5Tokenizer.from_pretrained(published).save_pretrained(folder)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
