using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeRuntime.Tokenizers.Templates.Library;
using EdgeRuntime.Tokenizers.Templates.Values;
using Xunit;
using TestTable = EdgeRuntime.Tokenizers.Templates.Library.Tests;

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

    // Filters: the operands before and the arguments behind the name.
    private static readonly Dictionary<string, string[]> FilterUses = new()
    {
        ["abs"] = ["1|abs"],
        ["attr"] = ["l|attr(t)"],
        ["batch"] = ["l|batch(1)|list", "l|batch(100000, t[:100])|list"],
        ["capitalize"] = ["t|capitalize", "e|capitalize"],
        ["center"] = ["t|center(300000)", "e|center(10)"],
        ["count"] = ["e|count", "l|count"],
        ["d"] = ["t|d(e)"],
        ["default"] = ["nothing|default(t)"],
        ["dictsort"] = ["d|dictsort", "d|dictsort(by='value')"],
        ["e"] = ["h|e"],
        ["escape"] = ["h|escape", "t|escape"],
        ["filesizeformat"] = ["z|filesizeformat"],
        ["first"] = ["e|first", "l|select('none')|first"],
        ["float"] = ["z|float", "t|float"],
        ["forceescape"] = ["h|forceescape"],
        ["format"] = ["g|format(*l)", "t|format()"],
        ["groupby"] = ["n|groupby(0)", "m|groupby('x', default=t)"],
        ["indent"] = ["h|indent", "t|indent(t)"],
        ["int"] = ["z|int", "t|int", "(z ~ '_1')|int(base=3)"],
        ["items"] = ["d|items|list"],
        ["join"] = ["l|join", "m|join(t[:100])", "n|join(',', attribute=0)"],
        ["last"] = ["l|last", "e|last"],
        ["length"] = ["e|length", "(e ~ 'x')|length", "d|length"],
        ["list"] = ["l|list", "p|list"],
        ["lower"] = ["t|lower", "e|lower"],
        ["map"] = ["m|map('upper')|list", "n|map(attribute='0')|list", "l|map(attribute='x' ~ '.x' * 1000, default=1)|list"],
        ["max"] = ["k|max", "l|max"],
        ["min"] = ["k|min", "n|min"],
        ["reject"] = ["l|reject('odd')|list", "k|reject('equalto', t ~ 'a')|list"],
        ["rejectattr"] = ["n|rejectattr(0, 'odd')|list"],
        ["replace"] = ["t|replace('a', 'b')", "t|replace(p, 'x')", "h|replace('<', t)", "t|replace('', '')"],
        ["reverse"] = ["l|reverse|list", "t|reverse", "e|reverse"],
        ["round"] = ["1.5|round(300)", "(2.0 ** 1000)|round(300)"],
        ["safe"] = ["t|safe"],
        ["select"] = ["l|select('odd')|list", "k|select('in', [k[0]])|list"],
        ["selectattr"] = ["n|selectattr(0, 'odd')|list"],
        ["slice"] = ["l|slice(10000)|list", "l|slice(3, t)|list"],
        ["sort"] = ["l|sort", "m|sort", "k|sort", "n|sort(attribute='0,1' ~ ',0' * 1000)", "(k * 20)|sort"],
        ["string"] = ["l|string", "(2.0 ** 1000)|string"],
        ["striptags"] = ["h|striptags", "t|striptags", "('<!--' * 50000)|striptags", "('&' * 50000)|striptags"],
        ["sum"] = ["l|sum", "n|sum(start=[])", "n|sum(0)"],
        ["title"] = ["t|title", "e|title"],
        ["tojson"] = ["l|tojson", "h|tojson", "e|tojson(ensure_ascii=true)", "d|tojson(indent=t[:100], sort_keys=true)",
            "[[[[]]]]|tojson(indent='')"],
        ["trim"] = ["t|trim", "t|trim(p)", "e|trim(e)", "t|trim('a')"],
        ["truncate"] = ["t|truncate(100000)", "e|truncate(90000, true)", "h|truncate(70000)"],
        ["unique"] = ["l|unique|list", "k|unique|list", "m|map(attribute='upper')|unique|list"],
        ["upper"] = ["t|upper", "('ß' * 100000)|upper"],
        ["urlencode"] = ["h|urlencode", "e|urlencode", "d|urlencode"],
        ["wordcount"] = ["t|wordcount", "h|wordcount"],
    };

    private static readonly Dictionary<string, string[]> TextMethodUses = new()
    {
        ["capitalize"] = ["t.capitalize()"],
        ["casefold"] = ["t.casefold()"],
        ["center"] = ["t.center(300000, '🙂')", "e.center(10)"],
        ["count"] = ["t.count('a')", "t.count(p)", "t.count('')", "e.count('x', 5)"],
        ["endswith"] = ["t.endswith(t)", "e.endswith('x', 5)", "t.endswith(k[0])", "'x'.endswith((t, t))"],
        ["expandtabs"] = ["h.expandtabs()", "h.expandtabs(0)", "t.expandtabs()"],
        ["find"] = ["t.find('b')", "t.find(p)", "t.find(q)", "e.find('x', 5)", "e.find('🙂', 90000)"],
        ["format"] = ["t.format()", "f.format(*l)", "('{' ~ '0' * 5000 ~ '}').format(1)", "'{:,.500f}'.format(2.0 ** 1000)",
            "('{0[0]}' * 1000).format(n)"],
        ["format_map"] = ["'{a}'.format_map({'a': t})", "('{a}' * 1000).format_map({'a': m[:9]})"],
        ["index"] = ["(t ~ 'b').index('b')"],
        ["isalnum"] = ["t.isalnum()"],
        ["isalpha"] = ["t.isalpha()"],
        ["isascii"] = ["t.isascii()"],
        ["isdecimal"] = ["z.isdecimal()"],
        ["isdigit"] = ["z.isdigit()"],
        ["islower"] = ["t.islower()"],
        ["isnumeric"] = ["z.isnumeric()"],
        ["isspace"] = ["(' ' * 100000).isspace()"],
        ["istitle"] = ["t.istitle()", "('A ' * 50000).istitle()"],
        ["isupper"] = ["('A' * 100000).isupper()"],
        ["join"] = ["t.join(m[:3])", "''.join(m)", "','.join(e[:1000])"],
        ["ljust"] = ["t.ljust(300000)"],
        ["lower"] = ["t.lower()"],
        ["lstrip"] = ["t.lstrip('a')", "t.lstrip(p)", "h.lstrip(e ~ 'x' * 100000)"],
        ["partition"] = ["t.partition(p)", "t.partition('b')"],
        ["removeprefix"] = ["t.removeprefix(t[:100])", "t.removeprefix(t)"],
        ["removesuffix"] = ["t.removesuffix('a')"],
        ["replace"] = ["t.replace('a', '')", "t.replace(p, q)", "t.replace(q, p, 3)"],
        ["rfind"] = ["t.rfind(q)", "t.rfind(p)"],
        ["rindex"] = ["('b' ~ t).rindex('b')"],
        ["rjust"] = ["t.rjust(300000)"],
        ["rpartition"] = ["t.rpartition(q)"],
        ["rsplit"] = ["t.rsplit(q)", "h.rsplit()", "t.rsplit('a')"],
        ["rstrip"] = ["t.rstrip('a')", "e.rstrip(e)"],
        ["split"] = ["t.split('a')", "t.split(p)", "h.split()", "(' ' * 100000).split()"],
        ["splitlines"] = ["h.splitlines()", "t.splitlines()"],
        ["startswith"] = ["t.startswith(t)", "e.startswith('x', 90000)"],
        ["strip"] = ["t.strip()", "t.strip('a')", "t.strip(p)"],
        ["swapcase"] = ["t.swapcase()"],
        ["title"] = ["t.title()"],
        ["upper"] = ["t.upper()"],
        ["zfill"] = ["t.zfill(300000)", "e.zfill(100001)"],
    };

    private static readonly Dictionary<string, string[]> ContainerMethodUses = new()
    {
        ["copy"] = ["l.copy()", "d.copy()"],
        ["count"] = ["l.count(1)", "k.count(t ~ 'a')", "(1, 2).count(1)"],
        ["fromkeys"] = ["d.fromkeys(m)"],
        ["get"] = ["d.get(t)", "d.get(t, e)"],
        ["index"] = ["l.index(9999)", "k.index(t ~ 'a')"],
        ["items"] = ["d.items()|list"],
        ["keys"] = ["d.keys()|list"],
        ["values"] = ["d.values()|list"],
    };

    private static readonly Dictionary<string, string[]> TestUses = new()
    {
        ["!="] = ["k|select('!=', t ~ 'a')|list"],
        ["<"] = ["k|select('<', t ~ 'a')|list"],
        ["<="] = ["k|select('<=', t)|list"],
        ["=="] = ["k|select('==', t)|list"],
        [">"] = ["k|select('>', t)|list"],
        [">="] = ["k|select('>=', t)|list"],
        ["boolean"] = ["t is boolean"],
        ["callable"] = ["t is callable"],
        ["defined"] = ["t is defined"],
        ["divisibleby"] = ["7 is divisibleby 3"],
        ["eq"] = ["t is eq(k[0] ~ '')"],
        ["equalto"] = ["l is equalto(l|list)"],
        ["escaped"] = ["t is escaped"],
        ["even"] = ["2 is even"],
        ["false"] = ["t is false"],
        ["filter"] = ["t is filter", "l is filter"],
        ["float"] = ["t is float"],
        ["ge"] = ["t is ge(k[1])"],
        ["greaterthan"] = ["l is greaterthan(l|list)"],
        ["gt"] = ["t is gt(k[1])"],
        ["in"] = ["t is in(k[1])", "q is in(t)", "t is in(l)", "t is in(d)", "10001 is in(l)", "(t, t) is in(d)"],
        ["integer"] = ["t is integer"],
        ["iterable"] = ["t is iterable"],
        ["le"] = ["t is le(k[1])"],
        ["lessthan"] = ["l is lessthan(l|list)"],
        ["lower"] = ["t is lower"],
        ["lt"] = ["t is lt(k[1])"],
        ["mapping"] = ["t is mapping"],
        ["ne"] = ["t is ne(k[0] ~ '')"],
        ["none"] = ["t is none"],
        ["number"] = ["t is number"],
        ["odd"] = ["3 is odd"],
        ["sameas"] = ["t is sameas(k[0] ~ '')", "t is sameas(t ~ '')"],
        ["sequence"] = ["t is sequence"],
        ["string"] = ["t is string"],
        ["test"] = ["t is test"],
        ["true"] = ["t is true"],
        ["undefined"] = ["t is undefined"],
        ["upper"] = ["t.upper() is upper"],
    };

    private static readonly Dictionary<string, string[]> GlobalUses = new()
    {
        ["cycler"] = ["cycler(*l)"],
        ["dict"] = ["dict(d)", "dict(**d)", "dict(n)"],
        ["joiner"] = ["joiner(t)() ~ joiner(t)()"],
        ["namespace"] = ["namespace(d)", "namespace(**d)"],
        ["raise_exception"] = [],
        ["range"] = ["range(100000)[::-1]"],
        ["strftime_now"] = ["strftime_now(t)", "strftime_now('%c' * 1000)", "strftime_now('%Z' * 100000)"],
    };

    private static readonly string[] OperatorUses =
    [
        "t + t", "l + l", "(1, 2) + (3, 4)", "t ~ e ~ l", "t * 3", "l * 3", "3 * e", "t % ()", "'%s%s' % (t, l)", "'%.90000s' % e",
        "'%.500f' % 1e300", "'%99999d' % 1",
        "2 ** 126", "not t", "t and e", "t or e", "t == t ~ ''", "t != t ~ ''", "t < t ~ ''", "l == l|list", "l <= l|list",
        "d == {}.fromkeys(m, 1)", "(1, t) == (1, t ~ '')", "p in t", "q not in t", "t in k", "t in d", "k in [k]", "t[::-1]", "e[::-1]",
        "e[::2]",
        "e[50000]", "e[-1]", "e[1:90000]", "t[5:]", "l[::-1]", "l[1:]", "range(100000)[5:]", "d[t]", "d.x", "[t, t, t]", "(t, e)", "{t: 1}",
        "{(t, t): 1}", "t if t else e", "t is string", "loop.changed(t)", "loop.changed(l)", "loop.cycle(*l)",
        "l|map(t)|list if false else 1",
        "[1]|sort(attribute='x' ~ ',x' * 10000)", "[d, d]|map(attribute='x' ~ '.x' * 10000, default=d)|list", "messages", "messages|tojson",
    ];

    private static readonly string[] StatementUses =
    [
        "{% for x in l %}{% endfor %}", "{% for x in e %}{% endfor %}", "{% for x in l if x is none %}{% endfor %}",
        "{% set a, b = k[:2] %}",
        "{% set x %}{{ t }}{% endset %}", "{% filter upper %}{{ t }}{% endfilter %}", "{% with x = t ~ '' %}{% endwith %}",
        "{% macro g(a, b='x', c='y') %}{{ a }}{% endmacro %}{{ g(t) }}", "{% macro g() %}{{ varargs|length }}{% endmacro %}{{ g(*l) }}",
        "{% macro g() %}{{ kwargs|length }}{% endmacro %}{{ g(**d) }}",
        "{% macro g() %}{{ caller() }}{% endmacro %}{% call g() %}{{ t }}{% endcall %}",
        "{% macro g() %}{% endmacro %}{{ g.arguments }}", "{% if t == t ~ '' %}{% endif %}",
        "{% for x in n recursive %}{{ x[0] }}{% endfor %}",
        "{% for x in l %}{{ loop.last }}{{ loop.revindex }}{% endfor %}",
    ];

    public static TheoryData<string> Uses() =>
    [
        .. new[] { FilterUses, TextMethodUses, ContainerMethodUses, TestUses, GlobalUses }
            .SelectMany(uses => uses.Values).SelectMany(uses => uses).Concat(OperatorUses).Select(use => $"{{% set y = {use} %}}"),
        .. StatementUses,
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
    public void Render_LargeOperands_EndAtALimit(string source)
    {
        string error = Fail(source, TemplateLimits.Steps);

        Assert.Contains("exceeds a limit", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Uses_OfTheLibrary_AreComplete()
    {
        Assert.Equal(Filters.Table.Order(StringComparer.Ordinal), FilterUses.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(StringMethods.Table.Order(StringComparer.Ordinal), TextMethodUses.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(TestTable.Table.Order(StringComparer.Ordinal), TestUses.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Globals.Table.Order(StringComparer.Ordinal), GlobalUses.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(
            ListMethods.Table.Union(TupleMethods.Table).Union(DictMethods.Table).Order(StringComparer.Ordinal),
            ContainerMethodUses.Keys.Order(StringComparer.Ordinal));
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
