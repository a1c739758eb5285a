using System;
using System.Runtime.InteropServices;
using EdgeRuntime.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>The arguments of the functions of <see cref="F16cEmitter"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct F16cArguments
{
    /// <summary>The first panel, [columns][16 rows] of halves.</summary>
    public byte* Panels;

    /// <summary>Bytes from a panel to the next.</summary>
    public long PanelBytes;

    /// <summary>The panels that will be read next, for prefetching; any address is safe.</summary>
    public byte* Next;

    /// <summary>[columns].</summary>
    public float* X;

    /// <summary>The result of a product, 16 floats for each panel, or of an expansion, [columns][16].</summary>
    public float* Y;

    /// <summary>At least 1.</summary>
    public long Columns;
}

/// <summary>
/// Emits the products and expansions of F16 panels with F16C: <c>vcvtph2ps</c> converts eight halves in memory to float32 exactly in
/// one instruction instead of four of integer arithmetic. AVX-512 uses 256 bits too: twice the width was no faster, because the
/// product waits for memory or for its own chains.
/// </summary>
/// <param name="code">The assembler that instructions are added to.</param>
/// <param name="panels">Panels that are read at once.</param>
internal sealed class F16cEmitter(Assembler code, int panels)
{
    /// <summary>
    /// Panels that are multiplied at once. Each is a stream from memory and two chains of fma: eight chains of four cycles keep both
    /// multiply units busy.
    /// </summary>
    public const int MaxPanels = 4;

    private const int PanelRows = ExpandedPanelLayout.PanelRows;
    private const int ColumnBytes = PanelRows * sizeof(ushort);
    private const int VectorRows = 8;
    private const int VectorsOfPanel = PanelRows / VectorRows;
    private const int VectorBytes = VectorRows * sizeof(float);
    private const int VectorRegisters = 16;

    /// <summary>Two columns of a panel are a line of the cache.</summary>
    private const int StepColumns = 2;
    private const int StepBytes = StepColumns * ColumnBytes;

    // All are volatile in both calling conventions.
    private readonly AssemblerRegister64 _panel = rcx, _x = rdx, _arguments = rax, _ahead = r8;
    private readonly AssemblerRegister64 _panelBytes = r9, _panelBytes3 = r10, _columns = r11;

    /// <summary>
    /// Makes a product of panels and a token: acc = fma(w, x, acc) in column order, rows in lanes, for the rows of all panels. Returns
    /// its entry point, a <c>delegate* unmanaged&lt;F16cArguments*, void&gt;</c>.
    /// </summary>
    /// <param name="panels">1..<see cref="MaxPanels"/>.</param>
    public static nint MakeProduct(int panels) => EmittedCode.Make(code => new F16cEmitter(code, panels).WriteProduct());

    /// <summary>Makes an expansion of one panel to float32; returns its entry point, of the same type.</summary>
    public static nint MakeExpansion() => EmittedCode.Make(code => new F16cEmitter(code, panels: 1).WriteExpansion());

    private static AssemblerRegisterYMM Ymm(int index) => new(Register.YMM0 + index);

    private int Sums => panels * VectorsOfPanel;

    /// <summary>
    /// The prefetch distance of panels. With few streams it is longer, to keep as many loads in flight (half the distance costs a
    /// seventh of the measured bandwidth, no prefetching two fifths).
    /// </summary>
    private int AheadBytes => panels > 2 ? 2048 : 4096;

    private AssemblerMemoryOperand Field(string name) => _arguments + (int)Marshal.OffsetOf<F16cArguments>(name);

    /// <summary>Gets the operand at an offset in a panel, from a register that points into the first panel.</summary>
    private AssemblerMemoryOperand InPanel(AssemblerRegister64 first, int panel, int offset) => panel switch
    {
        0 => __[first + offset],
        1 => __[first + _panelBytes + offset],
        2 => __[first + (_panelBytes * 2) + offset],
        _ => __[first + _panelBytes3 + offset],
    };

