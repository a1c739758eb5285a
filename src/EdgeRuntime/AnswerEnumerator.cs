using System;
using System.Collections;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using EdgeRuntime.Engine;

namespace EdgeRuntime;

/// <summary>Enumerates the tokens of an answer, or its non-empty texts, synchronously or not.</summary>
internal sealed class AnswerEnumerator
    : IEnumerator<GeneratedToken>, IEnumerator<string>, IAsyncEnumerator<GeneratedToken>, IAsyncEnumerator<string>
{
    private readonly GenerationStream _answer;
    private readonly bool _textOnly;
    private readonly CancellationToken _first, _second;
    private readonly CancellationTokenSource? _linked;
    private readonly CallContext _context;

    /// <param name="answer">The answer, whose steps this object takes.</param>
    /// <param name="isAsync">Whether steps may suspend.</param>
    /// <param name="textOnly">Whether steps without a text are skipped.</param>
    /// <param name="first">The token that was given with the prompt.</param>
    /// <param name="second">The token that was given with the enumeration.</param>
    public AnswerEnumerator(GenerationStream answer, bool isAsync, bool textOnly, CancellationToken first, CancellationToken second)
    {
        _answer = answer;
        _textOnly = textOnly;
        _first = first;
        _second = second;
        _linked = first.CanBeCanceled && second.CanBeCanceled && first != second
            ? CancellationTokenSource.CreateLinkedTokenSource(first, second)
            : null;
        _context = new CallContext(isAsync, _linked?.Token ?? (first.CanBeCanceled ? first : second));
    }

    public GeneratedToken Current => _answer.Current;

    string IEnumerator<string>.Current => Current.Text;

    string IAsyncEnumerator<string>.Current => Current.Text;

    object IEnumerator.Current => _textOnly ? Current.Text : Current;

    public bool MoveNext() => MoveNextAsync().Complete();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            do
            {
                if (!await _answer.StepAsync(_context).ConfigureAwait(false))
                {
                    return false;
                }
            }
            while (_textOnly && Current.Text.Length == 0);

            return true;
        }
        catch (OperationCanceledException)
        {
            // The caller knows these tokens, and not the one that links them.
            _first.ThrowIfCancellationRequested();
            _second.ThrowIfCancellationRequested();
            throw;
        }
    }

    public void Reset() => throw new NotSupportedException("an answer can't be enumerated again");

    public void Dispose()
    {
        _answer.End();
        _linked?.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
