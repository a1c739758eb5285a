using System.CommandLine;

namespace EdgeRuntime.Cli.Options;

/// <summary>The options of <c>chat</c> and <c>run</c> for the conversion of texts to a prompt.</summary>
internal sealed class ConversationCommandOptions
{
    public Option<string?> System { get; } = OptionFactory.Text(
        "--system", ["-sys", "--system-prompt"],
        "What the model is told before the conversation [default: the template's own words]",
        "TEXT");

    public Option<bool> NoTemplate { get; } = OptionFactory.Switch(
        "--no-template", [], "Don't apply the model's chat template: the model goes on with the bare text");

    public Option<bool> NoParseSpecial { get; } = OptionFactory.Switch(
        "--no-parse-special",
        [],
        "With --no-template: take control tokens written in the text (<|im_end|>) as plain text; in a chat template they always are");

    public void AddTo(Command command)
    {
        command.Add(System);
        command.Add(NoTemplate);
        command.Add(NoParseSpecial);
    }

    /// <summary>Applies these options to the generation options.</summary>
    public GenerationOptions Apply(ParseResult parsed, GenerationOptions options) => options with
    {
        ApplyTemplate = !parsed.GetValue(NoTemplate),
        ParseSpecial = !parsed.GetValue(NoParseSpecial),
    };

    public string? GetSystem(ParseResult parsed) => parsed.GetValue(System) is { Length: > 0 } text ? text : null;
}
