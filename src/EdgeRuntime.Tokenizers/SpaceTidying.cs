using System;

namespace EdgeRuntime;

/// <summary>
/// Tidies English spacing of a decoded text like the reference implementations of some vocabularies: no space before <c>? ! . ,</c>, none
/// around a lone apostrophe, none before <c>'s 'm 're 've</c>. It damages texts such as <c>ls .</c>, so decoding never uses it; it exists
/// for comparison with those references.
/// </summary>
internal static class SpaceTidying
{
    /// <summary>Tidies a text.</summary>
    public static string Apply(string text)
    {
        char[] chars = text.ToCharArray();
        int length = chars.Length;
        length = DropSpaces(chars, length, static rest => rest[0] is '?' or '!' or '.' or ',');
        length = DropSpacesAroundApostrophes(chars, length);
        length = DropSpaces(chars, length, static rest => IsContraction(rest));
        return new string(chars, 0, length);
    }

    private static bool IsContraction(ReadOnlySpan<char> rest) =>
        rest.StartsWith("'s", StringComparison.Ordinal) || rest.StartsWith("'m", StringComparison.Ordinal)
        || rest.StartsWith("'re", StringComparison.Ordinal) || rest.StartsWith("'ve", StringComparison.Ordinal);

    // Removes each space for which the test holds for the following characters.
    private static int DropSpaces(char[] chars, int length, Func<ReadOnlySpan<char>, bool> drops)
    {
        int written = Math.Min(length, 1);
        char previous = length > 0 ? chars[0] : '\0';
        for (int i = 1; i < length; i++)
        {
            char current = chars[i];
            if (previous == ' ' && drops(chars.AsSpan(i, length - i)))
            {
                written--;
            }

            chars[written++] = current;
            previous = current;
        }

        return written;
    }

    private static int DropSpacesAroundApostrophes(char[] chars, int length)
    {
        int written = Math.Min(length, 1);
        char previous = length > 0 ? chars[0] : '\0';
        for (int i = 1; i < length; i++)
        {
            char current = chars[i];
            bool alone = current == '\'' && previous == ' ' && i + 1 < length && chars[i + 1] == ' ';
            if (alone)
            {
                written--;
                i++;
            }

            chars[written++] = current;
            previous = alone ? '\0' : current;
        }

        return written;
    }
}
