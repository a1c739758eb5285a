#!/usr/bin/env python3
"""Makes small models and their reference logits: tests/data/small_models.py ../shared LIBLLAMA OUTPUT

LIBLLAMA is the folder that tests/peer/fetch.sh prints. OUTPUT gets NAME.gguf and NAME.logits. The models are of two kinds:
  - the fixtures of ../shared/conformance/architectures with F16 weights rounded to few levels, so that they compress well;
  - the first layers and the first 512 tokens of trained models.
llama.cpp computes the logits in float32: on one thread, without flash attention, with float32 keys and values.
"""
import array
import ctypes
import math
import pathlib
import struct
import sys

FAMILIES = ["llama-dense", "llama-moe", "qwen2-dense", "qwen3-dense", "gemma2-dense", "gemma3-dense", "gpt2-dense", "phi2-dense",
            "falcon-dense", "granitemoe-moe", "deepseek2-moe", "lfm2-dense", "mamba2-dense"]
# Trained models: how many of their layers are kept.
TRAINED = {"tiny-bitnet-TQ1_0": 2, "tiny-novel-F16": 1, "tiny-novel-Q4_K_M": 2, "tiny-novel-IQ1_S": 1}
TOKENS = 512
F32, F16 = 0, 1
UINT32, STRING, ARRAY = 4, 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class Gguf:
    """Metadata as (key, type, value), tensors as [name, dimensions, type, bytes]; the value of an array is (type, items)."""

    def __init__(self, path):
        self.data, self.at = path.read_bytes(), 8
        tensors, keys = self.scalar("Q"), self.scalar("Q")
        self.metadata = []
        for _ in range(keys):
            key, kind = self.string().decode(), self.scalar("I")
            self.metadata.append((key, kind, self.value(kind)))
        heads = []
        for _ in range(tensors):
            name = self.string().decode()
            dimensions = [self.scalar("Q") for _ in range(self.scalar("I"))]
            heads.append((name, dimensions, self.scalar("I"), self.scalar("Q")))
        start = (self.at + 31) // 32 * 32
        ends = sorted(offset for _, _, _, offset in heads) + [len(self.data) - start]
        self.tensors = []
        for name, dimensions, kind, offset in heads:
            end = min(end for end in ends if end > offset)
            size = {F32: 4, F16: 2}.get(kind)
            length = math.prod(dimensions) * size if size else end - offset
            self.tensors.append([name, dimensions, kind, self.data[start + offset:start + offset + length]])

    def scalar(self, code):
        value, = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return value

    def string(self):
        length = self.scalar("Q")
        self.at += length
        return self.data[self.at - length:self.at]

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            item, count = self.scalar("I"), self.scalar("Q")
            return item, [self.value(item) for _ in range(count)]
        return self.scalar(SCALARS[kind])

    def replace(self, key, change):
        self.metadata = [(name, kind, change(value) if name == key else value) for name, kind, value in self.metadata]

    def get(self, key):
        return next(value for name, _, value in self.metadata if name == key)

    def write(self, path):
        out = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(self.tensors), len(self.metadata)))
        for key, kind, value in self.metadata:
            out += packed(STRING, key.encode()) + struct.pack("<I", kind) + packed(kind, value)
        offset = 0
        for name, dimensions, kind, data in self.tensors:
            out += packed(STRING, name.encode()) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, kind, offset)
            offset += padded(len(data))
        out += bytes(padded(len(out)) - len(out))
        for _, _, _, data in self.tensors:
            out += data + bytes(padded(len(data)) - len(data))
        path.write_bytes(out)


def padded(length):
    return (length + 31) // 32 * 32


def packed(kind, value):
    if kind == STRING:
        return struct.pack("<Q", len(value)) + value
    if kind == ARRAY:
        item, items = value
        return struct.pack("<IQ", item, len(items)) + b"".join(packed(item, each) for each in items)
    return struct.pack("<" + SCALARS[kind], value)


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


class Batch(ctypes.Structure):
    _fields_ = [("tokens", ctypes.c_int32), ("ids", ctypes.c_void_p), ("embeddings", ctypes.c_void_p), ("positions", ctypes.c_void_p),
                ("sequence_counts", ctypes.c_void_p), ("sequences", ctypes.c_void_p), ("outputs", ctypes.c_void_p)]


def blob(size):
    """A structure that goes by value; its fields are set by their offsets in llama.h of v0.5.0 (64-bit)."""
    return type(f"Blob{size}", (ctypes.Structure,), {"_fields_": [("bytes", ctypes.c_ubyte * size)]})


ModelParameters, ContextParameters, QuantizeParameters = blob(80), blob(160), blob(64)


