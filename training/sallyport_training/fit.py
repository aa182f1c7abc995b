"""Fine-tuning and scoring."""
import time
from typing import Callable

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from .encoding import Encoded, batches, tensors
from .model import MeanPoolClassifier

TOKENS_PER_BATCH = 2560
LEARNING_RATE = 1e-4
WARM_UP = 0.06
FAST_BFLOAT16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # elsewhere it is emulated: 75 times slower than float32


def train(model: MeanPoolClassifier, rows: list[Encoded], labels: list[str], epochs: int, seed: int, rate: float = LEARNING_RATE, watch: Callable | None = None, points: int = 8) -> None:
    """Masked binary cross-entropy, AdamW, linear warm-up and decay. Word embeddings stay as they are: most are rarely seen and would only be disturbed. `watch(model, step, running loss)` is called `points` times."""
    torch.manual_seed(seed)
    model.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    plan = [batch for epoch in range(epochs) for batch in batches(rows, TOKENS_PER_BATCH, seed + epoch)]
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: min((i + 1) / (WARM_UP * len(plan)), max(0.0, (len(plan) - i) / ((1 - WARM_UP) * len(plan)))))
    started, running = time.time(), None
    watched = {round(len(plan) * (k + 1) / points) for k in range(points)}
    model.train()
    for i, batch in enumerate(plan):
        loss = step(model, batch, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        running = loss.item() if running is None else 0.99 * running + 0.01 * loss.item()
        if i % 10 == 0 or i + 1 == len(plan):
            spent = time.time() - started
            print(f'step {i + 1}/{len(plan)} loss {running:.4f} {spent:.0f} s, {spent / (i + 1) * (len(plan) - i - 1):.0f} s left', flush=True)
        if watch and i + 1 in watched:
            watch(model, i + 1, running)


def step(model: MeanPoolClassifier, batch: list[Encoded], labels: list[str]) -> torch.Tensor:
    t = tensors(batch, labels)
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=FAST_BFLOAT16):
        logits = model(t['input_ids'], t['token_type_ids'], t['attention_mask'])
    loss = binary_cross_entropy_with_logits(logits.float(), t['targets'], reduction='none')
    return (loss * t['mask']).sum() / t['mask'].sum()


@torch.no_grad()
def logits_of(model: MeanPoolClassifier, rows: list[Encoded], read: Callable | None = None) -> torch.Tensor:
    """Logits [rows, labels] in the order of `rows`, float32; `read`: what is called instead of the model."""
    model.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    out: list[torch.Tensor | None] = [None] * len(rows)
    for start in range(0, len(order), 32):
        chunk = order[start: start + 32]
        t = tensors([rows[i] for i in chunk], [])
        for i, values in zip(chunk, (read or model)(t['input_ids'], t['token_type_ids'], t['attention_mask']).float()):
            out[i] = values
    return torch.stack(out)
