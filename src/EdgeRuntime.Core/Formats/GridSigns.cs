namespace EdgeRuntime.Formats;

/// <summary>How an IQ type stores the signs of its weights.</summary>
internal enum GridSigns
{
    /// <summary>The points have signs.</summary>
    InPoints,

    /// <summary>One bit per weight.</summary>
    Free,

    /// <summary>Seven bits per eight weights; the eighth makes the number of negative weights even.</summary>
    Even,
}
