using System;
using System.Linq;
using EdgeRuntime.Kernels.Emit;

namespace EdgeRuntime.Kernels.Gemv;

/// <summary>
/// F16 panels by emitted code where the processor has F16C, which .NET 10 has no class for: the same results as <see cref="FloatGemv{TLanes}"/>
/// and <see cref="Gemm.FloatTile{TLanes}"/>, which do without it elsewhere.
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
    public static void Multiply(byte* panels, float* x, int columns, float* y, int rows)
    {
        F16cArguments arguments;
        arguments.PanelBytes = FloatPanels.BytesOfPanel(columns, sizeof(ushort));
        arguments.X = x;
        arguments.Columns = columns;
        // Emitted code writes whole panels: the rows of one that has fewer go elsewhere first.
        float* whole = stackalloc float[F16cEmitter.MaxPanels * PanelRows];
        // Panels in equal parts: five as three and two.
        long panelCount = ((long)rows + PanelRows - 1) / PanelRows;
        long parts = (panelCount + F16cEmitter.MaxPanels - 1) / F16cEmitter.MaxPanels;
        for (long part = 0; part < parts; part++)
        {
            long first = part * panelCount / parts;
            long next = (part + 1) * panelCount / parts;
            long row = first * PanelRows;
            int count = (int)(next - first);
            bool isWhole = next * PanelRows <= rows;
            arguments.Panels = panels + (first * arguments.PanelBytes);
            // Behind the last come panels that another thread may take.
            arguments.Next = part == parts - 1 ? arguments.Panels : panels + (next * arguments.PanelBytes);
            arguments.Y = isWhole ? y + row : whole;
            ((delegate* unmanaged<F16cArguments*, void>)s_products[count - 1].Value)(&arguments);
            if (!isWhole)
            {
                int left = (int)(rows - row);
                new ReadOnlySpan<float>(whole, left).CopyTo(new Span<float>(y + row, left));
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
