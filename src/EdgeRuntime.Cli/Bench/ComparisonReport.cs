using System;
using System.Collections.Generic;
using EdgeRuntime.Cli.Bench.Peer;
using EdgeRuntime.Cli.Bench.Plan;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Converts comparisons to rows; scripts rely on the first fields.</summary>
internal sealed class ComparisonReport(LlamaLibrary library, BenchOptions options, MachineFacts machine)
{
    /// <summary>Creates the row of a test: tokens per second.</summary>
    public BenchRow ToRow(ComparedTest result)
    {
        BenchRow row = Identify(result.Test, result.Card, result.Threads);
        row.Add("ours_ts", Math.Round(result.OursTokensPerSecond, 2));
        row.Add("peer_ts", Math.Round(result.PeerTokensPerSecond, 2));
        if (result.Texts > 0)
        {
            row.Add("ours_texts_s", Math.Round(result.Texts / Statistics.Median(result.Runs.Ours), 2));
            row.Add("peer_texts_s", Math.Round(result.Texts / Statistics.Median(result.Runs.Peer), 2));
        }

        AddRatio(row, result.Ratio, result.Runs.Ratios);
        AddSettings(row, result.InstructionSet);
        row.Add("peer_flash_attn", result.FlashAttention);
        row.Add("machine_gbs_low", Math.Round(result.MachineBandwidth.Low, 2));
        row.Add("machine_gbs_high", Math.Round(result.MachineBandwidth.High, 2));
        if (result.BytesPerToken > 0)
        {
            double rate = result.BytesPerToken * result.OursTokensPerSecond / 1e9;
            row.Add("bytes_per_token", Math.Round(result.BytesPerToken));
            row.Add("read_gbs", Math.Round(rate, 2));
            row.Add("bandwidth_share", Math.Round(rate / result.MachineBandwidth.High, 4));
        }

        return row;
    }

    /// <summary>Creates the row of a start: peak memory and seconds to the first token.</summary>
    /// <remarks>The ratio is the peer's seconds divided by this runtime's: above 1 this runtime is faster.</remarks>
    public BenchRow ToRow(ComparedStart result)
    {
        BenchRow row = Identify("start", result.Card, result.Threads);
        row.Add("ours_s", Math.Round(result.Ours.FirstTokenSeconds, 4));
        row.Add("peer_s", Math.Round(result.Peer.FirstTokenSeconds, 4));
        AddRatio(row, result.Ratio, result.Ratios);
        AddSettings(row, result.InstructionSet);
        row.Add("ours_load_s", Math.Round(result.Ours.LoadSeconds, 4));
        row.Add("peer_load_s", Math.Round(result.Peer.LoadSeconds, 4));
        row.Add("ours_peak_bytes", result.Ours.PeakBytes);
        row.Add("peer_peak_bytes", result.Peer.PeakBytes);
        return row;
    }

    private static BenchRow Identify(string test, ModelCard card, int threads) => new()
    {
        { "test", test },
        { "model", card.FileName },
        { "type", card.Type },
        { "threads", threads },
    };

    private static void AddRatio(BenchRow row, double ratio, IReadOnlyList<double> ratios)
    {
        (double low, double high, double confidence) = Statistics.MedianInterval([.. ratios]);
        row.Add("ratio", Math.Round(ratio, 4));
        row.Add("ratio_low", Math.Round(low, 4));
        row.Add("ratio_high", Math.Round(high, 4));
        row.Add("confidence", Math.Round(confidence, 4));
        row.Add("pairs", ratios.Count);
    }

    private void AddSettings(BenchRow row, string instructionSet)
    {
        row.Add("type_kv", options.KvTypes.ToString().ToLowerInvariant());
        row.Add("isa", instructionSet);
        row.Add("peer", "llama.cpp " + library.Version);
        row.Add("peer_isa", library.Variant);
        row.Add("peer_mmap", options.Peer!.MapsFile);
        row.Add("cpu_info", machine.Processor);
    }
}
