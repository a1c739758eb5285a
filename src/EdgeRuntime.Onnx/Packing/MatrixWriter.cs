using System.Threading.Tasks;

namespace EdgeRuntime.Onnx.Packing;

/// <summary>Writes matrices that are the transposed ones of what is read.</summary>
internal static class MatrixWriter
{
    /// <summary>Writes some rows of a matrix to the place of the transposed matrix. They are a run of each of its rows.</summary>
    /// <param name="target">Receives the content.</param>
    /// <param name="range">The place of the transposed matrix, [columns, all rows].</param>
    /// <param name="values">[rows, columns]: the rows.</param>
    /// <param name="columns">The number of columns.</param>
    /// <param name="first">The index of the first row.</param>
    /// <param name="all">The number of all rows.</param>
    /// <param name="kind">The float type in the file.</param>
    public static void WriteTransposed(
        IDataTarget target, DataRange range, float[] values, int columns, int first, int all, ElementKind kind)
    {
        int rows = values.Length / columns;
        Parallel.For(0, columns, column =>
        {
            float[] run = new float[rows];
            for (int row = 0; row < rows; row++)
            {
                run[row] = values[(row * columns) + column];
            }

            long place = ((long)column * all) + first;
            target.Write<byte>(range.Offset + (place * FloatValues.SizeOf(kind)), FloatValues.ToBytes(run, kind));
        });
    }
}
