using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Tuning;

/// <summary>The fastest device of a model, with what was compared.</summary>
/// <param name="Runtime">The version of the library that drives the devices.</param>
/// <param name="Candidates">The names of all compared devices, those that failed included.</param>
/// <param name="Measurements">The measured speeds, of which one is chosen.</param>
internal sealed record DeviceTuning(string Runtime, IReadOnlyList<string> Candidates, IReadOnlyList<TuningMeasurement> Measurements)
{
    /// <summary>The step of the measurements.</summary>
    public const string Step = "device";

    /// <summary>Gets the name of the fastest device.</summary>
    public string Chosen => Measurements.Single(static measurement => measurement.IsChosen).Setting;

    /// <summary>Gets whether a choice among these candidates, made with this version, is still valid.</summary>
    public bool IsFor(string runtime, IEnumerable<string> candidates) =>
        Runtime == runtime && Candidates.SequenceEqual(candidates) && Candidates.Contains(Chosen);
}
