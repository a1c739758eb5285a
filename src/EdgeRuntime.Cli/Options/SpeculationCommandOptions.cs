using System;
using System.CommandLine;
using EdgeRuntime.Cli.Models;

namespace EdgeRuntime.Cli.Options;

/// <summary>Drafting tokens ahead of the model: options of <c>chat</c> and <c>run</c>.</summary>
internal sealed class SpeculationCommandOptions
{
    private const string Ngram = "ngram";

    public Option<string?> Speculate { get; } = OptionFactory.Text(
        "--speculate", [], "Draft tokens from repetitions in the text so far and check several at once, with the same answer: ngram [default: off]", "KIND");

    public Option<string?> Draft { get; } = OptionFactory.Text(
        "--draft", ["-md", "--model-draft"], "A smaller model with the same vocabulary that drafts tokens ahead [default: none]", "FILE|NAME");

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

    /// <summary>The draft model, loaded, with a session as long as the model's; null where none was asked for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">As for the model itself, with its threads: two teams of workers would fight for the processors.</param>
    /// <param name="contextLength">Positions of the session that it drafts for.</param>
    public DraftModel? Open(ParseResult parsed, ModelOptions options, int contextLength) =>
        parsed.GetValue(Draft) is { } draft ? new DraftModel(ModelLocator.Find(draft), options, contextLength) : null;

    /// <summary>The options with what was asked for here.</summary>
    public GenerationOptions Apply(ParseResult parsed, GenerationOptions options, DraftModel? draft) =>
        options with { NgramDraft = parsed.GetValue(Speculate) is not null, DraftSession = draft?.Session };
}
