using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Models;

namespace EdgeRuntime.Cli.Bench;

/// <summary>
/// One measurement as named fields, in the order in which reports show them. A value is a number, a text, a truth value or a list of
/// numbers.
/// </summary>
internal sealed class BenchRow : IEnumerable<KeyValuePair<string, object>>
{
    private readonly List<KeyValuePair<string, object>> _fields = [];

    /// <summary>Creates a row with the machine, the model and its settings, under llama-bench's names.</summary>
    public static BenchRow Identify(MachineFacts machine, ModelCard card, LanguageModel model, KvTypes kvTypes) => new()
    {
        { "cpu_info", machine.Processor },
        { "os_info", machine.System },
        { "backends", "EdgeRuntime" },
        { "isa", model.InstructionSet },
        { "model_filename", card.Path },
        { "model_type", card.Description },
        { "model_size", card.TensorBytes },
        { "model_n_params", card.Parameters },
        { "n_batch", BenchOptions.BatchTokens },
        { "n_ubatch", BenchOptions.BatchTokens },
        { "n_threads", model.Threads },
        { "type_k", KvTypes.Name(kvTypes.Keys) },
        { "type_v", KvTypes.Name(kvTypes.Values) },
    };

    public void Add(string name, object value) => _fields.Add(new(name, value));

    /// <summary>Adds the current time as the time of the measurement.</summary>
    public void AddTestTime() => Add("test_time", DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));

    /// <summary>Adds the seconds of the repeats and their tokens per second, under llama-bench's names.</summary>
    /// <param name="tokens">The number of tokens of a repeat.</param>
    /// <param name="seconds">Seconds of each repeat.</param>
    public void AddRates(int tokens, double[] seconds)
    {
        double[] rates = [.. seconds.Select(time => tokens / time)];
        Add("avg_ns", Math.Round(seconds.Average() * 1e9));
        Add("stddev_ns", Math.Round(Statistics.StandardDeviation(seconds) * 1e9));
        Add("avg_ts", Math.Round(rates.Average(), 3));
        Add("stddev_ts", Math.Round(Statistics.StandardDeviation(rates), 3));
        Add("median_ts", Math.Round(Statistics.Median(rates), 3));
        Add("min_ts", Math.Round(rates.Min(), 3));
        Add("max_ts", Math.Round(rates.Max(), 3));
        Add("samples_ns", seconds.Select(time => Math.Round(time * 1e9)).ToArray());
        Add("samples_ts", rates.Select(rate => Math.Round(rate, 3)).ToArray());
    }

    /// <summary>Gets a field as text; empty if the row has no field of that name.</summary>
    public string Text(string name) => Format(_fields.Find(field => field.Key == name).Value);

    /// <summary>Gets the number in a field; null if the row has no field of that name.</summary>
    public double? Number(string name) =>
        _fields.Find(field => field.Key == name).Value is IConvertible value and not string
            ? value.ToDouble(CultureInfo.InvariantCulture)
            : null;

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach ((string name, object value) in _fields)
        {
            json[name] = value switch
            {
                string text => JsonValue.Create(text),
                bool flag => JsonValue.Create(flag),
                int number => JsonValue.Create(number),
                long number => JsonValue.Create(number),
                double number => double.IsFinite(number) ? JsonValue.Create(number) : null,
                IEnumerable<double> list => ToJson(list),
                _ => throw new InvalidOperationException($"{name}: no JSON for {value.GetType()}"),
            };
        }

        return json;
    }

    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => _fields.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static JsonArray ToJson(IEnumerable<double> list)
    {
        var json = new JsonArray();
        foreach (double number in list)
        {
            json.Add((JsonNode)number);
        }

        return json;
    }

    private static string Format(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        IEnumerable<double> list => string.Join(' ', list),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
