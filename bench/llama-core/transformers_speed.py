"""Prefill and decode of transformers (PyTorch, float32) for a Llama of a given shape, in tokens a second, as one JSON line.

The weights are random: the time of a float32 product does not depend on them. Usage: transformers_speed.py '<shape as JSON>' '<sizes as JSON>'
"""
import json
import statistics
import sys
import time
import warnings

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM

# Older releases know the cache by its older name only.
warnings.filterwarnings("ignore", category=FutureWarning)
transformers.logging.set_verbosity_error()
shape, sizes = json.loads(sys.argv[1]), json.loads(sys.argv[2])
torch.set_num_threads(sizes["threads"])
torch.manual_seed(0)
model = LlamaForCausalLM(LlamaConfig(**shape)).eval()


@torch.inference_mode()
def prefill(ids):
    return model(ids, use_cache=True, logits_to_keep=1)


def prompt(rows, length):
    return torch.randint(10, shape["vocab_size"], (rows, length))


@torch.inference_mode()
def decode_rate(rows):
    out = prefill(prompt(rows, 32))
    started = time.perf_counter()
    for _ in range(sizes["decode"]):
        out = model(out.logits[:, -1].argmax(-1, keepdim=True), past_key_values=out.past_key_values, use_cache=True)
    return rows * sizes["decode"] / (time.perf_counter() - started)


def prefill_rate():
    started = time.perf_counter()
    prefill(prompt(1, sizes["prefill"]))
    return sizes["prefill"] / (time.perf_counter() - started)


def median_of(measure):
    measure()
    return statistics.median(measure() for _ in range(sizes["rounds"]))


print(json.dumps({
    "versions": f"transformers {transformers.__version__}, torch {torch.__version__}",
    "decode": median_of(lambda: decode_rate(1)),
    "decode8": median_of(lambda: decode_rate(sizes["sequences"])),
    "prefill": median_of(prefill_rate),
}))
