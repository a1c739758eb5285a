#!/usr/bin/env python3
"""Makes the heads of random encoders and their reference embeddings: tests/data/random_encoders.py LIBLLAMA OUTPUT

LIBLLAMA is the folder that tests/peer/fetch.sh prints. OUTPUT gets for each model NAME.head, as random_models.py writes it, and
NAME.embeddings, what llama.cpp computes in float32 on one thread, without flash attention, for each text alone (README.md has the format).
The weights follow from the names of the tensors, as in random_models.py.
"""
import ctypes
import math
import pathlib
import struct
import sys
import tempfile

from gguf import ARRAY, F32, STRING, UINT32, Gguf
from llama import Batch, Peer
from random_models import fill, halves, make_values

VOCABULARY, WIDTH, HEADS, INNER, LAYERS, CONTEXT, EXPERTS = 96, 64, 4, 96, 3, 64, 4
FLOAT, BOOLEAN = 6, 7
NONE, MEAN, CLS, LAST, RANK = range(5)
LENGTHS = (1, 7, 20, 2)


class Model(Gguf):
    def __init__(self, family, **keys):
        self.tensors = []
        self.metadata = [("general.architecture", STRING, family.encode()), ("tokenizer.ggml.model", STRING, b"no_vocab")]
        defaults = {"vocab_size": VOCABULARY, "context_length": CONTEXT, "embedding_length": WIDTH, "block_count": LAYERS,
                    "feed_forward_length": INNER, "attention__head_count": HEADS}
        for key, value in (defaults | keys).items():
            key = key.replace("__", ".")
            kind = {bool: BOOLEAN, int: UINT32, float: FLOAT, list: ARRAY}[type(value)]
            value = (STRING, [item.encode() for item in value]) if kind == ARRAY else value
            self.metadata.append((key if key.startswith("tokenizer.") else f"{family}.{key}", kind, value))

    def add(self, name, *dimensions):
        self.tensors.append([name, list(dimensions), F32, bytes(4 * math.prod(dimensions))])

    def linear(self, name, rows, columns=WIDTH, bias=False):
        self.add(f"{name}.weight", columns, rows)
        if bias:
            self.add(f"{name}.bias", rows)

    def norm(self, *names, width=WIDTH, bias=False):
        for name in names:
            self.add(f"{name}.weight", width)
            if bias:
                self.add(f"{name}.bias", width)

    def heads(self, first=0, last=0, norm=False, bias=True):
        """The head of a reranker."""
        if first:
            self.linear("cls", first, bias=bias)
        if norm:
            self.norm("cls.norm")
        if last:
            self.linear("cls.output", last, bias=bias)
        return self


def bert(family, positions=False, types=True, gate=False, bias=True, fused=False, jina="", experts=False, **keys):
    model = Model(family, attention__layer_norm_epsilon=1e-5, attention__causal=False, tokenizer__ggml__token_type_count=2, **keys)
    model.linear("token_embd", VOCABULARY)
    if types:
        model.linear("token_types", 2)
    if positions:
        model.linear("position_embd", CONTEXT)
    model.norm("token_embd_norm", bias=True)
    for layer in range(LAYERS):
        p = f"blk.{layer}."
        for part in ("qkv",) if fused else "qkv":
            model.linear(f"{p}attn_{part}", 3 * WIDTH if fused else WIDTH, bias=bias)
        model.linear(p + "attn_output", WIDTH, bias=bias or bool(jina))
        model.norm(p + "attn_output_norm", p + "layer_output_norm", bias=True)
        if jina == "code":
            model.norm(p + "attn_q_norm", p + "attn_k_norm", p + "attn_norm_2", bias=True)
        if experts and layer % 2 == 1:
            model.linear(p + "ffn_gate_inp", EXPERTS)
            model.add(p + "ffn_up_exps.weight", WIDTH, INNER, EXPERTS)
            model.add(p + "ffn_down_exps.weight", INNER, WIDTH, EXPERTS)
            continue
        model.linear(p + "ffn_up", 2 * INNER if jina == "code" else INNER, bias=bias and not jina)
        if gate:
            model.linear(p + "ffn_gate", INNER)
        model.linear(p + "ffn_down", WIDTH, INNER, bias=bias or bool(jina))
    return model


