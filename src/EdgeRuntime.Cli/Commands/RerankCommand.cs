using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Options;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Files;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert rerank</c>: orders documents by how well they answer a query.</summary>
internal static class RerankCommand
{
    public const string Name = "rerank";

    private const int ShownCharacters = 100;

    public static Command Create()
    {
        var options = new ModelCommandOptions(defaultKvType: "f32");
        var documents = new TextCommandOptions("document");
        var query = new Option<string>("--query", "-q") { Description = "The query", HelpName = "TEXT", Required = true };
        Option<int> top = OptionFactory.Integer("--top-n", ["-n"], "Print only the best N documents; 0: all", 0, 0);
        Option<bool> json = OptionFactory.Switch("--json", [], "Print one JSON object instead of a table");
        var command = new Command(Name, "Scores documents for a query with a reranker and prints them, the best first.");
        documents.AddTo(command);
        options.AddWithoutSessionTo(command);
        foreach (Option option in (Option[])[query, top, json])
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            using AppLog log = options.CreateLog(parsed);
            using LanguageModel model = documents.Load(parsed, options, log);
            string[] texts = [.. documents.Read(parsed, options).Select(static item => item.Text
                ?? throw new CommandException($"{item.Place}: expected a text, found token ids"))];
            IReadOnlyList<float> scores = model.Rerank(
                parsed.GetRequiredValue(query), texts, documents.Apply(parsed, options, model, new RerankOptions()));
            int[] order = [.. Enumerable.Range(0, texts.Length).OrderByDescending(index => scores[index])];
            order = parsed.GetValue(top) is > 0 and int count ? [.. order.Take(count)] : order;
            string text = parsed.GetValue(json)
                ? JsonText.Format(ToJson(model, order, scores)) + "\n"
                : ToTable(order, scores, texts);
            Write(text, parsed.GetValue(documents.Output), parsed.GetValue(documents.Files) ?? []);
            return 0;
        });
        return command;
    }

    private static void Write(string text, string? path, string[] inputs)
    {
        if (path is null)
        {
            using var output = new StandardOutput();
            output.Write(text);
            return;
        }

        using FileReplacement file = UserFile.Create(path, inputs);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Commit();
    }

    private static JsonObject ToJson(LanguageModel model, int[] order, IReadOnlyList<float> scores) => new()
    {
        ["model"] = Path.GetFileNameWithoutExtension(model.Path),
        ["object"] = "list",
        ["results"] = new JsonArray([.. order.Select(index => new JsonObject
        {
            ["index"] = index,
            ["relevance_score"] = scores[index],
        })]),
    };

    private static string ToTable(int[] order, IReadOnlyList<float> scores, string[] texts)
    {
        var table = new StringBuilder(FormattableString.Invariant($"{"score",12} {"index",6}  document\n"));
        foreach (int index in order)
        {
            string text = OneLine.Value(texts[index]);
            text = text.Length > ShownCharacters ? text[..ShownCharacters] + "…" : text;
            table.Append(FormattableString.Invariant($"{scores[index],12:F6} {index,6}  {text}\n"));
        }

        return table.ToString();
    }
}
