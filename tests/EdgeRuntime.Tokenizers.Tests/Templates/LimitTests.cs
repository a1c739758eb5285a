using System;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using Xunit;

namespace EdgeRuntime.Tokenizers.Tests.Templates;

/// <summary>Templates that want too much end in one clear line, soon, and with the process unharmed.</summary>
public sealed class LimitTests
{
    private const string Loop = "{% for a in range(100000) %}";

    public static TheoryData<string> Greedy() =>
    [
        Loop + Loop + Loop + "{% endfor %}{% endfor %}{% endfor %}",
        Loop + Loop + "x{% endfor %}{% endfor %}",
        "{{ range(1000000000) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{{ [[0] * 1000] * 1000000 }}",
        "{{ 'abc'.center(2000000000) }}",
        "{{ '%2000000000d' % 1 }}",
        "{{ '{:>2000000000}'.format(1) }}",
        "{{ '%.2000000000f' % 1 ~ ('x' * 100000000) }}",
        "{{ 'a'|indent(2000000000, true) }}",
        "{{ [1]|batch(2000000000, 'x')|list }}",
        "{{ [1]|slice(2000000000)|list }}",
        "{{ 2 ** 1000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 'a'.replace('', 'b' * 100000).replace('', 'c' * 100000).replace('', 'd' * 100000) }}",
        "{% set n = namespace(x='ab') %}" + Loop + "{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% set n = namespace(x='ab') %}" + Loop + "{% set n.x = n.x.replace('a', n.x) %}{% endfor %}",
        "{% set n = namespace(x=[]) %}" + Loop + "{% set n.x = [n.x] %}{% endfor %}",
        "{% set n = namespace(x=[]) %}" + Loop + "{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
        "{% set n = namespace(x={}) %}" + Loop + "{% set n.x = {'a': n.x} %}{% endfor %}",
        "{% set n = namespace(x=[1]) %}" + Loop + "{% set n.x = n.x|map('string') %}{% endfor %}{{ n.x|list }}",
        "{% set n = namespace() %}{% set n.x = n %}{{ n }}",
        "{% set n = namespace() %}{% set n.x = [n] %}{{ n.x }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(100) }}",
        "{% macro m() %}{% call m() %}{% endcall %}{% endmacro %}{{ m() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ (range(100000)|list * 10)|sort|list|length }}" + Loop + "{{ range(100000)|list|sort }}{% endfor %}",
        Loop + "{{ range(100000)|sum }}{% endfor %}",
        "{{ messages.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
    ];

    [Theory]
    [MemberData(nameof(Greedy))]
    public void Render_GreedyTemplate_ThrowsOneLine(string source)
    {
        ChatTemplate template = ChatTemplate.Parse(source);
        var clock = Stopwatch.StartNew();

        var error = Assert.Throws<ChatTemplateException>(() => template.Render(new JsonObject { ["messages"] = new JsonArray() }));

        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(1, error.Line);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"took {clock.Elapsed}");
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("- ", "")]
    [InlineData("1 if 1 else ", "")]
    [InlineData("a(", ")")]
    [InlineData("a[", "]")]
    [InlineData("{1:", "}")]
    [InlineData("a|f(", ")")]
    [InlineData("a is f(", ")")]
    public void Parse_DeepExpression_Throws(string open, string close)
    {
        string source = "{{ " + Repeat(open, 20_000) + "1" + Repeat(close, 20_000) + " }}";

        var error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(source));

        Assert.Contains("deep", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% if 1 %}")]
    [InlineData("{% for a in b %}")]
    [InlineData("{% macro a() %}")]
    [InlineData("{% set a %}")]
    [InlineData("{% filter upper %}")]
    public void Parse_DeepBlocks_Throws(string open) =>
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(Repeat(open, 20_000)));

    [Theory]
    [InlineData(" + 1")]
    [InlineData(".a")]
    [InlineData("|string")]
    [InlineData(" and 1")]
    [InlineData("[0]")]
    [InlineData(" is defined")]
    public void Render_LongChainOnSmallStack_RendersOrThrows(string link)
    {
        Exception? unexpected = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    ChatTemplate.Parse("{{ 1" + Repeat(link, 100_000) + " }}").Render([]);
                }
                catch (ChatTemplateException)
                {
                }
                catch (Exception error)
                {
                    unexpected = error;
                }
            },
            256 * 1024);
        thread.Start();
        thread.Join();

        Assert.Null(unexpected);
    }

    [Fact]
    public void Parse_ElifChain_RendersWithoutRecursion()
    {
        string source = "{% if x == 0 %}0" + Repeat("{% elif x == 1 %}1", 20_000) + "{% else %}e{% endif %}";

        Assert.Equal("e", ChatTemplate.Parse(source).Render(new JsonObject { ["x"] = 2 }));
    }

    [Fact]
    public void Render_DeepVariables_Throws()
    {
        JsonNode node = new JsonArray();
        for (int i = 0; i < 5000; i++)
        {
            node = new JsonArray(node);
        }

        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse("{{ x }}").Render(new JsonObject { ["x"] = node }));
    }

    [Fact]
    public void Render_Error_NamesLine()
    {
        ChatTemplate template = ChatTemplate.Parse("a\n{# c\n #}{{ 1 }}\n{% if true %}\n{{ raise_exception('two\nlines') }}{% endif %}");

        var error = Assert.Throws<ChatTemplateException>(() => template.Render([]));

        Assert.Equal(5, error.Line);
        Assert.Equal("two\nlines", error.Reason);
        Assert.Equal("chat template, line 5: two lines", error.Message);
    }

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();
}
