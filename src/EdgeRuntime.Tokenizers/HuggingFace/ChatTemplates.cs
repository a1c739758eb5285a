using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using EdgeRuntime.Files;
using EdgeRuntime.Json;

namespace EdgeRuntime.HuggingFace;

/// <summary>Reads the chat templates of a folder.</summary>
internal static class ChatTemplates
{
    /// <summary>The name of the template that is used if none is chosen.</summary>
    public const string Default = "default";

    private const int MaxTemplateBytes = 4 << 20;

    /// <summary>
    /// Reads the templates: those of <c>tokenizer_config.json</c>, or else <c>chat_template.jinja</c> with
    /// <c>additional_chat_templates</c>, or else <c>chat_template.json</c>.
    /// </summary>
    /// <returns>The templates by name; empty if there are none.</returns>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    public static IReadOnlyList<(string Name, string Source)> Read(TokenizerFiles files)
    {
        JsonField field = files.Settings["chat_template"];
        if (field.Exists)
        {
            return ReadField(field);
        }

        string path = Path.Join(files.Folder, "chat_template.jinja");
        return File.Exists(path) ? ReadTexts(path) : ReadField(files.ReadOther("chat_template.json")["chat_template"]);
    }

    private static List<(string Name, string Source)> ReadField(JsonField field)
    {
        if (field.Kind == JsonValueKind.String)
        {
            return [(Default, field.GetText())];
        }

        var templates = new List<(string Name, string Source)>();
        foreach (JsonField entry in field.Elements())
        {
            templates.Add((entry["name"].GetText(), entry["template"].GetText()));
        }

        return templates;
    }

    private static List<(string Name, string Source)> ReadTexts(string path)
    {
        var templates = new List<(string Name, string Source)> { (Default, RegularFile.ReadText(path, MaxTemplateBytes)) };
        string folder = Path.Join(Path.GetDirectoryName(path), "additional_chat_templates");
        if (Directory.Exists(folder))
        {
            string[] others = Directory.GetFiles(folder, "*.jinja");
            Array.Sort(others, StringComparer.Ordinal);
            foreach (string other in others)
            {
                templates.Add((Path.GetFileNameWithoutExtension(other), RegularFile.ReadText(other, MaxTemplateBytes)));
            }
        }

        return templates;
    }
}
