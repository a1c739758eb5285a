using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Bench.Plan;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>
/// llama.cpp's shared libraries, loaded once for the process from the folder that the user named. Only a version whose structures are
/// known here is used; any other is refused by name.
/// </summary>
internal sealed class LlamaLibrary
{
    public const string RequiredVersion = "0.5.0";

    private const string KernelsPrefix = "libggml-cpu";

    /// <summary>The kernels of llama.cpp to compare with, by the name of the requested instruction set.</summary>
    private static readonly Dictionary<string, string> Variants = new(StringComparer.OrdinalIgnoreCase)
    {
        ["avx512-vnni"] = "zen4",
        ["avx512"] = "skylakex",
        ["avx-vnni"] = "alderlake",
        ["avx2"] = "haswell",
        ["scalar"] = "x64",
    };

    private static LlamaLibrary? _loaded;
    private static string _lastError = "";

    /// <summary>The log callback; kept alive because native code calls it until the process ends.</summary>
    private static readonly LlamaNative.LogCallback OnLog = KeepError;

    private LlamaLibrary(string version, string kernels)
    {
        nint handle = NativeLibrary.Load(kernels); // loaded already: one more reference
        Version = version;
        Variant = Path.GetFileNameWithoutExtension(kernels)[KernelsPrefix.Length..].TrimStart('-');
        NewThreadPool = Function<LlamaNative.ThreadPoolNew>(handle, "ggml_threadpool_new");
        PauseThreadPool = Function<LlamaNative.ThreadPoolAction>(handle, "ggml_threadpool_pause");
        FreeThreadPool = Function<LlamaNative.ThreadPoolAction>(handle, "ggml_threadpool_free");
    }

    /// <summary>Gets the version that the library reports, such as "0.5.0-dev".</summary>
    public string Version { get; }

    /// <summary>Gets the processor variant of the kernels, such as "zen4".</summary>
    public string Variant { get; }

    public LlamaNative.ThreadPoolNew NewThreadPool { get; }

    public LlamaNative.ThreadPoolAction PauseThreadPool { get; }

    public LlamaNative.ThreadPoolAction FreeThreadPool { get; }

    /// <summary>Gets the last error that the library logged, in one line.</summary>
    public static string LastError => _lastError.Length > 0 ? _lastError : "no reason given";

    /// <summary>Loads the libraries that the options name, restricted to the kernels of the options' instruction set.</summary>
    /// <exception cref="CommandException">There is no library, or it has an unsupported version.</exception>
    public static LlamaLibrary Load(BenchOptions options) => Load(
        options.Peer!.LibraryPath,
        options.InstructionSet is { } name ? Variants.GetValueOrDefault(ProcessorInfo.GetInstructionSet(name)) : null);

    /// <summary>Loads the libraries.</summary>
    /// <param name="path">The folder that holds them, or the file libllama in it.</param>
    /// <param name="variant">A processor variant to restrict it to, such as "haswell"; null for its own choice.</param>
    /// <exception cref="CommandException">There is no library, or it has an unsupported version.</exception>
    public static LlamaLibrary Load(string path, string? variant)
    {
        if (_loaded is not null)
        {
            return _loaded;
        }

        string folder = FindFolder(path);
        string llama = FindFile(folder, "llama") ?? throw new CommandException($"{path}: no libllama in this folder");
        string ggml = FindFile(folder, "ggml") ?? throw new CommandException($"{folder}: no libggml beside libllama");
        string ggmlBase = FindFile(folder, "ggml-base") ?? throw new CommandException($"{folder}: no libggml-base beside libllama");
        NativeLibrary.SetDllImportResolver(typeof(LlamaLibrary).Assembly, (name, _, _) => name switch
        {
            LlamaNative.Llama => NativeLibrary.Load(llama),
            LlamaNative.Ggml => NativeLibrary.Load(ggml),
            LlamaNative.GgmlBase => NativeLibrary.Load(ggmlBase),
            _ => 0,
        });
        try
        {
            string version = CheckVersion(llama);
            LlamaNative.LogSet(OnLog, 0);
            string kernels = LoadKernels(folder, variant);
            LlamaNative.BackendInit();
            return _loaded = new LlamaLibrary(version, kernels);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            throw new CommandException($"{llama}: not llama.cpp {RequiredVersion}: {exception.Message}", exception);
        }
    }

