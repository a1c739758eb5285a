using System;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeRuntime.TestSupport;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.Templates;

/// <summary>Which characters of a rendering came from its variables, through every operation of the library.</summary>
public sealed partial class ProvenanceTests
{
    // Variables are written in Greek, templates in Latin: the data of a rendering has to be its Greek characters.
    private static readonly JsonObject Variables = new()
    {
        ["s"] = "αβγ δε αβ",
        ["w"] = " αβ ",
        ["l"] = new JsonArray("α", "βγ", "δ"),
        ["d"] = new JsonObject { ["κ"] = "λ", ["μ"] = new JsonArray("ν", 1) },
        ["bos_token"] = "<s>",
        ["messages"] = new JsonArray(
            new JsonObject { ["role"] = "user", ["content"] = "ρσ" }, new JsonObject { ["role"] = "ω", ["content"] = "" }),
    };

    public static TheoryData<string> Exact() =>
    [
        "{{ s }}", "x{{ s }}y", "{{ 'x' + s + 'y' }}", "{{ 'x' ~ s ~ 'y' }}", "{{ ('x' ~ s ~ 'y')[1:-1] }}", "{{ ('x' ~ s ~ 'y')[::-1] }}",
        "{{ ('x' ~ s ~ 'y')[::2] }}", "{{ ('x' ~ s)[0] }}{{ ('x' ~ s)[1] }}", "{{ (w ~ 'x')|trim }}", "{{ (w ~ 'x').strip('xα ') }}",
        "{{ w.lstrip() ~ 'x' }}",
        "{{ (s ~ 'x y').split()|join('z') }}", "{{ (s ~ 'x').split('γ')[1] }}", "{{ ('x ' ~ s).rsplit(' ', 1)[0] }}",
        "{{ ('x' ~ s).partition('γ')|join('-') }}",
        "{{ 'abc'.replace('b', s) }}", "{{ ('x' ~ s).replace('α', 'y') }}", "{{ s.replace('γ', 'xyz') }}", "{{ l|join('x') }}",
        "{{ 'x'.join(l) }}",
        "{{ '%s-%s' % (s, 'x') }}", "{{ '%-9.2sx' % s }}", "{{ '{}-{}'.format(s, 'x') }}", "{{ '{:>12}x'.format(s) }}",
        "{{ '{0[1]}'.format(l) }}",
        "{{ 'x%(a)s'|format(a=s) }}", "{{ ('x' ~ s)|upper }}", "{{ ('X' ~ s).lower() }}", "{{ ('x' ~ s)|title }}",
        "{{ ('x' ~ s)|capitalize }}",
        "{{ ('xß' ~ s)|upper }}", "{{ ('x' ~ s).swapcase() }}", "{{ d|tojson }}", "{{ ['x', s]|tojson(indent=2) }}", "{{ d|string }}",
        "{{ l }}",
        "{{ ['x', s, {'y': s}] }}", "{{ ('x<' ~ s)|e }}", "{{ 'x<'|e + s }}", "{{ ('x\n' ~ s ~ '\ny')|indent(2) }}",
        "{{ 'x'.center(5) ~ s.center(20) }}",
        "{{ ('x' ~ s)|truncate(7, true, 'y', 0) }}", "{{ ('x\t' ~ s).expandtabs() }}", "{{ s|list|join }}", "{{ s|first }}{{ s|last }}",
        "{{ (s ~ 'x')|reverse }}",
        "{% for c in s ~ 'x' %}{{ c }}{% endfor %}", "{% set a %}x{{ s }}y{% endset %}{{ a }}",
        "{% macro m(a) %}x{{ a }}y{% endmacro %}{{ m(s) }}",
        "{% macro m() %}x{{ caller() }}y{% endmacro %}{% call m() %}z{{ s }}{% endcall %}", "{% filter upper %}x{{ s }}{% endfilter %}",
        "{% for m in messages %}{{ m.role }}:{{ m.content }}\n{% endfor %}", "{{ bos_token }}{{ s }}", "{{ l|sort|join('x') }}",
        "{{ l|map('upper')|join('x') }}",
        "{{ messages|map(attribute='content')|join('x') }}", "{% for k, v in d.items() %}{{ k }}=x{{ v }}{% endfor %}",
        "{{ dict(d)|tojson }}",
        "{% macro m() %}{{ kwargs|tojson }}{% endmacro %}{{ m(**d) }}", "{{ dict(**d)|tojson }}", "{{ namespace(d) }}",
        "{{ d|dictsort }}", "{{ (s ~ 'x') * 3 }}",
        "{{ 'x' + s + w + 'y' + s }}", "{{ (s + w) + (s + 'x') }}", "{{ ('x' + s) + (w + 'y') }}", "{{ '' + s + '' + 'x' + '' }}",
        "{{ 'x' * 3 ~ s * 2 }}", "{{ ('<b>x</b> ' ~ s)|striptags }}", "{{ s|default('x') }}", "{{ l|batch(2, 'x')|list }}",
        "{{ s.zfill(20) ~ 'x'.zfill(3) }}",
        "{{ ('xy' ~ s).removeprefix('x') }}", "{{ (s ~ 'x').splitlines() }}", "{{ l|unique|join('x') }}", "{{ l|groupby(0) }}",
        "{{ l|max ~ 'x' }}",
    ];

