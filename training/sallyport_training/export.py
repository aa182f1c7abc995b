"""Int8 weights with one scale per row in ordinary safetensors, and back. Word embeddings are not trained, so the models share theirs: one file beside their folders."""
import hashlib
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from .model import MeanPoolClassifier
from .tasks import Task

SHARED = Path('..') / 'embeddings' / 'word-embeddings.safetensors'  # as seen from a model's folder
OWN, INDEX = 'encoder.safetensors', 'model.safetensors.index.json'
WORDS = 'bert.embeddings.word_embeddings.weight'
TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json']


def quantize_rows(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(int8 [rows, columns], float32 scales [rows]) with weight = int8 * scale; symmetric, -127..127."""
    scale = weight.abs().amax(1).clamp_min(1e-12) / 127
    return (weight / scale[:, None]).round().clamp(-127, 127).to(torch.int8), scale.float()


def write_weights(tensors: dict[str, torch.Tensor], out: Path) -> None:
    """The model's own tensors, the shared embeddings if they are not there yet, and the index that names both. Raises ValueError where other embeddings lie there."""
    words = {name: tensor for name, tensor in tensors.items() if name.startswith(WORDS)}
    own = {name: tensor for name, tensor in tensors.items() if name not in words}
    shared = out / SHARED
    if not shared.exists():
        shared.parent.mkdir(parents=True, exist_ok=True)
        save_file(words, shared, metadata={'format': 'pt'})
        write_checksums(shared.parent)
    elif any(not torch.equal(tensor, words[name]) for name, tensor in load_file(shared).items()):
        raise ValueError(f'{shared}: other word embeddings than those of this base; remove the file if no model needs it')
    save_file(own, out / OWN, metadata={'format': 'pt'})
    (out / 'model.safetensors').unlink(missing_ok=True)
    weight_map = {name: OWN if name in own else SHARED.as_posix() for name in sorted(tensors)}
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    (out / INDEX).write_text(json.dumps({'metadata': {'total_size': total}, 'weight_map': weight_map}, indent=1) + '\n')


def read_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Every tensor that a model folder names."""
    if (folder / 'model.safetensors').exists():
        return load_file(folder / 'model.safetensors')
    files = sorted(set(json.loads((folder / INDEX).read_text())['weight_map'].values()))
    return {name: tensor for file in files for name, tensor in load_file(folder / file).items()}


def export_int8(model: MeanPoolClassifier, base: Path, task: Task, outlying: list[int], out: Path) -> None:
    """Writes the weights, config.json with the outlying channels, and the tokenizer files."""
    out.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, tensor in model.state_dict().items():
        if tensor.ndim == 2 and not name.startswith('classifier'):
            tensors[name], tensors[f'{name}_scale'] = quantize_rows(tensor)
        elif tensor.dtype == torch.float32:
            tensors[name] = tensor.contiguous()
    write_weights(tensors, out)
    config = json.loads((base / 'config.json').read_text())
    config = {k: v for k, v in config.items() if k not in ('_name_or_path', 'transformers_version')}
    config |= {
        'architectures': ['BertForSequenceClassification'], 'classifier_pooling': 'mean', 'problem_type': 'multi_label_classification',
        'id2label': {str(i): label for i, label in enumerate(task.labels)}, 'label2id': {label: i for i, label in enumerate(task.labels)},
        **({'label_unions': {task.main_label: task.union}} if task.union else {}),
        'outlying_channels': outlying,
        'quantization_config': {'quant_method': 'int8-per-row', 'symmetric': True},
    }
    (out / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
    for name in TOKENIZER_FILES:
        shutil.copyfile(base / name, out / name)


def load_int8(folder: Path, base: Path, task: Task) -> MeanPoolClassifier:
    """The exported model with its weights multiplied out to float32."""
    model = task.new_model(base)
    tensors = read_weights(folder)
    state = {name: tensors[name].float() * tensors[f'{name}_scale'][:, None] if f'{name}_scale' in tensors else tensors[name]
             for name in tensors if not name.endswith('_scale')}
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or [m for m in missing if 'position_ids' not in m]:
        raise ValueError(f'{folder}: missing {missing}, unexpected {unexpected}')
    return model.eval()


def write_checksums(folder: Path) -> None:
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.name != 'SHA256SUMS')
    (folder / 'SHA256SUMS').write_text(''.join(f'{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n' for n in names))
