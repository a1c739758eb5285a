using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Sampling;
using EdgeRuntime.Speculation;
using EdgeRuntime.Tests.Generation;
using Xunit;

namespace EdgeRuntime.Tests.Speculation;

public sealed class SpeculationTests
{
    private static readonly CallContext None = new(IsAsync: false, CancellationToken.None);

    [Theory]
    [InlineData(0f)]
    [InlineData(0.9f)]
    public void NgramDraft_AnyText_GivesTheTokensOfAPlainRun(float temperature)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            GenerationOptions options = new()
            {
                Temperature = temperature,
                Seed = (ulong)seed,
                RepeatPenalty = seed % 3 == 0 ? 1.1f : 1,
                RepeatLastTokens = 7,
            };
            int[] prompt = Prompt(seed);
            List<int> plain = Run(Copier(seed), options, null, prompt, 150, out _);
            List<int> drafted = Run(Copier(seed), options, new NgramDraft(), prompt, 150, out _);
            Assert.True(plain.SequenceEqual(drafted), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(15)]
    public void MoveNext_AnyDraftAcrossContextShifts_GivesTheTokensOfAPlainRun(int length)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            GenerationOptions options = new() { Temperature = seed % 2, Seed = (ulong)seed };
            int[] prompt = Prompt(seed);
            List<int> plain = Run(new FakeSequence(20, 97), options, null, prompt, 200, out _, shift: true);
            GuessingDraft draft = new(plain, prompt.Length, length, seed);
            List<int> drafted = Run(new FakeSequence(20, 97), options, draft, prompt, 200, out TokenGenerator generator, shift: true);
            Assert.True(plain.SequenceEqual(drafted), $"seed {seed}");
            Assert.True(generator.AcceptedTokens > 20, $"seed {seed}: only {generator.AcceptedTokens} accepted");
        }
    }

    [Fact]
    public void End_InTheMiddleOfADraft_LeavesPromptAndTokensGivenOut()
    {
        for (int count = 1; count < 60; count++)
        {
            FakeSequence state = new(20, 300) { Model = (tokens, logits) => TokenGeneratorTests.Periodic(tokens.Span, logits.Span) };
            TokenGenerator generator = new(state, new Sampler(new() { Temperature = 0 }, 20, 300), new NgramDraft(), clock: state);
            int[] prompt = [.. Enumerable.Range(0, 45).Select(i => i % 20)];
            generator.StartAsync(prompt, 0, 1000, None).Complete();
            List<int> tokens = [.. prompt, generator.Current];
            for (int i = 1; i < count; i++)
            {
                generator.MoveNextAsync(None).Complete();
                tokens.Add(generator.Current);
            }

            generator.End();
            Assert.Equal(tokens[..^1], state.Tokens.ToArray());
        }
    }

    [Fact]
    public void MoveNext_RepetitiveText_NeedsFewForwards()
    {
        FakeSequence state = new(20, 2000) { Model = (tokens, logits) => TokenGeneratorTests.Periodic(tokens.Span, logits.Span) };
        int[] prompt = [.. Enumerable.Range(0, 45).Select(i => i % 20)];
        Run(state, new() { Temperature = 0 }, new NgramDraft(), prompt, 1000, out TokenGenerator generator);
        Assert.True(generator.AcceptedTokens > 500, $"{generator.AcceptedTokens} accepted");
        Assert.True(state.Forwards < 500, $"{state.Forwards} forwards for 1000 tokens");
    }

    [Fact]
    public void MoveNext_LastTokensOfALimit_AreNotDraftedBeyond()
    {
        FakeSequence state = new(20, 2000) { Model = (tokens, logits) => TokenGeneratorTests.Periodic(tokens.Span, logits.Span) };
        int[] prompt = [.. Enumerable.Range(0, 45).Select(i => i % 20)];
        TokenGenerator generator = new(state, new Sampler(new() { Temperature = 0 }, 20, 2000), new NgramDraft(), clock: state);
        generator.StartAsync(prompt, 0, 30, None).Complete();
        for (int i = 1; i < 30; i++)
        {
            generator.MoveNextAsync(None).Complete();
            Assert.True(state.Length <= prompt.Length + 29);
        }
    }

    [Fact]
    public void MoveNext_ContextEnds_GivesAsManyTokensAsAPlainRun()
    {
        for (int context = 46; context < 90; context++)
        {
            FakeSequence state = new(20, context) { Model = (tokens, logits) => TokenGeneratorTests.Periodic(tokens.Span, logits.Span) };
            int[] prompt = [.. Enumerable.Range(0, 45).Select(i => i % 20)];
            List<int> tokens = Run(state, new() { Temperature = 0 }, new NgramDraft(), prompt, 1000, out _);
            Assert.Equal(context - prompt.Length + 1, tokens.Count);
        }
    }

    [Fact]
    public void ModelDraft_Greedy_GivesTheTokensOfAPlainRun()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            GenerationOptions options = new() { Temperature = 0, RepeatPenalty = seed % 2 == 0 ? 1.2f : 1 };
            List<int> plain = Run(Noisy(20, 0), options, null, [1, 2, 3], 150, out _);
            ModelDraft draft = new(Noisy(20, 0.3f), options);
            List<int> drafted = Run(Noisy(20, 0), options, draft, [1, 2, 3], 150, out TokenGenerator generator);
            Assert.Equal(plain, drafted);
            Assert.True(generator.AcceptedTokens > 0);
        }
    }

    [Fact]
    public void ModelDraft_Sampling_HasTheDistributionOfTheModel()
    {
        // Two tokens after a fixed prompt, many seeds: the pairs with a draft model are distributed as without one.
        const int vocabulary = 6, runs = 12_000;
        double[] expected = new double[vocabulary * vocabulary], counts = new double[vocabulary * vocabulary];
        GenerationOptions options = new() { Temperature = 0.9f, TopK = 5, TopP = 0.97f, MinP = 0 };
        int[] prompt = [1, 2, 3];
        Sampler sampler = new(options, vocabulary, 100);
        Distribution first = new(), second = new();
        FakeSequence exact = Noisy(vocabulary, 0);
        sampler.GetDistribution(exact.Forward(prompt), first);
        for (int i = 0; i < first.Count; i++)
        {
            sampler.GetDistribution(exact.Forward([first.Ids[i]]), second);
            exact.Truncate(prompt.Length);
            for (int j = 0; j < second.Count; j++)
            {
                expected[first.Ids[i] * vocabulary + second.Ids[j]] = runs * first.Probabilities[i] * second.Probabilities[j];
            }
        }

        FakeSequence state = Noisy(vocabulary, 0), draft = Noisy(vocabulary, 0.8f);
        int accepted = 0, drafted = 0;
        for (int seed = 0; seed < runs; seed++)
        {
            GenerationOptions seeded = options with { Seed = (ulong)seed };
            List<int> tokens = RunFrom(state, seeded, new ModelDraft(draft, seeded), prompt, out Speculator speculator);
            counts[tokens[0] * vocabulary + tokens[1]]++;
            accepted += speculator.Accepted;
            drafted += speculator.Drafted;
        }

        Assert.InRange((double)accepted / drafted, 0.2, 0.95);
        double chiSquare = 0;
        int cells = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            Assert.True(expected[i] > 0 || counts[i] == 0, $"a pair that the model can't give: {i}");
            if (expected[i] >= 5)
            {
                chiSquare += Math.Pow(counts[i] - expected[i], 2) / expected[i];
                cells++;
            }
        }

        // Mean cells - 1, standard deviation sqrt(2 cells): five of those.
        Assert.True(chiSquare < cells + 5 * Math.Sqrt(2.0 * cells), $"chi square {chiSquare} over {cells} pairs");
    }

    [Fact]
    public void ModelDraft_TextLongerThanItsContext_GoesOn()
    {
        GenerationOptions options = new() { Temperature = 0 };
        ModelDraft draft = new(new FakeSequence(20, 40), options);
        List<int> plain = Run(new FakeSequence(20, 400), options, null, [1, 2, 3], 300, out _);
        List<int> drafted = Run(new FakeSequence(20, 400), options, draft, [1, 2, 3], 300, out TokenGenerator generator);
        Assert.Equal(plain, drafted);
        Assert.Equal(generator.DraftedTokens, generator.AcceptedTokens);
    }

    private static List<int> Run(
        FakeSequence state,
        GenerationOptions options,
        IDraft? draft,
        int[] prompt,
        int count,
        out TokenGenerator generator,
        bool shift = false)
    {
        generator = new(state, new Sampler(options, state.VocabularySize, state.ContextLength), draft, shift, clock: state);
        generator.StartAsync(prompt, 0, count, None).Complete();
        List<int> tokens = [generator.Current];
        while (tokens.Count < count && generator.MoveNextAsync(None).Complete())
        {
            tokens.Add(generator.Current);
        }

        generator.End();
        return tokens;
    }

    /// <summary>The first two tokens behind a prompt, both out of speculation.</summary>
    private static List<int> RunFrom(FakeSequence state, GenerationOptions options, IDraft draft, int[] prompt, out Speculator speculator)
    {
        state.Truncate(0);
        state.Forward(prompt.AsSpan(..^1));
        Sampler sampler = new(options, state.VocabularySize, state.ContextLength);
        speculator = new Speculator(state, sampler, draft, clock: state);
        speculator.Reset(prompt);
        List<int> tokens = [];
        int[] chosen = new int[4];
        int current = prompt[^1];
        while (tokens.Count < 2)
        {
            int count = speculator.StepAsync(current, chosen, None).Complete();
            if (count == 0)
            {
                int token = sampler.Sample(state.Forward([current]));
                speculator.Append(token);
                chosen[0] = token;
                count = 1;
            }

            tokens.AddRange(chosen[..count]);
            current = chosen[count - 1];
        }

        return tokens;
    }

    private static int[] Prompt(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, 40).Select(_ => random.Next(20))];
    }

    /// <summary>Mostly repeats what stood 40 tokens before, sometimes not.</summary>
    private static FakeSequence Copier(int seed) => new(20, 400)
    {
        Model = (tokens, logits) =>
        {
            uint hash = (uint)seed;
            foreach (int token in tokens.Span[^Math.Min(3, tokens.Length)..])
            {
                hash = (hash ^ (uint)token) * 16777619;
            }

            logits.Span.Clear();
            logits.Span[(int)(hash % 20)] = 2;
            logits.Span[tokens.Span[^Math.Min(40, tokens.Length)]] += hash % 16 == 0 ? 1 : 6;
        },
    };

    /// <summary>Logits of the last two tokens, with as much noise as two models differ in.</summary>
    private static FakeSequence Noisy(int vocabulary, float noise) => new(vocabulary, 200)
    {
        Model = (tokens, logits) =>
        {
            ReadOnlySpan<int> t = tokens.Span;
            Random random = new((t.Length > 1 ? t[^2] * 31 : 0) + t[^1]);
            Random other = new(1000 + t[^1]);
            foreach (ref float logit in logits.Span)
            {
                logit = (float)(random.NextDouble() * 3 + noise * (other.NextDouble() * 3 - 1.5));
            }
        },
    };

    /// <summary>Knows the answer and errs now and then.</summary>
    private sealed class GuessingDraft(List<int> answer, int promptLength, int length, int seed) : IDraft
    {
        private readonly Random _random = new(seed);

        public int Kinds => 1;

        public bool IsRandom => false;

        public int Prepare(ReadOnlySpan<int> text) => 0;

        public ValueTask<int> ProposeAsync(ReadOnlyMemory<int> text, Memory<int> draft, CallContext context)
        {
            int known = text.Length - promptLength;
            if (known >= answer.Count || (known > 0 && text.Span[^1] != answer[known - 1]))
            {
                return new ValueTask<int>(0); // the text was cut at its front
            }

            int count = Math.Min(Math.Min(length, draft.Length), answer.Count - known);
            for (int i = 0; i < count; i++)
            {
                draft.Span[i] = _random.Next(8) == 0 ? _random.Next(20) : answer[known + i];
            }

            return new ValueTask<int>(Math.Max(count, 0));
        }

        public Distribution? DistributionOf(int index) => null;
    }
}
