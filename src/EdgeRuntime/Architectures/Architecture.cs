using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Kernels.Vector;
using EdgeRuntime.Modules;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Architectures;

/// <summary>Turns the metadata of one model family into the modules that compute it.</summary>
internal abstract class Architecture
{
    /// <summary>Gets every architecture that can run. To add one: a file beside this one, and its line here.</summary>
    public static IReadOnlyList<Architecture> All { get; } =
    [
        new Afmoe(),
        new Apertus(),
        new PlainDecoder("arcee", NormKind.Rms, RopePairing.Norm) { Activation = Activation.ReluSquared, IsGated = false },
        new Arctic(),
        new Baichuan(),
        new DeepSeek("bailingmoe", RopePairing.Norm, QueryKeyNorm.None, ExpertGating.Softmax),
        new DeepSeek("bailingmoe2", RopePairing.Neox, QueryKeyNorm.Heads, gating: null) { MayRotatePart = true },
        new BailingMoe3(),
        new Bert("bert", Activation.Gelu, hasGate: false, hasRope: false),
        new BitNet("bitnet", Activation.Silu),
        new BitNet("bitnet-25", Activation.ReluSquared),
        new BitNet("bitnet-b1.58", Activation.ReluSquared),
        new Bloom(),
        new PlainDecoder("chatglm", NormKind.Rms, RopePairing.Norm) { HasFusedGate = true, RotatesParts = true },
        new CodeShell(),
        new CogVlm(),
        new Cohere2(),
        new Cohere2Moe(),
        new CommandR(),
        new Dbrx(),
        new Deci(),
        new DeepSeek("deepseek", RopePairing.Norm, QueryKeyNorm.None, ExpertGating.Softmax),
        new DeepSeek2("deepseek2"),
        new DeepSeek("deepseek2-ocr", RopePairing.Neox, QueryKeyNorm.None, ExpertGating.Softmax),
        new SparseDeepSeek("deepseek32", RopePairing.Neox),
        new DeepSeek("dots1", RopePairing.Neox, QueryKeyNorm.Heads, gating: null),
        new Dots3Note(),
        new Diffusion("dream", RopePairing.Neox),
        new PlainDecoder("ernie4_5", NormKind.Rms, RopePairing.Norm) { IsNotRun = Decoder.IsUnusedBias },
        new Ernie45Moe(),
        new PreNormEncoder("eurobert", RopePairing.Neox),
        new PlainDecoder("exaone", NormKind.Rms, RopePairing.Neox),
        new ExaoneMoe(),
        new Exaone4(),
        new Falcon(),
        new FalconH1(),
        new Gemma(),
        new Gemma3("gemma-embedding", isEncoder: true),
        new Gemma2(),
        new Gemma3("gemma3"),
        new Gemma3N(),
        new Gemma4(),
        new SparseDeepSeek("glm-dsa", RopePairing.Norm, ExpertGating.Sigmoid),
        new Glm4(),
        new Glm4Moe(),
        new GptOss(),
        new Gpt2("gpt2"),
        new GptNeoX(),
        new Granite("granite"),
        new GraniteSwa(),
        new Granite("granitehybrid", isHybrid: true),
        new Granite("granitemoe"),
        new Grok(),
        new GroveMoe(),
        new HrmText(),
        new HunYuan("hunyuan-dense", RopePairing.Neox),
        new HunYuanMoe(),
        new HunYuan("hunyuan_vl", RopePairing.Neox),
        new HyV3(),
        new HyV4(),
        new PlainDecoder("internlm2", NormKind.Rms, RopePairing.Norm) { OutputFallback = null },
        new Jais(),
        new PlainDecoder("jais2", NormKind.Layer, RopePairing.Neox) { Activation = Activation.ReluSquared, IsGated = false },
        new Jamba(),
        new JinaBertV2(),
        new Bert("jina-bert-v3", Activation.Gelu, hasGate: false, hasRope: true),
        new KimiK3(),
        new KimiLinear(),
        new Laguna(),
        new Lfm2("lfm2", hasExperts: false),
        new Lfm2("lfm2moe", hasExperts: true),
        new Diffusion("llada", RopePairing.Norm),
        new Diffusion("llada-moe", RopePairing.Neox, QueryKeyNorm.Heads, normalizes: false),
        new Llama(),
        new PreNormEncoder("llama-embed", RopePairing.Norm, mayBeCausal: true),
        new Llama4(),
        new HunYuan("maincoder", RopePairing.Norm),
        new Mamba(),
        new Mamba2(),
        new Maple(),
        new Mellum(),
        new MiMo2(),
        new MiniCpm(),
        new MiniCpm3(),
        new MiniMax01(),
        new MiniMaxM2(),
        new MiniMaxM3(),
        new Mistral3(),
        new DeepSeek2("mistral4"),
        new ModernBert(),
        new Mpt(),
        new MuseGlimmer(),
        new Nanbeige(),
        new PlainDecoder("nemotron", NormKind.Layer, RopePairing.Neox)
        {
            Activation = Activation.ReluSquared,
            IsGated = false,
            RotatesParts = true,
            OutputFallback = null,
        },
        new NemotronH("nemotron_h"),
        new NemotronH("nemotron_h_moe"),
        new PreNormEncoder("neo-bert", RopePairing.Norm, "enc.output_norm", hasFusedGate: true),
        new Bert("nomic-bert", Activation.Silu, hasGate: true, hasRope: true),
        new NomicBertMoe(),
        new Olmo(),
        new Olmo2(),
        new OlMoe(),
        new OpenElm(),
        new PlainDecoder("orion", NormKind.Layer, RopePairing.Neox) { OutputFallback = null },
        new Qwen2Vl("paddleocr", readsEpsilon: true),
        new PlainDecoder("pangu-embedded", NormKind.Rms, RopePairing.Neox) { HasRopeFactors = false },
        new PlainDecoder("phi2", NormKind.Layer, RopePairing.Neox)
        {
            Activation = Activation.Gelu,
            IsGated = false,
            IsParallel = true,
            RotatesParts = true,
            OutputFallback = null,
        },
        new PlainDecoder("phi3", NormKind.Rms, RopePairing.Neox) { HasFusedGate = true, RotatesParts = true },
        new PhiMoe(),
        new PlainDecoder("plamo", NormKind.Rms, RopePairing.Neox) { IsParallel = true, OutputFallback = null },
        new Plamo2(),
        new Plamo3(),
        new Plm(),
        new PlainDecoder("pockettts", NormKind.Layer, RopePairing.Norm)
        {
            Activation = Activation.Gelu,
            IsGated = false,
            Output = "token_embd",
        },
        new PlainDecoder("qwen", NormKind.Rms, RopePairing.Neox) { WidthDivisor = 2, RotatesParts = true, OutputFallback = null },
        new PlainDecoder("qwen2", NormKind.Rms, RopePairing.Neox),
        new Qwen2Moe(),
        new Qwen2Vl("qwen2vl", readsEpsilon: false),
        new Qwen3(),
        new Qwen3Next("qwen35"),
        new Qwen3Next("qwen35moe"),
        new Qwen3Moe(),
        new Qwen3Next("qwen3next", isNext: true),
        new Qwen3Vl("qwen3tts", outputRows: 3072),
        new Qwen3Vl("qwen3vl"),
        new Qwen3VlMoe(),
        new PlainDecoder("refact", NormKind.Rms, pairing: null)
        {
            AlibiBias = 8,
            IsNotRun = static tensor => Decoder.IsUnusedBias(tensor) || Decoder.IsRopeFactors(tensor),
        },
        new Diffusion("rnd1", RopePairing.Neox, QueryKeyNorm.Heads),
        new PlainDecoder("seed_oss", NormKind.Rms, RopePairing.Neox) { FeedForwardNorm = "post_attention_norm" },
        new SmallThinker(),
        new SmolLm3(),
        new Spark(),
        new StableLm(),
        new Gpt2("starcoder"),
        new PlainDecoder("starcoder2", NormKind.Layer, RopePairing.Neox) { Activation = Activation.Gelu, IsGated = false },
        new Step35(),
        new Talkie(),
        new PlainDecoder("xverse", NormKind.Rms, RopePairing.Norm) { OutputFallback = null },
    ];

