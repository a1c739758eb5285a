using System.Text.Json.Nodes;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Counts which of two models is better, prompt by prompt.</summary>
internal sealed class PairCount
{
    /// <summary>Gets the number of prompts for which A is better.</summary>
    public int A { get; private set; }

    /// <summary>Gets the number of prompts for which B is better.</summary>
    public int B { get; private set; }

    /// <summary>Gets the number of prompts for which both are as good.</summary>
    public int Same { get; private set; }

    /// <summary>Gets the p-value of the sign test.</summary>
    public double PValue => new SignTest(A, B).PValue;

    /// <summary>Counts a prompt.</summary>
    /// <param name="difference">Positive if A is better, negative if B is better, 0 if both are as good.</param>
    public void Add(double difference)
    {
        A += difference > 0 ? 1 : 0;
        B += difference < 0 ? 1 : 0;
        Same += difference == 0 ? 1 : 0;
    }

    /// <summary>Formats the counts and the test in one line.</summary>
    public override string ToString() =>
        System.FormattableString.Invariant($"A better {A}, B better {B}, same {Same}; sign test: p = {PValue:G4}");

    /// <summary>Adds the counts and the test to an object.</summary>
    public void AddTo(JsonObject json)
    {
        json["a_better"] = A;
        json["b_better"] = B;
        json["same"] = Same;
        json["p_value"] = PValue;
    }
}
