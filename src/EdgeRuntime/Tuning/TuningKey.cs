using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using EdgeRuntime.Gguf;
using EdgeRuntime.Kernels;
using EdgeRuntime.Memory;
using EdgeRuntime.Threading;

namespace EdgeRuntime.Tuning;

/// <summary>
/// Identifies the machine and the model shape that a tuning profile is valid for. The values of the weights do not matter.
/// </summary>
/// <param name="Processor">The name of the processor.</param>
/// <param name="Cores">The number of physical cores that the process may use.</param>
/// <param name="InstructionSets">The names of the instruction sets of the machine.</param>
/// <param name="Architecture">The architecture of the model.</param>
/// <param name="ModelShape">A hash of the architecture and of the names, types and sizes of all tensors; 16 hexadecimal digits.</param>
/// <param name="Runtime">The version of the measured kernels.</param>
internal sealed record TuningKey(
    string Processor, int Cores, IReadOnlyList<string> InstructionSets, string Architecture, string ModelShape, string Runtime)
{
    /// <summary>Creates the key of a file on this machine.</summary>
    internal static TuningKey Of(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        string architecture = file.Metadata.GetString("general.architecture", "");
        var text = new StringBuilder(architecture).Append('\n');
        foreach (GgufTensor tensor in file.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            text.Append(FormattableString.Invariant($"{tensor.Name} {tensor.Type} {tensor.Rows} {tensor.Columns}\n"));
        }

        return new TuningKey(
            ProcessorName.Current,
            ProcessorTopology.PhysicalCores,
            [.. InstructionSet.All.Where(set => set.IsSupported).Select(set => set.Name)],
            architecture,
            Hash(text.ToString()),
            typeof(TuningKey).Assembly.GetName().Version?.ToString() ?? "0");
    }

    /// <summary>Gets the file name of the profile, made from the model shape and the machine.</summary>
    internal string FileName => $"{ModelShape}-{Hash($"{Processor}\n{Cores}\n{string.Join(',', InstructionSets)}")[..8]}.json";

    /// <summary>Describes the first difference to another key; null if they are equal.</summary>
    internal string? DifferenceTo(TuningKey other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other.Processor != Processor ? $"made for the processor '{other.Processor}'; this is '{Processor}'"
            : other.Cores != Cores ? FormattableString.Invariant($"made for {other.Cores} cores; there are {Cores}")
            : !other.InstructionSets.SequenceEqual(InstructionSets)
                ? $"made for {string.Join(", ", other.InstructionSets)}; this machine has {string.Join(", ", InstructionSets)}"
            : other.Architecture != Architecture || other.ModelShape != ModelShape ? "made for a model of another shape"
            : other.Runtime != Runtime ? $"made by version {other.Runtime}; this is {Runtime}"
            : null;
    }

    private static string Hash(string text) => Checksum.Compute(Encoding.UTF8.GetBytes(text)).ToString("x16", CultureInfo.InvariantCulture);
}
