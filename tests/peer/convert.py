"""Compares edgert's conversions with those of llama.cpp's converter, tensor for tensor and key for key.

convert.py --tokenizers FOLDERS    writes tokenizer.model where a class needs one, and copies of some models in several files
convert.py SOURCE TYPE FOLDERS [NAME...]

SOURCE is llama.cpp's source tree (v0.5.0), TYPE F32, F16, BF16 or Q8_0. FOLDERS has models in Hugging Face's layout, one folder each, and
beside each what edgert made of it, NAME.gguf; convert.sh writes both. Prints a line for each model. The exit code is 1 if one differs.

The converter runs as it is, on torch and numpy. Its tokenizer library is replaced by a reader of tokenizer.json that knows what the
converter asks for. The name of the pre-tokenizer is not compared: the converter finds it by encoding a text.
"""
import json
import os
import re
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import torch

# Keys that say where a file comes from, and one that llama.cpp's loader needs and its converter leaves out.
UNCOMPARED = re.compile(
    r"general\.(name|basename|size_label|finetune|license.*|tags|languages|base_model.*|organization|version|type|author"
    r"|quantized_by|repo_url|source.*|description|url|doi|uuid)$"
    r"|tokenizer\.ggml\.pre$|exaone\.attention\.layer_norm_rms_epsilon$|GGUF\..*")


# HunYuan's token that starts a text is one that the vocabulary of a small model lacks; edgert leaves it alone there.
UNCOMPARED_OF = {"hunyuan-moe": "tokenizer.ggml.bos_token_id"}


class AddedToken:
    def __init__(self, entry):
        self.content = entry["content"]
        self.special = entry.get("special", False)
        self.normalized = entry.get("normalized", not self.special)

    def __str__(self):
        return self.content


