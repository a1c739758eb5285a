using System.Globalization;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>
/// The inputs and outputs of a graph that carry recurrent state: what a layer keeps of all tokens so far, [batch, ...]. It is zero at the
/// start of a sequence.
/// </summary>
internal static class StateNames
{
    /// <summary>The start of the names of inputs, before the number of the state.</summary>
    public const string Past = "past_state.";

    /// <summary>Gets the name of an input.</summary>
    public static string PastOf(int index) => Past + index.ToString(CultureInfo.InvariantCulture);

    /// <summary>Gets the name of an output.</summary>
    public static string PresentOf(int index) => string.Create(CultureInfo.InvariantCulture, $"present_state.{index}");
}
