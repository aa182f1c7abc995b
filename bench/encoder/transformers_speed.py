"""The guard's weights (int8 with a scale per row, multiplied out to float32) in transformers: exported to ONNX for transformers.js, or timed in PyTorch on one thread.

Usage: transformers_speed.py export MODEL_FOLDER OUT  |  transformers_speed.py speed MODEL_FOLDER '{"texts": [...], "rounds": 7}'
"""
import json
import shutil
import statistics
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, BertConfig, BertModel


class MeanPooled(torch.nn.Module):
    def __init__(self, folder: Path):
        super().__init__()
        config = BertConfig(**json.loads((folder / "config.json").read_text()))
        self.bert = BertModel(config, add_pooling_layer=False)
        files = set(json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"].values())
        stored = {name: tensor for file in files for name, tensor in load_file(folder / file).items()}
        state = {name: t.float() * stored[f"{name}_scale"][:, None] if f"{name}_scale" in stored else t for name, t in stored.items() if not name.endswith("_scale")}
        self.classifier = torch.nn.Linear(config.hidden_size, len(config.id2label))
        missing, unexpected = self.load_state_dict(state, strict=False)
        assert not unexpected and not [name for name in missing if "position_ids" not in name], (missing, unexpected)

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return self.classifier((hidden * mask).sum(1) / mask.sum(1))


def export(folder: Path, out: Path) -> None:
    (out / "onnx").mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(folder / name, out / name)
    sample = {name: torch.ones(2, 9, dtype=torch.long) for name in ("input_ids", "attention_mask", "token_type_ids")}
    axes = {name: {0: "rows", 1: "tokens"} for name in sample} | {"logits": {0: "rows"}}
    torch.onnx.export(MeanPooled(folder).eval(), tuple(sample.values()), out / "onnx" / "model.onnx", input_names=list(sample), output_names=["logits"], dynamic_axes=axes, dynamo=False)


@torch.inference_mode()
def speed(folder: Path, texts: list[str], rounds: int) -> dict:
    torch.set_num_threads(1)
    model, tokenizer = MeanPooled(folder).eval(), AutoTokenizer.from_pretrained(folder)

    def timed(rows):
        started = time.perf_counter()
        torch.sigmoid(model(**tokenizer(rows, padding=True, return_tensors="pt"))).tolist()
        return (time.perf_counter() - started) * 1000

    timed(texts)
    single, batch = [], []
    for _ in range(rounds):
        single += [timed([text]) for text in texts]
        batch.append(timed(texts))
    return {f"transformers (PyTorch {torch.__version__}), float32": {"single": statistics.median(single), "batch": statistics.median(batch)}}


if sys.argv[1] == "export":
    export(Path(sys.argv[2]), Path(sys.argv[3]))
else:
    print(json.dumps(speed(Path(sys.argv[2]), **json.loads(sys.argv[3]))))
