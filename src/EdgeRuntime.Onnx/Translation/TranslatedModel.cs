using System.Collections.Generic;
using EdgeRuntime.Formats;
using EdgeRuntime.Gguf;
using EdgeRuntime.Modules;
using EdgeRuntime.Onnx.Packing;

namespace EdgeRuntime.Onnx.Translation;

/// <summary>A model that is translated to graphs, which share a data file.</summary>
/// <param name="Path">The path of the GGUF file, for messages.</param>
/// <param name="Modules">The bound modules.</param>
/// <param name="Profile">The profile of the device.</param>
/// <param name="ContextLength">The greatest number of positions.</param>
/// <param name="Requantize">The type of tensors whose own type the device cannot read exactly; null to refuse these.</param>
internal sealed record TranslatedModel(
    string Path, ModelModules Modules, OnnxProfile Profile, int ContextLength, TensorFormat? Requantize)
{
    /// <summary>Gets the type of activations.</summary>
    public ElementKind Floats => Profile.UsesFloat16 ? ElementKind.Float16 : ElementKind.Float32;

    /// <summary>Gets the data file.</summary>
    public DataPlan Data { get; } = new();

    /// <summary>Gets the tensors that were quantized to another type, when the data file is written.</summary>
    public List<RequantizedTensor> Requantized { get; } = [];

    /// <summary>Refuses a model that needs what has no translation.</summary>
    /// <param name="where">The layer, for example <c>blk.0</c>.</param>
    /// <param name="what">What has no translation.</param>
    public UnsupportedModelException Refuse(string? where, string what) => new(
        $"{Path}: {(where is null ? "" : $"{where}: ")}{what} cannot be translated to ONNX for {Profile.Name}; "
        + $"translated modules: {string.Join(", ", ModuleTranslations.Names)}");

    /// <summary>Gets the rows of a tensor in a form that the device multiplies and looks up.</summary>
    /// <returns>Null for a tensor of floats.</returns>
    /// <exception cref="UnsupportedModelException">The type has no exact form, and other types are not wanted.</exception>
    public PackedMatrixPart? FindPacked(GgufTensor tensor, long firstRow, int rows)
    {
        TensorFormat format = TensorFormats.Get(tensor.Type);
        if (format.Shape is null)
        {
            return null;
        }

        PackedForm? form = PackedForm.Find(format, Profile);
        Requantizer? requantizer = null;
        if (form is null)
        {
            TensorFormat target = Requantize ?? throw new UnsupportedModelException(
                $"{Path}: tensor '{tensor.Name}': the type {tensor.Type} has no exact form for {Profile.Name}, which reads weights of "
                + $"{string.Join(" or ", Profile.Bits)} bits; ask for another type of such tensors, or quantize the model to one first");
            form = PackedForm.Find(target, Profile) ?? throw new UnsupportedModelException(
                $"{Path}: the type {target.Type} has no exact form for {Profile.Name} either");
            if (tensor.Columns % target.BlockWeights != 0)
            {
                throw new UnsupportedModelException(
                    $"{Path}: tensor '{tensor.Name}' has rows of {tensor.Columns}, no multiple of the {target.BlockWeights} weights of a "
                    + $"{target.Type} block; ask for another type");
            }

            requantizer = new Requantizer(format, target, Requantized);
        }

        return Data.Get(
            (tensor, firstRow, rows, "packed"),
            () => new PackedMatrixPart(new TensorRows(tensor, firstRow, rows, Path), form, Floats, requantizer, Data));
    }

    /// <summary>Gets the rows of a tensor as floats.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="isTransposed">Whether the rows become columns, as products read them, or stay rows, as look-ups read them.</param>
    public FloatMatrixPart GetFloats(GgufTensor tensor, long firstRow, int rows, bool isTransposed)
    {
        ElementKind kind = tensor.Type == TensorType.F16 ? ElementKind.Float16 : Floats;
        return Data.Get(
            (tensor, firstRow, rows, isTransposed),
            () => new FloatMatrixPart(new TensorRows(tensor, firstRow, rows, Path), kind, isTransposed, Data));
    }
}
