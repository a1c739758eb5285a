using System;
using System.Collections.Generic;
using EdgeRuntime.Cli.Models;

namespace EdgeRuntime.Cli.Eval;

/// <summary>Owns models that are open side by side, and their sessions.</summary>
internal sealed class OpenModels : IDisposable
{
    private readonly Stack<IDisposable> _owned = new();

    /// <summary>Loads a model.</summary>
    /// <inheritdoc cref="LanguageModel.Load" path="/exception"/>
    public LanguageModel Load(string path, ModelOptions options) => Add(ModelLoading.Load(path, options));

    /// <summary>Takes over an object, which is disposed before those that were added earlier.</summary>
    public T Add<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? owned))
        {
            owned.Dispose();
        }
    }
}
