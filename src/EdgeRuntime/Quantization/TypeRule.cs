using System;
using EdgeRuntime.Formats;

namespace EdgeRuntime.Quantization;

/// <summary>The conditions of a <see cref="TypeRule"/>. All that are named must hold.</summary>
/// <remarks>
/// A layer is that of the tensor's name if the model has experts. Otherwise the tensors with the role are counted, as for values.
/// </remarks>
[Flags]
internal enum When
{
    Always = 0,

    /// <summary>Four or more query heads share a value.</summary>
    SharedValues = 1 << 0,
    FourExperts = 1 << 1,

    /// <summary>The model has exactly eight experts.</summary>
    EightExperts = 1 << 2,
    Falcon = 1 << 3,
    Importance = 1 << 4,
    NoImportance = 1 << 5,

    /// <summary>One of the first two layers.</summary>
    FirstTwo = 1 << 6,
    FirstFour = 1 << 7,
    FirstSixteenth = 1 << 8,
    FirstEighth = 1 << 9,

    /// <summary>As <see cref="FirstEighth"/>, with tensors counted whether there are experts or not.</summary>
    FirstEighthCounted = 1 << 10,

    /// <summary>Neither the first nor the last eighth of the layers.</summary>
    Middle = 1 << 11,

    /// <summary>The first and the last eighth of the layers, and every third one between.</summary>
    MoreBits = 1 << 12,

    /// <summary>A tensor with a matrix for each expert.</summary>
    Stacked = 1 << 13,
}

/// <summary>Gives the tensors with a role a type, if conditions hold.</summary>
/// <param name="Role">The role; null for all tensors.</param>
/// <param name="Type">The type; null for the one that most tensors have.</param>
/// <param name="When">The conditions.</param>
internal sealed record TypeRule(TensorRole? Role, TensorType? Type, When When = When.Always);

/// <summary>A place among the tensors with a role.</summary>
/// <param name="Index">The index of the layer.</param>
/// <param name="Counted">The number of tensors with the role before this one.</param>
/// <param name="Count">The number of layers.</param>
internal readonly record struct TypePlace(int Index, int Counted, int Count)
{
    /// <summary>Gets the conditions that hold at the place.</summary>
    public When Conditions =>
        Flag(When.FirstTwo, Index < 2)
        | Flag(When.FirstFour, Index < 4)
        | Flag(When.FirstSixteenth, Index < Count / 16)
        | Flag(When.FirstEighth, Index < Count / 8)
        | Flag(When.FirstEighthCounted, Counted < Count / 8)
        | Flag(When.Middle, Index >= Count / 8 && Index < 7 * Count / 8)
        | Flag(When.MoreBits, Index < Count / 8 || Index >= 7 * Count / 8 || (Index - (Count / 8)) % 3 == 2);

    /// <summary>Gets a condition where it holds.</summary>
    public static When Flag(When condition, bool holds) => holds ? condition : When.Always;
}
