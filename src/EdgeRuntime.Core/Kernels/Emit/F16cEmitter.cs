using System;
using System.Runtime.InteropServices;
using EdgeRuntime.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>What the functions of <see cref="F16cEmitter"/> are called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct F16cArguments
{
    /// <summary>The first panel, [columns][16 rows] of halves.</summary>
    public byte* Panels;

    /// <summary>Bytes from a panel to the next.</summary>
    public long PanelBytes;

    /// <summary>The panels that will be read next, to be asked for in time; any address is safe.</summary>
    public byte* Next;

    /// <summary>[columns].</summary>
    public float* X;

    /// <summary>A product: 16 floats for each panel. An expansion: [columns][16].</summary>
    public float* Y;

    /// <summary>At least 1.</summary>
    public long Columns;
}

/// <summary>
/// Writes what F16 panels need of F16C: <c>vcvtph2ps</c> brings eight halves from memory to float32, exactly, in one instruction, where
/// integer arithmetic takes four. 256 bits serve AVX-512 too: twice as wide, the product was no faster, as it waits for memory or its own
/// chains.
/// </summary>
/// <param name="code">What is written to.</param>
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

    // Registers that both calling conventions leave to the callee.
    private readonly AssemblerRegister64 _panel = rcx, _x = rdx, _arguments = rax, _ahead = r8;
    private readonly AssemblerRegister64 _panelBytes = r9, _panelBytes3 = r10, _columns = r11;

    /// <summary>
    /// The entry point of a new product of panels and a token, a <c>delegate* unmanaged&lt;F16cArguments*, void&gt;</c>: acc = fma(w, x,
    /// acc) in column order, rows in lanes. It writes the rows of all its panels.
    /// </summary>
    /// <param name="panels">1..<see cref="MaxPanels"/>.</param>
    public static nint MakeProduct(int panels) => EmittedCode.Make(code => new F16cEmitter(code, panels).WriteProduct());

    /// <summary>The entry point of a new expansion of one panel to float32, called likewise.</summary>
    public static nint MakeExpansion() => EmittedCode.Make(code => new F16cEmitter(code, panels: 1).WriteExpansion());

    private static AssemblerRegisterYMM Ymm(int index) => new(Register.YMM0 + index);

    private int Sums => panels * VectorsOfPanel;

    /// <summary>
    /// How far ahead panels are asked for. Few streams reach further to keep as much memory on its way (measured: half as far costs a
    /// seventh of the bandwidth, asking for nothing two fifths).
    /// </summary>
    private int AheadBytes => panels > 2 ? 2048 : 4096;

    private AssemblerMemoryOperand Field(string name) => _arguments + (int)Marshal.OffsetOf<F16cArguments>(name);

    /// <summary>A place in a panel, given one in the first.</summary>
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

        // As long as what lies ahead is of the same panels; then what lies ahead is the beginning of the next ones.
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

    /// <summary>Writes columns in steps until fewer remain than a step; the register holds one step less than the columns that remain.</summary>
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
