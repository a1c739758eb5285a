#!/usr/bin/env python3
"""Makes the heads of random models and their reference logits: tests/data/random_models.py MODELS LIBLLAMA OUTPUT

MODELS is a folder of GGUF files, one for each family, as llama.cpp's own architecture test writes them (test-llama-archs --out MODELS).
LIBLLAMA is the folder that tests/peer/fetch.sh prints. OUTPUT gets for each model
  - NAME.head: the file up to its weights, then the length of the whole file as int64;
  - NAME.logits: what llama.cpp computes in float32 on one thread, without flash attention, with float32 keys and values.
The weights follow from the names of the tensors (see fill), so that nobody needs to store them.
tests/EdgeRuntime.Tests/Support/RandomModels.cs makes the same.
"""
import array
import pathlib
import struct
import sys
import tempfile

from gguf import F16, F32, Gguf
from llama import Peer, write_logits

# A prime, so that the rows of no matrix are the same.
PERIOD = 1_048_573
# More positions than the window of any of these models.
TOKENS = 40
# llama.cpp's test runs the encoder of these before the decoder.
ENCODED = ("t5", "dream", "llada", "llada-moe", "rnd1")
MASK = (1 << 64) - 1


def mixed(index):
    """SplitMix64 (Steele, Lea, Flood 2014): the value of a counter."""
    z = (index + 1) * 0x9E3779B97F4A7C15 & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def hashed(name):
    """FNV-1a, 64 bits."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    return value


def make_values():
    """Multiples of 2^-13 up to 0.17, without 0: F16 holds them exactly, and their deviation is 0.1."""
    numerators = (mixed(index) % 2839 - 1419 for index in range(PERIOD))
    return array.array("f", ((numerator or 1) / 8192 for numerator in numerators))


def halves(values):
    codes = {value: struct.unpack("<H", struct.pack("<e", value))[0] for value in set(values)}
    return array.array("H", (codes[value] for value in values))


def fill(name, count, kind, values, half_values):
    """The weights of a tensor: the values from a place that its name tells. State decays, so A is negative; rope factors are above 1."""
    place = hashed(name) % PERIOD
    table = half_values if kind == F16 else values
    items = table[place:] + table * (count // PERIOD + 1)
    items = items[:count]
    if "ssm_a" in name or name.startswith("rope_f"):
        assert kind == F32, name
        items = array.array("f", (1 + abs(item) if name.startswith("rope_f") else -abs(item) for item in items))
    return items.tobytes()


def main():
    models, peer, output = pathlib.Path(sys.argv[1]), Peer(pathlib.Path(sys.argv[2])), pathlib.Path(sys.argv[3])
    output.mkdir(parents=True, exist_ok=True)
    values = make_values()
    half_values = halves(values)
    for source in sorted(models.glob("*.gguf")):
        model = Gguf(source)
        vocabulary = next(dimensions[1] for name, dimensions, _, _ in model.tensors if name == "token_embd.weight")
        for tensor in model.tensors:
            name, _, kind, data = tensor
            assert kind in (F16, F32), (source, name, kind)
            tensor[3] = fill(name, len(data) // (2 if kind == F16 else 4), kind, values, half_values)
        ids = [(37 * index + 5) % vocabulary for index in range(TOKENS)]
        with tempfile.TemporaryDirectory() as folder:
            target = pathlib.Path(folder) / source.name
            model.write(target)
            (output / f"{source.stem}.head").write_bytes(model.head() + struct.pack("<q", target.stat().st_size))
            family = model.get("general.architecture").decode()
            logits = peer.logits(target, ids, vocabulary, encodes=family in ENCODED)
        write_logits(output / f"{source.stem}.logits", ids, vocabulary, logits)
        print(source.stem)


if __name__ == "__main__":
    main()
