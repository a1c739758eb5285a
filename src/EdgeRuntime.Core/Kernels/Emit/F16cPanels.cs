using System;
using System.Linq;
using EdgeRuntime.Kernels.Panels;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// F16 panels by emitted code where the processor has F16C, which .NET 10 has no class for: the same results as the compiled loops,
/// which do without it elsewhere.
/// </summary>
internal static unsafe class F16cPanels
{
    private const int PanelRows = ExpandedPanelLayout.PanelRows;

    // Made on first use: a start that needs none does not wait for them.
    private static readonly Lazy<nint>[] s_products =
        [.. Enumerable.Range(1, F16cEmitter.MaxPanels).Select(panels => new Lazy<nint>(() => F16cEmitter.MakeProduct(panels)))];

    private static readonly Lazy<nint> s_expansion = new(F16cEmitter.MakeExpansion);

    /// <summary>Whether the processor has it, and this process may make code.</summary>
    public static bool IsSupported => X86Features.F16c && EmittedCode.IsSupported;

    /// <inheritdoc cref="PanelKernels.GemvFloat"/>
    /// <remarks>
    /// Panels at once are one of each part of the rows, so that each part is one stretch of memory that is read from end to end; what equal
    /// parts leave over comes last.
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
            // Behind the last come panels that another thread may take, or that were read.
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
