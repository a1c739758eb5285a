using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.ML.OnnxRuntime;

namespace EdgeRuntime.Onnx.Runtime;

/// <summary>
/// Finds the native library of ONNX Runtime and loads it, once for the process: from the path of an option or a variable, or else from
/// beside the application. The system's search path is never used, because Windows keeps an old ONNX Runtime there.
/// </summary>
internal static unsafe class OnnxLibrary
{
    /// <summary>The environment variable with the path of the library, or of its folder.</summary>
    public const string PathVariable = "EDGERUNTIME_ORT_PATH";

    /// <summary>The oldest version that has the functions which Microsoft.ML.OnnxRuntime.Managed calls.</summary>
    public static Version OldestVersion { get; } = new(1, 30);

    private static readonly Lock s_loading = new();
    private static string? s_path;
    private static Version? s_version;

    /// <summary>Gets the names of the library on this system, in the order of the search.</summary>
    public static IReadOnlyList<string> FileNames { get; } =
        OperatingSystem.IsWindows() ? ["onnxruntime.dll"]
        : OperatingSystem.IsMacOS() ? ["libonnxruntime.dylib", "libonnxruntime.1.dylib"]
        : ["libonnxruntime.so", "libonnxruntime.so.1"];

    /// <summary>Loads the library, if it is not loaded yet.</summary>
    /// <param name="path">
    /// The path of the library or of its folder; null for <see cref="PathVariable"/> or the application's folders.
    /// </param>
    /// <returns>The version of the library.</returns>
    /// <exception cref="OnnxDeviceException">The library is missing, broken or too old, or another one is loaded already.</exception>
    public static Version Load(string? path = null)
    {
        lock (s_loading)
        {
            if (s_version is not null)
            {
                return path is null || Find(path) == s_path ? s_version : throw new OnnxDeviceException(
                    $"{path}: this process has loaded ONNX Runtime from {s_path} already; a process uses one library");
            }

            string file = Find(path);
            IntPtr library = Open(file);
            Version version = ReadVersion(file, library);
            if (version < OldestVersion)
            {
                throw new OnnxDeviceException(
                    $"{file}: ONNX Runtime {version} is too old; expected {OldestVersion} or later");
            }

            ServeManagedCode(library);
            (s_path, s_version) = (file, version);
            return version;
        }
    }

    /// <summary>Gets the absolute path of the library.</summary>
    private static string Find(string? path)
    {
        string? named = path ?? (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } variable ? variable : null);
        if (named is null)
        {
            return ApplicationFolders().SelectMany(FilesIn).FirstOrDefault(File.Exists) ?? throw new OnnxDeviceException(
                $"ONNX Runtime is missing: no {string.Join(" or ", FileNames)} in {AppContext.BaseDirectory}; add the package "
                + $"Microsoft.ML.OnnxRuntime to the program, or set {PathVariable} to the path of the library");
        }

        string full = Path.GetFullPath(named);
        return (Directory.Exists(full) ? FilesIn(full).FirstOrDefault(File.Exists) : File.Exists(full) ? full : null)
            ?? throw new OnnxDeviceException(
                $"{named}: no such library of ONNX Runtime; expected {string.Join(" or ", FileNames)}, or its folder");
    }

    private static IEnumerable<string> FilesIn(string folder) => FileNames.Select(name => Path.Combine(folder, name));

    /// <summary>Gets the application's folder and those where .NET looks for the native files of packages.</summary>
    private static IEnumerable<string> ApplicationFolders()
    {
        yield return AppContext.BaseDirectory;
        yield return Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        string packages = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        foreach (string folder in packages.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            yield return Path.GetFullPath(folder);
        }
    }

    private static IntPtr Open(string file)
    {
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            string problem = exception.Message.ReplaceLineEndings(" ").Trim();
            throw new OnnxDeviceException($"{file}: this library of ONNX Runtime can't be loaded: {problem}", exception);
        }
    }

    /// <summary>Reads the version through the one exported function, whose table of two functions never changes.</summary>
    private static Version ReadVersion(string file, IntPtr library)
    {
        if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out IntPtr export))
        {
            throw new OnnxDeviceException($"{file}: this library is no ONNX Runtime; it does not export OrtGetApiBase");
        }

        void** table = ((delegate* unmanaged[Stdcall]<void**>)export)();
        string text = Marshal.PtrToStringUTF8((IntPtr)((delegate* unmanaged[Stdcall]<byte*>)table[1])()) ?? "";
        string numbers = text.Split('-', '+')[0];
        return Version.TryParse(numbers, out Version? version) ? version : throw new OnnxDeviceException(
            $"{file}: '{Printable.Shorten(text)}' is no version of ONNX Runtime; expected {OldestVersion} or later");
    }

    private static void ServeManagedCode(IntPtr library)
    {
        OrtEnv.DisableDllImportResolver = true;
        try
        {
            NativeLibrary.SetDllImportResolver(
                typeof(OrtEnv).Assembly,
                (name, _, _) => name.StartsWith("onnxruntime", StringComparison.Ordinal) ? library : IntPtr.Zero);
        }
        catch (InvalidOperationException)
        {
            // The program has a resolver of its own, which decides.
        }

        if (!OrtEnv.IsCreated)
        {
            var options = new EnvironmentCreationOptions { logId = "edgert", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            OrtEnv.CreateInstanceWithOptions(ref options);
        }

        // Official builds report sessions to their maker, and keep a file about it among the temporary ones.
        OrtEnv.Instance().DisableTelemetryEvents();
    }
}
