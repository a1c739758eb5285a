using System;
using System.CommandLine;
using EdgeRuntime.Cli.Models;

namespace EdgeRuntime.Cli.Options;

/// <summary>The options of <c>chat</c> and <c>run</c> for speculative decoding.</summary>
internal sealed class SpeculationCommandOptions
{
    private const string Ngram = "ngram";

    public Option<string?> Speculate { get; } = OptionFactory.Text(
        "--speculate", [],
        "Draft tokens from repetitions in the text so far and check several at once, with the same answer: ngram [default: off]",
        "KIND");

    public Option<string?> Draft { get; } = OptionFactory.Text(
        "--draft", ["-md", "--model-draft"],
        "A smaller model with the same vocabulary that drafts tokens ahead [default: none]",
        "FILE|NAME");

    public void AddTo(Command command)
    {
        Speculate.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !token.Value.Equals(Ngram, StringComparison.OrdinalIgnoreCase))
            {
                result.AddError($"--speculate {token.Value}: expected {Ngram}");
            }
        });
        command.Validators.Add(result =>
        {
            if (result.GetResult(Speculate) is not null && result.GetResult(Draft) is not null)
            {
                result.AddError("expected either --speculate or --draft");
            }
        });
        command.Add(Speculate);
        command.Add(Draft);
    }

    /// <summary>
    /// Loads the draft model and creates a session with the context length of the model; null if no draft model is given.
    /// </summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">
    /// The options of the model itself, including its thread count: two teams of workers would compete for the cores.
    /// </param>
    /// <param name="contextLength">The number of positions of the target session.</param>
    public DraftModel? Open(ParseResult parsed, ModelOptions options, int contextLength) =>
        parsed.GetValue(Draft) is { } draft ? new DraftModel(ModelLocator.Find(draft), options, contextLength) : null;

    /// <summary>Applies these options to the generation options.</summary>
    public GenerationOptions Apply(ParseResult parsed, GenerationOptions options, DraftModel? draft) =>
        options with { NgramDraft = parsed.GetValue(Speculate) is not null, DraftSession = draft?.Session };
}
