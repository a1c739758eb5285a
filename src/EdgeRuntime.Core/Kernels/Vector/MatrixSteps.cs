namespace EdgeRuntime.Kernels.Vector;

/// <summary>A vector for each of several steps.</summary>
/// <param name="first">The vector of the first step; null for none.</param>
/// <param name="stride">The distance between the vectors of two steps, in floats; 0 if all steps share one.</param>
internal readonly unsafe struct StepVectors(float* first, int stride)
{
    public float* this[int step] => first is null ? null : first + ((long)step * stride);
}

/// <summary>The inputs and results of <see cref="ElementwiseKernels.StepMatrix"/>.</summary>
internal unsafe struct MatrixSteps
{
    /// <summary>The number of columns of a panel; the last panel may have fewer.</summary>
    /// <remarks>A panel of 128 rows has 16 KB without gaps, so that it stays in the first cache for all steps.</remarks>
    public const int PanelColumns = 32;

    /// <summary>The number of steps that callers prepare at a time.</summary>
    public const int Most = 8;

    /// <summary>The number of steps, at least 1.</summary>
    public required int Count;

    /// <summary>[steps, rows]: the factors of the old state.</summary>
    public required StepVectors Decays;

    /// <summary>[steps, rows]: the factors of the old state in what the value is compared with; none for zeros.</summary>
    public StepVectors Reads;

    /// <summary>[steps, rows]: the factors of the change.</summary>
    public required StepVectors Keys;

    /// <summary>[steps, rows]: the factors of the new state in the result.</summary>
    public required StepVectors Queries;

    /// <summary>[steps].</summary>
    public required float* Rates;

    /// <summary>[steps, columns].</summary>
    public required StepVectors Values;

    /// <summary>[steps, columns]: receives y.</summary>
    public required StepVectors Results;
}