def bytes_to_unicode():
    """The character that stands for each byte in byte-level vocabularies."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + i) for i, byte in enumerate(others)}


class Tokenizer:
    """What the converter asks of a tokenizer, from tokenizer.json."""

    def __init__(self, folder):
        self.is_fast = True
        data = json.loads((Path(folder) / "tokenizer.json").read_text())
        vocabulary = data["model"]["vocab"]
        self._base = dict(vocabulary) if isinstance(vocabulary, dict) else {piece: i for i, (piece, _) in enumerate(vocabulary)}
        self.added_tokens_decoder = {entry["id"]: AddedToken(entry) for entry in data.get("added_tokens", [])}
        self.vocab = self._base | self.get_added_vocab()
        settings = json.loads((Path(folder) / "config.json").read_text())
        self.vocab_size = settings["vocab_size"] if "HunYuanMoEV1ForCausalLM" in settings["architectures"] else len(self._base)
        self.all_special_ids = [i for i, token in self.added_tokens_decoder.items() if token.special]
        self.all_special_tokens = [self.added_tokens_decoder[i].content for i in self.all_special_ids]
        self._pieces = {i: piece for piece, i in self.vocab.items()}
        config = json.loads((Path(folder) / "tokenizer_config.json").read_text())
        self.special_tokens = self.get_added_vocab()
        spellings = {spelling: byte for byte, spelling in bytes_to_unicode().items()}
        self.mergeable_ranks = {bytes(spellings[c] for c in piece): i for piece, i in self._base.items()
                                if piece not in self.special_tokens and all(c in spellings for c in piece)}
        self.chat_template = config.get("chat_template")
        for name in ("bos", "eos", "unk", "pad", "sep", "cls", "mask"):
            token = config.get(f"{name}_token")
            token = token["content"] if isinstance(token, dict) else token
            setattr(self, f"{name}_token", token)
            setattr(self, f"{name}_token_id", self.vocab.get(token))

    @classmethod
    def from_pretrained(cls, folder, *_, **__):
        return cls(folder)

    def __len__(self):
        return len(self.vocab)

    def get_vocab(self):
        return self.vocab

    def get_added_vocab(self):
        return {token.content: i for i, token in self.added_tokens_decoder.items()}

    def encode(self, text, **_):
        return [self.vocab[text]]

    def decode(self, ids):
        return "".join(self._pieces[i] for i in ids)

    def convert_tokens_to_ids(self, token):
        return self.vocab.get(token)

    def convert_ids_to_tokens(self, token):
        return self._pieces[token]


# Settings that a configuration class has where config.json has none. Source: transformers.
DEFAULTS = {
    "*": {"rms_norm_eps": 1e-6, "rope_theta": 1e4},
    "GPT2LMHeadModel": {"n_ctx": 256, "n_embd": 64, "n_head": 4, "n_layer": 2, "layer_norm_epsilon": 1e-5},
    "GPTBigCodeForCausalLM": {"n_positions": 256, "n_embd": 64, "n_head": 4, "n_layer": 2, "n_inner": 256, "layer_norm_epsilon": 1e-5},
    "GPTNeoXForCausalLM": {"layer_norm_eps": 1e-5, "use_parallel_residual": True, "rope_theta": 1e4},
    "Jais2ForCausalLM": {"rope_theta": 5e5},
    "Lfm2ForCausalLM": {"conv_L_cache": 3, "rope_theta": 1e6, "block_ff_dim": 96, "block_multiple_of": 256,
                         "block_auto_adjust_ff_dim": True, "block_ffn_dim_multiplier": 1.0},
    "Lfm2MoeForCausalLM": {"conv_L_cache": 3, "rope_theta": 1e6},
    "LlamaForCausalLM": {"head_dim": 16, "rms_norm_eps": 1e-6, "rope_theta": 1e4},
    "MixtralForCausalLM": {"head_dim": 16, "rms_norm_eps": 1e-6, "rope_theta": 1e4},
    "PhiForCausalLM": {"layer_norm_eps": 1e-5, "rope_theta": 1e4},
    "StableLmForCausalLM": {"layer_norm_eps": 1e-5, "rope_theta": 1e4},
    "ArceeForCausalLM": {"head_dim": 16, "rms_norm_eps": 1e-6, "rope_theta": 1e4},
    "BertModel": {"layer_norm_eps": 1e-12, "type_vocab_size": 2},
    "EuroBertModel": {"rms_norm_eps": 1e-5, "rope_theta": 250000.0},
    "CohereForCausalLM": {"layer_norm_eps": 1e-5, "rope_theta": 1e4},
    "Cohere2ForCausalLM": {"layer_norm_eps": 1e-5, "rope_theta": 1e4},
    "BloomForCausalLM": {"layer_norm_epsilon": 1e-5},
    "ExaoneForCausalLM": {"layer_norm_epsilon": 1e-5, "rope_theta": 1e4},
    "OlmoForCausalLM": {"rope_theta": 1e4},
    "Starcoder2ForCausalLM": {"rope_theta": 1e4},
    "OrionForCausalLM": {"rope_theta": 1e4},
    "NemotronForCausalLM": {"rope_theta": 1e4},
    "PhiMoEForCausalLM": {"rms_norm_eps": 1e-5, "rope_theta": 1e6, "original_max_position_embeddings": 4096},
    "Qwen3NextForCausalLM": {"rms_norm_eps": 1e-6, "rope_theta": 1e4, "layer_types": ["linear_attention", "full_attention"]},
    "GemmaForCausalLM": {"rms_norm_eps": 1e-6},
    "Gemma2ForCausalLM": {"rms_norm_eps": 1e-6, "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "sliding_window": 4096},
    "Llama4ForCausalLM": {"rope_theta": 5e5},
    "Llama4ForConditionalGeneration": {},
    "Cohere2MoeForCausalLM": {"rope_theta": 1e4},
    "MiMoV2FlashForCausalLM": {},
    "Step3p5ForCausalLM": {},
    "JambaForCausalLM": {},
    "NomicBertModel": {"rotary_emb_scale_base": None},
    "ModernBertModel": {},
    "ModernBertForSequenceClassification": {},
    "NeoBERTLMHead": {},
    "JinaBertModel": {},
    "DistilBertForMaskedLM": {},
    "NemotronHForCausalLM": {},
    "MiniCPM3ForCausalLM": {"rope_theta": 1e4},
    "Gemma4ForCausalLM": {"rms_norm_eps": 1e-6, "rope_theta": 1e4, "moe_intermediate_size": None},
    "Gemma3TextModel": {"rms_norm_eps": 1e-6, "rope_theta": 1e6, "rope_local_base_freq": 1e4},
    "Gemma3ForCausalLM": {"rms_norm_eps": 1e-6, "rope_theta": 1e6, "rope_local_base_freq": 1e4},
}


class Config(dict):
    @classmethod
    def from_pretrained(cls, folder, **_):
        config = json.loads((Path(folder) / "config.json").read_text())
        return cls(DEFAULTS.get(config["architectures"][0], DEFAULTS["*"]) | config)

    def to_dict(self):
        return dict(self)


def load_converter(source):
    """Imports llama.cpp's converter beside stand-ins for what is not installed."""
    transformers = types.ModuleType("transformers")
    transformers.AutoTokenizer = Tokenizer
    transformers.AutoConfig = Config
    transformers.PreTrainedTokenizerFast = Tokenizer
    slow = types.ModuleType("transformers.convert_slow_tokenizer")
    slow.bytes_to_unicode = bytes_to_unicode
    sys.modules[slow.__name__] = transformers.convert_slow_tokenizer = slow
    sys.modules["transformers"] = transformers
    # InternLM 2's class reads one flag by way of protobuf.
    protobuf = types.ModuleType("sentencepiece.sentencepiece_model_pb2")
    protobuf.ModelProto = lambda: types.SimpleNamespace(
        ParseFromString=lambda _: None, normalizer_spec=types.SimpleNamespace(add_dummy_prefix=True))
    sys.modules["sentencepiece.sentencepiece_model_pb2"] = protobuf
    for name in ("safetensors", "safetensors.torch"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["safetensors.torch"].load_file = None  # imported, and not called without the matrices behind the pooling
    for name in ("float8_e4m3fn", "float8_e5m2"):
        if not hasattr(torch, name):
            setattr(torch, name, object())
    sys.path[:0] = [str(source), str(source / "gguf-py")]
    import conversion
    import conversion.deci
    import conversion.xverse
    import gguf
    conversion.base.TextModel.get_vocab_base_pre = lambda *_: "default"
    # DeciLM's class reads vocabularies of other sizes than Llama 3's by transformers, and XVERSE's writes pieces without merges and scores.
    conversion.deci.DeciModel.set_vocab = conversion.xverse.XverseModel.set_vocab = conversion.base.TextModel._set_vocab_gpt2
    repair_baichuan()
    return conversion, gguf


def repair_baichuan():
    """The class calls itself without end for all tensors but the joined ones."""
    from conversion.baichuan import BaichuanModel
    from conversion.base import TextModel
    split = BaichuanModel.modify_tensors
    BaichuanModel.modify_tensors = lambda self, data, name, layer: (
        split if ".W_pack." in name else TextModel.modify_tensors)(self, data, name, layer)


def add_sentencepiece(folder):
    """Writes a tokenizer.model with as many pieces as tokenizer.json has tokens, as some classes demand."""
    import sentencepiece
    text = Path(__file__).read_text().splitlines()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text), model_prefix=str(folder / "tokenizer"), model_type="bpe",
        vocab_size=160 if folder.name == "internlm2" else 150, hard_vocab_limit=False,
        minloglevel=2, bos_id=1, eos_id=2, unk_id=0, add_dummy_prefix=not folder.name.startswith("gemma"))
    for name in ("tokenizer.json", "tokenizer.vocab"):
        (folder / name).unlink(missing_ok=True)
    settings = folder / "tokenizer_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"tokenizer_class": "LlamaTokenizer"}))