    /// <summary>What stands for data is data: an escape, an entity.</summary>
    public static TheoryData<string, string> Rewritten() => new()
    {
        { "x{{ s|tojson(ensure_ascii=true) }}y", "αβγ" },
        { "{{ ('x' ~ s)|urlencode }}", "α" },
        { "{{ 'x' ~ (s ~ '<')|e ~ 'y' }}", "γ" },
        { "{{ ('x&lt;' ~ s)|striptags }}", "<" },
    };

    [Theory]
    [MemberData(nameof(Exact))]
    public void RenderPrompt_Operation_GreekIsDataAndLatinIsNot(string template)
    {
        PromptText prompt = ChatTemplate.Parse(template).RenderPrompt((JsonObject)Variables.DeepClone());

        string marked = Mark(prompt, c => c is >= 'A' and <= 'z' and not ('[' or ']'));
        Assert.Contains(prompt.Text, c => c > '\u0370');
        Assert.DoesNotContain('!', marked);
    }

    [Theory]
    [MemberData(nameof(Rewritten))]
    public void RenderPrompt_Rewritten_IsDataWhereItStandsForData(string template, string text)
    {
        PromptText prompt = ChatTemplate.Parse(template).RenderPrompt((JsonObject)Variables.DeepClone());

        Assert.NotEmpty(prompt.Data);
        Assert.DoesNotContain(prompt.Text.Where((c, i) => !IsData(prompt, i)), c => c is '\\' or '%' || text.Contains(c));
    }

    [Fact]
    public void RenderPrompt_PublishedTemplates_MarksAreAllTheTemplatesOwn()
    {
        string folder = SharedData.Require("conformance/chat-templates");
        JsonObject file = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "cases.json")))!.AsObject();
        int marks = 0;
        foreach (string path in Directory.GetFiles(folder, "*.jinja"))
        {
            ChatTemplate template = ChatTemplate.Parse(File.ReadAllText(path));
            foreach ((string name, JsonNode? given) in file["cases"]!.AsObject())
            {
                var variables = (JsonObject)file["globals"]!.DeepClone();
                foreach ((string key, JsonNode? value) in given!.AsObject())
                {
                    variables[key] = value?.DeepClone();
                }

                if (TryRender(template, variables) is { } prompt)
                {
                    foreach (Match match in MarkPattern().Matches(prompt.Text))
                    {
                        bool[] data = [.. Enumerable.Range(match.Index, match.Length).Select(i => IsData(prompt, i)).Distinct()];
                        Assert.True(data.Length == 1, $"{Path.GetFileName(path)}, {name}: {match.Value}");
                        marks += data[0] ? 0 : 1;
                    }
                }
            }
        }

        Assert.True(marks > 1000, $"only {marks} marks");
    }

    private static PromptText? TryRender(ChatTemplate template, JsonObject variables)
    {
        try
        {
            return template.RenderPrompt(variables);
        }
        catch (ChatTemplateException)
        {
            return null;
        }
    }

    // A character that is on the wrong side becomes an exclamation mark.
    private static string Mark(PromptText prompt, Func<char, bool> isTemplates) => string.Concat(prompt.Text.Select((c, i) =>
        (isTemplates(c) && IsData(prompt, i)) || (c > '\u0370' && !IsData(prompt, i)) ? '!' : c));

    private static bool IsData(PromptText prompt, int index) =>
        prompt.Data.Any(range => range.Start.Value <= index && index < range.End.Value);

    [GeneratedRegex(@"<[|｜][^|｜<>]{1,40}[|｜]>|</?(s|bos|eos|think|tool_call|start_of_turn|end_of_turn)>|\[/?[A-Z_]{3,20}\]")]
    private static partial Regex MarkPattern();
}
