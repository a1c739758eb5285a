namespace EdgeRuntime.Onnx.Graph;

/// <summary>Where a graph says that its large constants lie.</summary>
/// <param name="File">The name of a file in the folder of the graph.</param>
/// <param name="Start">The place of the data in the file.</param>
internal readonly record struct DataLocation(string File, long Start = 0)
{
    /// <summary>
    /// Creates a location that only a session with all constants in memory can use: ONNX Runtime requires that the file exists, and reading
    /// so far behind its end is an error.
    /// </summary>
    public static DataLocation InMemory(string existingFile) => new(existingFile, 1L << 50);
}
