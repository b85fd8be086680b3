"""Writes the fixtures of TokenizerTests: two small T5 tokenizers and the ids that transformers computes with them.

usage: python Tools/goldens/tokenizer.py     (needs requirements.txt; everything is seeded)

`nmt` is trained on a few sentences in several scripts and normalizes like the published T5 models; `words` is a list of
whole words without a normalizer and without a piece for a bare word start. Each is stored as `spiece.model` and as the
`tokenizer.json` that transformers writes; `prompts.json` holds the prompts and, for each model and each set of settings,
the ids.
"""

import json
import random
import shutil
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers
import transformers
from sentencepiece import sentencepiece_model_pb2 as proto
from transformers import T5Tokenizer

FIXTURES = Path(__file__).parents[2] / "Tests" / "TokenizerTests" / "Fixtures"

SENTENCES = """
A large red circle moves right across a dark green background while a small blue star spins slowly.
The camera follows a white vintage SUV with a black roof rack as it speeds up a steep dirt road.
A panda, dressed in a small, red jacket and a tiny hat, sits on a wooden stool in a serene bamboo forest.
Two cats playing chess in the rain; 4K, 24 fps, cinematic lighting (golden hour)!
It's a dog's life, isn't it? "Yes," she said - and 1,234.56 people agreed.
Ein großer roter Kreis bewegt sich über die grüne Wiese; Äpfel, Öl und Übermut.
Une fille élégante traverse la forêt où le soleil se couche déjà.
El niño corrió hacia la montaña con una cámara pequeña.
Большой красный круг медленно движется вправо на тёмном фоне.
Ένας μεγάλος κόκκινος κύκλος κινείται προς τα δεξιά.
一个红色的大圆圈在绿色背景上向右移动。
小さな青い星がゆっくり回転しています。カメラは追いかける。
작은 파란 별이 천천히 회전합니다.
دائرة حمراء كبيرة تتحرك إلى اليمين
עיגול אדום גדול נע ימינה
एक बड़ा लाल वृत्त दाईं ओर चलता है
วงกลมสีแดงขนาดใหญ่เคลื่อนที่ไปทางขวา
""".strip().split("\n")

WORDS = (
    "a an and on the with background red blue green white dark small large circle square star moving right left up "
    "down spinning slowly , . ! ? ' - : ;"
).split()

CONFIGURATIONS = {
    "plain": {"extra_ids": 5},
    "none": {"extra_ids": 0},
    # As published with CogVideoX: the sentinels swallow the spaces around them; one token more counts as a word only.
    "rules": {
        "extra_ids": 3,
        "additional_special_tokens": ["<extra_id_0>", "<extra_id_1>", "<extra_id_2>"],
        "legacy": True,
        "added_tokens_decoder": None,
    },
}


def flags(content, lstrip=False, rstrip=False, single_word=False):
    return {"content": content, "lstrip": lstrip, "normalized": False, "rstrip": rstrip, "single_word": single_word,
            "special": True}


