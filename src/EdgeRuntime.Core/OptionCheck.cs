using System;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace EdgeRuntime;

/// <summary>Checks the values of options where they are set.</summary>
internal static class OptionCheck
{
    /// <summary>Returns a valid value, and refuses another one with a message of one line: name, value and what is expected.</summary>
    /// <param name="value">The value.</param>
    /// <param name="isValid">Whether the value is valid.</param>
    /// <param name="expected">The valid values, in words.</param>
    /// <param name="name">The name of the option; by default the property that calls.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is not valid.</exception>
    public static T Require<T>(T value, bool isValid, string expected, [CallerMemberName] string name = "") => isValid
        ? value
        : throw new ArgumentOutOfRangeException(
            name, string.Create(CultureInfo.InvariantCulture, $"{name} is {(value is null ? "null" : value)}; expected {expected}"));
}
