using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using EdgeRuntime.Files;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.SideCar;

/// <summary>A matrix of the model.</summary>
/// <param name="Name">The name of the tensor that it is packed from.</param>
/// <param name="Packed">The packed matrix.</param>
internal readonly record struct SideCarMatrix(string Name, PackedMatrix Packed);

/// <summary>
/// Stores the packed matrices of a model in a file for the next start. There is one side-car per model path. It is used only if it was
/// packed from the present content of the model in the present layout and all its checksums are correct. Otherwise, and if it cannot be
/// written, the model runs from packed memory. Owns nothing.
/// </summary>
internal sealed class PackedSideCar
{
    private const string Extension = ".packed";

    private readonly string _folder;
    private readonly GgufFile _model;
    private readonly ILogger _logger;
    private ulong? _modelHash;
    private FileIdentity[] _parts = [];

    /// <param name="folder">The folder of all side-cars, created on the first write.</param>
    /// <param name="model">The model file.</param>
    /// <param name="logger">Receives a message about each action.</param>
    public PackedSideCar(string folder, GgufFile model, ILogger logger)
    {
        _folder = System.IO.Path.GetFullPath(folder);
        _model = model;
        _logger = logger;
        string modelPath = System.IO.Path.GetFullPath(model.Path);
        ulong name = Checksum.Compute(Encoding.UTF8.GetBytes(modelPath));
        Path = System.IO.Path.Combine(
            _folder,
            string.Create(CultureInfo.InvariantCulture, $"{System.IO.Path.GetFileNameWithoutExtension(modelPath)}-{name:x16}{Extension}"));
    }

    /// <summary>Gets the path of the side-car.</summary>
    public string Path { get; }

    /// <summary>Maps the matrices' panels from the side-car, if there is a valid one.</summary>
    /// <returns>The mapping, which the caller owns and which must outlive the matrices; null if the matrices must be packed.</returns>
    public MappedFile? TryMap(IReadOnlyList<SideCarMatrix> matrices, WorkerPool team, CancellationToken cancellationToken)
    {
        if (!File.Exists(Path))
        {
            return null;
        }

        long started = Stopwatch.GetTimestamp();
        MappedFile? file = null;
        try
        {
            file = new MappedFile(Path);
            long offset = Check(file, matrices, team, cancellationToken);
            file.Populate();
            foreach (SideCarMatrix matrix in matrices)
            {
                matrix.Packed.Map(file, offset);
                offset += matrix.Packed.ByteSize;
            }

            SideCarLog.Mapped(_logger, Path, Stopwatch.GetElapsedTime(started).TotalSeconds);
            return file;
        }
        catch (Exception exception)
        {
            file?.Dispose();
            if (exception is not (InvalidDataException or IOException or UnauthorizedAccessException))
            {
                throw;
            }

            SideCarLog.NotUsed(_logger, Path, FileException.Describe(Path, exception));
            return null;
        }
    }

    /// <summary>
    /// Prepares for <see cref="Write"/>. Call it before the model is packed: a side-car is valid only for the content of the model at this
    /// time.
    /// </summary>
    public void Prepare(WorkerPool team, CancellationToken cancellationToken)
    {
        if (_modelHash is null)
        {
            _parts = [.. _model.Files.Select(static part => part.Identity.IsReliable ? part.Identity : default)];
            _modelHash = ChunkChecksums.OfModel(team, _model, cancellationToken);
        }
    }

    /// <summary>Writes the packed matrices atomically. A failure is logged.</summary>
    public void Write(IReadOnlyList<SideCarMatrix> matrices, WorkerPool team, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        Prepare(team, cancellationToken);
        Region[] regions = [.. matrices.Select(static matrix => Region.Of(matrix.Packed))];
        ulong[] checksums = ChunkChecksums.Compute(team, regions, cancellationToken);
        SideCarEntry[] entries = [.. matrices.Select((matrix, i) => SideCarEntry.Of(matrix, checksums[i]))];
        try
        {
            Directory.CreateDirectory(_folder);
            WriteFile(new SideCarHeader(_modelHash!.Value, _parts, entries).ToBytes(), matrices, cancellationToken);
            SideCarLog.Written(_logger, Path, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another process may have written the file first; it serves as well.
            if (!IsGood(matrices, team, cancellationToken))
            {
                SideCarLog.NotWritten(_logger, Path, FileException.Describe(Path, exception));
            }
        }
    }

    private bool IsGood(IReadOnlyList<SideCarMatrix> matrices, WorkerPool team, CancellationToken cancellationToken)
    {
        try
        {
            using var file = new MappedFile(Path);
            Check(file, matrices, team, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Gets the offset of the first panels if the side-car is valid.</summary>
    private long Check(MappedFile file, IReadOnlyList<SideCarMatrix> matrices, WorkerPool team, CancellationToken cancellationToken)
    {
        SideCarHeader header = SideCarHeader.Read(file.Source, out long panels);
        bool sameFiles = header.Parts.SequenceEqual(_model.Files.Select(static part => part.Identity));
        if (!sameFiles)
        {
            Prepare(team, cancellationToken);
            if (header.ModelHash != _modelHash)
            {
                throw new InvalidDataException("the model has changed");
            }
        }

        if (header.Entries.Length != matrices.Count)
        {
            throw new InvalidDataException($"it has {header.Entries.Length} matrices, expected {matrices.Count}");
        }

        var regions = new Region[matrices.Count];
        long offset = panels;
        for (int i = 0; i < regions.Length; i++)
        {
            SideCarEntry entry = header.Entries[i];
            if (!entry.Describes(matrices[i]))
            {
                throw new InvalidDataException(
                    $"matrix {i} is '{entry.Name}' [{entry.Rows}, {entry.Columns}] of {entry.Type}, expected '{matrices[i].Name}'");
            }

            regions[i] = Region.Of(file.Source, offset, entry.ByteLength);
            offset += entry.ByteLength;
        }

        ulong[] checksums = ChunkChecksums.Compute(team, regions, cancellationToken);
        int damaged = Enumerable.Range(0, checksums.Length).FirstOrDefault(i => checksums[i] != header.Entries[i].Checksum, -1);
        return damaged < 0 ? panels : throw new InvalidDataException($"the checksum of '{header.Entries[damaged].Name}' is wrong");
    }

    private void WriteFile(byte[] header, IReadOnlyList<SideCarMatrix> matrices, CancellationToken cancellationToken)
    {
        const int ChunkBytes = 4 << 20;
        using var file = FileReplacement.OfProgram(Path, header.Length + matrices.Sum(static matrix => matrix.Packed.ByteSize));
        file.Write(header);
        foreach (SideCarMatrix matrix in matrices)
        {
            for (long done = 0; done < matrix.Packed.ByteSize; done += ChunkBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                file.Write(matrix.Packed.GetBytes(done, (int)Math.Min(ChunkBytes, matrix.Packed.ByteSize - done)));
            }
        }

        file.Commit();
    }
}
