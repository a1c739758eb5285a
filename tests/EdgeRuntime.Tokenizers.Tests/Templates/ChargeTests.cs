using System;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeRuntime.Templates.Library;
using EdgeRuntime.Templates.Values;
using Xunit;
using TestTable = EdgeRuntime.Templates.Library.Tests;

namespace EdgeRuntime.Tokenizers.Tests.Templates;

/// <summary>
/// Work is paid for where it is done: whatever a template repeats over large operands, it ends at the limit of steps, and soon.
/// </summary>
public sealed class ChargeTests
{
    // Large enough that a product of two operands takes minutes, small enough that a test takes a moment.
    private const int Steps = 1_500_000;
    private const string Operands =
        "{% set t = 'a' * 200000 %}{% set e = '🙂' * 100000 %}{% set p = 'a' * 50000 ~ 'b' %}{% set q = 'b' ~ 'a' * 50000 %}"
        + "{% set h = '<b> &\\n\\t' * 20000 %}{% set f = '{}' * 10000 %}{% set g = '%s' * 10000 %}"
        + "{% set l = range(10000)|list %}{% set m = l|map('string')|list %}"
        + "{% set d = {}.fromkeys(m, 1) %}{% set n = l|batch(2)|list %}{% set k = [t, t ~ 'b', t ~ 'a'] %}{% set z = '0' * 200000 %}";

    private const string Loop = "{% for i in range(100000) %}{% for j in range(100000) %}";
    private const string End = "{% endfor %}{% endfor %}";

    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Uses() =>
    [
        .. new[] { ChargeUses.Filters, ChargeUses.TextMethods, ChargeUses.ContainerMethods, ChargeUses.Tests, ChargeUses.Globals }
            .SelectMany(uses => uses.Values).SelectMany(uses => uses).Concat(ChargeUses.Operators).Select(use => $"{{% set y = {use} %}}"),
        .. ChargeUses.Statements,
    ];

    // The cases that once ran until they were killed, at full size, and their relatives.
    public static TheoryData<string> LargeUses() =>
    [
        "{% set x = 'a' * 16000000 %}" + Loop + "{% set y = x.isalnum() %}" + End,
        "{% set x = 'a' * 4000000 %}" + Loop + "{% set y = x.strip(x) %}" + End,
        "{% set x = 'a' * 4000000 %}{% set y = 'a' * 999999 ~ 'b' %}" + Loop + "{% set z = y in x %}" + End,
        "{% set x = 'a' * 4000000 %}{% set y = 'b' ~ 'a' * 999999 %}" + Loop + "{% set z = x.rfind(y) %}" + End,
        "{% set x = '🙂' * 8000000 %}" + Loop + "{% set y = x|length %}" + End,
        "{% set x = '🙂' * 4000000 %}" + Loop + "{% set y = (x ~ 'a')|length %}" + End,
        "{% macro m(" + Parameters("") + ") %}{% endmacro %}" + Loop + "{{ m() }}" + End,
        "{% macro m(" + Parameters("") + ") %}{% endmacro %}" + Loop + "{{ m(" + Parameters("=1") + ") }}" + End,
        "{% macro m() %}{{ kwargs|length }}{% endmacro %}" + Loop + "{{ m(" + Parameters("=1") + ") }}" + End,
        "{% set " + new string('n', 500_000) + " = 1 %}" + Loop + "{% set y = " + new string('n', 500_000) + " %}" + End,
        Loop + "{% set y = messages." + new string('n', 500_000) + " %}" + End,
        Nested(150) + Loop + "{% set y = messages %}" + End + Repeat("{% endwith %}", 150),
        // Whole numbers that are one double, and floats whose halves cancel out: once equal hashes.
        "{% set x = namespace(y=[]) %}{% for i in range(20000) %}{% set x.y = x.y + [2 ** 100 + i] %}{% endfor %}",
        Loop + "{% set y = {}.fromkeys([" + Join(i => $"{Int128.MaxValue - i}") + "]) %}" + End,
    ];

    [Theory]
    [MemberData(nameof(Uses))]
    public void Render_UseInALoop_EndsAtTheLimit(string use)
    {
        string error = Fail(Operands + Loop + use + End, Steps);

        Assert.Contains("steps of work", error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(LargeUses))]
    [Trait("Speed", "Slow")]
    public void Render_LargeOperands_EndAtALimit(string source)
    {
        string error = Fail(source, TemplateLimits.Steps);

        Assert.Contains("exceeds a limit", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Uses_OfTheLibrary_AreComplete()
    {
        Assert.Equal(Filters.Table.Order(StringComparer.Ordinal), ChargeUses.Filters.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(StringMethods.Table.Order(StringComparer.Ordinal), ChargeUses.TextMethods.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(TestTable.Table.Order(StringComparer.Ordinal), ChargeUses.Tests.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Globals.Table.Order(StringComparer.Ordinal), ChargeUses.Globals.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            ListMethods.Table.Union(TupleMethods.Table).Union(DictMethods.Table).Order(StringComparer.Ordinal),
            ChargeUses.ContainerMethods.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Parse_DottedFilterName_TakesLinearTime()
    {
        string source = "{{ 1|a" + Repeat(".a", 500_000) + " }}";

        Assert.Contains("No filter named", Fail(source, TemplateLimits.Steps), StringComparison.Ordinal);
    }

    private static string Fail(string source, int steps)
    {
        var clock = Stopwatch.StartNew();
        Task<string> task = Task.Run(() => Assert.Throws<ChatTemplateException>(
            () => ChatTemplate.Parse(source).Run(new JsonObject { ["messages"] = Messages() }, null, steps)).Message);

        Assert.True(task.Wait(Hang, TestContext.Current.CancellationToken), "hangs");
        TestContext.Current.TestOutputHelper?.WriteLine($"{clock.ElapsedMilliseconds} ms");
        return task.Result;
    }

    private static JsonArray Messages() => new(Enumerable.Range(0, 50)
        .Select(i => (JsonNode)new JsonObject { ["role"] = "user", ["content"] = new string('x', 1000) }).ToArray());

    private static string Parameters(string suffix) => Join(i => $"p{i}{suffix}");

    private static string Join(Func<int, string> part) => string.Join(',', Enumerable.Range(0, 40_000).Select(part));

    private static string Nested(int depth) => string.Concat(Enumerable.Range(0, depth).Select(i => $"{{% with v{i} = {i} %}}"));

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();
}
