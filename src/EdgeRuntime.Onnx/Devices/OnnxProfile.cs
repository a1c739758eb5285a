using System.Collections.Generic;

namespace EdgeRuntime.Onnx;

/// <summary>
/// Describes what an execution provider of ONNX Runtime needs of a model and of its session. The profiles are data: the exporter and the
/// engine have no code for single providers.
/// </summary>
public sealed record OnnxProfile
{
    /// <summary>Gets the name of the device as users write it, for example <c>webgpu</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the name of the execution provider; null for the processor, which every session has.</summary>
    public string? Provider { get; init; }

    /// <summary>Gets what the provider needs of the machine, in words: "a driver for Vulkan".</summary>
    public string Needs { get; init; } = "a device";

    /// <summary>Gets where a library with the provider comes from, in words.</summary>
    public string Package { get; init; } = "the package Microsoft.ML.OnnxRuntime";

    /// <summary>Gets the options of the provider.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Gets the names of all options of the provider, for those that ignore unknown ones; empty if the provider checks them.
    /// </summary>
    public IReadOnlyList<string> OptionNames { get; init; } = [];

    /// <summary>Gets whether activations, scales and caches are float16 instead of float32.</summary>
    public bool UsesFloat16 { get; init; }

    /// <summary>
    /// Gets the accuracy level of products with quantized matrices: 0 computes with the activations as they are, 4 rounds them to 8 bits.
    /// </summary>
    public int AccuracyLevel { get; init; }

    /// <summary>Gets whether attention rotates queries and keys itself.</summary>
    public bool FusesRope { get; init; } = true;

    /// <summary>Gets whether attention reads queries, keys and values from one tensor where the file has one matrix for them.</summary>
    public bool PacksQueryKeyValue { get; init; }

    /// <summary>Gets whether quantized matrices name their zero points, although these are the default ones.</summary>
    public bool NamesZeroPoints { get; init; }

    /// <summary>Gets whether rows of quantized embeddings can be looked up. If not, the embedding is stored as floats.</summary>
    public bool LooksUpQuantizedRows { get; init; } = true;

    /// <summary>Gets whether attention has windows, soft caps, biases and sinks.</summary>
    public bool HasAttentionOptions { get; init; } = true;

    /// <summary>
    /// Gets whether rows can be sorted by expert and split among experts. Providers without such operators refuse models with experts.
    /// </summary>
    public bool SplitsRows { get; init; } = true;

    /// <summary>
    /// Gets whether nodes can run for one token after the other (the operator Scan). Providers without it refuse models with state spaces,
    /// delta rules and lightning attention.
    /// </summary>
    public bool HasScan { get; init; } = true;

    /// <summary>Gets the numbers of bits of quantized weights that the provider multiplies.</summary>
    public IReadOnlyList<int> Bits { get; init; } = [4, 8];

    /// <summary>Gets the least number of weights per scale with which two bits are fast.</summary>
    public int LeastTwoBitBlock { get; init; } = 64;

    /// <summary>Gets the greatest number of weights per scale.</summary>
    public int GreatestBlock { get; init; } = 256;

    /// <summary>Gets the numbers of tokens to which prompts are padded, because shapes are compiled; empty for no padding.</summary>
    public IReadOnlyList<int> PrefillLengths { get; init; } = [];

    /// <summary>
    /// Gets whether several tokens can follow others in the cache. If not, a prompt is computed at once, from an empty cache.
    /// </summary>
    public bool AppendsPrompts { get; init; } = true;

    /// <summary>Gets the greatest number of tokens of a run, where tokens can follow others in the cache.</summary>
    public int MostTokens { get; init; } = 512;

    /// <summary>Gets the greatest number of tokens of a run that is exact, if that is less; null if it is not.</summary>
    public int? MostExactTokens { get; init; }

    /// <summary>Gets the name of the allocator of the cache in the device's memory; null for the processor's.</summary>
    public string? CacheAllocator { get; init; }

    /// <summary>Gets the processor with float32 arithmetic, the reference of all others.</summary>
    public static OnnxProfile CpuExact { get; } = new() { Name = "onnx-cpu", Bits = [2, 4, 8], PacksQueryKeyValue = true };

    /// <summary>Gets the processor with activations of 8 bits.</summary>
    public static OnnxProfile Cpu { get; } = CpuExact with { AccuracyLevel = 4 };

