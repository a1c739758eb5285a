using System;

namespace EdgeRuntime.Engine;

/// <summary>What every state checks before it forgets positions.</summary>
internal static class EngineStateLength
{
    /// <summary>Checks that a state can return to a length.</summary>
    /// <param name="state">The state.</param>
    /// <param name="length">The length.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative or more than the state's.</exception>
    /// <exception cref="InvalidOperationException">The state can't return to it.</exception>
    public static void RequireReachable(this IEngineState state, int length)
    {
        if (state.NearestLength(length) is int nearest && nearest != length)
        {
            throw new InvalidOperationException(FormattableString.Invariant(
                $"the state can't return from {state.Length} to {length} positions; the nearest length is {nearest}"));
        }
    }
}
