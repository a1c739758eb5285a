using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The results of a perplexity run as text and as JSON, with a comparison with an earlier run.</summary>
/// <param name="text">The text.</param>
/// <param name="perplexity">The sums over all of its chunks.</param>
internal sealed class PerplexityReport(ChunkedText text, Perplexity perplexity)
{
    private const string LossesKey = "chunk_losses";
    private const string TokensKey = "tokens_hash";

    /// <summary>Reads the losses of another run on the same text.</summary>
    /// <param name="path">The path of a file that <c>--json</c> has printed.</param>
    /// <param name="text">The text.</param>
    /// <returns>The mean negative log-likelihood of each chunk.</returns>
    /// <exception cref="CommandException">The file is no such result, or of another text or other chunks.</exception>
    public static double[] ReadBase(string path, ChunkedText text)
    {
        using JsonDocument document = JsonText.ReadFile(path, "the result of 'eval perplexity --json'");
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(TokensKey, out JsonElement tokens)
            || !root.TryGetProperty(LossesKey, out JsonElement losses) || losses.ValueKind != JsonValueKind.Array
            || losses.EnumerateArray().Any(static loss => loss.ValueKind != JsonValueKind.Number))
        {
            throw new CommandException($"{path}: is no result of 'edgert eval perplexity --json'");
        }

        return tokens.ToString() == text.Hash() && losses.GetArrayLength() == text.Count
            ? [.. losses.EnumerateArray().Select(static loss => loss.GetDouble())]
            : throw new CommandException(
                $"{path}: is the result of another text or of other chunks; use the same -f, --ctx and --chunks");
    }

    /// <summary>Compares with the losses of another run: the mean of the differences between chunks, and its standard error.</summary>
    public JsonObject Compare(double[] losses)
    {
        double[] differences = [.. perplexity.Chunks.Zip(losses, static (loss, other) => loss - other)];
        (double mean, double error) = MeanAndError.Of(differences);
        return new JsonObject
        {
            ["perplexity"] = Math.Exp(losses.Average()),
            ["ratio"] = Math.Exp(mean),
            ["ratio_error"] = Math.Exp(mean) * error,
        };
    }

    /// <summary>Writes the estimate of each text, if there are several, and of all.</summary>
    public void Write(StandardOutput output, JsonObject? comparison)
    {
        output.Write("\n");
        foreach ((string file, double estimate) in text.Files.Count > 1 ? ByFile() : [])
        {
            output.Write(FormattableString.Invariant($"{file}: PPL = {estimate:F4}\n"));
        }

        output.Write(FormattableString.Invariant(
            $"Final estimate: PPL = {perplexity.Estimate:F4} +/- {perplexity.StandardError:F5}\n"));
        if (comparison is not null)
        {
            output.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"Base run: PPL = {comparison["perplexity"]!.GetValue<double>():F4}, "
                + $"PPL / base = {comparison["ratio"]!.GetValue<double>():F6} +/- {comparison["ratio_error"]!.GetValue<double>():F6}\n"));
        }
    }

    /// <summary>Makes the JSON object of the results.</summary>
    public JsonObject ToJson(int context, int stride, JsonObject? comparison)
    {
        var json = new JsonObject
        {
            ["perplexity"] = perplexity.Estimate,
            ["standard_error"] = perplexity.StandardError,
            ["context"] = context,
            ["chunks"] = text.Count,
            ["tokens_scored"] = perplexity.Count,
            ["stride"] = stride,
            [TokensKey] = text.Hash(),
            [LossesKey] = new JsonArray([.. perplexity.Chunks.Select(static loss => (JsonNode)loss)]),
            ["files"] = new JsonArray([.. ByFile().Select(static file =>
                new JsonObject { ["file"] = file.File, ["perplexity"] = file.Estimate })]),
        };
        if (comparison is not null)
        {
            json["base"] = comparison;
        }

        return json;
    }

    private IEnumerable<(string File, double Estimate)> ByFile() => perplexity.Chunks
        .Select((loss, chunk) => (Loss: loss, File: text.FileOf(chunk)))
        .GroupBy(static chunk => chunk.File)
        .Select(group => (text.Files[group.Key], Math.Exp(group.Average(static chunk => chunk.Loss))));
}
