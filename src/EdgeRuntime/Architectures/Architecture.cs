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
        new DeepSeek("bailingmoe", RopePairing.Norm, QueryKeyNorm.None, ExpertGating.Softmax),
        new DeepSeek("bailingmoe2", RopePairing.Neox, QueryKeyNorm.Heads, gating: null) { MayRotatePart = true },
        new BitNet("bitnet", Activation.Silu),
        new BitNet("bitnet-25", Activation.ReluSquared),
        new BitNet("bitnet-b1.58", Activation.ReluSquared),
        new CogVlm(),
        new Cohere2(),
        new CommandR(),
        new DeepSeek("deepseek", RopePairing.Norm, QueryKeyNorm.None, ExpertGating.Softmax),
        new DeepSeek2("deepseek2"),
        new SparseDeepSeek("deepseek32", RopePairing.Neox),
        new DeepSeek("dots1", RopePairing.Neox, QueryKeyNorm.Heads, gating: null),
        new Dots3Note(),
        new Diffusion("dream", RopePairing.Neox),
        new Ernie45Moe(),
        new ExaoneMoe(),
        new Exaone4(),
        new Falcon(),
        new FalconH1(),
        new Gemma2(),
        new Gemma3(),
        new SparseDeepSeek("glm-dsa", RopePairing.Norm, ExpertGating.Sigmoid),
        new Gpt2(),
        new GptNeoX(),
        new Granite("granite"),
        new GraniteSwa(),
        new Granite("granitehybrid", isHybrid: true),
        new Granite("granitemoe"),
        new HrmText(),
        new HunYuan("hunyuan-dense", RopePairing.Neox),
        new HunYuanMoe(),
        new HunYuan("hunyuan_vl", RopePairing.Neox),
        new HyV3(),
        new HyV4(),
        new Qwen2("internlm2", RopePairing.Norm),
        new Jamba(),
        new Lfm2("lfm2", hasExperts: false),
        new Lfm2("lfm2moe", hasExperts: true),
        new Diffusion("llada", RopePairing.Norm),
        new Diffusion("llada-moe", RopePairing.Neox, QueryKeyNorm.Heads, normalizes: false),
        new Llama(),
        new HunYuan("maincoder", RopePairing.Norm),
        new Mamba(),
        new Mamba2(),
        new Mellum(),
        new MiniCpm3(),
        new MiniMaxM2(),
        new DeepSeek2("mistral4"),
        new MuseGlimmer(),
        new Nanbeige(),
        new NemotronH("nemotron_h"),
        new NemotronH("nemotron_h_moe"),
        new Olmo2(),
        new OlMoe(),
        new Qwen2Vl("paddleocr", readsEpsilon: true),
        new Phi2(),
        new PhiMoe(),
        new Plamo3(),
        new Plm(),
        new Qwen2("qwen2", RopePairing.Neox),
        new Qwen2Moe(),
        new Qwen2Vl("qwen2vl", readsEpsilon: false),
        new Qwen3(),
        new Qwen3Next("qwen35"),
        new Qwen3Next("qwen35moe"),
        new Qwen3Moe(),
        new Qwen3Next("qwen3next", isNext: true),
        new Qwen3Vl("qwen3tts", outputRows: 3072),
        new Qwen3Vl("qwen3vl"),
        new Diffusion("rnd1", RopePairing.Neox, QueryKeyNorm.Heads),
        new SmolLm3(),
        new Spark(),
        new StarCoder2(),
        new Talkie(),
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
