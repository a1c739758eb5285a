using System;
using System.IO;
using System.Text.Json.Nodes;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.Templates;

/// <summary>Single expressions and statements, against what Jinja2 makes of them (<c>semantics.json</c>).</summary>
public sealed class SemanticsTests
{
    private static readonly DateTimeOffset Now = new(2024, 7, 26, 9, 5, 0, TimeSpan.Zero);
    private static readonly JsonObject Reference = Load();

    public static TheoryData<int, string> Rows()
    {
        var rows = new TheoryData<int, string>();
        JsonArray expected = Reference["expected"]!.AsArray();
        for (int i = 0; i < expected.Count; i++)
        {
            rows.Add(i, (string)expected[i]!["template"]!);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Render_Snippet_EqualsJinja2(int row, string template)
    {
        JsonNode expected = Reference["expected"]![row]!;
        string? output = null;
        string? error = null;
        try
        {
            output = ChatTemplate.Parse(template).Render((JsonObject)Reference["variables"]!.DeepClone(), Now);
        }
        catch (ChatTemplateException exception)
        {
            error = exception.Reason;
        }

        // Every error has to be one; its words are compared where the file says so.
        Assert.True(output == (string?)expected["output"], $"expected {expected.ToJsonString()}, found output '{output}', error '{error}'");
        if ((bool?)expected["words"] == true)
        {
            Assert.Equal((string?)expected["error"], error);
        }
    }

    private static JsonObject Load() => JsonNode.Parse(File.ReadAllText(
        Path.Combine(SharedData.Repository, "tests", "EdgeRuntime.Tokenizers.Tests", "Templates", "semantics.json")))!.AsObject();
}
