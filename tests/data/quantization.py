#!/usr/bin/env python3
"""Makes quantization.zip from the folder of rows that ggml quantized: tests/data/quantization.py ../shared/conformance/quantization"""
import pathlib
import sys
import zipfile

source = pathlib.Path(sys.argv[1])
target = pathlib.Path(__file__).with_suffix(".zip")
names = ["manifest.json", *sorted(path.name for path in source.iterdir() if path.suffix in (".q", ".f32"))]
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for name in names:
        # A fixed time and mode: the same rows give the same file.
        entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, (source / name).read_bytes())
print(f"{target}: {len(names)} files, {target.stat().st_size} bytes")
