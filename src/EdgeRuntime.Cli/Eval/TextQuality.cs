using System.Collections.Generic;
using System.Linq;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Compares answers with references.</summary>
internal sealed class TextQuality
{
    private readonly Bleu _bleu = new();
    private readonly List<double>[] _rouge = [[], [], []];

    /// <summary>Gets BLEU over all answers, 0 to 100.</summary>
    public double Bleu => _bleu.Value;

    /// <summary>Gets the names of the ROUGE scores and the means of their F1 values, 0 to 1.</summary>
    public IEnumerable<(string Name, MeanAndError F1)> Rouge =>
        ((string[])["rouge1", "rouge2", "rougeL"]).Zip(_rouge, static (name, values) => (name, MeanAndError.Of(values)));

    /// <summary>Adds an answer. Of several references the best one counts for ROUGE, as in its definition.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="references">One or more texts.</param>
    public void Add(string answer, IReadOnlyList<string> references)
    {
        _bleu.Add(answer, references);
        _rouge[0].Add(references.Max(reference => Eval.Rouge.OfWords(answer, reference, 1).F1));
        _rouge[1].Add(references.Max(reference => Eval.Rouge.OfWords(answer, reference, 2).F1));
        _rouge[2].Add(references.Max(reference => Eval.Rouge.OfSubsequence(answer, reference).F1));
    }
}