def add_shards(folder):
    """Writes a copy of a model in two Safetensors files and an index, NAME-shards."""
    copy = folder.with_name(folder.name + "-shards")
    shutil.copytree(folder, copy)
    data = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").unlink()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    names = list(header)
    files = {name: f"model-0000{1 + (i % 2)}-of-00002.safetensors" for i, name in enumerate(names)}
    for file in sorted(set(files.values())):
        entries, bytes_of = {}, bytearray()
        for name in (name for name in names if files[name] == file):
            begin, end = header[name]["data_offsets"]
            entries[name] = header[name] | {"data_offsets": [len(bytes_of), len(bytes_of) + end - begin]}
            bytes_of += data[start + begin:start + end]
        text = json.dumps(entries).encode()
        text += b" " * (-len(text) % 8)
        (copy / file).write_bytes(len(text).to_bytes(8, "little") + text + bytes_of)
    index = {"metadata": {"total_size": len(data) - start}, "weight_map": files}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))


NAMES = {}
FILE_TYPES = {"F32": "ALL_F32", "F16": "MOSTLY_F16", "BF16": "MOSTLY_BF16", "Q8_0": "MOSTLY_Q8_0"}


def convert(conversion, gguf, kind, folder, output):
    # Arctic puts its names into the names of all.
    gguf.TensorNameMap.block_mappings_cfg = NAMES.setdefault("blocks", gguf.TensorNameMap.block_mappings_cfg).copy()
    with torch.inference_mode():
        settings = conversion.ModelBase.load_hparams(folder, False)
        architecture = conversion.get_model_architecture(settings, conversion.ModelType.TEXT)
        model = conversion.get_model_class(architecture, mmproj=False)
        model(folder, gguf.LlamaFileType[FILE_TYPES[kind]], output, eager=True).write()


