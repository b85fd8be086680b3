"""Token ids and the text encoder's states."""

import json

import sentencepiece
import torch

from .models import load_text_encoder, load_tokenizer, pipelines
from .store import error

PROMPTS = (
    "a red circle moving up on a gray background.",
    "",
    "Two  white dogs\tbouncing\non the floor,   near the window ",
    "Ａ ｂｌｕｅ ﬁsh… in Zu\u0308rich \u200b 日本 <extra_id_3> cafe\u0301</s> end",
    "a small green star drifting over the sea in the rain under a dark sky near the window at sunset, in soft light, "
    "an old ship growing slowly",
)


def write(store):
    for variant in pipelines():
        tokenizer, length = load_tokenizer(store, variant), variant.text_length
        padded = tokenizer(list(PROMPTS), padding="max_length", max_length=length, truncation=True,
                           add_special_tokens=True, return_tensors="pt").input_ids
        tensors = {"ids": padded}
        for index, prompt in enumerate(PROMPTS):
            tensors[f"ids_unpadded/{index}"] = torch.tensor(tokenizer(prompt).input_ids)
        states = load_text_encoder(store, variant)(padded)[0]
        assert states.abs().mean() > 0.1
        tensors["states"] = states[:3]
        rough = load_text_encoder(store, variant, torch.bfloat16)(padded)[0]
        tensors["states_bfloat16_error"] = error(rough[:3], states[:3])
        store.save(f"{variant.name}/text", tensors, prompts=json.dumps(PROMPTS), max_length=length)
    check_sentencepiece(store)


def check_sentencepiece(store):
    """The reference of the ids is transformers; say where plain sentencepiece would differ."""
    variant = pipelines()[0]
    model = sentencepiece.SentencePieceProcessor(
        model_file=str(store.model(variant.name) / "tokenizer" / "spiece.model"))
    for prompt in PROMPTS:
        plain, reference = model.encode(prompt) + [1], load_tokenizer(store, variant)(prompt).input_ids
        if plain != reference:
            print(f"  transformers and sentencepiece differ on {prompt!r}:\n    {reference}\n    {plain}")
