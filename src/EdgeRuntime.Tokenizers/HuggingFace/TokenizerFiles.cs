using System.IO;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>The JSON files of a model folder in Hugging Face's layout that describe its tokenizer.</summary>
/// <param name="Folder">The path of the folder.</param>
/// <param name="Main"><c>tokenizer.json</c>; does not exist in folders that have only <c>tokenizer.model</c>.</param>
/// <param name="Settings"><c>tokenizer_config.json</c>; does not exist in some folders.</param>
/// <param name="Model"><c>config.json</c>; does not exist in some folders.</param>
internal sealed record TokenizerFiles(string Folder, JsonField Main, JsonField Settings, JsonField Model)
{
    // The largest published tokenizer.json has 35 MB.
    private const int MaxTokenizerBytes = 256 << 20;
    private const int MaxSettingsBytes = 16 << 20;

    /// <summary>Gets the path of the SentencePiece model, or null if the folder has none.</summary>
    public string? SentencePieceModel => Path.Join(Folder, "tokenizer.model") is var path && File.Exists(path) ? path : null;

    /// <summary>Reads the files of a folder.</summary>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    /// <exception cref="EdgeRuntime.Files.FileException">A file is not a regular file, or it is too long.</exception>
    /// <exception cref="IOException">A file can't be read.</exception>
    public static TokenizerFiles Read(string folder) => new(
        folder,
        ReadIfThere(folder, "tokenizer.json", MaxTokenizerBytes),
        ReadIfThere(folder, "tokenizer_config.json", MaxSettingsBytes),
        ReadIfThere(folder, "config.json", MaxSettingsBytes));

    /// <summary>Reads another JSON file of the folder, if it is there.</summary>
    /// <inheritdoc cref="Read"/>
    public JsonField ReadOther(string name) => ReadIfThere(Folder, name, MaxSettingsBytes);

    private static JsonField ReadIfThere(string folder, string name, int maxBytes)
    {
        string path = Path.Join(folder, name);
        return Path.Exists(path) ? JsonField.Read(path, maxBytes) : default;
    }
}
