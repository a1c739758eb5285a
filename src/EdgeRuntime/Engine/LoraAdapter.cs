using EdgeRuntime.Engine;

namespace EdgeRuntime;

/// <summary>
/// A LoRA adapter that an engine has loaded: for some matrices W of its model, two small matrices A and B, so that W x becomes
/// W x + scale * B (A x). Sequences of one batch may use different adapters. Its memory belongs to the engine and is freed with it.
/// </summary>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// LoraAdapter adapter = model.LoadAdapter("adapter.gguf");
/// using ModelSession session = model.CreateSession();
/// session.UseAdapters(new AdapterScale(adapter, 0.5f));
/// Console.WriteLine(session.Generate("Once upon a time", new() { MaxTokens = 8 }).Complete().Text);
/// session.UseAdapters(); // the model itself again
/// </code>
/// </example>
/// <param name="engine">The engine that has loaded the adapter.</param>
/// <param name="path">The adapter's file.</param>
public abstract class LoraAdapter(IEngine engine, string path)
{
    /// <summary>Gets the engine that has loaded the adapter. Only its states can use the adapter.</summary>
    public IEngine Engine { get; } = engine;

    /// <summary>Gets the path of the adapter's file.</summary>
    public string Path { get; } = path;

    /// <summary>Gets the number of matrices that the adapter changes.</summary>
    public abstract int MatrixCount { get; }

    /// <summary>Gets the bytes of memory that the adapter takes.</summary>
    public abstract long ByteSize { get; }
}
