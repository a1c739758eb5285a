using System;

namespace EdgeRuntime.Gguf;

/// <summary>Holds the first bytes of a GGUF file that is not here yet; see <see cref="GgufFile.OpenHeaders"/>.</summary>
/// <param name="Path">The name of the file for messages.</param>
/// <param name="Start">
/// The first bytes: the metadata, the tensor descriptions and perhaps more. The caller keeps them unchanged.
/// </param>
/// <param name="ByteLength">The length of the whole file in bytes, at least that of <paramref name="Start"/>.</param>
public sealed record GgufHeader(string Path, ReadOnlyMemory<byte> Start, long ByteLength);
