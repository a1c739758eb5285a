using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Linq;
using System.Numerics;

namespace EdgeRuntime.Cli.Options;

/// <summary>Creates options that reject invalid values with one line that states the expected values.</summary>
internal static class OptionFactory
{
    public static Option<long> LongInteger(string name, string[] aliases, string help, long defaultValue, long minimum) =>
        Number(name, aliases, help, "N", defaultValue, minimum, long.MaxValue);

    public static Option<int> Integer(
        string name, string[] aliases, string help, int defaultValue, int minimum = int.MinValue, int maximum = int.MaxValue) =>
        Number(name, aliases, help, "N", defaultValue, minimum, maximum);

    public static Option<float> Real(
        string name, string[] aliases, string help, float defaultValue, float minimum, float maximum = float.MaxValue) =>
        Number(name, aliases, help, "X", defaultValue, minimum, maximum);

    public static Option<string?> Text(string name, string[] aliases, string help, string helpName) =>
        new(name, aliases) { Description = help, HelpName = helpName };

    public static Option<bool> Switch(string name, string[] aliases, string help) => new(name, aliases) { Description = help };

    /// <summary>
    /// Creates an option with a comma-separated list of numbers. If it is given several times, the lists are concatenated.
    /// </summary>
    public static Option<int[]> Integers(string name, string[] aliases, string help, int[]? defaultValue, int minimum, int maximum)
    {
        var option = new Option<int[]>(name, aliases)
        {
            Description = help,
            HelpName = "N,N",
            Arity = ArgumentArity.OneOrMore,
            CustomParser = result => ParseIntegers(result, name, minimum, maximum),
        };
        if (defaultValue is not null)
        {
            option.DefaultValueFactory = _ => defaultValue;
        }

        return option;
    }

    private static Option<T> Number<T>(string name, string[] aliases, string help, string helpName, T defaultValue, T minimum, T maximum)
        where T : struct, INumber<T> => new(name, aliases)
        {
            Description = help,
            HelpName = helpName,
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result =>
            {
                string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (T.TryParse(text, CultureInfo.InvariantCulture, out T value) && value >= minimum && value <= maximum)
                {
                    return value;
                }

                string range = maximum >= T.CreateSaturating(int.MaxValue)
                    ? minimum <= T.CreateSaturating(int.MinValue) ? "a number" : FormattableString.Invariant($"{minimum} or more")
                    : FormattableString.Invariant($"{minimum} to {maximum}");
                result.AddError($"{name} {text}: expected {range}");
                return default;
            },
        };

    private static int[]? ParseIntegers(ArgumentResult result, string name, int minimum, int maximum)
    {
        string text = string.Join(',', result.Tokens.Select(token => token.Value));
        var numbers = new List<int>();
        foreach (string part in text.Split(','))
        {
            if (!int.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                || number < minimum || number > maximum)
            {
                result.AddError(
                    FormattableString.Invariant($"{name} {text}: expected numbers of {minimum} to {maximum}, separated by commas"));
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers.Distinct()];
    }
}
