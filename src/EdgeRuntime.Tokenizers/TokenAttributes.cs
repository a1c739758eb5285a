using System;

namespace EdgeRuntime.Tokenizers;

/// <summary>What a token is. A file gives one of these; texts known to end a turn gain <see cref="Control"/> on top.</summary>
[Flags]
internal enum TokenAttributes : byte
{
    None = 0,
    Normal = 1,
    Unknown = 2,
    Control = 4,
    UserDefined = 8,
    Byte = 16,
    Unused = 32,

    /// <summary>The token after whose match white space is dropped.</summary>
    StripsRight = 64,

    /// <summary>A token that ends an answer.</summary>
    EndsGeneration = 128,

    /// <summary>Tokens that have no text of their own unless asked for.</summary>
    Hidden = Unknown | Control,

    /// <summary>Tokens whose written form is found in a text before anything else.</summary>
    Special = Unknown | Control | UserDefined,
}
