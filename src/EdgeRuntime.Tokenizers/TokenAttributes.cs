using System;

namespace EdgeRuntime;

/// <summary>The attributes of a token. A file gives one type; texts that are known to end a turn also get <see cref="Control"/>.</summary>
[Flags]
internal enum TokenAttributes : ushort
{
    None = 0,
    Normal = 1,
    Unknown = 2,
    Control = 4,
    UserDefined = 8,
    Byte = 16,
    Unused = 32,

    /// <summary>A token that swallows the white space after it.</summary>
    StripsRight = 64,

    /// <summary>A token that ends an answer.</summary>
    EndsGeneration = 128,

    /// <summary>A token that swallows the white space before it.</summary>
    StripsLeft = 256,

    /// <summary>Tokens without text, unless their written form is requested.</summary>
    Hidden = Unknown | Control,

    /// <summary>Tokens whose written form is recognized before the text is encoded.</summary>
    Special = Unknown | Control | UserDefined,
}
