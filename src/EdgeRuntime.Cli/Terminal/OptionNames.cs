using System;

namespace EdgeRuntime.Cli.Terminal;

/// <summary>Translates messages of the library, which name its members, for users of the command.</summary>
internal static class OptionNames
{
    private static readonly (string Api, string Option)[] s_names =
    [
        ("SessionOptions.ContextLength", "--ctx"),
        ("GenerationOptions.ContextShift", "--context-shift"),
        ("LogitBias", "--logit-bias"),
        ("AllowRequantize", "--allow-requantize"),
        ("the option PreTokenizer", "--pre-tokenizer"),
        ("MixSearch.Run", "'quantize --auto'"),
        ("DeviceProfile.Measure", "'tune --type-speeds'"),
        ("ModelTuner.Run", "'edgert tune'"),
        ("'Embed'", "'edgert embed'"),
    ];

    /// <summary>Replaces each member of the library by what the command has for it.</summary>
    public static string Translate(string message)
    {
        foreach ((string api, string option) in s_names)
        {
            message = message.Replace(api, option, StringComparison.Ordinal);
        }

        return message;
    }
}
