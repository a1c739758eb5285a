using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests;

/// <summary>Ids and texts of the reference implementation.</summary>
public sealed class ConformanceTests
{
    public static IEnumerable<TheoryDataRow<string>> Names => Vocabularies.Supported.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Create_ReferenceTexts_EqualReference(string name)
    {
        Tokenizer tokenizer = Vocabularies.Open(name);
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllText(SharedData.Require($"conformance/tokenizers/{name}.json")));
        var differences = new List<string>();
        foreach (JsonElement entry in cases.RootElement.EnumerateArray())
        {
            TokenizerVector vector = TokenizerVector.Create(tokenizer, entry.GetProperty("text").GetString()!);
            Compare(entry, "ids", vector.Ids, differences);
            Compare(entry, "ids_parse_special", vector.IdsParseSpecial, differences);
            Compare(entry, "ids_add_special_parse_special", vector.IdsAddSpecialParseSpecial, differences);
            string expected = entry.GetProperty("detokenized").GetString()!;
            if (vector.Detokenized != expected)
            {
                differences.Add($"detokenized of {entry.GetProperty("text")}: expected {expected}, got {vector.Detokenized}");
            }
        }

        Assert.True(cases.RootElement.GetArrayLength() > 100, "the reference file has fewer texts than it should");
        Assert.True(differences.Count == 0, $"{differences.Count} differ:\n{string.Join('\n', differences.Take(10))}");
    }

    private static void Compare(JsonElement entry, string property, IReadOnlyList<int> actual, List<string> differences)
    {
        int[] expected = [.. entry.GetProperty(property).EnumerateArray().Select(id => id.GetInt32())];
        if (!expected.SequenceEqual(actual))
        {
            differences.Add(
                $"{property} of {entry.GetProperty("text")}: expected [{string.Join(",", expected)}], got [{string.Join(",", actual)}]");
        }
    }
}
