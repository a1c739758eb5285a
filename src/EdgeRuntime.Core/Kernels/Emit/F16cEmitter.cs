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
internal sealed class F16cEmitter
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

    /// <summary>Two columns of a panel are a line of the cache.</summary>
    private const int StepColumns = 2;
    private const int StepBytes = StepColumns * ColumnBytes;

    private static readonly AssemblerRegisterYMM[] s_ymm =
        [ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15];

    private readonly Assembler _code;
    private readonly int _panels;

    // Registers that both calling conventions leave to the callee.
    private readonly AssemblerRegister64 _panel = rcx, _x = rdx, _arguments = rax, _ahead = r8;
    private readonly AssemblerRegister64 _panelBytes = r9, _panelBytes3 = r10, _columns = r11;

    private F16cEmitter(Assembler code, int panels)
    {
        _code = code;
        _panels = panels;
    }

    /// <summary>
    /// The entry point of a new product of panels and a token, a <c>delegate* unmanaged&lt;F16cArguments*, void&gt;</c>: acc = fma(w, x,
    /// acc) in column order, rows in lanes. It writes the rows of all its panels.
    /// </summary>
    /// <param name="panels">1..<see cref="MaxPanels"/>.</param>
    public static nint MakeProduct(int panels) => EmittedCode.Make(code => new F16cEmitter(code, panels).WriteProduct());

    /// <summary>The entry point of a new expansion of one panel to float32, called likewise.</summary>
    public static nint MakeExpansion() => EmittedCode.Make(code => new F16cEmitter(code, panels: 1).WriteExpansion());

    private int Sums => _panels * VectorsOfPanel;

    /// <summary>
    /// How far ahead panels are asked for. Few streams reach further to keep as much memory on its way (measured: half as far costs a
    /// seventh of the bandwidth, asking for nothing two fifths).
    /// </summary>
    private int AheadBytes => _panels > 2 ? 2048 : 4096;

    private static int Offset(string field) => (int)Marshal.OffsetOf<F16cArguments>(field);

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
        Label rest = _code.CreateLabel(), odd = _code.CreateLabel(), store = _code.CreateLabel();
        int aheadColumns = AheadBytes / ColumnBytes;
        Load();
        for (int i = 0; i < Sums; i++)
        {
            _code.vxorps(s_ymm[i], s_ymm[i], s_ymm[i]);
        }

        // As long as what lies ahead is of the same panels; then what lies ahead is the beginning of the next ones.
        _code.lea(_ahead, __[_panel + AheadBytes]);
        _code.sub(_columns, aheadColumns + StepColumns);
        _code.jl(rest);
        MultiplySteps();
        _code.Label(ref rest);
        _code.mov(_ahead, __qword_ptr[_arguments + Offset(nameof(F16cArguments.Next))]);
        _code.add(_columns, aheadColumns);
        _code.jl(odd);
        MultiplySteps();
        _code.Label(ref odd);
        _code.test(_columns, 1);
        _code.jz(store);
        MultiplyColumn(0);
        _code.Label(ref store);
        _code.mov(_x, __qword_ptr[_arguments + Offset(nameof(F16cArguments.Y))]);
        for (int i = 0; i < Sums; i++)
        {
            _code.vmovups(__ymmword_ptr[_x + (i * VectorBytes)], s_ymm[i]);
        }

        EmittedFrame.Leave(_code);
    }

    /// <summary>Columns in steps until fewer are left than a step; the register holds one step less than what is left.</summary>
    private void MultiplySteps()
    {
        Label next = _code.CreateLabel();
        _code.Label(ref next);
        for (int panel = 0; panel < _panels; panel++)
        {
            _code.prefetcht0(InPanel(_ahead, panel, 0));
        }

        for (int column = 0; column < StepColumns; column++)
        {
            MultiplyColumn(column);
        }

        _code.add(_panel, StepBytes);
        _code.add(_ahead, StepBytes);
        _code.add(_x, StepColumns * sizeof(float));
        _code.sub(_columns, StepColumns);
        _code.jge(next);
    }

    private void MultiplyColumn(int column)
    {
        AssemblerRegisterYMM value = s_ymm[Sums];
        int firstWeights = Sums + 1;
        _code.vbroadcastss(value, __dword_ptr[_x + (column * sizeof(float))]);
        for (int i = 0; i < Sums; i++)
        {
            AssemblerRegisterYMM weights = s_ymm[firstWeights + (i % (s_ymm.Length - firstWeights))];
            int offset = (column * ColumnBytes) + (i % VectorsOfPanel * VectorRows * sizeof(ushort));
            _code.vcvtph2ps(weights, InPanel(_panel, i / VectorsOfPanel, offset));
            _code.vfmadd231ps(s_ymm[i], weights, value);
        }
    }

    private void WriteExpansion()
    {
        Label next = _code.CreateLabel(), odd = _code.CreateLabel(), end = _code.CreateLabel();
        Load();
        _code.mov(_x, __qword_ptr[_arguments + Offset(nameof(F16cArguments.Y))]);
        _code.sub(_columns, StepColumns);
        _code.jl(odd);
        _code.Label(ref next);
        _code.prefetcht0(InPanel(_panel, 0, AheadBytes));
        for (int column = 0; column < StepColumns; column++)
        {
            ExpandColumn(column);
        }

        _code.add(_panel, StepBytes);
        _code.add(_x, StepColumns * PanelRows * sizeof(float));
        _code.sub(_columns, StepColumns);
        _code.jge(next);
        _code.Label(ref odd);
        _code.test(_columns, 1);
        _code.jz(end);
        ExpandColumn(0);
        _code.Label(ref end);
        EmittedFrame.Leave(_code);
    }

    private void ExpandColumn(int column)
    {
        for (int i = 0; i < VectorsOfPanel; i++)
        {
            int row = (column * PanelRows) + (i * VectorRows);
            _code.vcvtph2ps(s_ymm[i], InPanel(_panel, 0, row * sizeof(ushort)));
            _code.vmovups(__ymmword_ptr[_x + (row * sizeof(float))], s_ymm[i]);
        }
    }

    private void Load()
    {
        EmittedFrame.Enter(_code, _arguments);
        _code.mov(_panel, __qword_ptr[_arguments + Offset(nameof(F16cArguments.Panels))]);
        _code.mov(_panelBytes, __qword_ptr[_arguments + Offset(nameof(F16cArguments.PanelBytes))]);
        _code.lea(_panelBytes3, __[_panelBytes + (_panelBytes * 2)]);
        _code.mov(_x, __qword_ptr[_arguments + Offset(nameof(F16cArguments.X))]);
        _code.mov(_columns, __qword_ptr[_arguments + Offset(nameof(F16cArguments.Columns))]);
    }
}