    /// <summary>Gets the value of <c>general.architecture</c>, which is also the prefix of the metadata keys.</summary>
    public abstract string Name { get; }

    /// <summary>Reads and checks the model's shape.</summary>
    /// <exception cref="ModelFormatException">Metadata are missing or contradict themselves.</exception>
    /// <exception cref="UnsupportedModelException">The model is of a variant that no module computes.</exception>
    public abstract ModelModules Read(ArchitectureKeys keys);

    /// <summary>Reads the modules of a file.</summary>
    /// <exception cref="UnsupportedModelException">The file's architecture is not one of <see cref="All"/>.</exception>
    /// <inheritdoc cref="Read(ArchitectureKeys)" path="/exception"/>
    public static ModelModules Read(ModelSource source)
    {
        string name = source.Metadata.GetString("general.architecture");
        Architecture architecture = All.FirstOrDefault(known => string.Equals(known.Name, name, StringComparison.Ordinal))
            ?? throw new UnsupportedModelException(
                $"{source.Path}: architecture '{Printable.Shorten(name)}' is not supported"
                + (MissingArchitectures.PartsOf(name) is { } parts ? $", because these parts are missing: {parts}; " : "; ")
                + $"supported: {string.Join(", ", All.Select(known => known.Name))}");
        return architecture.Read(new ArchitectureKeys(source, name));
    }
}
