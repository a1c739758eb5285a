using System;
using System.Linq;
using System.Threading;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>The likelihood of a continuation.</summary>
/// <param name="LogLikelihood">The sum of the natural logarithms of the probabilities of its tokens.</param>
/// <param name="IsGreedy">Whether each token is the likeliest of its position.</param>
internal readonly record struct ContinuationScore(double LogLikelihood, bool IsGreedy);

/// <summary>Measures how likely a model finds continuations of texts. What texts have in common is computed once.</summary>
/// <param name="session">A session, whose content is overwritten.</param>
/// <param name="model">The model of the session.</param>
internal sealed class ChoiceScorer(ModelSession session, LanguageModel model)
{
    private readonly ChunkSession _chunks = new(session);
    private readonly LogSoftmax _softmax = new(model.VocabularySize);
    private int[] _before = []; // the tokens in the session

    /// <summary>Scores the choices of an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="cancellationToken">Cancels the passes.</param>
    /// <exception cref="CommandException">A continuation has no tokens, or has no room in the context.</exception>
    public ContinuationScore[] Score(ChoiceItem item, CancellationToken cancellationToken) =>
        [.. item.Choices.Select(choice => Score(choice, cancellationToken))];

    private ContinuationScore Score(Choice choice, CancellationToken cancellationToken)
    {
        int[] tokens = Encode(choice, out int first);
        int position = first - 1;
        int kept = tokens.AsSpan().CommonPrefixLength(_before);
        _before = [];
        _chunks.Begin(tokens, position, cancellationToken, kept);
        double sum = 0;
        bool isGreedy = true;
        for (ReadOnlySpan<float> logits; !(logits = _chunks.Next(tokens.Length - 1, cancellationToken)).IsEmpty;)
        {
            for (; !logits.IsEmpty; logits = logits[model.VocabularySize..], position++)
            {
                ReadOnlySpan<float> row = logits[..model.VocabularySize];
                int next = tokens[position + 1];
                _softmax.Read(row);
                sum -= _softmax.Loss(row, next);
                isGreedy &= row[next] == _softmax.Max;
            }
        }

        _before = tokens[..^1];
        return double.IsFinite(sum) ? new ContinuationScore(sum, isGreedy) : throw new CommandException(
            "the likelihood of a continuation is not finite; the model's weights may be damaged");
    }

    /// <summary>
    /// Gets the tokens of both texts as one, which may join characters at the border. If they are more than the context, those at the start
    /// are left out.
    /// </summary>
    private int[] Encode(Choice choice, out int first)
    {
        Tokenizer tokenizer = model.Tokenizer;
        int[] whole = tokenizer.Encode(choice.Context + choice.Continuation);
        first = tokenizer.Encode(choice.Context).Length;
        if (first == 0)
        {
            // The first token of a text has a probability only after another one.
            int start = tokenizer.BeginOfSequence ?? tokenizer.EndOfSequence ?? throw new CommandException(
                "an item without a context needs a vocabulary with a token for the begin or the end of a text");
            whole = [start, .. whole];
            first = 1;
        }

        int drop = Math.Max(0, whole.Length - 1 - session.ContextLength);
        if (first >= whole.Length || first - drop < 1)
        {
            throw new CommandException(first >= whole.Length
                ? $"{OneLine.Value(choice.Continuation)}: this continuation has no tokens of its own"
                : $"{OneLine.Value(choice.Continuation)}: this continuation has no room in a context of {session.ContextLength} tokens; "
                + "use a longer --ctx");
        }

        first -= drop;
        return whole[drop..];
    }
}
