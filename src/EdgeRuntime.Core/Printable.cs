using System.Text;

namespace EdgeRuntime;

/// <summary>Makes text from a file safe for a one-line message.</summary>
internal static class Printable
{
    private const int MaxLength = 64;

    /// <summary>Cuts text to 64 characters and replaces control characters with '?'.</summary>
    public static string Shorten(string text)
    {
        var shown = new StringBuilder(MaxLength + 3);
        foreach (char c in text)
        {
            if (shown.Length == MaxLength)
            {
                shown.Append("...");
                break;
            }

            shown.Append(char.IsControl(c) ? '?' : c);
        }

        return shown.ToString();
    }
}
