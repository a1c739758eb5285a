using System;
using System.Collections.Generic;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Generation;
using EdgeRuntime.Speculation;
using Xunit;

namespace EdgeRuntime.Tests.Generation;

public sealed class TokenGeneratorTests
{
    private static readonly CallContext None = new(IsAsync: false, CancellationToken.None);

    [Fact]
    public void Start_PromptSharesAPrefix_ComputesOnlyTheRest()
    {
        FakeSequence state = new(50, 100);
        TokenGenerator generator = New(state);
        generator.StartAsync([1, 2, 3, 4, 5], 0, 100, None).Complete();
        Assert.Equal((0, 5), (generator.CachedPromptTokens, state.Computed));

        generator.StartAsync([1, 2, 3, 9, 10, 11], 0, 100, None).Complete();
        Assert.Equal((3, 8), (generator.CachedPromptTokens, state.Computed));
        Assert.Equal([1, 2, 3, 9, 10, 11], state.Tokens.ToArray());
    }

    [Fact]
    public void Start_PromptIsInTheState_ComputesTheLastTokenAgain()
    {
        FakeSequence state = new(50, 100);
        TokenGenerator generator = New(state);
        generator.StartAsync([1, 2, 3], 0, 100, None).Complete();
        int first = generator.Current;
        generator.MoveNextAsync(None).Complete();
        generator.StartAsync([1, 2, 3], 0, 100, None).Complete();
        Assert.Equal(2, generator.CachedPromptTokens);
        Assert.Equal(first, generator.Current);
        Assert.Equal(3, state.Length);
    }

    [Fact]
    public void Start_PromptTooLong_ThrowsAndChangesNothing()
    {
        FakeSequence state = new(50, 4);
        TokenGenerator generator = New(state);
        generator.StartAsync([1, 2], 0, 100, None).Complete();
        Assert.Throws<ContextFullException>(() => generator.StartAsync([3, 4, 5, 6, 7], 0, 100, None).Complete());
        Assert.Equal([1, 2], state.Tokens.ToArray());
        Assert.Throws<ArgumentException>(() => generator.StartAsync([], 0, 100, None).Complete());
    }

    [Fact]
    public void MoveNext_ContextFull_EndsAfterTheLastTokenThatFits()
    {
        FakeSequence state = new(50, 8);
        TokenGenerator generator = New(state);
        generator.StartAsync([1, 2, 3], 0, 100, None).Complete();
        int tokens = 1;
        while (generator.CanContinue)
        {
            Assert.True(generator.MoveNextAsync(None).Complete());
            tokens++;
        }

        // Five positions behind the prompt, and the token after the last of them.
        Assert.Equal(6, tokens);
        Assert.False(generator.MoveNextAsync(None).Complete());
        Assert.Equal(8, state.Length);
    }

    [Fact]
    public void MoveNext_ContextFullWithShift_DropsHalfBehindTheKeptAndGoesOn()
    {
        FakeSequence state = new(50, 10);
        TokenGenerator generator = new(state, Greedy(state), shift: true);
        generator.StartAsync([1, 2, 3], 2, 100, None).Complete();
        for (int i = 0; i < 30; i++)
        {
            Assert.True(generator.MoveNextAsync(None).Complete());
            Assert.Equal([1, 2], state.Tokens[..2].ToArray());
        }

        Assert.Equal((2, 4), state.Shifts[0]);
        Assert.True(state.Shifts.Count > 3);
    }

    [Fact]
    public void MoveNext_KeptTokensFillTheContext_Ends()
    {
        FakeSequence state = new(50, 4);
        TokenGenerator generator = new(state, Greedy(state), shift: true);
        generator.StartAsync([1, 2, 3, 4], 4, 100, None).Complete();
        Assert.False(generator.CanContinue);
        Assert.False(generator.MoveNextAsync(None).Complete());
    }

    [Fact]
    public void MoveNext_Cancelled_CanBeRepeatedWithTheSameOutcome()
    {
        List<int> expected = Collect(New(new FakeSequence(50, 100)), 20);
        FakeSequence state = new(50, 100);
        TokenGenerator generator = New(state);
        List<int> actual = [];
        generator.StartAsync([1, 2, 3], 0, 100, None).Complete();
        actual.Add(generator.Current);
        for (int i = 1; i < 20; i++)
        {
            using CancellationTokenSource source = new();
            state.OnForward = source.Cancel;
            Assert.Throws<OperationCanceledException>(() => generator.MoveNextAsync(new CallContext(false, source.Token)).Complete());
            state.OnForward = null;
            generator.MoveNextAsync(None).Complete();
            actual.Add(generator.Current);
        }

        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void MoveNext_EverySteps_AllocatesNothing(bool draft)
    {
        FakeSequence state = new(50, 600) { Model = (tokens, logits) => Periodic(tokens.Span, logits.Span) };
        Sampler sampler = new(new() { Seed = 1, Temperature = 0.5f, RepeatPenalty = 1.1f }, 50, 600);
        TokenGenerator generator = new(state, sampler, draft ? new NgramDraft() : null, shift: true, clock: state);
        generator.StartAsync([1, 2, 3], 1, int.MaxValue, None).Complete();
        for (int i = 0; i < 100; i++)
        {
            generator.MoveNextAsync(None).Complete();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 300; i++)
        {
            generator.MoveNextAsync(None).Complete();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    internal static void Periodic(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        logits.Clear();
        logits[(tokens[^1] + 1) % logits.Length] = 10;
    }

    private static Sampler Greedy(FakeSequence state) => new(new() { Temperature = 0 }, state.VocabularySize, state.ContextLength);

    private static TokenGenerator New(FakeSequence state) => new(state, Greedy(state));

    private static List<int> Collect(TokenGenerator generator, int count)
    {
        generator.StartAsync([1, 2, 3], 0, 100, None).Complete();
        List<int> tokens = [generator.Current];
        while (tokens.Count < count && generator.MoveNextAsync(None).Complete())
        {
            tokens.Add(generator.Current);
        }

        return tokens;
    }
}