def modern_bert(**keys):
    model = Model("modern-bert", block_count=4, attention__layer_norm_epsilon=1e-5, attention__causal=False, rope__freq_base=160000.0,
                  **keys)
    model.linear("token_embd", VOCABULARY)
    model.norm("token_embd_norm", "output_norm")
    for layer in range(4):
        p = f"blk.{layer}."
        model.norm(*[p + "attn_norm"][:layer], p + "ffn_norm")
        model.linear(p + "attn_qkv", 3 * WIDTH)
        model.linear(p + "attn_output", WIDTH)
        model.linear(p + "ffn_up", 2 * INNER)
        model.linear(p + "ffn_down", WIDTH, INNER)
    return model


def pre_norm(family, kv_heads=2, causal=False, output_norm="output_norm", **keys):
    model = Model(family, attention__layer_norm_rms_epsilon=1e-5, attention__causal=causal, attention__head_count_kv=kv_heads, **keys)
    model.linear("token_embd", VOCABULARY)
    model.norm(output_norm)
    kv_width = WIDTH // HEADS * kv_heads
    for layer in range(LAYERS):
        p = f"blk.{layer}."
        model.norm(p + "attn_norm", p + "ffn_norm")
        if family == "neo-bert":
            model.linear(p + "attn_qkv", WIDTH + 2 * kv_width)
            model.linear(p + "ffn_up", 2 * INNER)
        else:
            for part, rows in (("q", WIDTH), ("k", kv_width), ("v", kv_width)):
                model.linear(f"{p}attn_{part}", rows)
            model.linear(p + "ffn_up", INNER)
            model.linear(p + "ffn_gate", INNER)
        model.linear(p + "attn_output", WIDTH)
        model.linear(p + "ffn_down", WIDTH, INNER)
        if family == "qwen3":
            model.norm(p + "attn_q_norm", p + "attn_k_norm", width=WIDTH // HEADS)
    return model


def gemma(family, dense, **keys):
    if dense:
        keys |= {"dense_2_feat_in": WIDTH, "dense_2_feat_out": 80, "dense_3_feat_in": 80, "dense_3_feat_out": WIDTH}
    model = Model(family, attention__layer_norm_rms_epsilon=1e-6, attention__head_count_kv=1, attention__key_length=24,
                  attention__value_length=24, block_count=7, attention__sliding_window=8, rope__freq_base=1000000.0, **keys)
    model.linear("token_embd", VOCABULARY)
    model.norm("output_norm")
    for layer in range(7):
        p = f"blk.{layer}."
        model.norm(p + "attn_norm", p + "post_attention_norm", p + "ffn_norm", p + "post_ffw_norm")
        model.norm(p + "attn_q_norm", p + "attn_k_norm", width=24)
        for name, rows, columns in (("attn_q", 24 * HEADS, WIDTH), ("attn_k", 24, WIDTH), ("attn_v", 24, WIDTH),
                                    ("attn_output", WIDTH, 24 * HEADS), ("ffn_up", INNER, WIDTH), ("ffn_gate", INNER, WIDTH),
                                    ("ffn_down", WIDTH, INNER)):
            model.linear(p + name, rows, columns)
    if dense:
        model.linear("dense_2", 80)
        model.linear("dense_3", WIDTH, 80)
    return model


# Each model with the kinds of pooling to compute.
MODELS = {
    "bert": (bert("bert", positions=True, pooling_type=MEAN), [NONE, MEAN, CLS, LAST]),
    "bert-rank": (bert("bert", positions=True, fused=True, pooling_type=RANK).heads(WIDTH, 1), [RANK]),
    "bert-rank-labels": (bert("bert", positions=True, types=False, pooling_type=RANK,
                              classifier__output_labels=["a", "b"]).heads(last=2), [RANK]),
    "eurobert": (pre_norm("eurobert", pooling_type=MEAN), [NONE, MEAN]),
    "gemma-embedding": (gemma("gemma-embedding", dense=False, pooling_type=MEAN), [NONE, MEAN]),
    "gemma-embedding-dense": (gemma("gemma-embedding", dense=True, pooling_type=MEAN), [MEAN]),
    "jina-bert-v2": (bert("jina-bert-v2", gate=True, jina="text", pooling_type=MEAN, attention__head_count=8).heads(1),
                     [NONE, MEAN, RANK]),
    "jina-bert-v2-code": (bert("jina-bert-v2", jina="code", pooling_type=MEAN), [NONE, MEAN]),
    "jina-bert-v3": (bert("jina-bert-v3", fused=True, pooling_type=MEAN, rope__freq_base=20000.0), [NONE, MEAN]),
    "llama-embed": (pre_norm("llama-embed", pooling_type=MEAN), [NONE, MEAN]),
    "llama-embed-causal": (pre_norm("llama-embed", causal=True, pooling_type=LAST), [NONE, LAST]),
    "modern-bert": (modern_bert(attention__sliding_window=9, pooling_type=CLS), [NONE, MEAN, CLS]),
    "modern-bert-rank": (modern_bert(attention__sliding_window=9, pooling_type=RANK).heads(WIDTH, 1, norm=True, bias=False), [RANK]),
    "neo-bert": (pre_norm("neo-bert", kv_heads=HEADS, output_norm="enc.output_norm", pooling_type=CLS).heads(WIDTH, 1),
                 [NONE, CLS, RANK]),
    "nomic-bert": (bert("nomic-bert", gate=True, bias=False, fused=True, pooling_type=MEAN, rope__freq_base=1000.0), [NONE, MEAN]),
    "nomic-bert-moe": (bert("nomic-bert-moe", fused=True, experts=True, pooling_type=MEAN, moe_every_n_layers=2, expert_count=EXPERTS,
                            expert_used_count=2), [NONE, MEAN]),
    "qwen3-embed": (pre_norm("qwen3", causal=True, pooling_type=LAST), [NONE, LAST]),
    "qwen3-rank": (pre_norm("qwen3", causal=True, pooling_type=RANK, classifier__output_labels=["yes", "no"]).heads(last=2, bias=False),
                   [RANK]),
}


def embed(peer, path, texts, pooling, width):
    """The embeddings of texts, each alone."""
    llama = peer.llama
    for name in ("ith", "seq"):
        function = getattr(llama, f"llama_get_embeddings_{name}")
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int32]
    model = llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params())
    assert model, path
    rows = []
    for ids in texts:
        parameters = llama.llama_context_default_params()
        struct.pack_into("<III", parameters.bytes, 0, 256, 256, 256)  # n_ctx, n_batch, n_ubatch
        struct.pack_into("<ii", parameters.bytes, 28, 1, 1)  # n_threads, n_threads_batch
        struct.pack_into("<i", parameters.bytes, 44, pooling)  # pooling_type
        struct.pack_into("<i", parameters.bytes, 52, 0)  # flash_attn_type: off
        struct.pack_into("<ii", parameters.bytes, 104, F32, F32)  # type_k, type_v
        struct.pack_into("<?", parameters.bytes, 128, True)  # embeddings
        context = llama.llama_init_from_model(model, parameters)
        tokens, outputs = (ctypes.c_int32 * len(ids))(*ids), (ctypes.c_int8 * len(ids))(*[1] * len(ids))
        batch = Batch(len(ids), ctypes.addressof(tokens), None, None, None, None, ctypes.addressof(outputs))
        assert llama.llama_decode(context, batch) == 0, path
        pointers = [llama.llama_get_embeddings_ith(context, i) for i in range(len(ids))] if pooling == NONE \
            else [llama.llama_get_embeddings_seq(context, 0)]
        rows += [ctypes.string_at(pointer, 4 * width) for pointer in pointers]
        llama.llama_free(context)
    llama.llama_model_free(model)
    return b"".join(rows)


def main():
    peer, output = Peer(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2])
    output.mkdir(parents=True, exist_ok=True)
    values = make_values()
    half_values = halves(values)
    texts = [[(37 * index + 5 * length) % VOCABULARY for index in range(length)] for length in LENGTHS]
    for name, (model, poolings) in MODELS.items():
        for tensor in model.tensors:
            tensor[3] = fill(tensor[0], len(tensor[3]) // 4, F32, values, half_values)
        rows = {tensor[0]: tensor[1][1] for tensor in model.tensors if len(tensor[1]) > 1}
        scores = rows.get("cls.output.weight", rows.get("cls.weight", 0))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "model.gguf"
            model.write(path)
            (output / f"{name}.head").write_bytes(model.head() + struct.pack("<q", path.stat().st_size))
            file = struct.pack(f"<{1 + len(texts)}i", len(texts), *map(len, texts))
            file += b"".join(struct.pack(f"<{len(text)}i", *text) for text in texts) + struct.pack("<i", len(poolings))
            for pooling in poolings:
                width = scores if pooling == RANK else WIDTH
                file += struct.pack("<2i", pooling, width) + embed(peer, path, texts, pooling, width)
        (output / f"{name}.embeddings").write_bytes(file)
        print(name)


main()
