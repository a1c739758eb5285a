using System.CommandLine;

namespace EdgeRuntime.Cli.Options;

/// <summary>How texts become a prompt: the options of <c>chat</c> and <c>run</c>.</summary>
internal sealed class ConversationCommandOptions
{
    public Option<string?> System { get; } = OptionFactory.Text(
        "--system", ["-sys", "--system-prompt"], "What the model is told before the conversation [default: the template's own words]", "TEXT");

    public Option<bool> NoTemplate { get; } = OptionFactory.Switch(
        "--no-template", [], "Don't apply the model's chat template: the model goes on with the bare text");

    public void AddTo(Command command)
    {
        command.Add(System);
        command.Add(NoTemplate);
    }

    public bool UsesTemplate(ParseResult parsed) => !parsed.GetValue(NoTemplate);

    public string? GetSystem(ParseResult parsed) => parsed.GetValue(System) is { Length: > 0 } text ? text : null;
}
