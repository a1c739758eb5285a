using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Quantization;

/// <summary>
/// Represents an importance matrix: for matrices of a model, the mean square of the activations that each column multiplies, measured on a
/// text. Quantizers weigh the rounding errors of a column by it.
/// </summary>
/// <remarks>
/// The file format is that of llama.cpp: a GGUF file with the tensors <c>NAME.in_sum2</c> and <c>NAME.counts</c> for each matrix. Loading
/// also accepts llama.cpp's older binary format. An instance is not thread-safe while something is added to it.
/// </remarks>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Load("model.gguf");
/// using ModelSession session = model.CreateSession();
/// var matrix = new ImportanceMatrix(chunkSize: 64);
/// using (var collector = new ImportanceCollector(model, matrix))
/// {
///     session.Forward(model.Tokenizer.Encode("A text like those that the model will be used for."));
///     collector.Commit();
/// }
///
/// matrix.Save("model.imatrix.gguf");
/// ImportanceMatrix loaded = ImportanceMatrix.Load("model.imatrix.gguf");
/// if (loaded.TryGet("blk.0.attn_q.weight", out ReadOnlyMemory&lt;float> importance))
/// {
///     Console.WriteLine($"column {TensorPrimitives.IndexOfMax(importance.Span)} of {importance.Length} matters most");
/// }
/// </code>
/// </example>
public sealed class ImportanceMatrix
{
    private readonly SortedDictionary<string, ImportanceSums> _sums;
    private readonly List<string> _datasets;

    /// <summary>Creates an importance matrix without tensors.</summary>
    /// <param name="chunkSize">The number of tokens of a chunk of text; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public ImportanceMatrix(int chunkSize)
        : this(chunkSize, new SortedDictionary<string, ImportanceSums>(StringComparer.Ordinal), [])
    {
    }

    /// <param name="chunkSize">The number of tokens of a chunk.</param>
    /// <param name="sums">The sums by the names of the tensors. This object owns them.</param>
    /// <param name="datasets">The names of the texts.</param>
    internal ImportanceMatrix(int chunkSize, SortedDictionary<string, ImportanceSums> sums, IEnumerable<string> datasets)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkSize, 1);
        ChunkSize = chunkSize;
        _sums = sums;
        _datasets = [.. datasets];
    }

    /// <summary>Gets the names of the tensors that have an importance, in ordinal order.</summary>
    public IReadOnlyCollection<string> Tensors => _sums.Keys;

    /// <summary>Gets the names of the texts that the matrix was measured on, in order.</summary>
    public IReadOnlyList<string> Datasets => _datasets;

    /// <summary>Gets the number of chunks of text that the matrix was measured on.</summary>
    public int ChunkCount { get; internal set; }

    /// <summary>Gets the number of tokens of a chunk.</summary>
    public int ChunkSize { get; }

    /// <summary>
    /// Gets or sets a mark of the run that measures the matrix and of the place it has reached; null for a complete matrix. It is saved
    /// with the matrix, so that an interrupted run can go on.
    /// </summary>
    public string? UnfinishedRun { get; set; }

    /// <summary>Gets the sums by the names of the tensors.</summary>
    internal IReadOnlyDictionary<string, ImportanceSums> Sums => _sums;

    /// <summary>Loads a file that llama.cpp or <see cref="Save"/> has written.</summary>
    /// <param name="path">The path of the file, in the GGUF format or in the older binary format.</param>
    /// <remarks>A file in the older format does not tell the size of its chunks; it is taken to be 512.</remarks>
    /// <exception cref="ModelFormatException">The file is damaged, or it is no importance matrix.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static ImportanceMatrix Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ImportanceFile.IsGguf(path) ? ImportanceFile.Read(path) : BinaryImportanceFile.Read(path);
    }

    /// <summary>Writes the matrix to a file in the GGUF format of llama.cpp. The file is replaced only when all is written.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="ArgumentException">The matrix has no tensors.</exception>
    /// <exception cref="IOException">The file can't be written; an old file is unchanged.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (_sums.Count == 0)
        {
            throw new ArgumentException("the importance matrix has no tensors; collect or add some before it is saved", nameof(path));
        }

        ImportanceFile.Write(path, this);
    }

    /// <summary>Gets the importance of the columns of a tensor.</summary>
    /// <param name="tensor">The name of the tensor, for example <c>blk.0.attn_q.weight</c>.</param>
    /// <param name="importance">
    /// The mean square of the activations by column: [columns], or [experts, columns] for a tensor with a matrix for each expert. All
    /// columns of an expert that received no token have the importance 1.
    /// </param>
    /// <returns>Whether the tensor has an importance.</returns>
    public bool TryGet(string tensor, out ReadOnlyMemory<float> importance)
    {
        bool found = _sums.TryGetValue(tensor, out ImportanceSums? sums);
        importance = sums?.Means();
        return found;
    }

    /// <summary>Computes how the importance is distributed over the columns of each tensor.</summary>
    /// <returns>The statistics of all tensors that received a token, in the order of their names.</returns>
    public IReadOnlyList<ImportanceStatistics> ComputeStatistics() => ImportanceStatistics.Of(_sums);

    /// <summary>Adds the sums and counts of another matrix of the same model.</summary>
    /// <param name="other">A matrix that was measured on another text, or on another part of it.</param>
    /// <exception cref="ArgumentException">A tensor has another shape in that matrix, or the sums become too large.</exception>
    public void Add(ImportanceMatrix other)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach ((string name, ImportanceSums sums) in other._sums)
        {
            if (_sums.TryGetValue(name, out ImportanceSums? mine) && mine.Squares.Length != sums.Squares.Length)
            {
                throw new ArgumentException(
                    $"tensor {GgufText.Quote(name)}: found {sums.Squares.Length} values, expected {mine.Squares.Length} as in the matrix "
                    + "before; both must be of the same model",
                    nameof(other));
            }
        }

        foreach ((string name, ImportanceSums sums) in other._sums)
        {
            _sums[name] = _sums.TryGetValue(name, out ImportanceSums? mine) ? mine.Plus(name, sums) : sums;
        }

        _datasets.AddRange(other._datasets);
        ChunkCount = CountChunks();
    }

    /// <summary>Adds the name of a text to <see cref="Datasets"/>.</summary>
    /// <param name="name">The name, usually that of a file.</param>
    public void AddDataset(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        _datasets.Add(name);
    }

    /// <summary>Counts the chunks as llama.cpp does: by the tensor that saw the most tokens.</summary>
    private int CountChunks() => (int)Math.Min(
        int.MaxValue, _sums.Values.Select(static sums => sums.Counts.Max()).DefaultIfEmpty().Max() / ChunkSize);
}
