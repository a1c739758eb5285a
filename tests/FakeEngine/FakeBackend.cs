using System;
using System.IO;
using System.Threading;
using EdgeRuntime.Engine;

namespace EdgeRuntime.Fakes;

/// <summary>Loads files that end in ".fake": the names of the abilities that the engine's states have, such as "Truncate, Shift".</summary>
internal sealed class FakeBackend : IModelBackend
{
    private const int ContextLength = 512;

    public string Name => "fake";

    public bool CanLoad(string path) => path.EndsWith(".fake", StringComparison.Ordinal);

    public LanguageModel Load(string path, ModelOptions options, IProgress<float>? progress, CancellationToken cancellationToken)
    {
        if (!Enum.TryParse(File.ReadAllText(path), out StateAbilities abilities))
        {
            throw new ModelFormatException(path, 0, "the file holds no abilities of a state");
        }

        progress?.Report(1);
        var engine = new FakeEngine(FakeTokenizer.VocabularySizeOf, ContextLength, abilities);
        return LanguageModel.Create(engine, new FakeTokenizer(), chatTemplate: null, options, path);
    }
}
