"""Writes the fixtures of TokenizerTests for byte-level tokenizers: a small one like Llama 3's and a small one like
CLIP's, and the ids that transformers computes with them.

usage: python Tools/goldens/byte_pairs.py     (needs requirements.txt; after tokenizer.py, whose prompts it uses)

Both are trained here on sentences in several scripts. `llama` is a `tokenizer.json`; `clip` is `vocab.json` and
`merges.txt` as published, and the `tokenizer.json` that transformers writes.
"""

import json
import tempfile
from collections import Counter
from pathlib import Path

import tokenizers
import transformers
from tokenizer import FIXTURES, SENTENCES
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, CLIPTokenizer

LLAMA_PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
                 r"|\s*[\r\n]+|\s+(?!\S)|\s+")
CLIP_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
TEXTS = SENTENCES * 3 + [
    "system user assistant Describe the video by detailing the following aspects: the main content and theme",
    "The color, shape, size, texture, quantity, text, and spatial relationships of the objects, 1. 2. 3.",
    "Actions, events, behaviors temporal relationships, physical movement changes of the objects.\n\n",
    "background environment, light, style and atmosphere. camera angles, movements, and transitions used in the video:",
    "we'll they're I'd you've I'm can't it's the dog's 2024 100 12,345.678 3.14159",
] * 3

EXTRA = [
    "it's IT'S it'ſ 'S 'LL 're'Ve'D", "'s", "' s", "''s", "'st", "don't", "DON'T", "I'll'll", "o'clock", "'",
    "1", "12", "123", "1234", "12345678", "x1y22z333", "½¾", "١٢٣٤", "Ⅷ", "3.14", "1,000,000", "1 2  3   4",
    "a\n", "a\n\n", "a \n b", "a  \n  b", "a\n  b", "\n\n\na", "  \n", " \n ", "\r\n\r\n", "a\r\n \r\nb", "!\n\n", "!!\r\n!",
    "a.\n\nb", " !", "  !", "\t!", "\t\ta", "   a", "a   ", "a\u00a0\u00a0b", "\u3000\u3000a", "\u2028\u2029", "\u0085\u0085a",
    "\x1c\x1da", "\x0b\x0ca", "\u200b\u200ba", "\u180ea", "\u202fa b", "\ufeff\ufeff",
    "<|begin_of_text|>", "a<|begin_of_text|>b", "<|eot_id|><|eot_id|>", " <|eot_id|> ", "<|start_header_id|>system",
    "<|startoftext|>", "<|endoftext|>", "a<|endoftext|>b", "a <|startoftext|> b", "<|STARTOFTEXT|>", "<|EndOfText|>!",
    "!<|endoftext|>", "<|ENDOFTEXT|>a", "<|startoftext", "<pad>", "a <pad>", "<image>",
    "É é E\u0301 e\u0301", "ÀÉÎÕÜ", "ΣΑΣ ΟΔΟΣ", "İI ıi", "ẞ ß", "ǅ Ǆ", "Å \u212b", "\u1e9b\u0323", "가 가", "ﬀ ﬁ ﬂ",
    "क़ \u0958", "ΐ \u03b9\u0308\u0301", "\u0344a", "𝐀𝐁", "Ⓐⓐ", "K \u212a", "ﬅ'ﬅ", "'\u017f", "_a_b", "a_1", "@user #tag",
    "https://example.com/a?b=c&d=1", "C++ && x->y", "{}[]()", "`code`", "…—–", "“quoted”", "‘it’s’", "©®™", "\u0300\u0301a",
    "ab" * 4000, "가" * 600, "1" * 1000, "!" * 1000, " " * 500, "\n" * 500, " a" * 1000, "'s" * 300, "a\u0301" * 300,
    "\U0001F468\u200d\U0001F469\u200d\U0001F467" * 20, "\ud7ff\ue000", "\ufdd0", "\U000e0041\U000e0042",
]


def flags(content, normalized=False, special=True):
    return {"content": content, "lstrip": False, "normalized": normalized, "rstrip": False, "single_word": False,
            "special": special}


