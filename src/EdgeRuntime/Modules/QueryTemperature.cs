using System;

namespace EdgeRuntime.Modules;

/// <summary>
/// A factor of queries that grows with their position p: 1 + scale ln(floor((p + offset) / length) + 1).
/// Source: llama.cpp, llama-graph.cpp, <c>llm_graph_input_attn_temp</c>.
/// </summary>
/// <param name="Scale">The factor of the logarithm.</param>
/// <param name="Length">The number of positions with the same factor, at least 1.</param>
/// <param name="Offset">The number that is added to positions.</param>
internal sealed record QueryTemperature(float Scale, int Length, float Offset = 0)
{
    /// <summary>Returns the factor of a position.</summary>
    public float FactorAt(int position) => (float)((Math.Log(Math.Floor((position + Offset) / Length) + 1) * Scale) + 1);
}
