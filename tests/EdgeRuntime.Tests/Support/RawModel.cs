using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;

namespace EdgeRuntime.Tests.Support;

/// <summary>A tensor's description in a file, which may be wrong in every field.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The number of the type.</param>
/// <param name="Dimensions">Innermost first.</param>
/// <param name="Offset">The place of the data, from the start of all data.</param>
internal sealed record RawTensor(string Name, uint Type, ulong[] Dimensions, ulong Offset);

/// <summary>
/// The head of a model's file, in which everything may be changed, also to what <see cref="GgufWriter"/> refuses. The head has a fixed
/// length, so that a file is mutated by writing another head over the start of it.
/// </summary>
internal sealed class RawModel
{
    /// <summary>The length of every head in bytes: enough for those of the random models and for what a mutation adds.</summary>
    public const int HeadBytes = 96 << 10;

    private const string PaddingKey = "general.padding";

    private long _spareStart;
    private long _spareEnd;

    private RawModel(List<KeyValuePair<string, object>> keys, List<RawTensor> tensors)
    {
        Keys = keys;
        Tensors = tensors;
    }

    /// <summary>Gets the keys with values of the types that <see cref="GgufMetadata.TryGetValue"/> returns.</summary>
    public List<KeyValuePair<string, object>> Keys { get; }

    public List<RawTensor> Tensors { get; }

    /// <summary>Gets the architecture's name, which its keys start with.</summary>
    public string Architecture => (string)Keys.First(static key => key.Key == "general.architecture").Value;

    /// <summary>Copies a model to a file whose head has the fixed length.</summary>
    /// <param name="source">A good file of one part.</param>
    /// <param name="path">The copy; overwritten.</param>
    /// <param name="spareCopies">How many times the data of the tensors follow again, for tensors of other sizes.</param>
    public static RawModel Copy(string source, string path, int spareCopies = 0)
    {
        using GgufFile file = GgufFile.Open(source);
        long start = file.Parts[0].DataOffset;
        List<KeyValuePair<string, object>> keys = [.. file.Metadata.Keys.Select(key =>
            new KeyValuePair<string, object>(key, file.Metadata.TryGetValue(key, out object? value) ? value : ""))];
        var model = new RawModel(keys, [.. file.Tensors.Select(tensor => new RawTensor(
            tensor.Name, (uint)tensor.Type, Shape(tensor), (ulong)(tensor.FileOffset - start)))]);
        using FileStream copy = File.Create(path);
        using FileStream data = File.OpenRead(source);
        copy.Write(model.Head());
        for (int i = 0; i <= spareCopies; i++)
        {
            data.Position = start;
            data.CopyTo(copy);
            model._spareStart = i == 0 ? copy.Length - HeadBytes : model._spareStart;
        }

        model._spareEnd = copy.Length - HeadBytes;
        return model;
    }

    public RawModel Clone() => new([.. Keys], [.. Tensors]) { _spareStart = _spareStart, _spareEnd = _spareEnd };

    /// <summary>Replaces a tensor by one of float32 with other dimensions and a part of the spare data, or adds it.</summary>
    /// <returns>False where no spare data are left.</returns>
    public bool TryReplace(string name, ulong[] dimensions)
    {
        Int128 bytes = dimensions.Aggregate((Int128)sizeof(float), static (product, dimension) => product * dimension);
        long start = (_spareStart + 31) / 32 * 32;
        if (bytes == 0 || start + bytes > _spareEnd)
        {
            return false;
        }

        _spareStart = start + (long)bytes;
        int index = Tensors.FindIndex(tensor => tensor.Name == name);
        var replaced = new RawTensor(name, (uint)TensorType.F32, dimensions, (ulong)start);
        if (index < 0)
        {
            Tensors.Add(replaced);
        }
        else
        {
            Tensors[index] = replaced;
        }

        return true;
    }

    /// <summary>Sets, adds or (with null) removes a key.</summary>
    public void Set(string key, object? value)
    {
        int index = Keys.FindIndex(known => known.Key == key);
        if (value is null)
        {
            Keys.RemoveAt(index);
        }
        else if (index < 0)
        {
            Keys.Add(new(key, value));
        }
        else
        {
            Keys[index] = new(key, value);
        }
    }

    /// <summary>Replaces the head of a copy.</summary>
    public void WriteTo(string path)
    {
        using FileStream file = File.OpenWrite(path);
        file.Write(Head());
    }

    /// <summary>Writes the head, padded to <see cref="HeadBytes"/> by a key that no architecture has.</summary>
    public byte[] Head()
    {
        int padding = HeadBytes - Write("").Length;
        return Write(new string('-', padding));
    }

    private static ulong[] Shape(GgufTensor tensor)
    {
        ulong[] shape = Array.ConvertAll(tensor.Dimensions.TrimEnd(1L).ToArray(), static dimension => (ulong)dimension);
        return shape.Length == 0 ? [1] : shape;
    }

    private byte[] Write(string padding)
    {
        using var head = new MemoryStream();
        using var writer = new BinaryWriter(head, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)Tensors.Count);
        writer.Write((long)Keys.Count + 1);
        foreach ((string key, object value) in Keys.Append(new(PaddingKey, padding)))
        {
            WriteText(writer, key);
            WriteValue(writer, value);
        }

        foreach (RawTensor tensor in Tensors)
        {
            WriteText(writer, tensor.Name);
            writer.Write(tensor.Dimensions.Length);
            Array.ForEach(tensor.Dimensions, writer.Write);
            writer.Write(tensor.Type);
            writer.Write(tensor.Offset);
        }

        writer.Flush();
        return head.ToArray();
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        if (value is not Array elements)
        {
            writer.Write((int)GgufValueTypes.Of(value.GetType()));
            WriteScalar(writer, value);
            return;
        }

        writer.Write((int)GgufValueType.Array);
        writer.Write((int)GgufValueTypes.Of(value.GetType().GetElementType()!));
        writer.Write((long)elements.Length);
        foreach (object element in elements)
        {
            WriteScalar(writer, element);
        }
    }

    private static void WriteScalar(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case string text: WriteText(writer, text); break;
            case bool flag: writer.Write(flag); break;
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            default: writer.Write((double)value); break;
        }
    }
}
