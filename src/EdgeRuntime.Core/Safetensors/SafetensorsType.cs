using System.Collections.Generic;

namespace EdgeRuntime.Safetensors;

/// <summary>The element types of Safetensors files that are read.</summary>
internal enum SafetensorsType
{
    Bool,
    U8,
    I8,
    I16,
    I32,
    I64,
    F16,
    BF16,
    F32,
    F64,
    F8_E4M3,
    F8_E5M2,
}

/// <summary>The names and sizes of the types.</summary>
internal static class SafetensorsTypes
{
    private static readonly Dictionary<string, (SafetensorsType Type, int Bytes)> All = new()
    {
        ["BOOL"] = (SafetensorsType.Bool, 1),
        ["U8"] = (SafetensorsType.U8, 1),
        ["I8"] = (SafetensorsType.I8, 1),
        ["I16"] = (SafetensorsType.I16, 2),
        ["I32"] = (SafetensorsType.I32, 4),
        ["I64"] = (SafetensorsType.I64, 8),
        ["F16"] = (SafetensorsType.F16, 2),
        ["BF16"] = (SafetensorsType.BF16, 2),
        ["F32"] = (SafetensorsType.F32, 4),
        ["F64"] = (SafetensorsType.F64, 8),
        ["F8_E4M3"] = (SafetensorsType.F8_E4M3, 1),
        ["F8_E5M2"] = (SafetensorsType.F8_E5M2, 1),
    };

    /// <summary>Gets the names of all types, for messages.</summary>
    public static string Names => string.Join(", ", All.Keys);

    /// <summary>Finds a type by its name in files; null if it is not known.</summary>
    /// <returns>The type and the number of bytes of an element.</returns>
    public static (SafetensorsType Type, int Bytes)? Find(string name) => All.TryGetValue(name, out var found) ? found : null;
}
