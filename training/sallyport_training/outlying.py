"""Channels of the hidden states that are far larger than the rest in some rows, those of [CLS] and [SEP] above all: the run-time reads them in shares, so that 8 bits are enough for the others (docs/adr/0013)."""
import torch
from tokenizers import Tokenizer

from .fit import logits_of
from .model import MeanPoolClassifier
from .rows import Example
from .windows import windows_of

CHANNELS, SAMPLE = 4, 256  # with four, values of attention in 8 bits err hardly more than in float32; six do no better
ORDINARY = 12  # the largest so many of a row but for the last may be outlying


def outlying_channels(model: MeanPoolClassifier, tokenizer: Tokenizer, examples: list[Example]) -> list[int]:
    """The channels that stand out most, squares added up over the rows of what every layer reads; in order of their number."""
    excess = torch.zeros(model.bert.config.hidden_size)

    def note(_layer, inputs):
        nonlocal excess
        sizes = inputs[0].detach().float().abs().flatten(0, 1)
        ordinary = sizes.topk(ORDINARY).values[:, -1:]
        excess += (sizes - ordinary).clamp_min(0).square().sum(0)

    hooks = [layer.register_forward_pre_hook(note) for layer in model.bert.encoder.layer]
    try:
        for example in examples[::max(1, len(examples) // SAMPLE)]:
            for window in windows_of(tokenizer, example):
                logits_of(model, [window])  # alone: rows of padding are not to be counted
    finally:
        for hook in hooks:
            hook.remove()
    return sorted(excess.topk(CHANNELS).indices.tolist())
