using System;
using System.Collections.Generic;
using System.Linq;
using EdgeRuntime.Transformers;

namespace EdgeRuntime.Architectures;

/// <summary>Turns the metadata and tensors of one model family into the spec that the forward pass reads.</summary>
internal abstract class Architecture
{
    /// <summary>Every architecture that can run. To add one: a file beside this one, and its line here.</summary>
    public static IReadOnlyList<Architecture> All { get; } = [new Llama()];

    /// <summary>Value of <c>general.architecture</c>, which is also the prefix of the metadata keys.</summary>
    public abstract string Name { get; }

    /// <summary>Reads and checks the model's shape.</summary>
    /// <exception cref="ModelFormatException">Metadata that contradicts itself or is missing.</exception>
    /// <exception cref="UnsupportedModelException">A variant that the forward pass does not know.</exception>
    public abstract TransformerSpec ReadSpec(ModelSource source);

    /// <summary>The architecture that a file names.</summary>
    /// <exception cref="UnsupportedModelException">Not one of <see cref="All"/>.</exception>
    public static Architecture Find(ModelSource source)
    {
        string name = source.Metadata.GetString("general.architecture");
        return All.FirstOrDefault(architecture => string.Equals(architecture.Name, name, StringComparison.Ordinal))
            ?? throw new UnsupportedModelException(
                $"{source.Path}: architecture '{Printable.Shorten(name)}' is not supported; supported: {string.Join(", ", All.Select(a => a.Name))}");
    }
}
