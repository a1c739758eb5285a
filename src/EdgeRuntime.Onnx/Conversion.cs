using System;
using System.IO;
using System.Linq;
using System.Threading;
using EdgeRuntime.Gguf;
using EdgeRuntime.Onnx.Cache;
using EdgeRuntime.Onnx.Runtime;
using Microsoft.Extensions.Logging;

namespace EdgeRuntime.Onnx;

/// <summary>Opens a GGUF file on a device: from the folder that an earlier start wrote, or after converting it.</summary>
internal sealed class Conversion(GgufFile file, SessionSettings settings, ModelOptions options, ILogger logger)
{
    /// <summary>Gets the action that is called before a conversion, or null.</summary>
    public Action<OnnxConversion>? Converting { get; init; }

    /// <summary>Gets what receives the share that is converted, or null.</summary>
    public IProgress<float>? Progress { get; init; }

    /// <summary>Gets the token that cancels the conversion; nothing of it remains.</summary>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Opens the model from a cached folder, which is written first where it can't be used.</summary>
    public OnnxEngine Open(CachedFolder folder)
    {
        if (folder.FindProblem(CancellationToken) is { } reason)
        {
            using OnnxExport export = Prepare(folder.Path);
            OnnxLog.Converting(logger, file.Path, settings.Profile.Name, folder.Path, reason);
            folder.Write(content => export.Write(content, Progress, CancellationToken), CheckFolder, CancellationToken);
        }

        return OpenFolder(folder.Path);
    }

    /// <summary>Opens the model without a cached folder.</summary>
    public OnnxEngine OpenUncached()
    {
        using OnnxExport export = Prepare(folder: null);
        OnnxEngine engine = settings.Profile.Provider is null ? OpenInMemory(export) : OpenTemporary(export);
        try
        {
            Check(engine);
            return engine;
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>Translates the model, before anything is written that nothing could use.</summary>
    private OnnxExport Prepare(string? folder)
    {
        ProviderProblems.Require(settings);
        OnnxExport export = OnnxExport.Open(file.Path, new OnnxExportOptions { Profile = settings.Profile });
        try
        {
            Converting?.Invoke(new OnnxConversion(settings.Profile.Name, folder, export.ByteLength));
            return export;
        }
        catch
        {
            export.Dispose();
            throw;
        }
    }

    private OnnxEngine OpenInMemory(OnnxExport export) =>
        new(OnnxSession.Open(export.ToMemory(Progress, CancellationToken), settings), export.ByteLength);

    /// <summary>Opens the model from a folder that exists until it is loaded, or, on Windows, until it is disposed.</summary>
    private OnnxEngine OpenTemporary(OnnxExport export)
    {
        TemporaryFolder folder = TemporaryFolder.OfSystem();
        try
        {
            export.Write(folder.Content, Progress, CancellationToken);
            OnnxEngine engine = OpenFolder(folder.Content, folder.Dispose);
            if (!OperatingSystem.IsWindows())
            {
                folder.Dispose();
            }

            return engine;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    private void CheckFolder(string folder)
    {
        using OnnxEngine engine = OpenFolder(folder);
        Check(engine);
    }

    private void Check(OnnxEngine engine)
    {
        double error = SelfCheck.Run(engine, file.Path, settings.Profile, options, CancellationToken);
        OnnxLog.SelfChecked(logger, settings.Profile.Name, error);
    }

    private OnnxEngine OpenFolder(string folder, Action? released = null) => new(
        OnnxSession.Open(folder, settings), new DirectoryInfo(folder).EnumerateFiles().Sum(static entry => entry.Length), released);
}
