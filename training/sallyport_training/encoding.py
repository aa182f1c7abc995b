"""Token ids of examples, cropped to a window, and batches of similar length."""
import random
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .rows import Example

CONTEXT_TOKENS = 96  # the last tokens of the user turn that stand before a response
CLS, SEP = 101, 102


@dataclass
class Encoded:
    ids: list[int]
    types: list[int]
    targets: dict[str, float]
    weight: float


def load_tokenizer(base: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(base / 'tokenizer.json'))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def plain_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return tokenizer.encode(text, add_special_tokens=False).ids


def with_specials(text: list[int], context: list[int] | None) -> tuple[list[int], list[int]]:
    """([CLS] text [SEP]) or ([CLS] context [SEP] text [SEP]) with segment ids."""
    if context is None:
        ids = [CLS, *text, SEP]
        return ids, [0] * len(ids)
    head = [CLS, *context[-CONTEXT_TOKENS:], SEP]
    return [*head, *text, SEP], [0] * len(head) + [1] * (len(text) + 1)


def crop(tokenizer: Tokenizer, example: Example, room: int, rng: random.Random) -> list[int]:
    """At most `room` tokens of the text: at a random place, but around `keep` where an attack must stay visible."""
    if example.keep and len(example.text) > room * 3:
        at = example.text.find(example.keep)
        before = rng.randint(0, max(0, room * 3 - len(example.keep)))
        text = example.text[max(0, at - before): max(0, at - before) + room * 6]
        return plain_ids(tokenizer, text)[:room]
    ids = plain_ids(tokenizer, example.text[: room * 40])
    start = 0 if len(ids) <= room or rng.random() < 0.5 else rng.randint(0, len(ids) - room)
    return ids[start: start + room]


def encode(tokenizer: Tokenizer, examples: list[Example], max_tokens: int, seed: int) -> list[Encoded]:
    rng = random.Random(seed)
    encoded = []
    for example in examples:
        context = None if example.context is None else plain_ids(tokenizer, example.context)[-CONTEXT_TOKENS:]
        if context is not None:
            context = context[-max_tokens // 3:]
        room = max_tokens - 2 - (0 if context is None else len(context) + 1)
        ids, types = with_specials(crop(tokenizer, example, room, rng), context)
        encoded.append(Encoded(ids, types, example.targets, example.weight))
    return encoded


def batches(rows: list[Encoded], tokens_per_batch: int, seed: int) -> list[list[Encoded]]:
    """Batches of rows of similar length, in random order: padding would cost more than the rows themselves."""
    rng = random.Random(seed)
    ordered = sorted(rows, key=lambda row: len(row.ids) + rng.random() * 8)
    result, batch = [], []
    for row in ordered:
        if batch and (len(batch) + 1) * len(row.ids) > tokens_per_batch:
            result.append(batch)
            batch = []
        batch.append(row)
    result.append(batch)
    rng.shuffle(result)
    return result


def tensors(rows: list[Encoded], labels: list[str]) -> dict[str, torch.Tensor]:
    """Padded inputs [rows, tokens]; targets and their mask [rows, labels] (mask 0: label unknown)."""
    width = max(len(row.ids) for row in rows)
    pad = lambda values, fill: torch.tensor([v + [fill] * (width - len(v)) for v in values])
    return {
        'input_ids': pad([row.ids for row in rows], 0),
        'token_type_ids': pad([row.types for row in rows], 0),
        'attention_mask': pad([[1] * len(row.ids) for row in rows], 0),
        'targets': torch.tensor([[row.targets.get(label, 0.0) for label in labels] for row in rows]),
        'mask': torch.tensor([[float(label in row.targets) * row.weight for label in labels] for row in rows]),
    }
