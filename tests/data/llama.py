"""Runs llama.cpp v0.5.0 and reads and writes files of logits; ../shared/README.md has their format."""
import array
import ctypes
import struct

from gguf import F32


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
                ("decode", ctypes.c_int32, [ctypes.c_void_p, Batch]), ("encode", ctypes.c_int32, [ctypes.c_void_p, Batch]),
                ("get_logits", ctypes.c_void_p, [ctypes.c_void_p]),
                ("free", None, [ctypes.c_void_p]), ("model_free", None, [ctypes.c_void_p]),
                ("model_quantize", ctypes.c_uint32, [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(QuantizeParameters)])]:
            function = getattr(llama, "llama_" + name)
            function.restype, function.argtypes = result, arguments

    def expand(self, source, target):
        parameters = self.llama.llama_model_quantize_default_params()
        struct.pack_into("<i", parameters.bytes, 4, 0)  # ftype: all F32
        struct.pack_into("<?", parameters.bytes, 16, True)  # allow_requantize
        assert self.llama.llama_model_quantize(str(source).encode(), str(target).encode(), parameters) == 0, source

    def logits(self, path, ids, vocabulary, encodes=False):
        """The logits of all ids as one batch; an encoder, if the model has one, gets the same ids."""
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
        assert not encodes or self.llama.llama_encode(context, batch) == 0, path
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
