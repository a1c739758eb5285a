using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeRuntime.TestSupport;

/// <summary>Writes Safetensors files.</summary>
internal static class SafetensorsWriter
{
    /// <summary>Writes a file of float32 tensors, or of BF16 if asked, and of bytes for some names.</summary>
    public static void Write(
        string path,
        IEnumerable<(string Name, long[] Shape, float[] Values)> tensors,
        bool brain = false,
        Predicate<string>? isBytes = null)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        var data = new MemoryStream();
        foreach ((string name, long[] shape, float[] values) in tensors)
        {
            long begin = data.Length;
            if (isBytes?.Invoke(name) == true)
            {
                data.Write(Array.ConvertAll(values, static value => (byte)value));
                header[name] = Entry("U8", shape, begin, data.Length);
                continue;
            }

            foreach (float value in values)
            {
                uint bits = BitConverter.SingleToUInt32Bits(value);
                data.Write(brain ? BitConverter.GetBytes((ushort)(bits >> 16)) : BitConverter.GetBytes(bits));
            }

            header[name] = Entry(brain ? "BF16" : "F32", shape, begin, data.Length);
        }

        Write(path, header.ToJsonString(), data.ToArray());
    }

    /// <summary>Writes a file of one tensor of any type.</summary>
    public static void Write(string path, string name, string type, long[] shape, byte[] bytes) =>
        Write(path, new JsonObject { [name] = Entry(type, shape, 0, bytes.Length) }.ToJsonString(), bytes);

    /// <summary>Writes a file of any header.</summary>
    public static void Write(string path, string header, byte[] data)
    {
        byte[] json = System.Text.Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data]);
    }

    private static JsonObject Entry(string type, long[] shape, long begin, long end) => new()
    {
        ["dtype"] = type,
        ["shape"] = JsonSerializer.SerializeToNode(shape),
        ["data_offsets"] = new JsonArray(begin, end),
    };
}