    private static string FindFolder(string path)
    {
        if (Directory.Exists(path))
        {
            return Path.GetFullPath(path);
        }

        return File.Exists(path)
            ? Path.GetDirectoryName(Path.GetFullPath(path))!
            : throw new CommandException(
                $"{WebAddress.ShowFile(path)}: no such file or folder; expected libllama or its folder (tests/peer/fetch.sh gets one)");
    }

    /// <summary>libNAME.so, libNAME.v0.5.0.so, libNAME.so.0, libNAME.dylib or NAME.dll.</summary>
    private static string? FindFile(string folder, string name) => Directory.GetFiles(folder)
        .Where(file => IsLibrary(Path.GetFileName(file), name))
        .OrderBy(file => file.Length)
        .FirstOrDefault();

    private static bool IsLibrary(string file, string name)
    {
        string prefix = OperatingSystem.IsWindows() ? name + "." : $"lib{name}.";
        return file.StartsWith(prefix, StringComparison.Ordinal)
            && (file.EndsWith(".so", StringComparison.Ordinal) || file.Contains(".so.", StringComparison.Ordinal)
                || file.EndsWith(".dylib", StringComparison.Ordinal) || file.EndsWith(".dll", StringComparison.Ordinal));
    }

    /// <summary>The version by its name, and the structures by the defaults that this version is known to have.</summary>
    private static string CheckVersion(string path)
    {
        string version = Marshal.PtrToStringUTF8(LlamaNative.Version()) ?? "";
        if (!version.StartsWith(RequiredVersion, StringComparison.Ordinal))
        {
            throw new CommandException($"{path}: is llama.cpp {version}; a comparison needs {RequiredVersion}, whose structures it knows");
        }

        LlamaNative.ContextParams context = LlamaNative.ContextDefaultParams();
        LlamaNative.ModelParams model = LlamaNative.ModelDefaultParams();
        bool known = context is { Context: 512, Batch: 2048, MicroBatch: 512, FlashAttention: -1, KeyType: 1, ValueType: 1 }
            && model is { LoadMode: -1, UseExtraBufferTypes: 1 };
        return known
            ? version
            : throw new CommandException($"{path}: says llama.cpp {version} but has other structures than {RequiredVersion}");
    }

    /// <summary>Loads the library with the processor's kernels.</summary>
    /// <returns>Its file.</returns>
    private static string LoadKernels(string folder, string? variant)
    {
        if (variant is null)
        {
            LlamaNative.BackendLoadAll(folder);
            return FindLoadedKernels() ?? FindFile(folder, "ggml-cpu")
                ?? throw new CommandException($"{folder}: llama.cpp found no kernels for this processor there");
        }

        string file = FindFile(folder, "ggml-cpu-" + variant)
            ?? throw new CommandException($"{folder}: no {KernelsPrefix}-{variant}, which a comparison with this instruction set needs");
        return LlamaNative.BackendLoad(file) != 0 ? file : throw new CommandException($"{file}: can't be loaded on this machine");
    }

    /// <summary>Which of its kernel libraries the process has mapped; known on Linux.</summary>
    private static string? FindLoadedKernels() => !File.Exists("/proc/self/maps") ? null : File.ReadLines("/proc/self/maps")
        .Where(line => line.Contains('/', StringComparison.Ordinal))
        .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..])
        .FirstOrDefault(file => Path.GetFileName(file).StartsWith(KernelsPrefix, StringComparison.Ordinal));

    private static TDelegate Function<TDelegate>(nint library, string name)
        where TDelegate : Delegate => Marshal.GetDelegateForFunctionPointer<TDelegate>(NativeLibrary.GetExport(library, name));

    private static void KeepError(int level, nint text, nint userData)
    {
        if (level == LlamaNative.LogLevelError && Marshal.PtrToStringUTF8(text) is { } line)
        {
            _lastError = line.Trim();
        }
    }
}
