using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;

namespace EdgeRuntime;

/// <summary>Writes the tokenizer of a model file in Hugging Face's layout, which other programs read.</summary>
/// <example>
/// <code>
/// using GgufFile file = GgufFile.Open("model.gguf");
/// foreach (string path in TokenizerExport.Write(file, "tokenizer"))
/// {
///     Console.WriteLine(path);
/// }
/// </code>
/// </example>
public static class TokenizerExport
{
    private const string ChatTemplateKey = "tokenizer.chat_template";

    /// <summary>
    /// Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c> to a folder, and <c>chat_template.jinja</c> if the model has a chat
    /// template. Vocabularies of byte-level BPE, SentencePiece BPE and unigram models can be written.
    /// </summary>
    /// <param name="file">The model file, which is open.</param>
    /// <param name="folder">The path of the folder, which is created if it is not there.</param>
    /// <param name="overwrite">Whether existing files are replaced.</param>
    /// <returns>The paths of the files.</returns>
    /// <exception cref="ModelFormatException">The vocabulary is damaged or contradicts itself.</exception>
    /// <exception cref="UnsupportedModelException">
    /// The kind of vocabulary or its pre-tokenizer can't be written; the message names it.
    /// </exception>
    /// <exception cref="IOException">A file can't be written, or it exists.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the folder is denied.</exception>
    public static IReadOnlyList<string> Write(GgufFile file, string folder, bool overwrite = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Tokenizer tokenizer = GgufVocabulary.CreateTokenizer(file);
        var writer = new TokenizerWriter(file.Path, GgufVocabulary.Read(file.Metadata), tokenizer);
        List<(string Name, string Text)> contents =
        [
            ("tokenizer.json", TokenizerWriter.Format(writer.CreateTokenizer())),
            ("tokenizer_config.json", TokenizerWriter.Format(writer.CreateSettings(ReadContextLength(file.Metadata)))),
        ];
        if (file.Metadata.GetString(ChatTemplateKey, "") is { Length: > 0 } template)
        {
            contents.Add(("chat_template.jinja", template));
        }

        Directory.CreateDirectory(folder);
        var files = new List<FileReplacement>();
        try
        {
            foreach ((string name, string text) in contents)
            {
                files.Add(FileReplacement.OfUser(Path.Join(folder, name), mustBeNew: !overwrite));
                files[^1].Write(Encoding.UTF8.GetBytes(text));
            }

            files.ForEach(static file => file.Commit());
        }
        finally
        {
            files.ForEach(static file => file.Dispose());
        }

        return contents.ConvertAll(content => Path.Join(folder, content.Name));
    }

    private static int? ReadContextLength(GgufMetadata metadata)
    {
        string key = metadata.GetString("general.architecture", "") + ".context_length";
        return metadata.Contains(key) ? metadata.GetInt32(key) : null;
    }
}
