using System;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Engine;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx.Cache;
using EdgeRuntime.Onnx.Runtime;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Onnx;

/// <summary>Opens a GGUF file on a device: from the folder that an earlier start wrote, or after writing it.</summary>
internal sealed class Conversion(
    GgufFile file,
    SessionSettings settings,
    ModelOptions options,
    ILogger logger,
    IProgress<float>? progress,
    CancellationToken cancellationToken)
{
    /// <summary>Opens the model from a cached folder, which is written first where it can't be used.</summary>
    public IEngine Open(CachedFolder folder)
    {
        if (folder.FindProblem(cancellationToken) is { } reason)
        {
            OnnxLog.Converting(logger, file.Path, settings.Profile.Name, folder.Path, reason);
            folder.Write(Export, Check, cancellationToken);
        }

        return OpenFolder(folder.Path, null);
    }

    /// <summary>Opens the model from a folder that exists as long as the engine.</summary>
    public IEngine OpenTemporary()
    {
        string folder = Directory.CreateTempSubdirectory("edgert-onnx-").FullName;
        try
        {
            Export(folder);
            Check(folder);
            return OpenFolder(folder, () => OnnxCache.Delete(folder));
        }
        catch
        {
            OnnxCache.Delete(folder);
            throw;
        }
    }

    private void Export(string folder)
    {
        ProviderProblems.Require(settings); // before a conversion that nothing could use
        using OnnxExport export = OnnxExport.Open(file.Path, new OnnxExportOptions { Profile = settings.Profile });
        export.Write(folder, progress, cancellationToken);
    }

    private void Check(string folder)
    {
        using IEngine engine = OpenFolder(folder, null);
        double error = SelfCheck.Run(engine, file.Path, settings.Profile, options, cancellationToken);
        OnnxLog.SelfChecked(logger, settings.Profile.Name, error);
    }

    private OnnxEngine OpenFolder(string folder, Action? released) => new(
        OnnxSession.Open(folder, settings), new DirectoryInfo(folder).EnumerateFiles().Sum(static entry => entry.Length), released);
}
