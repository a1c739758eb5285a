using System;

namespace EdgeRuntime;

/// <summary>An adapter of a sequence and its strength.</summary>
public readonly record struct AdapterScale
{
    /// <summary>Creates the pair.</summary>
    /// <param name="adapter">An adapter that the sequence's engine has loaded.</param>
    /// <param name="scale">The factor of the adapter's change; 1, the default, is what the adapter was trained with.</param>
    /// <exception cref="ArgumentNullException">There is no adapter.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The factor is not finite.</exception>
    public AdapterScale(LoraAdapter adapter, float scale = 1)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        Adapter = adapter;
        Scale = OptionCheck.Require(scale, float.IsFinite(scale), "a finite number");
    }

    /// <summary>Gets the adapter.</summary>
    public LoraAdapter Adapter { get; }

    /// <summary>Gets the factor of the adapter's change.</summary>
    public float Scale { get; }
}
