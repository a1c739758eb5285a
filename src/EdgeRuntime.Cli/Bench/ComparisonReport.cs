using System;
using EdgeRuntime.Cli.Bench.Peer;

namespace EdgeRuntime.Cli.Bench;

/// <summary>Comparisons as text.</summary>
internal static class ComparisonReport
{
    /// <summary>The fields of one comparison; the first ones are the interface that scripts rely on.</summary>
    public static BenchRow ToRow(ComparedTest result, LlamaLibrary library, BenchOptions options, MachineFacts machine)
    {
        (double low, double high, double confidence) = Statistics.MedianInterval([.. result.Ratios]);
        var row = new BenchRow
        {
            { "test", result.Test.Name },
            { "model", result.Card.FileName },
            { "type", result.Card.Type },
            { "threads", result.Threads },
            { "ours_ts", Math.Round(result.OursTokensPerSecond, 2) },
            { "peer_ts", Math.Round(result.PeerTokensPerSecond, 2) },
            { "ratio", Math.Round(result.Ratio, 4) },
            { "ratio_low", Math.Round(low, 4) },
            { "ratio_high", Math.Round(high, 4) },
            { "confidence", Math.Round(confidence, 4) },
            { "pairs", result.Ratios.Count },
            { "type_kv", options.KvType.ToString().ToLowerInvariant() },
            { "isa", result.InstructionSet },
            { "peer", "llama.cpp " + library.Version },
            { "peer_isa", library.Variant },
            { "peer_flash_attn", result.FlashAttention },
            { "cpu_info", machine.Processor },
        };
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
}
