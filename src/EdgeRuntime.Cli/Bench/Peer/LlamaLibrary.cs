using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using EdgeRuntime.Cli.Terminal;

namespace EdgeRuntime.Cli.Bench.Peer;

/// <summary>
/// llama.cpp's shared libraries, loaded once for the process from the folder that the user named. Only a version whose structures are
/// known here is used; any other is refused by name.
/// </summary>
internal sealed class LlamaLibrary
{
    public const string RequiredVersion = "0.5.0";

    private static LlamaLibrary? _loaded;
    private static string _lastError = "";

    /// <summary>Kept alive: native code calls it until the process ends.</summary>
    private static readonly LlamaNative.LogCallback OnLog = KeepError;

    private LlamaLibrary(string version, string variant, LlamaNative.ThreadPoolNew newPool, LlamaNative.ThreadPoolFree freePool)
    {
        Version = version;
        Variant = variant;
        NewThreadPool = newPool;
        FreeThreadPool = freePool;
    }

    /// <summary>As the library names itself, such as "0.5.0-dev".</summary>
    public string Version { get; }

    /// <summary>The processor variant of its kernels, such as "zen4".</summary>
    public string Variant { get; }

    public LlamaNative.ThreadPoolNew NewThreadPool { get; }

    public LlamaNative.ThreadPoolFree FreeThreadPool { get; }

    /// <summary>What the library last logged as an error, in one line; for messages.</summary>
    public static string LastError => _lastError.Length > 0 ? _lastError : "no reason given";

    /// <summary>Loads the libraries.</summary>
    /// <param name="path">The folder that holds them, or the file libllama in it.</param>
    /// <param name="variant">A processor variant to restrict it to, such as "haswell"; null for its own choice.</param>
    /// <exception cref="CommandException">Nothing there, or not the version that is known here.</exception>
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
            string loadedVariant = LoadKernels(folder, variant);
            LlamaNative.BackendInit();
            nint cpu = LlamaNative.BackendByName("CPU");
            return _loaded = new LlamaLibrary(
                version,
                loadedVariant,
                Function<LlamaNative.ThreadPoolNew>(cpu, "ggml_threadpool_new"),
                Function<LlamaNative.ThreadPoolFree>(cpu, "ggml_threadpool_free"));
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
            : throw new CommandException($"{path}: no such file or folder; expected libllama or the folder that holds it (tests/peer/fetch.sh gets one)");
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
        return known ? version : throw new CommandException($"{path}: says llama.cpp {version} but has other structures than {RequiredVersion}");
    }

    private static string LoadKernels(string folder, string? variant)
    {
        if (variant is null)
        {
            LlamaNative.BackendLoadAll(folder);
            return LoadedVariant() ?? "its own choice";
        }

        string file = FindFile(folder, "ggml-cpu-" + variant)
            ?? throw new CommandException($"{folder}: no libggml-cpu-{variant}, which a comparison with this instruction set needs");
        return LlamaNative.BackendLoad(file) != 0 ? variant : throw new CommandException($"{file}: can't be loaded on this machine");
    }

    /// <summary>Which of its kernel libraries the process has mapped; known on Linux.</summary>
    private static string? LoadedVariant()
    {
        const string Prefix = "libggml-cpu-";
        string? file = !File.Exists("/proc/self/maps") ? null : File.ReadLines("/proc/self/maps")
            .Select(line => Path.GetFileName(line.Split(' ')[^1]))
            .FirstOrDefault(name => name.StartsWith(Prefix, StringComparison.Ordinal));
        return file is null ? null : Path.GetFileNameWithoutExtension(file)[Prefix.Length..];
    }

    private static TDelegate Function<TDelegate>(nint backend, string name)
        where TDelegate : Delegate
    {
        nint address = backend == 0 ? 0 : LlamaNative.BackendFunction(backend, name);
        return address != 0
            ? Marshal.GetDelegateForFunctionPointer<TDelegate>(address)
            : throw new CommandException($"llama.cpp has no {name}: no kernels for this processor were loaded");
    }

    private static void KeepError(int level, nint text, nint userData)
    {
        if (level == LlamaNative.LogLevelError && Marshal.PtrToStringUTF8(text) is { } line)
        {
            _lastError = line.Trim();
        }
    }
}
