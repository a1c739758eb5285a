using System.CommandLine;

namespace EdgeRuntime.Cli.Commands;

/// <summary><c>edgert eval</c>: measures the quality of a model.</summary>
internal static class EvalCommand
{
    public static Command Create() => new("eval", "Measures how well a model predicts text and answers questions.")
    {
        PerplexityCommand.Create(),
        KldCommand.Create(),
        ChoiceCommand.Create(),
        TextQualityCommand.Create(),
        AbCommand.Create(),
    };
}
