namespace EdgeRuntime.Formats;

/// <summary>The sums that give the best scale of a group of weights for its points.</summary>
internal struct GridFit
{
    /// <summary>The weighted sum of target times level.</summary>
    public float Product;

    /// <summary>The weighted sum of squared levels.</summary>
    public float Square;

    /// <summary>Gets the scale, not negative.</summary>
    public readonly float Scale => Product > 0 ? Product / Square : 0;
}
