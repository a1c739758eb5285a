using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace EdgeRuntime.Cli.Bench;

/// <summary>A column of a table: the field that it shows and its format.</summary>
/// <param name="Title">Header, with the unit.</param>
/// <param name="Field">Name of the field.</param>
/// <param name="Digits">Digits after the decimal point; null for text.</param>
/// <param name="Scale">The factor that the number is multiplied by.</param>
/// <param name="SpreadField">The field that is shown after "±".</param>
/// <param name="IsKey">Whether it identifies the measurement of a row; every part of a split table repeats it.</param>
/// <param name="Beside">Another field: the column is shown only if rows with equal values of that field differ in this one.</param>
internal sealed record BenchColumn(
    string Title, string Field, int? Digits = null, double Scale = 1, string? SpreadField = null, bool IsKey = false, string? Beside = null)
{
    /// <summary>The columns for a measurement of this runtime.</summary>
    public static IReadOnlyList<BenchColumn> Measurement { get; } =
    [
        new("model", "model_type", IsKey: true),
        new("file", "model_filename", Beside: "model_type"),
        new("size MB", "model_size", 1, 1e-6),
        new("threads", "n_threads", 0, IsKey: true),
        new("isa", "isa"),
        new("kv", "type_k"),
        new("test", "test", IsKey: true),
        new("tok/s", "median_ts", 2, SpreadField: "stddev_ts"),
        new("texts/s", "median_texts_s", 1),
        new("p50 ms", "latency_p50_ms", 2),
        new("p95 ms", "latency_p95_ms", 2),
        new("p99 ms", "latency_p99_ms", 2),
        new("max ms", "latency_max_ms", 2),
        new("load s", "load_s", 3),
        new("TTFT cold s", "ttft_cold_s", 3),
        new("warm s", "ttft_warm_s", 3),
        new("peak MB", "peak_memory_bytes", 0, 1e-6),
        new("MB/token", "bytes_per_token", 1, 1e-6),
        new("GB/s", "read_gbs", 1),
        new("of read %", "bandwidth_share", 0, 100),
        new("MAC/cycle", "mac_per_cycle", 1),
        new("J/token", "energy_j_per_token", 4),
        new("W", "energy_watts", 2),
        new("net J/token", "energy_net_j_per_token", 4),
        new("net W", "energy_net_watts", 2),
        new("± J/token", "energy_error_j_per_token", 4),
        new("failures", "energy_failures", 0),
        new("energy", "energy_source"),
    ];

    /// <summary>The columns for several sequences at once: model and settings, then the columns of llama-batched-bench.</summary>
    public static IReadOnlyList<BenchColumn> Parallel { get; } =
    [
        new("model", "model_type", IsKey: true),
        new("file", "model_filename", Beside: "model_type"),
        new("threads", "n_threads", 0, IsKey: true),
        new("isa", "isa"),
        new("kv", "type_k"),
        new("PP", "pp", 0, IsKey: true),
        new("TG", "tg", 0, IsKey: true),
        new("B", "pl", 0, IsKey: true),
        new("N_KV", "n_kv", 0),
        new("T_PP s", "t_pp", 3),
        new("S_PP t/s", "speed_pp", 2),
        new("T_TG s", "t_tg", 3),
        new("S_TG t/s", "speed_tg", 2),
        new("T s", "t", 3),
        new("S t/s", "speed", 2),
    ];

    /// <summary>The columns for a comparison with another runtime.</summary>
    public static IReadOnlyList<BenchColumn> Comparison { get; } =
    [
        new("model", "model", IsKey: true),
        new("type", "type"),
        new("threads", "threads", 0, IsKey: true),
        new("isa", "isa"),
        new("peer isa", "peer_isa"),
        new("kv", "type_kv"),
        new("test", "test", IsKey: true),
        new("ours tok/s", "ours_ts", 2),
        new("peer tok/s", "peer_ts", 2),
        new("ours texts/s", "ours_texts_s", 1),
        new("peer texts/s", "peer_texts_s", 1),
        new("ours s", "ours_s", 3),
        new("peer s", "peer_s", 3),
        new("ratio", "ratio", 3),
        new("low", "ratio_low", 3),
        new("high", "ratio_high", 3),
        new("of read %", "bandwidth_share", 0, 100),
        new("ours peak MB", "ours_peak_bytes", 0, 1e-6),
        new("peer peak MB", "peer_peak_bytes", 0, 1e-6),
    ];

    public bool IsNumber => Digits is not null;

    /// <summary>Gets the columns for which at least one row has a value.</summary>
    public static IReadOnlyList<BenchColumn> Used(IEnumerable<BenchColumn> columns, IReadOnlyCollection<BenchRow> rows) =>
    [
        .. columns.Where(column => rows.Any(row => row.Text(column.Field).Length > 0)
            && (column.Beside is null || column.TellsApart(rows))),
    ];

    private bool TellsApart(IReadOnlyCollection<BenchRow> rows) =>
        rows.GroupBy(row => row.Text(Beside!)).Any(group => group.Select(row => row.Text(Field)).Distinct().Skip(1).Any());

    public string Format(BenchRow row) => SpreadField is null ? Format(row, Field) : $"{Format(row, Field)} ± {Format(row, SpreadField)}";

    private string Format(BenchRow row, string field)
    {
        if (Digits is not { } digits)
        {
            return row.Text(field);
        }

        return row.Number(field) is { } number
            ? (number * Scale).ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
            : "";
    }
}