class Peer:
    """llama.cpp v0.5.0."""

    def __init__(self, folder):
        ctypes.CDLL(str(next(folder.glob("libggml-base*.so*"))), ctypes.RTLD_GLOBAL)
        ggml = ctypes.CDLL(str(next(folder.glob("libggml.*so*"))), ctypes.RTLD_GLOBAL)
        ggml.ggml_backend_load_all_from_path(str(folder).encode())
        self.llama = llama = ctypes.CDLL(str(next(folder.glob("libllama.*so*"))))
        self.silence = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: None)
        llama.llama_log_set(self.silence, None)
        for name, result, arguments in [
                ("model_default_params", ModelParameters, []), ("context_default_params", ContextParameters, []),
                ("model_quantize_default_params", QuantizeParameters, []),
                ("model_load_from_file", ctypes.c_void_p, [ctypes.c_char_p, ModelParameters]),
                ("init_from_model", ctypes.c_void_p, [ctypes.c_void_p, ContextParameters]),
                ("decode", ctypes.c_int32, [ctypes.c_void_p, Batch]), ("get_logits", ctypes.c_void_p, [ctypes.c_void_p]),
                ("free", None, [ctypes.c_void_p]), ("model_free", None, [ctypes.c_void_p]),
                ("model_quantize", ctypes.c_uint32, [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(QuantizeParameters)])]:
            function = getattr(llama, "llama_" + name)
            function.restype, function.argtypes = result, arguments

    def expand(self, source, target):
        parameters = self.llama.llama_model_quantize_default_params()
        struct.pack_into("<i", parameters.bytes, 4, 0)  # ftype: all F32
        struct.pack_into("<?", parameters.bytes, 16, True)  # allow_requantize
        assert self.llama.llama_model_quantize(str(source).encode(), str(target).encode(), parameters) == 0, source

    def logits(self, path, ids, vocabulary):
        parameters = self.llama.llama_model_default_params()
        struct.pack_into("<?", parameters.bytes, 74, False)  # use_extra_bufts
        model = self.llama.llama_model_load_from_file(str(path).encode(), parameters)
        assert model, path
        parameters = self.llama.llama_context_default_params()
        struct.pack_into("<III", parameters.bytes, 0, 256, len(ids), len(ids))  # n_ctx, n_batch, n_ubatch
        struct.pack_into("<ii", parameters.bytes, 28, 1, 1)  # n_threads, n_threads_batch
        struct.pack_into("<i", parameters.bytes, 52, 0)  # flash_attn_type: off
        struct.pack_into("<ii", parameters.bytes, 104, F32, F32)  # type_k, type_v
        context = self.llama.llama_init_from_model(model, parameters)
        assert context, path
        tokens, outputs = (ctypes.c_int32 * len(ids))(*ids), (ctypes.c_int8 * len(ids))(*[1] * len(ids))
        batch = Batch(len(ids), ctypes.addressof(tokens), None, None, None, None, ctypes.addressof(outputs))
        assert self.llama.llama_decode(context, batch) == 0, path
        logits = ctypes.string_at(self.llama.llama_get_logits(context), len(ids) * vocabulary * 4)
        self.llama.llama_free(context)
        self.llama.llama_model_free(model)
        return logits


def read_logits(path):
    """The ids and the logits of a file; ../shared/README.md has the format."""
    data = path.read_bytes()
    _, _, tokens, vocabulary = struct.unpack_from("<4i", data)
    return list(struct.unpack_from(f"<{tokens}i", data, 16)), vocabulary, data[16 + 4 * tokens:]


def write_logits(path, ids, vocabulary, logits):
    path.write_bytes(struct.pack(f"<4i{len(ids)}i", 0x4C474552, 1, len(ids), vocabulary, *ids) + logits)


def error(expected, actual):
    """Normalized mean squared error."""
    expected, actual = array.array("f", expected), array.array("f", actual)
    return sum((a - b) ** 2 for a, b in zip(expected, actual)) / sum(a * a for a in expected)


def main():
    shared, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3])
    peer = Peer(pathlib.Path(sys.argv[2]))
    output.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        source = shared / "conformance/architectures" / f"{family}.gguf"
        ids, vocabulary, reference = read_logits(source.with_suffix(".logits"))
        same = error(reference, peer.logits(source, ids, vocabulary))
        model = Gguf(source)
        round_weights(model)
        target = output / source.name
        model.write(target)
        logits = peer.logits(target, ids, vocabulary)
        write_logits(target.with_suffix(".logits"), ids, vocabulary, logits)
        print(f"{family}: unrounded {same:.1e} from its reference, rounded {error(reference, logits):.1e}")
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