def read_value(field):
    value = field.contents()
    return [float(np.float32(v)) if isinstance(v, float) else v for v in value] if isinstance(value, list) else value


def show(value):
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."


def compare(gguf, expected_path, found_path, uncompared):
    """Yields a text for each difference. The last bit of an exponential function may differ."""
    expected, found = gguf.GGUFReader(expected_path), gguf.GGUFReader(found_path)
    keys = [{key: read_value(field) for key, field in reader.fields.items() if not UNCOMPARED.match(key) and key != uncompared}
            for reader in (expected, found)]
    for key in sorted(keys[0].keys() | keys[1].keys()):
        a, b = keys[0].get(key), keys[1].get(key)
        if a != b:
            if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
                i = next(i for i in range(len(a)) if a[i] != b[i])
                key, a, b = f"{key}[{i}]", a[i], b[i]
            yield f"{key}: {show(b)}, llama.cpp {show(a)}"
        elif expected.fields[key].types != found.fields[key].types:
            yield f"{key}: {found.fields[key].types}, llama.cpp {expected.fields[key].types}"
    tensors = [{tensor.name: tensor for tensor in reader.tensors} for reader in (expected, found)]
    for name in sorted(tensors[0].keys() | tensors[1].keys()):
        a, b = tensors[0].get(name), tensors[1].get(name)
        if a is None or b is None:
            yield f"{name}: " + ("only in llama.cpp's file" if b is None else "not in llama.cpp's file")
        elif list(a.shape) != list(b.shape) or a.tensor_type != b.tensor_type:
            yield f"{name}: {b.tensor_type.name} {list(b.shape)}, llama.cpp {a.tensor_type.name} {list(a.shape)}"
        elif not np.array_equal(a.data, b.data) and not (".ssm_a" in name and np.allclose(a.data, b.data, rtol=1.2e-7, atol=0)):
            yield f"{name}: other values"


SENTENCEPIECE = (
    "arctic", "baichuan", "bitnet", "ernie4_5", "ernie4_5-moe", "gemma", "gemma-embedding", "gemma2", "gemma3", "gemma3n", "internlm2",
    "internlm3", "jamba", "jamba-first", "minicpm", "minicpm3", "nemotron", "openelm", "orion", "pangu-embedded", "phi3", "phimoe",
)

SHARDED = ("llama", "mixtral", "phi3")


def main():
    if sys.argv[1] == "--tokenizers":
        for name in SENTENCEPIECE:
            add_sentencepiece(Path(sys.argv[2]) / name)
        for name in SHARDED:
            add_shards(Path(sys.argv[2]) / name)
        return
    source, kind, folders = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    names = sys.argv[4:] or sorted(path.name for path in folders.iterdir() if path.is_dir())
    conversion, gguf = load_converter(source)
    different = 0
    for name in names:
        output = folders / f"{name}.llama.cpp.gguf"
        try:
            convert(conversion, gguf, kind, folders / name, output)
            differences = list(compare(gguf, output, folders / f"{name}.gguf", UNCOMPARED_OF.get(name)))
        except Exception as error:
            differences = [f"llama.cpp's converter failed: {type(error).__name__}: {error}"]
            if os.environ.get("TRACE"):
                raise
        different += bool(differences)
        print(f"{name} {kind}: " + ("equal" if not differences else "; ".join(differences)), flush=True)
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
