using System;
using EdgeRuntime.TestSupport;

namespace EdgeRuntime.Tests.Generation;

/// <summary>The bundled model, loaded once for the tests of a class.</summary>
public sealed class SmolLmFixture : IDisposable
{
    private readonly Lazy<LanguageModel> _model =
        new(() => LanguageModel.Load(TestModels.SmolLm));

    public LanguageModel Model => _model.Value;

    public void Dispose()
    {
        if (_model.IsValueCreated)
        {
            _model.Value.Dispose();
        }
    }
}
