using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using EdgeRuntime.Cli.Options;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The options of commands that let models answer prompts.</summary>
internal sealed class AnswerOptions
{
    private const int DefaultMaxTokens = 256;

    private readonly SamplingCommandOptions _sampling = new();
    private readonly ConversationCommandOptions _conversation = new();

    public Option<string> File { get; } = new("--file", "-f")
    {
        Description = "The prompts: a file with a JSON object on each line, with 'prompt' and 'reference' or 'references'",
        HelpName = "FILE",
        Required = true,
    };

    public Option<int> Limit { get; } = OptionFactory.Integer("--limit", [], "Use the first N prompts; -1: all", -1, -1);

    public void AddTo(Command command)
    {
        command.Add(File);
        command.Add(Limit);
        _sampling.AddTo(command);
        _conversation.AddTo(command);
    }

    /// <summary>
    /// Gets how answers are generated. Unlike in a chat, the likeliest tokens are taken and answers end after 256 tokens, unless options
    /// say otherwise, and the seed is always the same.
    /// </summary>
    public GenerationOptions GetGeneration(ParseResult parsed)
    {
        GenerationOptions options = _conversation.Apply(parsed, _sampling.GetOptions(parsed));
        return options with
        {
            Temperature = parsed.IsGiven(_sampling.Temperature) ? options.Temperature : 0,
            MaxTokens = parsed.IsGiven(_sampling.MaxTokens) ? options.MaxTokens : DefaultMaxTokens,
            Seed = parsed.GetValue(_sampling.Seed) < 0 ? 0 : options.Seed,
        };
    }

    /// <summary>Gets what answers depend on as one text, which differs where they may.</summary>
    public static string Describe(GenerationOptions options, string? system)
    {
        // The text of a record says nothing of what its lists hold.
        IEnumerable<string> biases = options.LogitBias.Select(static bias => FormattableString.Invariant($"{bias.Key}: {bias.Value:R}"));
        return string.Join('\n', [$"{options}", .. options.StopSequences, .. biases, system]);
    }

    /// <summary>Gets what the model is told before each prompt, or null.</summary>
    public string? GetSystem(ParseResult parsed) => _conversation.GetSystem(parsed);

    /// <summary>Reads the prompts.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="needsReference">
    /// Whether a prompt without references is an error. Otherwise the file may also have a prompt on each line, unless its name ends in
    /// <c>.jsonl</c>.
    /// </param>
    public PromptItem[] ReadPrompts(ParseResult parsed, bool needsReference)
    {
        string path = parsed.GetRequiredValue(File);
        int most = parsed.GetValue(Limit);
        return needsReference || path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
            ? [.. JsonLine.Read(path, most).Select(line => PromptItem.Read(line, needsReference))]
            : PromptItem.ReadLines(path, most);
    }
}
