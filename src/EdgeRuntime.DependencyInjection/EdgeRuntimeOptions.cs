namespace EdgeRuntime.DependencyInjection;

/// <summary>Specifies the model that <c>AddEdgeRuntime</c> registers. Binds to a configuration section.</summary>
/// <example>
/// <code language="json">
/// { "EdgeRuntime": { "ModelPath": "models/model.gguf", "ContextLength": 8192, "KvCacheType": "Q8_0" } }
/// </code>
/// </example>
public sealed class EdgeRuntimeOptions
{
    /// <summary>The usual name of the configuration section: "EdgeRuntime".</summary>
    public const string SectionName = "EdgeRuntime";

    /// <summary>Gets or sets the path of the model file. Required; the default, an empty path, is refused.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>
    /// Gets or sets a value indicating whether the model is loaded while the host starts, which is the default. If false, the first use
    /// loads it.
    /// </summary>
    public bool LoadAtStartup { get; set; } = true;

    /// <summary>
    /// Gets or sets the name of the backend that loads the model: <see cref="IModelBackend.Name"/> of one of the
    /// <see cref="IModelBackend"/> services, in any case. Null, the default, or "cpu" is the built-in engine.
    /// </summary>
    /// <remarks>
    /// A name that no backend has is refused. If several backends have the name, the last one that was registered loads the model.
    /// A model that the backend can't load is refused; no other engine takes its place.
    /// </remarks>
    public string? Device { get; set; }

    /// <summary>Gets or sets the number of threads that compute. See <see cref="ModelOptions.Threads"/>. The default is null.</summary>
    public int? Threads { get; set; }

    /// <summary>
    /// Gets or sets the name of the instruction set. See <see cref="ModelOptions.InstructionSet"/>. The default is null: the best one.
    /// </summary>
    public string? InstructionSet { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the first tokens are computed before the weights are packed. See
    /// <see cref="ModelOptions.QuickStart"/>. The default is false.
    /// </summary>
    public bool QuickStart { get; set; }

    /// <summary>
    /// Gets or sets the folder that keeps packed weights for the next start. See <see cref="ModelOptions.PackedCache"/>. The default is
    /// null: no folder.
    /// </summary>
    public string? PackedCache { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the tuning profile of this machine applies. See
    /// <see cref="ModelOptions.UseTuningProfile"/>. The default is true.
    /// </summary>
    public bool UseTuningProfile { get; set; } = true;

    /// <summary>
    /// Gets or sets the context length of sessions that come from the container. See <see cref="SessionOptions.ContextLength"/>. The
    /// default is null.
    /// </summary>
    public int? ContextLength { get; set; }

    /// <summary>
    /// Gets or sets the number format of the KV cache of these sessions. See <see cref="SessionOptions.KvCacheType"/>. The default is null.
    /// </summary>
    public KvCacheType? KvCacheType { get; set; }

    /// <summary>
    /// Gets or sets the greatest number of tokens in one forward pass of these sessions. See <see cref="SessionOptions.BatchTokens"/>. The
    /// default is null.
    /// </summary>
    public int? BatchTokens { get; set; }

    /// <summary>Creates the options of sessions.</summary>
    internal SessionOptions ToSessionOptions() => new()
    {
        ContextLength = ContextLength,
        KvCacheType = KvCacheType,
        BatchTokens = BatchTokens,
    };

    /// <summary>Creates the options with which the model is loaded.</summary>
    internal ModelOptions ToModelOptions(IModelBackend? device, Microsoft.Extensions.Logging.ILoggerFactory? loggers) => new()
    {
        Device = device,
        Threads = Threads,
        InstructionSet = InstructionSet,
        QuickStart = QuickStart,
        PackedCache = PackedCache,
        UseTuningProfile = UseTuningProfile,
        LoggerFactory = loggers,
    };
}
