using System;
using System.IO;
using System.Linq;
using System.Text;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels.Panels;
using EdgeRuntime.Memory;

namespace EdgeRuntime.SideCar;

/// <summary>A matrix in the table of a side-car.</summary>
/// <param name="Name">The name of the tensor that it was packed from.</param>
/// <param name="Type">The type of the packed weights.</param>
/// <param name="Rows">The number of output features.</param>
/// <param name="Columns">The number of input features.</param>
/// <param name="ByteLength">The number of bytes of all panels, a multiple of 64.</param>
/// <param name="Checksum">The checksum of the panels; see <see cref="ChunkChecksums"/>.</param>
internal readonly record struct SideCarEntry(string Name, TensorType Type, int Rows, int Columns, long ByteLength, ulong Checksum)
{
    /// <summary>Gets whether this entry describes a matrix.</summary>
    public bool Describes(in SideCarMatrix matrix) => this with { Checksum = 0 } == Of(matrix, 0);

    public static SideCarEntry Of(in SideCarMatrix matrix, ulong checksum) =>
        new(matrix.Name, matrix.Packed.Type, matrix.Packed.Rows, matrix.Packed.Columns, matrix.Packed.ByteSize, checksum);
}

/// <summary>
/// The header before the panels. All numbers are little-endian:
/// <code>
/// byte[8]  "EDGEPACK"
/// uint32   version of the packed layout (low half) and of this header (high half)
/// uint32   bytes of the whole header, a multiple of 64; the panels of the first matrix start there, the others follow without gaps
/// uint64   checksum of the rest of the header
/// uint64   hash of the model's content
/// int32    number of model parts; for each int64 device, number, bytes, write time, change time (all zero: not reliable)
/// int32    number of matrices; for each string name, int32 type, int32 rows, int32 columns, int64 bytes, uint64 checksum
/// zeros up to the end of the header
/// </code>
/// </summary>
/// <param name="ModelHash">The hash of the model's content.</param>
/// <param name="Parts">The identities of the model's files at the time of writing.</param>
/// <param name="Entries">The matrices in the order of their panels.</param>
internal sealed record SideCarHeader(ulong ModelHash, FileIdentity[] Parts, SideCarEntry[] Entries)
{
    private const uint Version = (2 << 16) | PackedLayout.Version;
    private const int PrefixBytes = 24;

    private static ReadOnlySpan<byte> Magic => "EDGEPACK"u8;

    /// <summary>Gets the bytes of the header.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(new byte[PrefixBytes - (int)stream.Length]);
        writer.Write(ModelHash);
        writer.Write(Parts.Length);
        foreach (FileIdentity part in Parts)
        {
            writer.Write(part.Device);
            writer.Write(part.Number);
            writer.Write(part.ByteLength);
            writer.Write(part.WriteTime);
            writer.Write(part.ChangeTime);
        }

        writer.Write(Entries.Length);
        foreach (SideCarEntry entry in Entries)
        {
            writer.Write(entry.Name);
            writer.Write((int)entry.Type);
            writer.Write(entry.Rows);
            writer.Write(entry.Columns);
            writer.Write(entry.ByteLength);
            writer.Write(entry.Checksum);
        }

        writer.Write(new byte[(64 - (stream.Length % 64)) % 64]);
        byte[] bytes = stream.ToArray();
        BitConverter.TryWriteBytes(bytes.AsSpan(12), bytes.Length);
        BitConverter.TryWriteBytes(bytes.AsSpan(16), Checksum.Compute(bytes.AsSpan(PrefixBytes)));
        return bytes;
    }

    /// <summary>Reads and validates the header, and checks that the file has exactly the length that the header implies.</summary>
    /// <param name="file">The side-car.</param>
    /// <param name="panels">Receives the offset of the first matrix's panels.</param>
    /// <exception cref="InvalidDataException">The file is damaged or has another version; the message says what was found.</exception>
    public static SideCarHeader Read(ReadableFile file, out long panels)
    {
        ReadOnlySpan<byte> prefix = file.ReadBytes(0, (int)Math.Min(PrefixBytes, file.ByteLength));
        if (prefix.Length < PrefixBytes || !prefix[..8].SequenceEqual(Magic))
        {
            throw new InvalidDataException("it does not start as a packed file");
        }

        if (BitConverter.ToUInt32(prefix[8..]) != Version)
        {
            throw new InvalidDataException($"it has version {BitConverter.ToUInt32(prefix[8..]):x}, expected {Version:x}");
        }

        int bytes = BitConverter.ToInt32(prefix[12..]);
        if (bytes < PrefixBytes || bytes % 64 != 0 || bytes > file.ByteLength)
        {
            throw new InvalidDataException("the length of its table is damaged");
        }

        byte[] content = file.ReadBytes(PrefixBytes, bytes - PrefixBytes);
        if (Checksum.Compute(content) != BitConverter.ToUInt64(prefix[16..]))
        {
            throw new InvalidDataException("the checksum of its table is wrong");
        }

        using var reader = new BinaryReader(new MemoryStream(content), Encoding.UTF8);
        SideCarHeader header = ReadContent(reader);
        panels = bytes;
        long expected = panels + header.Entries.Sum(static entry => entry.ByteLength);
        return file.ByteLength == expected
            ? header
            : throw new InvalidDataException($"it has {file.ByteLength} bytes, expected {expected}");
    }

    /// <summary>Reads the content, which the checksum has verified.</summary>
    private static SideCarHeader ReadContent(BinaryReader reader)
    {
        ulong hash = reader.ReadUInt64();
        var parts = new FileIdentity[reader.ReadInt32()];
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = new(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        }

        var entries = new SideCarEntry[reader.ReadInt32()];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = new(
                reader.ReadString(), (TensorType)reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32(),
                reader.ReadInt64(), reader.ReadUInt64());
        }

        return new SideCarHeader(hash, parts, entries);
    }
}
