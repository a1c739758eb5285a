using System.IO;
using System.Threading;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Models;

/// <summary>Loads a model as every command does: with a progress bar where somebody looks at it.</summary>
internal static class ModelLoading
{
    public static LanguageModel Load(string path, ModelOptions options, CancellationToken cancellationToken = default)
    {
        using var bar = new ProgressBar("loading " + Path.GetFileName(path));
        return LanguageModel.Load(path, options, bar, cancellationToken);
    }
}
