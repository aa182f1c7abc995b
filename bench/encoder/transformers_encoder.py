"""The guard's int8 weights, multiplied out to float32, in PyTorch.

transformers_encoder.py export MODEL OUT          lays a folder for transformers.js: onnx/model.onnx (float32) and onnx/model_quantized.onnx (int8), and the float32 base that `serve` opens
transformers_encoder.py serve MODEL OUT THREADS   answers requests, one JSON object a line: {"variant", "texts", "calls"} → {"ms", "scores"}
"""
import copy
import json
import logging
import shutil
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))
warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import torch
import transformers
from sallyport_training.export import load_int8
from sallyport_training.tasks import TASKS
from transformers import AutoTokenizer, BertConfig, BertModel

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
INPUTS = ("input_ids", "token_type_ids", "attention_mask")


def config_of(folder: Path) -> dict:
    """Without the quantization, which is llama-core's own."""
    return {key: value for key, value in json.loads((folder / "config.json").read_text()).items() if key != "quantization_config"}


def load(folder: Path, out: Path):
    labels = list(config_of(folder)["id2label"].values())
    return load_int8(folder, out / "base", next(task for task in TASKS.values() if task.labels == labels))


def lay_folder(folder: Path, out: Path) -> None:
    """`load_int8` takes the shape from a base whose weights it then replaces, so random ones do."""
    (out / "onnx").mkdir(parents=True)
    (out / "config.json").write_text(json.dumps(config_of(folder)))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(folder / name, out / name)
    BertModel(BertConfig(**config_of(folder)), add_pooling_layer=False).save_pretrained(out / "base")


def export(folder: Path, out: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic
    lay_folder(folder, out)
    plain, quantized = out / "onnx" / "model.onnx", out / "onnx" / "model_quantized.onnx"
    sample = {name: torch.ones(2, 9, dtype=torch.long) for name in INPUTS}
    axes = {name: {0: "rows", 1: "tokens"} for name in INPUTS} | {"logits": {0: "rows"}}
    torch.onnx.export(load(folder, out), tuple(sample.values()), plain, input_names=list(INPUTS), output_names=["logits"], dynamic_axes=axes, dynamo=False)
    quantize_dynamic(plain, quantized, weight_type=QuantType.QInt8)


def quantized(model):
    """PyTorch's dynamic int8. The last layer stays: the classifier asks for its weight's type, which a quantized one does not tell."""
    model = copy.deepcopy(model)
    model.bert = torch.ao.quantization.quantize_dynamic(model.bert, {torch.nn.Linear}, dtype=torch.qint8)
    return model


def serve(folder: Path, out: Path, threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    model, tokenizer = load(folder, out), AutoTokenizer.from_pretrained(out)
    variants = {"float32": model, "int8": quantized(model)}

    @torch.inference_mode()
    def answer(variant, texts, calls):
        times = []
        for _ in range(calls):
            started = time.perf_counter()
            rows = tokenizer(texts, padding=True, return_tensors="pt")
            scores = torch.sigmoid(variants[variant](**{name: rows[name] for name in INPUTS})).tolist()
            times.append((time.perf_counter() - started) * 1000)
        return {"ms": times, "scores": scores}

    print(json.dumps({"versions": f"transformers {transformers.__version__}, PyTorch {torch.__version__}"}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


command, model_folder, out_folder, *rest = sys.argv[1:]
if command == "export":
    export(Path(model_folder), Path(out_folder))
else:
    serve(Path(model_folder), Path(out_folder), int(rest[0]))
