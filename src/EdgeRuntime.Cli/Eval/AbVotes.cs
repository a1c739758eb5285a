using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Reads the votes that a blind page has saved, and counts them.</summary>
internal sealed class AbVotes
{
    /// <summary>The value of the field that tells files of votes from others.</summary>
    public const string Kind = "edgert-ab-votes";

    /// <summary>A vote for the answer on the left.</summary>
    public const string Left = "left";

    /// <summary>A vote for neither answer.</summary>
    public const string Same = "same";

    /// <summary>A vote for the answer on the right.</summary>
    public const string Right = "right";

    private AbOrder? _order;

    /// <summary>Gets the votes of all files.</summary>
    public PairCount Count { get; } = new();

    /// <summary>Gets the number of files.</summary>
    public int Files { get; private set; }

    /// <summary>Gets the votes of all files as JSON.</summary>
    public JsonObject ToJson()
    {
        var json = new JsonObject { ["run"] = _order?.Run, ["files"] = Files };
        Count.AddTo(json);
        return json;
    }

    /// <summary>Counts the votes of a file.</summary>
    /// <exception cref="CommandException">The file has no votes, or they are of another run than those of the file before.</exception>
    public void Add(string path)
    {
        using JsonDocument document = JsonText.ReadFile(path, "votes that the page of 'eval ab' saved");
        JsonElement root = document.RootElement;
        if (Text(root, "kind") != Kind || Text(root, "run") is not { } run || !root.TryGetProperty("votes", out JsonElement votes)
            || votes.ValueKind != JsonValueKind.Array
            || !ulong.TryParse(Text(root, "seed"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
        {
            throw new CommandException($"{path}: is no file of votes, expected one that a page of 'edgert eval ab --blind' has saved");
        }

        var order = new AbOrder(run, seed);
        _order ??= order;
        if (_order != order)
        {
            throw new CommandException($"{path}: has votes of another run than the files before; count them by themselves");
        }

        CountVotes(path, votes, order);
        Files++;
    }

    private void CountVotes(string path, JsonElement votes, AbOrder order)
    {
        var seen = new HashSet<int>();
        int index = 0;
        foreach (JsonElement item in votes.EnumerateArray())
        {
            if (Prompt(item) is not { } prompt || !seen.Add(prompt) || Text(item, "vote") is not (Left or Same or Right))
            {
                throw new CommandException(
                    $"{path}: vote {index}: expected 'vote' ({Left}, {Same} or {Right}) and 'prompt', a number that no vote before has, "
                    + $"found {OneLine.Value(item.GetRawText())}");
            }

            int left = order.IsSwapped(prompt) ? -1 : 1;
            Count.Add(Text(item, "vote") switch { Left => left, Right => -left, _ => 0 });
            index++;
        }
    }

    private static int? Prompt(JsonElement vote) =>
        vote.ValueKind == JsonValueKind.Object && vote.TryGetProperty("prompt", out JsonElement value)
        && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int prompt) && prompt >= 0 ? prompt : null;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
