using System;
using System.Linq;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// Products and expansions of F16 panels by emitted code, where the processor has F16C, for which .NET 10 has no intrinsics. The
/// results equal those of the compiled loops, which serve all other processors.
/// </summary>
internal static unsafe class F16cPanels
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    // Made on first use, so that a start without F16 weights does not wait for them.
    private static readonly Lazy<nint>[] s_products =
        [.. Enumerable.Range(1, F16cEmitter.MaxPanels).Select(panels => new Lazy<nint>(() => F16cEmitter.MakeProduct(panels)))];

    private static readonly Lazy<nint> s_expansion = new(F16cEmitter.MakeExpansion);

    /// <summary>Whether the processor has F16C and this process can make code.</summary>
    public static bool IsSupported => X86Features.F16c && EmittedCode.IsSupported;

    /// <inheritdoc cref="PanelKernels.GemvFloat"/>
    /// <remarks>
    /// The rows are divided into equal parts, and one panel of each part is multiplied at once, so that each part is one stream of
    /// memory. The panels that remain come last.
    /// </remarks>
    public static void Multiply(byte* panels, float* x, int columns, float* y, int rows)
    {
        int count = (int)(((long)rows + PanelRows - 1) / PanelRows);
        for (int first = 0; first < count;)
        {
            int parts = Math.Min(F16cEmitter.MaxPanels, count - first);
            int each = (count - first) / parts;
            MultiplyParts(panels, x, columns, y, rows, first, parts, each);
            first += parts * each;
        }
    }

    /// <summary>Some parts of as many panels each, from panel <paramref name="first"/> on.</summary>
    private static void MultiplyParts(byte* panels, float* x, int columns, float* y, int rows, int first, int parts, int each)
    {
        long panelBytes = FloatPanelLayout.PanelBytes(columns, sizeof(ushort));
        float* sums = stackalloc float[F16cEmitter.MaxPanels * PanelRows];
        F16cArguments arguments;
        arguments.PanelBytes = each * panelBytes;
        arguments.X = x;
        arguments.Columns = columns;
        arguments.Y = sums;
        for (int i = 0; i < each; i++)
        {
            arguments.Panels = panels + ((first + i) * panelBytes);
            // The panels after the last ones may belong to another thread, or have been read already.
            arguments.Next = i == each - 1 ? arguments.Panels : arguments.Panels + panelBytes;
            ((delegate* unmanaged<F16cArguments*, void>)s_products[parts - 1].Value)(&arguments);
            for (int part = 0; part < parts; part++)
            {
                int row = (first + i + (part * each)) * PanelRows;
                int left = Math.Min(PanelRows, rows - row);
                new ReadOnlySpan<float>(sums + (part * PanelRows), left).CopyTo(new Span<float>(y + row, left));
            }
        }
    }

    /// <inheritdoc cref="PanelKernels.ExpandFloat"/>
    public static void Expand(byte* panel, int columns, float* expanded)
    {
        F16cArguments arguments = default;
        arguments.Panels = panel;
        arguments.Y = expanded;
        arguments.Columns = columns;
        ((delegate* unmanaged<F16cArguments*, void>)s_expansion.Value)(&arguments);
    }
}
