using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Cli.Terminal;
using EdgeRuntime.Onnx;

namespace EdgeRuntime.Cli.Models;

/// <summary>The device of a command line.</summary>
/// <param name="Name">The name of the device.</param>
/// <param name="Options">The options of its provider.</param>
/// <param name="Cache">The folder of converted models; null to keep none.</param>
/// <param name="Plugin">The library of a plugin provider, or null.</param>
/// <param name="FallsBack">Whether models that the device can't run use the built-in engine.</param>
/// <param name="IsSplit">Whether only prompts run on the device.</param>
internal sealed record DeviceChoice(
    string Name, IReadOnlyDictionary<string, string> Options, string? Cache, string? Plugin, bool FallsBack, bool IsSplit)
{
    /// <summary>The built-in engine.</summary>
    public const string Processor = "cpu";

    /// <summary>The fastest device.</summary>
    public const string Auto = "auto";

    public const string DeviceOptionName = "--device";
    public const string KeyOptionName = "--device-option";
    public const string NoCacheOptionName = "--no-cache";
    public const string CacheOptionName = "--device-cache";
    public const string FallbackOptionName = "--fallback";
    public const string PluginOptionName = "--device-plugin";
    public const string SplitOptionName = "--split";

    /// <summary>Gets the names of all devices.</summary>
    public static string Names { get; } = string.Join(", ", OnnxDevice.All.Select(device => device.Name).Prepend(Processor).Prepend(Auto));

    /// <summary>Gets whether there is a device of this name.</summary>
    public static bool IsName(string name) => name is Auto or Processor || Find(name) is not null;

    /// <summary>Gets the backend of the device; null for the built-in engine.</summary>
    public IModelBackend? Backend => Name == Auto ? new AutoDevice(Cache)
        : Find(Name) is { } device ? device with
        {
            Options = Options,
            CacheFolder = Cache,
            ProviderLibrary = Plugin,
            FallsBack = FallsBack,
            IsSplit = IsSplit,
        }
        : null;

    /// <summary>Reads options of the form KEY=VALUE.</summary>
    /// <exception cref="UsageException">A text has another form, or a key is there twice.</exception>
    public static IReadOnlyDictionary<string, string> ParseOptions(IEnumerable<string> texts)
    {
        var options = new Dictionary<string, string>();
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new UsageException($"{KeyOptionName} {OneLine.Value(text)}: expected KEY=VALUE");
            }

            if (!options.TryAdd(text[..equals], text[(equals + 1)..]))
            {
                throw new UsageException($"{KeyOptionName} {OneLine.Value(text)}: {OneLine.Value(text[..equals])} is given twice");
            }
        }

        return options;
    }

    /// <summary>Gets these options as a command takes them.</summary>
    public string[] ToArguments() =>
    [
        DeviceOptionName, Name,
        .. Options.SelectMany(option => (string[])[KeyOptionName, $"{option.Key}={option.Value}"]),
        .. Cache is null ? (string[])[NoCacheOptionName] : [CacheOptionName, Cache],
        .. Plugin is null ? (string[])[] : [PluginOptionName, Plugin],
        .. FallsBack ? (string[])[FallbackOptionName, Processor] : [],
        .. IsSplit ? (string[])[SplitOptionName] : [],
    ];

    private static OnnxDevice? Find(string name) => OnnxDevice.All.FirstOrDefault(device => device.Name == name);
}
