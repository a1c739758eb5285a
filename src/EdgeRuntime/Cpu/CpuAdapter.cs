using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Engine;
using EdgeRuntime.Formats;
using EdgeRuntime.Kernels;
using EdgeRuntime.Weights;

namespace EdgeRuntime.Cpu;

/// <summary>The matrices of a LoRA adapter, in float32. Owns them.</summary>
internal sealed class CpuAdapter : LoraAdapter, IDisposable
{
    private readonly List<(List<Projection> Targets, LowRankUpdate Update)> _updates = [];

    private CpuAdapter(IEngine engine, string path)
        : base(engine, path)
    {
    }

    /// <inheritdoc/>
    public override int MatrixCount => _updates.Count;

    /// <inheritdoc/>
    public override long ByteSize => _updates.Sum(static pair => pair.Update.ByteSize);

    /// <summary>Reads and checks an adapter.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="path">The adapter's file.</param>
    /// <param name="architecture">The model's architecture.</param>
    /// <param name="weights">The model's weights by name, which <see cref="Attach"/> changes.</param>
    /// <inheritdoc cref="IEngine.LoadAdapter" path="/exception"/>
    public static CpuAdapter Load(
        CpuEngine engine, string path, string architecture, IReadOnlyDictionary<string, List<Projection>> weights)
    {
        using LoraFile file = LoraFile.Open(path, architecture);
        var adapter = new CpuAdapter(engine, file.Path);
        try
        {
            foreach (LoraPair pair in file.Pairs())
            {
                adapter.Add(file, pair, weights);
            }

            return adapter._updates.Count > 0
                ? adapter
                : throw new ModelFormatException(file.Path, -1, "the adapter has no tensors");
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    /// <summary>Adds the updates to their matrices. Called once, while nobody multiplies.</summary>
    public void Attach() => _updates.ForEach(static pair => pair.Targets.ForEach(target => target.Add(pair.Update)));

    /// <summary>Chooses the kernels of all matrices; see <see cref="PackedMatrix.UseKernels"/>.</summary>
    public void UseKernels(InstructionSet prefill, InstructionSet decode) =>
        _updates.ForEach(pair => pair.Update.Down.Matrix.UseKernels(prefill, decode));

    public void Dispose() => _updates.ForEach(static pair => pair.Update.Dispose());

    private void Add(LoraFile file, LoraPair pair, IReadOnlyDictionary<string, List<Projection>> weights)
    {
        if (!weights.TryGetValue(pair.Name, out List<Projection>? targets))
        {
            throw new UnsupportedModelException(
                $"{file.Path}: the adapter changes '{Printable.Shorten(pair.Name)}', which is no matrix of this model that adapters "
                + "can change (embeddings, experts and stacks of heads can't be)");
        }

        Projection target = targets[0];
        if (pair.Down.Columns != target.Columns || pair.Up.Rows != target.Rows)
        {
            throw new ModelFormatException(
                file.Path,
                pair.Up.FileOffset,
                $"the adapter changes '{pair.Name}' as a matrix [{pair.Down.Columns}, {pair.Up.Rows}]; in this model it is "
                + $"[{target.Columns}, {target.Rows}]");
        }

        int rank = (int)pair.Down.Rows;
        float scale = file.Alpha == 0 ? 1 : file.Alpha / rank;
        var down = new Projection(Pack(TensorFloats.Read(pair.Down, file.Path), rank, target.Columns), scale: 1, bias: null);
        _updates.Add((targets, new LowRankUpdate(this, down, Transpose(TensorFloats.Read(pair.Up, file.Path), target.Rows, rank), scale)));
    }

    private unsafe PackedMatrix Pack(float[] values, int rows, int columns)
    {
        var engine = (CpuEngine)Engine;
        var matrix = new PackedMatrix(TensorType.F32, rows, columns, engine.Prefill);
        ReadOnlySpan<byte> rest = MemoryMarshal.AsBytes<float>(values);
        for (int panel = 0; panel < matrix.Panels; panel++)
        {
            int bytes = matrix.RowsOf(panel) * columns * sizeof(float);
            matrix.PackPanel(panel, rest[..bytes], matrix.Panel(panel));
            rest = rest[bytes..];
        }

        matrix.UseKernels(engine.Prefill, engine.Decode);
        return matrix;
    }

    private static float[] Transpose(float[] values, int rows, int columns)
    {
        float[] transposed = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                transposed[(column * rows) + row] = values[(row * columns) + column];
            }
        }

        return transposed;
    }
}
