using System;
using System.Globalization;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Files;
using EdgeRuntime.Onnx.Export;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>What <c>genai_config.json</c> says of a model: the form in which ONNX Runtime GenAI describes the folder of a model.</summary>
internal sealed record GenAiModel
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Gets the kind of model ("llama").</summary>
    public required string Type { get; init; }

    /// <summary>Gets the number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Gets the number of positions that the model was trained for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Gets the number of elements of a hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Gets the number of layers with a cache.</summary>
    public required int Layers { get; init; }

    /// <summary>Gets the name of the graph's file.</summary>
    public required string GraphFile { get; init; }

    /// <summary>Gets the name of the input of token ids.</summary>
    public required string InputIds { get; init; }

    /// <summary>Gets the name of the input that marks the positions of the sequence.</summary>
    public required string AttentionMask { get; init; }

    /// <summary>Gets the name of the input of positions.</summary>
    public required string PositionIds { get; init; }

    /// <summary>Gets the name of the output of logits.</summary>
    public required string Logits { get; init; }

    /// <summary>Gets the four names of a layer's cache, with %d for the layer: keys and values before and after a pass.</summary>
    public required CacheNames Cache { get; init; }

    /// <summary>Gets whether the cache before and after a pass is one buffer.</summary>
    public required bool SharesCache { get; init; }

    /// <summary>Determines whether a path is a folder of a model. Never throws.</summary>
    public static bool IsFolder(string path) => File.Exists(Path.Combine(path, GenAiConfig.FileName));

    /// <summary>Reads the description of a folder.</summary>
    /// <param name="folder">The folder of the model.</param>
    /// <exception cref="ModelFormatException">The file is damaged, or a value is missing or impossible.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static GenAiModel Read(string folder)
    {
        string path = Path.Combine(folder, GenAiConfig.FileName);
        try
        {
            using JsonDocument json = RegularFile.ReadJson(path, MaxBytes);
            return Read(path, json);
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(path, -1, $"not valid JSON: {exception.Message.ReplaceLineEndings(" ")}");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw FileException.From(path, exception);
        }
    }

    /// <summary>Reads a description.</summary>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="json">Its content.</param>
    /// <exception cref="ModelFormatException">A value is missing or impossible.</exception>
    public static GenAiModel Read(string path, JsonDocument json)
    {
        var root = new Section(path, json.RootElement, "");
        Section model = root.Get("model");
        Section decoder = model.Get("decoder");
        Section inputs = decoder.Get("inputs");
        Section outputs = decoder.Get("outputs");
        return new GenAiModel
        {
            Type = model.Text("type"),
            VocabularySize = model.Number("vocab_size"),
            ContextLength = model.Number("context_length"),
            HiddenSize = decoder.Number("hidden_size"),
            Layers = decoder.Number("num_hidden_layers", least: 0),
            GraphFile = decoder.FileName("filename"),
            InputIds = inputs.Text("input_ids", "input_ids"),
            AttentionMask = inputs.Text("attention_mask", "attention_mask"),
            PositionIds = inputs.Text("position_ids", "position_ids"),
            Logits = outputs.Text("logits", "logits"),
            Cache = new CacheNames(
                inputs.Text("past_key_names", "past_key_values.%d.key"),
                inputs.Text("past_value_names", "past_key_values.%d.value"),
                outputs.Text("present_key_names", "present.%d.key"),
                outputs.Text("present_value_names", "present.%d.value")),
            SharesCache = root.Get("search").Flag("past_present_share_buffer"),
        };
    }

    /// <summary>The names of a layer's cache, with %d for the number of the layer.</summary>
    internal sealed record CacheNames(string PastKey, string PastValue, string PresentKey, string PresentValue)
    {
        /// <summary>Gets the names of the inputs and outputs of a layer: of the keys, then of the values.</summary>
        public (string Past, string Present)[] OfLayer(int layer) =>
            [(Name(PastKey, layer), Name(PresentKey, layer)), (Name(PastValue, layer), Name(PresentValue, layer))];

        private static string Name(string pattern, int layer) =>
            pattern.Replace("%d", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    /// <summary>An object of the file, whose values are checked where they are read.</summary>
    private readonly record struct Section(string Path, JsonElement Element, string Name)
    {
        public Section Get(string key) => Find(key) is { ValueKind: JsonValueKind.Object } found
            ? new Section(Path, found, Name + key + ".")
            : throw Wrong(key, "an object");

        public string Text(string key, string? missing = null) => Find(key) switch
        {
            { ValueKind: JsonValueKind.String } found when found.GetString() is { Length: > 0 } text => text,
            null when missing is not null => missing,
            _ => throw Wrong(key, "a text"),
        };

        public int Number(string key, int least = 1) => Find(key) is { ValueKind: JsonValueKind.Number } found
            && found.TryGetInt32(out int number) && number >= least ? number : throw Wrong(key, $"a number of {least} or more");

        public bool Flag(string key) => Find(key) is { ValueKind: JsonValueKind.True };

        /// <summary>Reads the name of a file of the folder. Another path would reach files that the folder does not own.</summary>
        public string FileName(string key)
        {
            string name = Text(key);
            bool isPlain = name == System.IO.Path.GetFileName(name) && name is not ("." or "..");
            return isPlain ? name : throw Wrong(key, "the name of a file of the folder");
        }

        private JsonElement? Find(string key) =>
            Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(key, out JsonElement found) ? found : null;

        private ModelFormatException Wrong(string key, string expected)
        {
            string found = Find(key) is { } value ? Printable.Shorten(value.GetRawText()) : "missing";
            return new ModelFormatException(Path, -1, $"{Name}{key} is {found}; expected {expected}");
        }
    }
}
