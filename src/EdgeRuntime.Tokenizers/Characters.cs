using System;
using System.Globalization;
using System.IO;
using System.Text;

namespace EdgeRuntime;

/// <summary>
/// The properties of characters that tokenizers use. They are those of Unicode 15.1, the version of the reference implementation, whatever
/// version the framework has: a vocabulary always encodes a text to the same tokens.
/// </summary>
internal static class Characters
{
    // The code points that Unicode assigned after version 15.1, as far as .NET 10 (Unicode 16) knows them.
    private static readonly (int First, int Last)[] Later =
    [
        (0x897, 0x897), (0x1B4E, 0x1B4F), (0x1B7F, 0x1B7F), (0x1C89, 0x1C8A), (0x2427, 0x2429), (0x31E4, 0x31E5), (0xA7CB, 0xA7CD),
        (0xA7DA, 0xA7DC), (0x105C0, 0x105F3), (0x10D40, 0x10D65), (0x10D69, 0x10D85), (0x10D8E, 0x10D8F), (0x10EC2, 0x10EC4),
        (0x10EFC, 0x10EFC), (0x11380, 0x113E2), (0x116D0, 0x116E3), (0x11BC0, 0x11BE1), (0x11BF0, 0x11BF9), (0x11F5A, 0x11F5A),
        (0x13460, 0x143FA), (0x16100, 0x16139), (0x16D40, 0x16D79), (0x18CFF, 0x18CFF), (0x1CC00, 0x1CCF9), (0x1CD00, 0x1CEB3),
        (0x1E5D0, 0x1E5FA), (0x1E5FF, 0x1E5FF), (0x1F8B2, 0x1F8BB), (0x1F8C0, 0x1F8C1), (0x1FA89, 0x1FA89), (0x1FA8F, 0x1FA8F),
        (0x1FABE, 0x1FABE), (0x1FAC6, 0x1FAC6), (0x1FADC, 0x1FADC), (0x1FADF, 0x1FADF), (0x1FAE9, 0x1FAE9), (0x1FBCB, 0x1FBEF),
    ];

    private static readonly Lazy<(int First, int Last, int Base)[]> Bases = new(ReadBases);

    /// <summary>Gets whether a character was assigned after Unicode 15.1.</summary>
    public static bool IsLater(int character)
    {
        if (character < Later[0].First)
        {
            return false;
        }

        foreach ((int first, int last) in Later)
        {
            if (character <= last)
            {
                return character >= first;
            }
        }

        return false;
    }

    /// <summary>Gets the general category of a character.</summary>
    public static UnicodeCategory GetCategory(int character) =>
        IsLater(character) ? UnicodeCategory.OtherNotAssigned : CharUnicodeInfo.GetUnicodeCategory(character);

    /// <summary>Gets whether a character is white space.</summary>
    public static bool IsWhiteSpace(int character) => Rune.IsValid(character) && Rune.IsWhiteSpace(new Rune(character));

    /// <summary>Gets the lowercase character of a character, or the character itself.</summary>
    public static int ToLower(int character)
    {
        if (character == 'İ')
        {
            return 'i'; // The framework leaves it to the Turkic cultures.
        }

        return IsLater(character) || !Rune.IsValid(character) ? character : Rune.ToLowerInvariant(new Rune(character)).Value;
    }

    /// <summary>Gets the first character of the full canonical decomposition of a character: the letter without its accents.</summary>
    public static int GetBase(int character)
    {
        const int FirstSyllable = 0xAC00;
        const int LastSyllable = 0xD7A3;
        const int FirstConsonant = 0x1100;
        const int SyllablesPerConsonant = 588;
        if (character < 'À')
        {
            return character;
        }

        if (character is >= FirstSyllable and <= LastSyllable)
        {
            return FirstConsonant + ((character - FirstSyllable) / SyllablesPerConsonant);
        }

        (int First, int Last, int Base)[] bases = Bases.Value;
        (int low, int high) = (0, bases.Length - 1);
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (character < bases[middle].First)
            {
                high = middle - 1;
            }
            else if (character > bases[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return bases[middle].Base;
            }
        }

        return character;
    }

    // Invariant globalization has no normalization, so the decompositions of Unicode are a resource: "first-last:base" in ascending order.
    private static (int First, int Last, int Base)[] ReadBases()
    {
        using Stream stream = typeof(Characters).Assembly.GetManifestResourceStream("CanonicalBases.txt")!;
        using var reader = new StreamReader(stream);
        return Array.ConvertAll(
            reader.ReadToEnd().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries),
            static entry =>
            {
                string[] numbers = entry.Split('-', ':');
                return (Parse(numbers[0]), Parse(numbers[^2]), Parse(numbers[^1]));
            });

        static int Parse(string number) => int.Parse(number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