def llama(folder):
    """A tokenizer of the form of Llama 3's, with the padding token that LLaVA added to it."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA_PATTERN), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(
        vocab_size=1200, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    # A token that no merges lead to is found whole, as Llama 3 has some.
    value = json.loads(tokenizer.to_str())
    value["model"]["vocab"]["Ġkaleidoscope"] = tokenizer.get_vocab_size()
    tokenizer = Tokenizer.from_str(json.dumps(value))
    start = tokenizer.get_vocab_size()
    names = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<image>",
             "<pad>")
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in names])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", start)]),
    ])
    (folder / "tokenizer.json").write_text(compact(json.loads(tokenizer.to_str())))
    settings = {
        "added_tokens_decoder": {str(start + i): flags(name) for i, name in enumerate(names)},
        "bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>", "pad_token": "<pad>",
        "model_max_length": 4096, "padding_side": "right", "tokenizer_class": "LlamaTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(compact(settings))
    return AutoTokenizer.from_pretrained(folder), settings


def most_frequent_pairs(words, count):
    """The merges of byte-pair encoding. The trainer of *tokenizers* orders ties at random where words have an end."""
    merges = []
    for _ in range(count):
        pairs = Counter()
        for word, number in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += number
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        merged = {}
        for word, number in words.items():
            tokens, i = [], 0
            while i < len(word):
                joins = word[i:i + 2] == best
                tokens.append("".join(best) if joins else word[i])
                i += 2 if joins else 1
            merged[tuple(tokens)] = number
        words = merged
    return merges


def clip(folder):
    """`vocab.json`, `merges.txt` and the settings in the form of those of CLIP."""
    split = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(CLIP_PATTERN), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    words = Counter(word for text in TEXTS for word, _ in split.pre_tokenize_str(text.lower()))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = most_frequent_pairs({(*word[:-1], word[-1] + "</w>"): count for word, count in words.items()}, 550)
    tokens = alphabet + [letter + "</w>" for letter in alphabet] + [a + b for a, b in merges]
    tokens = list(dict.fromkeys(tokens)) + ["<|startoftext|>", "<|endoftext|>"]
    start, end = len(tokens) - 2, len(tokens) - 1
    (folder / "vocab.json").write_text(compact({token: i for i, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    settings = {
        "added_tokens_decoder": {str(start): flags("<|startoftext|>", normalized=True), str(end): flags("<|endoftext|>")},
        "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>", "do_lower_case": True, "errors": "replace", "model_max_length": 77,
        "add_prefix_space": False, "tokenizer_class": "CLIPTokenizer",
    }
    (folder / "tokenizer_config.json").write_text(compact(settings))
    return CLIPTokenizer.from_pretrained(folder), settings


def compact(value):
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def row(ids):
    return " ".join(map(str, ids))


def main():
    texts = json.loads((FIXTURES / "prompts.json").read_text())["prompts"]
    extra = [text for text in dict.fromkeys(EXTRA + ["a kaleidoscope in kaleidoscope"]) if text not in texts]
    texts += extra
    result = {"versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}, "extra": extra}
    with tempfile.TemporaryDirectory() as temporary:
        for name, make, length in (("llama", llama, 64), ("clip", clip, 77)):
            folder = Path(temporary) / name
            folder.mkdir()
            tokenizer, settings = make(folder)
            ids = [tokenizer(text).input_ids for text in texts]
            fixed = [tokenizer(text, padding="max_length", max_length=length, truncation=True).input_ids
                     for text in texts[::9]]
            tokenizer.save_pretrained(folder / "saved")
            again = type(tokenizer).from_pretrained(folder / "saved")
            different = [text for text, row in zip(texts, ids) if row != again(text).input_ids]
            if different:
                print(name, "saved and read again, other ids for", different)
            for file in ("tokenizer.json", "vocab.json", "merges.txt"):
                if (folder / file).exists():
                    (FIXTURES / f"{name}.{file}").write_text((folder / file).read_text())
            if name == "clip":
                (FIXTURES / "clip.tokenizer.json").write_text(
                    compact(json.loads((folder / "saved" / "tokenizer.json").read_text())))
            result[name] = {"settings": settings, "length": length, "ids": [row(r) for r in ids],
                            "fixed": [row(r) for r in fixed]}
    text = json.dumps(result, ensure_ascii=True, separators=(",", ":")).replace('","', '",\n"')
    (FIXTURES / "byte_pairs.json").write_text(text + "\n")
    print(len(texts), "prompts")


if __name__ == "__main__":
    main()
