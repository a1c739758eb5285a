using System;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Options;

/// <summary>The options of commands that compute with LoRA adapters.</summary>
internal sealed class AdapterCommandOptions
{
    public Option<string[]> Lora { get; } = new("--lora")
    {
        Description = "A LoRA adapter (GGUF) and its scale, 1 by default; may be given several times",
        HelpName = "FILE[:SCALE]",
        Arity = ArgumentArity.OneOrMore,
    };

    public void AddTo(Command command) => command.Add(Lora);

    /// <summary>Loads the requested adapters and adds them to the options of a session.</summary>
    public SessionOptions Apply(ParseResult parsed, LanguageModel model, SessionOptions options) => options with
    {
        Adapters = [.. (parsed.GetValue(Lora) ?? []).Select(text =>
        {
            (string path, float scale) = Parse(text);
            return new AdapterScale(model.LoadAdapter(path), scale);
        })],
    };

    /// <summary>Gets the requested adapters as one text, which differs where they do.</summary>
    public string Describe(ParseResult parsed) => string.Join(',', parsed.GetValue(Lora) ?? []);

    /// <summary>Splits at the last colon if a number follows it: a path may have colons too.</summary>
    private static (string Path, float Scale) Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !float.TryParse(text.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out float scale))
        {
            return (text, 1);
        }

        return colon > 0 && float.IsFinite(scale)
            ? (text[..colon], scale)
            : throw new UsageException($"--lora {text}: expected FILE or FILE:SCALE with a finite scale");
    }
}
