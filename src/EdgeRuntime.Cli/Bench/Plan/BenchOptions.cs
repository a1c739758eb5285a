using System;
using System.Collections.Generic;
using EdgeRuntime.Cli.Models;
using EdgeRuntime.Cli.Terminal;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Cli.Bench.Plan;

/// <summary>The plan and the settings of a measurement.</summary>
internal sealed record BenchOptions
{
    /// <summary>The maximum number of tokens computed at once, in both runtimes (llama.cpp's batch and micro-batch).</summary>
    public const int BatchTokens = 512;

    /// <summary>Model files.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    public required IReadOnlyList<BenchTest> Tests { get; init; }

    /// <summary>Tests of several sequences at once; when there are any, only these run.</summary>
    public IReadOnlyList<ParallelTest> ParallelTests { get; init; } = [];

    /// <summary>Tests of embeddings, for a model without logits.</summary>
    public IReadOnlyList<TextTest> TextTests { get; init; } = [];

    /// <summary>Whether the tests of embeddings were asked for; a model with logits is then measured with them, too.</summary>
    public bool AsksForTexts { get; init; }

    /// <summary>The name of the first given option that has no meaning for tests of embeddings; null for none.</summary>
    public string? OptionOfTokens { get; init; }

    public required IReadOnlyList<int> Threads { get; init; }

    public required int Repeats { get; init; }

    public required KvTypes KvTypes { get; init; }

    /// <summary>Name of an instruction set; null for the best of the machine.</summary>
    public string? InstructionSet { get; init; }

    /// <summary>Folder of packed weights; null for none.</summary>
    public string? PackedCache { get; init; }

    /// <summary>The device; null for the built-in engine.</summary>
    public DeviceChoice? Device { get; init; }

    /// <summary>Receives warnings, also that another engine than the device's is measured; null for nowhere.</summary>
    public ILoggerFactory? Log { get; init; }

    /// <summary>The runtime to compare with; null for none.</summary>
    public PeerOptions? Peer { get; init; }

    /// <summary>Gets whether a model is measured with texts, and not with tokens of one sequence.</summary>
    /// <exception cref="UsageException">An option was given that has a meaning for tokens only.</exception>
    public bool MeasuresTexts(ModelCard card)
    {
        bool measures = AsksForTexts || !card.HasLogits;
        if (measures && OptionOfTokens is { } option)
        {
            string why = AsksForTexts ? "beside --texts" : $"for {card.FileName}, a model without logits; use --texts";
            throw new UsageException($"{option} has no meaning {why}");
        }

        return measures;
    }

    /// <summary>Gets the options for loading models; tuning profiles are ignored.</summary>
    public ModelOptions CreateModelOptions(int threads) => new()
    {
        Threads = threads,
        InstructionSet = InstructionSet,
        PackedCache = PackedCache,
        UseTuningProfile = false,
        Device = Device?.Backend,
        LoggerFactory = Log,
    };
}

/// <summary>The location of llama.cpp and its settings.</summary>
/// <param name="LibraryPath">libllama or its folder.</param>
/// <param name="MapsFile">Whether it maps a model's file, as its tools do by default, or reads it.</param>
internal sealed record PeerOptions(string LibraryPath, bool MapsFile)
{
    /// <summary>The option of <c>edgert bench</c> that names the peer.</summary>
    public const string CompareOptionName = "--compare";

    /// <summary>The option with which the peer reads the model's file instead of mapping it.</summary>
    public const string NoMapOptionName = "--no-mmap";

    /// <summary>The prefix of the library's path in the value of <see cref="CompareOptionName"/>.</summary>
    public const string LlamaPrefix = "libllama=";

    /// <summary>Gets PATH of an option's <c>libllama=PATH</c>.</summary>
    /// <param name="option">The name of the option.</param>
    /// <param name="text">The option's value.</param>
    /// <exception cref="UsageException">The value has another form.</exception>
    public static string ParsePath(string option, string text) =>
        text.StartsWith(LlamaPrefix, StringComparison.Ordinal) && text.Length > LlamaPrefix.Length
            ? text[LlamaPrefix.Length..]
            : throw new UsageException($"{option} {text}: expected {LlamaPrefix}PATH");

    /// <summary>These options as <c>edgert bench</c> takes them.</summary>
    public string[] ToArguments() => [CompareOptionName, LlamaPrefix + LibraryPath, .. MapsFile ? (string[])[] : [NoMapOptionName]];
}