    private void WriteProduct()
    {
        Label rest = code.CreateLabel(), odd = code.CreateLabel(), store = code.CreateLabel();
        int aheadColumns = AheadBytes / ColumnBytes;
        Load();
        for (int i = 0; i < Sums; i++)
        {
            code.vxorps(Ymm(i), Ymm(i), Ymm(i));
        }

        // First the prefetch distance ends in the same panels, then at the beginning of the next ones.
        code.lea(_ahead, __[_panel + AheadBytes]);
        code.sub(_columns, aheadColumns + StepColumns);
        code.jl(rest);
        WriteSteps(StepColumns * sizeof(float), MultiplyColumn);
        code.Label(ref rest);
        code.mov(_ahead, __qword_ptr[Field(nameof(F16cArguments.Next))]);
        code.add(_columns, aheadColumns);
        code.jl(odd);
        WriteSteps(StepColumns * sizeof(float), MultiplyColumn);
        code.Label(ref odd);
        code.test(_columns, 1);
        code.jz(store);
        MultiplyColumn(0);
        code.Label(ref store);
        code.mov(_x, __qword_ptr[Field(nameof(F16cArguments.Y))]);
        for (int i = 0; i < Sums; i++)
        {
            code.vmovups(__ymmword_ptr[_x + (i * VectorBytes)], Ymm(i));
        }

        EmittedFrame.Leave(code);
    }

    /// <summary>Writes a loop over steps of columns. The register holds the remaining columns minus one step.</summary>
    private void WriteSteps(int xBytes, Action<int> writeColumn)
    {
        Label next = code.CreateLabel();
        code.Label(ref next);
        for (int panel = 0; panel < panels; panel++)
        {
            code.prefetcht0(InPanel(_ahead, panel, 0));
        }

        for (int column = 0; column < StepColumns; column++)
        {
            writeColumn(column);
        }

        code.add(_panel, StepBytes);
        code.add(_ahead, StepBytes);
        code.add(_x, xBytes);
        code.sub(_columns, StepColumns);
        code.jge(next);
    }

    private void MultiplyColumn(int column)
    {
        AssemblerRegisterYMM value = Ymm(Sums);
        int firstWeights = Sums + 1;
        code.vbroadcastss(value, __dword_ptr[_x + (column * sizeof(float))]);
        for (int i = 0; i < Sums; i++)
        {
            AssemblerRegisterYMM weights = Ymm(firstWeights + (i % (VectorRegisters - firstWeights)));
            int offset = (column * ColumnBytes) + (i % VectorsOfPanel * VectorRows * sizeof(ushort));
            code.vcvtph2ps(weights, InPanel(_panel, i / VectorsOfPanel, offset));
            code.vfmadd231ps(Ymm(i), weights, value);
        }
    }

    private void WriteExpansion()
    {
        Label odd = code.CreateLabel(), end = code.CreateLabel();
        Load();
        code.mov(_x, __qword_ptr[Field(nameof(F16cArguments.Y))]);
        code.lea(_ahead, __[_panel + AheadBytes]);
        code.sub(_columns, StepColumns);
        code.jl(odd);
        WriteSteps(StepColumns * PanelRows * sizeof(float), ExpandColumn);
        code.Label(ref odd);
        code.test(_columns, 1);
        code.jz(end);
        ExpandColumn(0);
        code.Label(ref end);
        EmittedFrame.Leave(code);
    }

    private void ExpandColumn(int column)
    {
        for (int i = 0; i < VectorsOfPanel; i++)
        {
            int row = (column * PanelRows) + (i * VectorRows);
            code.vcvtph2ps(Ymm(i), InPanel(_panel, 0, row * sizeof(ushort)));
            code.vmovups(__ymmword_ptr[_x + (row * sizeof(float))], Ymm(i));
        }
    }

    private void Load()
    {
        EmittedFrame.Enter(code, _arguments);
        code.mov(_panel, __qword_ptr[Field(nameof(F16cArguments.Panels))]);
        code.mov(_panelBytes, __qword_ptr[Field(nameof(F16cArguments.PanelBytes))]);
        code.lea(_panelBytes3, __[_panelBytes + (_panelBytes * 2)]);
        code.mov(_x, __qword_ptr[Field(nameof(F16cArguments.X))]);
        code.mov(_columns, __qword_ptr[Field(nameof(F16cArguments.Columns))]);
    }
}