    /// <summary>Gets WebGPU: the GPUs of all vendors, over Vulkan, Metal or Direct3D 12.</summary>
    public static OnnxProfile WebGpu { get; } = new()
    {
        Name = "webgpu",
        Provider = "WebGPU",
        SplitsRows = false,
        HasScan = false,
        Needs = "a GPU with a driver for Vulkan, Metal or Direct3D 12",
        Package = "the library of npm's onnxruntime-node (Windows x64 and Arm64, Linux x64, macOS)",
        OptionNames =
        [
            "dawnBackendType", "dawnProcTable", "defaultBufferCacheMode", "deviceId", "enableGraphCapture", "enableInt64",
            "enablePIXCapture", "enableRobustness", "forceCpuNodeNames", "kvCacheQuantizationBits", "maxNumPendingDispatches",
            "maxStorageBufferBindingSize", "multiRotaryCacheConcatOffset", "powerPreference", "preferredLayout", "preserveDevice",
            "queryResolveBufferCacheMode", "sessionBufferPoolGenerations", "storageBufferCacheMode", "uniformBufferCacheMode",
            "validationMode", "webgpuDevice", "webgpuInstance",
        ],
        MostExactTokens = 31, // from 32 on, attention is computed in blocks and differs by 0.02 to 0.07 (1.30, SwiftShader)
        CacheAllocator = "WebGPU_Buf",
        PacksQueryKeyValue = true,
        GreatestBlock = 128,
    };

    /// <summary>
    /// Gets DirectML: GPUs of Windows over Direct3D 12. Its attention has no window, cap or bias, and prompts start from an empty cache.
    /// </summary>
    public static OnnxProfile DirectMl { get; } = new()
    {
        Name = "dml",
        Provider = "DML",
        SplitsRows = false,
        HasScan = false,
        Needs = "Windows 10 1903 or later with a GPU for Direct3D 12",
        Package = "the package Microsoft.ML.OnnxRuntime.DirectML 1.30 or later, or the library of npm's onnxruntime-node for Windows",
        UsesFloat16 = true,
        FusesRope = false,
        NamesZeroPoints = true,
        LooksUpQuantizedRows = false,
        HasAttentionOptions = false,
        AppendsPrompts = false,
        PrefillLengths = [16, 64, 256, 1024],
        OptionNames = ["device_id", "device_filter", "performance_preference", "disable_metacommands"],
        CacheAllocator = "DML",
        GreatestBlock = 128,
    };

    /// <summary>Gets CUDA: GPUs of NVIDIA.</summary>
    public static OnnxProfile Cuda { get; } = new()
    {
        Name = "cuda",
        Provider = "CUDA",
        Needs = "CUDA 13, cuDNN 9 and an NVIDIA driver",
        Package = "the package Microsoft.ML.OnnxRuntime.Gpu",
        UsesFloat16 = true,
        CacheAllocator = "Cuda",
        PacksQueryKeyValue = true,
        LooksUpQuantizedRows = false,
        GreatestBlock = 128,
    };

    /// <summary>Gets QNN: NPUs of Qualcomm, by their plugin provider.</summary>
    public static OnnxProfile Qnn { get; } = new()
    {
        Name = "qnn",
        Provider = "QNN",
        SplitsRows = false,
        HasScan = false,
        Needs = "a Qualcomm NPU with its driver",
        Package = "the package Microsoft.ML.OnnxRuntime.QNN",
        UsesFloat16 = true,
        FusesRope = false,
        LooksUpQuantizedRows = false,
        HasAttentionOptions = false,
        GreatestBlock = 64,
    };

    /// <summary>Gets OpenVINO: processors, GPUs and NPUs of Intel, by their plugin provider.</summary>
    public static OnnxProfile OpenVino { get; } = new()
    {
        Name = "openvino",
        Provider = "OpenVINO",
        SplitsRows = false,
        HasScan = false,
        Needs = "an Intel GPU or NPU with its driver",
        Package = "the plugin provider onnxruntime-ep-openvino",
        NamesZeroPoints = true,
        LooksUpQuantizedRows = false,
        GreatestBlock = 128,
    };

    /// <summary>Gets CoreML: GPUs and NPUs of Apple.</summary>
    public static OnnxProfile CoreMl { get; } = new()
    {
        Name = "coreml",
        Provider = "CoreML",
        SplitsRows = false,
        HasScan = false,
        Needs = "macOS 12 or later on an Apple processor",
        Package = "the package Microsoft.ML.OnnxRuntime on macOS",
        FusesRope = false,
        LooksUpQuantizedRows = false,
        HasAttentionOptions = false,
    };

    /// <summary>Gets all profiles.</summary>
    public static IReadOnlyList<OnnxProfile> All { get; } = [Cpu, WebGpu, DirectMl, Cuda, Qnn, OpenVino, CoreMl];

    /// <summary>Gets a copy that computes with float32 and accuracy level 0.</summary>
    public OnnxProfile Exact() => this with
    {
        AccuracyLevel = 0,
        UsesFloat16 = false,
        MostTokens = MostExactTokens ?? MostTokens,
    };
}
