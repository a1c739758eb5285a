#!/usr/bin/env python3
"""files.py [TYPE...]: makes tiny-novel with 'edgert quantize', with an importance matrix, loads each file in llama.cpp, and compares the
logits of both runtimes. Prints the normalized mean squared error of each type; fails above 0.002, which rounding activations explains.
EDGERT names another command than the one that ./build.sh build makes, EDGERUNTIME_SHARED another folder than ../shared."""
import os
import pathlib
import subprocess
import sys
import tempfile

repository = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(repository / "tests" / "data"))
from llama import Peer, error, read_logits  # noqa: E402 (the path is set above)

TYPES = ["F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_1", "Q5_0", "Q4_K_M", "Q4_1", "Q4_0", "IQ4_NL", "IQ4_XS", "Q3_K_M", "IQ3_M",
         "IQ3_XXS", "Q2_K", "IQ2_M", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S", "TQ2_0", "TQ1_0", "Q2_0", "Q1_0"]
IDS = list(range(1000, 1064))
BOUND = 0.002

edgert = os.environ.get("EDGERT", str(repository / "artifacts" / "edgert" / "edgert"))
models = pathlib.Path(os.environ.get("EDGERUNTIME_SHARED", repository.parent / "shared")) / "models"
library = subprocess.run([str(repository / "tests" / "peer" / "fetch.sh")], check=True, capture_output=True, text=True).stdout.strip()
peer = Peer(pathlib.Path(library))
failed = False
with tempfile.TemporaryDirectory() as folder:
    model, logits = pathlib.Path(folder, "model.gguf"), pathlib.Path(folder, "model.logits")
    for name in sys.argv[1:] or TYPES:
        subprocess.run([edgert, "quantize", models / "tiny-novel-F16.gguf", model, name, "--force",
                        "--imatrix", models / "tiny-novel.imatrix.gguf"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([edgert, "logits", model, "--ids", ",".join(map(str, IDS)), "-o", logits], check=True, stdout=subprocess.DEVNULL)
        _, vocabulary, ours = read_logits(logits)
        difference = error(peer.logits(model, IDS, vocabulary), ours)
        failed |= not difference <= BOUND
        print(f"{name:8} {difference:.2e}{'' if difference <= BOUND else ': MISSED'}")
sys.exit(failed)
