using System.IO;

namespace EdgeRuntime.TestSupport;

/// <summary>The models that lie in the repository.</summary>
internal static class TestModels
{
    /// <summary>Gets the path of a small real model: F32, five layers, SentencePiece vocabulary of 512.</summary>
    public static string Stories { get; } = InRepository("stories260K.gguf");

    /// <summary>Gets the path of the bundled model.</summary>
    public static string SmolLm { get; } = InRepository("SmolLM2-135M-Instruct-Q4_1.gguf");

    /// <summary>Gets the path of a file of the repository's folder <c>models</c>.</summary>
    public static string InRepository(string name) => Path.Combine(SharedData.Repository, "models", name);
}
