using System;

namespace EdgeRuntime.Cli.Models;

/// <summary>A draft model and its session. Owns both.</summary>
internal sealed class DraftModel : IDisposable
{
    private readonly LanguageModel _model;

    /// <param name="path">The path of the draft model file.</param>
    /// <param name="options">The options of the target model.</param>
    /// <param name="contextLength">
    /// The number of positions of the target session. A model trained for fewer drafts from the newest ones.
    /// </param>
    public DraftModel(string path, ModelOptions options, int contextLength)
    {
        _model = ModelLoading.Load(path, options);
        Session = _model.CreateSession(new SessionOptions { ContextLength = Math.Min(contextLength, _model.ContextLength) });
    }

    public ModelSession Session { get; }

    public void Dispose()
    {
        Session.Dispose();
        _model.Dispose();
    }
}
