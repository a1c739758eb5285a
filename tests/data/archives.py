#!/usr/bin/env python3
"""Makes the archives of this folder: tests/data/archives.py ../shared SMALL_MODELS RANDOM_MODELS RANDOM_ENCODERS

The folders are those that small_models.py, random_models.py and random_encoders.py have written. The same files give the same archives.
"""
import pathlib
import sys
import zipfile

VOCABULARIES = ["bert-bge", "gpt-2", "llama-spm", "phi-3", "qwen2"]


def pack(name, files):
    target = pathlib.Path(__file__).parent / name
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files, key=lambda path: (path.name != "manifest.json", path.name)):
            # A fixed time and mode make the archive depend on the files alone.
            entry = zipfile.ZipInfo(path.name, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    print(f"{target}: {target.stat().st_size} bytes")


shared, small, random, encoders = map(pathlib.Path, sys.argv[1:])
conformance = shared / "conformance"
quantization = conformance / "quantization"
pack("conformance/quantization.zip", [quantization / "manifest.json", *quantization.glob("*.q"), *quantization.glob("*.f32")])
pack("conformance/malformed-gguf.zip", (conformance / "malformed-gguf").iterdir())
pack("conformance/chat-templates.zip", (conformance / "chat-templates").iterdir())
pack("conformance/split.zip", (conformance / "split").iterdir())
pack("conformance/tokenizers.zip", [conformance / "tokenizers" / (name + kind) for name in VOCABULARIES for kind in (".gguf", ".json")])
pack("models.zip", [shared / "models" / f"{name}.golden.json" for name in ("SmolLM2-135M-Instruct-Q4_1", "stories260K")])
pack("small-models.zip", [path for path in small.iterdir() if path.suffix in (".gguf", ".logits")])
pack("conformance/random-models.zip", [path for path in random.iterdir() if path.suffix in (".head", ".logits")])
pack("conformance/random-encoders.zip", encoders.iterdir())