def configuration(name, count):
    settings = {"tokenizer_class": "T5Tokenizer", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    settings |= CONFIGURATIONS[name]
    if name == "rules":
        settings["added_tokens_decoder"] = {
            "0": flags("<pad>"), "1": flags("</s>"), "2": flags("<unk>"),
            str(count): flags("<extra_id_2>"), str(count + 1): flags("<extra_id_1>", lstrip=True),
            str(count + 2): flags("<extra_id_0>", lstrip=True, rstrip=True),
            str(count + 3): flags("<cut>", single_word=True),
        }
    return settings


def train(folder):
    text = folder / "text"
    text.write_text("\n".join(SENTENCES * 3))
    sentencepiece.set_random_generator_seed(1)
    sentencepiece.SentencePieceTrainer.train(
        input=str(text), model_prefix=str(folder / "spiece"), vocab_size=320, model_type="unigram",
        normalization_rule_name="nmt_nfkc", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, character_coverage=0.995,
        num_threads=1, minloglevel=2,
    )
    return (folder / "spiece.model").read_bytes()


def words():
    model = proto.ModelProto()
    kinds = proto.ModelProto.SentencePiece
    for text, kind in (("<pad>", kinds.CONTROL), ("</s>", kinds.CONTROL), ("<unk>", kinds.UNKNOWN)):
        model.pieces.add(piece=text, score=0.0, type=kind)
    listed = ["▁" + word for word in WORDS] + [",", ".", "!", "?", "'s"]
    for rank, text in enumerate(listed):
        model.pieces.add(piece=text, score=-3.0 - 0.01 * rank, type=kinds.NORMAL)
    model.trainer_spec.model_type = proto.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(model.pieces)
    model.trainer_spec.unk_id, model.trainer_spec.eos_id, model.trainer_spec.pad_id = 2, 1, 0
    model.trainer_spec.bos_id = -1
    model.trainer_spec.unk_piece, model.trainer_spec.eos_piece, model.trainer_spec.pad_piece = "<unk>", "</s>", "<pad>"
    model.normalizer_spec.name = "identity"
    return model.SerializeToString(deterministic=True)


# transformers looks at marks that follow their letter one by one when both have more than 5 bytes; SentencePiece, and
# with it the tokenizer that T5 was trained with, composes them.
COMPOSED = ["ｶﾞｷﾞ", "a ｶﾞ b", "가"]


def prompts():
    """Prompts that mix scripts, whitespace of every kind, added tokens and rare characters."""
    random.seed(20250101)
    fixed = [
        "", " ", "   ", "\n", "\t\t", "a", " a", "a ", "  a  b  ", "</s>", "<pad>", "<unk>", "</s></s>", "a</s>b",
        "<extra_id_0>", "a <extra_id_0> b", "a<extra_id_1>b", "a  <extra_id_1>  b", "<extra_id_2>a", "x_<extra_id_2>",
        "(<extra_id_2>)", "<extra_id_99>", "<extra_id_0><extra_id_1>", "< /s>", "</S>", "<extra_id_", "<s>",
        "<cut>", "a<cut>b", "a <cut> b", "_<cut>", "(<cut>)", "\u00e9<cut>", "<cut>1", "-<cut>-",
        "e\u0301le\u0301gant", "\u00e9l\u00e9gant", "ﬁne ﬂow", "①②③ ½ ㌔ ™", "ＦＵＬＬ ｗｉｄｔｈ", "…", "a\u00a0b",
        "a\u3000b", "a\u2003b", "a\u2028b", "a\u0085b", "a\u000bb", "a\u000cb", "a\u200bb", "a\ufeffb", "a\u00adb",
        "a\u200db", "\u2581a", "a \u2581 b", "a\r\nb", "a\x00b", "a\x01\x02b", "\x1b[31mred\x1b[0m", "\x7f", "👍🏽",
        "👨‍👩‍👧‍👦 family", "🇩🇪🇫🇷", "❤️", "🐈" * 20, "ﷺ", "Ǆ ǆ", "İstanbul", "ß ẞ", "Å Å", "한국어", "각", "हिन्दी",
        "ภาษาไทย", "𝒜𝓫𝔠", "\U0010ffff", "\ue000", "\ufffd", "a" * 3000, "ab " * 800, " ".join(SENTENCES),
        "".join(SENTENCES), "unknownword anotherunknown", "circle, square. star! red? cat's",
    ]
    vocabulary = [word for sentence in SENTENCES for word in sentence.split()] + WORDS * 3
    rare = fixed[14:60]
    gaps = [" "] * 12 + ["  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u2009", "", "", "-", ", ", ". "]
    made = []
    for _ in range(260):
        text = random.choice(["", "", "", " ", "\n"])
        for _ in range(random.randint(1, 24)):
            text += random.choice(vocabulary if random.random() < 0.92 else rare) + random.choice(gaps)
        made.append(text if random.random() < 0.5 else text.strip())
    for sentence in SENTENCES:
        made += [sentence, sentence.upper(), sentence.lower(), sentence[::-1], sentence.replace(" ", "  ")]
        cut = random.randint(1, len(sentence) - 1)
        made += [sentence[:cut], sentence[cut:], sentence[:cut] + random.choice(rare) + sentence[cut:]]
    for _ in range(80):
        made.append("".join(chr(random.choice([random.randint(0x20, 0x7E), random.randint(0xA0, 0x24F),
                                               random.randint(0x370, 0x58F), random.randint(0x3041, 0x30FF),
                                               random.randint(0x4E00, 0x9FFF), random.randint(0x1F300, 0x1F6FF)]))
                            for _ in range(random.randint(1, 40))))
    return list(dict.fromkeys(fixed + made))


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    texts = prompts()
    result = {
        "versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__,
                     "sentencepiece": sentencepiece.__version__},
        "prompts": texts, "cases": [], "composed": COMPOSED,
    }
    with tempfile.TemporaryDirectory() as temporary:
        temporary = Path(temporary)
        for model, data in (("nmt", train(temporary)), ("words", words())):
            (FIXTURES / f"{model}.model").write_bytes(data)
            count = sentencepiece.SentencePieceProcessor(model_proto=data).get_piece_size()
            if model == "nmt":
                processor = sentencepiece.SentencePieceProcessor(model_proto=data)
                result["composed_ids"] = [" ".join(map(str, processor.encode(text) + [1])) for text in COMPOSED]
            for name in CONFIGURATIONS:
                folder = temporary / model / name
                folder.mkdir(parents=True)
                (folder / "spiece.model").write_bytes(data)
                settings = configuration(name, count)
                (folder / "tokenizer_config.json").write_text(json.dumps(settings))
                tokenizer = T5Tokenizer.from_pretrained(folder, local_files_only=True)
                ids = [tokenizer(text).input_ids for text in texts]
                saved = folder / "saved"
                tokenizer.save_pretrained(saved)
                again = T5Tokenizer.from_pretrained(saved, local_files_only=True)
                assert ids == [again(text).input_ids for text in texts]
                if name == "plain":
                    shutil.copy(saved / "tokenizer.json", FIXTURES / f"{model}.tokenizer.json")
                written = json.loads((saved / "tokenizer.json").read_text())
                result["cases"].append({
                    "model": model, "settings": settings, "added_tokens": written["added_tokens"],
                    "vocabulary_tail": written["model"]["vocab"][count:],
                    "ids": [" ".join(map(str, row)) for row in ids],
                })
    text = json.dumps(result, ensure_ascii=True, separators=(",", ":")).replace('","', '",\n"')
    (FIXTURES / "prompts.json").write_text(text + "\n")
    print(len(texts), "prompts")


if __name__ == "__main__":
    main()
