using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Tests.Support;

/// <summary>A change of a model's head.</summary>
/// <param name="Name">What it changes to what.</param>
/// <param name="Apply">Changes a copy of the good head.</param>
internal sealed record ModelMutation(string Name, Action<RawModel> Apply);

/// <summary>Lists what damage and malice make of a model's keys and tensors, one change at a time.</summary>
internal static class ModelMutations
{
    private const uint HugeUInt32 = uint.MaxValue;
    private const ulong HugeUInt64 = 1UL << 63;

    private static readonly TensorType[] s_types =
        [TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_K, TensorType.NVFP4, TensorType.I32, TensorType.F64];

    /// <summary>Gets every change of one key: other values, other types, no key at all.</summary>
    public static IEnumerable<ModelMutation> OfKey(string key, object value)
    {
        yield return new ModelMutation($"{key} removed", model => model.Set(key, null));
        foreach (object changed in Values(value))
        {
            yield return new ModelMutation($"{key} = {Describe(changed)}", model => model.Set(key, changed));
        }
    }

    /// <summary>Gets every change of one tensor's description.</summary>
    public static IEnumerable<ModelMutation> OfTensor(RawModel model, int index)
    {
        RawTensor tensor = model.Tensors[index];
        RawTensor other = model.Tensors[(index + 1) % model.Tensors.Count];
        yield return new ModelMutation($"{tensor.Name} removed", changed => changed.Tensors.RemoveAt(index));
        yield return new ModelMutation($"{tensor.Name} doubled", changed => changed.Tensors.Add(tensor));
        yield return new ModelMutation($"{tensor.Name} copied", changed => changed.Tensors.Add(tensor with { Name = "blk.1.copy.weight" }));
        foreach (ulong[] dimensions in Shapes(tensor.Dimensions))
        {
            yield return Change($"has shape [{string.Join(", ", dimensions)}]", tensor with { Dimensions = dimensions });
        }

        foreach (ulong offset in (ulong[])[other.Offset, tensor.Offset + 32, tensor.Offset + 1, 1UL << 40, HugeUInt64, ulong.MaxValue - 31])
        {
            yield return Change($"is at {offset}", tensor with { Offset = offset });
        }

        foreach (uint type in (uint[])[.. s_types.Select(static type => (uint)type), 4, 255, HugeUInt32])
        {
            yield return Change($"has type {type}", tensor with { Type = type });
        }

        foreach (string name in (string[])[$"{tensor.Name}x", other.Name, "", "blk.1.\u0007", "blk.99999999999.attn_q.weight"])
        {
            yield return Change($"is named '{name}'", tensor with { Name = name });
        }

        ModelMutation Change(string what, RawTensor changed) => new($"{tensor.Name} {what}", model => model.Tensors[index] = changed);
    }

    private static IEnumerable<object> Values(object value)
    {
        object[] others =
        [
            0u, 1u, 2u, 3u, 7u, -1, int.MinValue, 1u << 16, 1u << 24, int.MaxValue, HugeUInt32, HugeUInt64, 0f, -1f, 0.5f, 1e-38f,
            1e38f, 1e300, float.NaN, float.PositiveInfinity, float.NegativeInfinity, true, false, "text", "", Array.Empty<int>(),
            Array.Empty<string>(),
            Repeat(0, 1), Repeat(0, 999), Repeat(1, 999), Repeat(int.MaxValue, 999), Repeat(HugeUInt64, 3), Repeat(float.NaN, 999),
            Repeat(-1f, 999), Repeat("", 3),
        ];
        int[] mixed = [.. Enumerable.Range(0, 999).Select(static index => (index % 3) switch { 0 => 0, 1 => 1, _ => 1 << 24 })];
        IEnumerable<object> near = value switch
        {
            int number => Near(number),
            uint number => Near((int)number),
            int[] numbers when numbers.Length > 0 => NearArray(numbers),
            uint[] numbers when numbers.Length > 0 => NearArray(Array.ConvertAll(numbers, static number => (int)number)),
            float number => [number * 2, -number],
            bool flag => [!flag],
            _ => [],
        };
        return [.. others, mixed, .. near];
    }

    private static IEnumerable<object> Near(int number) =>
        ((int[])[number - 1, number + 1, number * 2, number / 2, number * 3]).Distinct().Cast<object>().Append(Repeat(number, 999));

    private static object[] NearArray(int[] numbers)
    {
        int[] last = [.. numbers[..^1], numbers[^1] + 1];
        return [numbers[..^1], last, (int[])[.. numbers, 1], Array.ConvertAll(numbers, static number => number * 2), (uint)numbers[0]];
    }

    private static IEnumerable<ulong[]> Shapes(ulong[] shape)
    {
        yield return [.. shape.Reverse()];
        yield return [.. shape, 1, 1, 1];
        yield return [1, .. shape];
        yield return [shape.Aggregate(1UL, static (product, dimension) => product * dimension)];
        yield return [];
        for (int i = 0; i < shape.Length; i++)
        {
            foreach (ulong dimension in (ulong[])
                [shape[i] - 1, shape[i] + 1, shape[i] * 2, shape[i] / 2, 0, 1, int.MaxValue, HugeUInt32, HugeUInt64, ulong.MaxValue])
            {
                yield return [.. shape[..i], dimension, .. shape[(i + 1)..]];
            }
        }
    }

    private static T[] Repeat<T>(T value, int count) => [.. Enumerable.Repeat(value, count)];

    private static string Describe(object value) => value is Array array
        ? $"{array.Length} of [{string.Join(", ", array.Cast<object>().Take(4).Select(Describe))}]"
        : $"{Convert.ToString(value, CultureInfo.InvariantCulture)} ({value.GetType().Name})";
}
