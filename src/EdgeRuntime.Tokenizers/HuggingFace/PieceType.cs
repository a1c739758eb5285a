namespace EdgeRuntime.HuggingFace;

/// <summary>The types of tokens in GGUF files.</summary>
internal enum PieceType
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
