using System;
using System.Text.RegularExpressions;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization;

/// <summary>A pattern for the names of tensors, ready to match.</summary>
internal sealed class TensorPattern
{
    /// <summary>Far more time than a sensible pattern needs for a name of 63 bytes.</summary>
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromSeconds(1);

    private readonly Regex _expression;

    /// <exception cref="ArgumentException">The pattern is empty or not a regular expression.</exception>
    public TensorPattern(TensorTypePattern source)
    {
        Source = source;
        if (source.Pattern.Length == 0)
        {
            throw new ArgumentException("the pattern of a tensor type is empty; expected a regular expression for names of tensors");
        }

        try
        {
            _expression = new Regex(source.Pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, s_timeLimit);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"'{Shown}' is not a regular expression: {exception.Message}", exception);
        }
    }

    /// <summary>Gets the pattern as it was given.</summary>
    public TensorTypePattern Source { get; }

    /// <summary>Gets the type of tensors that match.</summary>
    public TensorType Type => Source.Type;

    private string Shown => Printable.Shorten(Source.Pattern);

    /// <summary>Gets whether the name of a tensor matches.</summary>
    /// <exception cref="ArgumentException">Matching takes too long.</exception>
    public bool Matches(string name)
    {
        try
        {
            return _expression.IsMatch(name);
        }
        catch (RegexMatchTimeoutException exception)
        {
            throw new ArgumentException(
                $"'{Shown}' takes too long to match the name of a tensor; expected a simpler expression", exception);
        }
    }
}
