namespace EdgeRuntime.Tokenizers;

/// <summary>UTF-8 that is known to be valid.</summary>
internal static class Utf8
{
    /// <summary>Bytes of the character that begins with this byte.</summary>
    public static int GetCharacterLength(byte first) => first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}
