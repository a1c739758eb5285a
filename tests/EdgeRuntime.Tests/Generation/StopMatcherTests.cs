using System;
using System.Linq;
using System.Text;
using EdgeRuntime.Generation;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

public sealed class StopMatcherTests
{
    [Fact]
    public void Append_RandomTextsAndSplits_GivesTheTextBeforeTheFirstCompleteStop()
    {
        for (int seed = 0; seed < 5000; seed++)
        {
            Random random = new(seed);
            string text = RandomText(random, random.Next(60));
            string[] stops = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => RandomText(random, random.Next(1, 6)))];
            (string expected, string? stop) = Reference(text, stops);

            StopMatcher matcher = new(stops);
            StringBuilder actual = new();
            for (int at = 0; at < text.Length && matcher.Found is null;)
            {
                int length = Math.Min(random.Next(0, 5), text.Length - at);
                actual.Append(matcher.Append(text.Substring(at, length)));
                at += length;
                bool clean = expected.StartsWith(actual.ToString(), StringComparison.Ordinal);
                Assert.True(clean, $"seed {seed}: gave out part of a stop string");

                // Nothing is held back that can't be the beginning of a stop string.
                string held = text[actual.Length..at];
                bool justified = matcher.Found is not null || held == "" || stops.Any(s => s.StartsWith(held, StringComparison.Ordinal));
                Assert.True(justified, $"seed {seed}: holds '{held}'");
            }

            actual.Append(matcher.Flush());
            Assert.True(expected == actual.ToString(), $"seed {seed}: '{actual}', expected '{expected}'");
            Assert.Equal(stop, matcher.Found);
        }
    }

    [Fact]
    public void Append_NoStops_GivesThePieceItself()
    {
        string piece = "some text";
        Assert.Same(piece, new StopMatcher([]).Append(piece));
        Assert.Same(piece, new StopMatcher(["###"]).Append(piece));
    }

    [Fact]
    public void Restart_AfterAMatch_StartsAnew()
    {
        StopMatcher matcher = new(["ab"]);
        matcher.Append("xa");
        matcher = matcher.Restart();
        Assert.Equal("b", matcher.Append("b"));
        matcher.Append("ab");
        Assert.Equal("ab", matcher.Found);
        matcher = matcher.Restart();
        Assert.Null(matcher.Found);
    }

    private static string RandomText(Random random, int length) =>
        new([.. Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(3)))]);

    private static (string Text, string? Stop) Reference(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string? stop = stops.Where(s => text[..end].EndsWith(s, StringComparison.Ordinal)).MaxBy(s => s.Length);
            if (stop is not null)
            {
                return (text[..(end - stop.Length)], stop);
            }
        }

        return (text, null);
    }
}
