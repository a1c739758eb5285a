using System.Linq;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>A text and what may follow it.</summary>
/// <param name="Context">The text before.</param>
/// <param name="Continuation">The text whose likelihood is measured, with the space before it.</param>
/// <param name="Length">The number of characters of the choice, for normalized likelihoods.</param>
internal readonly record struct Choice(string Context, string Continuation, int Length);

/// <summary>
/// A question with one right choice. The texts are put together as EleutherAI's lm-evaluation-harness 0.4 does (tasks arc_easy, piqa,
/// winogrande, lambada_openai).
/// </summary>
/// <param name="Choices">The choices. A single one counts as right if each of its tokens is the likeliest.</param>
/// <param name="Right">The index of the right choice.</param>
internal sealed record ChoiceItem(Choice[] Choices, int Right)
{
    private const string Separator = " ";

    /// <summary>Reads an item.</summary>
    /// <param name="line">
    /// An object with <c>query</c>, <c>choices</c> and <c>gold</c>; or <c>context_options</c>, <c>continuation</c> and <c>gold</c>; or
    /// <c>context</c> and <c>continuation</c>.
    /// </param>
    /// <param name="answer">What stands between a query and its choices.</param>
    /// <exception cref="CommandException">The object has other fields, or an impossible value.</exception>
    public static ChoiceItem Read(JsonLine line, string answer)
    {
        if (line.Has("choices"))
        {
            string[] choices = line.Texts("choices");
            string query = line.Text("query").TrimEnd() + answer;
            return new ChoiceItem(
                [.. choices.Select(choice => new Choice(query, Separator + choice, choice.Length))], RightOf(line, choices.Length));
        }

        if (line.Has("context_options"))
        {
            string[] contexts = line.Texts("context_options");
            string ending = line.Text("continuation");
            return new ChoiceItem(
                [.. contexts.Select(context => new Choice(context, Separator + ending, ending.Length))], RightOf(line, contexts.Length));
        }

        if (line.Has("continuation"))
        {
            string word = line.Text("continuation");
            return new ChoiceItem([new Choice(line.Text("context"), Separator + word, word.Length)], 0);
        }

        throw new CommandException(
            $"{line.Place}: expected the fields 'query', 'choices', 'gold'; or 'context_options', 'continuation', 'gold'; or 'context', "
            + "'continuation'");
    }

    private static int RightOf(JsonLine line, int choices) => choices > 1
        ? line.Index("gold", choices)
        : throw new CommandException($"{line.Place}: has one choice, expected two or more");
}
