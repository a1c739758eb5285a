using System;
using System.Diagnostics;
using System.IO;
using System.Text.Json.Nodes;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.Templates;

/// <summary>Damaged templates render or are refused; nothing else happens.</summary>
public sealed class FuzzTests
{
    private const int Seed = 20240726;
    private const int MutationsPerTemplate = 60;

    private static readonly string[] Pieces =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "'", "\"", "\\", "|", ".", ",", "~", "*", "**", "//", "%", "==",
        "\n",        " is ", " not ", " in ", " if ", " else ", " for ", "endfor", "endif", "loop", "messages", "namespace",
        "|list", "|tojson", "|map('upper')", "[::-1]", "range(99)", "{% for m in messages %}", "{% endfor %}", "{% set x = [x, x] %}",
        "{% macro f(x) %}", "{% endmacro %}", "none", "9999999999", "🙂",
    ];

    [Fact]
    public void Render_MutatedTemplates_GiveTextOrChatTemplateException()
    {
        string folder = SharedData.Require("conformance/chat-templates");
        JsonObject file = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "cases.json")))!.AsObject();
        var variables = (JsonObject)file["cases"]!["tool_result_then_user"]!.DeepClone();
        string[] paths = Directory.GetFiles(folder, "*.jinja");
        Array.Sort(paths, StringComparer.Ordinal);
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < paths.Length * MutationsPerTemplate; i++)
        {
            var random = new Random(Seed + i);
            string source = Mutate(random, File.ReadAllText(paths[i % paths.Length]));
            long started = clock.ElapsedMilliseconds;
            try
            {
                ChatTemplate.Parse(source).Render(variables);
            }
            catch (ChatTemplateException error)
            {
                Assert.DoesNotContain('\n', error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {Seed + i}, {Path.GetFileName(paths[i % paths.Length])}: {error}");
            }

            Assert.True(clock.ElapsedMilliseconds - started < 60_000, $"seed {Seed + i} took {clock.ElapsedMilliseconds - started} ms");
        }
    }

    private static string Mutate(Random random, string source)
    {
        for (int edits = random.Next(1, 6); edits > 0; edits--)
        {
            int at = random.Next(source.Length);
            int length = Math.Min(random.Next(1, 30), source.Length - at);
            source = random.Next(4) switch
            {
                0 => source.Remove(at, length),
                1 => source.Insert(at, Pieces[random.Next(Pieces.Length)]),
                2 => source.Insert(at, source.Substring(random.Next(source.Length - length), length)),
                _ => source.Remove(at, length).Insert(at, Pieces[random.Next(Pieces.Length)]),
            };
            source = source.Length == 0 ? "{{" : source;
        }

        return source;
    }
}
