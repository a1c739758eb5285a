using System.Runtime.InteropServices;
using EdgeRuntime.Kernels.Panels;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeRuntime.Kernels.Emit;

/// <summary>
/// The part of an emitted tile that reads panels and iterates over their blocks; <see cref="VnniTileEmitter"/> emits the products.
/// It owns the registers named here; rax and <see cref="Temporary"/> hold nothing from one method to the next.
/// </summary>
/// <param name="code">The assembler that instructions are added to.</param>
/// <param name="layout">The layout of the panels, expanded in memory or in registers.</param>
/// <param name="form">Panels and tokens.</param>
internal abstract class TileCode(Assembler code, ExpandedPanelLayout layout, TileForm form)
{
    /// <summary>Bytes of a vector of four columns of all rows.</summary>
    public const int StepBytes = 4 * ExpandedPanelLayout.PanelRows;

    /// <summary>Bytes of a cache line.</summary>
    protected const int CacheLine = 64;

    // All registers are volatile in both calling conventions.

    /// <summary>The address in the first panel, which the code advances.</summary>
    public AssemblerRegister64 Panel { get; } = rcx;

    /// <summary>Bytes from a panel to the next.</summary>
    public AssemblerRegister64 PanelBytes { get; } = r9;

    /// <summary>The block's activations.</summary>
    public AssemblerRegister64 Activations { get; } = rdx;

    /// <summary><see cref="TileArguments"/>.</summary>
    public AssemblerRegister64 Arguments { get; } = r8;

    /// <summary>The blocks that remain.</summary>
    public AssemblerRegister32 Blocks { get; } = r11d;

    /// <summary>A vector that holds nothing from one method to the next.</summary>
    public AssemblerRegisterZMM Temporary { get; } = zmm28;

    /// <summary>The assembler that instructions are added to.</summary>
    protected Assembler Code { get; } = code;

    /// <summary>The layout of the expanded panels.</summary>
    public ExpandedPanelLayout Layout { get; } = layout;

    /// <summary>Panels and tokens.</summary>
    public TileForm Form { get; } = form;

    /// <summary>Bytes of a block's activations.</summary>
    public int ActivationBytes => ActivationLayout.Int8BlockBytesPerToken * Form.Stride;

    /// <summary>Writes the code before the first block, after all arguments have been loaded.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>Prefetches, in step 0..7 of a block, a part of the memory of a later block. Addresses past the end are harmless.</summary>
    public abstract void Prefetch(int step);

    /// <summary>Loads the quants of columns 4 step .. 4 step + 3, one unsigned byte each.</summary>
    public abstract void LoadQuants(AssemblerRegisterZMM target, int panel, int step);

    /// <summary>Loads the float scales of the block, or of a half of it.</summary>
    public abstract void LoadScales(AssemblerRegisterZMM target, int panel, int half);

    /// <summary>Loads the float minima, with the sign with which they are added.</summary>
    public abstract void LoadMinima(AssemblerRegisterZMM target, int panel);

    /// <summary>Advances to the next block and jumps to <paramref name="nextBlock"/> while blocks remain.</summary>
    public abstract void Loop(Label nextBlock);

    /// <summary>Writes the constants, after the code.</summary>
    public virtual void WriteConstants()
    {
    }

    /// <summary>Gets the operand of a field of the arguments.</summary>
    public AssemblerMemoryOperand Field(string name) => Arguments + (int)Marshal.OffsetOf<TileArguments>(name);

    /// <summary>Gets the operand at an offset in a panel, from a register that points into the first panel.</summary>
    protected AssemblerMemoryOperand At(AssemblerRegister64 place, int panel, int offset) =>
        panel == 0 ? __[place + offset] : __[place + PanelBytes + offset];
}
