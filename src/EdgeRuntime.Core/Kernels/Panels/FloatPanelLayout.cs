namespace EdgeRuntime.Kernels.Panels;

/// <summary>
/// How the panels (16 rows) of a float matrix lie in memory: [columns][16] in the file's element type, one after another.
/// </summary>
internal static class FloatPanelLayout
{
    /// <summary>Bytes of a panel, padded to 64.</summary>
    public static long PanelBytes(int columns, int elementBytes) =>
        (((long)columns * ExpandedPanelLayout.PanelRows * elementBytes) + 63) & ~63L;
}
