"""Long texts as the run-time reads them: windows with overlap, the highest logit of each label."""
import torch
from tokenizers import Tokenizer

from .encoding import CONTEXT_TOKENS, Encoded, plain_ids, with_specials
from .fit import logits_of
from .rows import Example

WINDOW_TOKENS = 254
OVERLAP_TOKENS = 64


def window_starts(count: int) -> list[int]:
    """First token of each window; the last window ends at the last token."""
    starts = [0]
    while starts[-1] + WINDOW_TOKENS < count:
        starts.append(starts[-1] + WINDOW_TOKENS - OVERLAP_TOKENS)
    return starts


def windows_of(tokenizer: Tokenizer, example: Example) -> list[Encoded]:
    ids = plain_ids(tokenizer, example.text)
    context = None if example.context is None else plain_ids(tokenizer, example.context)[-CONTEXT_TOKENS:]
    return [Encoded(*with_specials(ids[s: s + WINDOW_TOKENS], context), {}, 1.0) for s in window_starts(len(ids))]


def score(model, tokenizer: Tokenizer, examples: list[Example]) -> torch.Tensor:
    """Logits [examples, labels]: per label the maximum over the windows."""
    per_example = [windows_of(tokenizer, example) for example in examples]
    flat = logits_of(model, [window for windows in per_example for window in windows])
    return torch.stack([part.amax(0) for part in torch.split(flat, [len(windows) for windows in per_example])])
