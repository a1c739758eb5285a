using System;
using EdgeRuntime.Cli.Commands;

namespace EdgeRuntime.Cli.Models;

/// <summary>A model that drafts for another one, and its session. Owns both.</summary>
internal sealed class DraftModel : IDisposable
{
    private readonly LanguageModel _model;

    /// <param name="path">The draft model's file.</param>
    /// <param name="options">As for the model that it drafts for.</param>
    /// <param name="contextLength">Positions of that model's session.</param>
    public DraftModel(string path, ModelOptions options, int contextLength)
    {
        _model = ModelLoading.Load(path, options);
        Session = _model.CreateSession(new SessionOptions { ContextLength = contextLength });
    }

    public ModelSession Session { get; }

    public void Dispose()
    {
        Session.Dispose();
        _model.Dispose();
    }
}
