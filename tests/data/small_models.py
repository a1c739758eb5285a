#!/usr/bin/env python3
"""Makes small models from the first layers and the first 512 tokens of trained ones: tests/data/small_models.py ../shared LIBLLAMA OUTPUT

LIBLLAMA is the folder that tests/peer/fetch.sh prints. OUTPUT gets NAME.gguf and, for ternary weights, NAME.logits, which llama.cpp
computes in float32: on one thread, without flash attention, with float32 keys and values.
"""
import array
import math
import pathlib
import struct
import sys

from gguf import F16, Gguf
from llama import Peer, error, write_logits

# How many layers are kept.
TRAINED = {"tiny-bitnet-TQ1_0": 2, "tiny-novel-F16": 1, "tiny-novel-Q4_K_M": 2, "tiny-novel-IQ1_S": 1}
TOKENS = 512


def half(bits):
    return struct.unpack("<e", struct.pack("<H", bits))[0]


def round_weights(model):
    """Rounds F16 weights to multiples of a power of two near their standard deviation, at most seven: the low byte of each is zero."""
    for tensor in model.tensors:
        if tensor[2] != F16:
            continue
        weights = array.array("H", tensor[3])
        values = {bits: half(bits) for bits in set(weights)}
        deviation = math.sqrt(sum(values[bits] ** 2 for bits in weights) / len(weights))
        step = 2.0 ** round(math.log2(deviation))
        levels = {bits: struct.unpack("<H", struct.pack("<e", step * max(-7, min(7, round(value / step)))))[0] & 0xFFFF
                  for bits, value in values.items()}
        # A negative zero is a level of its own that no rounding needs.
        levels = {bits: 0 if level == 0x8000 else level for bits, level in levels.items()}
        assert all(level & 0xFF == 0 for level in levels.values()), tensor[0]
        tensor[3] = array.array("H", (levels[bits] for bits in weights)).tobytes()


def cut(model, layers):
    """Keeps the first layers and the first tokens of a model whose vocabulary is 256 bytes, one special token and then merges."""
    architecture = model.get("general.architecture").decode()
    model.replace(f"{architecture}.block_count", lambda _: layers)
    model.replace(f"{architecture}.vocab_size", lambda _: TOKENS)
    for key in ("tokens", "token_type"):
        model.replace(f"tokenizer.ggml.{key}", lambda value: (value[0], value[1][:TOKENS]))
    model.replace("tokenizer.ggml.merges", lambda value: (value[0], value[1][:TOKENS - 257]))
    kept = []
    for name, dimensions, kind, data in model.tensors:
        if name.startswith("blk.") and int(name.split(".")[1]) >= layers:
            continue
        if name == "token_embd.weight":
            row = len(data) // dimensions[1]
            dimensions, data = [dimensions[0], TOKENS], data[:row * TOKENS]
        kept.append([name, dimensions, kind, data])
    model.tensors = kept


def main():
    shared, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3])
    peer = Peer(pathlib.Path(sys.argv[2]))
    output.mkdir(parents=True, exist_ok=True)
    for name, layers in TRAINED.items():
        model = Gguf(shared / "models" / f"{name}.gguf")
        cut(model, layers)
        if name.endswith("F16"):
            round_weights(model)
        target = output / f"{name}.gguf"
        model.write(target)
        if name.startswith("tiny-bitnet"):
            expanded = output / "expanded.gguf"
            peer.expand(target, expanded)
            ids = [(37 * i + 5) % TOKENS for i in range(48)]
            logits = peer.logits(expanded, ids, TOKENS)
            expanded.unlink()
            write_logits(target.with_suffix(".logits"), ids, TOKENS, logits)
            print(f"{name}: quantized {error(logits, peer.logits(target, ids, TOKENS)):.1e} from its expansion")


main()
